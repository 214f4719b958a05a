/* SPDX-License-Identifier: ISC */

#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "store/store.h"
#include "store/store_claim.h"
#include "store/store_flow.h"
#include "store/store_route.h"
#include "store/store_trace.h"
#include "store/store_trim.h"
#include "tap.h"

static char	 dir[] = "/tmp/unit-store.XXXXXXXXXX";
static char	 path[64], copy[128];

static int64_t
metas(struct store *st)
{
	return store_count(st, "SELECT count(*) FROM meta", "");
}

static int64_t
meta(struct store *st, const char *key, int64_t other)
{
	if (store_meta(st, key, &other) == -1)
		return -1;
	return other;
}

/*
 * An error that makes SQLite roll back: what follows is not written on its
 * own, and what asks for a number does not pass for an answer.
 */
static void
poisoned(struct store *st)
{
	int64_t before = metas(st), n = 7;

	(void)sqlite3_exec(st->db, "CREATE TEMP TRIGGER full BEFORE INSERT ON"
	    " meta WHEN new.key = 'full' BEGIN"
	    " SELECT RAISE(ROLLBACK, 'disk full'); END", NULL, NULL, NULL);
	is_int(store_begin(st), 0, "a transaction");
	is_int(store_meta_set(st, "before", 1), 0, "a row");
	is_int(store_meta_set(st, "full", 1), -1, "the disk is full");
	is_int(store_meta_set(st, "after", 1), -1, "nothing is written then");
	is_int(store_commit(st), -1, "nor committed");
	is_int(metas(st), before, "there is neither row");
	is_int(store_begin(st), 0, "another one");
	is_int(store_number(st, &n, "SELECT nothing FROM nowhere", ""), -1,
	    "a number that can't be had");
	is_int(n, 7, "is none");
	is_int(store_meta_set(st, "after", 1), -1, "is no answer to go on with");
	is_int(store_commit(st), -1, "nor to commit");
	is_int(metas(st), before, "nothing was written");
	is_int(store_begin(st), 0, "a third");
	is_int(store_meta_set(st, "third", 1), 0, "is good");
	store_rollback(st);
	(void)sqlite3_exec(st->db, "DROP TRIGGER full", NULL, NULL, NULL);
}

static void
check_transactions(struct store *st)
{
	int64_t n = 7;

	is_int(store_meta(st, "x", &n), 0, "meta: not there");
	is_int(n, 7, "leaves what there was");
	is_int(store_meta_set(st, "x", 1), 0, "meta: set");
	is_int(store_meta_set(st, "x", 2), 0, "meta: set again");
	is_int(store_number(st, &n, "SELECT max(value) FROM meta WHERE"
	    " key = 'none'", ""), 0, "NULL is not there either");
	is_int(store_count(st, "SELECT nothing FROM nowhere", ""), -1,
	    "a failure is no 0");
	is_int(meta(st, "x", 7), 2, "meta: the last value");

	is_int(store_begin(st), 0, "begin");
	is_int(store_begin(st), 0, "within");
	store_meta_set(st, "y", 1);
	is_int(store_commit(st), 0, "inner commit");
	store_rollback(st);
	is_int(metas(st), 1, "the outer rollback takes the inner one along");

	store_begin(st);
	store_begin(st);
	store_meta_set(st, "y", 1);
	store_rollback(st);
	is_int(store_commit(st), -1, "an inner rollback forbids the commit");
	poisoned(st);
	is_int(metas(st), 1, "and nothing stays");

	store_begin(st);
	store_meta_set(st, "y", 1);
	is_int(store_commit(st), 0, "commit");
	is_int(metas(st), 2, "stays");
}

static void
check_statements(struct store *st)
{
	static const char sql[] = "SELECT ?1, ?2, ?3";
	sqlite3_stmt *stmt, *again;
	char text[3];
	int number;

	stmt = store_select(st, sql, "itb", (int64_t)1 << 40, NULL, "ab\0c",
	    (size_t)4);
	ok(stmt != NULL, "prepared and bound");
	is_int(sqlite3_step(stmt), SQLITE_ROW, "a row");
	is_int(sqlite3_column_int64(stmt, 0), (int64_t)1 << 40, "a number");
	is_str(store_text(stmt, 1), "", "NULL reads as empty");
	is_int(sqlite3_column_bytes(stmt, 2), 4, "bytes with NUL");
	again = store_select(st, sql, "");
	ok(again == stmt, "the same text has the same statement");
	sqlite3_step(again);
	is_int(sqlite3_column_type(again, 0), SQLITE_NULL, "unbound anew");
	sqlite3_reset(again);
	ok(store_select(st, "SELECT nonsense FROM nowhere", "") == NULL,
	    "a bad one is refused");
	is_int(store_run(st, "INSERT INTO meta VALUES ('x', 1)", ""), -1,
	    "a failing one says so");
	stmt = store_select(st, "SELECT 'abcd', 7", "");
	is_int(store_first(st, stmt, "sn", text, sizeof(text), &number), 1,
	    "a row's columns");
	is_str(text, "ab", "a text that is too long for its place");
	is_int(number, 7, "and the next one");
}

/* Many literals: the table of statements grows. */
static void
check_growth(struct store *st)
{
	static char texts[300][32];
	size_t i;
	int64_t sum = 0;

	for (i = 0; i < nitems(texts); i++) {
		snprintf(texts[i], sizeof(texts[i]), "SELECT %zu", i);
		sum += store_count(st, texts[i], "");
	}
	for (i = 0; i < nitems(texts); i++)
		sum += store_count(st, texts[i], "");
	is_int(sum, 299 * 300, "300 statements");
}

/* The other process: reads what was before, then waits to write. */
static int
other_writer(int from, int to)
{
	struct store *st;
	char byte;

	if (read(from, &byte, 1) != 1 ||
	    (st = store_open(path, STORE_WRITE)) == NULL)
		return 1;
	if (meta(st, "x", 0) != 2 || write(to, "x", 1) != 1)
		return 2;
	if (store_begin(st) == -1 || meta(st, "x", 0) != 100 ||
	    store_commit(st) == -1)
		return 3;
	return 0;
}

static void
check_two(void)
{
	struct store *st;
	int status = -1, go[2], back[2];
	pid_t pid;
	char byte;

	if (pipe(go) == -1 || pipe(back) == -1)
		fatal("pipe");
	/* SQLite must not be open across a fork. */
	if ((pid = fork()) == 0)
		_exit(other_writer(go[0], back[1]));
	close(back[1]);
	st = store_open(path, STORE_WRITE);
	store_begin(st);
	store_meta_set(st, "x", 100);
	ok(write(go[1], "x", 1) == 1 && read(back[0], &byte, 1) == 1,
	    "a reader does not wait for a writer, and sees what was before");
	is_int(store_commit(st), 0, "commit before its eyes");
	waitpid(pid, &status, 0);
	is_int(status, 0, "the other writer waited, then saw it");
	close(go[0]);
	close(go[1]);
	close(back[0]);
	store_close(st);
}

/* Reads of one moment, whoever writes meanwhile. */
static void
check_reads(void)
{
	struct store *st = store_open(path, STORE_WRITE);
	struct store *other = store_open(path, STORE_WRITE);

	if (!ok(st != NULL && other != NULL, "two that are open"))
		return;
	store_read_begin(st);
	is_int(meta(st, "x", 0), 100, "the first of several reads");
	is_int(store_meta_set(other, "x", 101), 0, "keeps nobody from writing");
	is_int(meta(st, "x", 0), 100, "and the next is of the same moment");
	store_read_end(st);
	is_int(meta(st, "x", 0), 101, "the one after them is not");
	is_int(store_begin(st), 0, "a transaction");
	store_read_begin(st);
	is_int(store_meta_set(st, "x", 7), 0, "with a row");
	store_read_end(st);
	store_rollback(st);
	is_int(meta(st, "x", 0), 101, "is not ended by reads within");
	store_read_begin(st);
	is_int(store_meta_set(other, "x", 100), 0, "another row");
	is_int(store_begin(st), 0, "a writer does not depend on what was read");
	is_int(store_meta_set(st, "y", 1), 0, "  and writes");
	is_int(store_commit(st), 0, "  what is kept");
	store_read_end(st);
	is_int(meta(other, "x", 0), 100, "  beside the other's");
	store_close(other);
	store_close(st);
}

static void
check_files(void)
{
	struct store *st;
	int fd;

	snprintf(copy, sizeof(copy), "%s/none", dir);
	ok(store_open(copy, STORE_READ) == NULL, "a reader makes no file");
	ok(access(copy, F_OK) == -1, "none at all");
	if ((fd = open(copy, O_WRONLY | O_CREAT, 0600)) == -1 ||
	    write(fd, "this is not a database, is it? ....", 34) != 34)
		fatal("%s", copy);
	close(fd);
	ok(store_open(copy, STORE_WRITE) == NULL, "not a database");
	unlink(copy);
	st = store_open(path, STORE_WRITE);
	store_run(st, "PRAGMA user_version = 99", "");
	store_close(st);
	ok(store_open(path, STORE_WRITE) == NULL, "a newer format: refused");
	ok(store_open(path, STORE_READ) == NULL, "for readers too");
}

/* A reader that may write nothing, beside a database at rest. */
static void
check_reader(void)
{
	struct store *st;
	int status = -1;
	pid_t pid;

	snprintf(copy, sizeof(copy), "%s-wal", path);
	ok(access(copy, F_OK) == -1, "no -wal file is left behind");
	if (chmod(dir, 0555) == -1 || chmod(path, 0444) == -1)
		fatal("chmod");
	if ((pid = fork()) == 0) {
		if (getuid() == 0 && setuid(65534) == -1)
			_exit(1);
		if ((st = store_open(path, STORE_READ)) == NULL)
			_exit(2);
		_exit(meta(st, "x", 0) == 100 ? 0 : 3);
	}
	waitpid(pid, &status, 0);
	is_int(status, 0, "a reader without any right to write reads");
	chmod(dir, 0755);
	chmod(path, 0644);
}

static long long
size_of(const char *file)
{
	struct stat sb;

	return stat(file, &sb) == -1 ? -1 : sb.st_size;
}

/* What a year's trim frees goes back to the file system, in small steps. */
static void
check_shrink(void)
{
	long long full, steps = 0;
	struct store *st;
	char old[80];
	int rc;

	snprintf(old, sizeof(old), "%s/old.db", dir);
	if ((st = store_open(old, STORE_OWN)) == NULL)
		fatalx("%s", old);
	is_int(store_count(st, "PRAGMA auto_vacuum", ""), 2, "a new one can");
	is_int(store_exec(st, "PRAGMA auto_vacuum = NONE; VACUUM"), 0,
	    "a database as it was before");
	is_int(store_count(st, "PRAGMA auto_vacuum", ""), 0, "gives nothing");
	store_close(st);
	if ((st = store_open(old, STORE_OWN)) == NULL)
		fatalx("%s", old);
	is_int(store_count(st, "PRAGMA auto_vacuum", ""), 2,
	    "sged makes it one that does");
	is_int(store_exec(st, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL"
	    " SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO tally SELECT i,"
	    " printf('%0200d', i), 0, 0, 0 FROM n;"
	    " PRAGMA wal_checkpoint(TRUNCATE)"), 0, "a year");
	full = size_of(old);
	is_int(store_exec(st, "DELETE FROM tally"), 0, "is over");
	while ((rc = store_shrink(st, 100)) == 1)
		steps++;
	is_int(rc, 0, "it is given back");
	ok(steps > 5, "in steps: %lld", steps);
	is_int(store_exec(st, "PRAGMA wal_checkpoint(TRUNCATE)"), 0, "written");
	ok(size_of(old) < full / 2, "%lld bytes of %lld are left",
	    size_of(old), full);
	ok(store_count(st, "PRAGMA freelist_count", "") >= 200,
	    "some are kept for the next days");
	store_close(st);
	unlink(old);
}

/* Of all statements: how often that happened. */
static int
happened(struct store *st, int what)
{
	sqlite3_stmt *stmt = NULL;
	int sum = 0;

	while ((stmt = sqlite3_next_stmt(st->db, stmt)) != NULL)
		sum += sqlite3_stmt_status(stmt, what, 1);
	return sum;
}

/*
 * What a look at one host settles is some rows of a year's: no table is read
 * from its beginning to its end, and no statement is compiled for each value.
 */
static void
check_plans(void)
{
	struct store_waits waits = { "d7.example", "validation-failure", 0 };
	struct detail_row d = { 1, "new.example", 0, "t", "", "", "", "", "",
	    "", 0 };
	struct store *st;
	char year[80];

	snprintf(year, sizeof(year), "%s/year.db", dir);
	if ((st = store_open(year, STORE_OWN)) == NULL)
		fatalx("%s", year);
	is_int(store_exec(st, "CREATE TEMP TABLE n AS WITH RECURSIVE n (i) AS"
	    " (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)"
	    " SELECT i, printf('d%d.example', i) AS domain,"
	    " printf('192.0.2.%d', i) AS addr FROM n;"
	    "INSERT INTO tally SELECT 1, domain, 0, 0, 1 FROM n;"
	    "INSERT INTO detail SELECT 1, domain, 0, 'validation-failure', '',"
	    " addr, 'mx', '', '', '', 1, 1 FROM n;"
	    "INSERT INTO trace SELECT 1, domain, 0, i, 's', addr, 1,"
	    " 'validation-failure', '', addr, 'mx', '', '', '' FROM n;"
	    "INSERT INTO trace SELECT 2, domain, 1, i, 's', addr, 11, '', '',"
	    " addr, 'mx', '', '', '' FROM n;"
	    "INSERT INTO unseen SELECT 2, domain, 1, '', addr, 'mx', 1, 1"
	    " FROM n"), 0, "many rows wait for a look");
	(void)happened(st, SQLITE_STMTSTATUS_FULLSCAN_STEP);
	is_int(store_pending_day(st, "d9.example", 2), 1,
	    "a report is to wait for a look");
	is_int(store_pending_day(st, "none.example", 2), 0, "another is not");
	is_int(store_claim_pending(st, 3), 0, "nor is a day that has none");
	ok(happened(st, SQLITE_STMTSTATUS_FULLSCAN_STEP) < 100,
	    "what waits of other days and domains is not read");
	is_int(store_pending_drop(st, "192.0.2.7", "mx", &waits), 0,
	    "it was no failure of TLS");
	is_int(store_count(st, "SELECT count(*) FROM tally", ""), 1999,
	    "a day with no session is gone");
	is_int(store_count(st, "SELECT count(*) FROM trace WHERE day = 1", ""),
	    1999, "and its trace");
	(void)happened(st, SQLITE_STMTSTATUS_FULLSCAN_STEP);
	waits.domain = "d8.example";
	is_int(store_pending_drop(st, "192.0.2.8", "mx", &waits), 0, "another");
	waits.domain = "d9.example";
	is_int(store_pending_settle(st, "192.0.2.9", "mx", &waits, "t", "r"),
	    0, "one of which it is told why");
	is_int(store_unseen_bad(st, "192.0.2.9", "mx", 1, "t", "r"), 0,
	    "one that was no success");
	is_int(store_unseen_good(st, "192.0.2.10", "mx"), 0, "one that was");
	ok(happened(st, SQLITE_STMTSTATUS_FULLSCAN_STEP) < 1000,
	    "no table was read through");
	is_int(store_count(st, "SELECT count(*) FROM trace WHERE state > 10",
	    ""), 1998, "those two no longer wait");
	(void)happened(st, SQLITE_STMTSTATUS_REPREPARE);
	for (d.pending = 0; d.pending < 3; d.pending++) {
		is_int(store_detail_add(st, &d, 1), 0, "no such row");
		is_int(store_detail_new(st, &d, 1), 0, "a new one");
		is_int(store_detail_add(st, &d, 1), 1, "now it is there");
	}
	is_int(happened(st, SQLITE_STMTSTATUS_REPREPARE), 0,
	    "the statements stay as they were compiled");
	store_close(st);
	unlink(year);
}

int
main(void)
{
	struct store *st;

	log_init("unit-store", 1, 0);
	if (mkdtemp(dir) == NULL)
		fatal("%s", dir);
	snprintf(path, sizeof(path), "%s/a?b%%c#.db", dir);
	st = store_open(path, STORE_WRITE);
	if (!ok(st != NULL, "made"))
		return done_testing();
	/* FULL: a commit outlives a power failure. */
	is_int(store_count(st, "PRAGMA synchronous", ""), 2,
	    "each commit is on disk");
	check_transactions(st);
	check_statements(st);
	check_growth(st);
	store_close(st);
	check_two();
	check_reads();
	check_reader();
	check_shrink();
	check_plans();
	st = store_open(path, STORE_READ);
	ok(st != NULL && meta(st, "x", 0) == 100, "read");
	ok(store_meta_set(st, "x", 1) == -1, "a reader can't write");
	store_close(st);
	check_files();
	snprintf(copy, sizeof(copy), "rm -rf %s", dir);
	return system(copy) != 0 || done_testing();
}
