/* SPDX-License-Identifier: ISC */

/*
 * How many rows what lies in SPOOL/attempts may become: of each user of this
 * host and of all of them in an hour, and of smtpd's, as whom table-sge runs,
 * up to what the table may hold.  The counts of the hour stand in the database
 * with the rows, so that a restart gives nobody more.
 */

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "count/ingest.h"
#include "store/store_attempt.h"

#define SAID_SECONDS 60

int
attempts_is_ours(const struct ingest *in, uid_t uid)
{
	size_t i;

	if (uid == 0 || uid == geteuid())
		return 1;
	for (i = 0; i < in->engine->nsmtpd; i++)
		if (in->engine->smtpd[i] == uid)
			return 1;
	return 0;
}

int
attempts_room_begin(struct ingest *in)
{
	struct attempts_room *room = &in->attempts_room;
	struct store *st = in->engine->store;
	int64_t hour = time(NULL) / 3600, stored = 0;

	if (room->rows == -1 && (room->rows = store_attempt_count(st)) == -1)
		return -1;
	if (room->hour == hour)
		return 0;
	if (room->hour == 0 && (store_meta(st, "attempts_hour", &stored) == -1 ||
	    (stored == hour &&
	    store_meta(st, "attempts_others", &room->others) == -1)))
		return -1;
	if (stored != hour)
		room->others = 0;
	room->nowners = 0;
	room->hour = hour;
	return 0;
}

/* NULL: there are more users than can be told apart. */
static struct attempts_owner *
owner_of(struct attempts_room *room, uid_t uid)
{
	size_t i;

	for (i = 0; i < room->nowners; i++)
		if (room->owner[i].uid == uid)
			return &room->owner[i];
	if (room->nowners == nitems(room->owner))
		return NULL;
	room->owner[i].uid = uid;
	room->owner[i].rows = 0;
	return &room->owner[room->nowners++];
}

int
attempts_room_for(struct ingest *in, uid_t uid)
{
	struct attempts_room *room = &in->attempts_room;
	struct attempts_owner *owner;

	if (room->rows < ATTEMPTS_ROWS_MAX && (attempts_is_ours(in, uid) ||
	    (room->others < ATTEMPTS_OTHERS_HOUR_MAX &&
	    (owner = owner_of(room, uid)) != NULL &&
	    owner->rows < ATTEMPTS_OWNER_HOUR_MAX)))
		return 1;
	room->refused++;
	return 0;
}

void
attempts_room_took(struct ingest *in, uid_t uid)
{
	struct attempts_room *room = &in->attempts_room;
	struct attempts_owner *owner;

	room->rows++;
	if (attempts_is_ours(in, uid))
		return;
	room->others++;
	if ((owner = owner_of(room, uid)) != NULL)
		owner->rows++;
}

int
attempts_room_save(struct ingest *in, const struct attempts_room *before)
{
	const struct attempts_room *room = &in->attempts_room;
	struct store *st = in->engine->store;

	if (room->others != before->others &&
	    (store_meta_set(st, "attempts_hour", room->hour) == -1 ||
	    store_meta_set(st, "attempts_others", room->others) == -1))
		return -1;
	if (room->refused != before->refused && (store_meta_add(st,
	    "attempts_refused", room->refused - before->refused) == -1 ||
	    store_meta_set(st, "attempts_refused_at", time(NULL)) == -1))
		return -1;
	return 0;
}

void
attempts_room_say(struct ingest *in, uid_t uid)
{
	struct attempts_room *room = &in->attempts_room;
	int64_t now = time(NULL);

	if (room->refused == room->said || (now >= room->said_at &&
	    now - room->said_at < SAID_SECONDS))
		return;
	log_warnx("%s/attempts: %lld lines more than are taken in of others "
	    "than smtpd in an hour, or of all: the last of user %lld",
	    in->engine->conf->spool, (long long)(room->refused - room->said),
	    (long long)uid);
	room->said = room->refused;
	room->said_at = now;
}
