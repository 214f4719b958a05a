/* SPDX-License-Identifier: ISC */

/*
 * What the views read of our own reports: report, delivery, bounce, tally,
 * detail.
 */

#include "store/query_sent.h"

#define REPORT "id, day, domain, report_id, state, due, record, note, ok," \
	" fail, done"

static int
each_report(struct store *st, sqlite3_stmt *stmt,
    void (*cb)(const struct told_report *, void *), void *arg)
{
	struct told_report row;
	int rc;

	while ((rc = store_row(st, stmt, "iitttittiii", &row.id, &row.day,
	    &row.domain, &row.report_id, &row.state, &row.due, &row.record,
	    &row.note, &row.ok, &row.fail, &row.done)) == 1)
		cb(&row, arg);
	return rc;
}

int
told_reports(struct store *st, int64_t first, int64_t last,
    void (*cb)(const struct told_report *, void *), void *arg)
{
	sqlite3_stmt *stmt;

	stmt = store_select(st, "SELECT " REPORT " FROM report"
	    " WHERE day BETWEEN ? AND ? ORDER BY day DESC, CASE state"
	    " WHEN 'given-up' THEN 0 WHEN 'sending' THEN 1 WHEN 'due' THEN 2"
	    " WHEN 'sent' THEN 3 ELSE 4 END, domain", "ii", first, last);
	if (stmt == NULL)
		return -1;
	return each_report(st, stmt, cb, arg);
}

struct counter {
	void		(*cb)(const struct told_report *, void *);
	void		*arg;
	int		 n;
};

static void
count(const struct told_report *row, void *arg)
{
	struct counter *counter = arg;

	counter->n++;
	counter->cb(row, counter->arg);
}

int
told_latest(struct store *st, int64_t first, int64_t last,
    const char *domain, void (*cb)(const struct told_report *, void *),
    void *arg)
{
	struct counter counter = { cb, arg, 0 };
	sqlite3_stmt *stmt;

	/* From day to day that has reports, not from one to the next of these. */
	stmt = store_select(st, "WITH RECURSIVE days (at) AS"
	    " (SELECT max(day) FROM report WHERE day BETWEEN ?1 AND ?2"
	    " UNION ALL SELECT (SELECT max(day) FROM report WHERE day >= ?1"
	    " AND day < days.at) FROM days WHERE days.at IS NOT NULL)"
	    " SELECT " REPORT " FROM days CROSS JOIN report ON day = days.at"
	    " AND domain = ?3 ORDER BY days.at DESC LIMIT 1", "iit", first,
	    last, domain);
	if (stmt == NULL || each_report(st, stmt, count, &counter) == -1)
		return -1;
	return counter.n;
}

int
told_deliveries(struct store *st, int64_t report,
    void (*cb)(const struct told_delivery *, void *), void *arg)
{
	struct told_delivery row;
	sqlite3_stmt *stmt;
	int rc;

	stmt = store_select(st, "SELECT report, uri, state, tries, next,"
	    " last, code, text FROM delivery WHERE report = ? ORDER BY id", "i",
	    report);
	if (stmt == NULL)
		return -1;
	while ((rc = store_row(st, stmt, "ittiiiit", &row.report, &row.uri,
	    &row.state, &row.tries, &row.next, &row.last, &row.code,
	    &row.text)) == 1)
		cb(&row, arg);
	return rc;
}

int
told_states(struct store *st, int64_t first, int64_t last,
    void (*cb)(const char *, int64_t, int64_t, void *), void *arg)
{
	const char *state;
	int64_t n, due;
	sqlite3_stmt *stmt;
	int rc;

	stmt = store_select(st, "SELECT state, COUNT(*), MIN(due) FROM report"
	    " WHERE day BETWEEN ? AND ? GROUP BY state ORDER BY state", "ii",
	    first, last);
	if (stmt == NULL)
		return -1;
	while ((rc = store_row(st, stmt, "tii", &state, &n, &due)) == 1)
		cb(state, n, due, arg);
	return rc;
}

int
told_days(struct store *st, int64_t first, int64_t last,
    void (*cb)(int64_t, const char *, int64_t, void *), void *arg)
{
	const char *state;
	int64_t day, n;
	sqlite3_stmt *stmt;
	int rc;

	stmt = store_select(st, "SELECT day, state, COUNT(*) FROM report"
	    " WHERE day BETWEEN ? AND ? GROUP BY day, state", "ii", first,
	    last);
	if (stmt == NULL)
		return -1;
	while ((rc = store_row(st, stmt, "iti", &day, &state, &n)) == 1)
		cb(day, state, n, arg);
	return rc;
}

int
told_bounces(struct store *st, void (*cb)(const struct told_bounce *, void *),
    void *arg)
{
	struct told_bounce row;
	sqlite3_stmt *stmt;
	int rc;

	if ((stmt = store_select(st, "SELECT address, count, last, until, text"
	    " FROM bounce ORDER BY address", "")) == NULL)
		return -1;
	while ((rc = store_row(st, stmt, "tiiit", &row.address, &row.count,
	    &row.last, &row.until, &row.text)) == 1)
		cb(&row, arg);
	return rc;
}

int
told_tallies(struct store *st, int64_t first, int64_t last,
    void (*cb)(const struct told_tally *, void *), void *arg)
{
	struct told_tally row;
	sqlite3_stmt *stmt;
	int rc;

	stmt = store_select(st, "SELECT t.domain,"
	    " COALESCE(p.type, 'no-policy-found'), MAX(COALESCE(p.mode, '')),"
	    " SUM(t.ok), SUM(t.fail) AS f FROM tally t"
	    " LEFT JOIN policy p ON p.id = t.policy"
	    " WHERE t.day BETWEEN ? AND ? GROUP BY 1, 2"
	    " ORDER BY f DESC, 1, 2", "ii", first, last);
	if (stmt == NULL)
		return -1;
	while ((rc = store_row(st, stmt, "tttii", &row.domain, &row.type,
	    &row.mode, &row.ok, &row.fail)) == 1)
		cb(&row, arg);
	return rc;
}

int
told_sums(struct store *st, int64_t first, int64_t last, int64_t *ok,
    int64_t *fail)
{
	sqlite3_stmt *stmt;

	*ok = *fail = 0;
	stmt = store_select(st, "SELECT SUM(ok), SUM(fail) FROM tally"
	    " WHERE day BETWEEN ? AND ?", "ii", first, last);
	if (stmt == NULL)
		return -1;
	return store_first(st, stmt, "ii", ok, fail) == -1 ? -1 : 0;
}

int
told_details(struct store *st, int64_t first, int64_t last,
    const char *domain, const char *type,
    void (*cb)(const struct told_detail *, void *), void *arg)
{
	struct told_detail row;
	sqlite3_stmt *stmt;
	int rc;

	stmt = store_select(st, "SELECT d.type, d.sip, d.rip, d.mx,"
	    " MAX(d.helo), d.reason, MAX(d.pending), SUM(d.count) AS n"
	    " FROM detail d LEFT JOIN policy p ON p.id = d.policy"
	    " WHERE d.day BETWEEN ? AND ? AND d.domain = ?"
	    " AND COALESCE(p.type, 'no-policy-found') = ?"
	    " GROUP BY d.type, d.sip, d.rip, d.mx, d.reason"
	    " ORDER BY n DESC, 1, 3, 6", "iitt", first, last, domain, type);
	if (stmt == NULL)
		return -1;
	while ((rc = store_row(st, stmt, "ttttttni", &row.type, &row.sip,
	    &row.rip, &row.mx, &row.helo, &row.reason, &row.pending,
	    &row.count)) == 1)
		cb(&row, arg);
	return rc;
}
