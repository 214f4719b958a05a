/* SPDX-License-Identifier: ISC */

#include <stdlib.h>
#include <string.h>

#include "session/pool.h"

#define BUCKETS_MIN 1024

static int	 add_chunk(struct pool *);
static void	 grow(struct pool *);
static struct str *str_of(const struct pool *, pool_ref);
static size_t	 str_size(size_t);

struct pool *
pool_new(void)
{
	struct pool *p;

	if ((p = calloc(1, sizeof(*p))) == NULL)
		return NULL;
	sip_seed(&p->seed);
	p->fresh = POOL_CHUNK_UNITS;
	p->nbuckets = BUCKETS_MIN;
	if ((p->buckets = calloc(p->nbuckets, sizeof(*p->buckets))) == NULL) {
		free(p);
		return NULL;
	}
	return p;
}

void
pool_free(struct pool *p)
{
	if (p == NULL)
		return;
	while (p->nchunks > 0)
		free(p->chunks[--p->nchunks]);
	free(p->chunks);
	free(p->buckets);
	free(p);
}

/* What is left of the old one is less than one block. */
static int
add_chunk(struct pool *p)
{
	char **grown;

	/* By 64: four megabytes. */
	if (p->nchunks % 64 == 0) {
		grown = reallocarray(p->chunks, p->nchunks + 64,
		    sizeof(*grown));
		if (grown == NULL)
			return -1;
		p->chunks = grown;
	}
	if (p->nchunks == UINT32_MAX / POOL_CHUNK_UNITS ||
	    (p->chunks[p->nchunks] = malloc(POOL_CHUNK_UNITS *
	    POOL_UNIT)) == NULL)
		return -1;
	p->fresh = p->nchunks++ == 0;
	return 0;
}

pool_ref
pool_get(struct pool *p, size_t size)
{
	size_t n = (size + POOL_UNIT - 1) / POOL_UNIT;
	pool_ref ref;

	if (size > POOL_BLOCK_MAX)
		return 0;
	if ((ref = p->unused[n]) != 0) {
		memcpy(&p->unused[n], pool_at(p, ref), sizeof(ref));
		return ref;
	}
	if (POOL_CHUNK_UNITS - p->fresh < n && add_chunk(p) == -1)
		return 0;
	ref = (pool_ref)((p->nchunks - 1) * POOL_CHUNK_UNITS + p->fresh);
	p->fresh += n;
	return ref;
}

void
pool_put(struct pool *p, pool_ref ref, size_t size)
{
	size_t n = (size + POOL_UNIT - 1) / POOL_UNIT;

	if (ref == 0)
		return;
	memcpy(pool_at(p, ref), &p->unused[n], sizeof(ref));
	p->unused[n] = ref;
}

static size_t
str_size(size_t len)
{
	return offsetof(struct str, s) + len + 1;
}

static struct str *
str_of(const struct pool *p, pool_ref ref)
{
	return pool_at(p, ref);
}

static void
grow(struct pool *p)
{
	pool_ref *buckets, *bucket, ref, next;
	struct str *str;
	size_t i, n = p->nbuckets * 2;

	/* Without memory the chains get longer, that is all. */
	if ((buckets = calloc(n, sizeof(*buckets))) == NULL)
		return;
	for (i = 0; i < p->nbuckets; i++)
		for (ref = p->buckets[i]; ref != 0; ref = next) {
			str = str_of(p, ref);
			next = str->next;
			bucket = &buckets[str->hash & (n - 1)];
			str->next = *bucket;
			*bucket = ref;
		}
	free(p->buckets);
	p->buckets = buckets;
	p->nbuckets = n;
}

pool_ref
str_get(struct pool *p, const char *s, size_t len)
{
	struct str *str;
	pool_ref ref, *bucket;
	uint32_t h;

	if (len > POOL_TEXT_MAX)
		len = POOL_TEXT_MAX;
	/* Strangers choose the texts. */
	h = (uint32_t)sip_place(&p->seed, s, len);
	for (ref = p->buckets[h & (p->nbuckets - 1)]; ref != 0;
	    ref = str->next) {
		str = str_of(p, ref);
		if (str->hash == h && str->len == len &&
		    memcmp(str->s, s, len) == 0) {
			str->refs++;
			return ref;
		}
	}
	if (p->nstrings >= p->nbuckets)
		grow(p);
	if ((ref = pool_get(p, str_size(len))) == 0)
		return 0;
	bucket = &p->buckets[h & (p->nbuckets - 1)];
	str = str_of(p, ref);
	str->next = *bucket;
	str->hash = h;
	str->refs = 1;
	str->len = (uint16_t)len;
	memcpy(str->s, s, len);
	str->s[len] = '\0';
	*bucket = ref;
	p->nstrings++;
	return ref;
}

pool_ref
str_ref(struct pool *p, pool_ref ref)
{
	if (ref != 0)
		str_of(p, ref)->refs++;
	return ref;
}

void
str_put(struct pool *p, pool_ref ref)
{
	struct str *str = str_of(p, ref);
	pool_ref *at;

	if (str == NULL || --str->refs > 0)
		return;
	for (at = &p->buckets[str->hash & (p->nbuckets - 1)]; *at != ref;
	    at = &str_of(p, *at)->next)
		;
	*at = str->next;
	p->nstrings--;
	pool_put(p, ref, str_size(str->len));
}

size_t
pool_strings(const struct pool *p)
{
	return p->nstrings;
}
