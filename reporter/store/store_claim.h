/* SPDX-License-Identifier: ISC */

#ifndef SGE_STORE_CLAIM_H
#define SGE_STORE_CLAIM_H

#include "store/store.h"

/*
 * Reports that this host sends for its fleet: rows of the table report, with
 * which part of the day's each is.  noted: the fleet knows how it ended.
 * Functions return 0, or -1 with a log line, unless said otherwise.
 */
struct store_claim {
	int64_t		 day;
	char		 domain[256];
	int64_t		 part;
	char		 state[16];
};

/*
 * Due now; without a body there was nothing to tell.  Where there is a report
 * of that day and domain nothing is done: one of before this was a fleet.
 */
int	store_claim_add(struct store *, const struct store_claim *,
	    const char *report_id, int64_t ok, int64_t fail,
	    const unsigned char *body, size_t len, int64_t now);
/*
 * What is this host's after it was out of touch: all is doubted; what the
 * fleet still has as this host's is seen (1; 0: it is not here); the rest is
 * let go of (how many, or -1), but for what is being sent right now: its
 * number is not to be another's when the answer comes.
 */
int	store_claim_doubt(struct store *);
int	store_claim_see(struct store *, const struct store_claim *);
int	store_claim_drop(struct store *);
/* Those that ended and are not noted, at most limit; how many, or -1. */
int	store_claim_ended(struct store *, struct store_claim out[], int limit);
int	store_claim_noted(struct store *, const struct store_claim *);
/* How many wait to be looked up, or -1. */
int64_t	store_claim_waiting(struct store *);
/* Whether failures of that day wait for their reason: 1, 0, or -1. */
int	store_claim_pending(struct store *, int64_t day);

#endif
