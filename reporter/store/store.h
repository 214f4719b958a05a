/* SPDX-License-Identifier: ISC */

#ifndef SGE_STORE_H
#define SGE_STORE_H

#include <sqlite3.h>
#include <stdint.h>

#include "base/compat.h"

/*
 * The database.  store_schema.c holds every table; the files of this room are
 * the only ones with SQL in them, store_*.c one for each family of tables,
 * query_*.c for what the views read.  Days are days since 1970-01-01 (UTC),
 * instants epoch seconds.
 */
struct store {
	sqlite3		*db;
	/* Prepared statements by the address of their text. */
	struct store_statements {
		struct store_statement *slots;
		size_t	 nslots;
		size_t	 n;
	}		 statements;
	int		 depth;		/* of store_begin */
	int		 failed;	/* it can only be rolled back */
	int64_t		 errors;	/* how many there were so far */
	/* Of waiting for another writer; see store_hurry. */
	int		 hurry;
	int		 locked;	/* the last error: another has it */
	int64_t		 locked_said;	/* when, monotonic milliseconds */
	int64_t		 waits;		/* since when, the same; 0: not now */
	int64_t		 held;		/* until then it is not waited for */
	int		 damaged;	/* one was a page that is no page */
	/* What goes to an address a day, at most: see store_delivery.c. */
	struct hash	*today;
	int64_t		 today_day;
};

enum store_mode {
	STORE_READ,		/* views: sged may be running or not */
	STORE_WRITE,		/* deliver: makes it if need be */
	STORE_OWN		/* sged: makes it, or of an older format new */
};

/*
 * NULL with a log line, also for a format that is not this program's; errno is
 * EAGAIN where it may be had later.  WAL mode; a writer waits ten seconds for
 * another, but see store_hurry.  Only sged, which is there once, brings an older
 * format to the newest, in one transaction: sgectl of a newer version must not
 * do it to an older sged that runs.
 */
struct store *store_open(const char *path, enum store_mode);
void	store_close(struct store *);
/*
 * Whether the database and what SQLite keeps beside it are files, as far as
 * they are there: it opens whatever is, and would wait at a pipe for ever.  0,
 * or -1 with a log line; store_open asks itself.
 */
int	store_files(const char *path);
/*
 * Whether every page is what it should be, and each index agrees with its
 * table, which reads them all: 1; 0 with a word of SQLite's about the first that
 * is not; or -1 with a log line.
 */
int	store_whole(struct store *, char text[], size_t textsz);

/*
 * 0, or -1 with a log line.  They nest: only the outermost one commits, and
 * only if none within was rolled back, and no statement within had an error:
 * those behind it are not run.  store_begin waits for other writers.  Once
 * begin or the outermost commit failed there is no transaction: a commit then
 * is -1, a rollback nothing.
 */
int	store_begin(struct store *);
int	store_commit(struct store *);
void	store_rollback(struct store *);
/* The one for 0, the other for all else; 0, or -1: nothing was written. */
int	store_end(struct store *, int rc);

/*
 * For who has others to answer meanwhile: from now on (or, with 0, no more) a
 * writer waits some tenths of a second for another, and once that was in vain
 * not at all for a second.  What fails then is the caller's to do again.
 */
void	store_hurry(struct store *, int on);
/*
 * Whether what failed last did since another process has the database, and has
 * it still; asks only then.
 */
int	store_is_locked(struct store *);

/*
 * Between the two many small statements that only read are as of one moment,
 * and need no locks of their own; outside of a transaction, and only for as
 * long as nothing else happens: see checkpoints below.
 */
void	store_read_begin(struct store *);
void	store_read_end(struct store *);

/*
 * A statement that returns rows, by its text (a string literal: its address is
 * the key), bound by type letters: 'i' int64_t, 't' text or NULL, 'b' ptr and
 * size_t; NULL with a log line.  The store owns it.  One text has one
 * statement: do not select again while its rows are being read, and reset it
 * when no more of them are wanted (an open one holds back checkpoints).
 */
sqlite3_stmt *store_select(struct store *, const char *sql, const char *types,
	    ...);
/*
 * The next row into a pointer for each type letter: 'i' int64_t *, 'n' int *,
 * 't' const char ** ("" for NULL; good until the next row), 's' char * and its
 * size_t, for what is bounded where it is written: what is longer is logged.
 * Returns 1; 0 when there is none more, and -1 with a log line: the statement
 * is reset then.
 */
int	store_row(struct store *, sqlite3_stmt *, const char *types, ...);
/* The same for the first row alone, without 't': it is reset in any case. */
int	store_first(struct store *, sqlite3_stmt *, const char *types, ...);
/* Statements as they stand, not kept; 0 or -1 with a log line. */
int	store_exec(struct store *, const char *sql);
/* Runs one that returns no rows; 0 or -1 with a log line. */
int	store_run(struct store *, const char *sql, const char *types, ...);
/* The same; returns how many rows were changed, or -1. */
int	store_update(struct store *, const char *sql, const char *types, ...);
/*
 * The first column of the first row.  Returns 1; 0 where there is none, or
 * NULL in it: *value stays what it was; -1 with a log line, the same.
 */
int	store_number(struct store *, int64_t *value, const char *sql,
	    const char *types, ...);
/* The same for what is never below 0: 0 where there is none, -1 for failure. */
int64_t	store_count(struct store *, const char *sql, const char *types, ...);
/* How many pages it has, or -1. */
int64_t	store_pages(struct store *);
/* Another number once this connection has written rows. */
int64_t	store_written(struct store *);
/* Another number once others have written; -1 with a log line. */
int64_t	store_others(struct store *);
/* Ends a loop of sqlite3_step that gave rc; 0, or -1 with a log line. */
int	store_done(struct store *, sqlite3_stmt *, int rc);
/* Text of a column, "" for NULL; good until the next step. */
const char *store_text(sqlite3_stmt *, int column);

int	store_meta_set(struct store *, const char *key, int64_t value);
/* As store_number. */
int	store_meta(struct store *, const char *key, int64_t *value);
/* From 0 on; 0 or -1. */
int	store_meta_add(struct store *, const char *key, int64_t more);

/*
 * Both end with NULL.  The schema is the first format, which never changes;
 * step n makes format STORE_FIRST + n + 1 of the one before.  A new database
 * goes the same way as an old one: schema, then every step.
 */
extern const char *const store_schema[];
extern const char *const store_steps[];
#define STORE_FIRST 1

#endif
