/* SPDX-License-Identifier: ISC */

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/bounds.h"
#include "base/domain.h"
#include "base/log.h"
#include "base/utf8.h"
#include "base/word.h"

/* RFC 3492 section 5. */
#define PUNY_BASE 36
#define PUNY_TMIN 1
#define PUNY_TMAX 26
#define PUNY_SKEW 38
#define PUNY_DAMP 700
#define PUNY_BIAS 72
#define PUNY_N 0x80

#define LABEL_MAX 63

/* What may stand in a label, in lower case; the filter asks all the time. */
static const char label_char[256] = {
	['-'] = '-', ['_'] = '_',
	['0'] = '0', '1', '2', '3', '4', '5', '6', '7', '8', '9',
	['A'] = 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm',
	    'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z',
	['a'] = 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm',
	    'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z'
};

/*
 * Whether it is as nearly all are: in normal form, without '_', long enough for
 * a word and too short for a long label.
 */
static int
is_usual(const char *name, size_t len)
{
	uint64_t word, dots, bad = 0;
	size_t i = 0, last = len - 8;

	if (len < 8 || len > LABEL_MAX || name[0] == '.' ||
	    name[len - 1] == '.')
		return 0;
	/* Eight at once, and one of them again: no two dots stand together. */
	for (;; i = i + 7 < last ? i + 7 : last) {
		word = word_at(name + i);
		dots = ~word_outside(word, '.', '.') & BIT7;
		bad |= word | (dots & dots << 8) |
		    (word_outside(word, 'a', 'z') &
		    word_outside(word, '0', '9') &
		    word_outside(word, '-', '.'));
		if (i == last)
			return (bad & BIT7) == 0;
	}
}

/* Without the NUL of what fails midway. */
static int
normal(const char *name, size_t len, char out[], size_t outsz)
{
	size_t i, label = 0;
	char c;

	if (len > 0 && name[len - 1] == '.')
		len--;
	if (len == 0 || len >= DOMAIN_MAX || len >= outsz)
		return -1;
	if (is_usual(name, len)) {
		memcpy(out, name, len);
		out[len] = '\0';
		return 0;
	}
	for (i = 0; i < len; i++) {
		if ((c = label_char[(unsigned char)name[i]]) != '\0') {
			if (++label > LABEL_MAX)
				return -1;
		} else if (name[i] == '.' && label > 0) {
			c = '.';
			label = 0;
		} else
			return -1;
		out[i] = c;
	}
	if (label == 0)
		return -1;
	out[len] = '\0';
	return 0;
}

int
domain_normal(const char *name, size_t len, char out[], size_t outsz)
{
	if (normal(name, len, out, outsz) == 0)
		return 0;
	if (outsz > 0)
		out[0] = '\0';
	return -1;
}

const char *
domain_last_labels(const char *name, int labels)
{
	const char *p = name + strlen(name);

	while (p > name && (p[-1] != '.' || --labels > 0))
		p--;
	return p;
}

const char *
domain_of_address(const char *address)
{
	const char *at = strrchr(address, '@');

	return at == NULL ? NULL : at + 1;
}

/* RFC 3492 section 6.1. */
static uint32_t
puny_adapt(uint32_t delta, uint32_t points, int first)
{
	uint32_t k = 0;

	delta = first ? delta / PUNY_DAMP : delta / 2;
	delta += delta / points;
	while (delta > ((PUNY_BASE - PUNY_TMIN) * PUNY_TMAX) / 2) {
		delta /= PUNY_BASE - PUNY_TMIN;
		k += PUNY_BASE;
	}
	return k + (PUNY_BASE - PUNY_TMIN + 1) * delta / (delta + PUNY_SKEW);
}

/* One number in generalized variable-length integers (section 3.3). */
static size_t
puny_number(uint32_t q, uint32_t bias, char out[], size_t o, size_t outsz)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	uint32_t k, t;

	for (k = PUNY_BASE; o < outsz; k += PUNY_BASE) {
		t = k <= bias ? PUNY_TMIN :
		    k >= bias + PUNY_TMAX ? PUNY_TMAX : k - bias;
		if (q < t)
			break;
		out[o++] = digits[t + (q - t) % (PUNY_BASE - t)];
		q = (q - t) / (PUNY_BASE - t);
	}
	if (o < outsz)
		out[o++] = digits[q];
	return o;
}

/*
 * RFC 3492 section 6.3 for the code points of one label.  Returns the length
 * of what was written, or 0 if it does not fit.
 */
static size_t
puny_encode(const int32_t *cp, size_t ncp, char out[], size_t outsz)
{
	uint32_t n = PUNY_N, delta = 0, bias = PUNY_BIAS, next;
	size_t i, o = 0, basic, done;

	for (i = 0; i < ncp; i++)
		if (cp[i] < 0x80) {
			if (o >= outsz)
				return 0;
			out[o++] = (char)cp[i];
		}
	basic = done = o;
	if (basic > 0 && o < outsz)
		out[o++] = '-';
	for (; done < ncp; delta++, n++) {
		next = INT32_MAX;
		for (i = 0; i < ncp; i++)
			if ((uint32_t)cp[i] >= n && (uint32_t)cp[i] < next)
				next = (uint32_t)cp[i];
		/* 63 points of at most 0x10ffff: this can't overflow. */
		delta += (next - n) * (uint32_t)(done + 1);
		n = next;
		for (i = 0; i < ncp; i++) {
			if ((uint32_t)cp[i] < n)
				delta++;
			if ((uint32_t)cp[i] != n)
				continue;
			o = puny_number(delta, bias, out, o, outsz);
			bias = puny_adapt(delta, (uint32_t)(done + 1),
			    done == basic);
			delta = 0;
			done++;
		}
	}
	return o < outsz ? o : 0;
}

/*
 * Letters by the step from the capital to the small form, which is the one in
 * the DNS: 0 where all are small or have no other form, 1 where they take
 * turns, capital first.  Nothing that UTS 46 maps or refuses otherwise is here.
 */
static const struct {
	uint32_t	first, last;
	uint32_t	step;
} letters[] = {
	{ 0xc0, 0xd6, 32 }, { 0xd8, 0xde, 32 }, { 0xdf, 0xf6, 0 },
	{ 0xf8, 0xff, 0 },
	{ 0x100, 0x12f, 1 }, { 0x131, 0x131, 0 }, { 0x134, 0x137, 1 },
	{ 0x138, 0x138, 0 }, { 0x139, 0x13e, 1 }, { 0x141, 0x148, 1 },
	{ 0x14a, 0x177, 1 }, { 0x179, 0x17e, 1 }, { 0x1a0, 0x1a1, 1 },
	{ 0x1af, 0x1b0, 1 }, { 0x1cd, 0x1dc, 1 }, { 0x1de, 0x1ef, 1 },
	{ 0x1f8, 0x21f, 1 }, { 0x222, 0x233, 1 },
	/* Greek, Cyrillic */
	{ 0x388, 0x38a, 37 }, { 0x38e, 0x38f, 63 }, { 0x391, 0x3a1, 32 },
	{ 0x3a3, 0x3ab, 32 }, { 0x3ac, 0x3ce, 0 }, { 0x400, 0x40f, 80 },
	{ 0x410, 0x42f, 32 }, { 0x430, 0x45f, 0 }, { 0x490, 0x4bf, 1 },
	{ 0x4d0, 0x52f, 1 },
	/* Hebrew, Arabic */
	{ 0x5d0, 0x5ea, 0 }, { 0x621, 0x63a, 0 }, { 0x641, 0x64a, 0 },
	/* Latin of Vietnam and others */
	{ 0x1e00, 0x1e95, 1 }, { 0x1ea0, 0x1eff, 1 },
	/* Of Japan, China, Korea; pictures */
	{ 0x3005, 0x3005, 0 }, { 0x3041, 0x3094, 0 }, { 0x30a1, 0x30fa, 0 },
	{ 0x30fc, 0x30fc, 0 }, { 0x4e00, 0x9fff, 0 }, { 0xac00, 0xd7a3, 0 },
	{ 0x1f300, 0x1f64f, 0 }
};

/* A letter and a mark behind it are one (Unicode's form NFC). */
static const struct {
	int32_t	mark, letter, both;
} marked[] = {
	{ 0x300, 'a', 0xe0 }, { 0x300, 'e', 0xe8 }, { 0x300, 'i', 0xec },
	{ 0x300, 'o', 0xf2 }, { 0x300, 'u', 0xf9 },
	{ 0x301, 'a', 0xe1 }, { 0x301, 'c', 0x107 }, { 0x301, 'e', 0xe9 },
	{ 0x301, 'i', 0xed }, { 0x301, 'n', 0x144 }, { 0x301, 'o', 0xf3 },
	{ 0x301, 'r', 0x155 }, { 0x301, 'u', 0xfa }, { 0x301, 'y', 0xfd },
	{ 0x301, 'z', 0x17a },
	{ 0x302, 'a', 0xe2 }, { 0x302, 'e', 0xea }, { 0x302, 'i', 0xee },
	{ 0x302, 'o', 0xf4 }, { 0x302, 'u', 0xfb },
	{ 0x303, 'a', 0xe3 }, { 0x303, 'n', 0xf1 }, { 0x303, 'o', 0xf5 },
	{ 0x304, 'a', 0x101 }, { 0x304, 'e', 0x113 }, { 0x304, 'i', 0x12b },
	{ 0x304, 'o', 0x14d }, { 0x304, 'u', 0x16b }, { 0x304, 'y', 0x233 },
	{ 0x308, 'a', 0xe4 }, { 0x308, 'e', 0xeb }, { 0x308, 'i', 0xef },
	{ 0x308, 'o', 0xf6 }, { 0x308, 'u', 0xfc }, { 0x308, 'y', 0xff },
	{ 0x30a, 'a', 0xe5 }, { 0x30a, 'u', 0x16f },
	{ 0x30c, 'c', 0x10d }, { 0x30c, 'e', 0x11b }, { 0x30c, 'n', 0x148 },
	{ 0x30c, 'r', 0x159 }, { 0x30c, 's', 0x161 }, { 0x30c, 'z', 0x17e },
	{ 0x327, 'c', 0xe7 }, { 0x327, 's', 0x15f },
};

/* As the DNS has a character, small; 0 where that is not known. */
static uint32_t
small_letter(uint32_t c)
{
	size_t i;

	if (c < 0x80)
		return (unsigned char)label_char[c];
	if (c == 0x178)		/* the one whose small form is in Latin-1 */
		return 0xff;
	for (i = 0; i < nitems(letters); i++) {
		if (c < letters[i].first || c > letters[i].last)
			continue;
		if (letters[i].step == 1)
			return c + ((c - letters[i].first) % 2 == 0);
		return c + letters[i].step;
	}
	return 0;
}

/*
 * The code points of a label, in cp; returns how many bytes were taken: fewer
 * than len before what is not known, or does not fit.
 */
static size_t
label_points(const char *s, size_t len, int32_t cp[LABEL_MAX], size_t *ncp)
{
	uint32_t c, small;
	size_t i, k, left;

	*ncp = 0;
	for (left = len; left > 0; s += i, left -= i) {
		if ((i = utf8_next(s, left, &c)) == 0)
			break;
		for (k = 0; k < nitems(marked) && *ncp > 0; k++)
			if (marked[k].mark == (int32_t)c &&
			    marked[k].letter == cp[*ncp - 1])
				break;
		if (k < nitems(marked) && *ncp > 0)
			cp[*ncp - 1] = marked[k].both;
		else if (*ncp < LABEL_MAX && (small = small_letter(c)) != 0)
			cp[(*ncp)++] = (int32_t)small;
		else
			break;
	}
	return len - left;
}

/* One label; returns its A-label's length in out, or 0. */
static size_t
alabel(const char *s, size_t len, char out[], size_t outsz)
{
	int32_t cp[LABEL_MAX];
	size_t n, o;
	int plain = 1;

	if (label_points(s, len, cp, &n) < len || n == 0 ||
	    outsz < LABEL_MAX + 1)
		return 0;
	for (o = 0; o < n; o++) {
		if (cp[o] >= 0x80)
			plain = 0;
		out[o] = (char)cp[o];
	}
	if (plain)
		return n;
	/* "xn--" and its like belong to A-labels (RFC 5890 2.3.1). */
	if (n >= 4 && cp[2] == '-' && cp[3] == '-')
		return 0;
	memcpy(out, "xn--", 4);
	o = puny_encode(cp, n, out + 4, LABEL_MAX - 3);
	return o == 0 ? 0 : o + 4;
}

int
domain_to_alabel(const char *name, char out[], size_t outsz)
{
	char label[LABEL_MAX + 1];
	const char *end;
	size_t o = 0, n;

	while (*name != '\0') {
		end = name + strcspn(name, ".");
		n = alabel(name, (size_t)(end - name), label, sizeof(label));
		if (n == 0 || o + n + 2 > outsz || o + n >= DOMAIN_MAX)
			return -1;
		memcpy(out + o, label, n);
		o += n;
		name = end;
		if (*name == '.' && *++name != '\0')
			out[o++] = '.';
	}
	if (o == 0)
		return -1;
	out[o] = '\0';
	return 0;
}

#define BYTES_SIZE (3 * UTF8_MAX)	/* "E2 80 AE" */

static const char *
print_bytes(const char *s, size_t n, char out[BYTES_SIZE])
{
	size_t i;

	for (i = 0; i < n; i++)
		(void)snprintf(out + 3 * i, BYTES_SIZE - 3 * i, "%02X%s",
		    (unsigned char)s[i], i + 1 < n ? " " : "");
	return out;
}

/*
 * What no name is meant to hold and no editor shows: a byte order mark, blanks
 * and joiners, hyphens and quotes of a word processor, the marks that turn the
 * direction, controls.
 */
static int
is_unseen(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0xa0) || c == 0xad ||
	    c == 0x61c || (c >= 0x2000 && c <= 0x206f) || c == 0x3000 ||
	    c == 0xfeff;
}

static const char *
unseen(const char *text, char bytes[BYTES_SIZE])
{
	uint32_t c;
	size_t n;

	for (; *text != '\0'; text += n) {
		if ((n = utf8_next(text, UTF8_MAX, &c)) == 0)
			return NULL;
		if (c >= 0x80 && is_unseen(c))
			return print_bytes(text, n, bytes);
	}
	return NULL;
}

/* The bytes of the first character that has no known form in the DNS. */
static const char *
unknown_letter(const char *name, char bytes[BYTES_SIZE])
{
	int32_t cp[LABEL_MAX];
	size_t n, len;

	for (;; name++) {
		len = strcspn(name, ".");
		name += label_points(name, len, cp, &n);
		if (*name != '.')
			break;
	}
	if ((unsigned char)*name < 0x80 || n == LABEL_MAX ||
	    (len = utf8_next(name, UTF8_MAX, NULL)) == 0)
		return NULL;
	return print_bytes(name, len, bytes);
}

int
domain_explain(const char *name, char out[], size_t outsz)
{
	char alabel_form[DOMAIN_MAX], bytes[BYTES_SIZE];
	const char *p;

	for (p = name; *p != '\0' && (unsigned char)*p < 0x80; p++)
		;
	if (*p == '\0')
		return -1;
	if (unseen(name, bytes) != NULL)
		(void)snprintf(out, outsz, "\"%s\" is not a domain name: take "
		    "out the bytes %s%s", log_clean(name), bytes,
		    strcmp(bytes, "EF BB BF") == 0 ? ", a byte order mark" :
		    "");
	else if (domain_to_alabel(name, alabel_form, sizeof(alabel_form)) == 0)
		(void)snprintf(out, outsz, "\"%s\" is not how the DNS writes "
		    "it: write \"%s\"", name, alabel_form);
	else if (unknown_letter(name, bytes) != NULL)
		(void)snprintf(out, outsz, "\"%s\" is not how the DNS writes "
		    "it, and the bytes %s are no letter known here: write its "
		    "A-label (xn--...)", log_clean(name), bytes);
	else
		return -1;
	return 0;
}
