/* SPDX-License-Identifier: ISC */

#include "session/pace.h"

void
pace_init(struct pace *p)
{
	p->slowest[0] = p->slowest[1] = -1;
	p->since = 0;
}

static void
go_on(struct pace *p, int64_t now)
{
	if (now - p->since < PACE_LATE_MS)
		return;
	/* With nothing new, what is known holds. */
	if (p->slowest[0] != -1) {
		p->slowest[1] = p->slowest[0];
		p->slowest[0] = -1;
	}
	p->since = now;
}

void
pace_note(struct pace *p, int64_t ms, int64_t now)
{
	go_on(p, now);
	if (ms < PACE_MOST_MS && ms > p->slowest[0])
		p->slowest[0] = ms;
}

int64_t
pace_ms(struct pace *p, int64_t now)
{
	int64_t ms;

	go_on(p, now);
	ms = p->slowest[0] > p->slowest[1] ? p->slowest[0] : p->slowest[1];
	if (ms == -1 || ms * PACE_TIMES > PACE_MOST_MS)
		return PACE_MOST_MS;
	return ms * PACE_TIMES < PACE_LEAST_MS ? PACE_LEAST_MS :
	    ms * PACE_TIMES;
}
