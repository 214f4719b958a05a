/* SPDX-License-Identifier: ISC */

#include <string.h>

#include "base/json_scan.h"
#include "base/utf8.h"

#define DEPTH_MAX 32

/* What stands for itself in a string: ASCII without '"', '\\' and controls. */
static const unsigned char is_plain[256] = {
	[' '] = 1, ['!'] = 1,
	['#'] = 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	['0'] = 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	['@'] = 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	['P'] = 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	[']'] = 1, 1, 1,
	['`'] = 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	['p'] = 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1
};

static int	 hex4(struct scan *, unsigned int *);
static int	 escape(struct scan *, char **);
static int	 skip_number(struct scan *);
static int	 skip_word(struct scan *, const char *);
static int	 skip_value(struct scan *, int);
static int	 skip_members(struct scan *, char, int);

void
scan_blanks(struct scan *in)
{
	while (*in->p == ' ' || *in->p == '\t' || *in->p == '\r' ||
	    *in->p == '\n')
		in->p++;
}

int
scan_expect(struct scan *in, char c)
{
	scan_blanks(in);
	if (*in->p != c)
		return -1;
	in->p++;
	return 0;
}

static int
hex4(struct scan *in, unsigned int *out)
{
	unsigned int v = 0;
	int i;
	char c;

	for (i = 0; i < 4; i++) {
		c = *in->p;
		if (c >= '0' && c <= '9')
			v = v << 4 | (c - '0');
		else if (c >= 'a' && c <= 'f')
			v = v << 4 | (c - 'a' + 10);
		else if (c >= 'A' && c <= 'F')
			v = v << 4 | (c - 'A' + 10);
		else
			return -1;
		in->p++;
	}
	*out = v;
	return 0;
}

/* Behind a backslash.  What it means is never longer than its escape. */
static int
escape(struct scan *in, char **out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *found;
	unsigned int c, low;
	char *save;

	if (*in->p != 'u') {
		if (*in->p == '\0' || (found = strchr(from, *in->p)) == NULL)
			return -1;
		*(*out)++ = to[found - from];
		in->p++;
		return 0;
	}
	in->p++;
	if (hex4(in, &c) == -1)
		return -1;
	if (c >= 0xd800 && c <= 0xdbff && in->p[0] == '\\' &&
	    in->p[1] == 'u') {
		save = in->p;
		in->p += 2;
		if (hex4(in, &low) == -1)
			return -1;
		if (low >= 0xdc00 && low <= 0xdfff)
			c = 0x10000 + ((c & 0x3ff) << 10 | (low & 0x3ff));
		else
			in->p = save;
	}
	/* Half a pair is no character; a NUL would cut the string off. */
	if (c == 0 || (c >= 0xd800 && c <= 0xdfff))
		c = 0xfffd;
	*out += utf8_put(*out, c);
	return 0;
}

/* From the first byte that does not stand for itself. */
static int
string_rest(struct scan *in)
{
	char *out = in->p;
	unsigned char c;
	size_t n;

	while ((c = *in->p) != '"') {
		if (c < ' ')
			return -1;
		if (c == '\\') {
			in->p++;
			if (escape(in, &out) == -1)
				return -1;
		} else if (c < 0x80)
			*out++ = *in->p++;
		else {
			if ((n = utf8_next(in->p, UTF8_MAX, NULL)) == 0)
				return -1;
			memmove(out, in->p, n);
			out += n;
			in->p += n;
		}
	}
	in->p++;
	*out = '\0';
	return 0;
}

/* Behind the first quote. */
static int
string(struct scan *in)
{
	char *p = in->p;

	/* Until the first escape there is nothing to move. */
	while (is_plain[(unsigned char)*p])
		p++;
	in->p = p;
	if (*p != '"')
		return string_rest(in);
	*in->p++ = '\0';
	return 0;
}

int
scan_string(struct scan *in, char **start)
{
	if (*in->p != '"')
		return -1;
	*start = ++in->p;
	return string(in);
}

static int
skip_number(struct scan *in)
{
	char *p = in->p, *digits;

	if (*p == '-')
		p++;
	for (digits = p; *p >= '0' && *p <= '9'; p++)
		;
	if (p == digits || (*digits == '0' && p - digits > 1))
		return -1;
	if (*p == '.') {
		for (digits = ++p; *p >= '0' && *p <= '9'; p++)
			;
		if (p == digits)
			return -1;
	}
	if (*p == 'e' || *p == 'E') {
		p++;
		if (*p == '+' || *p == '-')
			p++;
		for (digits = p; *p >= '0' && *p <= '9'; p++)
			;
		if (p == digits)
			return -1;
	}
	in->p = p;
	return 0;
}

static int
skip_word(struct scan *in, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(in->p, word, n) != 0)
		return -1;
	in->p += n;
	return 0;
}

static int
skip_members(struct scan *in, char close, int depth)
{
	char *s;

	in->p++;
	scan_blanks(in);
	if (*in->p == close) {
		in->p++;
		return 0;
	}
	for (;;) {
		scan_blanks(in);
		if (close == '}' &&
		    (scan_string(in, &s) == -1 || scan_expect(in, ':') == -1))
			return -1;
		if (skip_value(in, depth + 1) == -1)
			return -1;
		scan_blanks(in);
		if (*in->p == close) {
			in->p++;
			return 0;
		}
		if (*in->p++ != ',')
			return -1;
	}
}

static int
skip_value(struct scan *in, int depth)
{
	char *s;

	if (depth > DEPTH_MAX)
		return -1;
	scan_blanks(in);
	switch (*in->p) {
	case '"':
		return scan_string(in, &s);
	case '{':
		return skip_members(in, '}', depth);
	case '[':
		return skip_members(in, ']', depth);
	case 't':
		return skip_word(in, "true");
	case 'f':
		return skip_word(in, "false");
	case 'n':
		return skip_word(in, "null");
	default:
		return skip_number(in);
	}
}

enum scanned
scan_text(struct scan *in, const char **out)
{
	if (*in->p == '"') {
		*out = ++in->p;
		return string(in) == -1 ? SCAN_SYNTAX : SCAN_OK;
	}
	*out = NULL;
	if (strncmp(in->p, "null", 4) == 0) {
		in->p += 4;
		return SCAN_OK;
	}
	return scan_skip(in) == -1 ? SCAN_SYNTAX : SCAN_OTHER;
}

enum scanned
scan_number(struct scan *in, uint64_t max, uint64_t *out)
{
	char *p = in->p;
	uint64_t n = 0;

	if (scan_skip(in) == -1)
		return SCAN_SYNTAX;
	if (*p < '0' || *p > '9')
		return SCAN_OTHER;
	for (; p < in->p; p++) {
		if (*p < '0' || *p > '9')
			return SCAN_OTHER;
		if (n > (max - (*p - '0')) / 10)
			n = max;
		else
			n = n * 10 + (*p - '0');
	}
	*out = n;
	return SCAN_OK;
}

enum scanned
scan_bool(struct scan *in, int *out)
{
	char c = *in->p;

	if (scan_skip(in) == -1)
		return SCAN_SYNTAX;
	*out = c == 't';
	return c == 't' || c == 'f' ? SCAN_OK : SCAN_OTHER;
}

enum scanned
scan_name(struct scan *in, const char *const names[], size_t n,
    unsigned int *out)
{
	const char *s;
	unsigned int i;
	enum scanned got;

	if ((got = scan_text(in, &s)) != SCAN_OK)
		return got;
	for (i = 0; i < n; i++)
		if (s == names[i] || (s != NULL && names[i] != NULL &&
		    *names[i] == *s && strcmp(names[i], s) == 0)) {
			*out = i;
			return SCAN_OK;
		}
	return SCAN_OTHER;
}

int
scan_skip(struct scan *in)
{
	return skip_value(in, 0);
}
