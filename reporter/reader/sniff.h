/* SPDX-License-Identifier: ISC */

#ifndef SGE_SNIFF_H
#define SGE_SNIFF_H

#include <stddef.h>

/*
 * What bytes of others look like by how they begin; names and types that came
 * with them are hints at best.
 */

enum kind {
	KIND_JSON,
	KIND_GZIP,
	KIND_ZIP,
	KIND_TAR,
	KIND_UTF16,
	KIND_UTF32,
	KIND_XML,
	KIND_OTHER_PACK,	/* named, not read */
	KIND_MAIL,
	KIND_NOTHING
};

enum kind sniff(const unsigned char *data, size_t len);
/* How many bytes at the beginning are blanks, or UTF-8's mark. */
size_t	sniff_blanks(const unsigned char *data, size_t len);

/*
 * Whether it is base64 of a report, as a part that does not say how it is
 * encoded, or says it wrongly: its first letters show what it holds.
 */
int	sniff_base64(const unsigned char *data, size_t len);

#endif
