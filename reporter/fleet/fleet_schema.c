/* SPDX-License-Identifier: ISC */

/*
 * The tables in PostgreSQL, in a schema of their own, "sge".  Days, instants
 * and names are as in store_schema.c; every instant here is by PostgreSQL's
 * clock, but for those that a host saw happen.
 */

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "fleet/fleet_schema.h"
#include "lib/fleet_table.h"

/* Of pg_advisory_xact_lock: "sge" and 1. */
#define SCHEMA_LOCK "x'73676501'::bigint"
#define SQL_MAX 1024

/*
 * One string a format, newest last; each may hold several statements.  One
 * that a release had is never changed.  In front of the first come the tables
 * of fleet_table.c.
 */
static const char *const steps[] = {
	/* Whose fleet it is, and what all of its hosts have to know. */
	"CREATE TABLE sge.fleet (key text PRIMARY KEY, value text NOT NULL);"
	/*
	 * Its hosts.  instance: of its SQLite, so that two of one name are
	 * noticed.  seen: when it last said that it runs.
	 */
	"CREATE TABLE sge.member (member text PRIMARY KEY,"
	" instance text NOT NULL, version text NOT NULL,"
	" joined bigint NOT NULL, seen bigint NOT NULL);"
	/*
	 * What was copied of a host's day.  closed: when all of it was.  part:
	 * the reports that tell of it, from then on it does not change; 0 the
	 * first, 1 and more of hosts that were late.
	 */
	"CREATE TABLE sge.member_day (member text, day bigint, copied bigint,"
	" closed bigint, part bigint, PRIMARY KEY (day, member))",
	/*
	 * Reports of days that are due.  state: due, claimed by a member, or
	 * what became of it.  A member's lease of all that it claimed goes by
	 * its seen; up: since when there was no gap in that.  since: the first
	 * day that it copies.  "key": what no receiver can know of a report's
	 * id.
	 */
	"CREATE TABLE sge.report (day bigint, domain text, part bigint,"
	" report_id text NOT NULL, state text NOT NULL, next bigint NOT NULL,"
	" member text, done bigint,"
	" PRIMARY KEY (day, domain, part));"
	"CREATE INDEX report_due ON sge.report (next) WHERE state = 'due';"
	"CREATE INDEX report_claimed ON sge.report (member)"
	" WHERE state = 'claimed';"
	"ALTER TABLE sge.member ADD COLUMN since bigint NOT NULL DEFAULT 0,"
	" ADD COLUMN up bigint NOT NULL DEFAULT 0;"
	"INSERT INTO sge.fleet (key, value) VALUES ('key',"
	" gen_random_uuid()::text || gen_random_uuid()::text)",
};

int
fleet_format(void)
{
	return (int)nitems(steps);
}

/* "CREATE TABLE sge.tally (member text, day bigint, domain text, ...". */
static int
table_make(struct pq *pq, const struct fleet_table *t)
{
	char sql[SQL_MAX], column[64];
	size_t i;

	(void)snprintf(sql, sizeof(sql), "CREATE TABLE sge.%s (member text, "
	    "day bigint", t->name);
	for (i = 0; t->types[i] != '\0'; i++) {
		(void)strlcat(sql, ", ", sizeof(sql));
		(void)strlcat(sql, fleet_column(t, i, column, sizeof(column)),
		    sizeof(sql));
		(void)strlcat(sql, t->types[i] == 'i' ? " bigint" : " text",
		    sizeof(sql));
	}
	(void)strlcat(sql, ", PRIMARY KEY (day, member, ", sizeof(sql));
	(void)strlcat(sql, t->key, sizeof(sql));
	if (strlcat(sql, "))", sizeof(sql)) >= sizeof(sql))
		fatalx("share: a table too wide");
	return pq_run(pq, sql, 0, NULL);
}

static int
steps_make(struct pq *pq, int64_t format)
{
	const struct fleet_table *t;
	const char *params[1];
	char number[32];
	size_t i;

	for (t = fleet_tables; format == 0 && t->name != NULL; t++)
		if (table_make(pq, t) == -1)
			return -1;
	for (i = (size_t)format; i < nitems(steps); i++)
		if (pq_run(pq, steps[i], 0, NULL) == -1)
			return -1;
	(void)snprintf(number, sizeof(number), "%zu", nitems(steps));
	params[0] = number;
	return pq_run(pq, "INSERT INTO sge.fleet (key, value) VALUES "
	    "('format', $1) ON CONFLICT (key) DO UPDATE SET value = $1", 1,
	    params);
}

int
fleet_schema(struct pq *pq)
{
	int64_t format = 0;

	/* Without the right to make one, where there is one. */
	if (pq_run(pq, "BEGIN; SELECT pg_advisory_xact_lock(" SCHEMA_LOCK ");"
	    "SELECT to_regclass('sge.fleet') IS NOT NULL", 0, NULL) == -1)
		return -1;
	if (strcmp(pq_text(pq, 0, 0), "t") == 0) {
		if (pq_run(pq, "SELECT value FROM sge.fleet WHERE key = "
		    "'format'", 0, NULL) == -1)
			return -1;
		if (pq_rows(pq) > 0)
			format = pq_number(pq, 0, 0);
	} else if (pq_run(pq, "CREATE SCHEMA IF NOT EXISTS sge", 0, NULL) ==
	    -1)
		return -1;
	if (format > fleet_format())
		return pq_run(pq, "ROLLBACK", 0, NULL) == -1 ? -1 : 1;
	if (format < fleet_format() && steps_make(pq, format) == -1)
		return -1;
	return pq_run(pq, "COMMIT", 0, NULL);
}

int
fleet_schema_is(struct pq *pq, const char **why)
{
	if (pq_run(pq, "SELECT to_regclass('sge.fleet') IS NOT NULL", 0,
	    NULL) == -1)
		return -1;
	if (strcmp(pq_text(pq, 0, 0), "t") != 0) {
		*why = "no sged has made its tables yet";
		return 1;
	}
	if (pq_run(pq, "SELECT value FROM sge.fleet WHERE key = 'format'", 0,
	    NULL) == -1)
		return -1;
	if (pq_rows(pq) == 1 && pq_number(pq, 0, 0) == fleet_format())
		return 0;
	*why = "its tables are of another version of this program";
	return 1;
}
