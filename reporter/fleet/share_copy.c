/* SPDX-License-Identifier: ISC */

/*
 * This host's tallies of a day: absolute rows, replaced in one transaction, so
 * that sending them again is harmless.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "fleet/share.h"
#include "lib/fleet_table.h"

#define SQL_MAX 1024

int
share_begin(struct share *s, const json_t *question, json_t *answer,
    const char **why __unused)
{
	const struct fleet_table *t;
	struct share_number day;
	const char *params[2] = { s->conf->hostname, NULL };
	char sql[128];

	s->day = ipc_int(question, "day", 0);
	params[1] = share_number(&day, s->day);
	if (pq_run(s->pq, "BEGIN", 0, NULL) == -1 ||
	    pq_run(s->pq, "INSERT INTO sge.member_day (member, day)"
	    " VALUES ($1, $2::bigint) ON CONFLICT DO NOTHING", 2, params) ==
	    -1 || pq_run(s->pq, "SELECT part FROM sge.member_day"
	    " WHERE member = $1 AND day = $2::bigint FOR UPDATE", 2, params)
	    == -1)
		return -1;
	if (pq_rows(s->pq) == 1 && !pq_is_null(s->pq, 0, 0)) {
		share_set(answer, "status", json_string("frozen"));
		return pq_run(s->pq, "ROLLBACK", 0, NULL);
	}
	for (t = fleet_tables; t->name != NULL; t++) {
		(void)snprintf(sql, sizeof(sql), "DELETE FROM sge.%s WHERE "
		    "member = $1 AND day = $2::bigint", t->name);
		if (pq_run(s->pq, sql, 2, params) == -1)
			return -1;
	}
	s->begun = 1;
	return 0;
}

/* PostgreSQL takes the rows' JSON apart itself. */
static void
insert_sql(const struct fleet_table *t, char sql[], size_t sqlsz)
{
	char value[32];
	size_t i;

	(void)snprintf(sql, sqlsz, "INSERT INTO sge.%s (member, day, %s) "
	    "SELECT $1::text, $2::bigint", t->name, t->columns);
	for (i = 0; t->types[i] != '\0'; i++) {
		(void)snprintf(value, sizeof(value), t->types[i] == 'i' ?
		    ", (r->>%zu)::bigint" : ", r->>%zu", i);
		(void)strlcat(sql, value, sqlsz);
	}
	if (strlcat(sql, " FROM json_array_elements($3::json) r", sqlsz) >=
	    sqlsz)
		fatalx("share: a table too wide");
}

int
share_rows(struct share *s, const json_t *question, json_t *answer __unused,
    const char **why)
{
	const struct fleet_table *t;
	struct share_number day;
	const char *params[3] = { s->conf->hostname, NULL, NULL };
	char sql[SQL_MAX], *rows;
	int rc;

	params[1] = share_number(&day, s->day);
	if ((t = fleet_table(ipc_string(question, "table", ""))) == NULL) {
		*why = "no such table";
		return 1;
	}
	rows = json_dumps(json_object_get(question, "rows"), JSON_COMPACT);
	if (rows == NULL)
		fatalx("share: no memory");
	params[2] = rows;
	insert_sql(t, sql, sizeof(sql));
	rc = pq_run(s->pq, sql, 3, params);
	free(rows);
	return rc;
}

int
share_end(struct share *s, const json_t *question, json_t *answer __unused,
    const char **why __unused)
{
	struct share_number day;
	const char *params[3] = { s->conf->hostname, NULL,
	    ipc_bool(question, "closed", 0) ? "t" : "f" };

	params[1] = share_number(&day, s->day);
	s->begun = 0;
	if (pq_run(s->pq, "UPDATE sge.member_day SET copied = extract(epoch"
	    " FROM clock_timestamp())::bigint, closed = CASE WHEN $3::boolean"
	    " THEN coalesce(closed, extract(epoch FROM"
	    " clock_timestamp())::bigint) END WHERE member = $1 AND"
	    " day = $2::bigint", 3, params) == -1)
		return -1;
	return pq_run(s->pq, "COMMIT", 0, NULL);
}
