/* SPDX-License-Identifier: ISC */

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "store/store.h"
#include "store/store_trim.h"

/* Free pages that stay: one of so many, or so many. */
#define SPARE_SHARE 8
#define SPARE_MIN 256

#define BEFORE(what) offsetof(struct store_trim, what)

/* Rows of days: the key of each table, and for how long they are kept. */
#define DAY_TABLES(ROWS) \
	ROWS("flow", "day, hour, dir, class", tallies) \
	ROWS("correspondent", "day, dir, domain", tallies) \
	ROWS("incident", "day, dir, domain, why, addr", tallies) \
	ROWS("tally", "day, domain, policy", tallies) \
	ROWS("detail", "day, domain, policy, type, sip, rip, mx, helo," \
	    " reason, info, pending", tallies) \
	ROWS("unseen", "rip, mx, day, domain, policy, sip, unseen", tallies) \
	ROWS("trace", "day, domain, policy, time, session", traces) \
	ROWS("unknown", "day, addr, type", tallies)
#define OF_DAYS(table, key, when) \
	"DELETE FROM " table " WHERE (" key ") IN (SELECT " key " FROM " table \
	    " WHERE day " when " ?1 LIMIT ?2)"
#define PAST(table, key, kept) { BEFORE(kept), OF_DAYS(table, key, "<") },
#define AHEAD(table, key, kept) { BEFORE(ahead), OF_DAYS(table, key, ">") },

/*
 * What was learned counts as learned then, what was to come some time after as
 * due; what comes within a day anyway does.
 */
#define DATED(table, key, set, when) \
	{ BEFORE(dated), "UPDATE OR IGNORE " table " SET " set " WHERE (" key \
	    ") IN (SELECT " key " FROM " table " WHERE " when " LIMIT ?2)" },
/* Times of one thing after the other, of which the last may go on. */
#define DATED_TIMES(table) \
	{ BEFORE(dated), "DELETE FROM " table " WHERE (domain, since) IN" \
	    " (SELECT domain, since FROM " table " WHERE since > ?1 AND" \
	    " until > 0 LIMIT ?2)" }, \
	DATED(table, "domain, since", "since = min(since, ?1)," \
	    " until = min(until, ?1)", "since > ?1 OR until > ?1")

/* ?1: before when; ?2: how many rows. */
static const struct {
	size_t		 before;	/* offset in struct store_trim */
	const char	*sql;
} trims[] = {
	DAY_TABLES(PAST)
	{ BEFORE(tallies), "DELETE FROM copied WHERE day IN (SELECT day"
	    " FROM copied WHERE day < ?1 LIMIT ?2)" },
	{ BEFORE(reports), "DELETE FROM bounced WHERE report_id IN"
	    " (SELECT report_id FROM report WHERE day < ?1 LIMIT ?2)" },
	{ BEFORE(reports), "DELETE FROM report WHERE id IN (SELECT id"
	    " FROM report WHERE day < ?1 AND state NOT IN ('due', 'sending')"
	    " LIMIT ?2)" },
	/* By when it came: its day is what a stranger wrote. */
	{ BEFORE(reports), "DELETE FROM received WHERE id IN (SELECT id"
	    " FROM received WHERE stored < ?1 * 86400 LIMIT ?2)" },
	{ BEFORE(reports), "DELETE FROM received_over WHERE (day, sender) IN"
	    " (SELECT day, sender FROM received_over WHERE day < ?1"
	    " LIMIT ?2)" },
	/* Report-IDs begin with their day. */
	{ BEFORE(reports), "DELETE FROM bounced WHERE (report_id, address) IN"
	    " (SELECT report_id, address FROM bounced WHERE report_id <"
	    " strftime('%Y%m%d', ?1 * 86400, 'unixepoch') LIMIT ?2)" },
	{ BEFORE(learned), "DELETE FROM mx WHERE (domain, host) IN (SELECT"
	    " domain, host FROM mx WHERE seen < ?1 LIMIT ?2)" },
	{ BEFORE(learned), "DELETE FROM mxaddr WHERE (addr, domain, host) IN"
	    " (SELECT addr, domain, host FROM mxaddr WHERE seen < ?1"
	    " LIMIT ?2)" },
	{ BEFORE(learned), "DELETE FROM probe WHERE (host, addr) IN (SELECT"
	    " host, addr FROM probe WHERE probed < ?1 LIMIT ?2)" },
	{ BEFORE(learned), "DELETE FROM sts WHERE domain IN (SELECT domain"
	    " FROM sts WHERE max(coalesce(checked, 0), coalesce(expires, 0))"
	    " < ?1 LIMIT ?2)" },
	{ BEFORE(learned), "DELETE FROM sts_history WHERE (domain, since) IN"
	    " (SELECT domain, since FROM sts_history WHERE until > 0 AND"
	    " until < ?1 LIMIT ?2)" },
	{ BEFORE(learned), "DELETE FROM sts_error WHERE (domain, since) IN"
	    " (SELECT domain, since FROM sts_error WHERE until > 0 AND"
	    " until < ?1 LIMIT ?2)" },
	/* Tallies are not kept for longer than what says when it held. */
	{ BEFORE(learned), "DELETE FROM policy WHERE id IN (SELECT p.id"
	    " FROM policy p LEFT JOIN sts s ON s.domain = p.domain AND"
	    " s.policy = p.id LEFT JOIN sts_history h ON"
	    " h.domain = p.domain AND h.policy = p.id"
	    " WHERE p.type = 'sts' AND s.domain IS NULL AND"
	    " h.domain IS NULL AND ?1 > 0 LIMIT ?2)" },
	{ BEFORE(learned), "DELETE FROM route WHERE domain IN (SELECT domain"
	    " FROM route WHERE max(coalesce(until, 0), coalesce(learned, 0),"
	    " coalesce(used, 0)) < ?1 LIMIT ?2)" },
	{ BEFORE(attempts), "DELETE FROM attempt WHERE (domain, at) IN (SELECT"
	    " domain, at FROM attempt WHERE at < ?1 * 1000 LIMIT ?2)" },
	DAY_TABLES(AHEAD)
	DATED("probe", "host, addr", "probed = ?1", "probed > ?1")
	DATED("mx", "domain, host", "seen = min(seen, ?1), retry ="
	    " iif(retry - 86400 > ?1, ?1, retry)", "seen > ?1 OR"
	    " retry - 86400 > ?1")
	DATED("mxaddr", "addr, domain, host", "seen = min(seen, ?1),"
	    " routed = min(routed, ?1)", "seen > ?1 OR routed > ?1")
	DATED("sts", "domain", "checked = min(checked, ?1),"
	    " fetched = min(fetched, ?1), tried = min(tried, ?1),"
	    " refresh = min(refresh, ?1),"
	    " expires = min(expires, ?1 + max_age)",
	    "checked > ?1 OR fetched > ?1 OR tried > ?1")
	DATED_TIMES("sts_history")
	DATED_TIMES("sts_error")
	DATED("broken", "domain", "since = min(since, ?1),"
	    " last = min(last, ?1)", "since > ?1 OR last > ?1")
	/* One that is not used any more is due never. */
	DATED("route", "domain", "learned = min(learned, ?1),"
	    " used = min(used, ?1), until = min(until, ?1 + 86400), renew ="
	    " iif(renew = 9223372036854775807, renew, min(renew, ?1))",
	    "learned > ?1 OR used > ?1")
	DATED("waiting", "domain", "last = ?1", "last > ?1")
	{ BEFORE(waiting), "DELETE FROM waiting WHERE domain IN (SELECT domain"
	    " FROM waiting WHERE last < ?1 LIMIT ?2)" },
};

size_t
store_trim_steps(void)
{
	return nitems(trims);
}

int
store_trim(struct store *st, size_t step, const struct store_trim *before,
    int64_t rows)
{
	int64_t when;

	memcpy(&when, (const char *)before + trims[step].before, sizeof(when));
	/* Nothing is behind that. */
	return when == INT64_MAX ? 0 : store_update(st, trims[step].sql, "ii",
	    when, rows);
}

int
store_ahead(struct store *st, int64_t today, int64_t days)
{
	return (int)store_count(st, "SELECT"
	    " EXISTS (SELECT 1 FROM flow WHERE day > ?1 + ?2) AND NOT"
	    " EXISTS (SELECT 1 FROM flow WHERE day BETWEEN ?1 + 2 AND ?1 + ?2)"
	    " AND (SELECT count(DISTINCT day) FROM flow"
	    " WHERE day BETWEEN ?1 - 14 AND ?1 - 1) >= 8"
	    " AND (SELECT count(DISTINCT day) FROM flow"
	    " WHERE day > ?1 + ?2) < 8", "ii", today, days);
}

int
store_dated_ahead(struct store *st, int64_t now)
{
	return (int)store_count(st, "SELECT"
	    " (EXISTS (SELECT 1 FROM probe WHERE probed - 86400 > ?1) OR"
	    " EXISTS (SELECT 1 FROM sts WHERE checked - 86400 > ?1) OR"
	    " EXISTS (SELECT 1 FROM route WHERE learned - 86400 > ?1))"
	    " AND (SELECT count(DISTINCT day) FROM flow"
	    " WHERE day BETWEEN ?2 - 14 AND ?2 - 1) >= 8"
	    " AND (SELECT count(DISTINCT day) FROM flow"
	    " WHERE day > ?2 + 1) < 8", "ii", now, now / 86400);
}

int
store_shrink(struct store *st, int64_t pages)
{
	int64_t all, unused, spare;
	char sql[64];

	all = store_count(st, "PRAGMA page_count", "");
	unused = store_count(st, "PRAGMA freelist_count", "");
	if (all == -1 || unused == -1)
		return -1;
	spare = all / SPARE_SHARE > SPARE_MIN ? all / SPARE_SHARE : SPARE_MIN;
	if (unused <= spare)
		return 0;
	if (pages > unused - spare)
		pages = unused - spare;
	(void)snprintf(sql, sizeof(sql), "PRAGMA incremental_vacuum(%lld)",
	    (long long)pages);
	return store_exec(st, sql) == -1 ? -1 :
	    store_count(st, "PRAGMA freelist_count", "") < unused;
}
