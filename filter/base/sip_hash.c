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

static uint64_t
rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static void
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

static void
sip_word(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	sip_rounds(v, 2);
	v[0] ^= word;
}

uint64_t
sip_hash(const struct sip_seed *seed, const void *data, size_t len)
{
	const unsigned char *p = data;
	uint64_t v[4], word = 0;
	size_t i, left = len;

	v[0] = seed->k[0] ^ 0x736f6d6570736575ULL;
	v[1] = seed->k[1] ^ 0x646f72616e646f6dULL;
	v[2] = seed->k[0] ^ 0x6c7967656e657261ULL;
	v[3] = seed->k[1] ^ 0x7465646279746573ULL;
	for (; left >= 8; left -= 8, p += 8)
		sip_word(v, word_at(p));
	for (i = 0; i < left; i++)
		word |= (uint64_t)p[i] << 8 * i;
	sip_word(v, word | (uint64_t)len << 56);
	v[2] ^= 0xff;
	sip_rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
