/* SPDX-License-Identifier: ISC */

/*
 * What the views read of policies and routes: sts, sts_history, mx, route,
 * probe.
 */

#include <string.h>

#include "base/log.h"
#include "store/query_policy.h"

int
heard_sts(struct store *st, const char *domain,
    void (*cb)(const struct heard_sts *, void *), void *arg)
{
	struct heard_sts row;
	sqlite3_stmt *stmt;
	int n = 0, rc;

	stmt = store_select(st, "SELECT id, mode, max_age, fetched, expires,"
	    " body, checked, refresh, error, error_type FROM sts"
	    " WHERE domain = ?", "t", domain);
	if (stmt == NULL)
		return -1;
	while ((rc = store_row(st, stmt, "ttiiitiitt", &row.id, &row.mode,
	    &row.max_age, &row.fetched, &row.expires, &row.body, &row.checked,
	    &row.refresh, &row.error, &row.error_type)) == 1) {
		cb(&row, arg);
		n++;
	}
	return rc == -1 ? -1 : n;
}

int
heard_broken(struct store *st, const char *domain, int64_t max,
    void (*cb)(const struct heard_broken *, void *), void *arg)
{
	struct heard_broken row;
	sqlite3_stmt *stmt;
	int rc;

	stmt = store_select(st, "SELECT domain, status, since, last"
	    " FROM broken WHERE ?1 IS NULL OR domain = ?1"
	    " ORDER BY since DESC, domain LIMIT ?2", "ti", domain, max);
	if (stmt == NULL)
		return -1;
	while ((rc = store_row(st, stmt, "ttii", &row.domain, &row.status,
	    &row.since, &row.last)) == 1)
		cb(&row, arg);
	return rc;
}

int64_t
heard_broken_count(struct store *st)
{
	return store_count(st, "SELECT count(*) FROM broken", "");
}

int64_t
heard_stale(struct store *st, int64_t now, int64_t max,
    void (*cb)(const char *, const struct heard_sts *, void *), void *arg)
{
	struct heard_sts row = { 0 };
	sqlite3_stmt *stmt;
	const char *domain;
	int rc;

	stmt = store_select(st, "SELECT domain, expires, error, error_type"
	    " FROM sts WHERE expires > ?1 AND mode <> 'none' AND error <> ''"
	    " ORDER BY expires LIMIT ?2", "ii", now, max);
	if (stmt == NULL)
		return -1;
	while ((rc = store_row(st, stmt, "titt", &domain, &row.expires,
	    &row.error, &row.error_type)) == 1)
		cb(domain, &row, arg);
	if (rc == -1)
		return -1;
	return store_count(st, "SELECT count(*) FROM sts WHERE"
	    " expires > ?1 AND mode <> 'none' AND error <> ''", "i", now);
}

int
heard_stuck(struct store *st, int64_t now, int64_t max,
    void (*cb)(const char *, int64_t, void *), void *arg)
{
	sqlite3_stmt *stmt;
	const char *domain;
	int64_t ended;
	int rc;

	/* What was on its way when it ended is given a minute. */
	stmt = store_select(st, "SELECT a.domain, h.ended FROM (SELECT domain,"
	    " max(at) / 1000 AS last FROM attempt GROUP BY domain) a JOIN"
	    " (SELECT domain, max(until) AS ended, min(until) AS one FROM"
	    " sts_history WHERE mode = 'enforce' GROUP BY domain) h"
	    " USING (domain) WHERE h.one > 0 AND a.last > h.ended + 60 AND"
	    " a.last > ?1 - 86400 ORDER BY a.domain LIMIT ?2", "ii", now, max);
	if (stmt == NULL)
		return -1;
	while ((rc = store_row(st, stmt, "ti", &domain, &ended)) == 1)
		cb(domain, ended, arg);
	return rc;
}

int
heard_nowhere(struct store *st, int64_t now, int64_t max,
    void (*cb)(const char *, int64_t, void *), void *arg)
{
	sqlite3_stmt *stmt;
	const char *domain;
	int64_t since;
	int rc;

	/* A host that an enforced policy does not name is none. */
	stmt = store_select(st, "SELECT w.domain, w.since FROM waiting w"
	    " JOIN route r USING (domain) WHERE (SELECT min(m.noaddr) FROM mx m"
	    " WHERE m.domain = w.domain AND (m.matches <> 0 OR"
	    " r.kind <> 'enforce')) <> '' AND EXISTS (SELECT 1 FROM attempt a"
	    " WHERE a.domain = w.domain AND a.url <> '' AND"
	    " a.at > (?1 - 86400) * 1000) ORDER BY w.domain LIMIT ?2", "ii",
	    now, max);
	if (stmt == NULL)
		return -1;
	while ((rc = store_row(st, stmt, "ti", &domain, &since)) == 1)
		cb(domain, since, arg);
	return rc;
}

int
heard_hostless(struct store *st, int64_t now, int64_t max,
    void (*cb)(const struct heard_hostless *, void *), void *arg)
{
	struct heard_hostless row;
	sqlite3_stmt *stmt;
	int rc;

	/* What was sent to a host in the end is another mail's time. */
	stmt = store_select(st, "SELECT domain, count(*), min(at) / 1000,"
	    " max(at) / 1000 FROM attempt a WHERE url = '' AND at > coalesce("
	    "(SELECT max(b.at) FROM attempt b WHERE b.domain = a.domain AND"
	    " b.url <> ''), 0) GROUP BY domain HAVING max(at) >"
	    " (?1 - 86400) * 1000 ORDER BY min(at), domain LIMIT ?2", "ii",
	    now, max);
	if (stmt == NULL)
		return -1;
	while ((rc = store_row(st, stmt, "tiii", &row.domain, &row.tries,
	    &row.since, &row.last)) == 1)
		cb(&row, arg);
	return rc;
}

int
heard_mx(struct store *st, const char *domain,
    void (*cb)(const struct heard_mx *, void *), void *arg)
{
	struct heard_mx row;
	sqlite3_stmt *stmt;
	int rc;

	stmt = store_select(st, "SELECT host, pref, matches, failed, retry,"
	    " seen, noaddr FROM mx WHERE domain = ? ORDER BY pref, host", "t",
	    domain);
	if (stmt == NULL)
		return -1;
	while ((rc = store_row(st, stmt, "tiiiiit", &row.host, &row.pref,
	    &row.matches, &row.failed, &row.retry, &row.seen,
	    &row.noaddr)) == 1)
		cb(&row, arg);
	return rc;
}

int
heard_route(struct store *st, const char *domain,
    void (*cb)(const struct heard_route *, void *), void *arg)
{
	struct heard_route row;
	sqlite3_stmt *stmt;
	int n = 0, rc;

	stmt = store_select(st, "SELECT kind, until, urls, why, learned,"
	    " renew, used FROM route WHERE domain = ?", "t", domain);
	if (stmt == NULL)
		return -1;
	while ((rc = store_row(st, stmt, "tittiii", &row.kind, &row.until,
	    &row.urls, &row.why, &row.learned, &row.renew, &row.used)) == 1) {
		cb(&row, arg);
		n++;
	}
	return rc == -1 ? -1 : n;
}

int
heard_history(struct store *st, const char *domain, int64_t now,
    void (*cb)(const struct heard_history *, void *), void *arg)
{
	struct heard_history row;
	sqlite3_stmt *stmt;
	int rc;

	/* One that ran out is closed when the domain is looked at again. */
	stmt = store_select(st, "SELECT h.since, CASE WHEN h.until = 0 AND"
	    " s.expires BETWEEN 1 AND ?2 THEN s.expires ELSE h.until END,"
	    " h.mode FROM sts_history h LEFT JOIN sts s"
	    " ON s.domain = h.domain WHERE h.domain = ?1 AND"
	    " (h.until = 0 OR h.until > h.since) ORDER BY h.since DESC", "ti",
	    domain, now);
	if (stmt == NULL)
		return -1;
	while ((rc = store_row(st, stmt, "iit", &row.since, &row.until,
	    &row.mode)) == 1)
		cb(&row, arg);
	return rc;
}

int
heard_look(struct store *st, const char *host, int64_t since,
    struct heard_look *look)
{
	sqlite3_stmt *stmt;

	stmt = store_select(st, "SELECT probed, type FROM probe"
	    " WHERE host = ? AND probed >= ? AND status = 'ok'"
	    " ORDER BY probed DESC, type DESC LIMIT 1", "ti", host, since);
	if (stmt == NULL)
		return -1;
	return store_first(st, stmt, "is", &look->probed, look->type,
	    sizeof(look->type));
}

int
heard_probes(struct store *st, const char *domain,
    void (*cb)(const struct heard_probe *, void *), void *arg)
{
	struct heard_probe row;
	sqlite3_stmt *stmt;
	int rc;

	stmt = store_select(st, "SELECT p.host, p.addr, p.probed, p.status,"
	    " p.starttls, p.tls, p.type, p.text, p.notafter, p.offers"
	    " FROM mx m JOIN probe p ON p.host = m.host WHERE m.domain = ?"
	    " ORDER BY m.pref, p.host, p.addr", "t", domain);
	if (stmt == NULL)
		return -1;
	while ((rc = store_row(st, stmt, "ttitttttit", &row.host, &row.addr,
	    &row.probed, &row.status, &row.starttls, &row.tls, &row.type,
	    &row.text, &row.notafter, &row.offers)) == 1)
		cb(&row, arg);
	return rc;
}
