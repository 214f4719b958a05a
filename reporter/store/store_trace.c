/* SPDX-License-Identifier: ISC */

#include "store/store_trace.h"

/*
 * trace.state: detail.pending, or this much more than an unseen.  Those that
 * wait for a look are found by index where "state > 0" is written out.
 */
#define STATE_UNSEEN 10

int
store_trace_add(struct store *st, const struct trace_row *t)
{
	const struct detail_row *d = &t->row;

	return store_run(st, "INSERT OR IGNORE INTO trace (day, domain,"
	    " policy, time, session, remote, state, type, sip, rip, mx, helo,"
	    " reason, info) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,"
	    " ?11, ?12, ?13, ?14)", "iti" "ittit" "tttttt", d->day, d->domain,
	    d->policy, t->time, t->session, t->remote, t->unseen != 0 ?
	    STATE_UNSEEN + t->unseen : d->pending, d->type, d->sip, d->rip,
	    d->mx, d->helo, d->reason, d->info);
}

int64_t
store_trace_rows(struct store *st, int64_t day, const char *domain,
    int64_t policy)
{
	return store_count(st, "SELECT count(*) FROM trace WHERE day = ?1"
	    " AND domain = ?2 AND policy = ?3", "iti", day, domain, policy);
}

int
store_trace_settle(struct store *st, const char *addr, const char *host,
    const struct store_waits *w, const char *type, const char *reason)
{
	return store_run(st, "UPDATE trace SET state = 0, type = ?6,"
	    " reason = ?7 WHERE state > 0 AND state = 1 AND rip = ?1"
	    " AND mx = ?2 AND domain = ?3 AND policy = ?4 AND type = ?5",
	    "tttittt", addr, host, w->domain, w->policy, w->type, type,
	    reason);
}

int
store_trace_drop(struct store *st, const char *addr, const char *host,
    const struct store_waits *w)
{
	return store_run(st, "DELETE FROM trace WHERE state > 0 AND state = 1"
	    " AND rip = ?1 AND mx = ?2 AND domain = ?3 AND policy = ?4"
	    " AND type = ?5", "tttit", addr, host, w->domain, w->policy,
	    w->type);
}

int
store_trace_bad(struct store *st, const char *addr, const char *host,
    int64_t unseen, const char *type, const char *reason)
{
	return store_run(st, "UPDATE trace SET state = 0, type = ?4,"
	    " reason = ?5 WHERE state > 0 AND state = ?3 AND rip = ?1"
	    " AND mx = ?2", "ttitt", addr, host, STATE_UNSEEN + unseen, type,
	    reason);
}

int
store_trace_good(struct store *st, const char *addr, const char *host)
{
	return store_run(st, "DELETE FROM trace WHERE state > 0"
	    " AND state > ?3 AND rip = ?1 AND mx = ?2", "tti", addr, host,
	    (int64_t)STATE_UNSEEN);
}

int
store_trace_failed(struct store *st, const char *domain, const char *type,
    const char *error)
{
	return store_run(st, "UPDATE trace SET state = 0, type = ?2, sip = '',"
	    " rip = '', mx = '', helo = '', reason = ?3, info = ''"
	    " WHERE state = 2 AND domain = ?1", "ttt", domain, type, error);
}

int
store_trace_fetched(struct store *st, const char *domain)
{
	return store_run(st, "DELETE FROM trace WHERE state = 2"
	    " AND domain = ?1", "t", domain);
}

int
store_trace_of(struct store *st, const char *domain, int64_t day,
    int64_t policy, const struct store_detail *d,
    int (*cb)(int64_t, const char *, const char *, void *), void *arg)
{
	const char *session, *remote;
	sqlite3_stmt *stmt;
	int64_t at;
	int rc;

	/* Of a row that sums others: those of its type that have no other. */
	if ((stmt = store_select(st, "SELECT time, session, remote FROM"
	    " trace t WHERE day = ?1 AND domain = ?2 AND policy = ?3"
	    " AND type = ?4 AND state < 10 AND ((sip = ?5 AND rip = ?6 AND"
	    " mx = ?7 AND helo = ?8 AND reason = ?9 AND info = ?10) OR"
	    " (?5 || ?6 || ?7 || ?8 || ?9 || ?10 = '' AND NOT EXISTS (SELECT 1"
	    " FROM detail d WHERE d.day = ?1 AND d.domain = ?2"
	    " AND d.policy = ?3 AND d.type = ?4 AND d.sip = t.sip"
	    " AND d.rip = t.rip AND d.mx = t.mx AND d.helo = t.helo"
	    " AND d.reason = t.reason AND d.info = t.info)))"
	    " ORDER BY time, session", "itittttttt", day, domain, policy,
	    d->type, d->sip, d->rip, d->mx, d->helo, d->reason, d->info)) ==
	    NULL)
		return -1;
	while ((rc = store_row(st, stmt, "itt", &at, &session, &remote)) == 1)
		if (cb(at, session, remote, arg) == -1) {
			(void)sqlite3_reset(stmt);
			return -1;
		}
	return rc;
}
