/* SPDX-License-Identifier: ISC */

/*
 * What a reader found, flattened for comparison; and the packing that senders
 * do, in as many ways as are seen.
 */

#ifndef SGE_GOT_H
#define SGE_GOT_H

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "lib/date.h"
#include "base/log.h"
#include "reader/reader.h"
#include "tap.h"

struct got {
	int		 n;		/* reports */
	char		 org[256];
	char		 id[256];
	char		 contact[256];
	char		 submitter[256];
	char		 dkim[256];
	char		 start[32];
	char		 end[32];
	char		 domains[512];
	char		 types[256];
	char		 mode[64];
	char		 strings[1024];
	char		 mx[1024];
	char		 odd[2048];
	char		 problem[1024];
	char		 detail[1024];	/* the first one, '|' between */
	int64_t		 ok;
	int64_t		 fail;
	int64_t		 details;
	int64_t		 sessions;
	int64_t		 failed;
};

static void
append(char *to, size_t size, const char *what)
{
	char padded[512], have[2300];

	/* Names of several policies: once each, '+' between. */
	snprintf(padded, sizeof(padded), "+%s+", what);
	snprintf(have, sizeof(have), "+%s+", to);
	if (to[0] != '\0' && strstr(have, padded) != NULL)
		return;
	if (to[0] != '\0')
		strlcat(to, "+", size);
	strlcat(to, what, size);
}

static void
got_report(struct rd_report *r, void *arg)
{
	struct got *g = arg;
	const struct rd_policy *p;
	const struct rd_detail *d;
	struct rd_total *t;
	char *odd;
	size_t i, k, n;

	g->n++;
	strlcpy(g->org, r->org, sizeof(g->org));
	strlcpy(g->id, r->id, sizeof(g->id));
	strlcpy(g->contact, r->contact, sizeof(g->contact));
	strlcpy(g->submitter, r->submitter, sizeof(g->submitter));
	strlcpy(g->dkim, r->dkim, sizeof(g->dkim));
	time_print(r->start, g->start, sizeof(g->start));
	time_print(r->finish, g->end, sizeof(g->end));
	for (i = 0; i < r->npolicies; i++) {
		p = &r->policies[i];
		append(g->domains, sizeof(g->domains), p->domain[0] == '\0' ?
		    "(none)" : p->domain);
		append(g->types, sizeof(g->types), p->type);
		strlcpy(g->mode, p->mode, sizeof(g->mode));
		strlcpy(g->strings, p->strings, sizeof(g->strings));
		strlcpy(g->mx, p->mx, sizeof(g->mx));
		g->ok += p->ok;
		g->fail += p->fail;
		for (k = 0; k < p->ndetails; k++) {
			d = &p->details[k];
			g->details += d->count;
			if (g->detail[0] == '\0')
				snprintf(g->detail, sizeof(g->detail),
				    "%s|%s|%s|%s|%s|%s", d->type, d->sip,
				    d->mx, d->rip, d->helo, d->reason);
		}
	}
	n = rd_totals(r, &t);
	for (i = 0; i < n; i++) {
		g->sessions += t[i].sessions;
		g->failed += t[i].failed;
	}
	free(t);
	odd = rd_oddities(r);
	strlcpy(g->odd, odd, sizeof(g->odd));
	free(odd);
	rd_report_free(r);
}

static void
got_problem(const char *text, void *arg)
{
	struct got *g = arg;

	if (g->problem[0] != '\0')
		strlcat(g->problem, "; ", sizeof(g->problem));
	strlcat(g->problem, text, sizeof(g->problem));
}

#define GOT_NOW 1772700000	/* 2026-03-05T08:40:00Z */

static struct got
got(const char *name, const void *data, size_t len, const struct conf *conf)
{
	struct reader r;
	struct got g;

	memset(&g, 0, sizeof(g));
	memset(&r, 0, sizeof(r));
	r.conf = conf;
	r.now = GOT_NOW;
	r.report = got_report;
	r.problem = got_problem;
	r.arg = &g;
	reader_read(&r, name, data, len);
	return g;
}

struct bytes {
	unsigned char	*p;
	size_t		 len;
};

__attribute__((__unused__)) static void
bytes_add(struct bytes *b, const void *data, size_t len)
{
	if ((b->p = realloc(b->p, b->len + len + 1)) == NULL)
		fatal("realloc");
	memcpy(b->p + b->len, data, len);
	b->len += len;
	b->p[b->len] = '\0';
}

__attribute__((__unused__)) static void
bytes_text(struct bytes *b, const char *s)
{
	bytes_add(b, s, strlen(s));
}

__attribute__((__unused__)) static void
bytes_free(struct bytes *b)
{
	free(b->p);
	b->p = NULL;
	b->len = 0;
}

/* bits: 31 gzip, -15 raw. */
__attribute__((__unused__)) static struct bytes
deflated(const void *data, size_t len, int bits)
{
	struct bytes out = { NULL, 0 };
	z_stream z;

	memset(&z, 0, sizeof(z));
	if (deflateInit2(&z, 6, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY) !=
	    Z_OK)
		fatalx("deflateInit2");
	out.len = deflateBound(&z, len) + 64;
	if ((out.p = malloc(out.len + 1)) == NULL)
		fatal("malloc");
	z.next_in = (Bytef *)(uintptr_t)data;
	z.avail_in = len;
	z.next_out = out.p;
	z.avail_out = out.len;
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		fatalx("deflate");
	out.len = z.total_out;
	deflateEnd(&z);
	return out;
}

__attribute__((__unused__)) static void
put_le(struct bytes *b, uint32_t v, int n)
{
	unsigned char c;

	for (; n > 0; n--, v >>= 8) {
		c = v & 255;
		bytes_add(b, &c, 1);
	}
}

#define ZIP_STORE 1		/* not compressed */
#define ZIP_STREAM 2		/* sizes behind the data */
#define ZIP_NO_DIR 4		/* cut off before the directory */
#define ZIP_CRYPT 8		/* says that it is encrypted */

__attribute__((__unused__)) static void
zip_header(struct bytes *z, const char *name, size_t packed, size_t plain,
    uint32_t crc, int how, int central)
{
	put_le(z, central ? 0x02014b50 : 0x04034b50, 4);
	put_le(z, 20, 2);
	if (central)
		put_le(z, 20, 2);
	put_le(z, (how & ZIP_STREAM ? 8 : 0) | (how & ZIP_CRYPT ? 1 : 0), 2);
	put_le(z, how & ZIP_STORE ? 0 : 8, 2);
	put_le(z, 0, 4);
	if ((how & ZIP_STREAM) && !central) {
		put_le(z, 0, 4);
		put_le(z, 0, 4);
		put_le(z, 0, 4);
	} else {
		put_le(z, crc, 4);
		put_le(z, packed, 4);
		put_le(z, plain, 4);
	}
	put_le(z, strlen(name), 2);
	put_le(z, 0, 2);
	if (central) {
		put_le(z, 0, 2);
		put_le(z, 0, 4);
		put_le(z, 0, 4);
		put_le(z, 0, 4);
	}
	bytes_text(z, name);
}

/* An archive of n times the same file. */
__attribute__((__unused__)) static struct bytes
zipped(const void *data, size_t len, const char *name, int how, int n)
{
	struct bytes z = { NULL, 0 }, dir = { NULL, 0 }, body;
	uint32_t crc = crc32(0, data, len);
	size_t at;
	int i;

	body = deflated(data, len, -15);
	if (how & ZIP_STORE) {
		bytes_free(&body);
		bytes_add(&body, data, len);
	}
	for (i = 0; i < n; i++) {
		at = z.len;
		zip_header(&z, name, body.len, len, crc, how, 0);
		bytes_add(&z, body.p, body.len);
		if (how & ZIP_STREAM) {
			put_le(&z, 0x08074b50, 4);
			put_le(&z, crc, 4);
			put_le(&z, body.len, 4);
			put_le(&z, len, 4);
		}
		zip_header(&dir, name, body.len, len, crc, how, 1);
		/* The offset stands right before the name. */
		dir.p[dir.len - strlen(name) - 4] = at & 255;
		dir.p[dir.len - strlen(name) - 3] = at >> 8 & 255;
		dir.p[dir.len - strlen(name) - 2] = at >> 16 & 255;
	}
	if (!(how & ZIP_NO_DIR)) {
		at = z.len;
		bytes_add(&z, dir.p, dir.len);
		put_le(&z, 0x06054b50, 4);
		put_le(&z, 0, 4);
		put_le(&z, n, 2);
		put_le(&z, n, 2);
		put_le(&z, dir.len, 4);
		put_le(&z, at, 4);
		put_le(&z, 0, 2);
	}
	bytes_free(&dir);
	bytes_free(&body);
	return z;
}

/* Lines of width characters; 0: one line. */
__attribute__((__unused__)) static struct bytes
base64(const struct bytes *in, size_t width, const char *nl)
{
	static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	struct bytes out = { NULL, 0 };
	char quad[4];
	uint32_t v;
	size_t i, k, col = 0;

	for (i = 0; i < in->len; i += 3) {
		v = in->p[i] << 16;
		if (i + 1 < in->len)
			v |= in->p[i + 1] << 8;
		if (i + 2 < in->len)
			v |= in->p[i + 2];
		for (k = 0; k < 4; k++)
			quad[k] = i + k > in->len ? '=' :
			    set[v >> (18 - 6 * k) & 63];
		for (k = 0; k < 4; k++) {
			bytes_add(&out, &quad[k], 1);
			if (width > 0 && ++col == width) {
				bytes_text(&out, nl);
				col = 0;
			}
		}
	}
	bytes_text(&out, nl);
	return out;
}

__attribute__((__unused__)) static struct bytes
quoted_printable(const struct bytes *in, const char *nl)
{
	struct bytes out = { NULL, 0 };
	char buf[8];
	size_t i, col = 0;

	for (i = 0; i < in->len; i++) {
		if (in->p[i] >= '0' && in->p[i] <= 'z' && in->p[i] != '=')
			snprintf(buf, sizeof(buf), "%c", in->p[i]);
		else
			snprintf(buf, sizeof(buf), "=%02X", in->p[i]);
		bytes_text(&out, buf);
		if ((col += strlen(buf)) > 70) {
			bytes_text(&out, "=");
			bytes_text(&out, nl);
			col = 0;
		}
	}
	bytes_text(&out, nl);
	return out;
}

__attribute__((__unused__)) static struct bytes
uuencoded(const struct bytes *in, const char *nl)
{
	struct bytes out = { NULL, 0 };
	unsigned char c[3];
	size_t i, k, n;
	uint32_t v;
	char ch;

	bytes_text(&out, "begin 644 report.json.gz");
	bytes_text(&out, nl);
	for (i = 0; i < in->len; i += 45) {
		n = in->len - i < 45 ? in->len - i : 45;
		ch = ' ' + n;
		bytes_add(&out, &ch, 1);
		for (k = 0; k < n; k += 3) {
			memset(c, 0, 3);
			memcpy(c, in->p + i + k, n - k < 3 ? n - k : 3);
			v = c[0] << 16 | c[1] << 8 | c[2];
			for (int s = 18; s >= 0; s -= 6) {
				ch = (v >> s & 63) + ' ';
				if (ch == ' ')
					ch = '`';
				bytes_add(&out, &ch, 1);
			}
		}
		bytes_text(&out, nl);
	}
	bytes_text(&out, "`");
	bytes_text(&out, nl);
	bytes_text(&out, "end");
	bytes_text(&out, nl);
	return out;
}

#endif
