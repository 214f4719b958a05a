/* SPDX-License-Identifier: ISC */

#ifndef SGE_STEADY_H
#define SGE_STEADY_H

#include <stdint.h>

/*
 * Whether the time of day is to be believed.  A clock that was set wrong, by a
 * time server or an empty battery, must not let a day end before it does, nor
 * have anything removed: who acts on the date asks how long it went as time
 * does.
 */
struct steady {
	int64_t		 wall;		/* epoch seconds, when last looked */
	int64_t		 mono;		/* seconds that only go on, then */
	int64_t		 jumped;	/* mono's, of the last jump */
	int		 jumps;		/* how many there were */
	int64_t		 began;		/* mono's */
	int		 away;		/* far from what was known then */
};

/*
 * known: the last time that was believed, of an earlier run, or 0.  A clock
 * that is behind it, or far ahead of it, begins with a jump; one that is some
 * hours ahead is believed after some minutes.
 */
void	steady_init(struct steady *, int64_t known, int64_t wall,
	    int64_t mono);
/* To be called now and then, at least each minute. */
void	steady_look(struct steady *, int64_t wall, int64_t mono);
/* Whether there was no jump within so many seconds. */
int	steady_for(const struct steady *, int64_t seconds);

#endif
