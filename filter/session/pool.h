/* SPDX-License-Identifier: ISC */

#ifndef SGE_POOL_H
#define SGE_POOL_H

#include <stdint.h>

#include "base/compat.h"
#include "base/sip_hash.h"

/*
 * Where a block is, in half of what a pointer takes: what refers to one is
 * kept a hundred thousand times as well.  0: nowhere.
 */
typedef uint32_t pool_ref;

#define POOL_BLOCK_MAX 640
#define POOL_UNIT 8
#define POOL_CHUNK_UNITS 8192
/* Bytes of a text: the longest is an address without a route, of 64@255. */
#define POOL_TEXT_MAX 600

struct str {
	pool_ref	 next;
	uint32_t	 hash;
	uint32_t	 refs;
	uint16_t	 len;
	char		 s[];		/* ended with a NUL */
};

/*
 * Small blocks without malloc(3)'s overhead, since a busy host has a hundred
 * thousand sessions open; and texts of which each is kept once.  Its insides
 * are pool.c's, and stand here for those functions that each event calls ten
 * times.  A reference counts units from the start of the first chunk, whose
 * first unit is nobody's.
 */
struct pool {
	/* Of each size, the first that is unused: it begins with the next. */
	pool_ref	  unused[POOL_BLOCK_MAX / POOL_UNIT + 1];
	char		**chunks;
	size_t		  nchunks;
	size_t		  fresh;	/* units used of the last one */
	pool_ref	 *buckets;
	size_t		  nbuckets;	/* a power of two */
	size_t		  nstrings;
	struct sip_seed	  seed;
};

/* NULL without memory. */
struct pool *pool_new(void);
void	pool_free(struct pool *);

/* Not cleared; 0 without memory.  size: POOL_BLOCK_MAX at most. */
pool_ref pool_get(struct pool *, size_t size);
/* The block, aligned to 8 bytes, which stays where it is; NULL of 0. */
static inline void *
pool_at(const struct pool *p, pool_ref ref)
{
	return ref == 0 ? NULL : p->chunks[ref / POOL_CHUNK_UNITS] +
	    ref % POOL_CHUNK_UNITS * POOL_UNIT;
}

/* Gives it back, with the size that it was got with; 0 is allowed. */
void	pool_put(struct pool *, pool_ref, size_t size);

/*
 * The one copy of a text of at most POOL_TEXT_MAX bytes (more is cut off), for
 * the caller to give back with str_put.  0 without memory.
 */
pool_ref str_get(struct pool *, const char *s, size_t len);
/* NULL of 0. */
static inline const struct str *
str_at(const struct pool *p, pool_ref ref)
{
	return pool_at(p, ref);
}

/* As C has it; NULL of 0. */
static inline const char *
str_text(const struct pool *p, pool_ref ref)
{
	return ref == 0 ? NULL : str_at(p, ref)->s;
}

/* Another reference to it, to be given back as well; 0 is allowed. */
pool_ref str_ref(struct pool *, pool_ref);
/* 0 is allowed. */
void	str_put(struct pool *, pool_ref);
size_t	pool_strings(const struct pool *);

#endif
