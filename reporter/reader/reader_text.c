/* SPDX-License-Identifier: ISC */

#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "lib/date.h"
#include "base/domain.h"
#include "lib/xalloc.h"
#include "reader/reader.h"

/*
 * Length of what must not reach a screen at p: control characters (C0, DEL,
 * C1) and those that reorder or hide text (bidirectional marks, zero width,
 * line separators, tags).  0: it may.  The text is valid UTF-8.
 */
static size_t
unfit(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	if (p[0] < ' ' || p[0] == 0x7f)
		return 1;
	if (p[0] == 0xc2 && p[1] < 0xa0)
		return 2;
	if (p[0] == 0xe2 && p[1] == 0x80 && ((p[2] >= 0x8b && p[2] <= 0x8f) ||
	    (p[2] >= 0xa8 && p[2] <= 0xae)))
		return 3;
	if (p[0] == 0xe2 && p[1] == 0x81 && p[2] >= 0xa0 && p[2] <= 0xaf)
		return 3;
	if (p[0] == 0xef && p[1] == 0xbb && p[2] == 0xbf)
		return 3;
	if (p[0] == 0xf3 && p[1] == 0xa0)
		return 4;
	return 0;
}

/*
 * The text must be valid UTF-8 (jansson's is); bytes of headers are not, so
 * whatever is not ASCII there is mended by the caller.
 */
char *
reader_clean(const char *in, size_t len, int *cut)
{
	const char *end = in + len;
	char *out;
	size_t n = 0, bad, step;

	out = xmalloc((len < READ_TEXT_MAX ? len : READ_TEXT_MAX) + 1);
	while (in < end) {
		step = (unsigned char)*in < 0x80 ? 1 :
		    (unsigned char)*in < 0xe0 ? 2 :
		    (unsigned char)*in < 0xf0 ? 3 : 4;
		if (step > (size_t)(end - in))
			break;
		if ((bad = unfit(in)) > 0 || *in == ' ') {
			/* Blanks and what is no text become one blank. */
			in += bad > 0 ? bad : 1;
			if (n > 0 && out[n - 1] != ' ' && n < READ_TEXT_MAX)
				out[n++] = ' ';
			continue;
		}
		if (n + step > READ_TEXT_MAX) {
			if (cut != NULL)
				*cut = 1;
			break;
		}
		memcpy(out + n, in, step);
		n += step;
		in += step;
	}
	while (n > 0 && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
	return out;
}

char *
reader_domain(const char *name)
{
	char buf[DOMAIN_MAX], *clean;
	size_t len;

	clean = reader_clean(name, strlen(name), NULL);
	len = strlen(clean);
	while (len > 0 && clean[len - 1] == '.')
		len--;
	if (domain_normal(clean, len, buf, sizeof(buf)) == -1 &&
	    domain_to_alabel(clean, buf, sizeof(buf)) == -1)
		return clean;
	free(clean);
	clean = xstrdup(buf);
	return clean;
}

/* What time_parse takes, and epoch seconds, 24:00, "UTC" behind it. */
int
reader_time(const char *s, int64_t *epoch)
{
	char buf[64], *p;
	size_t n;
	int64_t late = 0;

	s += strspn(s, " ");
	if (strlcpy(buf, s, sizeof(buf)) >= sizeof(buf))
		return -1;
	n = strlen(buf);
	while (n > 0 && buf[n - 1] == ' ')
		buf[--n] = '\0';
	if (n >= 9 && n <= 11 && strspn(buf, "0123456789") == n) {
		*epoch = strtoll(buf, NULL, 10);
		return 0;
	}
	if (n > 4 && (strcmp(buf + n - 4, " UTC") == 0 ||
	    strcmp(buf + n - 4, " GMT") == 0))
		buf[n - 4] = '\0';
	/* The day's end (RFC 8460 4.1: "00:00-24:00"). */
	if (n > 13 && (p = strstr(buf + 10, "24:00")) == buf + 11) {
		memcpy(p, "00", 2);
		late = DAY_SECONDS;
	}
	if (time_parse(buf, epoch) == -1)
		return -1;
	*epoch += late;
	return 0;
}
