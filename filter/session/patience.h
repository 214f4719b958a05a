/* SPDX-License-Identifier: ISC */

#ifndef SGE_PATIENCE_H
#define SGE_PATIENCE_H

#include <stddef.h>
#include <stdint.h>

/*
 * How long a session still waits for the domains of its recipients, once it
 * waited for one in vain: each later one has a short chance, for another's dead
 * DNS says nothing of it, and all of them together a bounded one
 * (WAITS_CHANCES_MS in base/bounds.h).  Without any memory of its own: where two
 * sessions share a place, the newer one pushes the other out, which then is as
 * patient as at first.
 */
#define PATIENCE_MAX 1024

struct patience {
	struct {
		uint64_t	 session;
		int64_t		 until;		/* 0: none */
		int64_t		 left;
	}		 place[PATIENCE_MAX];
};

/*
 * Milliseconds for one more domain: at most "ms" where it waited for none in
 * vain, else its chance; 0: none is left.  "now" is of one clock.
 */
int64_t	 patience_ms(const struct patience *, uint64_t session, int64_t ms,
	    int64_t now);
/*
 * It waited "waited" milliseconds for nothing; "chance": that was a short one
 * and counts.
 */
void	 patience_spend(struct patience *, uint64_t session, int64_t waited,
	    int chance, int64_t until, int64_t now);

#endif
