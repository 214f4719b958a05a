/* SPDX-License-Identifier: ISC */

/*
 * What the views read of policies and routes: sts, sts_history, mx, route.
 */

#include "store/query_policy.h"
#include "base/log.h"

int
heard_sts(struct store *st, const char *domain,
    void (*cb)(const struct heard_sts *, void *), void *arg)
{
	struct heard_sts row;
	sqlite3_stmt *stmt;
	int n = 0, rc;

	stmt = store_prepare(st, "SELECT id, mode, max_age, fetched, expires,"
	    " body, checked, refresh, error, error_type FROM sts"
	    " WHERE domain = ?");
	if (stmt == NULL || store_bind(stmt, "t", domain) == -1)
		return -1;
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		row.id = store_text(stmt, 0);
		row.mode = store_text(stmt, 1);
		row.max_age = sqlite3_column_int64(stmt, 2);
		row.fetched = sqlite3_column_int64(stmt, 3);
		row.expires = sqlite3_column_int64(stmt, 4);
		row.body = store_text(stmt, 5);
		row.checked = sqlite3_column_int64(stmt, 6);
		row.refresh = sqlite3_column_int64(stmt, 7);
		row.error = store_text(stmt, 8);
		row.error_type = store_text(stmt, 9);
		cb(&row, arg);
		n++;
	}
	return store_done(st, stmt, rc) == -1 ? -1 : n;
}

int64_t
heard_stale(struct store *st, int64_t now, int64_t max,
    void (*cb)(const char *, const struct heard_sts *, void *), void *arg)
{
	struct heard_sts row = { 0 };
	sqlite3_stmt *stmt;
	int rc;

	stmt = store_prepare(st, "SELECT domain, expires, error, error_type"
	    " FROM sts WHERE expires > ?1 AND mode <> 'none' AND error <> ''"
	    " ORDER BY expires LIMIT ?2");
	if (stmt == NULL || store_bind(stmt, "ii", now, max) == -1)
		return -1;
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		row.expires = sqlite3_column_int64(stmt, 1);
		row.error = store_text(stmt, 2);
		row.error_type = store_text(stmt, 3);
		cb(store_text(stmt, 0), &row, arg);
	}
	if (store_done(st, stmt, rc) == -1)
		return -1;
	return store_number(st, 0, "SELECT count(*) FROM sts WHERE"
	    " expires > ?1 AND mode <> 'none' AND error <> ''", "i", now);
}

int
heard_mx(struct store *st, const char *domain,
    void (*cb)(const struct heard_mx *, void *), void *arg)
{
	struct heard_mx row;
	sqlite3_stmt *stmt;
	int rc;

	stmt = store_prepare(st, "SELECT host, pref, matches, failed, retry,"
	    " seen FROM mx WHERE domain = ? ORDER BY pref, host");
	if (stmt == NULL || store_bind(stmt, "t", domain) == -1)
		return -1;
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		row.host = store_text(stmt, 0);
		row.pref = sqlite3_column_int64(stmt, 1);
		row.matches = sqlite3_column_int64(stmt, 2);
		row.failed = sqlite3_column_int64(stmt, 3);
		row.retry = sqlite3_column_int64(stmt, 4);
		row.seen = sqlite3_column_int64(stmt, 5);
		cb(&row, arg);
	}
	return store_done(st, stmt, rc);
}

int
heard_route(struct store *st, const char *domain,
    void (*cb)(const struct heard_route *, void *), void *arg)
{
	struct heard_route row;
	sqlite3_stmt *stmt;
	int n = 0, rc;

	stmt = store_prepare(st, "SELECT kind, until, urls, why, learned,"
	    " renew, used FROM route WHERE domain = ?");
	if (stmt == NULL || store_bind(stmt, "t", domain) == -1)
		return -1;
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		row.kind = store_text(stmt, 0);
		row.until = sqlite3_column_int64(stmt, 1);
		row.urls = store_text(stmt, 2);
		row.why = store_text(stmt, 3);
		row.learned = sqlite3_column_int64(stmt, 4);
		row.renew = sqlite3_column_int64(stmt, 5);
		row.used = sqlite3_column_int64(stmt, 6);
		cb(&row, arg);
		n++;
	}
	return store_done(st, stmt, rc) == -1 ? -1 : n;
}

int
heard_history(struct store *st, const char *domain,
    void (*cb)(const struct heard_history *, void *), void *arg)
{
	struct heard_history row;
	sqlite3_stmt *stmt;
	int rc;

	stmt = store_prepare(st, "SELECT since, until, mode FROM sts_history"
	    " WHERE domain = ? ORDER BY since DESC");
	if (stmt == NULL || store_bind(stmt, "t", domain) == -1)
		return -1;
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		row.since = sqlite3_column_int64(stmt, 0);
		row.until = sqlite3_column_int64(stmt, 1);
		row.mode = store_text(stmt, 2);
		cb(&row, arg);
	}
	return store_done(st, stmt, rc);
}
