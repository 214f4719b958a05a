/* SPDX-License-Identifier: ISC */

#ifndef SGE_COPY_JOB_H
#define SGE_COPY_JOB_H

#include "base/bounds.h"
#include "engine/engine.h"
#include "store/store_claim.h"
#include "store/store_copy.h"

/*
 * The engine's part of a fleet, within itself.  It asks the share process one
 * question at a time; a turn is: this host runs (copy.c), its days are copied
 * (copy.c), how its reports ended is told, days are opened, reports are
 * claimed (claim.c) and built (claim_build.c).  Whatever fails, the next turn
 * begins anew.
 */

/* How often the fleet hears of this host, at least. */
#define BEAT_MS 10000

struct copy {
	struct engine	*engine;
	void		(*turn)(void *);	/* copy.c: a new one */
	struct loop_timer *timer;
	uint64_t	 question;	/* 0: none is under way */

	struct store_copy *source;	/* of day, or NULL */
	struct store_copied next;	/* what it then is */
	int64_t		 first;		/* day that the fleet gets */
	int64_t		 day;		/* looked at */
	int64_t		 began;		/* to copy it, loop_now */
	int		 looking;	/* for what changed since */
	int64_t		 look_next;	/* when that is done, loop_now */
	int64_t		 spent;		/* on this turn's days, ms */
	int		 more;		/* there is more to do at once */
	int64_t		 trimmed;	/* loop_now, or 0 */
	int64_t		 changes;	/* of the store, as all was copied */
	int64_t		 changes_now;	/* as it was begun to be */

	int		 synced;	/* what is claimed is known */
	int64_t		 asked;		/* for the beat, boottime_ms */
	int64_t		 waiting;	/* claims not looked up, a turn ago */
	json_t		*claims;	/* to be built */
	size_t		 claim;		/* the first of those asked for */
	size_t		 nasked;	/* and how many they are */
	int		 details;	/* are asked for */
	struct store	*image;		/* what it tells, or NULL */
	void		(*built)(struct copy *);
	struct store_claim *ended;	/* that are being noted */
	int		 nended;

	/* For people. */
	char		 state[16];
	char		 text[FLEET_TEXT_MAX];
	int64_t		 since;
	int64_t		 done;
	int64_t		 now;		/* by the database */
	json_t		*members;
};

/* copy_ask.c */
/* Steals request; answered is to begin with copy_good. */
void	copy_ask(struct copy *, json_t *request,
	    void (*answered)(json_t *, void *));
/* Whether an answer is good; else the turn is over. */
int	copy_good(struct copy *, json_t *answer);
/* In touch, or why not: said once. */
void	copy_state(struct copy *, const char *state, const char *text);
/* The next turn, in so long; what this one had begun is let go of. */
void	copy_again(struct copy *, int64_t ms);

/* claim.c: the rest of a turn; ends in copy_again. */
void	claim_turn(struct copy *);

/* claim_build.c */
/* One of a list of reports, as the share process tells it. */
void	claim_read(const json_t *one, struct store_claim *, const char **id);
/* Builds and stores all of c->claims, then calls built. */
void	claim_build(struct copy *, void (*built)(struct copy *));

#endif
