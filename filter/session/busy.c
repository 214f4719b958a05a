/* SPDX-License-Identifier: ISC */

#include <stdlib.h>
#include <string.h>

#include "session/busy.h"

/*
 * smtpd keeps what it knows of an address five seconds after the last
 * connection to it, and three after its end.
 */
#define QUIET_SECONDS 10
#define SLOTS 1024		/* a power of two */

struct slot_busy {
	struct addr	 addr;
	int64_t		 since;		/* 0: not known */
	int64_t		 until;
	int64_t		 lost;		/* when another had to give way */
	uint32_t	 open;
	int		 used;
};

struct busy {
	struct slot_busy slots[SLOTS];
};

struct busy *
busy_new(void)
{
	return calloc(1, sizeof(struct busy));
}

void
busy_free(struct busy *b)
{
	free(b);
}

static struct slot_busy *
slot_for(struct busy *b, const struct addr *addr)
{
	uint64_t hash = 0xcbf29ce484222325ULL;
	size_t i;

	for (i = 0; i < sizeof(addr->ip); i++)
		hash = (hash ^ addr->ip[i]) * 0x100000001b3ULL;
	return &b->slots[(hash ^ hash >> 32) & (SLOTS - 1)];
}

static int
is_quiet(const struct slot_busy *slot, int64_t now)
{
	return slot->open == 0 && now - slot->until > QUIET_SECONDS;
}

int64_t
busy_begin(struct busy *b, const struct addr *addr, int64_t now)
{
	struct slot_busy *slot = slot_for(b, addr);
	int64_t lost = slot->lost;

	if (!slot->used || memcmp(&slot->addr, addr, sizeof(*addr)) != 0) {
		if (slot->used && !is_quiet(slot, now))
			lost = now;
		memset(slot, 0, sizeof(*slot));
		slot->addr = *addr;
		slot->used = 1;
		slot->lost = lost;
		/* This one may be the one that gave way before. */
		if (lost == 0 || now - lost > QUIET_SECONDS * 360)
			slot->since = now;
	} else if (is_quiet(slot, now))
		slot->since = now;
	slot->open++;
	slot->until = now;
	if (slot->since == 0)
		return BUSY_UNKNOWN;
	/* The clock may have been set. */
	return now < slot->since ? BUSY_UNKNOWN : now - slot->since;
}

void
busy_end(struct busy *b, const struct addr *addr, int64_t now)
{
	struct slot_busy *slot = slot_for(b, addr);

	if (!slot->used || memcmp(&slot->addr, addr, sizeof(*addr)) != 0 ||
	    slot->open == 0)
		return;
	slot->open--;
	if (now > slot->until)
		slot->until = now;
}
