/* SPDX-License-Identifier: ISC */

/*
 * A report's turn: whether the domain asks for reports, and where to (RFC 8460
 * 3); then the report is built and stored, before anything is sent.
 */

#include <sys/types.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/date.h"
#include "deliver/deliver_job.h"
#include "base/log.h"
#include "lib/xalloc.h"
#include "report/report_key.h"
#include "store/store_route.h"

/* Of what is noted of a record, for people. */
#define NOTE_MAX 384

/* Its zone has room again: the next need not wait till this one is noted. */
static void
lookup_answered(json_t *answer, void *arg)
{
	struct job *job = arg, *next;
	struct deliver *d = job->deliver;

	job_answered(answer, job);
	if (d->engine->stopping ||
	    (next = lookup_waiting(d, job->domain)) == NULL)
		return;
	TAILQ_INSERT_TAIL(&d->asked, next, entry);
	d->count[JOB_LOOKUP]++;
	lookup_start(next);
}

void
lookup_start(struct job *job)
{
	struct engine *e = job->deliver->engine;
	char name[DOMAIN_MAX + 16];
	json_t *request;

	(void)snprintf(name, sizeof(name), "_smtp._tls.%s", job->domain);
	if ((request = json_pack("{s:s, s:s}", "op", "txt", "name", name)) ==
	    NULL)
		fatalx("deliver: no memory");
	job->question = world_ask(e->world, WORLD_RESOLVE, request, -1,
	    lookup_answered, job);
}

/* What of the record was not used, for people: cut where that is long. */
static void
note_rest(const struct rua *rua, char out[], size_t outsz)
{
	char over[64] = "", unknown[256] = "";

	out[0] = '\0';
	if (rua->nover == 0 && rua->nunknown == 0)
		return;
	if (rua->nover > 0)
		(void)snprintf(over, sizeof(over), "%zu beyond the first %d",
		    rua->nover, RUA_URIS_MAX);
	if (rua->nunknown > 0)
		(void)snprintf(unknown, sizeof(unknown), "%zu unusable"
		    " (%.100s: %s)", rua->nunknown, rua->unusable,
		    rua->unusable_why);
	(void)snprintf(out, outsz, "URIs not used: %s%s%s", over,
	    over[0] != '\0' && unknown[0] != '\0' ? ", " : "", unknown);
}

static int
add_mail(struct store *st, int64_t report, const struct rua_uri *u,
    const char *place, int64_t now)
{
	char text[64], date[11];
	int64_t until;

	if ((until = store_bounce_until(st, u->address, now)) == -1)
		return -1;
	if (until == 0)
		return store_delivery_add(st, report, DELIVERY_MAIL, place,
		    u->address, "due", now, NULL);
	day_print(day_of(until), date, sizeof(date));
	(void)snprintf(text, sizeof(text), "bounced too often, rested until %s",
	    date);
	return store_delivery_add(st, report, DELIVERY_MAIL, place,
	    u->address, "rested", now, text);
}

/* One row for each place. */
static int
add_deliveries(struct store *st, const struct conf *conf, int64_t report,
    const struct rua *rua, int64_t now)
{
	char *place;
	size_t i;
	int rc = 0;

	for (i = 0; i < rua->nuris && rc == 0; i++) {
		place = rua_place(&rua->uris[i]);
		rc = rua->uris[i].scheme == RUA_MAILTO ?
		    add_mail(st, report, &rua->uris[i], place, now) :
		    store_delivery_add(st, report, DELIVERY_HTTPS, place,
		    rua->uris[i].host, "due", now, NULL);
		free(place);
	}
	if (rc == -1 || conf->report_copy == NULL)
		return rc;
	xasprintf(&place, "copy:%s", conf->report_copy);
	rc = store_delivery_add(st, report, DELIVERY_MAIL, place, NULL, "due",
	    now, NULL);
	free(place);
	return rc;
}

/* Failures that wait for their reason may wait so long after the day. */
#define PENDING_SECONDS (6 * 3600)
#define PENDING_AGAIN 60

/*
 * What was stored before is sent again as it is.
 */
static int
ready(struct job *job, const struct store_report *row, const char *record,
    const struct rua *rua, int64_t now)
{
	struct engine *e = job->deliver->engine;
	struct report *re = NULL;
	unsigned char *body;
	char note[NOTE_MAX];
	size_t len;
	int rc;

	note_rest(rua, note, sizeof(note));
	if ((rc = store_report_body(e->store, row->id, &body, &len)) == -1)
		return -1;
	free(body);
	if (rc == 1) {
		if (store_report_end(e->store, row->id, "sending", now, record,
		    note[0] == '\0' ? NULL : note) == -1)
			return -1;
	} else {
		rc = now < (row->day + 1) * DAY_SECONDS + PENDING_SECONDS ?
		    store_pending_day(e->store, row->domain, row->day) : 0;
		if (rc == -1)
			return -1;
		if (rc == 1)
			return store_report_release(e->store, row->id,
			    now + PENDING_AGAIN);
		/* Without a key nobody's report may have an id. */
		if (report_key_make(e->conf->spool) == -1)
			return store_report_release(e->store, row->id,
			    now + PENDING_AGAIN);
		if ((rc = report_build(e->store, e->conf, row->domain,
		    row->day, &re)) == -1)
			return -1;
		if (rc == 0)
			return store_report_end(e->store, row->id, "empty",
			    now, record, "nothing was tallied");
		rc = report_pack(re) == -1 ? -1 :
		    store_report_built(e->store, row->id, re->id, record,
		    note[0] == '\0' ? NULL : note, re->ok, re->failed, re->gz,
		    re->gzlen);
		report_free(re);
		if (rc == -1)
			return -1;
	}
	if (add_deliveries(e->store, e->conf, row->id, rua, now) == -1)
		return -1;
	return store_delivery_settle(e->store, row->id, now);
}

static int
none(struct job *job, int64_t id, const char *record, const char *why,
    int64_t now)
{
	log_debug("report for %s: %s", log_clean(job->domain), why);
	return store_report_end(job->deliver->engine->store, id, "no-rua", now,
	    record, why);
}

/* What was too long to be read may have been one. */
static int
absent(struct job *job, int64_t id, int64_t now)
{
	char text[64];

	if (!ipc_bool(job->answer, "toolong", 0))
		return none(job, id, NULL, "no TLSRPT record", now);
	(void)snprintf(text, sizeof(text), "a TXT record of more than %d"
	    " bytes, which is not read", TXT_RECORD_MAX);
	return none(job, id, NULL, text, now);
}

/* All TXT records at the name. */
static int
answered(struct job *job, const struct store_report *row, int64_t now)
{
	const char *txts[TXT_RECORDS_MAX], *why = NULL, *s;
	char text[NOTE_MAX];
	json_t *item;
	struct rua rua;
	size_t i, n = 0, where = 0;
	int record, rc;

	json_array_foreach(json_object_get(job->answer, "txt"), i, item)
		if ((s = json_string_value(item)) != NULL &&
		    n < TXT_RECORDS_MAX)
			txts[n++] = s;
	switch (rua_parse(txts, n, &rua, &record, &why, &where)) {
	case RUA_NONE:
		return absent(job, row->id, now);
	case RUA_MANY:
		return none(job, row->id, NULL,
		    "more than one TLSRPT record, which counts as none", now);
	case RUA_INVALID:
		(void)snprintf(text, sizeof(text),
		    "malformed record: %s (at character %zu)", why, where + 1);
		return none(job, row->id, txts[record], text, now);
	case RUA_OK:
		break;
	}
	if (rua.nuris == 0) {
		(void)snprintf(text, sizeof(text), "no URI of the record can"
		    " be used: %.100s: %s", rua.unusable, rua.unusable_why);
		rc = none(job, row->id, txts[record], text, now);
	} else
		rc = ready(job, row, txts[record], &rua, now);
	rua_free(&rua);
	return rc;
}

/* A failing DNS tells nothing about the record: kept, and asked again. */
static int
failed(struct job *job, const struct store_report *row, const char *status,
    int64_t now)
{
	struct engine *e = job->deliver->engine;
	char text[128];
	int64_t next;

	(void)snprintf(text, sizeof(text), "look-up failed: %.64s", status);
	next = deliver_backoff(e->conf, row->first == 0 ? now : row->first,
	    row->tries + 1, now);
	if (next != 0)
		return store_report_again(e->store, row->id, now, next, text);
	log_info("report for %s given up: %s", log_clean(job->domain), text);
	return store_report_end(e->store, row->id, "given-up", now, NULL,
	    text);
}

int
lookup_settle(struct job *job, int64_t now)
{
	struct store *st = job->deliver->engine->store;
	const char *status = ipc_string(job->answer, "status", "");
	struct store_report row;
	int rc;

	/* Asked twice, or purged meanwhile: whoever came first did it. */
	if ((rc = store_report_get(st, job->report, &row)) != 1)
		return rc;
	/* A fleet's may have gone to another host, and its number to another. */
	if (strcmp(row.state, "due") != 0 ||
	    strcmp(row.domain, job->domain) != 0)
		return 0;
	if (strcmp(status, "ok") == 0)
		return answered(job, &row, now);
	if (strcmp(status, "nxdomain") == 0 || strcmp(status, "nodata") == 0)
		return absent(job, row.id, now);
	return failed(job, &row, status, now);
}
