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

/*
 * Where a block is, in half of what a pointer takes: what refers to one is
 * kept a hundred thousand times as well.  0: nowhere.
 */
typedef uint32_t pool_ref;

#define POOL_BLOCK_MAX 640
/* Bytes of a text: the longest is an address without a route, of 64@255. */
#define POOL_TEXT_MAX 600

struct str {
	pool_ref	 next;
	uint32_t	 hash;
	uint32_t	 refs;
	uint16_t	 len;
	char		 s[];		/* ended with a NUL */
};

/* NULL without memory. */
struct pool *pool_new(void);
void	pool_free(struct pool *);

/* Not cleared; 0 without memory.  size: POOL_BLOCK_MAX at most. */
pool_ref pool_get(struct pool *, size_t size);
/* The block, aligned to 8 bytes, which stays where it is; NULL of 0. */
void	*pool_at(const struct pool *, pool_ref);
/* Gives it back, with the size that it was got with; 0 is allowed. */
void	pool_put(struct pool *, pool_ref, size_t size);

/*
 * The one copy of a text of at most POOL_TEXT_MAX bytes (more is cut off), for
 * the caller to give back with str_put.  0 without memory.
 */
pool_ref str_get(struct pool *, const char *s, size_t len);
/* NULL of 0. */
const struct str *str_at(const struct pool *, pool_ref);
/* As C has it; NULL of 0. */
const char *str_text(const struct pool *, pool_ref);
/* Another reference to it, to be given back as well; 0 is allowed. */
pool_ref str_ref(struct pool *, pool_ref);
/* 0 is allowed. */
void	str_put(struct pool *, pool_ref);
size_t	pool_strings(const struct pool *);

#endif
