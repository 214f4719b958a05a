/* SPDX-License-Identifier: ISC */

#ifndef SGE_WIRE_H
#define SGE_WIRE_H

#include <jansson.h>

#include "base/compat.h"

/*
 * Data of DNS records as they came (RFC 1035 3.3), cleaned: nothing here
 * trusts a length.
 */

/*
 * An uncompressed name into normal form.  Returns 0; 1 for the root; -1 if it
 * is cut off or not a host name.
 */
int	wire_name(const unsigned char *data, size_t len, char out[],
	    size_t outsz);
/*
 * The strings of one TXT record joined without blanks.  Control characters,
 * and what is not UTF-8, become '?'.  NULL if it is malformed, or longer than
 * TXT_RECORD_MAX: then *toolong becomes 1.  No memory is fatal.
 */
json_t	*wire_txt(const unsigned char *data, size_t len, int *toolong);
/* [preference, "host"] of an MX record; NULL if malformed or the root. */
json_t	*wire_mx(const unsigned char *data, size_t len);
/* Whether an MX record says "no mail" (RFC 7505). */
int	wire_mx_null(const unsigned char *data, size_t len);
/* [usage, selector, matching type, "hex"] of a TLSA record, or NULL. */
json_t	*wire_tlsa(const unsigned char *data, size_t len);
/* An A (4 bytes) or AAAA (16 bytes) record's text, or NULL. */
json_t	*wire_addr(const unsigned char *data, size_t len);

#endif
