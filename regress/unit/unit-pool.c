/* SPDX-License-Identifier: ISC */

/*
 * Small blocks, and texts of which each is kept once.  Where a test wants it
 * there is no memory, from some call on.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/log.h"
#include "tap.h"

/* Calls that are still served; -1: all. */
static long	 served = -1;

static int
refused(void)
{
	if (served == -1)
		return 0;
	if (served == 0)
		return 1;
	served--;
	return 0;
}

static void *
test_malloc(size_t size)
{
	return refused() ? NULL : malloc(size);
}

static void *
test_calloc(size_t n, size_t size)
{
	return refused() ? NULL : calloc(n, size);
}

static void *
test_reallocarray(void *p, size_t n, size_t size)
{
	return refused() ? NULL : reallocarray(p, n, size);
}

#define malloc test_malloc
#define calloc test_calloc
#define reallocarray test_reallocarray
#include "../../filter/session/pool.c"
#undef malloc
#undef calloc
#undef reallocarray

/* Blocks of a test, of many sizes: the number and size of the i-th. */
#define BLOCKS 20000
static pool_ref	 blocks[BLOCKS];

static size_t
size_of(size_t i)
{
	return i * 37 % POOL_BLOCK_MAX + 1;
}

static void
fill(struct pool *p, size_t i)
{
	if ((blocks[i] = pool_get(p, size_of(i))) == 0)
		fatalx("test: no memory");
	memset(pool_at(p, blocks[i]), (int)(i % 251), size_of(i));
}

/* Those that are not what they were filled with; *odd: not aligned. */
static size_t
spoiled(const struct pool *p, size_t *odd)
{
	const unsigned char *s;
	size_t i, k, n = 0;

	*odd = 0;
	for (i = 0; i < BLOCKS; i++) {
		s = pool_at(p, blocks[i]);
		*odd += (uintptr_t)s % 8 != 0;
		for (k = 0; k < size_of(i) && s[k] == i % 251; k++)
			;
		n += k < size_of(i);
	}
	return n;
}

/* Six megabytes: a hundred chunks. */
static void
test_blocks(void)
{
	struct pool *p = pool_new();
	void *first;
	size_t i, odd, chunks;

	if (p == NULL)
		fatalx("test: no memory");
	fill(p, 0);
	first = pool_at(p, blocks[0]);
	for (i = 1; i < BLOCKS; i++)
		fill(p, i);
	chunks = p->nchunks;
	ok(chunks > 64, "blocks of all sizes in %zu chunks", chunks);
	is_int((long long)spoiled(p, &odd), 0, "none overlaps another");
	is_int((long long)odd, 0, "each is aligned");
	ok(pool_at(p, blocks[0]) == first, "and stays where it is");
	/* Those of a size that others have as well, and taken again. */
	for (i = 0; i < BLOCKS; i += 3)
		pool_put(p, blocks[i], size_of(i));
	for (i = 0; i < BLOCKS; i += 3)
		fill(p, i);
	is_int((long long)spoiled(p, &odd), 0, "given back, taken again");
	is_int((long long)p->nchunks, (long long)chunks, "of the same memory");
	pool_free(p);
	pool_free(NULL);
}

static void
test_largest(void)
{
	struct pool *p = pool_new();
	pool_ref ref, other;

	if (p == NULL)
		fatalx("test: no memory");
	ok(pool_at(p, 0) == NULL, "nowhere is no block");
	pool_put(p, 0, 8);
	str_put(p, 0);
	is_int(str_ref(p, 0), 0, "no text, however often");
	ok(str_at(p, 0) == NULL && str_text(p, 0) == NULL, "nor is it one");
	is_int(pool_get(p, POOL_BLOCK_MAX + 1), 0, "too large: refused");
	ref = pool_get(p, POOL_BLOCK_MAX);
	ok(ref != 0, "the largest");
	memset(pool_at(p, ref), 1, POOL_BLOCK_MAX);
	pool_put(p, ref, POOL_BLOCK_MAX);
	other = pool_get(p, 1);
	ok(other != 0 && other != ref, "kept for its like");
	is_int(pool_get(p, POOL_BLOCK_MAX), ref, "which has it again");
	/* The last references count: they are 32 bits. */
	p->nchunks = UINT32_MAX / POOL_CHUNK_UNITS;
	p->fresh = POOL_CHUNK_UNITS;
	is_int(pool_get(p, 8), 0, "beyond the last reference: refused");
	p->nchunks = 1;
	pool_free(p);
}

static void
test_texts(void)
{
	struct pool *p = pool_new();
	char large[POOL_TEXT_MAX + 9], text[32];
	pool_ref a, b, c, refs[3000];
	size_t i, wrong = 0;

	if (p == NULL)
		fatalx("test: no memory");
	a = str_get(p, "mx.example", 10);
	b = str_get(p, "mx.example.nz", 10);
	c = str_get(p, "mx.example.nz", 13);
	is_int(b, a, "the same text: one copy");
	ok(c != a, "one that begins with it is another");
	is_str(str_text(p, a), "mx.example", "as C has it");
	is_int(str_at(p, a)->len, 10, "with its length");
	is_int(str_ref(p, a), a, "a third who has it");
	str_put(p, a);
	str_put(p, a);
	is_str(str_text(p, a), "mx.example", "given back twice: still there");
	str_put(p, a);
	is_int((long long)pool_strings(p), 1, "the third time: gone");
	str_put(p, c);
	ok((a = str_get(p, "", 0)) != 0, "none at all is a text");
	is_str(str_text(p, a), "", "an empty one");
	str_put(p, a);
	ok((a = str_get(p, "a\0b", 3)) != (b = str_get(p, "a\0c", 3)),
	    "NULs are part of a text");
	str_put(p, a);
	str_put(p, b);
	memset(large, 'x', sizeof(large));
	a = str_get(p, large, POOL_TEXT_MAX);
	b = str_get(p, large, sizeof(large));
	is_int(str_at(p, a)->len, POOL_TEXT_MAX, "the longest");
	is_int(b, a, "more is cut off");
	str_put(p, a);
	str_put(p, b);
	is_int((long long)pool_strings(p), 0, "all are given back");
	/* More than there are buckets to begin with. */
	for (i = 0; i < nitems(refs); i++)
		refs[i] = str_get(p, text, (size_t)snprintf(text,
		    sizeof(text), "host%zu.example", i));
	ok(p->nbuckets > BUCKETS_MIN, "the table grows");
	for (i = 0; i < nitems(refs); i++) {
		b = str_get(p, text, (size_t)snprintf(text, sizeof(text),
		    "host%zu.example", i));
		wrong += b != refs[i] || strcmp(str_text(p, b), text) != 0;
		str_put(p, b);
		str_put(p, b);
	}
	is_int((long long)wrong, 0, "and finds each");
	is_int((long long)pool_strings(p), 0, "none is left");
	pool_free(p);
}

static void
test_memory(void)
{
	struct pool *p;
	pool_ref first, ref;
	char text[32];
	size_t i, n;

	for (i = 0; i < 2; i++) {
		served = (long)i;
		ok(pool_new() == NULL, "no memory for the pool, call %zu", i);
	}
	served = -1;
	if ((p = pool_new()) == NULL)
		fatalx("test: no memory");
	for (i = 0; i < 2; i++) {
		served = (long)i;
		is_int(pool_get(p, 8), 0, "nor for a chunk, call %zu", i);
	}
	served = 2;
	first = str_get(p, "first", 5);
	ok(first != 0, "with memory it goes on");
	/* What the chunk has left is still given. */
	for (n = 1; (ref = str_get(p, text, (size_t)snprintf(text,
	    sizeof(text), "host%zu", n))) != 0; n++)
		;
	ok(n > BUCKETS_MIN, "a chunk holds %zu texts, in a small table", n);
	is_int(p->nbuckets, BUCKETS_MIN, "which could not grow");
	is_int((long long)pool_strings(p), (long long)n, "all are counted");
	is_int(str_get(p, "first", 5), first, "and found");
	str_put(p, first);
	str_put(p, first);
	is_int(str_get(p, "other", 5), first, "one given back is one more");
	served = -1;
	ok(str_get(p, text, strlen(text)) != 0, "and then there is memory");
	pool_free(p);
}

int
main(void)
{
	log_init("unit-pool", 1, 0);
	test_blocks();
	test_largest();
	test_texts();
	test_memory();
	return done_testing();
}
