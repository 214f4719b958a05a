/* SPDX-License-Identifier: ISC */

#ifndef SGE_STORE_TRIM_H
#define SGE_STORE_TRIM_H

#include "store/store.h"

/* What is older than this is forgotten. */
struct store_trim {
	int64_t		 tallies;	/* days since 1970 */
	int64_t		 reports;	/* days since 1970 */
	int64_t		 learned;	/* epoch seconds */
	int64_t		 attempts;	/* epoch seconds */
	int64_t		 waiting;	/* epoch seconds */
	int64_t		 traces;	/* days since 1970 */
	/* And days that are still to come, behind this; INT64_MAX: none. */
	int64_t		 ahead;
	/* What was learned behind this becomes of then: epoch seconds. */
	int64_t		 dated;
};

size_t	store_trim_steps(void);
/*
 * One of the steps (from 0), which deletes or dates at most so many rows in a
 * transaction of its own.  Returns how many these were: fewer than rows where
 * the step is done; or -1 with a log line.
 */
int	store_trim(struct store *, size_t step, const struct store_trim *,
	    int64_t rows);

/*
 * Whether there are days with sessions, so many behind today and more, that a
 * clock which was ahead made: this host had sessions on most days of the last
 * two weeks, on fewer of these, and none between, so that it is not today's
 * clock that is behind, as it may be for weeks.  1, 0, or -1 with a log line.
 */
int	store_ahead(struct store *, int64_t today, int64_t days);

/*
 * Whether what was learned has a date more than a day behind now, a host that
 * was looked at, a policy, a route, and it is rather that than a clock which is
 * behind now: there were sessions on eight days of the last two weeks, and on
 * fewer of those to come.  1, 0, or -1 with a log line.
 */
int	store_dated_ahead(struct store *, int64_t now);

/*
 * Gives at most so many free pages of the file back to the file system, while
 * more are free than the next days fill again.  1 when there may be more, 0,
 * or -1 with a log line.
 */
int	store_shrink(struct store *, int64_t pages);

#endif
