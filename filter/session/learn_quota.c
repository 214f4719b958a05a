/* SPDX-License-Identifier: ISC */

#include <string.h>

#include "base/compat.h"
#include "session/learn_quota.h"

void
outside_init(struct outside *o, int64_t now)
{
	memset(o, 0, sizeof(*o));
	o->left = OUTSIDE_ASKED_MAX;
	o->filled = now;
}

/* Another question each OUTSIDE_MS. */
static void
fill(struct outside *o, int64_t now)
{
	int64_t n = (now - o->filled) / OUTSIDE_MS;

	if (n <= 0)
		return;
	o->filled += n * OUTSIDE_MS;
	o->left = n > OUTSIDE_ASKED_MAX - o->left ? OUTSIDE_ASKED_MAX :
	    o->left + n;
}

int
outside_ask(struct outside *o, const char *domain, int64_t now)
{
	size_t i, unused = nitems(o->open);

	fill(o, now);
	for (i = 0; i < nitems(o->open); i++) {
		if (o->open[i].until <= now)
			unused = i;
		else if (strcmp(o->open[i].domain, domain) == 0)
			return 0;
	}
	if (unused == nitems(o->open) || o->left == 0 ||
	    strlcpy(o->open[unused].domain, domain, DOMAIN_MAX) >= DOMAIN_MAX)
		return -1;
	o->open[unused].until = now + OUTSIDE_OPEN_MS;
	o->left--;
	return 0;
}

void
outside_learned(struct outside *o, const char *domain)
{
	size_t i;

	for (i = 0; i < nitems(o->open); i++)
		if (o->open[i].until != 0 &&
		    strcmp(o->open[i].domain, domain) == 0)
			o->open[i].until = 0;
}

void
outside_gone(struct outside *o)
{
	size_t i;

	for (i = 0; i < nitems(o->open); i++)
		o->open[i].until = 0;
}
