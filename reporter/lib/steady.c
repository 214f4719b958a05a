/* SPDX-License-Identifier: ISC */

#include "lib/steady.h"

/* Leap seconds, and a time server that takes a small step. */
#define STEP_SECONDS 30
/* How long a host may have been off, to be believed at once. */
#define OFF_SECONDS (7 * 86400)

void
steady_init(struct steady *s, int64_t known, int64_t wall, int64_t mono)
{
	s->wall = wall;
	s->mono = mono;
	s->jumped = mono;
	s->jumps = known != 0 && (wall < known - STEP_SECONDS ||
	    wall > known + OFF_SECONDS);
}

void
steady_look(struct steady *s, int64_t wall, int64_t mono)
{
	int64_t step = (wall - s->wall) - (mono - s->mono);

	s->wall = wall;
	s->mono = mono;
	if (step > STEP_SECONDS || step < -STEP_SECONDS) {
		s->jumped = mono;
		s->jumps++;
	}
}

int
steady_for(const struct steady *s, int64_t seconds)
{
	return s->jumps == 0 || s->mono - s->jumped >= seconds;
}
