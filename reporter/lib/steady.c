/* SPDX-License-Identifier: ISC */

#include "lib/steady.h"

/* Leap seconds, and a time server that takes a small step. */
#define STEP_SECONDS 30
/* How long a host may have been off, to be believed. */
#define OFF_SECONDS (7 * 86400)
/*
 * After this, more than a turn of who notes the clock, it may as well be that
 * nobody has set the clock yet: a time server needs some minutes.
 */
#define AWAY_SECONDS (2 * 3600)
#define SET_SECONDS 300

void
steady_init(struct steady *s, int64_t known, int64_t wall, int64_t mono)
{
	s->wall = wall;
	s->mono = mono;
	s->jumped = s->began = mono;
	s->jumps = known != 0 && (wall < known - STEP_SECONDS ||
	    wall > known + OFF_SECONDS);
	s->away = known != 0 && wall > known + AWAY_SECONDS;
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
	if (s->away && s->mono - s->began < SET_SECONDS)
		return 0;
	return s->jumps == 0 || s->mono - s->jumped >= seconds;
}
