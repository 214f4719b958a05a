/* SPDX-License-Identifier: ISC */

#include <stdlib.h>

#include "base/compat.h"
#include "base/sip_hash.h"
#include "base/word.h"

void
sip_seed(struct sip_seed *seed)
{
	arc4random_buf(seed, sizeof(*seed));
}

static inline uint64_t
rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static inline void
sip_rounds(uint64_t v[4], int n)
{
	while (n-- > 0) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] = rotate(v[0], 32) + v[3];
		v[2] += v[1];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] = rotate(v[2], 32);
	}
}

static inline void
sip_word(uint64_t v[4], uint64_t word, int rounds)
{
	v[3] ^= word;
	sip_rounds(v, rounds);
	v[0] ^= word;
}

/* So many rounds for each word, and two more at the end. */
static inline uint64_t
sip(const struct sip_seed *seed, const void *data, size_t len, int rounds)
{
	const unsigned char *p = data;
	uint64_t v[4], word = 0;
	size_t left = len;

	v[0] = seed->k[0] ^ 0x736f6d6570736575ULL;
	v[1] = seed->k[1] ^ 0x646f72616e646f6dULL;
	v[2] = seed->k[0] ^ 0x6c7967656e657261ULL;
	v[3] = seed->k[1] ^ 0x7465646279746573ULL;
	for (; left >= 8; left -= 8, p += 8)
		sip_word(v, word_at(p), rounds);
	while (left > 0)
		word = word << 8 | p[--left];
	sip_word(v, word | (uint64_t)len << 56, rounds);
	v[2] ^= 0xff;
	sip_rounds(v, rounds + 2);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t
sip_hash(const struct sip_seed *seed, const void *data, size_t len)
{
	return sip(seed, data, len, 2);
}

uint64_t
sip_place(const struct sip_seed *seed, const void *data, size_t len)
{
	return sip(seed, data, len, 1);
}
