/* SPDX-License-Identifier: ISC */

#include "base/bounds.h"
#include "session/patience.h"

int64_t
patience_ms(const struct patience *p, uint64_t session, int64_t ms,
    int64_t now)
{
	size_t i = session % PATIENCE_MAX;
	int64_t left;

	if (p->place[i].session != session || now >= p->place[i].until)
		return ms;
	left = p->place[i].left;
	if (left > WAITS_CHANCE_MS)
		left = WAITS_CHANCE_MS;
	return left < ms ? left : ms;
}

void
patience_spend(struct patience *p, uint64_t session, int64_t waited,
    int chance, int64_t until, int64_t now)
{
	size_t i = session % PATIENCE_MAX;

	if (p->place[i].session != session || now >= p->place[i].until) {
		p->place[i].session = session;
		p->place[i].until = until;
		p->place[i].left = WAITS_CHANCES_MS;
	}
	if (chance)
		p->place[i].left -= waited < p->place[i].left ? waited :
		    p->place[i].left;
}
