/* SPDX-License-Identifier: ISC */

#include <stdlib.h>
#include <string.h>

#include "base/sip_hash.h"
#include "session/pool.h"

#define UNIT 8
#define SMALL_MAX 512
#define CHUNK (64 * 1024)
/* Of a processor's cache: a pool of such blocks alone has none across two. */
#define CACHE_LINE 64
#define BUCKETS_MIN 1024

struct block {
	struct block	*next;
};

struct pool {
	struct block	 *unused[SMALL_MAX / UNIT + 1];
	struct block	 *chunks;	/* all of them, for pool_free */
	char		 *fresh;	/* of the newest chunk */
	size_t		  left;
	struct str	**buckets;
	size_t		  nbuckets;	/* a power of two */
	size_t		  nstrings;
	struct sip_seed	  seed;
};

static void	 grow(struct pool *);
static size_t	 str_size(size_t);

struct pool *
pool_new(void)
{
	struct pool *p;

	if ((p = calloc(1, sizeof(*p))) == NULL)
		return NULL;
	sip_seed(&p->seed);
	p->nbuckets = BUCKETS_MIN;
	if ((p->buckets = calloc(p->nbuckets, sizeof(*p->buckets))) == NULL) {
		free(p);
		return NULL;
	}
	return p;
}

/* Blocks above SMALL_MAX are malloc's own and must have been put back. */
void
pool_free(struct pool *p)
{
	struct block *b, *next;

	if (p == NULL)
		return;
	for (b = p->chunks; b != NULL; b = next) {
		next = b->next;
		free(b);
	}
	free(p->buckets);
	free(p);
}

void *
pool_get(struct pool *p, size_t size)
{
	struct block *b;
	void *chunk;
	size_t n = (size + UNIT - 1) / UNIT;

	if (size > SMALL_MAX)
		return malloc(size);
	if ((b = p->unused[n]) != NULL) {
		p->unused[n] = b->next;
		return b;
	}
	size = n * UNIT;
	if (p->left < size) {
		/* What is left of the old chunk is less than one block. */
		if (posix_memalign(&chunk, CACHE_LINE, CHUNK) != 0)
			return NULL;
		b = chunk;
		b->next = p->chunks;
		p->chunks = b;
		p->fresh = (char *)b + CACHE_LINE;
		p->left = CHUNK - CACHE_LINE;
	}
	p->left -= size;
	p->fresh += size;
	return p->fresh - size;
}

void
pool_put(struct pool *p, void *ptr, size_t size)
{
	struct block *b = ptr;
	size_t n = (size + UNIT - 1) / UNIT;

	if (ptr == NULL)
		return;
	if (size > SMALL_MAX) {
		free(ptr);
		return;
	}
	b->next = p->unused[n];
	p->unused[n] = b;
}

static size_t
str_size(size_t len)
{
	return offsetof(struct str, s) + len + 1;
}

static void
grow(struct pool *p)
{
	struct str **buckets, *str, *next;
	size_t i, n = p->nbuckets * 2;

	/* Without memory the chains get longer, that is all. */
	if ((buckets = calloc(n, sizeof(*buckets))) == NULL)
		return;
	for (i = 0; i < p->nbuckets; i++)
		for (str = p->buckets[i]; str != NULL; str = next) {
			next = str->next;
			str->next = buckets[str->hash & (n - 1)];
			buckets[str->hash & (n - 1)] = str;
		}
	free(p->buckets);
	p->buckets = buckets;
	p->nbuckets = n;
}

struct str *
str_get(struct pool *p, const char *s, size_t len)
{
	struct str *str;
	uint32_t h;

	if (len > UINT16_MAX)
		len = UINT16_MAX;
	/* Strangers choose the texts. */
	h = (uint32_t)sip_hash(&p->seed, s, len);
	for (str = p->buckets[h & (p->nbuckets - 1)]; str != NULL;
	    str = str->next)
		if (str->hash == h && str->len == len &&
		    memcmp(str->s, s, len) == 0)
			return str_ref(str);
	if (p->nstrings >= p->nbuckets)
		grow(p);
	if ((str = pool_get(p, str_size(len))) == NULL)
		return NULL;
	str->hash = h;
	str->refs = 1;
	str->len = len;
	memcpy(str->s, s, len);
	str->s[len] = '\0';
	str->next = p->buckets[h & (p->nbuckets - 1)];
	p->buckets[h & (p->nbuckets - 1)] = str;
	p->nstrings++;
	return str;
}

struct str *
str_ref(struct str *str)
{
	if (str != NULL)
		str->refs++;
	return str;
}

void
str_put(struct pool *p, struct str *str)
{
	struct str **at;

	if (str == NULL || --str->refs > 0)
		return;
	for (at = &p->buckets[str->hash & (p->nbuckets - 1)]; *at != str;
	    at = &(*at)->next)
		;
	*at = str->next;
	p->nstrings--;
	pool_put(p, str, str_size(str->len));
}

size_t
pool_strings(const struct pool *p)
{
	return p->nstrings;
}
