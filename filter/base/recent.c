/* SPDX-License-Identifier: ISC */

#include <string.h>

#include "base/recent.h"

void
recent_init(struct recent *r)
{
	memset(r, 0, sizeof(*r));
	sip_seed(&r->seed);
}

static uint64_t
hash_name(const struct recent *r, const char *s)
{
	return sip_place(&r->seed, s, strlen(s));
}

void
recent_put(struct recent *r, const char *name, int64_t until)
{
	uint64_t hash = hash_name(r, name);

	r->place[hash % RECENT_MAX].hash = hash;
	r->place[hash % RECENT_MAX].until = until;
}

int
recent_has(const struct recent *r, const char *name, int64_t now)
{
	uint64_t hash = hash_name(r, name);

	return r->place[hash % RECENT_MAX].hash == hash &&
	    now < r->place[hash % RECENT_MAX].until;
}
