/* SPDX-License-Identifier: ISC */

#ifndef SGE_PACE_H
#define SGE_PACE_H

#include <stdint.h>

/*
 * How fast somebody is who answers some things at once: an answer that takes
 * four times the slowest one of late does not come, within bounds that let him
 * write to a disk.  Late are these minutes and as many before.  As long as he
 * never answered he has PACE_MOST_MS.
 */
#define PACE_LEAST_MS 150
#define PACE_MOST_MS 2000
#define PACE_TIMES 4
#define PACE_LATE_MS (5 * 60 * 1000)

struct pace {
	int64_t		 slowest[2];	/* now, and before; -1: none */
	int64_t		 since;		/* when now began */
};

void	pace_init(struct pace *);
/*
 * An answer took ms; now: monotonic milliseconds.  Beyond PACE_MOST_MS he was
 * stopped, which says nothing of how fast he is.
 */
void	pace_note(struct pace *, int64_t ms, int64_t now);
/* How long to wait for one. */
int64_t	pace_ms(struct pace *, int64_t now);

#endif
