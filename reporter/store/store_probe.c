/* SPDX-License-Identifier: ISC */

#include <string.h>

#include "lib/cert_text.h"
#include "lib/date.h"
#include "store/store_route.h"
#include "store/store_trace.h"

int
store_probe_set(struct store *st, const char *host, const char *addr,
    const struct store_probe *p, const char *offers)
{
	return store_run(st, "INSERT INTO probe (host, addr, probed, status,"
	    " starttls, tls, type, text, helo, notafter, offers) VALUES (?1,"
	    " ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT"
	    " (host, addr) DO UPDATE SET probed = excluded.probed,"
	    " status = excluded.status, starttls = excluded.starttls,"
	    " tls = excluded.tls, type = excluded.type, text = excluded.text,"
	    " helo = excluded.helo, notafter = excluded.notafter,"
	    " offers = excluded.offers", "tti" "tttttt" "it", host, addr,
	    p->probed, p->status, p->starttls, p->tls, p->type, p->text,
	    p->helo, p->notafter, offers);
}

int
store_probe_load(struct store *st, const char *host, const char *addr,
    struct store_probe *p)
{
	sqlite3_stmt *stmt;

	memset(p, 0, sizeof(*p));
	if ((stmt = store_select(st, "SELECT probed, status, starttls, tls,"
	    " type, text, helo, notafter, coalesce(tls, '') <> '' FROM probe"
	    " WHERE addr = ?1 AND (?2 IS NULL OR host = ?2)"
	    " ORDER BY probed DESC LIMIT 1", "tt", addr, host)) == NULL)
		return -1;
	return store_first(st, stmt, "issssss" "in", &p->probed, p->status,
	    sizeof(p->status), p->starttls, sizeof(p->starttls), p->tls,
	    sizeof(p->tls), p->type, sizeof(p->type), p->text,
	    sizeof(p->text), p->helo, sizeof(p->helo), &p->notafter,
	    &p->handshake) == -1 ? -1 : 0;
}

int
store_probe_denies(enum unseen unseen, const struct store_probe *probe)
{
	/* TLS did come up: that it did not otherwise is no failure of this. */
	if (strncmp(probe->type, "certificate-", 12) != 0)
		return 0;
	return unseen == UNSEEN_CERT ||
	    strstr(probe->text, CERT_TEXT_NO_DNS_NAME) != NULL;
}

struct pair {
	int		(*cb)(const char *, const char *, void *);
	void		*arg;
};

static int
pair(const char *a, const char *b, int64_t n __unused, void *arg)
{
	struct pair *p = arg;

	return p->cb(a, b, p->arg);
}

/* The one behind that host: 1, 0 if there is none, or -1. */
static int
unseen_after(struct store *st, char addr[], size_t addrsz, char host[],
    size_t hostsz)
{
	sqlite3_stmt *stmt;

	/* It may have a row of each domain and day: these are not read. */
	if ((stmt = store_select(st, "SELECT * FROM (SELECT rip, mx"
	    " FROM unseen WHERE rip = ?1 AND mx > ?2 ORDER BY mx LIMIT 1)"
	    " UNION ALL SELECT * FROM (SELECT rip, mx FROM unseen"
	    " WHERE rip > ?1 ORDER BY rip, mx LIMIT 1) LIMIT 1", "tt", addr,
	    host)) == NULL)
		return -1;
	return store_first(st, stmt, "ss", addr, addrsz, host, hostsz);
}

/* Whether a failure waits for a look at that host: 0, 1 or -1. */
static int
is_pending(struct store *st, const char *addr, const char *host)
{
	return (int)store_count(st, "SELECT EXISTS (SELECT 1 FROM detail"
	    " WHERE pending = 1 AND rip = ?1 AND mx = ?2)", "tt", addr, host);
}

int
store_pending(struct store *st, int64_t max,
    int (*cb)(const char *, const char *, void *), void *arg)
{
	struct pair p = { cb, arg };
	char addr[64] = "", host[HELO_MAX + 1] = "";
	sqlite3_stmt *stmt;
	int rc;

	if ((stmt = store_select(st, "SELECT DISTINCT rip, mx, 0 FROM detail"
	    " WHERE pending = 1 LIMIT ?1", "i", max)) == NULL ||
	    store_pairs(st, stmt, pair, &p) == -1)
		return -1;
	while (max-- > 0) {
		if ((rc = unseen_after(st, addr, sizeof(addr), host,
		    sizeof(host))) != 1)
			return rc;
		/* It was told above, or is in its turn. */
		if ((rc = is_pending(st, addr, host)) == 1)
			continue;
		if (rc == -1 || cb(addr, host, arg) == -1)
			return -1;
	}
	return 0;
}

int
store_pending_of(struct store *st, const char *addr, const char *host,
    int (*cb)(const char *, const char *, int64_t, void *), void *arg)
{
	sqlite3_stmt *stmt;

	if ((stmt = store_select(st, "SELECT DISTINCT domain, type, policy"
	    " FROM detail WHERE pending = 1 AND rip = ?1 AND mx = ?2", "tt",
	    addr, host)) == NULL)
		return -1;
	return store_pairs(st, stmt, cb, arg);
}

/* Rows that are the same then become one. */
int
store_pending_settle(struct store *st, const char *addr, const char *host,
    const struct store_waits *w, const char *type, const char *reason)
{
	if (store_run(st, "INSERT INTO detail (day, domain, policy, type,"
	    " sip, rip, mx, helo, reason, info, pending, count)"
	    " SELECT day, domain, policy, ?6, sip, rip, mx, helo, ?7, info,"
	    " 0, sum(count) FROM detail WHERE pending = 1 AND rip = ?1"
	    " AND mx = ?2 AND domain = ?3 AND policy = ?4 AND type = ?5"
	    " GROUP BY day, domain, policy, sip, rip, mx, helo, info"
	    " ON CONFLICT DO UPDATE SET count = count + excluded.count",
	    "tttittt", addr, host, w->domain, w->policy, w->type, type,
	    reason) == -1 ||
	    store_trace_settle(st, addr, host, w, type, reason) == -1)
		return -1;
	return store_run(st, "DELETE FROM detail WHERE pending = 1"
	    " AND rip = ?1 AND mx = ?2 AND domain = ?3 AND policy = ?4"
	    " AND type = ?5", "tttit", addr, host, w->domain, w->policy,
	    w->type);
}

int
store_pending_drop(struct store *st, const char *addr, const char *host,
    const struct store_waits *w)
{
	if (store_run(st, "UPDATE tally SET fail = fail - (SELECT sum(count)"
	    " FROM detail d WHERE d.day = tally.day AND d.domain = ?3"
	    " AND d.policy = ?4 AND d.pending = 1 AND d.rip = ?1"
	    " AND d.mx = ?2 AND d.type = ?5) WHERE domain = ?3"
	    " AND policy = ?4 AND day IN (SELECT day FROM detail d WHERE"
	    " d.domain = ?3 AND d.policy = ?4 AND d.pending = 1"
	    " AND d.rip = ?1 AND d.mx = ?2 AND d.type = ?5)", "tttit", addr,
	    host, w->domain, w->policy, w->type) == -1)
		return -1;
	/* A day without a session has no report. */
	if (store_run(st, "DELETE FROM tally WHERE domain = ?3"
	    " AND policy = ?4 AND ok = 0 AND fail <= 0 AND day IN"
	    " (SELECT day FROM detail d WHERE d.domain = ?3"
	    " AND d.policy = ?4 AND d.pending = 1 AND d.rip = ?1"
	    " AND d.mx = ?2 AND d.type = ?5)", "tttit", addr, host, w->domain,
	    w->policy, w->type) == -1 ||
	    store_trace_drop(st, addr, host, w) == -1)
		return -1;
	return store_run(st, "DELETE FROM detail WHERE pending = 1"
	    " AND rip = ?1 AND mx = ?2 AND domain = ?3 AND policy = ?4"
	    " AND type = ?5", "tttit", addr, host, w->domain, w->policy,
	    w->type);
}

int
store_unseen_bad(struct store *st, const char *addr, const char *host,
    int64_t unseen, const char *type, const char *reason)
{
	if (store_run(st, "UPDATE tally SET ok = ok - u.n, fail = fail + u.n"
	    " FROM (SELECT day, domain, policy, sum(count) AS n FROM unseen"
	    " WHERE rip = ?1 AND mx = ?2 AND unseen = ?3"
	    " GROUP BY day, domain, policy) AS u WHERE tally.day = u.day"
	    " AND tally.domain = u.domain AND tally.policy = u.policy", "tti",
	    addr, host, unseen) == -1 ||
	    store_run(st, "INSERT INTO detail (day, domain, policy, type,"
	    " sip, rip, mx, helo, reason, info, pending, count)"
	    " SELECT day, domain, policy, ?4, sip, rip, mx, '', ?5, '', 0,"
	    " count FROM unseen WHERE rip = ?1 AND mx = ?2 AND unseen = ?3"
	    " ON CONFLICT DO UPDATE SET count = count + excluded.count",
	    "ttitt", addr, host, unseen, type, reason) == -1 ||
	    store_trace_bad(st, addr, host, unseen, type, reason) == -1)
		return -1;
	return store_run(st, "DELETE FROM unseen WHERE rip = ?1 AND mx = ?2"
	    " AND unseen = ?3", "tti", addr, host, unseen);
}

int
store_unseen_good(struct store *st, const char *addr, const char *host)
{
	if (store_trace_good(st, addr, host) == -1)
		return -1;
	return store_run(st, "DELETE FROM unseen WHERE rip = ?1 AND mx = ?2",
	    "tt", addr, host);
}

int
store_pending_day(struct store *st, const char *domain, int64_t day)
{
	return (int)store_count(st, "SELECT 1 FROM detail WHERE day = ?1"
	    " AND domain = ?2 AND pending <> 0 UNION ALL SELECT 1 FROM unseen"
	    " WHERE day = ?1 AND domain = ?2 LIMIT 1", "it", day, domain);
}

int
store_probe_other(struct store *st, const char *host, const char *addr,
    int64_t since)
{
	return (int)store_count(st, "SELECT 1 FROM probe WHERE host = ?1"
	    " AND addr <> ?2 AND probed >= ?3 AND status = 'ok'"
	    " AND type = '' LIMIT 1", "tti", host, addr, since);
}

int
store_mx_retry(struct store *st, int64_t now, int64_t max,
    int (*cb)(const char *, const char *, int64_t, void *), void *arg)
{
	sqlite3_stmt *stmt;

	if ((stmt = store_select(st, "SELECT host, domain, max(failed)"
	    " FROM mx WHERE failed > 0 AND retry <= ?1 GROUP BY host"
	    " ORDER BY retry LIMIT ?2", "ii", now, max)) == NULL)
		return -1;
	return store_pairs(st, stmt, cb, arg);
}

int
store_waiting_routed(struct store *st, int64_t before, int64_t since,
    int64_t max, int (*cb)(const char *, void *), void *arg)
{
	sqlite3_stmt *stmt;

	if ((stmt = store_select(st, "SELECT w.domain FROM waiting w"
	    " JOIN route r ON r.domain = w.domain WHERE r.urls <> ''"
	    " AND w.last <= ?1 AND w.last >= ?2 LIMIT ?3", "iii", before, since,
	    max)) == NULL)
		return -1;
	return store_names(st, stmt, cb, arg);
}

int64_t
store_waiting_last(struct store *st, const char *domain)
{
	return store_count(st, "SELECT last FROM waiting WHERE"
	    " domain = ?1", "t", domain);
}

int
store_failing(struct store *st, int64_t since,
    int (*cb)(const char *, const char *, int64_t, void *), void *arg)
{
	sqlite3_stmt *stmt;

	/* With TLS forced, nothing else than "forced" means a failed host. */
	if ((stmt = store_select(st, "SELECT a.host, i.addr, max(i.last)"
	    " FROM incident i JOIN mxaddr a ON a.addr = i.addr"
	    " AND a.domain = i.domain WHERE i.day >= ?1 AND i.dir = 1"
	    " AND i.why = 'forced' AND i.last > ?2 GROUP BY a.host, i.addr"
	    " UNION SELECT a.host, u.addr, max(u.last) FROM unknown u"
	    " JOIN mxaddr a ON a.addr = u.addr WHERE u.day >= ?1"
	    " AND u.last > ?2 GROUP BY a.host, u.addr", "ii", day_of(since),
	    since)) == NULL)
		return -1;
	return store_pairs(st, stmt, cb, arg);
}
