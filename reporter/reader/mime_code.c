/* SPDX-License-Identifier: ISC */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/text.h"
#include "lib/xalloc.h"
#include "reader/mime.h"
#include "reader/mime_code.h"

unsigned char *
mime_base64(const char *in, size_t len, size_t *outlen)
{
	unsigned char *out;
	unsigned int bits = 0, nbits = 0;
	size_t i, n = 0;
	int d;

	out = xmalloc(len / 4 * 3 + 4);
	for (i = 0; i < len; i++) {
		/* Padding ends a run; another may be joined to it. */
		if (in[i] == '=') {
			bits = nbits = 0;
			continue;
		}
		if ((d = base64_digit((unsigned char)in[i])) == -1)
			continue;
		bits = (bits << 6 | d) & 0xffff;
		nbits += 6;
		if (nbits >= 8) {
			nbits -= 8;
			out[n++] = bits >> nbits & 0xff;
		}
	}
	out[n] = '\0';
	*outlen = n;
	return out;
}

static unsigned char *
quoted_printable(const char *in, size_t len, size_t *outlen)
{
	unsigned char *out;
	size_t i, k, n = 0;
	int a, b;

	out = xmalloc(len + 1);
	for (i = 0; i < len; i++) {
		if (in[i] != '=') {
			out[n++] = in[i];
			continue;
		}
		/* A soft break, maybe with blanks before the line's end. */
		for (k = i + 1; k < len && (in[k] == ' ' || in[k] == '\t' ||
		    in[k] == '\r'); k++)
			;
		if (k >= len || in[k] == '\n') {
			i = k;
			continue;
		}
		a = i + 2 < len ? hex_digit((unsigned char)in[i + 1]) : -1;
		b = i + 2 < len ? hex_digit((unsigned char)in[i + 2]) : -1;
		if (a == -1 || b == -1) {
			out[n++] = '=';
			continue;
		}
		out[n++] = a << 4 | b;
		i += 2;
	}
	out[n] = '\0';
	*outlen = n;
	return out;
}

static unsigned char *
uudecode(const char *in, size_t len, size_t *outlen)
{
	const char *p = in, *end = in + len, *nl;
	unsigned char *out;
	unsigned int v;
	size_t n = 0, want, i;
	int begun = 0;

	out = xmalloc(len + 4);
	for (; p < end; p = nl + 1) {
		if ((nl = memchr(p, '\n', end - p)) == NULL)
			nl = end;
		if (!begun) {
			begun = nl - p > 6 && memcmp(p, "begin ", 6) == 0;
			continue;
		}
		if (nl - p >= 3 && memcmp(p, "end", 3) == 0)
			break;
		if (p == nl)
			continue;
		want = (*p++ - ' ') & 63;
		while (want > 0 && nl - p >= 4) {
			for (v = 0, i = 0; i < 4; i++)
				v = v << 6 | ((*p++ - ' ') & 63);
			for (i = 0; i < 3 && want > 0; i++, want--)
				out[n++] = v >> (16 - 8 * i) & 0xff;
		}
	}
	out[n] = '\0';
	*outlen = n;
	return out;
}

unsigned char *
mime_decode(const char *in, size_t len, const char *encoding, size_t *outlen)
{
	unsigned char *out;
	size_t n;

	if (encoding != NULL) {
		encoding += strspn(encoding, " \"");
		n = strcspn(encoding, " ;\"(");
		if (n == 6 && strncasecmp(encoding, "base64", n) == 0)
			return mime_base64(in, len, outlen);
		if (n == 16 &&
		    strncasecmp(encoding, "quoted-printable", n) == 0)
			return quoted_printable(in, len, outlen);
		if ((n == 10 && strncasecmp(encoding, "x-uuencode", n) == 0) ||
		    (n == 8 && strncasecmp(encoding, "uuencode", n) == 0))
			return uudecode(in, len, outlen);
	}
	out = xmalloc(len + 1);
	memcpy(out, in, len);
	out[len] = '\0';
	*outlen = len;
	return out;
}

char *
mime_cr_lines(const char *data, size_t len)
{
	char *copy;
	size_t i;

	if (memchr(data, '\n', len) != NULL || memchr(data, '\r', len) == NULL)
		return NULL;
	copy = xmalloc(len + 1);
	for (i = 0; i < len; i++)
		copy[i] = data[i] == '\r' ? '\n' : data[i];
	copy[len] = '\0';
	return copy;
}
