/* SPDX-License-Identifier: ISC */

#ifndef SGE_HASH_H
#define SGE_HASH_H

#include <stdint.h>

#include "base/compat.h"

/*
 * A hash table in memory: from a key of several fields to a value of a fixed
 * size.  Keys come from others (domains, HELO), so the hash has a random seed.
 * No memory is fatal.
 */
struct hash;

struct hash *hash_new(size_t valuesize);
void	hash_free(struct hash *);
/* Forgets everything. */
void	hash_clear(struct hash *);
/*
 * The value of a key, made of zeros where it is new (*is_new, may be NULL).
 * It stays where it is until hash_clear.
 */
void	*hash_get(struct hash *, const void *key, size_t len, int *is_new);
/* NULL where there is none. */
void	*hash_find(const struct hash *, const void *key, size_t len);
size_t	hash_count(const struct hash *);
/* Memory taken, about. */
size_t	hash_bytes(const struct hash *);
/*
 * Every entry in order of its key's bytes; stops and returns what cb returned
 * if that is not 0.  cb must not add to the same table.
 */
int	hash_each(struct hash *,
	    int (*cb)(const void *key, size_t len, void *value, void *arg),
	    void *arg);

/*
 * Keys: numbers and texts one after the other, so that their bytes sort like
 * their fields.  KEY_MAX holds the longest, a trace row; what does not fit
 * is cut off.
 */
#define KEY_MAX 2304

struct key {
	size_t		 len;
	unsigned char	 buf[KEY_MAX];
};

void	key_start(struct key *);
void	key_int(struct key *, int64_t);
void	key_text(struct key *, const char *);
/* Reading back: p moves on. */
int64_t	key_read_int(const unsigned char **p);
const char *key_read_text(const unsigned char **p);

#endif
