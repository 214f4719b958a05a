/* SPDX-License-Identifier: ISC */

#ifndef SGE_POOL_H
#define SGE_POOL_H

#include <stdint.h>

#include "base/compat.h"

/*
 * Small blocks without malloc(3)'s overhead, since a busy host has a hundred
 * thousand sessions open; and texts of which each is kept once.
 */
struct pool;

struct str {
	struct str	*next;
	uint32_t	 hash;
	uint32_t	 refs;
	uint16_t	 len;
	char		 s[];		/* ended with a NUL */
};

/* NULL without memory. */
struct pool *pool_new(void);
void	pool_free(struct pool *);

/* Not cleared; NULL without memory.  size must be the same for both. */
void	*pool_get(struct pool *, size_t size);
void	pool_put(struct pool *, void *, size_t size);

/*
 * The one copy of a text of at most UINT16_MAX bytes (more is cut off), for
 * the caller to give back with str_put.  NULL without memory.
 */
struct str *str_get(struct pool *, const char *s, size_t len);
struct str *str_ref(struct str *);
/* NULL is allowed. */
void	str_put(struct pool *, struct str *);
size_t	pool_strings(const struct pool *);

#endif
