/* SPDX-License-Identifier: ISC */

#ifndef SGE_WORD_H
#define SGE_WORD_H

#include <stdint.h>

/* That byte eight times. */
#define EACH(c) (0x0101010101010101ULL * (c))
#define BIT7 EACH(0x80)

/*
 * Eight bytes at any address, the first the lowest: in one instruction, where
 * a compiler knows the pattern.
 */
static inline uint64_t
word_at(const void *data)
{
	const unsigned char *p = data;

	return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 |
	    (uint64_t)p[3] << 24 | (uint64_t)p[4] << 32 |
	    (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
	    (uint64_t)p[7] << 56;
}

/*
 * Sets bit 7 of those of its bytes that are not between the two.  Where bit 7
 * is set in none: then what is added to one stays in it.
 */
static inline uint64_t
word_outside(uint64_t word, unsigned int first, unsigned int last)
{
	return ~(word + EACH(0x80 - first)) | (word + EACH(0x7f - last));
}

#endif
