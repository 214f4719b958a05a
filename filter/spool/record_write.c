/* SPDX-License-Identifier: ISC */

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "base/word.h"
#include "spool/record.h"

/*
 * Written by hand: a record is made at the end of each of smtpd's sessions, in
 * the process that smtpd waits for, so it takes no memory and no time.
 */
struct out {
	char	*p;
	char	*end;
	int	 full;
};

/* Literals; a key comes with its quotes and punctuation. */
#define PUT(o, s) put((o), (s), sizeof(s) - 1)
#define PUT_KEY(o, key, value) do {					\
	PUT((o), key);							\
	put_text((o), (value));						\
} while (0)

static inline void put(struct out *, const char *, size_t);
static void	put_number(struct out *, uint64_t);
static void	put_time(struct out *, int64_t);
static inline int is_plain(uint64_t);
static inline size_t put_plain(struct out *, const unsigned char *, size_t);
static size_t	put_special(struct out *, const unsigned char *);
static void	put_text(struct out *, const char *);
static void	put_tx(struct out *, const struct record_tx *);

/* What does not stand for itself in a string. */
static const char special[256] = {
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	['"'] = 1, ['\\'] = 1, [0x7f] = 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1
};

static inline void
put(struct out *o, const char *s, size_t len)
{
	if ((size_t)(o->end - o->p) < len) {
		o->full = 1;
		return;
	}
	memcpy(o->p, s, len);
	o->p += len;
}

static void
put_number(struct out *o, uint64_t n)
{
	char buf[20];
	size_t i = sizeof(buf);

	do {
		buf[--i] = '0' + n % 10;
	} while ((n /= 10) != 0);
	put(o, buf + i, sizeof(buf) - i);
}

/* Days to a date of the proleptic Gregorian calendar, years 1970 to 9999. */
static void
put_time(struct out *o, int64_t t)
{
	char buf[] = "0000-00-00T00:00:00Z";
	static const int at[] = { 2, 5, 8, 11, 14, 17 };
	int64_t days, era, doe, yoe, doy, mp, year;
	int part[6];
	size_t i;

	if (t < 0 || t > 253402300799)
		t = 0;
	days = t / 86400 + 719468;
	t %= 86400;
	era = days / 146097;
	doe = days % 146097;
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	part[1] = mp < 10 ? mp + 3 : mp - 9;
	part[2] = doy - (153 * mp + 2) / 5 + 1;
	year = yoe + era * 400 + (part[1] <= 2);
	part[0] = year % 100;
	part[3] = t / 3600;
	part[4] = t / 60 % 60;
	part[5] = t % 60;
	buf[0] = '0' + year / 1000;
	buf[1] = '0' + year / 100 % 10;
	for (i = 0; i < nitems(part); i++) {
		buf[at[i]] = '0' + part[i] / 10;
		buf[at[i] + 1] = '0' + part[i] % 10;
	}
	put(o, buf, sizeof(buf) - 1);
}

/*
 * Whether all of eight bytes stand for themselves.  Where bit 7 is set in none,
 * what is added to one stays in it, and sets that bit of what is 0x7f, is not
 * below ' ', or is not zero.
 */
static inline int
is_plain(uint64_t w)
{
	uint64_t quote = w ^ EACH('"'), backslash = w ^ EACH('\\');

	return ((w | (w + EACH(1)) | ~((w + EACH(0x80 - ' ')) &
	    (quote + EACH(0x7f)) & (backslash + EACH(0x7f)))) & BIT7) == 0;
}

/* Copies the bytes before the first that does not; returns how many. */
static inline size_t
put_plain(struct out *o, const unsigned char *s, size_t len)
{
	char *p = o->p;
	size_t n = 0;

	if ((size_t)(o->end - p) < len) {
		o->full = 1;
		return len;
	}
	for (; len - n >= 8 && is_plain(word_at(s + n)); n += 8)
		memcpy(p + n, s + n, 8);
	/* What is left, with some of what was seen. */
	if (len >= 8 && len - n < 8 && is_plain(word_at(s + len - 8))) {
		memcpy(p + len - 8, s + len - 8, 8);
		n = len;
	}
	for (; n < len && !special[s[n]]; n++)
		p[n] = s[n];
	o->p += n;
	return n;
}

/* What is not plain: one character in place of what a string can't hold. */
static size_t
put_special(struct out *o, const unsigned char *s)
{
	static const char hex[] = "0123456789abcdef";
	char esc[] = "\\u0000";
	size_t n;

	if (*s == '"' || *s == '\\') {
		esc[1] = *s;
		put(o, esc, 2);
		return 1;
	}
	if (*s < ' ' || *s == 0x7f) {
		esc[4] = hex[*s >> 4];
		esc[5] = hex[*s & 15];
		put(o, esc, 6);
		return 1;
	}
	if ((n = utf8_next((const char *)s, UTF8_MAX, NULL)) > 0) {
		put(o, (const char *)s, n);
		return n;
	}
	put(o, "\xef\xbf\xbd", 3);
	return 1;
}

/* A string or null. */
static void
put_text(struct out *o, const char *text)
{
	const unsigned char *s = (const unsigned char *)text, *end;

	if (text == NULL) {
		PUT(o, "null");
		return;
	}
	PUT(o, "\"");
	for (end = s + strlen(text);; s += put_special(o, s)) {
		s += put_plain(o, s, (size_t)(end - s));
		if (s == end)
			break;
	}
	PUT(o, "\"");
}

static void
put_tx(struct out *o, const struct record_tx *tx)
{
	PUT_KEY(o, "{\"from\":", tx->from);
	PUT_KEY(o, ",\"to\":", tx->to);
	PUT_KEY(o, ",\"flow\":", tx->flow);
	PUT_KEY(o, ",\"verdict\":", verdict_name(tx->verdict));
	PUT_KEY(o, ",\"why\":", refusal_name(tx->why));
	PUT(o, ",\"messages\":");
	put_number(o, tx->messages);
	PUT(o, ",\"rcpts\":");
	put_number(o, tx->rcpts);
	if (tx->report)
		PUT(o, ",\"report\":true");
	put(o, "}", 1);
}

ssize_t
record_format(const struct record *r, char buf[], size_t bufsz)
{
	struct out o = { buf, buf + bufsz, 0 };
	size_t i;

	PUT(&o, "{\"v\":1,\"time\":\"");
	put_time(&o, r->time);
	PUT_KEY(&o, "\",\"host\":", r->host);
	PUT_KEY(&o, ",\"dir\":", r->dir == DIR_IN ? "in" : "out");
	PUT_KEY(&o, ",\"session\":", r->session);
	PUT_KEY(&o, ",\"local\":", r->local);
	PUT_KEY(&o, ",\"remote\":", r->remote);
	PUT_KEY(&o, ",\"rdns\":", r->rdns);
	PUT_KEY(&o, ",\"helo\":", r->helo);
	PUT_KEY(&o, ",\"starttls\":", starttls_name(r->starttls));
	PUT_KEY(&o, ",\"tls\":", r->tls);
	PUT_KEY(&o, ",\"cipher\":", r->cipher);
	PUT_KEY(&o, ",\"failure\":", failure_name(r->failure));
	if (r->lost > 0) {
		PUT(&o, ",\"lost\":");
		put_number(&o, r->lost);
	}
	if (r->mail != NULL)
		PUT_KEY(&o, ",\"mail\":", r->mail);
	if (r->report)
		PUT(&o, ",\"report\":true");
	if (r->began != 0 && r->busy >= 0) {
		PUT(&o, ",\"began\":\"");
		put_time(&o, r->began);
		PUT(&o, "\",\"busy\":");
		put_number(&o, (uint64_t)r->busy);
	}
	PUT(&o, ",\"tx\":[");
	for (i = 0; i < r->ntx; i++) {
		if (i > 0)
			put(&o, ",", 1);
		put_tx(&o, &r->tx[i]);
	}
	put(&o, "]}\n", 3);
	return o.full ? -1 : o.p - buf;
}
