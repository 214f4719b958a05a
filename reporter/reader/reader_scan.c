/* SPDX-License-Identifier: ISC */

/*
 * A look over the JSON before jansson gets it: jansson takes no byte that is
 * not UTF-8, no number out of range and no control character in a string, and
 * has no bound on how much memory a text of brackets costs.
 */

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/utf8.h"
#include "lib/text.h"
#include "lib/xalloc.h"
#include "reader/reader.h"

struct mender {
	const char	*in;
	size_t		 len;
	size_t		 at;
	char		*out;		/* NULL: only look */
	size_t		 outlen;
	int		 changed;
	int		 depth;
	size_t		 values;
	void		(*odd)(const char *, void *);
	void		*arg;
};

static void
put(struct mender *s, const char *p, size_t n)
{
	if (s->out != NULL)
		memcpy(s->out + s->outlen, p, n);
	s->outlen += n;
}

/* Puts text in place of what came. */
static void
mend(struct mender *s, const char *with, const char *odd)
{
	put(s, with, strlen(with));
	s->changed = 1;
	if (s->out != NULL)
		s->odd(odd, s->arg);
}

/* The value of the four hexadecimal digits of \uXXXX at p, or -1. */
static int
escape_value(const char *p, size_t left)
{
	int i, v = 0, digit;

	if (left < 6 || p[0] != '\\' || p[1] != 'u')
		return -1;
	for (i = 2; i < 6; i++) {
		if ((digit = hex_digit(p[i])) == -1)
			return -1;
		v = v * 16 + digit;
	}
	return v;
}

static void
scan_escape(struct mender *s)
{
	const char *p = s->in + s->at;
	size_t left = s->len - s->at;
	int v, w;

	if (left >= 2 && p[1] == 'u') {
		v = escape_value(p, left);
		if (v == -1 || v == 0 || (v >= 0xdc00 && v <= 0xdfff)) {
			mend(s, "\\ufffd", "a broken escape in a string");
			s->at += v == -1 ? 2 : 6;
			return;
		}
		if (v >= 0xd800 && v <= 0xdbff) {
			w = escape_value(p + 6, left - 6);
			if (w < 0xdc00 || w > 0xdfff) {
				mend(s, "\\ufffd",
				    "a broken escape in a string");
				s->at += 6;
				return;
			}
			put(s, p, 12);
			s->at += 12;
			return;
		}
		put(s, p, 6);
		s->at += 6;
	} else if (left >= 2 && strchr("\"\\/bfnrt", p[1]) != NULL &&
	    p[1] != '\0') {
		put(s, p, 2);
		s->at += 2;
	} else {
		mend(s, "\\\\", "a broken escape in a string");
		s->at++;
	}
}

/* From the opening quote to the closing one; -1 if it never comes. */
static int
scan_string(struct mender *s)
{
	const char *p;
	size_t n, run;

	put(s, "\"", 1);
	s->at++;
	while (s->at < s->len) {
		p = s->in + s->at;
		/* Most of it is plain. */
		for (run = 0; s->at + run < s->len &&
		    (unsigned char)p[run] >= ' ' &&
		    (unsigned char)p[run] < 0x7f && p[run] != '"' &&
		    p[run] != '\\'; run++)
			;
		if (run > 0) {
			put(s, p, run);
			s->at += run;
			continue;
		}
		if (*p == '"') {
			put(s, "\"", 1);
			s->at++;
			return 0;
		}
		if (*p == '\\') {
			scan_escape(s);
		} else if ((unsigned char)*p < ' ') {
			mend(s, " ", "control characters in a string");
			s->at++;
		} else if ((n = utf8_next(p, s->len - s->at, NULL)) > 0) {
			put(s, p, n);
			s->at += n;
		} else {
			mend(s, "\xef\xbf\xbd", "bytes that are not UTF-8");
			s->at++;
		}
	}
	return -1;
}

/* Whether the next thing that is not blank is one of set. */
static int
next_is(const struct mender *s, size_t at, const char *set)
{
	while (at < s->len && strchr(" \t\r\n", s->in[at]) != NULL &&
	    s->in[at] != '\0')
		at++;
	return at < s->len && s->in[at] != '\0' &&
	    strchr(set, s->in[at]) != NULL;
}

/* RFC 8259 6. */
static int
is_number(const char *p, size_t n)
{
	size_t i = *p == '-', from = i;

	while (i < n && isdigit((unsigned char)p[i]))
		i++;
	if (i == from || (p[from] == '0' && i > from + 1))
		return 0;
	if (i < n && p[i] == '.') {
		for (from = ++i; i < n && isdigit((unsigned char)p[i]); i++)
			;
		if (i == from)
			return 0;
	}
	if (i < n && (p[i] == 'e' || p[i] == 'E')) {
		i++;
		i += i < n && (p[i] == '+' || p[i] == '-');
		for (from = i; i < n && isdigit((unsigned char)p[i]); i++)
			;
		if (i == from)
			return 0;
	}
	return i == n;
}

/* A number that jansson may find out of range becomes one that is not. */
static int
mend_number(struct mender *s, const char *p, size_t n)
{
	char buf[64], *end;
	size_t i, digits = 0;
	double d;

	for (i = 0; i < n; i++)
		digits += isdigit((unsigned char)p[i]) != 0;
	if (digits == 0 || strspn(p, "+-.eE0123456789") < n)
		return -1;
	if (digits <= 15 && memchr(p, 'e', n) == NULL &&
	    memchr(p, 'E', n) == NULL && is_number(p, n)) {
		put(s, p, n);
		return 0;
	}
	(void)snprintf(buf, sizeof(buf), "%.*s", (int)(n < 60 ? n : 60), p);
	if (n < 60) {
		d = strtod(buf, &end);
		if (*end != '\0')
			return -1;
	} else
		d = *p == '-' ? -1e15 : 1e15;
	if (!(d < 1e15))
		d = 1e15;
	if (d < -1e15)
		d = -1e15;
	(void)snprintf(buf, sizeof(buf), "%.0f", d);
	mend(s, buf, "a number of an odd size or form");
	return 0;
}

/* What is written without quotes: a number, a word, or what should not be. */
static void
scan_bare(struct mender *s)
{
	static const char *const words[] = { "true", "false", "null" };
	const char *p = s->in + s->at;
	size_t n = 0, i;

	while (s->at + n < s->len && (isalnum((unsigned char)p[n]) ||
	    (p[n] != '\0' && strchr("+-._$", p[n]) != NULL)))
		n++;
	s->at += n;
	for (i = 0; i < nitems(words); i++)
		if (strlen(words[i]) == n && memcmp(words[i], p, n) == 0) {
			put(s, p, n);
			return;
		}
	if (next_is(s, s->at, ":")) {
		mend(s, "\"", "a name without quotes");
		put(s, p, n);
		put(s, "\"", 1);
	} else if (mend_number(s, p, n) == -1)
		/* NaN, Infinity, undefined: it costs its own value. */
		mend(s, "null", "a value that is no JSON: left out");
}

/* One value, from its bracket to that which closes it; *why otherwise. */
static int
scan_value(struct mender *s, const char **why)
{
	char c;

	s->depth = 0;
	s->values = 0;
	do {
		if (s->at >= s->len) {
			*why = "the JSON ends early";
			return -1;
		}
		c = s->in[s->at];
		if (c == '"') {
			if (scan_string(s) == -1) {
				*why = "the JSON ends early";
				return -1;
			}
			continue;
		}
		if (isalnum((unsigned char)c) || (c != '\0' &&
		    strchr("+-._$", c) != NULL)) {
			scan_bare(s);
			continue;
		}
		if (c == '{' || c == '[') {
			if (++s->depth > READ_JSON_DEPTH_MAX) {
				*why = "the JSON is nested too deep";
				return -1;
			}
			s->values++;
		} else if (c == '}' || c == ']') {
			s->depth--;
		} else if (c == ',') {
			s->values++;
			if (next_is(s, s->at + 1, "}]")) {
				mend(s, " ", "a comma too many");
				s->at++;
				continue;
			}
		}
		if (s->values > READ_JSON_VALUES_MAX) {
			*why = "the JSON holds too many values";
			return -1;
		}
		put(s, &c, 1);
		s->at++;
	} while (s->depth > 0);
	return 0;
}

const char *
reader_scan(const char *text, size_t len, char **copy, size_t *outlen,
    size_t *used, void (*odd)(const char *, void *), void *arg,
    const char **why)
{
	struct mender s;

	memset(&s, 0, sizeof(s));
	s.in = text;
	s.len = len;
	s.odd = odd;
	s.arg = arg;
	*copy = NULL;
	while (s.at < len && (text[s.at] == ' ' || text[s.at] == '\t' ||
	    text[s.at] == '\r' || text[s.at] == '\n'))
		s.at++;
	if (s.at >= len || (text[s.at] != '{' && text[s.at] != '[')) {
		*why = "no JSON object";
		return NULL;
	}
	text += s.at;
	if (scan_value(&s, why) == -1)
		return NULL;
	*used = s.at;
	if (!s.changed) {
		*outlen = s.outlen;
		return text;
	}
	*copy = xmalloc(s.outlen + 1);
	s.out = *copy;
	s.outlen = 0;
	s.at = text - s.in;
	if (scan_value(&s, why) == -1)
		fatalx("%s: second look differs", __func__);
	s.out[s.outlen] = '\0';
	*outlen = s.outlen;
	return s.out;
}

char *
reader_utf16(const unsigned char *in, size_t len, size_t *outlen)
{
	size_t at = 0, n = 0;
	uint32_t c, d;
	int big;
	char *out;

	if (len < 4)
		return NULL;
	if ((in[0] == 0xfe && in[1] == 0xff) ||
	    (in[0] == 0xff && in[1] == 0xfe)) {
		big = in[0] == 0xfe;
		at = 2;
	} else if (in[0] == 0 && (in[1] == '{' || in[1] == '['))
		big = 1;
	else if (in[1] == 0 && (in[0] == '{' || in[0] == '['))
		big = 0;
	else
		return NULL;
	out = xmalloc(len / 2 * 3 + 4);
	for (; at + 2 <= len; at += 2) {
		c = in[at + big] | (uint32_t)in[at + !big] << 8;
		if (c >= 0xd800 && c <= 0xdfff) {
			d = at + 4 <= len ? in[at + 2 + big] |
			    (uint32_t)in[at + 2 + !big] << 8 : 0;
			if (c <= 0xdbff && d >= 0xdc00 && d <= 0xdfff) {
				c = 0x10000 + ((c - 0xd800) << 10) +
				    (d - 0xdc00);
				at += 2;
			} else
				c = 0xfffd;
		}
		n += utf8_put(out + n, c);
	}
	out[n] = '\0';
	*outlen = n;
	return out;
}
