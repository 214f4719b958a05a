/* SPDX-License-Identifier: ISC */

/*
 * When reports go, to whom, and again; see deliver_job.h for the way it is done.
 */

#include <sys/types.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/date.h"
#include "lib/hash.h"
#include "deliver/deliver.h"
#include "deliver/deliver_job.h"
#include "base/log.h"
#include "base/monotonic.h"
#include "lib/mail_result.h"
#include "lib/process.h"
#include "lib/xalloc.h"

/* At a stop, for what is being sent; the parent waits for longer. */
#define DRAIN_MS 5000
/* When more is due than can be asked at once, and nothing was answered. */
#define FULL_MS 500
/* After a trouble with the database. */
#define TROUBLE_MS 5000
/* How often it is asked whether a day is over, if nothing else happens. */
#define IDLE_MS 5000
/* A look-up that was begun and not answered is begun again then. */
#define LEASE_SECONDS 600
/* And for who waits for that to write it down. */
#define LATE_MS 5000
/* Others wait for the database while answers are noted: then the next round. */
#define SETTLE_MS 30

static void
job_ask(struct job *job)
{
	struct deliver *d = job->deliver;

	TAILQ_INSERT_TAIL(&d->asked, job, entry);
	d->count[job->stage]++;
	/* It goes. */
	job->counted = 0;
	if (job->stage == JOB_MAIL)
		announce(d, job_mail_address(job));
	if (job->stage == JOB_LOOKUP)
		lookup_start(job);
	else
		send_start(job);
}

/* A POST that did not go does not count. */
static void
job_end(struct job *job)
{
	send_uncount(job);
	job_free(job);
}

/*
 * What is noted of the answers, of as many as there is time for; they stay
 * listed until that is committed.
 */
static int
settle(struct deliver *d, int64_t now, int64_t ms)
{
	int64_t began = loop_now();
	struct job *job;
	int rc;

	TAILQ_FOREACH(job, &d->answered, entry)
		job->settled = 0;
	TAILQ_FOREACH(job, &d->answered, entry) {
		if (job->stage == JOB_LOOKUP)
			rc = lookup_settle(job, now);
		else
			rc = send_settle(job, now);
		if (rc == -1)
			return -1;
		job->settled = 1;
		if (loop_now() - began >= ms)
			break;
	}
	return 0;
}

/*
 * What is noted after the mailer had nothing to do for a while, as where the
 * database was locked, leaves files that it will not take away.
 */
static void
mail_noted(struct job *job)
{
	struct deliver *d = job->deliver;

	mail_result_forget(d->engine->conf, job->delivery);
	if (d->count[JOB_MAIL] == 0)
		mail_result_tidy(d->engine->conf);
}

/* Committed: those that go on are asked again, the others are done. */
static void
settled(struct deliver *d)
{
	struct job *job;

	while ((job = TAILQ_FIRST(&d->answered)) != NULL && job->settled) {
		TAILQ_REMOVE(&d->answered, job, entry);
		d->nanswered--;
		job->settled = 0;
		d->count[job->stage]--;
		if (job->doubt) {
			doubt_add(job);
			continue;
		}
		if (job->on && !d->engine->stopping &&
		    send_crowded_address(job, time(NULL)) == 0) {
			job->on = 0;
			job->stage = JOB_POST;
			job_ask(job);
			continue;
		}
		/* Of one whose mailer is gone its file will tell. */
		if (job->stage == JOB_MAIL && strcmp(ipc_string(job->answer,
		    "status", ""), "gone") != 0)
			mail_noted(job);
		if (job->on)
			(void)store_delivery_unclaim(d->engine->store,
			    job->delivery, time(NULL));
		job_end(job);
	}
}

static int
claim_reports(struct deliver *d, int64_t now, struct jobs *out)
{
	struct store *st = d->engine->store;
	struct store_report *rows;
	struct job *job;
	int n, i, rc = 0, room = lookup_room(d);

	if (room <= 0)
		return 0;
	rows = xcalloc((size_t)room, sizeof(*rows));
	n = store_report_claim(st, now, now + LEASE_SECONDS, rows, room);
	for (i = 0; i < n && rc == 0; i++) {
		if (domset_find(d->engine->conf->report_except,
		    rows[i].domain) != -1) {
			rc = store_report_end(st, rows[i].id, "excepted", now,
			    NULL, "report except");
			continue;
		}
		/* For its zone it may wait longer than its lease. */
		if (lookup_is_known(d, rows[i].id, rows[i].domain))
			continue;
		job = job_new(d, JOB_LOOKUP, rows[i].id);
		/* Fits: both hold a domain. */
		(void)strlcpy(job->domain, rows[i].domain,
		    sizeof(job->domain));
		if ((rc = lookup_crowded(job, now, out)) == 0)
			TAILQ_INSERT_TAIL(out, job, entry);
		else
			rc = rc == -1 ? -1 : 0;
	}
	free(rows);
	return n == -1 || rc == -1 ? -1 : 0;
}

static int
claim_deliveries(struct deliver *d, enum store_delivery_kind kind, int room,
    int64_t now, struct jobs *out)
{
	struct store *st = d->engine->store;
	struct store_delivery *rows;
	struct job *job;
	int n, i, rc = 0;

	if (room <= 0)
		return 0;
	rows = xcalloc((size_t)room, sizeof(*rows));
	n = store_delivery_claim(st, kind, now,
	    d->engine->conf->report_limit, rows, room);
	for (i = 0; i < n && rc == 0; i++) {
		if ((job = deliver_job(d, &rows[i])) == NULL) {
			rc = store_delivery_note(st, rows[i].id, "given-up",
			    now, 0, 0, "not a URI that can be used");
			continue;
		}
		if ((rc = send_held(job, &rows[i], now)) == 0 &&
		    (rc = send_crowded(job, now, out)) == 0)
			TAILQ_INSERT_TAIL(out, job, entry);
		else {
			job_end(job);
			rc = rc == -1 ? -1 : 0;
		}
	}
	free(rows);
	return n == -1 || rc == -1 ? -1 : 0;
}

static int
claim(struct deliver *d, int64_t now, struct jobs *out)
{
	if (d->engine->stopping)
		return 0;
	/* Another host may be sending it by now. */
	if (d->engine->conf->fleet != NULL &&
	    boottime_ms() >= d->engine->claimed_until)
		return 0;
	if (claim_reports(d, now, out) == -1 || (!d->recovering &&
	    claim_deliveries(d, DELIVERY_MAIL, MAILS_MAX -
	    (int)d->count[JOB_MAIL], now, out) == -1))
		return -1;
	return claim_deliveries(d, DELIVERY_HTTPS, ADDRESSES_MAX -
	    (int)d->count[JOB_ADDRESS], now, out);
}

/*
 * One transaction: what was answered, what is begun.  Then it is begun.
 * Returns 1 if there was something, 0, or -1.
 */
static int
transact(struct deliver *d, int64_t now)
{
	struct jobs claimed = TAILQ_HEAD_INITIALIZER(claimed);
	struct store *st = d->engine->store;
	struct job *job;
	int rc, any = !TAILQ_EMPTY(&d->answered);

	d->moved = 0;
	if (store_begin(st) == -1)
		return -1;
	if (settle(d, now, SETTLE_MS) == -1 || claim(d, now, &claimed) == -1) {
		store_rollback(st);
		rc = -1;
	} else
		rc = store_commit(st);
	any |= d->moved > 0;
	if (rc == 0)
		settled(d);
	store_read_begin(st);
	while ((job = TAILQ_FIRST(&claimed)) != NULL) {
		TAILQ_REMOVE(&claimed, job, entry);
		any = 1;
		if (rc == 0)
			job_ask(job);
		else
			job_end(job);
	}
	store_read_end(st);
	while (rc == 0 && (job = lookup_waiting(d, NULL)) != NULL)
		job_ask(job);
	return rc == -1 ? -1 : any;
}

/* Whether the database is fit to go on with: 0 or -1. */
static int
recover(struct deliver *d, int64_t now)
{
	int rc;

	if (!d->recovering || d->engine->stopping)
		return 0;
	if ((rc = deliver_recover(d, now)) == 0)
		d->recovering = 0;
	return rc == -1 ? -1 : 0;
}

/* Nothing is polled that has a time: the next due one sets the timer. */
static void
deliver_round(void *arg)
{
	struct deliver *d = arg;
	int64_t now = time(NULL), next, ms = IDLE_MS;
	int more, any;

	d->timer = NULL;
	more = d->engine->stopping ? 0 : pass_step(d);
	doubt_round(d, now);
	if (recover(d, now) == -1 || more == -1 ||
	    (any = transact(d, now)) == -1) {
		if (!d->mute)
			log_warnx("reports wait for the database");
		d->mute = 1;
		deliver_soon(d, TROUBLE_MS);
		return;
	}
	d->mute = 0;
	if (d->engine->stopping)
		return;
	/* What can't be told is asked again soon. */
	next = store_report_next_due(d->engine->store, now + IDLE_MS / 1000);
	if (d->recovering && next > now)
		next = now + 1;
	if (!TAILQ_EMPTY(&d->answered))
		ms = 0;
	else if (more || (next <= now && any))
		ms = COLLECT_MS;
	else if (next <= now)
		ms = FULL_MS;
	else if ((next - now) * 1000 < ms)
		ms = (next - now) * 1000;
	deliver_soon(d, ms);
}

void
deliver_start(struct engine *e)
{
	struct deliver *d;
	int n;

	d = xcalloc(1, sizeof(*d));
	d->engine = e;
	d->round = deliver_round;
	d->announced = -1;
	d->posted = hash_new(sizeof(int));
	TAILQ_INIT(&d->asked);
	TAILQ_INIT(&d->answered);
	TAILQ_INIT(&d->doubtful);
	TAILQ_INIT(&d->waiting);
	e->deliver = d;
	e->counted = deliver_due;
	/* Whether these arrived is not known: at most one copy more. */
	if ((n = store_delivery_recover(e->store, DELIVERY_HTTPS,
	    time(NULL))) > 0)
		log_info("%d reports were being posted when sged ended", n);
	d->recovering = 1;
	/* By then who waits for a sendmail has ended it, and said so. */
	d->recover_until = loop_now() + SENDMAIL_MS + LATE_MS;
	deliver_soon(d, 0);
}

static void
drained(void *arg)
{
	struct deliver *d = arg;

	d->drain_timer = NULL;
	loop_stop(d->engine->loop);
}

/*
 * A reload, or a stop in good order, is no crash: what is being sent is waited
 * for a moment, lest it is sent once more.
 */
static void
drain(struct deliver *d)
{
	if (!deliver_sending(d))
		return;
	d->draining = 1;
	d->drain_timer = loop_timer_add(d->engine->loop, DRAIN_MS, drained, d);
	loop_run(d->engine->loop);
	loop_timer_remove(d->engine->loop, d->drain_timer);
}

void
deliver_stop(struct engine *e)
{
	struct deliver *d = e->deliver;
	struct job *job;
	int64_t now;

	if (d == NULL)
		return;
	e->stopping = 1;
	drain(d);
	now = time(NULL);
	loop_timer_remove(e->loop, d->timer);
	/* What was answered is noted, what was not yet sent is due again. */
	if (!TAILQ_EMPTY(&d->answered) && store_begin(e->store) == 0) {
		if (settle(d, now, INT64_MAX) == -1)
			store_rollback(e->store);
		else
			(void)store_commit(e->store);
	}
	while ((job = TAILQ_FIRST(&d->waiting)) != NULL) {
		TAILQ_REMOVE(&d->waiting, job, entry);
		(void)store_report_release(e->store, job->report, now);
		job_free(job);
	}
	/* Those in doubt have their files for the next start. */
	TAILQ_CONCAT(&d->asked, &d->answered, entry);
	TAILQ_CONCAT(&d->asked, &d->doubtful, entry);
	while ((job = TAILQ_FIRST(&d->asked)) != NULL) {
		TAILQ_REMOVE(&d->asked, job, entry);
		if (job->question != 0)
			world_forget(e->world, job->question);
		if (job->stage == JOB_LOOKUP && job->question != 0)
			(void)store_report_release(e->store, job->report, now);
		else if (job->stage == JOB_ADDRESS)
			(void)store_delivery_unclaim(e->store, job->delivery,
			    now);
		job_free(job);
	}
	e->counted = NULL;
	announce_stop(d);
	pass_free(d);
	hash_free(d->posted);
	free(d);
	e->deliver = NULL;
}
