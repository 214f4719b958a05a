/* SPDX-License-Identifier: ISC */

#include <stdlib.h>
#include <string.h>

#include "lib/date.h"
#include "base/log.h"
#include "store/store_route.h"

int
store_mx_set(struct store *st, const char *domain, const struct store_mx *mx,
    size_t n, int64_t now)
{
	size_t i;

	/* What was known of a host's failures stays with it. */
	for (i = 0; i < n; i++)
		if (store_run(st, "INSERT INTO mx (domain, host, pref,"
		    " matches, failed, retry, noaddr, seen) VALUES (?1, ?2,"
		    " ?3, ?4, (SELECT coalesce(max(failed), 0) FROM mx WHERE"
		    " host = ?2), (SELECT coalesce(max(retry), 0) FROM mx"
		    " WHERE host = ?2), (SELECT coalesce(max(noaddr), '')"
		    " FROM mx WHERE host = ?2), ?5) ON CONFLICT (domain, host)"
		    " DO UPDATE SET pref = excluded.pref,"
		    " matches = excluded.matches, seen = excluded.seen",
		    "ttiii", domain, mx[i].host, mx[i].pref,
		    (int64_t)mx[i].matches, now) == -1)
			return -1;
	return store_run(st, "DELETE FROM mx WHERE domain = ?1 AND seen < ?2",
	    "ti", domain, now);
}

static int
read_mx(struct store *st, sqlite3_stmt *stmt, struct store_mx *mx, size_t *n)
{
	size_t max = *n;
	int rc = 0;

	*n = 0;
	while (*n < max && (rc = store_row(st, stmt, "sinn", mx->host,
	    sizeof(mx->host), &mx->pref, &mx->matches, &mx->back)) == 1) {
		mx++;
		(*n)++;
	}
	(void)sqlite3_reset(stmt);
	return rc == -1 ? -1 : 0;
}

int
store_mx_best(struct store *st, const char *domain, int any, int64_t now,
    struct store_mx *mx, size_t *n)
{
	sqlite3_stmt *stmt;

	if ((stmt = store_select(st, "SELECT host, pref, matches,"
	    " iif(noaddr <> '', 2, retry > ?2) AS back FROM mx"
	    " WHERE domain = ?1 AND (?3 OR matches <> 0)"
	    " ORDER BY back, pref, host", "tii", domain, now, (int64_t)any)) ==
	    NULL)
		return -1;
	return read_mx(st, stmt, mx, n);
}

int
store_mx_all(struct store *st, const char *domain, struct store_mx *mx,
    size_t *n)
{
	sqlite3_stmt *stmt;

	if ((stmt = store_select(st, "SELECT host, pref, matches, 0"
	    " FROM mx WHERE domain = ?1 ORDER BY pref, host", "t", domain)) ==
	    NULL)
		return -1;
	return read_mx(st, stmt, mx, n);
}

int
store_mx_match(struct store *st, const char *domain, const char *host,
    int matches)
{
	return store_run(st, "UPDATE mx SET matches = ?3 WHERE domain = ?1"
	    " AND host = ?2 AND matches <> ?3", "tti", domain, host,
	    (int64_t)matches);
}

int
store_mx_failed(struct store *st, const char *host, int64_t retry)
{
	return store_run(st, "UPDATE mx SET failed = failed + 1, retry = ?2"
	    " WHERE host = ?1", "ti", host, retry);
}

int
store_mx_works(struct store *st, const char *host)
{
	return store_run(st, "UPDATE mx SET failed = 0, retry = 0"
	    " WHERE host = ?1 AND failed <> 0", "t", host);
}

int
store_mx_noaddr(struct store *st, const char *host, const char *said)
{
	return store_update(st, "UPDATE mx SET noaddr = ?2 WHERE host = ?1"
	    " AND noaddr <> ?2", "tt", host, said);
}

int64_t
store_mx_failures(struct store *st, const char *host)
{
	return store_count(st, "SELECT max(failed) FROM mx"
	    " WHERE host = ?1", "t", host);
}

int
store_mx_is_back(struct store *st, const char *host, int64_t now)
{
	return (int)store_count(st, "SELECT 1 FROM mx WHERE host = ?1"
	    " AND retry > ?2 LIMIT 1", "ti", host, now);
}

int
store_mx_domains(struct store *st, const char *host,
    int (*cb)(const char *, void *), void *arg)
{
	sqlite3_stmt *stmt;

	if ((stmt = store_select(st, "SELECT domain FROM mx" " WHERE host = ?1",
	    "t", host)) == NULL)
		return -1;
	return store_names(st, stmt, cb, arg);
}

int
store_mxaddr_set(struct store *st, const char *addr, const char *domain,
    const char *host, int64_t now)
{
	return store_run(st, "INSERT INTO mxaddr (addr, domain, host, routed,"
	    " seen) VALUES (?1, ?2, ?3, 0, ?4) ON CONFLICT"
	    " (addr, domain, host) DO UPDATE SET seen = excluded.seen",
	    "ttti", addr, domain, host, now);
}

int
store_mxaddr_trim(struct store *st, const char *domain, int64_t since)
{
	return store_run(st, "DELETE FROM mxaddr WHERE domain = ?1"
	    " AND seen < ?2", "ti", domain, since);
}

int
store_mxaddr_routed(struct store *st, const char *domain, const char *host,
    int64_t now)
{
	return store_run(st, "UPDATE mxaddr SET routed = ?3"
	    " WHERE domain = ?1 AND host = ?2", "tti", domain, host, now);
}

int
store_mxaddr_of(struct store *st, const char *domain, const char *host,
    char addrs[][64], size_t *n)
{
	sqlite3_stmt *stmt;
	size_t max = *n;
	int rc = 0;

	*n = 0;
	if ((stmt = store_select(st, "SELECT addr FROM mxaddr"
	    " WHERE domain = ?1 AND host = ?2 ORDER BY addr", "tt", domain,
	    host)) == NULL)
		return -1;
	while (*n < max && (rc = store_row(st, stmt, "s", addrs[*n],
	    sizeof(addrs[*n]))) == 1)
		(*n)++;
	(void)sqlite3_reset(stmt);
	return rc == -1 ? -1 : 0;
}

int
store_mxaddr_host(struct store *st, const char *addr, const char *domain,
    char host[], size_t hostsz)
{
	sqlite3_stmt *stmt;

	host[0] = '\0';
	if ((stmt = store_select(st, "SELECT host FROM mxaddr WHERE"
	    " addr = ?1 AND domain = ?2 ORDER BY routed DESC, seen DESC"
	    " LIMIT 1", "tt", addr, domain)) == NULL)
		return -1;
	return store_first(st, stmt, "s", host, hostsz) == -1 ? -1 : 0;
}

int
store_mxaddr_alone(struct store *st, const char *domain, const char *addr)
{
	return (int)store_count(st, "SELECT count(*) = 1 FROM mxaddr WHERE"
	    " domain = ?1 AND host IN (SELECT host FROM mxaddr WHERE"
	    " domain = ?1 AND addr = ?2)", "tt", domain, addr);
}

int
store_mxaddr_domains(struct store *st, const char *addr,
    int (*cb)(const char *, int, int64_t, void *), void *arg)
{
	sqlite3_stmt *stmt;
	const char *domain;
	int64_t waits;
	int rc, routed;

	if ((stmt = store_select(st, "SELECT m.domain, max(m.routed) > 0,"
	    " coalesce(w.last, 0) FROM mxaddr m LEFT JOIN waiting w"
	    " ON w.domain = m.domain WHERE m.addr = ?1 GROUP BY m.domain", "t",
	    addr)) == NULL)
		return -1;
	while ((rc = store_row(st, stmt, "tni", &domain, &routed,
	    &waits)) == 1)
		if (cb(domain, routed, waits, arg) == -1) {
			(void)sqlite3_reset(stmt);
			return -1;
		}
	return rc;
}

int
store_route_load(struct store *st, const char *domain, struct store_route *r)
{
	sqlite3_stmt *stmt;

	memset(r, 0, sizeof(*r));
	if ((stmt = store_select(st, "SELECT kind, until, urls, learned,"
	    " renew, used FROM route WHERE domain = ?1", "t", domain)) == NULL)
		return -1;
	return store_first(st, stmt, "sisiii", r->kind, sizeof(r->kind),
	    &r->until, r->urls, sizeof(r->urls), &r->learned, &r->renew,
	    &r->used) == -1 ? -1 : 0;
}

int
store_route_set(struct store *st, const char *domain,
    const struct store_route *r, const char *why)
{
	return store_run(st, "INSERT INTO route (domain, kind, until, urls,"
	    " why, learned, renew, used) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7,"
	    " ?8) ON CONFLICT (domain) DO UPDATE SET kind = excluded.kind,"
	    " until = excluded.until, urls = excluded.urls,"
	    " why = excluded.why, learned = excluded.learned,"
	    " renew = excluded.renew, used = max(used, excluded.used)",
	    "tti" "tti" "ii", domain, r->kind, r->until, r->urls, why,
	    r->learned, r->renew, r->used);
}

int
store_route_used(struct store *st, const char *domain, int64_t now)
{
	return store_run(st, "UPDATE route SET used = ?2 WHERE domain = ?1",
	    "ti", domain, now);
}

int
store_route_renew(struct store *st, const char *domain, int64_t renew)
{
	return store_run(st, "UPDATE route SET renew = ?2 WHERE domain = ?1",
	    "ti", domain, renew);
}

int
store_route_urls(struct store *st, const char *domain, const char *urls)
{
	return store_run(st, "UPDATE route SET urls = ?2 WHERE domain = ?1",
	    "tt", domain, urls);
}

int
store_route_due(struct store *st, int64_t now, int64_t max,
    int (*cb)(const char *, void *), void *arg)
{
	sqlite3_stmt *stmt;

	if ((stmt = store_select(st, "SELECT domain FROM route WHERE"
	    " renew <= ?1 ORDER BY renew LIMIT ?2", "ii", now, max)) == NULL)
		return -1;
	return store_names(st, stmt, cb, arg);
}

int
store_route_all_due(struct store *st, int64_t now, int64_t since)
{
	return store_run(st, "UPDATE route SET renew = ?1 WHERE renew > ?1"
	    " AND used >= ?2", "ii", now, since);
}

int64_t
store_route_last_used(struct store *st, const char *domain, int64_t now)
{
	int64_t used, sent, waits;

	used = store_count(st, "SELECT used FROM route WHERE domain = ?1",
	    "t", domain);
	sent = store_count(st, "SELECT max(last) FROM correspondent WHERE"
	    " day >= ?1 AND dir = 1 AND domain = ?2", "it", day_of(now) - 1,
	    domain);
	waits = store_count(st, "SELECT last FROM waiting WHERE"
	    " domain = ?1", "t", domain);
	if (used == -1 || sent == -1 || waits == -1)
		return -1;
	if (sent > used)
		used = sent;
	return waits > used ? waits : used;
}

int64_t
store_route_page(struct store *st, const char *after, int64_t now,
    int64_t max, int (*cb)(const char *, const char *, int64_t, const char *,
    void *), void *arg)
{
	const char *domain, *kind, *urls;
	sqlite3_stmt *stmt;
	int64_t n = 0, until;
	int rc;

	if ((stmt = store_select(st, "SELECT domain, kind, until, urls FROM"
	    " route WHERE domain > ?1 AND until > ?2 ORDER BY domain"
	    " LIMIT ?3", "tii", after, now, max)) == NULL)
		return -1;
	for (; (rc = store_row(st, stmt, "ttit", &domain, &kind, &until,
	    &urls)) == 1; n++)
		if (cb(domain, kind, until, urls, arg) == -1) {
			(void)sqlite3_reset(stmt);
			return -1;
		}
	return rc == -1 ? -1 : n;
}

int
store_route_trim(struct store *st, int64_t before)
{
	static const char *const steps[] = {
		"DELETE FROM mx WHERE domain IN (SELECT domain FROM route"
		" WHERE until < ?1 LIMIT 1000)",
		"DELETE FROM mxaddr WHERE domain IN (SELECT domain FROM route"
		" WHERE until < ?1 LIMIT 1000)",
		"DELETE FROM route WHERE domain IN (SELECT domain FROM route"
		" WHERE until < ?1 LIMIT 1000)",
		"DELETE FROM sts WHERE domain IN (SELECT domain FROM sts"
		" WHERE expires = 0 AND checked < ?1 LIMIT 1000)",
		"DELETE FROM sts_history WHERE until > 0 AND until < ?1",
		"DELETE FROM probe WHERE probed < ?1",
		/* Nobody tried for a day. */
		"DELETE FROM broken WHERE last < ?1 + 29 * 86400"
	};
	size_t i;

	if (store_begin(st) == -1)
		return -1;
	for (i = 0; i < nitems(steps); i++)
		if (store_run(st, steps[i], "i", before) == -1) {
			store_rollback(st);
			return -1;
		}
	return store_commit(st);
}
