/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "store/store_received.h"

/* Numbers behind a report-id that others use again and again. */
#define SAME_ID_MAX 9

int
received_durable(struct store *st)
{
	if (sqlite3_exec(st->db, "PRAGMA synchronous = FULL", NULL, NULL,
	    NULL) == SQLITE_OK)
		return 0;
	log_warnx("database: %s", sqlite3_errmsg(st->db));
	return -1;
}

/* Whether stored report id speaks of the same time and domains. */
static int
is_same(struct store *st, int64_t id, const struct rd_report *r)
{
	size_t i;

	if (store_number(st, -1, "SELECT start FROM received WHERE id = ?1",
	    "i", id) != r->start)
		return 0;
	if (r->npolicies == 0 || store_number(st, 0, "SELECT count(*)"
	    " FROM received_policy WHERE received = ?1", "i", id) == 0)
		return 1;
	for (i = 0; i < r->npolicies; i++)
		if (store_number(st, 0, "SELECT count(*) FROM received_policy"
		    " WHERE received = ?1 AND domain = ?2", "it", id,
		    r->policies[i].domain) > 0)
			return 1;
	return 0;
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

static int
add_report(struct store *st, const struct rd_report *r, const char *id,
    int64_t now)
{
	char *oddities = rd_oddities(r);
	int64_t row;
	size_t i;
	int rc;

	rc = store_run(st, "INSERT INTO received (org, report_id, contact,"
	    " submitter, dkim, day, start, finish, stored, oddities) VALUES"
	    " (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)", "tttttiiiit",
	    r->org, id, r->contact, r->submitter, r->dkim, r->day, r->start,
	    r->finish, now, oddities);
	row = sqlite3_last_insert_rowid(st->db);
	free(oddities);
	for (i = 0; rc == 0 && i < r->npolicies; i++)
		rc = add_policy(st, row, &r->policies[i]);
	return rc;
}

/*
 * Finds the row of the very report (*row, -1: none) and the report-id to store
 * it under.
 */
static void
find_row(struct store *st, const struct rd_report *r, char **id, int64_t *row)
{
	int n;

	if ((*id = strdup(r->id)) == NULL)
		fatal("strdup");
	for (n = 2;; n++) {
		*row = store_number(st, -1, "SELECT id FROM received"
		    " WHERE org = ?1 AND report_id = ?2", "tt", r->org, *id);
		if (*row == -1 || n > SAME_ID_MAX || is_same(st, *row, r))
			return;
		free(*id);
		if (asprintf(id, "%s#%d", r->id, n) == -1)
			fatal("asprintf");
	}
}

/* Whether it replaces the stored one: only it passed DKIM. */
static int
is_better(struct store *st, int64_t row, const struct rd_report *r)
{
	return strncmp(r->dkim, "pass", 4) == 0 && store_number(st, 0,
	    "SELECT count(*) FROM received WHERE id = ?1"
	    " AND dkim LIKE 'pass%'", "i", row) == 0;
}

enum received_result
received_add(struct store *st, const struct rd_report *r, int64_t now)
{
	enum received_result result = RECEIVED_ERROR;
	char *id = NULL;
	int64_t row;

	if (store_begin(st) == -1)
		return RECEIVED_ERROR;
	find_row(st, r, &id, &row);
	if (row != -1 && !is_better(st, row, r)) {
		result = RECEIVED_KNOWN;
	} else if ((row == -1 || store_run(st, "DELETE FROM received"
	    " WHERE id = ?1", "i", row) == 0) &&
	    add_report(st, r, id, now) == 0)
		result = RECEIVED_NEW;
	free(id);
	if (result == RECEIVED_ERROR)
		store_rollback(st);
	else if (store_commit(st) == -1)
		result = RECEIVED_ERROR;
	return result;
}

/* Steps a statement that has been bound; calls row for each. */
static int
each(struct store *st, sqlite3_stmt *stmt,
    void (*row)(sqlite3_stmt *, void *), void *arg)
{
	int rc;

	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
		row(stmt, arg);
	if (rc != SQLITE_DONE)
		log_warnx("database: %s", sqlite3_errmsg(st->db));
	sqlite3_reset(stmt);
	return rc == SQLITE_DONE ? 0 : -1;
}

struct call {
	void		(*failure)(const struct received_failure *, void *);
	void		(*total)(const struct received_total *, void *);
	void		(*report)(const struct received_report *, void *);
	void		(*success)(const char *, const char *, const char *,
			    void *);
	void		*arg;
};

int
received_count(struct store *st, int64_t first, int64_t last,
    const char *domain, struct received_count *c)
{
	sqlite3_stmt *stmt;
	int rc = -1;

	memset(c, 0, sizeof(*c));
	stmt = store_prepare(st, "SELECT count(DISTINCT r.id),"
	    " count(DISTINCT r.submitter), count(DISTINCT p.domain),"
	    " count(DISTINCT iif(r.dkim <> '', r.id, NULL)),"
	    " count(DISTINCT iif(r.dkim LIKE 'pass%', r.id, NULL))"
	    " FROM received r LEFT JOIN received_policy p"
	    " ON p.received = r.id WHERE r.day BETWEEN ?1 AND ?2"
	    " AND (?3 IS NULL"
	    " OR ?3 IN (p.domain, r.submitter))");
	if (stmt == NULL || store_bind(stmt, "iit", first, last, domain) == -1)
		return -1;
	if (sqlite3_step(stmt) == SQLITE_ROW) {
		c->reports = sqlite3_column_int64(stmt, 0);
		c->reporters = sqlite3_column_int64(stmt, 1);
		c->domains = sqlite3_column_int64(stmt, 2);
		c->judged = sqlite3_column_int64(stmt, 3);
		c->passed = sqlite3_column_int64(stmt, 4);
		rc = 0;
	} else
		log_warnx("database: %s", sqlite3_errmsg(st->db));
	sqlite3_reset(stmt);
	return rc;
}

static void
failure_row(sqlite3_stmt *stmt, void *arg)
{
	struct call *call = arg;
	struct received_failure f;

	f.day = sqlite3_column_int64(stmt, 0);
	f.reporter = store_text(stmt, 1);
	f.domain = store_text(stmt, 2);
	f.type = store_text(stmt, 3);
	f.sip = store_text(stmt, 4);
	f.rip = store_text(stmt, 5);
	f.mx = store_text(stmt, 6);
	f.reason = store_text(stmt, 7);
	f.count = sqlite3_column_int64(stmt, 8);
	call->failure(&f, call->arg);
}

int
received_failures(struct store *st, int64_t first, int64_t last,
    void (*cb)(const struct received_failure *, void *),
    void *arg)
{
	struct call call = { .failure = cb, .arg = arg };
	sqlite3_stmt *stmt;

	/* Summed within a policy; of several policies the largest. */
	stmt = store_prepare(st, "WITH per AS (SELECT r.id AS rid, r.day AS"
	    " day, r.submitter AS who, p.domain AS domain, d.type AS type,"
	    " d.sip AS sip, d.rip AS rip, d.mx AS mx, d.reason AS reason,"
	    " sum(d.count) AS n FROM received r CROSS JOIN received_policy p"
	    " ON p.received = r.id CROSS JOIN received_detail d"
	    " ON d.policy = p.id WHERE r.day BETWEEN ?1 AND ?2"
	    " GROUP BY p.id, d.type, d.sip,"
	    " d.rip, d.mx, d.reason), one AS (SELECT day, who, domain, type,"
	    " sip, rip, mx, reason, max(n) AS n FROM per GROUP BY rid, domain,"
	    " type, sip, rip, mx, reason) SELECT day, who, domain, type, sip,"
	    " rip, mx, reason, sum(n) FROM one GROUP BY day, who, domain,"
	    " type, sip, rip, mx, reason");
	if (stmt == NULL || store_bind(stmt, "ii", first, last) == -1)
		return -1;
	return each(st, stmt, failure_row, &call);
}

static void
total_row(sqlite3_stmt *stmt, void *arg)
{
	struct call *call = arg;
	struct received_total t;

	t.day = sqlite3_column_int64(stmt, 0);
	t.reporter = store_text(stmt, 1);
	t.domain = store_text(stmt, 2);
	t.sessions = sqlite3_column_int64(stmt, 3);
	t.failed = sqlite3_column_int64(stmt, 4);
	t.unexplained = sqlite3_column_int64(stmt, 5);
	t.sts = sqlite3_column_int(stmt, 6);
	t.tlsa = sqlite3_column_int(stmt, 7);
	t.other = sqlite3_column_int(stmt, 8);
	t.mode = store_text(stmt, 9);
	t.reports = sqlite3_column_int64(stmt, 10);
	call->total(&t, call->arg);
}

int
received_totals(struct store *st, int64_t first, int64_t last,
    void (*cb)(const struct received_total *, void *),
    void *arg)
{
	struct call call = { .total = cb, .arg = arg };
	sqlite3_stmt *stmt;

	stmt = store_prepare(st, "WITH per AS (SELECT r.id AS rid, r.day AS"
	    " day, r.submitter AS who, p.domain AS domain, p.ok + p.fail AS s,"
	    " p.fail AS f, p.type AS type, p.mode AS mode, (SELECT"
	    " coalesce(sum(d.count), 0) FROM received_detail d"
	    " WHERE d.policy = p.id) AS n FROM received r"
	    " CROSS JOIN received_policy p ON p.received = r.id"
	    " WHERE r.day BETWEEN ?1 AND ?2),"
	    " one AS (SELECT day, who, domain, max(s) AS s, max(f) AS f,"
	    " max(0, max(f) - max(n)) AS u, max(type = 'sts') AS sts,"
	    " max(type = 'tlsa') AS tlsa, max(type NOT IN ('sts', 'tlsa',"
	    " 'no-policy-found')) AS other, max(mode) AS mode FROM per"
	    " GROUP BY rid, domain)"
	    " SELECT day, who, domain, sum(s), sum(f), sum(u), sts, tlsa,"
	    " other, mode, count(*) FROM one GROUP BY day, who, domain, sts,"
	    " tlsa, other, mode ORDER BY who, day");
	if (stmt == NULL || store_bind(stmt, "ii", first, last) == -1)
		return -1;
	return each(st, stmt, total_row, &call);
}

static void
report_row(sqlite3_stmt *stmt, void *arg)
{
	struct call *call = arg;
	struct received_report r;

	r.day = sqlite3_column_int64(stmt, 0);
	r.org = store_text(stmt, 1);
	r.id = store_text(stmt, 2);
	r.reporter = store_text(stmt, 3);
	r.contact = store_text(stmt, 4);
	r.dkim = store_text(stmt, 5);
	r.oddities = store_text(stmt, 6);
	r.stored = sqlite3_column_int64(stmt, 7);
	call->report(&r, call->arg);
}

int
received_reports(struct store *st, int64_t first, int64_t last,
    const char *domain, void (*cb)(const struct received_report *, void *),
    void *arg)
{
	struct call call = { .report = cb, .arg = arg };
	sqlite3_stmt *stmt;

	stmt = store_prepare(st, "SELECT day, org, report_id, submitter,"
	    " contact, dkim, oddities, stored FROM received r"
	    " WHERE day BETWEEN ?1 AND ?2 AND (?3 IS NULL OR"
	    " submitter = ?3 OR EXISTS (SELECT 1 FROM received_policy p"
	    " WHERE p.received = r.id AND p.domain = ?3))"
	    " ORDER BY day, submitter, report_id");
	if (stmt == NULL || store_bind(stmt, "iit", first, last, domain) == -1)
		return -1;
	return each(st, stmt, report_row, &call);
}

static void
success_row(sqlite3_stmt *stmt, void *arg)
{
	struct call *call = arg;

	call->success(store_text(stmt, 0), store_text(stmt, 1),
	    store_text(stmt, 2), call->arg);
}

int
received_successes(struct store *st, int64_t day, const char *domain,
    void (*cb)(const char *, const char *, const char *, void *), void *arg)
{
	struct call call = { .success = cb, .arg = arg };
	sqlite3_stmt *stmt;

	stmt = store_prepare(st, "SELECT DISTINCT r.submitter, p.mx,"
	    " p.strings FROM received r CROSS JOIN received_policy p"
	    " ON p.received = r.id WHERE r.day = ?1 AND p.domain = ?2"
	    " AND p.ok > 0 ORDER BY 1");
	if (stmt == NULL || store_bind(stmt, "it", day, domain) == -1)
		return -1;
	return each(st, stmt, success_row, &call);
}

int64_t
received_own_tls(struct store *st, int64_t day)
{
	return store_number(st, 0, "SELECT sum(tls13 + tls12) FROM flow"
	    " WHERE day = ?1 AND dir = 0 AND class = '*'", "i", day);
}
