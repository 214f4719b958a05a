/* SPDX-License-Identifier: ISC */

/*
 * What the views read of reports received.
 */

#include <string.h>

#include "base/log.h"
#include "rfc/result.h"
#include "store/received_sql.h"
#include "store/store_received.h"

/*
 * ours(name, is_host): a local domain or our host's name; a host's name may
 * stand below a local domain too.
 */
static void
ours(sqlite3_context *ctx, int n __unused, sqlite3_value **args)
{
	const struct conf *conf = sqlite3_user_data(ctx);
	const char *name = (const char *)sqlite3_value_text(args[0]), *p;
	size_t pos = 0;
	int is_host = sqlite3_value_int(args[1]), found;

	found = conf->local == NULL || domset_next(conf->local, &pos) == NULL;
	if (name != NULL && conf->hostname != NULL)
		found |= strcmp(name, conf->hostname) == 0;
	if (!found && name != NULL)
		found = conf_is_local(conf, name);
	for (p = name; is_host && !found && p != NULL && (p = strchr(p, '.'))
	    != NULL; )
		found = conf_is_local(conf, ++p);
	sqlite3_result_int(ctx, found);
}

/* under(type, mode): a policy's UNDER_* bit. */
static void
under(sqlite3_context *ctx, int n __unused, sqlite3_value **args)
{
	const char *type = (const char *)sqlite3_value_text(args[0]);
	const char *mode = (const char *)sqlite3_value_text(args[1]);

	sqlite3_result_int(ctx, (int)result_under(type != NULL ? type : "",
	    mode != NULL ? mode : ""));
}

int
received_ours(struct store *st, const struct conf *conf)
{
	/* The library hands it back as it is. */
	if (sqlite3_create_function(st->db, "ours", 2, SQLITE_UTF8 |
	    SQLITE_DETERMINISTIC, (void *)(uintptr_t)conf, ours, NULL,
	    NULL) == SQLITE_OK && sqlite3_create_function(st->db, "under", 2,
	    SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, under, NULL,
	    NULL) == SQLITE_OK)
		return 0;
	log_warnx("database: %s", sqlite3_errmsg(st->db));
	return -1;
}

int64_t
received_over(struct store *st, int64_t since)
{
	return store_count(st, "SELECT sum(reports) FROM received_over"
	    " WHERE day >= ?1", "i", since);
}

int
received_count(struct store *st, int64_t first, int64_t last,
    const char *domain, struct received_count *c)
{
	sqlite3_stmt *stmt;

	memset(c, 0, sizeof(*c));
	stmt = store_select(st, "WITH found AS (SELECT r.id AS id,"
	    " r.submitter AS who, p.domain AS domain, r.dkim AS dkim, "
	    RECEIVED_STANDING " AS standing, p.domain IS NULL OR"
	    " p.domain = ?3 OR " RECEIVED_POLICY_OURS " AS ours"
	    " FROM received r LEFT JOIN received_policy p"
	    " ON p.received = r.id WHERE r.day BETWEEN ?1 AND ?2"
	    " AND (?3 IS NULL OR ?3 IN (p.domain, r.submitter)))"
	    " SELECT count(DISTINCT id), count(DISTINCT who),"
	    " count(DISTINCT domain), count(DISTINCT iif(dkim <> '', id,"
	    " NULL)), count(DISTINCT iif(standing = 0, id, NULL)),"
	    " count(DISTINCT iif(standing = 2, id, NULL)), (SELECT"
	    " count(DISTINCT id) FROM found WHERE id NOT IN (SELECT id"
	    " FROM found WHERE ours)) FROM found WHERE ours", "iit", first,
	    last, domain);
	if (stmt == NULL)
		return -1;
	return store_first(st, stmt, "iiiiiii", &c->reports, &c->reporters,
	    &c->domains, &c->judged, &c->passed, &c->unproved,
	    &c->foreign) == -1 ? -1 : 0;
}

int
received_failures(struct store *st, int64_t first, int64_t last,
    void (*cb)(const struct received_failure *, void *),
    void *arg)
{
	struct received_failure f;
	sqlite3_stmt *stmt;
	int rc, under_bits;

	stmt = store_select(st, "WITH one AS (SELECT r.day AS day,"
	    " r.submitter AS who, p.domain AS domain, d.type AS type,"
	    " d.sip AS sip, d.rip AS rip, d.mx AS mx, d.reason AS reason, "
	    RECEIVED_STANDING " AS standing, " RECEIVED_ONCE("d.count")
	    " AS n, sum(DISTINCT under(p.type, p.mode)) AS u,"
	    " max(p.type = 'tlsa') AS tlsa"
	    " FROM received r CROSS JOIN received_policy p"
	    " ON p.received = r.id CROSS JOIN received_detail d"
	    " ON d.policy = p.id AND d.count > 0"
	    " WHERE r.day BETWEEN ?1 AND ?2 GROUP BY r.id, p.domain,"
	    " d.type, d.sip, d.rip, d.mx, d.reason)"
	    " SELECT day, who, domain, type, sip, rip, mx, reason, sum(n),"
	    " standing, " RECEIVED_OURS("domain", "max(tlsa)")
	    ", max(u & 1) | max(u & 2)"
	    " | max(u & 4) | max(u & 8) | max(u & 16) FROM one GROUP BY day,"
	    " who, domain, type, sip, rip, mx, reason, standing", "ii", first,
	    last);
	if (stmt == NULL)
		return -1;
	while ((rc = store_row(st, stmt, "itttttttinnn", &f.day, &f.reporter,
	    &f.domain, &f.type, &f.sip, &f.rip, &f.mx, &f.reason, &f.count,
	    &f.standing, &f.ours, &under_bits)) == 1) {
		f.under = (unsigned int)under_bits;
		cb(&f, arg);
	}
	return rc;
}

int
received_totals(struct store *st, int64_t first, int64_t last,
    void (*cb)(const struct received_total *, void *),
    void *arg)
{
	struct received_total t;
	sqlite3_stmt *stmt;
	int rc;

	stmt = store_select(st, "WITH per AS (SELECT r.id AS id, r.day AS"
	    " day, r.submitter AS submitter, p.domain AS domain,"
	    " p.ok AS ok, p.fail AS fail, p.type AS type, p.mode AS mode,"
	    " (SELECT coalesce(sum(d.count), 0) FROM received_detail d"
	    " WHERE d.policy = p.id) AS n FROM received r"
	    " CROSS JOIN received_policy p ON p.received = r.id"
	    " WHERE r.day BETWEEN ?1 AND ?2),"
	    " one AS (SELECT p.day AS day, p.submitter AS who, p.domain AS"
	    " domain, " RECEIVED_ONCE("p.ok + p.fail") " AS s, "
	    RECEIVED_ONCE("p.fail") " AS f, max(0, " RECEIVED_ONCE("p.fail")
	    " - " RECEIVED_ONCE("p.n") ") AS u, max(p.type = 'sts') AS sts,"
	    " max(p.type = 'tlsa') AS tlsa, max(p.type NOT IN ('sts', 'tlsa',"
	    " 'no-policy-found')) AS other, max(p.mode) AS mode, "
	    RECEIVED_STANDING " AS standing FROM per p JOIN received r"
	    " ON r.id = p.id GROUP BY p.id, p.domain)"
	    " SELECT day, who, domain, sum(s), sum(f), sum(u), sts, tlsa,"
	    " other, mode, count(*), standing, " RECEIVED_OURS("domain", "tlsa")
	    " FROM one GROUP BY day, who, domain, sts, tlsa, other, mode,"
	    " standing ORDER BY who, day", "ii", first, last);
	if (stmt == NULL)
		return -1;
	while ((rc = store_row(st, stmt, "ittiiinnntinn", &t.day, &t.reporter,
	    &t.domain, &t.sessions, &t.failed, &t.unexplained, &t.sts,
	    &t.tlsa, &t.other, &t.mode, &t.reports, &t.standing,
	    &t.ours)) == 1)
		cb(&t, arg);
	return rc;
}

int
received_reports(struct store *st, int64_t first, int64_t last,
    const char *domain, void (*cb)(const struct received_report *, void *),
    void *arg)
{
	struct received_report r;
	sqlite3_stmt *stmt;
	int rc;

	stmt = store_select(st, "SELECT day, org, report_id, submitter,"
	    " contact, dkim, oddities, stored, " RECEIVED_STANDING
	    " FROM received r"
	    " WHERE day BETWEEN ?1 AND ?2 AND (?3 IS NULL OR"
	    " submitter = ?3 OR EXISTS (SELECT 1 FROM received_policy p"
	    " WHERE p.received = r.id AND p.domain = ?3))"
	    " ORDER BY day, submitter, report_id", "iit", first, last, domain);
	if (stmt == NULL)
		return -1;
	while ((rc = store_row(st, stmt, "itttttt" "in", &r.day, &r.org, &r.id,
	    &r.reporter, &r.contact, &r.dkim, &r.oddities, &r.stored,
	    &r.standing)) == 1)
		cb(&r, arg);
	return rc;
}

int
received_successes(struct store *st, int64_t day, const char *domain,
    void (*cb)(const char *, const char *, const char *, void *), void *arg)
{
	const char *reporter, *mx, *strings;
	sqlite3_stmt *stmt;
	int rc;

	stmt = store_select(st, "SELECT DISTINCT r.submitter, p.mx,"
	    " p.strings FROM received r CROSS JOIN received_policy p"
	    " ON p.received = r.id WHERE r.day = ?1 AND p.domain = ?2"
	    " AND p.ok > 0 AND " RECEIVED_STANDING " < 2 ORDER BY 1", "it", day,
	    domain);
	if (stmt == NULL)
		return -1;
	while ((rc = store_row(st, stmt, "ttt", &reporter, &mx,
	    &strings)) == 1)
		cb(reporter, mx, strings, arg);
	return rc;
}

int64_t
received_own_tls(struct store *st, int64_t day)
{
	return store_count(st, "SELECT sum(tls13 + tls12) FROM flow"
	    " WHERE day = ?1 AND dir = 0 AND class = '*'", "i", day);
}
