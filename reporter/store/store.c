/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "store/store.h"

/* How long a writer waits for another one. */
#define BUSY_MS 10000

struct store_statement {
	const char	*sql;
	sqlite3_stmt	*stmt;
};

/* Open addressing, by the address of the text; a power of two. */
struct store_statements {
	struct store_statement *slots;
	size_t		 nslots;
	size_t		 n;
};

/*
 * After an error SQLite may have rolled the transaction back, and what follows
 * would be written at once, each statement for itself: from here to its end
 * nothing is.
 */
static void
store_complain(struct store *st, const char *what)
{
	log_warnx("database: %s: %s", what, sqlite3_errmsg(st->db));
	if (st->depth > 0)
		st->failed = 1;
}

static int
store_exec(struct store *st, const char *sql)
{
	if (sqlite3_exec(st->db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return 0;
	store_complain(st, sql);
	return -1;
}

/* -1 where the file can't be read as a database. */
static int64_t
store_version(struct store *st)
{
	sqlite3_stmt *stmt = NULL;
	int64_t version = -1;

	if (sqlite3_prepare_v2(st->db, "PRAGMA user_version", -1, &stmt,
	    NULL) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW)
		version = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return version;
}

/* The format that this program reads and writes. */
static int64_t
schema_version(void)
{
	int64_t n;

	for (n = 0; store_steps[n] != NULL; n++)
		continue;
	return STORE_FIRST + n;
}

/* Makes the newest format of what is there, in one transaction. */
static int
schema_make(struct store *st)
{
	char sql[64];
	int64_t version;
	size_t i;

	if (store_begin(st) == -1)
		return -1;
	/* Another process may have made it while we waited. */
	version = store_version(st);
	if (version >= schema_version())
		return store_commit(st);
	for (i = 0; version == 0 && store_schema[i] != NULL; i++)
		if (store_exec(st, store_schema[i]) == -1)
			goto bad;
	for (i = version == 0 ? 0 : version - STORE_FIRST;
	    store_steps[i] != NULL; i++)
		if (store_exec(st, store_steps[i]) == -1)
			goto bad;
	(void)snprintf(sql, sizeof(sql), "PRAGMA user_version = %lld",
	    (long long)schema_version());
	if (store_exec(st, sql) == -1)
		goto bad;
	if (store_commit(st) == -1)
		return -1;
	if (version != 0)
		log_info("database: format %lld made of %lld",
		    (long long)schema_version(), (long long)version);
	return 0;
bad:
	store_rollback(st);
	return -1;
}

static int
schema_check(struct store *st, const char *path, enum store_mode mode)
{
	int64_t version;

	if ((version = store_version(st)) == -1) {
		log_warnx("%s: %s", path, sqlite3_errmsg(st->db));
		return -1;
	}
	if (mode == STORE_OWN ? version < schema_version() :
	    mode == STORE_WRITE && version == 0) {
		if (schema_make(st) == -1)
			return -1;
		version = store_version(st);
	}
	if (version == schema_version())
		return 0;
	if (version == 0)
		log_warnx("%s: empty: has sged(8) ever run?", path);
	else if (version < schema_version())
		log_warnx("%s: its format %lld is older than this version's "
		    "(%lld): restart sged(8), which makes it new", path,
		    (long long)version, (long long)schema_version());
	else
		log_warnx("%s: its format %lld is newer than this version's "
		    "(%lld): a newer sged(8) wrote it, use that one", path,
		    (long long)version, (long long)schema_version());
	return -1;
}

/*
 * Reading a WAL database wants to write its -shm file.  Someone who may not,
 * while no writer is there (no -wal file), reads the file as it lies.
 */
static int
open_immutable(struct store *st, const char *path)
{
	char *uri, *wal;
	const char *s;
	size_t n;
	int rc, there;

	if (asprintf(&wal, "%s-wal", path) == -1)
		fatal("store");
	there = access(wal, F_OK) == 0;
	free(wal);
	if (there || (uri = malloc(strlen(path) * 3 + 32)) == NULL)
		return -1;
	memcpy(uri, "file:", 5);
	for (n = 5, s = path; *s != '\0'; s++) {
		if (strchr("?#%", *s) == NULL) {
			uri[n++] = *s;
			continue;
		}
		uri[n++] = '%';
		uri[n++] = "0123456789ABCDEF"[*s >> 4 & 15];
		uri[n++] = "0123456789ABCDEF"[*s & 15];
	}
	memcpy(uri + n, "?immutable=1", 13);
	sqlite3_close(st->db);
	st->db = NULL;
	rc = sqlite3_open_v2(uri, &st->db, SQLITE_OPEN_READONLY |
	    SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);
	free(uri);
	return rc == SQLITE_OK ? 0 : -1;
}

/* -2: a reader that could not; see open_immutable. */
static int
store_pragmas(struct store *st, enum store_mode mode)
{
	int code;

	(void)sqlite3_busy_timeout(st->db, BUSY_MS);
	if (mode == STORE_READ) {
		if (store_version(st) != -1)
			return 0;
		code = sqlite3_errcode(st->db) & 0xff;
		return code == SQLITE_CANTOPEN || code == SQLITE_READONLY ?
		    -2 : -1;
	}
	/*
	 * synchronous FULL: what is committed outlives a power failure too, so
	 * a report that went out is known to have, with its id.
	 */
	return store_exec(st, "PRAGMA journal_mode = WAL;"
	    "PRAGMA synchronous = FULL;"
	    "PRAGMA foreign_keys = ON;"
	    "PRAGMA cache_size = -16384;"
	    "PRAGMA journal_size_limit = 67108864");
}

/* Another may hold it, or the disk be full: that may end. */
static int
may_come(sqlite3 *db)
{
	switch (db == NULL ? SQLITE_NOMEM : sqlite3_errcode(db) & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_READONLY:
	case SQLITE_IOERR:
	case SQLITE_FULL:
		return 1;
	}
	return 0;
}

struct store *
store_open(const char *path, enum store_mode mode)
{
	struct store *st;
	int flags, rc;

	if ((st = calloc(1, sizeof(*st))) == NULL ||
	    (st->statements = calloc(1, sizeof(*st->statements))) == NULL)
		fatal("store");
	flags = SQLITE_OPEN_NOMUTEX | (mode == STORE_READ ?
	    SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
	if (sqlite3_open_v2(path, &st->db, flags, NULL) != SQLITE_OK)
		goto bad;
	/* SQLite reads what it may not write, and would go on to do so. */
	if (mode != STORE_READ && sqlite3_db_readonly(st->db, "main") == 1) {
		log_warnx("%s: can't be written to", path);
		store_close(st);
		errno = EAGAIN;
		return NULL;
	}
	if ((rc = store_pragmas(st, mode)) == -2)
		rc = open_immutable(st, path);
	if (rc == -1)
		goto bad;
	/* A sandboxed process has no folder for large sorts. */
	if (store_exec(st, "PRAGMA temp_store = MEMORY") == -1 ||
	    schema_check(st, path, mode) == -1)
		goto out;
	return st;
bad:
	if (st->db == NULL)
		log_warn("%s", path);
	else
		log_warnx("%s: %s", path, sqlite3_errmsg(st->db));
out:
	rc = may_come(st->db) ? EAGAIN : EINVAL;
	store_close(st);
	errno = rc;
	return NULL;
}

void
store_close(struct store *st)
{
	size_t i;

	if (st == NULL)
		return;
	for (i = 0; i < st->statements->nslots; i++)
		sqlite3_finalize(st->statements->slots[i].stmt);
	free(st->statements->slots);
	free(st->statements);
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
	if ((bigger.slots = calloc(bigger.nslots, sizeof(*bigger.slots))) ==
	    NULL)
		fatal("store");
	for (i = 0; i < all->nslots; i++)
		if (all->slots[i].sql != NULL)
			*statement_find(&bigger, all->slots[i].sql) =
			    all->slots[i];
	free(all->slots);
	*all = bigger;
}

sqlite3_stmt *
store_prepare(struct store *st, const char *sql)
{
	struct store_statements *all = st->statements;
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

static int
bind_list(sqlite3_stmt *stmt, const char *types, va_list ap)
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
			    va_arg(ap, const char *), -1, SQLITE_TRANSIENT);
			break;
		case 'b':
			ptr = va_arg(ap, const void *);
			rc = sqlite3_bind_blob64(stmt, i, ptr,
			    va_arg(ap, size_t), SQLITE_TRANSIENT);
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

int
store_bind(sqlite3_stmt *stmt, const char *types, ...)
{
	va_list ap;
	int rc;

	va_start(ap, types);
	rc = bind_list(stmt, types, ap);
	va_end(ap);
	return rc;
}

sqlite3_stmt *
store_select(struct store *st, const char *sql, const char *types, ...)
{
	sqlite3_stmt *stmt;
	va_list ap;
	int rc;

	if ((stmt = store_prepare(st, sql)) == NULL)
		return NULL;
	va_start(ap, types);
	rc = bind_list(stmt, types, ap);
	va_end(ap);
	return rc == -1 ? NULL : stmt;
}

static void
read_columns(sqlite3_stmt *stmt, const char *types, va_list ap)
{
	char *buf;
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
			(void)strlcpy(buf, store_text(stmt, i), va_arg(ap,
			    size_t));
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

	if ((stmt = store_prepare(st, sql)) == NULL)
		return -1;
	rc = bind_list(stmt, types, ap);
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

int64_t
store_number(struct store *st, int64_t other, const char *sql,
    const char *types, ...)
{
	sqlite3_stmt *stmt;
	va_list ap;
	int rc;

	if ((stmt = store_prepare(st, sql)) == NULL)
		return other;
	va_start(ap, types);
	rc = bind_list(stmt, types, ap);
	va_end(ap);
	if (rc == 0 && (rc = sqlite3_step(stmt)) == SQLITE_ROW &&
	    sqlite3_column_type(stmt, 0) != SQLITE_NULL)
		other = sqlite3_column_int64(stmt, 0);
	else if (rc != SQLITE_ROW && rc != SQLITE_DONE && rc != -1)
		store_complain(st, sql);
	(void)sqlite3_reset(stmt);
	return other;
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

int64_t
store_meta(struct store *st, const char *key, int64_t other)
{
	return store_number(st, other, "SELECT value FROM meta WHERE key = ?1",
	    "t", key);
}
