/* SPDX-License-Identifier: ISC */

#ifndef SGE_RECENT_H
#define SGE_RECENT_H

#include <stdint.h>

#include "base/compat.h"
#include "base/sip_hash.h"

/*
 * Names remembered for some time, without any memory of their own: where two
 * share a place, the newer one pushes the other out, and nobody can choose
 * names that do.
 */
#define RECENT_MAX 1024

struct recent {
	struct sip_seed	 seed;
	struct {
		uint64_t	 hash;
		int64_t		 until;		/* 0: none */
	}		 place[RECENT_MAX];
};

void	recent_init(struct recent *);
/* Times are the caller's, of one clock. */
void	recent_put(struct recent *, const char *name, int64_t until);
int	recent_has(const struct recent *, const char *name, int64_t now);

#endif
