/* SPDX-License-Identifier: ISC */

/*
 * Times in which a domain announced an MTA-STS policy that could not be had
 * (table sts_error), and the sessions that went without it then.
 */

#include <string.h>

#include "store/store_route.h"
#include "store/store_sts.h"
#include "store/store_trace.h"

int
store_sts_fetching(struct store *st, const char *domain, int64_t now)
{
	/* One that failed before goes on until this one is over. */
	return store_run(st, "INSERT INTO sts_error (domain, since, until,"
	    " type, error) SELECT ?1, ?2, 0, '', '' WHERE NOT EXISTS"
	    " (SELECT 1 FROM sts_error WHERE domain = ?1 AND until = 0)"
	    " ON CONFLICT (domain, since) DO UPDATE SET until = 0", "ti",
	    domain, now);
}

int
store_sts_without(struct store *st, const char *domain, int64_t now,
    const char *type, const char *error)
{
	int64_t same;

	if (store_sts_fetching(st, domain, now) == -1 ||
	    store_run(st, "UPDATE sts_error SET type = ?2, error = ?3"
	    " WHERE domain = ?1 AND until = 0 AND type = ''", "ttt", domain,
	    type, error) == -1)
		return -1;
	/* The same as before goes on; another one begins. */
	same = store_count(st, "SELECT 1 FROM sts_error WHERE domain = ?1"
	    " AND until = 0 AND type = ?2 AND error = ?3", "ttt", domain, type,
	    error);
	if (same != 0)
		return same == 1 ? 0 : -1;
	if (store_sts_with(st, domain, now) == -1)
		return -1;
	return store_run(st, "INSERT INTO sts_error (domain, since, until,"
	    " type, error) VALUES (?1, ?2, 0, ?3, ?4) ON CONFLICT"
	    " (domain, since) DO UPDATE SET until = 0, type = excluded.type,"
	    " error = excluded.error", "titt", domain, now, type, error);
}

int
store_sts_with(struct store *st, const char *domain, int64_t now)
{
	if (store_run(st, "DELETE FROM sts_error WHERE domain = ?1"
	    " AND until = 0 AND type = ''", "t", domain) == -1)
		return -1;
	return store_run(st, "UPDATE sts_error SET until = ?2"
	    " WHERE domain = ?1 AND until = 0", "ti", domain, now);
}

int
store_sts_error_at(struct store *st, const char *domain, int64_t when,
    struct store_sts_error *e)
{
	sqlite3_stmt *stmt;
	int64_t times;
	int rc;

	memset(e, 0, sizeof(*e));
	e->since = when;
	e->until = when + 1;
	if ((times = store_count(st, "SELECT count(*) FROM sts_error"
	    " WHERE domain = ?1", "t", domain)) == -1)
		return -1;
	if (times == 0) {
		/* So it is with most domains. */
		e->since = INT64_MIN;
		e->until = INT64_MAX;
		return 0;
	}
	if ((stmt = store_select(st, "SELECT since, until, type, error"
	    " FROM sts_error WHERE domain = ?1 AND since <= ?2"
	    " AND (until = 0 OR until > ?2) ORDER BY since DESC LIMIT 1", "ti",
	    domain, when)) == NULL)
		return -1;
	if ((rc = store_first(st, stmt, "iiss", &e->since, &e->until, e->type,
	    sizeof(e->type), e->text, sizeof(e->text))) == 1) {
		e->without = 1;
		if (e->until == 0)
			e->until = INT64_MAX;
	}
	return rc == -1 ? -1 : 0;
}

int
store_fetching(struct store *st, int64_t max,
    int (*cb)(const char *, void *), void *arg)
{
	sqlite3_stmt *stmt;

	if ((stmt = store_select(st, "SELECT DISTINCT domain FROM detail"
	    " WHERE pending = 2 LIMIT ?1", "i", max)) == NULL)
		return -1;
	return store_names(st, stmt, cb, arg);
}

int
store_fetching_failed(struct store *st, const char *domain, const char *type,
    const char *error)
{
	if (store_run(st, "INSERT INTO detail (day, domain, policy, type,"
	    " sip, rip, mx, helo, reason, info, pending, count) SELECT day,"
	    " domain, policy, ?2, '', '', '', '', ?3, '', 0, sum(count)"
	    " FROM detail WHERE pending = 2 AND domain = ?1"
	    " GROUP BY day, policy ON CONFLICT DO UPDATE"
	    " SET count = count + excluded.count", "ttt", domain, type,
	    error) == -1 || store_trace_failed(st, domain, type, error) == -1)
		return -1;
	return store_run(st, "DELETE FROM detail WHERE pending = 2"
	    " AND domain = ?1", "t", domain);
}

int
store_fetching_good(struct store *st, const char *domain)
{
	if (store_run(st, "UPDATE tally SET (ok, fail) = (SELECT ok + n,"
	    " fail - n FROM (SELECT sum(count) AS n FROM detail d"
	    " WHERE d.day = tally.day AND d.domain = ?1"
	    " AND d.policy = tally.policy AND d.pending = 2))"
	    " WHERE domain = ?1 AND (day, policy) IN (SELECT day, policy"
	    " FROM detail WHERE domain = ?1 AND pending = 2)", "t", domain) ==
	    -1 || store_trace_fetched(st, domain) == -1)
		return -1;
	return store_run(st, "DELETE FROM detail WHERE pending = 2"
	    " AND domain = ?1", "t", domain);
}
