/* SPDX-License-Identifier: ISC */

/*
 * Which days the fleet's database has to get, and their rows to the share
 * process, a message at a time.  What was copied is noted once that is
 * committed there; what was not is copied again, which changes nothing.
 */

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/monotonic.h"
#include "base/version.h"
#include "copy/copy.h"
#include "copy/copy_job.h"
#include "count/ingest.h"
#include "lib/date.h"
#include "store/store_report.h"

/* Rows of one message. */
#define ROWS_BYTES (IPC_MESSAGE_MAX / 2)
/*
 * What changed of days that were copied is looked for, and copied, again after
 * so many times what that took, within these.
 */
#define LOOK_TIMES 20
#define LOOK_MIN_MS 10000
#define LOOK_MAX_MS (15 * 60 * 1000)
/* Then this host is heard of again, whatever is left to copy. */
#define TURN_MS 15000
/* Days that are looked at; sessions come late for so many. */
#define DAYS_MAX 14
#define LATE_DAYS 2
/* Until the spool was read, once. */
#define FIRST_MS 1000
/* How often what is too old there is let go of. */
#define TRIM_MS (6 * 3600 * 1000)

static void	copy_look(struct copy *);
static void	copy_rows(struct copy *);

static void
source_close(struct copy *c)
{
	store_copy_close(c->source);
	c->source = NULL;
}

/* A day that is closed is the fleet's to report, whenever it does. */
static int
note_copied(struct copy *c)
{
	struct store *st = c->engine->store;
	int64_t opened = -1;
	int rc;

	if (store_begin(st) == -1)
		return -1;
	rc = store_copied_set(st, c->day, &c->next, time(NULL));
	if (rc == 0 && c->next.closed && (rc = store_meta(st, "report_opened",
	    &opened)) != -1)
		rc = c->day <= opened ? 0 : store_meta_set(st,
		    "report_opened", c->day);
	return store_end(st, rc);
}

/* That day is done; the others, in a moment. */
static void
day_noted(struct copy *c)
{
	source_close(c);
	if (note_copied(c) == -1) {
		copy_again(c, BEAT_MS);
		return;
	}
	c->changes_now++;
	c->spent += loop_now() - c->began;
	c->day++;
	if (boottime_ms() - c->asked > TURN_MS) {
		c->more = 1;
		claim_turn(c);
	} else
		copy_look(c);
}

static void
ended(json_t *answer, void *arg)
{
	struct copy *c = arg;

	if (copy_good(c, answer))
		day_noted(c);
}

static void
rows_taken(json_t *answer, void *arg)
{
	struct copy *c = arg;

	if (copy_good(c, answer))
		copy_rows(c);
}

static void
copy_rows(struct copy *c)
{
	const char *table;
	json_t *rows;
	int rc;

	rc = store_copy_rows(c->source, ROWS_BYTES, &table, &rows);
	if (rc == 1)
		copy_ask(c, json_pack("{s:s, s:s, s:o}", "op", "rows", "table",
		    table, "rows", rows), rows_taken);
	else if (rc == 0)
		copy_ask(c, json_pack("{s:s, s:b}", "op", "end", "closed",
		    c->next.closed), ended);
	else {
		source_close(c);
		copy_again(c, BEAT_MS);
	}
}

static void
begun(json_t *answer, void *arg)
{
	struct copy *c = arg;

	if (!copy_good(c, answer))
		return;
	if (strcmp(ipc_string(answer, "status", ""), "frozen") != 0) {
		copy_rows(c);
		return;
	}
	/* Reports tell of it as it was. */
	c->next.closed = 1;
	day_noted(c);
}

/*
 * Whether all of a day is known: failures that wait for their reason may wait
 * for a part of the time that others wait for us.  1, 0, or -1.
 */
static int
day_over(struct engine *e, int64_t day)
{
	int pending;

	if (!ingest_day_complete(e, day))
		return 0;
	if (time(NULL) > (day + 1) * DAY_SECONDS + e->conf->fleet_wait / 2)
		return 1;
	pending = store_claim_pending(e->store, day);
	return pending == -1 ? -1 : !pending;
}

/* Whether c->day is to be looked at: 1, 0; -1: not now. */
static int
day_due(struct copy *c, const struct store_copied *old)
{
	int over = old->closed ? 1 : day_over(c->engine, c->day);

	if (over == -1)
		return -1;
	c->next.closed = over;
	if (over != old->closed || old->digest[0] == '\0')
		return 1;
	return c->looking && (!over ||
	    c->day >= day_of(time(NULL)) - LATE_DAYS);
}

/* Opens what is to be copied of c->day: 1; 0: nothing; -1: not now. */
static int
day_open(struct copy *c)
{
	struct store_copied old;
	int rc;

	c->began = loop_now();
	if (store_copied_get(c->engine->store, c->day, &old) == -1)
		return -1;
	if ((rc = day_due(c, &old)) != 1)
		return rc;
	c->source = store_copy_open(c->engine->conf->database, c->day);
	if (c->source == NULL || store_copy_digest(c->source, c->next.digest,
	    sizeof(c->next.digest)) == -1) {
		source_close(c);
		return -1;
	}
	if (strcmp(c->next.digest, old.digest) != 0 ||
	    c->next.closed != old.closed)
		return 1;
	source_close(c);
	c->spent += loop_now() - c->began;
	return 0;
}

static void
trimmed(json_t *answer, void *arg)
{
	struct copy *c = arg;

	if (!copy_good(c, answer))
		return;
	/* The rest of much, in the next turn. */
	if (ipc_bool(answer, "more", 0))
		c->trimmed = 0;
	claim_turn(c);
}

static void
all_copied(struct copy *c)
{
	struct engine *e = c->engine;
	int64_t wait = c->spent * LOOK_TIMES;

	if (c->looking) {
		c->changes = c->changes_now;
		c->look_next = loop_now() + (wait < LOOK_MIN_MS ?
		    LOOK_MIN_MS : wait > LOOK_MAX_MS ? LOOK_MAX_MS : wait);
	}
	if (c->changes == c->changes_now)
		c->done = time(NULL);
	/* Not on the word of a clock that was set of late. */
	if (steady_for(&e->clock, DAY_SECONDS) && (c->trimmed == 0 ||
	    loop_now() - c->trimmed > TRIM_MS)) {
		/* What fails is no reason to send nothing. */
		c->trimmed = loop_now();
		copy_ask(c, json_pack("{s:s, s:I}", "op", "trim", "day",
		    (json_int_t)(day_of(time(NULL)) -
		    e->conf->keep_reports)), trimmed);
	} else
		claim_turn(c);
}

/* From c->day on: the first that has to be copied. */
static void
copy_look(struct copy *c)
{
	int64_t today = day_of(time(NULL));
	int rc = 0;

	for (; c->day <= today; c->day++)
		if ((rc = day_open(c)) != 0)
			break;
	if (rc == -1)
		copy_again(c, BEAT_MS);
	else if (rc == 0)
		all_copied(c);
	else
		copy_ask(c, json_pack("{s:s, s:I}", "op", "begin", "day",
		    (json_int_t)c->day), begun);
}

/* The first day that the fleet has to know of, or -1. */
static int64_t
first_day(struct copy *c)
{
	struct store *st = c->engine->store;
	int64_t today = day_of(time(NULL)), from = -1, opened = -1;

	if (store_meta(st, "fleet_from", &from) == -1)
		return -1;
	/* Noted while the clock was ahead: none before it would be copied. */
	if (from > today)
		from = -1;
	/* What is in the spool may be of days before. */
	if (from == -1 && c->engine->ingest->caught_up == 0)
		return -1;
	if (from == -1) {
		/* What this host has reported itself is not theirs. */
		from = today;
		if (store_meta(st, "report_opened", &opened) == -1 ||
		    store_report_day_after(st, opened, &from) == -1)
			return -1;
		if (from > today)
			from = today;
		if (store_meta_set(st, "fleet_from", from) == -1)
			return -1;
	}
	return from < today - DAYS_MAX ? today - DAYS_MAX : from;
}

static void
beaten(json_t *answer, void *arg)
{
	struct copy *c = arg;

	if (!copy_good(c, answer))
		return;
	copy_state(c, "ok", "");
	json_decref(c->members);
	c->members = json_incref(json_object_get(answer, "members"));
	c->now = ipc_int(answer, "now", 0);
	c->day = c->first;
	c->spent = 0;
	c->more = 0;
	c->changes_now = store_changes(c->engine->store);
	c->looking = c->changes != c->changes_now &&
	    loop_now() >= c->look_next;
	copy_look(c);
}

/* Which database this is: another host of its name has another.  0 or -1. */
static int
instance(struct copy *c, char out[], size_t outsz)
{
	struct store *st = c->engine->store;
	int64_t number = 0;

	if (store_meta(st, "fleet_instance", &number) == -1)
		return -1;
	if (number == 0) {
		arc4random_buf(&number, sizeof(number));
		number &= INT64_MAX;
		if (store_meta_set(st, "fleet_instance", number) == -1)
			return -1;
	}
	(void)snprintf(out, outsz, "%016llx", (long long)number);
	return 0;
}

static void
copy_beat(void *arg)
{
	struct copy *c = arg;
	char number[32];

	c->timer = NULL;
	if (instance(c, number, sizeof(number)) == -1 ||
	    (c->first = first_day(c)) == -1) {
		copy_again(c, FIRST_MS);
		return;
	}
	c->asked = boottime_ms();
	copy_ask(c, json_pack("{s:s, s:s, s:s, s:I}", "op", "beat",
	    "instance", number, "version", SGE_VERSION, "since",
	    (json_int_t)c->first), beaten);
}

void
copy_start(struct engine *e)
{
	int64_t from = -1;
	struct copy *c;

	if (e->conf->fleet == NULL) {
		/* Days without it are this host's own; reports were theirs. */
		if (store_meta(e->store, "fleet_from", &from) == 1 &&
		    from != -1 && store_claim_doubt(e->store) != -1 &&
		    store_claim_drop(e->store) != -1)
			(void)store_meta_set(e->store, "fleet_from", -1);
		return;
	}
	if ((c = calloc(1, sizeof(*c))) == NULL)
		fatal("copy");
	c->engine = e;
	c->turn = copy_beat;
	c->changes = -1;
	c->since = time(NULL);
	(void)strlcpy(c->state, "starting", sizeof(c->state));
	e->copy = c;
	copy_again(c, 0);
}

void
copy_stop(struct engine *e)
{
	struct copy *c = e->copy;

	if (c == NULL)
		return;
	loop_timer_remove(e->loop, c->timer);
	if (c->question != 0)
		world_forget(e->world, c->question);
	source_close(c);
	store_close(c->image);
	json_decref(c->claims);
	json_decref(c->members);
	free(c->ended);
	free(c);
	e->copy = NULL;
}

/* Days that are over, and not all of them copied. */
static int64_t
days_behind(const struct engine *e, int64_t first)
{
	struct store_copied copied;
	int64_t day, n = 0, today = day_of(time(NULL));

	for (day = first; day > 0 && day < today; day++)
		n += store_copied_get(e->store, day, &copied) == 0 &&
		    !copied.closed;
	return n;
}

json_t *
copy_status(const struct engine *e)
{
	const struct copy *c = e->copy;
	json_t *obj;

	if (c == NULL)
		return NULL;
	obj = json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:O?}", "state",
	    c->state, "text", c->text, "since", (json_int_t)c->since, "done",
	    (json_int_t)c->done, "behind", (json_int_t)days_behind(e,
	    c->first), "now", (json_int_t)c->now, "members", c->members);
	if (obj == NULL)
		fatalx("copy: no memory");
	return obj;
}
