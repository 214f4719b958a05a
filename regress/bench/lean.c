/* SPDX-License-Identifier: ISC */

/*
 * lean: what a careful C filter can reach: the registrations of regs.txt, a
 * real per-session record in an open-addressing table keyed by the session id,
 * field checks with memchr, one write per read. No policy. An upper bound to
 * aim at.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
struct sess {
	uint64_t id;
	uint32_t rcpts, commits, lines;
	uint16_t tls, out;
};
static struct sess *T;
static size_t mask, used;
static char in[1 << 16], out[1 << 17];
static size_t
H(uint64_t x)
{
	x *= 0x9E3779B97F4A7C15u;
	return (x ^ x >> 29) & mask;
}
static struct sess *
find(uint64_t id)
{
	size_t i = H(id);
	while (T[i].id && T[i].id != id)
		i = (i + 1) & mask;
	return &T[i];
}
static void
grow(void)
{
	struct sess *o = T;
	size_t n = T ? mask + 1 : 0, i;
	mask = n ? n * 2 - 1 : 1023;
	if (!(T = calloc(mask + 1, sizeof *T)))
		exit(1);
	for (i = 0; i < n; i++)
		if (o[i].id)
			*find(o[i].id) = o[i];
	free(o);
}
static void
del(struct sess *s)
{
	size_t i = s - T, j = i, k;
	for (used--;;) {
		T[i].id = 0;
		do {
			j = (j + 1) & mask;
			if (!T[j].id)
				return;
			k = H(T[j].id);
		} while (i <= j ? i < k && k <= j : i < k || k <= j);
		T[i] = T[j];
		i = j;
	}
}
static int
hex(const char *p, uint64_t *v)
{
	uint64_t r = 0;
	int i;
	for (i = 0; i < 16; i++) {
		unsigned c = p[i];
		c = c - '0' < 10 ? c - '0' : c - 'a' < 6 ? c - 'a' + 10 : 99;
		if (c > 15)
			return -1;
		r = r << 4 | c;
	}
	*v = r ? r : 1;
	return 0;
}
static void
put(const char *p, size_t n)
{
	ssize_t k;
	while (n && (k = write(1, p, n)) > 0) {
		p += k;
		n -= k;
	}
}
static const char *regs[] = {"report|smtp-in|link-connect",
    "report|smtp-in|link-tls", "report|smtp-in|tx-mail",
    "report|smtp-in|tx-rcpt", "report|smtp-in|tx-commit",
    "report|smtp-in|tx-rollback", "report|smtp-in|link-disconnect",
    "report|smtp-out|link-connect", "report|smtp-out|link-greeting",
    "report|smtp-out|link-tls", "report|smtp-out|protocol-client",
    "report|smtp-out|protocol-server", "report|smtp-out|tx-mail",
    "report|smtp-out|tx-rcpt", "report|smtp-out|tx-commit",
    "report|smtp-out|tx-rollback", "report|smtp-out|link-disconnect",
    "filter|smtp-in|rcpt-to", "ready"};
int
main(void)
{
	size_t len = 0, i;
	ssize_t k;
	int ready = 0;
	grow();
	while ((k = read(0, in + len, sizeof in - len)) > 0) {
		char *p = in, *e = in + len + k, *q;
		size_t o = 0;
		for (; (q = memchr(p, '\n', e - p)); p = q + 1) {
			char *f[7];
			uint64_t id;
			struct sess *s;
			int n;
			if (!ready) {
				if (q - p == 12 &&
				    !memcmp(p, "config|ready", 12)) {
					ready = 1;
					for (i = 0;
					     i < sizeof regs / sizeof *regs;
					     i++)
						o += sprintf(out + o,
						    "register|%s\n", regs[i]);
				}
				continue;
			}
			f[0] = p;
			for (n = 1; n < 6; n++) {
				char *b = memchr(f[n - 1], '|', q - f[n - 1]);
				if (!b)
					exit(1);
				f[n] = b + 1;
			}
			if (q - f[5] < 16 || hex(f[5], &id))
				exit(1);
			if (*p == 'f') {
				s = find(id);
				if (q - f[5] < 34 || o > sizeof out - 128)
					exit(1);
				memcpy(out + o, "filter-result|", 14);
				memcpy(out + o + 14, f[5], 34);
				memcpy(out + o + 48, "proceed\n", 8);
				o += 56;
				continue;
			}
			size_t el = f[5] - f[4] - 1;
			const char *ev = f[4];
			s = find(id);
			if (el == 12 && !memcmp(ev, "link-connect", 12)) {
				if (!s->id) {
					if (++used * 2 > mask) {
						grow();
						s = find(id);
					}
					memset(s, 0, sizeof *s);
					s->id = id;
				}
				s->out = f[3][5] == 'o';
				s->tls = 0;
			} else if (!s->id) {
			} else if (el == 15 &&
				   !memcmp(ev, "link-disconnect", 15))
				del(s);
			else if (el == 8 && !memcmp(ev, "link-tls", 8))
				s->tls = 1;
			else if (el == 9 && !memcmp(ev, "tx-commit", 9))
				s->commits++;
			else if (el == 7 && !memcmp(ev, "tx-", 3))
				s->rcpts++;
			else
				s->lines++;
		}
		put(out, o);
		len = e - p;
		memmove(in, p, len);
	}
	return 0;
}
