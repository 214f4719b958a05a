/* SPDX-License-Identifier: ISC */

/*
 * The rows of a day's reports, made once the day is over and all its records
 * were read.
 */

#include <sys/types.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/date.h"
#include "count/ingest.h"
#include "deliver/deliver_job.h"
#include "base/log.h"
#include "lib/xalloc.h"

/* Rows made in one step of the loop: some ten milliseconds. */
#define STEP_ROWS 2000

/*
 * Days looked at again when a new one is opened: a filter that could not write
 * for a while brings records late.
 */
#define LATE_DAYS 2

/*
 * Each domain gets a slot of its own, all as long, in an order of chance: so
 * mail and look-ups are spread evenly, and nobody's turn can be foretold.
 */
static void
pass_shuffle(struct pass *pa, int64_t n, int64_t now)
{
	uint32_t *slots, i, j;

	pa->start = now;
	pa->i = 0;
	pa->n = n < 1 ? 1 : n;
	slots = xreallocarray(pa->slots, (size_t)pa->n, sizeof(*slots));
	pa->slots = slots;
	slots[0] = 0;
	/* Each takes the place of one before it, or its own. */
	for (i = 1; i < pa->n; i++) {
		j = arc4random_uniform(i + 1);
		slots[i] = slots[j];
		slots[j] = i;
	}
}

static int64_t
pass_due(void *arg)
{
	struct deliver *d = arg;
	struct pass *pa = &d->pass;
	int64_t spread = d->engine->conf->report_spread, slot, from, to;

	if (pa->hurry || spread <= 0)
		return pa->start;
	slot = pa->slots[pa->i++ % pa->n];
	from = slot * spread / pa->n;
	to = (slot + 1) * spread / pa->n;
	return pa->start + from +
	    arc4random_uniform((uint32_t)(to > from ? to - from : 1));
}

/* n: the domains with a tally of the day. */
static void
pass_begin(struct deliver *d, int64_t day, int64_t n, int64_t now)
{
	d->pass.day = day;
	d->pass.domain[0] = '\0';
	pass_shuffle(&d->pass, n, now);
}

/* The next day that can be opened, if there is one. */
static void
pass_look(struct deliver *d, int64_t now)
{
	struct store *st = d->engine->store;
	int64_t opened = -1, day = INT64_MAX, first, kept, n;
	int64_t today = day_of(now);

	/* A fleet's days are opened by what copies them. */
	if (d->engine->conf->fleet != NULL)
		return;
	/* Asking costs more than there is to gain from asking often. */
	if (now == d->looked)
		return;
	d->looked = now;
	if (store_meta(st, "report_opened", &opened) == -1)
		return;
	/* A clock that was ahead opened a day that is still to come. */
	if (opened >= today)
		opened = today - 1 - LATE_DAYS;
	if (store_report_day_after(st, opened, &day) == -1 || day >= today ||
	    !ingest_day_complete(d->engine, day))
		return;
	first = opened == -1 ? day : day - LATE_DAYS;
	/* Where the reports are not kept any more they would be sent again. */
	kept = today - d->engine->conf->keep_reports - 1;
	if (first < kept)
		first = kept < day ? kept : day;
	if ((n = store_report_count_day(st, first)) == -1)
		return;
	d->pass.active = 1;
	d->pass.hurry = 0;
	d->pass.last = day;
	pass_begin(d, first, n, now);
}

void
pass_free(struct deliver *d)
{
	d->pass.active = 0;
	free(d->pass.slots);
	d->pass.slots = NULL;
}

/* That day is done: the next, or the end. */
static int
pass_next(struct deliver *d, int64_t now)
{
	struct pass *pa = &d->pass;
	struct store *st = d->engine->store;
	int64_t waiting, taken, n;

	if (pa->day < pa->last) {
		if ((n = store_report_count_day(st, pa->day + 1)) == -1)
			return -1;
		pass_begin(d, pa->day + 1, n, now);
		return 1;
	}
	pass_free(d);
	/* Another day may be over as well. */
	d->looked = 0;
	if (pa->hurry)
		return store_report_hurry(st, pa->day, NULL, now, &waiting,
		    &taken) == -1 ? -1 : 1;
	if (store_meta_set(st, "report_opened", pa->day) == -1)
		return -1;
	log_info("day %lld: %lld domains to report to", (long long)pa->day,
	    (long long)pa->n);
	return 1;
}

int
pass_step(struct deliver *d)
{
	struct pass *pa = &d->pass;
	struct store *st = d->engine->store;
	int64_t now = time(NULL);
	int n, more = 1;

	if (!pa->active) {
		pass_look(d, now);
		if (!pa->active)
			return 0;
	}
	if (store_begin(st) == -1)
		return -1;
	n = store_report_open_day(st, pa->day, now, STEP_ROWS, pa->domain,
	    sizeof(pa->domain), pass_due, d);
	if (n != -1 && n < STEP_ROWS)
		more = pass_next(d, now);
	if (n == -1 || more == -1)
		store_rollback(st);
	else if (store_commit(st) == 0)
		return more;
	/* Begun anew: rows that are there stay as they are. */
	pass_free(d);
	return -1;
}

int
pass_hurry(struct deliver *d, int64_t day, int64_t n)
{
	if (d->pass.active)
		return -1;
	d->pass.active = 1;
	d->pass.hurry = 1;
	d->pass.last = day;
	pass_begin(d, day, n, time(NULL));
	return 0;
}
