/* SPDX-License-Identifier: ISC */

/*
 * What the views read of policies and routes: sts, sts_history, mx, route.
 */

#include "heard.h"
#include "log.h"

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
