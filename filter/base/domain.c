/* SPDX-License-Identifier: ISC */

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/bounds.h"
#include "base/domain.h"
#include "base/utf8.h"

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

int
domain_normal(const char *name, size_t len, char out[], size_t outsz)
{
	size_t i, label = 0;
	char c;

	if (len > 0 && name[len - 1] == '.')
		len--;
	if (len == 0 || len >= DOMAIN_MAX || len >= outsz)
		return -1;
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

/* One label; returns its A-label's length in out, or 0. */
static size_t
alabel(const char *s, size_t len, char out[], size_t outsz)
{
	int32_t cp[LABEL_MAX];
	uint32_t c;
	size_t i, n = 0, o;
	int plain = 1;

	for (; len > 0; s += i, len -= i) {
		if (n == nitems(cp) || (i = utf8_next(s, len, &c)) == 0)
			return 0;
		if (c >= 'A' && c <= 'Z')
			c += 'a' - 'A';
		if (c >= 0x80)
			plain = 0;
		else if (label_char[c] == '\0')
			return 0;
		cp[n++] = (int32_t)c;
	}
	if (n == 0 || outsz < LABEL_MAX + 1)
		return 0;
	if (plain) {
		for (o = 0; o < n; o++)
			out[o] = (char)cp[o];
		return n;
	}
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
