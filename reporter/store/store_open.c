/* SPDX-License-Identifier: ISC */

/*
 * The database is opened, and brought to this program's format.
 */

#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/monotonic.h"
#include "lib/xalloc.h"
#include "store/store.h"

/* How long a writer waits for another one. */
#define BUSY_MS 10000
#define BUSY_STEP_MS 5
/* One in a hurry; and then not again for so long. */
#define HURRY_MS 200
#define HELD_MS 1000

/* Of SQLite, while another has what is wanted: whether to try again. */
static int
on_busy(void *arg, int before)
{
	struct store *st = arg;
	int64_t now = monotonic_ms();

	if (before == 0)
		st->waits = now;
	if (st->hurry && now < st->held)
		return 0;
	if (now - st->waits >= (st->hurry ? HURRY_MS : BUSY_MS)) {
		st->held = now + HELD_MS;
		return 0;
	}
	(void)sqlite3_sleep(BUSY_STEP_MS);
	return 1;
}

void
store_hurry(struct store *st, int on)
{
	st->hurry = on;
	st->held = 0;
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
 * A database of the first formats keeps what is free in it for ever: it is
 * written anew once.  Where there is no room for that it stays as it is.
 */
static void
vacuum_make(struct store *st, const char *path)
{
	if (store_count(st, "PRAGMA auto_vacuum", "") != 0)
		return;
	log_info("%s: written anew, so that it can give room back", path);
	(void)store_exec(st, "PRAGMA auto_vacuum = INCREMENTAL; VACUUM");
	st->errors = 0;
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

	xasprintf(&wal, "%s-wal", path);
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

	(void)sqlite3_busy_handler(st->db, on_busy, st);
	/*
	 * A statement's plan goes by its text alone: else one that could use a
	 * partial index for some value is made anew for each value.
	 */
	(void)sqlite3_db_config(st->db, SQLITE_DBCONFIG_ENABLE_QPSG, 1, NULL);
	if (mode == STORE_READ) {
		if (store_version(st) != -1)
			return 0;
		code = sqlite3_errcode(st->db) & 0xff;
		return code == SQLITE_CANTOPEN || code == SQLITE_READONLY ?
		    -2 : -1;
	}
	/* Before there is anything; an older one gets it by vacuum_make. */
	if (store_pages(st) == 0 &&
	    store_exec(st, "PRAGMA auto_vacuum = INCREMENTAL") == -1)
		return -1;
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

static int
is_damaged(sqlite3 *db)
{
	int code = sqlite3_errcode(db) & 0xff;

	return code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
}

int
store_files(const char *path)
{
	static const char *const suffixes[] = { "", "-wal", "-shm",
	    "-journal" };
	struct stat sb;
	char *file;
	size_t i;
	int rc = 0;

	for (i = 0; i < nitems(suffixes) && rc == 0; i++) {
		xasprintf(&file, "%s%s", path, suffixes[i]);
		if (stat(file, &sb) == 0 && !S_ISREG(sb.st_mode)) {
			log_warnx("%s: not a regular file: move it away",
			    file);
			rc = -1;
		}
		free(file);
	}
	return rc;
}

struct store *
store_open(const char *path, enum store_mode mode)
{
	struct store *st;
	int flags, rc;

	if (store_files(path) == -1) {
		errno = EINVAL;
		return NULL;
	}
	/*
	 * No process of ours has a second thread, or asks how much memory
	 * SQLite has: no locks, no counting.  Refused when it is asked again.
	 */
	(void)sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	st = xcalloc(1, sizeof(*st));
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
	if (mode == STORE_OWN)
		vacuum_make(st, path);
	return st;
bad:
	if (st->db == NULL)
		log_warn("%s", path);
	else
		log_warnx("%s: %s%s", path, sqlite3_errmsg(st->db),
		    is_damaged(st->db) ? ": sgectl check config says how to "
		    "go on" : "");
out:
	rc = may_come(st->db) ? EAGAIN : EINVAL;
	store_close(st);
	errno = rc;
	return NULL;
}

/* An index that does not agree with its table is found by no quick_check. */
int
store_whole(struct store *st, char text[], size_t textsz)
{
	sqlite3_stmt *stmt;
	char *p;

	text[0] = '\0';
	if ((stmt = store_select(st, "PRAGMA integrity_check(1)", "")) == NULL ||
	    store_first(st, stmt, "s", text, textsz) == -1)
		return st->damaged ? 0 : -1;
	for (p = text; (p = strchr(p, '\n')) != NULL;)
		*p = ' ';
	st->damaged |= strcmp(text, "ok") != 0;
	return strcmp(text, "ok") == 0;
}

int64_t
store_pages(struct store *st)
{
	return store_count(st, "PRAGMA page_count", "");
}
