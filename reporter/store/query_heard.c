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

int
heard_failures(struct store *st, int64_t first, int64_t last,
    void (*cb)(const struct heard_failure *, void *), void *arg)
{
	struct heard_failure row;
	sqlite3_stmt *stmt;
	int rc;

	stmt = store_prepare(st, "WITH all_of AS (SELECT who, standing,"
	    " sum(n) AS n FROM (SELECT " REPORTER " AS who, "
	    RECEIVED_STANDING " AS standing, "
	    RECEIVED_ONCE("p.ok + p.fail") " AS n FROM received r"
	    " JOIN received_policy p ON p.received = r.id WHERE r.day"
	    " BETWEEN ?1 AND ?2 AND " RECEIVED_OURS("p.domain")
	    " GROUP BY r.id, p.domain) GROUP BY who, standing),"
	    " one AS (SELECT " REPORTER " AS who, d.type AS type, d.mx AS mx, "
	    RECEIVED_STANDING " AS standing, " RECEIVED_ONCE("d.count")
	    " AS n FROM received r JOIN received_policy p"
	    " ON p.received = r.id JOIN received_detail d ON d.policy = p.id"
	    " WHERE r.day BETWEEN ?1 AND ?2 AND " RECEIVED_OURS("p.domain")
	    " GROUP BY r.id, p.domain, d.type, d.mx)"
	    " SELECT who, type, mx, sum(n) AS c, (SELECT n FROM all_of"
	    " WHERE all_of.who = one.who"
	    " AND all_of.standing = one.standing), standing FROM one"
	    " GROUP BY who, type, mx, standing ORDER BY c DESC, who, 2, 3");
	if (stmt == NULL || store_bind(stmt, "ii", first, last) == -1)
		return -1;
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		row.reporter = store_text(stmt, 0);
		row.type = store_text(stmt, 1);
		row.mx = store_text(stmt, 2);
		row.count = sqlite3_column_int64(stmt, 3);
		row.base = sqlite3_column_int64(stmt, 4);
		row.standing = sqlite3_column_int(stmt, 5);
		cb(&row, arg);
	}
	return store_done(st, stmt, rc);
}

int
heard_days(struct store *st, int64_t first, int64_t last,
    void (*cb)(const struct heard_day *, void *), void *arg)
{
	struct heard_day row;
	sqlite3_stmt *stmt;
	int rc;

	stmt = store_prepare(st, "SELECT day, COUNT(DISTINCT id), SUM(n),"
	    " SUM(f) FROM (SELECT r.day AS day, r.id AS id, "
	    RECEIVED_ONCE("p.ok + p.fail") " AS n, " RECEIVED_ONCE("p.fail")
	    " AS f FROM received r JOIN received_policy p"
	    " ON p.received = r.id WHERE r.day BETWEEN ?1 AND ?2 AND "
	    RECEIVED_OURS("p.domain") " AND " RECEIVED_STANDING " < 2"
	    " GROUP BY r.id, p.domain) GROUP BY day");
	if (stmt == NULL || store_bind(stmt, "ii", first, last) == -1)
		return -1;
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		row.day = sqlite3_column_int64(stmt, 0);
		row.reports = sqlite3_column_int64(stmt, 1);
		row.sessions = sqlite3_column_int64(stmt, 2);
		row.failed = sqlite3_column_int64(stmt, 3);
		cb(&row, arg);
	}
	return store_done(st, stmt, rc);
}

int
heard_modes(struct store *st, int64_t first, int64_t last, const char *mode,
    void (*cb)(const char *, const char *, void *), void *arg)
{
	sqlite3_stmt *stmt;
	int rc;

	stmt = store_prepare(st, "SELECT p.domain, MAX(" REPORTER ")"
	    " FROM received r JOIN received_policy p ON p.received = r.id"
	    " WHERE r.day BETWEEN ?1 AND ?2 AND p.type = 'sts'"
	    " AND p.mode = ?3 AND ours(p.domain) AND " RECEIVED_STANDING
	    " < 2"
	    " GROUP BY p.domain ORDER BY p.domain");
	if (stmt == NULL || store_bind(stmt, "iit", first, last, mode) == -1)
		return -1;
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
		cb(store_text(stmt, 0), store_text(stmt, 1), arg);
	return store_done(st, stmt, rc);
}

int64_t
heard_silent(struct store *st, int64_t first, int64_t last, int64_t since,
    int64_t *all)
{
	/* Both by sender's domain: a session with two of them counts twice. */
	*all = store_number(st, 0, "SELECT SUM(" SESSIONS ") FROM"
	    " correspondent WHERE day BETWEEN ? AND ? AND dir = 0", "ii",
	    first, last);
	return store_number(st, 0, "SELECT SUM(" SESSIONS ") FROM"
	    " correspondent WHERE day BETWEEN ? AND ?"
	    " AND dir = 0 AND domain NOT IN (SELECT submitter FROM received"
	    " WHERE day >= ? AND submitter IS NOT NULL)", "iii", first, last,
	    since);
}

int
heard_look(struct store *st, const char *host, int64_t since,
    struct heard_look *look)
{
	sqlite3_stmt *stmt;
	int rc, found = 0;

	stmt = store_prepare(st, "SELECT probed, type FROM probe"
	    " WHERE host = ? AND probed >= ? AND status = 'ok'"
	    " ORDER BY probed DESC, type DESC LIMIT 1");
	if (stmt == NULL || store_bind(stmt, "ti", host, since) == -1)
		return -1;
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		look->probed = sqlite3_column_int64(stmt, 0);
		(void)strlcpy(look->type, store_text(stmt, 1),
		    sizeof(look->type));
		found = 1;
	}
	return store_done(st, stmt, rc) == -1 ? -1 : found;
}

int
heard_probes(struct store *st, const char *domain,
    void (*cb)(const struct heard_probe *, void *), void *arg)
{
	struct heard_probe row;
	sqlite3_stmt *stmt;
	int rc;

	stmt = store_prepare(st, "SELECT p.host, p.addr, p.probed, p.status,"
	    " p.starttls, p.tls, p.type, p.text, p.notafter, p.offers"
	    " FROM mx m JOIN probe p ON p.host = m.host WHERE m.domain = ?"
	    " ORDER BY m.pref, p.host, p.addr");
	if (stmt == NULL || store_bind(stmt, "t", domain) == -1)
		return -1;
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		row.host = store_text(stmt, 0);
		row.addr = store_text(stmt, 1);
		row.probed = sqlite3_column_int64(stmt, 2);
		row.status = store_text(stmt, 3);
		row.starttls = store_text(stmt, 4);
		row.tls = store_text(stmt, 5);
		row.type = store_text(stmt, 6);
		row.text = store_text(stmt, 7);
		row.notafter = sqlite3_column_int64(stmt, 8);
		row.offers = store_text(stmt, 9);
		cb(&row, arg);
	}
	return store_done(st, stmt, rc);
}
