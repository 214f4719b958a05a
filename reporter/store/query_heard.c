/* SPDX-License-Identifier: ISC */

/*
 * What digest, html and metrics read of reports received.
 */

#include <string.h>

#include "store/query_policy.h"
#include "store/query_flow.h"
#include "store/received_sql.h"

/* Who sent it, as the reader keeps it: the domain, else the organisation. */
#define REPORTER "CASE WHEN COALESCE(r.submitter, '') = '' THEN r.org" \
	" ELSE r.submitter END"

#define SESSIONS "tls13 + tls12 + older + clear + refused"

/* Whether r is of a struct heard_span: ?1 to ?5. */
#define IN_SPAN "r.day BETWEEN ?1 AND ?2 AND (r.told IS NULL OR" \
	" r.told >= ?3) AND r.stored >= ?4 AND r.stored < ?5"

/* Of r, in each row of one. */
#define OF_ONE "r.day AS day, r.start AS start, r.finish AS finish, " REPORTER \
	" AS who, " RECEIVED_STANDING " AS standing, " IN_SPAN " AS is_new"

/* Sessions that the rows of p count. */
#define EXPLAINED "(SELECT coalesce(sum(d.count), 0) FROM received_detail d" \
	" WHERE d.policy = p.id)"

/*
 * Days of reporters that a span's reports speak of; all of their failures,
 * with those of reports that came before, and sessions, each once.  What a
 * summary counts and no row explains is a failure of its own type; a row that
 * counts no session is none.  Two rows may be of one session: no more than
 * failed are counted.
 */
#define FAILURES "WITH fresh AS (SELECT r.day AS day, " REPORTER \
	" AS who, min(r.id) AS came FROM received r WHERE " IN_SPAN \
	" GROUP BY 1, 2)," \
	" known AS (SELECT " REPORTER " AS who, r.dkim <> '' AS judged," \
	" min(r.id) AS id FROM received r WHERE r.dkim = ''" \
	" OR r.dkim LIKE 'pass %' GROUP BY 1, 2)," \
	" one AS (SELECT day, start, finish, who, standing, is_new," \
	" found AS type, mx, " RECEIVED_ONCE("p.n") " AS n FROM (SELECT " \
	OF_ONE ", r.id AS id, p.domain AS domain, p.type AS type, d.type" \
	" AS found, coalesce(d.mx, '') AS mx, min(sum(d.count), max(p.fail," \
	" max(d.count))) AS n" \
	" FROM received r JOIN received_policy p ON p.received = r.id" \
	" JOIN received_detail d ON d.policy = p.id WHERE d.count > 0 AND " \
	RECEIVED_POLICY_OURS " AND r.day IN (SELECT day FROM days)" \
	" GROUP BY p.id, d.type, coalesce(d.mx, '')) p" \
	" GROUP BY id, domain, found, mx" \
	" UNION ALL SELECT " OF_ONE ", 'not-said', '', " \
	RECEIVED_ONCE("p.fail") " - " RECEIVED_ONCE(EXPLAINED) " AS n" \
	" FROM received r JOIN received_policy p ON p.received = r.id" \
	" WHERE " RECEIVED_POLICY_OURS " AND r.day IN (SELECT day" \
	" FROM days) GROUP BY r.id, p.domain HAVING n > 0)," \
	" every AS (SELECT day, who, standing, sum(n) AS n FROM (SELECT" \
	" r.day AS day, " REPORTER " AS who, " RECEIVED_STANDING \
	" AS standing, " RECEIVED_ONCE("p.ok + p.fail") " AS n" \
	" FROM received r JOIN received_policy p ON p.received = r.id" \
	" WHERE " RECEIVED_POLICY_OURS " AND r.day IN (SELECT day" \
	" FROM days) GROUP BY r.id, p.domain) GROUP BY day, who, standing)"

/* What IN_SPAN asks for. */
#define OF_SPAN(span) "iiiii", (span)->first, (span)->last, \
	    (span)->told_from, (span)->stored_from, (span)->stored_to

/* Whether r says of our domains how it went, and may be its reporter's. */
#define BELIEVED RECEIVED_STANDING " < 2 AND EXISTS (SELECT 1" \
	" FROM received_policy p WHERE p.received = r.id" \
	" AND p.ok + p.fail > 0 AND " RECEIVED_POLICY_OURS ")"

/* Who never proved itself was never known; o is a row of one. */
#define KNOWN "coalesce(min(k.id), 9223372036854775807)"
#define KNOWN_JOIN " LEFT JOIN known k ON k.who = o.who" \
	" AND k.judged = (o.standing = 0)"

/* Calls cb for each row; stmt may be NULL. */
static int
span_rows(struct store *st, sqlite3_stmt *stmt,
    void (*cb)(const struct heard_failure *, void *), void *arg)
{
	struct heard_failure row;
	int rc;

	if (stmt == NULL)
		return -1;
	while ((rc = store_row(st, stmt, "tttiiniii", &row.reporter, &row.type,
	    &row.mx, &row.count, &row.base, &row.standing, &row.day,
	    &row.came, &row.known)) == 1)
		cb(&row, arg);
	return rc;
}

int
heard_failures(struct store *st, const struct heard_span *span,
    void (*cb)(const struct heard_failure *, void *), void *arg)
{
	return span_rows(st, store_select(st, FAILURES
	    ", days AS (SELECT DISTINCT day FROM fresh)"
	    " SELECT o.who, o.type, o.mx, sum(o.n) AS c, max(e.n),"
	    " o.standing, o.day, f.came, " KNOWN
	    " FROM one o JOIN fresh f ON f.day = o.day"
	    " AND f.who = o.who JOIN every e ON e.day = o.day"
	    " AND e.who = o.who AND e.standing = o.standing" KNOWN_JOIN
	    " GROUP BY o.day, o.who, o.type, o.mx, o.standing"
	    " HAVING max(o.is_new) ORDER BY o.day, o.who, o.standing, c DESC,"
	    " o.type, o.mx", OF_SPAN(span)), cb, arg);
}

int
heard_mended(struct store *st, const struct heard_span *span,
    void (*cb)(const struct heard_failure *, void *), void *arg)
{
	/*
	 * Reports of the day before, or of a range that it is in, that end
	 * before the good one begins; and none that is of the good one's time
	 * too and fails alike, or may.
	 */
	return span_rows(st, store_select(st, FAILURES
	    ", good AS (SELECT r.day AS day, " REPORTER " AS who, "
	    RECEIVED_STANDING " AS standing, min(r.id) AS came,"
	    " min(r.start) AS start, max(r.finish) AS finish"
	    " FROM received r WHERE " IN_SPAN " AND " BELIEVED
	    " GROUP BY 1, 2, 3),"
	    " step AS (SELECT g.*, (SELECT r.day FROM received r"
	    " WHERE " REPORTER " = g.who AND r.day < g.day AND r.finish <="
	    " g.start AND " RECEIVED_STANDING " = g.standing AND " BELIEVED
	    " ORDER BY r.day DESC LIMIT 1) AS before FROM good g),"
	    " days AS (SELECT day FROM step UNION SELECT before FROM step"
	    " UNION SELECT r.day FROM received r JOIN step s ON s.who = "
	    REPORTER " WHERE r.start < s.finish AND r.finish > s.before *"
	    " 86400)"
	    " SELECT o.who, o.type, o.mx, sum(o.n), max(e.n), o.standing,"
	    " s.day, s.came, " KNOWN " AS k FROM step s JOIN one o"
	    " ON o.who = s.who AND o.standing = s.standing"
	    " AND o.day <= s.before AND o.finish <= s.start"
	    " AND (o.day = s.before OR o.finish > s.before * 86400)"
	    " JOIN every e ON e.day = s.day"
	    " AND e.who = s.who AND e.standing = s.standing" KNOWN_JOIN
	    " WHERE NOT EXISTS (SELECT 1 FROM one n WHERE n.who = s.who"
	    " AND (n.day = s.day OR n.start < s.finish"
	    " AND n.finish > s.start) AND n.standing <= o.standing"
	    " AND (n.type IN ('', 'not-said') OR o.type IN ('', 'not-said')"
	    " OR n.type = o.type AND (n.mx IN ('', o.mx) OR o.mx = '')))"
	    " GROUP BY s.day, o.who, o.type, o.mx, o.standing"
	    " ORDER BY o.standing, k, 1, 2, 3, 7", OF_SPAN(span)), cb, arg);
}

int
heard_earlier(struct store *st, int64_t before, struct heard_earlier *e)
{
	/* Not told, or noted as what the first digest need not tell. */
	sqlite3_stmt *stmt = store_select(st, "SELECT count(*), count(DISTINCT "
	    REPORTER "), coalesce(min(r.day), 0), coalesce(max(r.day), 0)"
	    " FROM received r WHERE coalesce(r.told, 0) = 0 AND r.stored < ?1"
	    " AND EXISTS (SELECT 1 FROM received_policy p"
	    " WHERE p.received = r.id AND (p.fail > 0 OR EXISTS (SELECT 1"
	    " FROM received_detail d WHERE d.policy = p.id AND d.count > 0)"
	    ") AND " RECEIVED_POLICY_OURS ")", "i", before);

	if (stmt == NULL)
		return -1;
	return store_first(st, stmt, "iiii", &e->reports, &e->reporters,
	    &e->first, &e->last);
}

int64_t
heard_newest(struct store *st)
{
	return store_count(st, "SELECT max(id) FROM received", "");
}

/* Marks what is not told until the rest is. */
#define UNTOLD "-1"

int
heard_untold(struct store *st, int64_t day, const char *reporter,
    enum received_standing standing)
{
	return store_run(st, "UPDATE received AS r SET told = " UNTOLD
	    " WHERE r.told IS NULL AND r.day = ?1 AND " REPORTER " = ?2 AND "
	    RECEIVED_STANDING " = ?3", "iti", day, reporter,
	    (int64_t)standing);
}

int
heard_told(struct store *st, int64_t digest_day, int64_t row, int64_t since)
{
	/* Later than this day: by a clock that was put back. */
	if (store_run(st, "UPDATE received SET told = iif(stored < ?3, 0, ?1)"
	    " WHERE (told IS NULL OR told > ?1) AND id <= ?2", "iii",
	    digest_day, row, since) == -1)
		return -1;
	return store_run(st, "UPDATE received SET told = NULL"
	    " WHERE told = " UNTOLD, "");
}

int
heard_days(struct store *st, int64_t first, int64_t last,
    void (*cb)(const struct heard_day *, void *), void *arg)
{
	struct heard_day row;
	sqlite3_stmt *stmt;
	int rc;

	stmt = store_select(st, "SELECT day, COUNT(DISTINCT id), SUM(n),"
	    " SUM(f) FROM (SELECT r.day AS day, r.id AS id, "
	    RECEIVED_ONCE("p.ok + p.fail") " AS n, " RECEIVED_ONCE("p.fail")
	    " AS f FROM received r JOIN received_policy p"
	    " ON p.received = r.id WHERE r.day BETWEEN ?1 AND ?2 AND "
	    RECEIVED_POLICY_OURS " AND " RECEIVED_STANDING " < 2"
	    " GROUP BY r.id, p.domain) GROUP BY day", "ii", first, last);
	if (stmt == NULL)
		return -1;
	while ((rc = store_row(st, stmt, "iiii", &row.day, &row.reports,
	    &row.sessions, &row.failed)) == 1)
		cb(&row, arg);
	return rc;
}

int
heard_modes(struct store *st, int64_t first, int64_t last, const char *mode,
    void (*cb)(const char *, const char *, void *), void *arg)
{
	const char *domain, *reporter;
	sqlite3_stmt *stmt;
	int rc;

	stmt = store_select(st, "SELECT p.domain, MAX(" REPORTER ")"
	    " FROM received r JOIN received_policy p ON p.received = r.id"
	    " WHERE r.day BETWEEN ?1 AND ?2 AND p.type = 'sts'"
	    " AND p.mode = ?3 AND ours(p.domain, 0) AND " RECEIVED_STANDING
	    " < 2"
	    " GROUP BY p.domain ORDER BY p.domain", "iit", first, last, mode);
	if (stmt == NULL)
		return -1;
	while ((rc = store_row(st, stmt, "tt", &domain, &reporter)) == 1)
		cb(domain, reporter, arg);
	return rc;
}

int64_t
heard_silent(struct store *st, int64_t first, int64_t last, int64_t since,
    int64_t *all)
{
	/* Both by sender's domain: a session with two of them counts twice. */
	if ((*all = store_count(st, "SELECT SUM(" SESSIONS ") FROM"
	    " correspondent WHERE day BETWEEN ? AND ? AND dir = 0", "ii",
	    first, last)) == -1)
		return -1;
	return store_count(st, "SELECT SUM(" SESSIONS ") FROM"
	    " correspondent WHERE day BETWEEN ? AND ?"
	    " AND dir = 0 AND domain NOT IN (SELECT submitter FROM received"
	    " WHERE day >= ? AND submitter IS NOT NULL)", "iii", first, last,
	    since);
}
