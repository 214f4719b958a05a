/* SPDX-License-Identifier: ISC */

/*
 * Jobs, and when they are seen to next: what looking up and sending share.
 */

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "deliver/deliver.h"
#include "deliver/deliver_job.h"
#include "lib/xalloc.h"

/* Answers are noted together, up to so many. */
#define COLLECT_MAX 128
/* Steps of the back-off in report retry: minutes, if that is a day. */
#define BACKOFF_STEPS 288

void
deliver_soon(struct deliver *d, int64_t ms)
{
	int64_t at = loop_now() + ms;

	if (d->timer != NULL && d->timer_at <= at)
		return;
	loop_timer_remove(d->engine->loop, d->timer);
	d->timer = loop_timer_add(d->engine->loop, ms, d->round, d);
	d->timer_at = at;
}

void
deliver_due(struct engine *e)
{
	struct deliver *d = e->deliver;

	if (d == NULL || e->stopping)
		return;
	/* A day that is over may be complete now. */
	d->looked = 0;
	deliver_soon(d, 0);
}

struct job *
job_new(struct deliver *d, enum job_stage stage, int64_t report)
{
	struct job *job;

	job = xcalloc(1, sizeof(*job));
	job->deliver = d;
	job->stage = stage;
	job->report = report;
	return job;
}

struct job *
deliver_job(struct deliver *d, const struct store_delivery *row)
{
	struct addr addr;
	struct job *job;

	job = job_new(d, JOB_MAIL, row->report);
	job->delivery = row->id;
	job->tries = row->tries;
	job->first = row->first;
	job->place = xstrdup(row->uri);
	if (strncmp(row->uri, "copy:", 5) == 0)
		return job;
	if (rua_add(&job->rua, row->uri, strlen(row->uri)) == -1 ||
	    job->rua.nuris != 1) {
		job_free(job);
		return NULL;
	}
	if (job->rua.uris[0].scheme != RUA_HTTPS)
		return job;
	job->stage = JOB_ADDRESS;
	if (addr_parse(job->rua.uris[0].host, strlen(job->rua.uris[0].host),
	    &addr) == 0) {
		job->stage = JOB_POST;
		if ((job->addrs = json_pack("[s]", job->rua.uris[0].host)) ==
		    NULL)
			fatalx("deliver: no memory");
	}
	return job;
}

void
job_free(struct job *job)
{
	json_decref(job->addrs);
	json_decref(job->answer);
	rua_free(&job->rua);
	free(job->place);
	free(job);
}

const char *
job_mail_address(const struct job *job)
{
	if (job->rua.nuris > 0)
		return job->rua.uris[0].address;
	return job->place + strlen("copy:");
}

int
deliver_sending(const struct deliver *d)
{
	const struct job *job;

	TAILQ_FOREACH(job, &d->asked, entry)
		if (job->stage == JOB_MAIL || job->stage == JOB_POST)
			return 1;
	return 0;
}

void
job_answered(json_t *answer, void *arg)
{
	struct job *job = arg;
	struct deliver *d = job->deliver;

	job->question = 0;
	json_decref(job->answer);
	job->answer = json_incref(answer);
	TAILQ_REMOVE(&d->asked, job, entry);
	TAILQ_INSERT_TAIL(&d->answered, job, entry);
	d->nanswered++;
	deliver_soon(d, d->nanswered >= COLLECT_MAX ? 0 : COLLECT_MS);
	if (d->draining && !deliver_sending(d))
		loop_stop(d->engine->loop);
}

int64_t
deliver_backoff(const struct conf *conf, int64_t first, int64_t tries,
    int64_t now)
{
	int64_t end = first + conf->report_retry, step, wait;

	if (now >= end)
		return 0;
	step = conf->report_retry / BACKOFF_STEPS;
	if (step < 1)
		step = 1;
	wait = step << (tries < 8 ? tries - 1 : 7);
	/* From half of it to one and a half. */
	wait = wait / 2 + arc4random_uniform((uint32_t)wait + 1);
	if (wait < 1)
		wait = 1;
	/* The last attempt comes at the very end. */
	return now + wait < end ? now + wait : end;
}
