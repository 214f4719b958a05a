/* SPDX-License-Identifier: ISC */

#ifndef SGE_WHOSE_TRY_H
#define SGE_WHOSE_TRY_H

#include "count/judge.h"

/*
 * The attempts that a session may have been of, one a domain: those noted
 * before it that came to nothing yet, at a host that has its address.
 */
struct try {
	char		 domain[DOMAIN_MAX];
	char		 host[DOMAIN_MAX];
};

struct tries {
	struct try	*v;
	size_t		 n;
	struct whose_past *past;
};

/* If there is one of the domain's. */
void	tries_add(struct tries *, struct judge *, struct whose_past *,
	    const struct record *, const char *domain);
/* Whose it was, if that can be told. */
void	tries_take(const struct tries *, struct judge *,
	    const struct record *, struct whose *);
void	tries_free(struct tries *);

#endif
