/* SPDX-License-Identifier: ISC */

#ifndef SGE_RUALINTURI_H
#define SGE_RUALINTURI_H

#include "check/lint.h"
#include "rfc/rua.h"

/*
 * Adds what is to be said of the addresses that rua_parse found in text (RFC
 * 8460 3); domain: whose record it is, or NULL.
 */
void	lint_uris(struct lint *, const char *text, const struct rua *,
	    const char *domain);
/* Adds that an address stands twice in text, if one does. */
void	lint_twice(struct lint *, const char *text);

#endif
