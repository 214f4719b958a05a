/* SPDX-License-Identifier: ISC */

#include <stdlib.h>
#include <string.h>

#include "base/recent.h"

void
recent_init(struct recent *r)
{
	memset(r, 0, sizeof(*r));
	arc4random_buf(&r->seed, sizeof(r->seed));
}

static uint64_t
hash_name(const struct recent *r, const char *s)
{
	uint64_t h = 14695981039346656037ULL ^ r->seed;

	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 1099511628211ULL;
	return h ^ h >> 32;
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
