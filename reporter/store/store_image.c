/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "store/store_image.h"

#define SQL_MAX 1024

int
store_image_clear(struct store *st)
{
	return store_exec(st, "DELETE FROM tally; DELETE FROM detail;"
	    "DELETE FROM policy; DELETE FROM report");
}

static int
policy_id(struct store *st, const struct store_image_policy *p, int64_t *id)
{
	*id = 0;
	if (p->domain[0] == '\0')
		return 0;
	if (store_run(st, "INSERT OR IGNORE INTO policy (domain, type, mode,"
	    " strings, mx) VALUES (?1, ?2, ?3, ?4, ?5)", "ttttt", p->domain,
	    p->type, p->mode, p->strings, p->mx) == -1)
		return -1;
	return store_number(st, id, "SELECT id FROM policy WHERE domain = ?1"
	    " AND type = ?2 AND strings = ?3 AND mx = ?4", "tttt", p->domain,
	    p->type, p->strings, p->mx) == 1 ? 0 : -1;
}

int
store_image_tally(struct store *st, int64_t day, const char *domain,
    const struct store_image_policy *p, int64_t ok, int64_t fail)
{
	int64_t id;

	/* One policy, that only its mode tells from another, is one. */
	if (policy_id(st, p, &id) == -1)
		return -1;
	return store_run(st, "INSERT INTO tally (day, domain, policy, ok, fail)"
	    " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET"
	    " ok = ok + excluded.ok, fail = fail + excluded.fail", "itiii",
	    day, domain, id, ok, fail);
}

int
store_image_detail(struct store *st, int64_t day, const char *domain,
    const struct store_image_policy *p, const char *const texts[7],
    int64_t count)
{
	int64_t id;

	if (policy_id(st, p, &id) == -1)
		return -1;
	return store_run(st, "INSERT INTO detail (day, domain, policy, type,"
	    " sip, rip, mx, helo, reason, info, pending, count)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0, ?11)"
	    " ON CONFLICT DO UPDATE SET count = count + excluded.count",
	    "itittttttt" "i", day, domain, id, texts[0], texts[1], texts[2],
	    texts[3], texts[4], texts[5], texts[6], count);
}

int
store_image_report(struct store *st, int64_t day, const char *domain,
    const char *report_id)
{
	return store_run(st, "INSERT INTO report (day, domain, report_id,"
	    " state, due) VALUES (?1, ?2, ?3, 'due', 0)", "itt", day, domain,
	    report_id);
}

/* One that is temporary stands before the other of its name. */
int
store_image_reports(struct store *st)
{
	return store_exec(st, "CREATE TEMP TABLE report (id INTEGER PRIMARY"
	    " KEY, day INTEGER, domain TEXT, part INTEGER, report_id TEXT,"
	    " state TEXT, due INTEGER, record TEXT, note TEXT, ok INTEGER,"
	    " fail INTEGER, done INTEGER)");
}

/* A row's number and text where its table has one. */
static int
bind_row(sqlite3_stmt *stmt, const struct fleet_table *t, const json_t *row)
{
	size_t i, n = strlen(t->types), day = fleet_table_has_day(t) != 0;
	const json_t *value;
	int rc;

	if (json_array_size(row) != n + day)
		return -1;
	for (i = 0; i < n + day; i++) {
		value = json_array_get(row, i);
		if (i < day || t->types[i - day] == 'i') {
			if (!json_is_integer(value))
				return -1;
			rc = sqlite3_bind_int64(stmt, (int)i + 1,
			    json_integer_value(value));
		} else {
			if (!json_is_string(value))
				return -1;
			rc = sqlite3_bind_text(stmt, (int)i + 1,
			    json_string_value(value), -1, SQLITE_STATIC);
		}
		if (rc != SQLITE_OK)
			return -1;
	}
	return 0;
}

int
store_image_rows(struct store *st, const struct fleet_table *t,
    const json_t *rows)
{
	char sql[SQL_MAX];
	sqlite3_stmt *stmt = NULL;
	const json_t *row;
	size_t i, n;
	int rc = 0;

	(void)snprintf(sql, sizeof(sql), "INSERT INTO %s (%s%s) VALUES (?",
	    t->name, fleet_table_has_day(t) ? "day, " : "", t->columns);
	n = strlen(t->types) + (fleet_table_has_day(t) ? 1 : 0);
	for (i = 1; i < n; i++)
		(void)strlcat(sql, ", ?", sizeof(sql));
	if (strlcat(sql, ")", sizeof(sql)) >= sizeof(sql))
		fatalx("database: a table too wide");
	if (sqlite3_prepare_v2(st->db, sql, -1, &stmt, NULL) != SQLITE_OK)
		rc = -1;
	json_array_foreach(rows, i, row) {
		if (rc == -1 || bind_row(stmt, t, row) == -1 ||
		    sqlite3_step(stmt) != SQLITE_DONE) {
			rc = -1;
			break;
		}
		(void)sqlite3_reset(stmt);
	}
	if (rc == -1)
		log_warnx("fleet: %s: no row of it: %s", t->name,
		    sqlite3_errmsg(st->db));
	sqlite3_finalize(stmt);
	return rc;
}
