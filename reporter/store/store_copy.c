/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "lib/fleet_table.h"
#include "store/store_copy.h"

#define SQL_MAX 1024

struct store_copy {
	struct store	*store;
	const struct fleet_table *table;
	sqlite3_stmt	*stmt;		/* of table, or NULL */
	json_t		*row;		/* that did not fit, or NULL */
	int64_t		 day;
};

/* Of policies those that the day's tallies name. */
static const char *
where_day(const struct fleet_table *t)
{
	return fleet_table_has_day(t) ? "day = ?1" :
	    "id IN (SELECT policy FROM tally WHERE day = ?1)";
}

static sqlite3_stmt *
statement(struct store_copy *copy, const char *sql)
{
	sqlite3_stmt *stmt = NULL;

	if (sqlite3_prepare_v2(copy->store->db, sql, -1, &stmt, NULL) ==
	    SQLITE_OK && sqlite3_bind_int64(stmt, 1, copy->day) == SQLITE_OK)
		return stmt;
	log_warnx("database: %s: %s", sql, sqlite3_errmsg(copy->store->db));
	sqlite3_finalize(stmt);
	return NULL;
}

struct store_copy *
store_copy_open(const char *path, int64_t day)
{
	struct store_copy *copy;

	if ((copy = calloc(1, sizeof(*copy))) == NULL)
		fatal("store");
	copy->day = day;
	copy->table = fleet_tables;
	/* One state for all that is read until it is closed. */
	if ((copy->store = store_open(path, STORE_READ)) == NULL ||
	    store_run(copy->store, "BEGIN", "") == -1) {
		store_copy_close(copy);
		return NULL;
	}
	return copy;
}

void
store_copy_close(struct store_copy *copy)
{
	if (copy == NULL)
		return;
	json_decref(copy->row);
	sqlite3_finalize(copy->stmt);
	store_close(copy->store);
	free(copy);
}

/* "SELECT count(*), total(a), total(length(b)), ... FROM t WHERE ...". */
static void
digest_sql(const struct fleet_table *t, char sql[], size_t sqlsz)
{
	char column[64], sum[96];
	size_t i;

	(void)strlcpy(sql, "SELECT count(*)", sqlsz);
	for (i = 0; t->types[i] != '\0'; i++) {
		(void)snprintf(sum, sizeof(sum), t->types[i] == 'i' ?
		    ", coalesce(sum(%s), 0)" :
		    ", coalesce(sum(length(%s)), 0)",
		    fleet_column(t, i, column, sizeof(column)));
		(void)strlcat(sql, sum, sqlsz);
	}
	(void)strlcat(sql, " FROM ", sqlsz);
	(void)strlcat(sql, t->name, sqlsz);
	(void)strlcat(sql, " WHERE ", sqlsz);
	if (strlcat(sql, where_day(t), sqlsz) >= sqlsz)
		fatalx("database: a table too wide");
}

int
store_copy_digest(struct store_copy *copy, char out[], size_t outsz)
{
	const struct fleet_table *t;
	char sql[SQL_MAX], number[32];
	sqlite3_stmt *stmt;
	uint64_t h = 0;
	int i;

	for (t = fleet_tables; t->name != NULL; t++) {
		digest_sql(t, sql, sizeof(sql));
		if ((stmt = statement(copy, sql)) == NULL)
			return -1;
		if (sqlite3_step(stmt) != SQLITE_ROW) {
			log_warnx("database: %s: %s", t->name,
			    sqlite3_errmsg(copy->store->db));
			sqlite3_finalize(stmt);
			return -1;
		}
		/* FNV-1a's step, of whole numbers. */
		for (i = 0; i < sqlite3_column_count(stmt); i++)
			h = (h ^ (uint64_t)sqlite3_column_int64(stmt, i)) *
			    0x100000001b3ULL + (h >> 29);
		(void)snprintf(number, sizeof(number), "%s%lld",
		    t == fleet_tables ? "" : " ",
		    (long long)sqlite3_column_int64(stmt, 0));
		if (t == fleet_tables)
			(void)strlcpy(out, number, outsz);
		else
			(void)strlcat(out, number, outsz);
		sqlite3_finalize(stmt);
	}
	(void)snprintf(number, sizeof(number), " %016llx",
	    (unsigned long long)h);
	return strlcat(out, number, outsz) < outsz ? 0 : -1;
}

/* What is no UTF-8 was never cleaned: not ours. */
static json_t *
text_json(const char *text, int is_json)
{
	json_t *value = NULL;

	if (is_json)
		value = json_loads(text, 0, NULL);
	if (value == NULL)
		value = json_string(text);
	return value == NULL ? json_string("?") : value;
}

static json_t *
row_json(struct store_copy *copy)
{
	const char *types = copy->table->types;
	json_t *row, *value;
	int i;

	if ((row = json_array()) == NULL)
		fatalx("store: no memory");
	for (i = 0; types[i] != '\0'; i++) {
		if (types[i] == 'i')
			value = json_integer(sqlite3_column_int64(copy->stmt,
			    i));
		else
			value = text_json(store_text(copy->stmt, i),
			    types[i] == 'j');
		if (value == NULL || json_array_append_new(row, value) == -1)
			fatalx("store: no memory");
	}
	return row;
}

static int
table_begin(struct store_copy *copy)
{
	char sql[SQL_MAX];

	(void)snprintf(sql, sizeof(sql), "SELECT %s FROM %s WHERE %s",
	    copy->table->columns, copy->table->name, where_day(copy->table));
	return (copy->stmt = statement(copy, sql)) == NULL ? -1 : 0;
}

/* As many of a table's next rows as max allows, one at least: 1, 0 or -1. */
static int
table_rows(struct store_copy *copy, size_t max, json_t *rows)
{
	size_t bytes = 0;
	int rc;

	for (;;) {
		if (copy->row == NULL) {
			if ((rc = sqlite3_step(copy->stmt)) == SQLITE_DONE)
				return 0;
			if (rc != SQLITE_ROW) {
				log_warnx("database: %s: %s",
				    copy->table->name,
				    sqlite3_errmsg(copy->store->db));
				return -1;
			}
			copy->row = row_json(copy);
		}
		bytes += json_dumpb(copy->row, NULL, 0, JSON_COMPACT) + 1;
		if (bytes > max && json_array_size(rows) > 0)
			return 1;
		if (json_array_append_new(rows, copy->row) == -1)
			fatalx("store: no memory");
		copy->row = NULL;
	}
}

int
store_copy_rows(struct store_copy *copy, size_t max, const char **table,
    json_t **rows)
{
	int rc = 0;

	if ((*rows = json_array()) == NULL)
		fatalx("store: no memory");
	while (rc == 0 && copy->table->name != NULL &&
	    json_array_size(*rows) == 0) {
		if (copy->stmt == NULL && table_begin(copy) == -1)
			break;
		*table = copy->table->name;
		if ((rc = table_rows(copy, max, *rows)) == 0) {
			sqlite3_finalize(copy->stmt);
			copy->stmt = NULL;
			copy->table++;
		}
	}
	if (rc != -1 && json_array_size(*rows) > 0)
		return 1;
	json_decref(*rows);
	*rows = NULL;
	return rc == -1 || copy->table->name != NULL ? -1 : 0;
}

int
store_copied_get(struct store *st, int64_t day, struct store_copied *c)
{
	sqlite3_stmt *stmt;

	memset(c, 0, sizeof(*c));
	stmt = store_select(st, "SELECT digest, closed FROM copied"
	    " WHERE day = ?1", "i", day);
	if (stmt == NULL)
		return -1;
	return store_first(st, stmt, "sn", c->digest, sizeof(c->digest),
	    &c->closed) == -1 ? -1 : 0;
}

int
store_copied_set(struct store *st, int64_t day, const struct store_copied *c,
    int64_t now)
{
	return store_run(st, "INSERT INTO copied (day, digest, closed, at)"
	    " VALUES (?1, ?2, ?3, ?4) ON CONFLICT (day) DO UPDATE SET"
	    " digest = ?2, closed = ?3, at = ?4", "itii", day, c->digest,
	    (int64_t)c->closed, now);
}

int64_t
store_changes(struct store *st)
{
	return sqlite3_total_changes(st->db);
}
