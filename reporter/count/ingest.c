/* SPDX-License-Identifier: ISC */

/*
 * Segments of SPOOL/sessions into tallies, each record exactly once: one
 * transaction adds what a batch of lines says and moves the offsets behind
 * these lines.  What is not committed is read again.
 */

#include <sys/mman.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/date.h"
#include "engine/engine.h"
#include "count/ingest.h"
#include "base/log.h"
#include "lib/xalloc.h"

/* A batch is committed when it has read, or takes, that much. */
#define BATCH_READ_MAX (64 * 1024 * 1024)
#define BATCH_MEMORY_MAX (12 * 1024 * 1024)
#define BATCH_MEMORY_FIRST (1024 * 1024)
#define BATCH_MEMORY_MIN (512 * 1024)
/*
 * Nobody else can write while it is, for no longer than 100 ms: what a batch
 * takes goes by how many milliseconds of CPU that was the last time, which
 * differs, by up to twice.  Not by the clock: smaller batches are more work for
 * a host that has too much of it, and how long a disk takes is no matter of
 * rows.
 */
#define BATCH_HOLD_MS 45
/* What the judge has read may take that much beyond the end of a batch. */
#define JUDGE_KEEP_MAX (4 * 1024 * 1024)
/* How often the spool is looked at, in milliseconds; slower while idle. */
#define LOOK_MIN 100
#define LOOK_MAX 1000
/* A database that takes nothing is tried again after a while. */
#define RETRY_MIN 2000
#define RETRY_MAX 60000
/* One that another process has is tried as often as costs nothing. */
#define LOCKED_MS 500
/* So much at once is worth a line in the log. */
#define BACKLOG_SAID (1024 * 1024)
/* The whole directory is listed anew at least that often, in seconds. */
#define LIST_SECONDS 60
/* Records of a day may be written that much after its end. */
#define GRACE_SECONDS 300

static void	ingest_tick(void *);

/*
 * For a slice of a segment, while there are any: malloc(3) may keep what is
 * freed, which is more than all else that an idle engine needs.
 */
static void
slice_alloc(struct ingest *in)
{
	if (in->buf == NULL && (in->buf = mmap(NULL, SEGMENT_SLICE + 1,
	    PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0)) ==
	    MAP_FAILED)
		fatal("mmap");
}

static void
slice_free(struct ingest *in)
{
	if (in->buf != NULL && munmap(in->buf, SEGMENT_SLICE + 1) == -1)
		fatal("munmap");
	in->buf = NULL;
}

void
ingest_start(struct engine *e)
{
	struct ingest *in;
	int64_t known = 0;

	in = xcalloc(1, sizeof(*in));
	xasprintf(&in->path, "%s/sessions", e->conf->spool);
	in->engine = e;
	in->dirfd = -1;
	in->wait = LOOK_MIN;
	in->retry = RETRY_MIN;
	in->room = BATCH_MEMORY_FIRST;
	in->attempts_room.rows = -1;
	in->tally = tally_new(e->store, e->conf);
	in->tally->addrs = e->addrs = hash_new(sizeof(struct addr_seen));
	/* Where it can't be told, the clock is not believed. */
	if (store_meta(e->store, "clock", &known) == -1)
		known = INT64_MAX;
	steady_init(&e->clock, known, time(NULL), loop_now() / 1000);
	if (e->clock.jumps > 0)
		log_warnx("the clock is not where it was: nothing is removed "
		    "for a day, and no day ends for some minutes");
	TAILQ_INIT(&in->segments);
	in->timer = loop_timer_add(e->loop, 0, ingest_tick, in);
	e->ingest = in;
	trim_start(in);
}

void
ingest_stop(struct engine *e)
{
	struct ingest *in = e->ingest;
	struct segment *seg;

	if (in == NULL)
		return;
	trim_stop(in);
	attempts_stop(in);
	loop_timer_remove(e->loop, in->timer);
	while ((seg = TAILQ_FIRST(&in->segments)) != NULL)
		segment_drop(in, seg);
	if (in->dirfd != -1)
		close(in->dirfd);
	tally_free(in->tally);
	hash_free(e->addrs);
	e->addrs = NULL;
	slice_free(in);
	free(in->path);
	free(in);
	e->ingest = NULL;
}

static void
clock_look(struct ingest *in, int64_t now)
{
	struct steady *clock = &in->engine->clock;
	int64_t before = clock->wall;
	int jumps = clock->jumps;

	steady_look(clock, now, loop_now() / 1000);
	if (clock->jumps != jumps)
		log_warnx("the clock went from %lld to %lld at once: nothing "
		    "is removed for a day, and no day ends for some minutes",
		    (long long)before, (long long)now);
}

/* What there is to read; 1: sessions wait for another look. */
static int
ingest_look(struct ingest *in)
{
	int64_t now = time(NULL);
	time_t changed;

	clock_look(in, now);
	/*
	 * Attempts are noted before the sessions that they led to: these are
	 * read as far as they went before the attempts were.
	 */
	if (in->attempts_turns > 0)
		return attempts_take(in);
	in->trouble = 0;
	in->looked = now;
	if (segments_open(in, &changed) == -1)
		return 0;
	segments_stat(in, now);
	/* A file made within the listing's second may not be in it. */
	if (in->listed == 0 || changed >= in->listed - 1 ||
	    now - in->listed >= LIST_SECONDS || now < in->listed) {
		if (segments_list(in) == 0)
			in->listed = now;
		else
			in->trouble = 1;
	}
	return attempts_take(in);
}

/* What the next batch may take, when this one was written within ms. */
static void
batch_fit(struct ingest *in, int64_t ms)
{
	int64_t took = (int64_t)tally_bytes(in->tally);
	int64_t room = took * BATCH_HOLD_MS / (ms < 1 ? 1 : ms);

	/* Rows of another kind may cost more. */
	if (room > took + took / 2)
		room = took + took / 2;
	in->room = room < BATCH_MEMORY_MIN ? BATCH_MEMORY_MIN :
	    room > BATCH_MEMORY_MAX ? BATCH_MEMORY_MAX : (size_t)room;
}

static int
batch_write(struct ingest *in)
{
	struct store *st = in->engine->store;
	struct segment *seg;
	int64_t now = time(NULL);
	clock_t began;

	if (store_begin(st) == -1)
		return -1;
	began = clock();
	if (tally_flush(in->tally) == -1)
		goto bad;
	TAILQ_FOREACH(seg, &in->segments, entry)
		if (seg->dirty &&
		    store_segment_save(st, seg->name, &seg->now,
		    seg->done, now) == -1)
			goto bad;
	if (store_commit(st) == -1)
		return -1;
	batch_fit(in, (int64_t)(clock() - began) * 1000 / CLOCKS_PER_SEC);
	return 0;
bad:
	store_rollback(st);
	return -1;
}

/*
 * What the judge has read holds for the next batch, too, where nobody has
 * written to the database but the last batch.
 */
static void
batch_begin(struct ingest *in)
{
	struct store *st = in->engine->store;
	int64_t own = store_written(st), others = store_others(st);

	in->tally->looked = in->looked;
	in->tally->learning = in->engine->learning == NULL ? INT64_MAX :
	    in->engine->learning(in->engine);
	if (!in->alone || own != in->own || others != in->others ||
	    judge_bytes(in->tally->judge) > JUDGE_KEEP_MAX)
		judge_reset(in->tally->judge);
	in->begun = 1;
	in->alone = others != -1;
	in->own = own;
	in->others = others;
}

/* 0, or -1: nothing was added, and it will be read again. */
static int
batch_commit(struct ingest *in)
{
	struct store *st = in->engine->store;
	struct segment *seg, *next;
	int64_t bad = 0;
	int rc = 0;

	in->alone &= store_written(st) == in->own;
	/* What was judged while the database could not say is judged anew. */
	if (in->dirty && (rc = in->misjudged ? -1 : batch_write(in)) == -1) {
		tally_forget_rows(in->tally);
		in->trouble = 1;
	}
	in->misjudged = 0;
	for (seg = TAILQ_FIRST(&in->segments); seg != NULL; seg = next) {
		next = TAILQ_NEXT(seg, entry);
		if (!seg->dirty)
			continue;
		if (rc == -1) {
			/* From the database, as after a restart. */
			segment_drop(in, seg);
			in->listed = 0;
			continue;
		}
		bad += seg->now.bad - seg->saved.bad;
		seg->saved = seg->now;
		seg->dirty = 0;
	}
	if (bad > 0)
		log_warnx("%s: %lld lines that are no records, passed over",
		    in->path, (long long)bad);
	tally_clear(in->tally);
	in->alone &= rc == 0;
	in->own = store_written(st);
	in->begun = in->dirty = 0;
	in->batch = 0;
	return rc;
}

/* What waits is of the last minutes. */
static void
caught_up(struct ingest *in)
{
	const struct segment *seg;
	int64_t until = in->looked;

	TAILQ_FOREACH(seg, &in->segments, entry)
		if (seg->waits)
			until = in->looked - TALLY_WAIT_SECONDS;
	/* Of a clock that was ahead nothing is left. */
	if (until > in->caught_up || in->caught_up > in->looked)
		in->caught_up = until;
}

/* One slice.  1 if there may be more, 0 at the end of all, -1 on failure. */
static int
ingest_slice(struct ingest *in)
{
	int64_t errors = in->engine->store->errors;
	struct segment *seg, *next;
	ssize_t n;

	for (seg = TAILQ_FIRST(&in->segments); seg != NULL; seg = next) {
		next = TAILQ_NEXT(seg, entry);
		if (seg->done || seg->waits || !segment_more(seg))
			continue;
		if (!in->begun)
			batch_begin(in);
		store_read_begin(in->engine->store);
		n = segment_read(seg, in->dirfd, in->buf, in->tally);
		store_read_end(in->engine->store);
		in->misjudged |= in->engine->store->errors != errors;
		if (n <= 0) {
			/* Tried again when it is looked at again. */
			in->trouble |= n < 0;
			/* What was read of the other is committed first. */
			if (n == -2 && !seg->dirty) {
				segment_drop(in, seg);
				in->listed = 0;
			}
			continue;
		}
		if (in->backlog == 0)
			in->began = loop_now();
		in->dirty = 1;
		in->batch += n;
		in->backlog += n;
		if (in->batch < BATCH_READ_MAX &&
		    tally_bytes(in->tally) < in->room)
			return 1;
		return batch_commit(in) == -1 ? -1 : 1;
	}
	if (in->dirty && batch_commit(in) == -1)
		return -1;
	if (!in->trouble)
		caught_up(in);
	if (in->backlog >= BACKLOG_SAID) {
		log_debug("counted %lld kB of records in %lld ms",
		    (long long)in->backlog / 1000,
		    (long long)(loop_now() - in->began));
		if (in->engine->counted != NULL)
			in->engine->counted(in->engine);
	}
	/* Nobody knows when the next one comes. */
	if (in->begun || in->backlog > 0)
		judge_reset(in->tally->judge);
	in->misjudged = 0;
	in->backlog = 0;
	in->begun = 0;
	return 0;
}

static void
ingest_tick(void *arg)
{
	struct ingest *in = arg;
	int64_t wait;
	int rc;

	in->timer = NULL;
	/* What is read now would only be read again. */
	if (store_is_locked(in->engine->store)) {
		in->timer = loop_timer_add(in->engine->loop, LOCKED_MS,
		    ingest_tick, in);
		return;
	}
	slice_alloc(in);
	if (!in->reading && ingest_look(in)) {
		in->timer = loop_timer_add(in->engine->loop, 0, ingest_tick,
		    in);
		return;
	}
	rc = ingest_slice(in);
	if (rc != 1)
		slice_free(in);
	if (rc == 1) {
		in->reading = 1;
		in->wait = LOOK_MIN;
		wait = 0;
	} else {
		in->reading = 0;
		wait = in->wait;
		in->wait = wait * 2 > LOOK_MAX ? LOOK_MAX : wait * 2;
	}
	if (rc != -1)
		in->retry = RETRY_MIN;
	else {
		wait = in->retry;
		in->retry = wait * 2 > RETRY_MAX ? RETRY_MAX : wait * 2;
	}
	in->timer = loop_timer_add(in->engine->loop, wait, ingest_tick, in);
}

void
ingest_now(struct engine *e)
{
	struct ingest *in = e->ingest;
	int again = 1;

	slice_alloc(in);
	/* Once more where a file is another than it was. */
	do {
		while (ingest_look(in))
			;
		while (ingest_slice(in) == 1)
			;
	} while (in->listed == 0 && again-- > 0);
	in->reading = 0;
	slice_free(in);
}

int
ingest_day_complete(struct engine *e, int64_t day)
{
	return steady_for(&e->clock, GRACE_SECONDS) &&
	    e->ingest->caught_up >= (day + 1) * DAY_SECONDS + GRACE_SECONDS;
}
