/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "base/log.h"
#include "lib/date.h"
#include "lib/xalloc.h"
#include "store/store_received.h"
#include "store/store_route.h"

int
received_durable(struct store *st)
{
	if (sqlite3_exec(st->db, "PRAGMA synchronous = FULL", NULL, NULL,
	    NULL) == SQLITE_OK)
		return 0;
	log_warnx("database: %s", sqlite3_errmsg(st->db));
	return -1;
}

/* Whether the columns from first on hold these texts. */
static int
holds(sqlite3_stmt *stmt, int first, const char *const texts[], size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(store_text(stmt, first + (int)i), texts[i]) != 0)
			return 0;
	return 1;
}

/* Whether a stored policy has the very details: 1, 0, or -1 with a log line. */
static int
same_details(struct store *st, int64_t policy, const struct rd_policy *p)
{
	sqlite3_stmt *stmt;
	size_t n = 0;
	int rc, same = 1;

	if ((stmt = store_select(st, "SELECT count, type, sip, rip, mx, helo,"
	    " reason, info FROM received_detail WHERE policy = ?1"
	    " ORDER BY id", "i", policy)) == NULL)
		return -1;
	while (same && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		const struct rd_detail *d = &p->details[n];

		same = n < p->ndetails &&
		    sqlite3_column_int64(stmt, 0) == d->count &&
		    holds(stmt, 1, (const char *const []){ d->type, d->sip,
		    d->rip, d->mx, d->helo, d->reason, d->info }, 7);
		n++;
	}
	if (!same) {
		(void)sqlite3_reset(stmt);
		return 0;
	}
	return store_done(st, stmt, rc) == -1 ? -1 : n == p->ndetails;
}

/* Whether a stored report is the very same: 1, 0, or -1 with a log line. */
static int
same_policies(struct store *st, int64_t id, const struct rd_report *r)
{
	sqlite3_stmt *stmt;
	size_t n = 0;
	int rc, same = 1;

	if ((stmt = store_select(st, "SELECT id, ok, fail, domain, type, mode,"
	    " strings, mx FROM received_policy WHERE received = ?1"
	    " ORDER BY id", "i", id)) == NULL)
		return -1;
	while (same == 1 && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		const struct rd_policy *p = &r->policies[n];

		same = n < r->npolicies &&
		    sqlite3_column_int64(stmt, 1) == p->ok &&
		    sqlite3_column_int64(stmt, 2) == p->fail &&
		    holds(stmt, 3, (const char *const []){ p->domain, p->type,
		    p->mode, p->strings, p->mx }, 5) ?
		    same_details(st, sqlite3_column_int64(stmt, 0), p) : 0;
		n++;
	}
	if (same != 1) {
		(void)sqlite3_reset(stmt);
		return same;
	}
	return store_done(st, stmt, rc) == -1 ? -1 : n == r->npolicies;
}

static int
add_policy(struct store *st, int64_t report, const struct rd_policy *p)
{
	const struct rd_detail *d;
	int64_t id;
	size_t i;

	if (store_run(st, "INSERT INTO received_policy (received, domain,"
	    " type, mode, strings, mx, ok, fail) VALUES (?1, ?2, ?3, ?4, ?5,"
	    " ?6, ?7, ?8)", "itttttii", report, p->domain, p->type, p->mode,
	    p->strings, p->mx, p->ok, p->fail) == -1)
		return -1;
	id = sqlite3_last_insert_rowid(st->db);
	for (i = 0; i < p->ndetails; i++) {
		d = &p->details[i];
		if (store_run(st, "INSERT INTO received_detail (policy, type,"
		    " sip, rip, mx, helo, reason, info, count) VALUES (?1, ?2,"
		    " ?3, ?4, ?5, ?6, ?7, ?8, ?9)", "ittttttti", id, d->type,
		    d->sip, d->rip, d->mx, d->helo, d->reason, d->info,
		    d->count) == -1)
			return -1;
	}
	return 0;
}

/* Bytes that a report takes, about: its texts, and each row's numbers. */
static int64_t
size_of(const struct rd_report *r)
{
	const struct rd_policy *p;
	const struct rd_detail *d;
	int64_t size = 256 + strlen(r->org) + 2 * strlen(r->id) +
	    strlen(r->contact) + strlen(r->submitter);
	size_t i, k;

	for (i = 0; i < r->npolicies; i++) {
		p = &r->policies[i];
		size += 64 + strlen(p->domain) + strlen(p->type) +
		    strlen(p->mode) + strlen(p->strings) + strlen(p->mx);
		for (k = 0; k < p->ndetails; k++) {
			d = &p->details[k];
			size += 64 + strlen(d->type) + strlen(d->sip) +
			    strlen(d->rip) + strlen(d->mx) +
			    strlen(d->helo) + strlen(d->reason) +
			    strlen(d->info);
		}
	}
	return size;
}

/*
 * The report-id as it is shown: its own, or with a number behind it where
 * another report has that.  The caller frees; NULL with a log line.
 */
static char *
free_id(struct store *st, const struct rd_report *r)
{
	int64_t n, taken;
	char *id;

	n = store_count(st, "SELECT count(*) FROM received"
	    " WHERE org = ?1 AND given = ?2", "tt", r->org, r->id);
	for (; n >= 0; n++) {
		if (n == 0)
			id = xstrdup(r->id);
		else
			xasprintf(&id, "%s#%lld", r->id, (long long)n + 1);
		taken = store_count(st, "SELECT count(*) FROM received"
		    " WHERE org = ?1 AND report_id = ?2", "tt", r->org, id);
		if (taken == 0)
			return id;
		free(id);
		if (taken == -1)
			break;
	}
	return NULL;
}

static int
add_report(struct store *st, const struct rd_report *r, int64_t now)
{
	char *oddities, *id;
	int64_t row;
	size_t i;
	int rc;

	if ((id = free_id(st, r)) == NULL)
		return -1;
	oddities = rd_oddities(r);
	rc = store_run(st, "INSERT INTO received (org, report_id, contact,"
	    " submitter, dkim, day, start, finish, stored, oddities, given,"
	    " size) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,"
	    " ?12)", "tttttiiiitti", r->org, id, r->contact, r->submitter,
	    r->dkim, r->day, r->start, r->finish, now, oddities, r->id,
	    size_of(r));
	row = sqlite3_last_insert_rowid(st->db);
	free(oddities);
	free(id);
	for (i = 0; rc == 0 && i < r->npolicies; i++)
		rc = add_policy(st, row, &r->policies[i]);
	return rc;
}

struct search {
	struct store	*store;
	const struct rd_report *report;
	int64_t		 found;		/* -1: none yet */
};

static int
compare(const char *id, void *arg)
{
	struct search *s = arg;
	int64_t row = strtoll(id, NULL, 10);
	int same;

	if (s->found != -1)
		return 0;
	if ((same = same_policies(s->store, row, s->report)) == 1)
		s->found = row;
	return same == -1 ? -1 : 0;
}

/* *row: of the very same report, -1 if none is stored; 0 or -1. */
static int
find_same(struct store *st, const struct rd_report *r, int64_t *row)
{
	struct search s = { st, r, -1 };
	sqlite3_stmt *stmt;

	/* 1024: of a row that is older than the column. */
	if ((stmt = store_select(st, "SELECT id FROM received WHERE org = ?1"
	    " AND given = ?2 AND start = ?3 AND finish = ?4"
	    " AND contact = ?5 AND submitter = ?6 AND size IN (?7, 1024)",
	    "ttiitti", r->org, r->id, r->start, r->finish, r->contact,
	    r->submitter, size_of(r))) == NULL ||
	    store_names(st, stmt, compare, &s) == -1)
		return -1;
	*row = s.found;
	return 0;
}

static int
is_proved(const struct rd_report *r)
{
	return strncmp(r->dkim, "pass ", 5) == 0;
}

/*
 * The mark of one that came again: what is proved once stays so.  The proof is
 * news, and told as such, where a digest told of the report without it.
 */
static int
add_mark(struct store *st, int64_t row, const struct rd_report *r, int64_t now)
{
	if (!is_proved(r))
		return 0;
	return store_run(st, "UPDATE received SET dkim = ?2, told = NULL,"
	    " stored = ?3 WHERE id = ?1 AND dkim NOT LIKE 'pass %'", "iti",
	    row, r->dkim, now);
}

/*
 * Whether what came in a day from that sender, from all that prove nothing,
 * or in all, is as much as is kept.  What is proved has its own allowance:
 * nobody who can't sign for a domain takes its place.  1, 0, or -1.
 */
static int
is_over(struct store *st, const struct rd_report *r, int64_t now)
{
	int64_t since = now - DAY_SECONDS, reports, size, all;
	int proved = is_proved(r);

	all = store_count(st, "SELECT bytes FROM received_size", "");
	reports = store_count(st, "SELECT count(*) FROM received"
	    " WHERE stored > ?1 AND (dkim LIKE 'pass %') = ?2"
	    " AND (?2 = 0 OR submitter = ?3)", "iit", since, (int64_t)proved,
	    r->submitter);
	size = store_count(st, "SELECT sum(size) FROM received"
	    " WHERE stored > ?1 AND (dkim LIKE 'pass %') = ?2"
	    " AND (?2 = 0 OR submitter = ?3)", "iit", since, (int64_t)proved,
	    r->submitter);
	if (all == -1 || reports == -1 || size == -1)
		return -1;
	return reports >= RECEIVED_DAY_MAX || size >= RECEIVED_DAY_SIZE_MAX ||
	    all >= (proved ? RECEIVED_SIZE_MAX : RECEIVED_SIZE_MAX / 2);
}

enum received_result
received_add(struct store *st, const struct rd_report *r, int64_t now,
    int bounded)
{
	enum received_result result = RECEIVED_ERROR;
	int64_t row = -1;
	int over = 0;

	if (store_begin(st) == -1)
		return RECEIVED_ERROR;
	if (find_same(st, r, &row) == -1)
		over = -1;
	else if (row != -1) {
		if (add_mark(st, row, r, now) == 0)
			result = RECEIVED_KNOWN;
	} else if (bounded && (over = is_over(st, r, now)) == 1) {
		if (store_run(st, "INSERT INTO received_over (day, sender,"
		    " reports) VALUES (?1, ?2, 1) ON CONFLICT (day, sender)"
		    " DO UPDATE SET reports = reports + 1", "it", day_of(now),
		    is_proved(r) ? r->submitter : "") == 0)
			result = RECEIVED_OVER;
	} else if (over == 0 && add_report(st, r, now) == 0)
		result = RECEIVED_NEW;
	if (result == RECEIVED_ERROR)
		store_rollback(st);
	else if (store_commit(st) == -1)
		result = RECEIVED_ERROR;
	return result;
}
