/* SPDX-License-Identifier: ISC */

#include <string.h>

#include "base/compat.h"
#include "reader/sniff.h"

/* A tar archive's first header is a block, POSIX's or GNU's magic in it. */
#define TAR_MAGIC_AT 257
#define TAR_BLOCK 512

size_t
sniff_blanks(const unsigned char *data, size_t len)
{
	size_t n = 0;

	/* UTF-8's mark is one too. */
	if (len >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0)
		n = 3;
	while (n < len && (data[n] == ' ' || data[n] == '\t' ||
	    data[n] == '\r' || data[n] == '\n'))
		n++;
	return n;
}

/* Whether JSON begins there in UTF-32, with its mark or without. */
static int
is_utf32_json(const unsigned char *data, size_t len)
{
	size_t at = 0;
	int big;

	if (len < 8)
		return 0;
	if (memcmp(data, "\0\0\xfe\xff", 4) == 0 ||
	    memcmp(data, "\xff\xfe\0\0", 4) == 0)
		at = 4;
	for (big = 0; big < 2; big++)
		if (memcmp(data + at + !big, "\0\0\0", 3) == 0 &&
		    strchr("{[ \t\r\n", data[at + 3 * big]) != NULL &&
		    data[at + 3 * big] != '\0')
			return 1;
	return 0;
}

enum kind
sniff(const unsigned char *data, size_t len)
{
	size_t at;

	if (len >= 3 && data[0] == 0x1f && data[1] == 0x8b)
		return KIND_GZIP;
	if (len >= 4 && memcmp(data, "PK", 2) == 0 && data[2] < 8)
		return KIND_ZIP;
	if (len >= 4 && (memcmp(data, "BZh", 3) == 0 ||
	    memcmp(data, "\xfd" "7zX", 4) == 0 ||
	    memcmp(data, "\x28\xb5\x2f\xfd", 4) == 0 ||
	    memcmp(data, "7z\xbc\xaf", 4) == 0))
		return KIND_OTHER_PACK;
	if (len >= TAR_BLOCK &&
	    (memcmp(data + TAR_MAGIC_AT, "ustar\0", 6) == 0 ||
	    memcmp(data + TAR_MAGIC_AT, "ustar  \0", 8) == 0))
		return KIND_TAR;
	if (is_utf32_json(data, len))
		return KIND_UTF32;
	if (len >= 4 && (memcmp(data, "\xfe\xff", 2) == 0 ||
	    memcmp(data, "\xff\xfe", 2) == 0 ||
	    (data[0] == 0 && (data[1] == '{' || data[1] == '[')) ||
	    (data[1] == 0 && (data[0] == '{' || data[0] == '['))))
		return KIND_UTF16;
	at = sniff_blanks(data, len);
	if (at == len)
		return KIND_NOTHING;
	if (data[at] == '{')
		return KIND_JSON;
	/* A list of reports: "[", then "{". */
	if (data[at] == '[' &&
	    (at += 1 + sniff_blanks(data + at + 1, len - at - 1)) < len &&
	    data[at] == '{')
		return KIND_JSON;
	if (at < len && data[at] == '<')
		return KIND_XML;
	return KIND_NOTHING;
}

int
sniff_base64(const unsigned char *data, size_t len)
{
	size_t at = sniff_blanks(data, len), n;
	static const char *const begins[] = {
		"H4sI",		/* gzip */
		"UEsDB",	/* zip */
		"eyAi", "eyJ", "ewog", "ewoJ", "ew0K", "ewoi"	/* JSON */
	};
	size_t i;

	for (i = 0; i < nitems(begins); i++) {
		n = strlen(begins[i]);
		if (len - at > n && memcmp(data + at, begins[i], n) == 0)
			return 1;
	}
	return 0;
}
