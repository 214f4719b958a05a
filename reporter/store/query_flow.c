/* SPDX-License-Identifier: ISC */

/*
 * What the views read of connections: flow, correspondent, incident, unknown,
 * segment.
 */

#include <string.h>

#include "base/log.h"
#include "store/query_flow.h"

/* Reasons of incidents, by what became of the mail. */
#define WHY_CLEAR "('not-offered', 'refused', 'handshake', 'not-asked'," \
	" 'legacy')"

/*
 * "local", the host's own submissions, is in "*" too: it is no flow between
 * two hosts and comes off there.
 */
#define NET(column) "SUM(CASE class WHEN 'local' THEN -" column \
	" ELSE " column " END)"
#define NETS NET("tls13") ", " NET("tls12") ", " NET("older") ", " \
	NET("clear") ", " NET("refused")
#define CLASS "CASE class WHEN 'local' THEN '*' ELSE class END"

#define FLOWS "dir, " CLASS ", " NETS " FROM flow WHERE day BETWEEN ?" \
	" AND ? GROUP BY 1, 2, 3"

#define COUNTS "SUM(tls13), SUM(tls12), SUM(older), SUM(clear), SUM(refused)"

static const struct {
	const char	*why;
	const char	*words;
	const char	*sentence;
	enum { WHOSE_THEIRS, WHOSE_OURS } whose;
} whys[] = {
	{ "not-offered", "not offered",
	    "their mail host does not offer STARTTLS",
	    WHOSE_THEIRS },
	{ "refused", "454 refused",
	    "their mail host offers STARTTLS and then refuses it",
	    WHOSE_THEIRS },
	{ "handshake", "handshake",
	    "TLS was begun and failed, and mail went in clear after it",
	    WHOSE_THEIRS },
	{ "not-asked", "not asked",
	    "we offered STARTTLS and the sender did not use it",
	    WHOSE_THEIRS },
	{ "legacy", "legacy",
	    "a system without TLS that is listed here as legacy",
	    WHOSE_THEIRS },
	{ "no-tls", "no TLS",
	    "the sender used no TLS where it is required", WHOSE_THEIRS },
	{ "old-tls", "old TLS",
	    "the TLS used is older than required", WHOSE_THEIRS },
	{ "no-connector", "no connector",
	    "restricted mail needs a connector, and the domain has none here",
	    WHOSE_OURS },
	{ "other-address", "other addr.",
	    "the sender's mail is not expected from this address",
	    WHOSE_THEIRS },
	{ "not-learned", "not known",
	    "a verified route is required, and none was known yet: the sender "
	    "was told to try again", WHOSE_OURS },
	{ "not-announced", "no report",
	    "somebody here wrote as the sender of our reports", WHOSE_OURS },
	{ "not-said", "not said",
	    "refused by us, for a reason that records of an older version do "
	    "not give", WHOSE_OURS },
	{ "forced", "not sent",
	    "TLS is required and their host failed: the mail waits",
	    WHOSE_THEIRS }
};

int64_t
seen_sum(const struct seen_counts *c)
{
	return c->tls13 + c->tls12 + c->older + c->clear + c->refused;
}

void
seen_add(struct seen_counts *to, const struct seen_counts *c)
{
	to->tls13 += c->tls13;
	to->tls12 += c->tls12;
	to->older += c->older;
	to->clear += c->clear;
	to->refused += c->refused;
}

int
seen_flows(struct store *st, int64_t first, int64_t last,
    enum seen_group group, void (*cb)(const struct seen_flow *, void *),
    void *arg)
{
	struct seen_flow row;
	sqlite3_stmt *stmt;
	int rc;

	stmt = store_select(st, group == SEEN_BY_DAY ?
	    "SELECT day, " FLOWS : group == SEEN_BY_HOUR ?
	    "SELECT hour, " FLOWS : "SELECT 0, " FLOWS, "ii", first, last);
	if (stmt == NULL)
		return -1;
	while ((rc = store_row(st, stmt, "intiiiii", &row.step, &row.dir,
	    &row.class, &row.counts.tls13, &row.counts.tls12, &row.counts.older,
	    &row.counts.clear, &row.counts.refused)) == 1)
		cb(&row, arg);
	return rc;
}

int
seen_total(struct store *st, int64_t first, int64_t last, int dir,
    struct seen_counts *counts)
{
	sqlite3_stmt *stmt;

	memset(counts, 0, sizeof(*counts));
	stmt = store_select(st, "SELECT " NETS " FROM flow WHERE day"
	    " BETWEEN ? AND ? AND dir = ? AND class IN ('*', 'local')", "iii",
	    first, last, (int64_t)dir);
	if (stmt == NULL)
		return -1;
	return store_first(st, stmt, "iiiii", &counts->tls13, &counts->tls12,
	    &counts->older, &counts->clear, &counts->refused) == -1 ? -1 : 0;
}

int
seen_domain(struct store *st, int64_t first, int64_t last, const char *domain,
    void (*cb)(const struct seen_domain *, void *), void *arg)
{
	struct seen_domain row;
	sqlite3_stmt *stmt;
	int rc;

	stmt = store_select(st, "SELECT domain, dir, MAX(class), COUNT(*), "
	    COUNTS ", SUM(legacy), SUM(testing), SUM(messages), SUM(rcpts),"
	    " MIN(first), MAX(last) FROM correspondent"
	    " WHERE day BETWEEN ? AND ? AND dir IN (0, 1) AND domain = ?"
	    " GROUP BY dir", "iit", first, last, domain);
	if (stmt == NULL)
		return -1;
	while ((rc = store_row(st, stmt, "tntiiiiiiiiiiii", &row.domain,
	    &row.dir, &row.class, &row.days, &row.counts.tls13,
	    &row.counts.tls12, &row.counts.older, &row.counts.clear,
	    &row.counts.refused, &row.legacy, &row.testing, &row.messages,
	    &row.rcpts, &row.first, &row.last)) == 1)
		cb(&row, arg);
	return rc;
}

static int
each_incident(struct store *st, sqlite3_stmt *stmt,
    void (*cb)(const struct seen_incident *, void *), void *arg)
{
	struct seen_incident row;
	int rc;

	while ((rc = store_row(st, stmt, "tntttiiiiii", &row.domain, &row.dir,
	    &row.why, &row.addr, &row.host, &row.addrs, &row.sessions,
	    &row.days, &row.first, &row.last, &row.testing)) == 1)
		cb(&row, arg);
	return rc;
}

/* A row for each domain, direction and reason of the days ?1 to ?2. */
#define INCIDENTS "SELECT domain, dir, why, '', MAX(host)," \
	" COUNT(DISTINCT addr), SUM(sessions) AS n, COUNT(DISTINCT day)," \
	" MIN(first), MAX(last), SUM(testing) FROM incident i" \
	" WHERE day BETWEEN ?1 AND ?2 AND why "
#define MOST_FIRST " GROUP BY dir, domain, why ORDER BY n DESC, domain, dir," \
	" why"
/*
 * What our own mail met stands before what strangers make as many of as they
 * like, and what was not before these days before what was.  CASE: else SQLite
 * looks through the whole list for a NULL at each that is not in it.
 */
#define NEWS_FIRST " GROUP BY dir, domain, why ORDER BY dir = 1 DESC," \
	" CASE WHEN (i.dir, i.domain, i.why) IN (SELECT dir, domain, why" \
	" FROM incident WHERE day < ?1) THEN 1 ELSE 0 END, n DESC, domain, why"

int
seen_clear(struct store *st, int64_t first, int64_t last, int news_first,
    void (*cb)(const struct seen_incident *, void *), void *arg)
{
	sqlite3_stmt *stmt;

	stmt = store_select(st, news_first ?
	    INCIDENTS "IN " WHY_CLEAR NEWS_FIRST :
	    INCIDENTS "IN " WHY_CLEAR MOST_FIRST, "ii", first, last);
	if (stmt == NULL)
		return -1;
	return each_incident(st, stmt, cb, arg);
}

int
seen_refused(struct store *st, int64_t first, int64_t last,
    void (*cb)(const struct seen_incident *, void *), void *arg)
{
	sqlite3_stmt *stmt;

	stmt = store_select(st, INCIDENTS "NOT IN " WHY_CLEAR NEWS_FIRST,
	    "ii", first, last);
	if (stmt == NULL)
		return -1;
	return each_incident(st, stmt, cb, arg);
}

int
seen_incidents(struct store *st, int64_t first, int64_t last,
    const char *domain, void (*cb)(const struct seen_incident *, void *),
    void *arg)
{
	sqlite3_stmt *stmt;

	stmt = store_select(st, "SELECT domain, dir, why, addr, MAX(host),"
	    " 1, SUM(sessions) AS n, COUNT(DISTINCT day), MIN(first),"
	    " MAX(last), SUM(testing) FROM incident WHERE day BETWEEN ? AND ?"
	    " AND dir IN (0, 1) AND domain = ? GROUP BY dir, why, addr"
	    " ORDER BY n DESC, dir, why, addr", "iit", first, last, domain);
	if (stmt == NULL)
		return -1;
	return each_incident(st, stmt, cb, arg);
}

int64_t
seen_unknown(struct store *st, int64_t first, int64_t last)
{
	return store_count(st, "SELECT SUM(sessions) FROM unknown"
	    " WHERE day BETWEEN ? AND ?", "ii", first, last);
}

int64_t
seen_local(struct store *st, int64_t first, int64_t last)
{
	return store_count(st, "SELECT SUM(tls13 + tls12 + older + clear"
	    " + refused) FROM flow WHERE day BETWEEN ? AND ?"
	    " AND class = 'local'", "ii", first, last);
}

const char *
seen_name(const char *domain)
{
	if (strcmp(domain, "<>") == 0)
		return "(null sender)";
	if (strcmp(domain, "*") == 0)
		return "(others)";
	return *domain == '\0' ? "(no domain)" : domain;
}

int
seen_spool(struct store *st, struct seen_spool *spool)
{
	sqlite3_stmt *stmt;

	memset(spool, 0, sizeof(*spool));
	if ((stmt = store_select(st, "SELECT COUNT(*), SUM(lines), SUM(bad),"
	    " SUM(newer) FROM segment", "")) == NULL)
		return -1;
	return store_first(st, stmt, "iiii", &spool->segments, &spool->lines,
	    &spool->bad, &spool->newer) == -1 ? -1 : 0;
}

int64_t
seen_offset(struct store *st, const char *segment)
{
	return store_count(st, "SELECT offset FROM segment"
	    " WHERE name = ?", "t", segment);
}

const char *
seen_dir(int dir)
{
	return dir == 0 ? "in" : "out";
}

const char *
seen_why(const char *why)
{
	size_t i;

	for (i = 0; i < nitems(whys); i++)
		if (strcmp(whys[i].why, why) == 0)
			return whys[i].words;
	return why;
}

int
seen_why_theirs(const char *why)
{
	size_t i;

	for (i = 0; i < nitems(whys); i++)
		if (strcmp(whys[i].why, why) == 0)
			return whys[i].whose == WHOSE_THEIRS;
	return 0;
}

const char *
seen_why_sentence(const char *why)
{
	size_t i;

	for (i = 0; i < nitems(whys); i++)
		if (strcmp(whys[i].why, why) == 0)
			return whys[i].sentence;
	return "";
}
