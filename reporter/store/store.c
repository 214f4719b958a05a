/* SPDX-License-Identifier: ISC */

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/monotonic.h"
#include "lib/hash.h"
#include "lib/xalloc.h"
#include "store/store.h"

/* That another has the database is said once in so long. */
#define LOCKED_SAID_MS 10000

struct store_statement {
	const char	*sql;
	sqlite3_stmt	*stmt;
};

/*
 * After an error SQLite may have rolled the transaction back, and what follows
 * would be written at once, each statement for itself: from here to its end
 * nothing is.
 */
static void
store_complain(struct store *st, const char *what)
{
	int code = sqlite3_errcode(st->db) & 0xff;

	st->locked = code == SQLITE_BUSY || code == SQLITE_LOCKED;
	/* In a hurry it may be asked for many times a second. */
	if (!st->locked || st->locked_said == 0 ||
	    monotonic_ms() - st->locked_said >= LOCKED_SAID_MS) {
		log_warnx("database: %s: %s", what, sqlite3_errmsg(st->db));
		if (st->locked)
			st->locked_said = monotonic_ms();
	}
	if (st->depth > 0)
		st->failed = 1;
	st->errors++;
	st->damaged |= code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
}

int
store_exec(struct store *st, const char *sql)
{
	if (sqlite3_exec(st->db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return 0;
	store_complain(st, sql);
	return -1;
}

void
store_close(struct store *st)
{
	size_t i;

	if (st == NULL)
		return;
	for (i = 0; i < st->statements.nslots; i++)
		sqlite3_finalize(st->statements.slots[i].stmt);
	free(st->statements.slots);
	hash_free(st->today);
	sqlite3_close(st->db);
	free(st);
}

int
store_begin(struct store *st)
{
	if (st->depth == 0) {
		/* An end that failed left it open: nothing of it is wanted. */
		if (!sqlite3_get_autocommit(st->db))
			(void)store_exec(st, "ROLLBACK");
		/* IMMEDIATE: a reader that turns writer can't wait. */
		if (store_exec(st, "BEGIN IMMEDIATE") == -1)
			return -1;
		st->failed = 0;
		st->locked = 0;
	}
	st->depth++;
	return 0;
}

int
store_commit(struct store *st)
{
	/* What could not be begun has written nothing. */
	if (st->depth == 0)
		return -1;
	if (--st->depth > 0)
		return st->failed ? -1 : 0;
	if (!st->failed && store_exec(st, "COMMIT") == 0)
		return 0;
	(void)sqlite3_exec(st->db, "ROLLBACK", NULL, NULL, NULL);
	return -1;
}

void
store_rollback(struct store *st)
{
	/* Where begin or commit failed, there is nothing left to undo. */
	if (st->depth == 0)
		return;
	st->failed = 1;
	if (--st->depth == 0)
		(void)sqlite3_exec(st->db, "ROLLBACK", NULL, NULL, NULL);
}

int
store_end(struct store *st, int rc)
{
	if (rc == 0)
		return store_commit(st);
	store_rollback(st);
	return -1;
}

int
store_is_locked(struct store *st)
{
	if (st->locked && st->depth == 0 && store_begin(st) == 0)
		(void)store_commit(st);
	return st->locked;
}

void
store_read_begin(struct store *st)
{
	/* Without it each statement has a transaction of its own. */
	if (st->depth == 0 && sqlite3_get_autocommit(st->db))
		(void)store_exec(st, "BEGIN");
}

void
store_read_end(struct store *st)
{
	if (st->depth == 0 && !sqlite3_get_autocommit(st->db))
		(void)store_exec(st, "COMMIT");
}

/* Open addressing; nslots is a power of two. */
static struct store_statement *
statement_find(struct store_statements *all, const char *sql)
{
	size_t i = ((uintptr_t)sql >> 3) * 0x9e3779b1u;

	for (i &= all->nslots - 1; all->slots[i].sql != NULL;
	    i = (i + 1) & (all->nslots - 1))
		if (all->slots[i].sql == sql)
			break;
	return &all->slots[i];
}

static void
statements_grow(struct store_statements *all)
{
	struct store_statements bigger;
	size_t i;

	bigger.n = all->n;
	bigger.nslots = all->nslots == 0 ? 64 : all->nslots * 2;
	bigger.slots = xcalloc(bigger.nslots, sizeof(*bigger.slots));
	for (i = 0; i < all->nslots; i++)
		if (all->slots[i].sql != NULL)
			*statement_find(&bigger, all->slots[i].sql) =
			    all->slots[i];
	free(all->slots);
	*all = bigger;
}

/* Reset and unbound; NULL with a log line. */
static sqlite3_stmt *
prepare(struct store *st, const char *sql)
{
	struct store_statements *all = &st->statements;
	struct store_statement *s;

	if (st->depth > 0 && st->failed)
		return NULL;
	if (all->n * 2 >= all->nslots)
		statements_grow(all);
	s = statement_find(all, sql);
	if (s->sql != NULL) {
		(void)sqlite3_reset(s->stmt);
		(void)sqlite3_clear_bindings(s->stmt);
		return s->stmt;
	}
	if (sqlite3_prepare_v3(st->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
	    &s->stmt, NULL) != SQLITE_OK) {
		store_complain(st, sql);
		s->stmt = NULL;
		return NULL;
	}
	s->sql = sql;
	all->n++;
	return s->stmt;
}

/*
 * keep: SQLITE_STATIC where the statement is over before the caller's texts
 * are, so that they need no copies; or SQLITE_TRANSIENT.
 */
static int
bind_list(sqlite3_stmt *stmt, sqlite3_destructor_type keep, const char *types,
    va_list ap)
{
	const void *ptr;
	int i, rc;

	for (i = 1; *types != '\0'; types++, i++) {
		switch (*types) {
		case 'i':
			rc = sqlite3_bind_int64(stmt, i, va_arg(ap, int64_t));
			break;
		case 't':
			rc = sqlite3_bind_text(stmt, i,
			    va_arg(ap, const char *), -1, keep);
			break;
		case 'b':
			ptr = va_arg(ap, const void *);
			rc = sqlite3_bind_blob64(stmt, i, ptr,
			    va_arg(ap, size_t), keep);
			break;
		default:
			fatalx("store: bad type '%c'", *types);
		}
		if (rc != SQLITE_OK) {
			log_warnx("database: %s: %s", sqlite3_sql(stmt),
			    sqlite3_errstr(rc));
			return -1;
		}
	}
	return 0;
}

sqlite3_stmt *
store_select(struct store *st, const char *sql, const char *types, ...)
{
	sqlite3_stmt *stmt;
	va_list ap;
	int rc;

	if ((stmt = prepare(st, sql)) == NULL)
		return NULL;
	va_start(ap, types);
	rc = bind_list(stmt, SQLITE_TRANSIENT, types, ap);
	va_end(ap);
	return rc == -1 ? NULL : stmt;
}

static void
read_columns(sqlite3_stmt *stmt, const char *types, va_list ap)
{
	char *buf;
	size_t size;
	int i;

	for (i = 0; types[i] != '\0'; i++)
		switch (types[i]) {
		case 'i':
			*va_arg(ap, int64_t *) = sqlite3_column_int64(stmt, i);
			break;
		case 'n':
			*va_arg(ap, int *) = sqlite3_column_int(stmt, i);
			break;
		case 't':
			*va_arg(ap, const char **) = store_text(stmt, i);
			break;
		case 's':
			buf = va_arg(ap, char *);
			size = va_arg(ap, size_t);
			if (strlcpy(buf, store_text(stmt, i), size) >= size)
				log_warnx("database: %s: overlong",
				    sqlite3_sql(stmt));
			break;
		default:
			fatalx("store_row: %s", types);
		}
}

static int
row_list(struct store *st, sqlite3_stmt *stmt, const char *types, va_list ap)
{
	int rc;

	if ((rc = sqlite3_step(stmt)) != SQLITE_ROW)
		return store_done(st, stmt, rc);
	read_columns(stmt, types, ap);
	return 1;
}

int
store_row(struct store *st, sqlite3_stmt *stmt, const char *types, ...)
{
	va_list ap;
	int rc;

	va_start(ap, types);
	rc = row_list(st, stmt, types, ap);
	va_end(ap);
	return rc;
}

int
store_first(struct store *st, sqlite3_stmt *stmt, const char *types, ...)
{
	va_list ap;
	int rc;

	va_start(ap, types);
	rc = row_list(st, stmt, types, ap);
	va_end(ap);
	if (rc == 1)
		(void)sqlite3_reset(stmt);
	return rc;
}

static int
run_list(struct store *st, const char *sql, const char *types, va_list ap)
{
	sqlite3_stmt *stmt;
	int rc;

	if ((stmt = prepare(st, sql)) == NULL)
		return -1;
	rc = bind_list(stmt, SQLITE_STATIC, types, ap);
	if (rc == 0 && sqlite3_step(stmt) != SQLITE_DONE) {
		store_complain(st, sql);
		rc = -1;
	}
	(void)sqlite3_reset(stmt);
	return rc;
}

int
store_run(struct store *st, const char *sql, const char *types, ...)
{
	va_list ap;
	int rc;

	va_start(ap, types);
	rc = run_list(st, sql, types, ap);
	va_end(ap);
	return rc;
}

int
store_update(struct store *st, const char *sql, const char *types, ...)
{
	va_list ap;
	int rc;

	va_start(ap, types);
	rc = run_list(st, sql, types, ap);
	va_end(ap);
	return rc == -1 ? -1 : sqlite3_changes(st->db);
}

static int
number_list(struct store *st, int64_t *value, const char *sql,
    const char *types, va_list ap)
{
	sqlite3_stmt *stmt;
	int rc;

	if ((stmt = prepare(st, sql)) == NULL ||
	    bind_list(stmt, SQLITE_STATIC, types, ap) == -1)
		return -1;
	if ((rc = sqlite3_step(stmt)) != SQLITE_ROW)
		return store_done(st, stmt, rc);
	if ((rc = sqlite3_column_type(stmt, 0) != SQLITE_NULL))
		*value = sqlite3_column_int64(stmt, 0);
	(void)sqlite3_reset(stmt);
	return rc;
}

int
store_number(struct store *st, int64_t *value, const char *sql,
    const char *types, ...)
{
	va_list ap;
	int rc;

	va_start(ap, types);
	rc = number_list(st, value, sql, types, ap);
	va_end(ap);
	return rc;
}

int64_t
store_count(struct store *st, const char *sql, const char *types, ...)
{
	int64_t count = 0;
	va_list ap;
	int rc;

	va_start(ap, types);
	rc = number_list(st, &count, sql, types, ap);
	va_end(ap);
	return rc == -1 ? -1 : count;
}

int64_t
store_written(struct store *st)
{
	return sqlite3_total_changes(st->db);
}

int64_t
store_others(struct store *st)
{
	return store_count(st, "PRAGMA data_version", "");
}

int
store_done(struct store *st, sqlite3_stmt *stmt, int rc)
{
	(void)sqlite3_reset(stmt);
	if (rc == SQLITE_DONE)
		return 0;
	store_complain(st, sqlite3_sql(stmt));
	return -1;
}

const char *
store_text(sqlite3_stmt *stmt, int column)
{
	const unsigned char *s = sqlite3_column_text(stmt, column);

	return s == NULL ? "" : (const char *)s;
}

int
store_meta_set(struct store *st, const char *key, int64_t value)
{
	return store_run(st, "INSERT INTO meta (key, value) VALUES (?1, ?2)"
	    " ON CONFLICT (key) DO UPDATE SET value = excluded.value", "ti",
	    key, value);
}

int
store_meta(struct store *st, const char *key, int64_t *value)
{
	return store_number(st, value, "SELECT value FROM meta WHERE key = ?1",
	    "t", key);
}

int
store_meta_add(struct store *st, const char *key, int64_t more)
{
	return store_run(st, "INSERT INTO meta (key, value) VALUES (?1, ?2)"
	    " ON CONFLICT (key) DO UPDATE SET value = value + excluded.value",
	    "ti", key, more);
}
