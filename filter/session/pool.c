/* SPDX-License-Identifier: ISC */

#include <stdlib.h>
#include <string.h>

#include "session/pool.h"

#define UNIT 8
#define SMALL_MAX 512
#define CHUNK (64 * 1024)
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
};

static uint32_t	 hash(const char *, size_t);
static void	 grow(struct pool *);
static size_t	 str_size(size_t);

struct pool *
pool_new(void)
{
	struct pool *p;

	if ((p = calloc(1, sizeof(*p))) == NULL)
		return NULL;
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
		if ((b = malloc(CHUNK)) == NULL)
			return NULL;
		b->next = p->chunks;
		p->chunks = b;
		p->fresh = (char *)(b + 1);
		p->left = CHUNK - sizeof(*b);
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

/* Strangers choose the texts, but a chain is as slow as one of their own. */
static uint32_t
hash(const char *s, size_t len)
{
	uint64_t h = 0x9e3779b97f4a7c15ULL ^ len, w;

	for (; len > 8; len -= 8, s += 8) {
		memcpy(&w, s, 8);
		h = (h ^ w) * 0xd6e8feb86659fd93ULL;
		h ^= h >> 32;
	}
	/* The last one to eight bytes, without a loop. */
	w = 0;
	if (len >= 4) {
		memcpy(&w, s, 4);
		w <<= 32;
		h ^= w;
		w = 0;
		memcpy(&w, s + len - 4, 4);
	} else if (len > 0)
		w = (uint64_t)(unsigned char)s[0] << 16 |
		    (uint64_t)(unsigned char)s[len / 2] << 8 |
		    (unsigned char)s[len - 1];
	h = (h ^ w) * 0xd6e8feb86659fd93ULL;
	return h ^ h >> 32;
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
	h = hash(s, len);
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
