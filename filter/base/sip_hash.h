/* SPDX-License-Identifier: ISC */

#ifndef SGE_SIP_HASH_H
#define SGE_SIP_HASH_H

#include <stddef.h>
#include <stdint.h>

/*
 * SipHash (Aumasson and Bernstein, 2012), for tables whose keys strangers
 * choose: who does not know the seed can't choose keys that collide.  OpenBSD
 * has it as siphash(9), no other library that is needed does.
 */

struct sip_seed {
	uint64_t	 k[2];
};

/* From arc4random(3). */
void	sip_seed(struct sip_seed *);
/* SipHash-2-4, which is also kept on disk. */
uint64_t sip_hash(const struct sip_seed *, const void *data, size_t len);
/*
 * SipHash-1-3, in half of the time: for a place in a table that nobody sees,
 * as Python's and Rust's have it.
 */
uint64_t sip_place(const struct sip_seed *, const void *data, size_t len);

#endif
