/* SPDX-License-Identifier: ISC */

#ifndef SGE_UNPACK_H
#define SGE_UNPACK_H

#include "reader/budget.h"

/*
 * What reports come packed in: gzip (RFC 1952) and zip, by zlib alone.  Data
 * of others: every size is bounded, all work is charged to the budget, and
 * what is wrong is said in words.
 */

/*
 * Expands all members of gzip data into *out, which the caller frees; it has a
 * NUL behind its *outlen bytes.  Returns 0, or -1 with *why, a static text.
 * *odd: a static text of what is wrong although something came out (cut off,
 * bad checksum, bytes behind it), or NULL.
 */
int	unpack_gzip(const unsigned char *in, size_t len, size_t max,
	    struct budget *, unsigned char **out, size_t *outlen,
	    const char **odd, const char **why);

/*
 * Calls found for each file of a zip archive; data is NULL and why is set
 * where one can't be read.  max bounds all of them together.  The archive's
 * directory is followed, or, where it is lost, one local header after the
 * other.  Returns 0, or -1 with *why where it is no archive.
 */
int	unpack_zip(const unsigned char *in, size_t len, size_t max,
	    struct budget *, void (*found)(const char *name,
	    const unsigned char *data, size_t len, const char *why,
	    void *arg), void *arg, const char **why);

#endif
