/* SPDX-License-Identifier: ISC */

#ifndef SGE_MIME_CODE_H
#define SGE_MIME_CODE_H

#include "base/compat.h"

/*
 * Undoes a Content-Transfer-Encoding (NULL: none): base64, quoted-printable,
 * and the old x-uuencode; others are taken as they are.  The caller frees;
 * there is a NUL behind the *outlen bytes.
 */
unsigned char *mime_decode(const char *in, size_t len, const char *encoding,
	    size_t *outlen);

/*
 * Lines that end with CR alone, as old Macs wrote them: with LF, and a NUL
 * behind.  NULL where they are no such lines; the caller frees.
 */
char	*mime_cr_lines(const char *, size_t len);

#endif
