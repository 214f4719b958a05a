/* SPDX-License-Identifier: ISC */

#ifndef SGE_HELPER_TAKE_H
#define SGE_HELPER_TAKE_H

#include "helper/helper_answer.h"

/* What one member of a helper process's answer may be. */
struct member;

/*
 * A new value with what may be believed of that one, which the caller owns;
 * NULL: nothing, or no memory.
 */
typedef json_t *take(const struct helper_asked *, const struct member *,
    const json_t *);

/* What an answer may have: anything else is left out. */
struct member {
	const char	*key;
	take		*take;
	int64_t		 max;		/* its greatest value, or length */
	size_t		 list;		/* 0: not one; else items at most */
	const char	*const *words;
};

take	 take_word, take_bool, take_int, take_text, take_name, take_addr,
	    take_mx, take_member, take_claim, take_row, take_seen,
	    take_hexadecimal, take_tlsa, take_pem, take_version, take_body,
	    take_base64;

#endif
