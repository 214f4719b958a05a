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
#define TRIM_FIRST_MS (60 * 1000)
#define TRIM_EVERY_MS (3600 * 1000)
#define TRIM_STEP_MS 50
/* Rows of one step: what a commit does in a few milliseconds. */
#define TRIM_ROWS 500

static void	trim_tick(void *);

static void
trim_segments(struct ingest *in)
{
	struct segment *seg;
	int64_t now = time(NULL);
	int64_t before = now - in->engine->conf->keep_sessions *
	    (int64_t)DAY_SECONDS;

	if (in->dirfd == -1)
		return;
	TAILQ_FOREACH(seg, &in->segments, entry) {
		/* What this version could not read, another may. */
		if (!seg->done || seg->mtime >= before ||
		    seg->saved.newer > 0 || segment_more(seg))
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

static void
trim_tick(void *arg)
{
	struct ingest *in = arg;
	struct store_trim before;
	int64_t now = time(NULL), today = day_of(now);

	in->trim_timer = NULL;
	if (in->trim_step == 0)
		trim_segments(in);
	before.tallies = today - KEEP_TALLIES;
	/* Today and the day itself are not among those kept. */
	before.reports = today - in->engine->conf->keep_reports - 1;
	before.learned = now - KEEP_TALLIES * (int64_t)DAY_SECONDS;
	before.waiting = now - KEEP_WAITING * DAY_SECONDS;
	if (store_trim(in->engine->store, in->trim_step, &before, TRIM_ROWS) <
	    TRIM_ROWS)
		in->trim_step++;
	if (in->trim_step == store_trim_steps()) {
		in->trim_step = 0;
		in->trim_timer = loop_timer_add(in->engine->loop,
		    TRIM_EVERY_MS, trim_tick, in);
		return;
	}
	in->trim_timer = loop_timer_add(in->engine->loop, TRIM_STEP_MS,
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
	in->trim_step = 0;
	in->trim_timer = loop_timer_add(in->engine->loop, 0, trim_tick, in);
}

void
trim_stop(struct ingest *in)
{
	loop_timer_remove(in->engine->loop, in->trim_timer);
}
