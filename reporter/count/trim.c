/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "count/ingest.h"
#include "lib/date.h"
#include "store/store_segment.h"
#include "store/store_trim.h"

/* Tallies answer for a year and a month. */
#define KEEP_TALLIES 400
/* smtpd gives up mail after four days. */
#define KEEP_WAITING 7
/* Of attempts, when there are so many that these take the room of new ones. */
#define KEEP_ATTEMPTS_MIN 3600
#define ATTEMPTS_MANY (ATTEMPTS_ROWS_MAX / 4 * 3)
#define TRIM_FIRST_MS (60 * 1000)
#define TRIM_EVERY_MS (3600 * 1000)
/* Where another process has the database: the same step again. */
#define TRIM_AGAIN_MS (60 * 1000)
#define TRIM_STEP_MS 50
/* Rows or pages of one step: what a commit does in a few milliseconds. */
#define TRIM_ROWS 500
#define TRIM_PAGES 250

/*
 * Nothing goes on the word of a clock that was set of late; nor, whatever it
 * says, more than a day's worth in a round: what is trimmed by is a time of
 * its own, which the database keeps.
 */
#define TRIM_STEADY	86400
#define TRIM_ADVANCE	86400

/*
 * Days that a clock made which was ahead go once they are so far ahead, seen so
 * by a clock that has been steady, and again a day later.
 */
#define AHEAD_DAYS	30
#define AHEAD_SEEN	86400

static void	trim_tick(void *);

/* The time to trim by; 0: not now; -1: the database could not be had. */
static int64_t
trim_time(struct ingest *in)
{
	struct engine *e = in->engine;
	struct store *st = e->store;
	int64_t now = time(NULL), upto = now - TRIM_ADVANCE;

	steady_look(&e->clock, now, loop_now() / 1000);
	if (!steady_for(&e->clock, TRIM_STEADY))
		return 0;
	if (store_meta(st, "trimmed", &upto) == -1)
		return -1;
	upto += TRIM_ADVANCE;
	if (upto > now)
		upto = now;
	if (store_begin(st) == -1)
		return -1;
	return store_end(st, store_meta_set(st, "trimmed", upto) == 0 &&
	    store_meta_set(st, "clock", now) == 0 ? 0 : -1) == 0 ? upto : -1;
}

static void
trim_segments(struct ingest *in, int64_t now)
{
	struct segment *seg;
	int64_t before = now - in->engine->conf->keep_sessions *
	    (int64_t)DAY_SECONDS;

	if (in->dirfd == -1)
		return;
	TAILQ_FOREACH(seg, &in->segments, entry) {
		/* What this version could not read, another may. */
		if (!seg->done || seg->mtime >= before ||
		    seg->saved.newer > 0 || segment_more(seg))
			continue;
		/* It may have been written to, or be another by now. */
		if (segment_stat(seg, in->dirfd) == -1 ||
		    seg->mtime >= before || segment_more(seg))
			continue;
		if (unlinkat(in->dirfd, seg->name, 0) == -1 && errno != ENOENT)
			log_warn("%s/%s", in->path, log_clean(seg->name));
		else
			in->listed = 0;
	}
	/* Rows stay for long: a segment that comes back is not counted. */
	(void)store_segment_trim(in->engine->store, now -
	    KEEP_TALLIES * (int64_t)DAY_SECONDS);
}

/* Whether what was found to be ahead is so for a day, by that key. */
static int
was_ahead(struct ingest *in, const char *key, int found)
{
	struct store *st = in->engine->store;
	int64_t now = time(NULL), since = 0;

	if (found == -1 || store_meta(st, key, &since) == -1)
		return 0;
	if (!found || since == 0 || since > now) {
		if (found || since != 0)
			(void)store_meta_set(st, key, found ? now : 0);
		return 0;
	}
	return now - since >= AHEAD_SEEN;
}

/*
 * The last day that may stay, of those to come; INT64_MAX: all do.  And since
 * when may have been learned what is known.
 */
static void
trim_ahead(struct ingest *in)
{
	struct store *st = in->engine->store;
	/* Not by the time of a round, which may be behind: by the clock. */
	int64_t now = time(NULL), today = day_of(now);

	in->trim_ahead = in->trim_dated = INT64_MAX;
	if (was_ahead(in, "ahead_since", store_ahead(st, today, AHEAD_DAYS))) {
		log_warnx("what a clock that was ahead has dated, more than "
		    "%d days from now, is removed", AHEAD_DAYS);
		in->trim_ahead = today + AHEAD_DAYS;
	}
	if (was_ahead(in, "dated_since", store_dated_ahead(st, now))) {
		log_warnx("what was learned by a clock that was ahead is taken "
		    "for learned now");
		in->trim_dated = now;
	}
}

/* Half as long in each round, while there are many. */
static void
trim_attempts(struct ingest *in)
{
	if (in->attempts_room.rows < ATTEMPTS_MANY || in->attempts_keep == 0)
		in->attempts_keep = KEEP_WAITING * DAY_SECONDS;
	if (in->attempts_room.rows >= ATTEMPTS_MANY &&
	    (in->attempts_keep /= 2) < KEEP_ATTEMPTS_MIN)
		in->attempts_keep = KEEP_ATTEMPTS_MIN;
}

/* One step of a round: 1: it was the last; -1: the database can't be had. */
static int
trim_step(struct ingest *in)
{
	struct store_trim before;
	struct store *st = in->engine->store;
	int64_t now = in->trim_time, today = day_of(now);
	int n;

	if (in->trim_step == store_trim_steps()) {
		n = store_shrink(st, TRIM_PAGES);
		return n == -1 && st->locked ? -1 : n != 1;
	}
	before.tallies = today - KEEP_TALLIES;
	/* Today and the day itself are not among those kept. */
	before.reports = today - in->engine->conf->keep_reports - 1;
	before.learned = now - KEEP_TALLIES * (int64_t)DAY_SECONDS;
	before.traces = today - in->engine->conf->keep_sessions - 1;
	before.attempts = now - in->attempts_keep;
	before.ahead = in->trim_ahead;
	before.dated = in->trim_dated;
	before.waiting = now - KEEP_WAITING * DAY_SECONDS;
	n = store_trim(st, in->trim_step, &before, TRIM_ROWS);
	/* What fails for another reason keeps nothing else from going. */
	if (n == -1 && st->locked)
		return -1;
	if (n < TRIM_ROWS)
		in->trim_step++;
	return 0;
}

/*
 * The same, with the beginning of a round before the first one: once, however
 * often that step is tried, since each beginning is a day's worth.
 */
static int
trim_go_on(struct ingest *in)
{
	int64_t upto;

	if (in->trim_time == 0) {
		if ((upto = trim_time(in)) <= 0)
			return upto == 0 ? 1 : -1;
		in->trim_time = upto;
		trim_segments(in, in->trim_time);
		trim_attempts(in);
		trim_ahead(in);
	}
	return trim_step(in);
}

static void
trim_tick(void *arg)
{
	struct ingest *in = arg;
	int rc = trim_go_on(in);

	if (rc == 1) {
		in->trim_step = 0;
		in->trim_time = 0;
		in->attempts_room.rows = -1;
	}
	in->trim_wait = rc == 1 ? TRIM_EVERY_MS : rc == -1 ? TRIM_AGAIN_MS :
	    TRIM_STEP_MS;
	in->trim_timer = loop_timer_add(in->engine->loop, in->trim_wait,
	    trim_tick, in);
}

void
trim_start(struct ingest *in)
{
	in->trim_timer = loop_timer_add(in->engine->loop, TRIM_FIRST_MS,
	    trim_tick, in);
}

void
trim_now(struct ingest *in)
{
	loop_timer_remove(in->engine->loop, in->trim_timer);
	in->trim_wait = 0;
	in->trim_timer = loop_timer_add(in->engine->loop, 0, trim_tick, in);
}

void
trim_stop(struct ingest *in)
{
	loop_timer_remove(in->engine->loop, in->trim_timer);
}
