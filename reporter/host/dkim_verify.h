/* SPDX-License-Identifier: ISC */

#ifndef SGE_DKIM_VERIFY_H
#define SGE_DKIM_VERIFY_H

#include <stddef.h>

/*
 * The value of "tag=" in a list of DKIM tags (RFC 6376 3.2), cleaned of blanks.
 * 0, or -1 if it is not there.
 */
int	tag_value(const char *tags, const char *tag, char out[], size_t outsz);
/* Whether a colon-separated list has the item, whatever its case. */
int	tag_has(const char *list, const char *item);
/*
 * Whether verifiers use that record of a key (RFC 6376 3.6.1, RFC 8301 3.2).
 * 0, or -1 and why none does, in words that follow "since".  What the key is
 * for, "s=", is not looked at.
 */
int	dkim_record(const char *record, char why[], size_t whysz);
/*
 * Whether the first DKIM-Signature of a mail (lines end with LF or CRLF)
 * verifies with the key's record as it is published (RFC 6376 6.1.3, RFC
 * 8463): rsa-sha256 and ed25519-sha256.  0, or -1 and why not, in words that
 * follow "since".
 */
int	dkim_verify(const char *mail, const char *record, char why[],
	    size_t whysz);

#endif
