/* SPDX-License-Identifier: ISC */

#ifndef SGE_RESOLVE_ANSWER_H
#define SGE_RESOLVE_ANSWER_H

#include <jansson.h>

#include "base/compat.h"

/* RR types (RFC 1035 3.2.2, RFC 3596, RFC 6698). */
#define TYPE_A		1
#define TYPE_MX		15
#define TYPE_TXT	16
#define TYPE_AAAA	28
#define TYPE_TLSA	52

/*
 * What resolve tells the engine, built up record by record.  No memory is
 * fatal: it is a process of its own.
 */

/* The list of that name, which the answer owns; made if there is none. */
json_t	*answer_list(json_t *answer, const char *key);
void	answer_true(json_t *answer, const char *key);
/*
 * Adds a record as it came, if it is one and there is room: of MX the most
 * preferred stay, in that order (RFC 5321 5.1); IPv4 addresses come first.
 */
void	answer_record(json_t *answer, int type, const unsigned char *data,
	    size_t len);
/* Records there may have been, but none is of use. */
int	answer_is_empty(const json_t *answer);

#endif
