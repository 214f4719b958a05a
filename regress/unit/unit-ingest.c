/* SPDX-License-Identifier: ISC */

/*
 * How segments are read: whole lines only, each once, whatever comes.
 */

#include <errno.h>

#include "base/bounds.h"
#include "lib/date.h"
#include "ingest_bench.h"

#define NEWER "{\"v\":2,\"time\":\"2026-11-21T03:04:05Z\",\"all\":\"new\"}"

static void
add(const char *name, const char *text)
{
	append(name, text, strlen(text));
}

static int64_t
tallied(void)
{
	return number("SELECT coalesce(sum(ok), 0) FROM tally");
}

static int64_t
lines(void)
{
	return number("SELECT coalesce(sum(lines), 0) FROM segment");
}

static int64_t
bad(void)
{
	return number("SELECT coalesce(sum(bad), 0) FROM segment");
}

static void
check_lines(void)
{
	static const char half[] = "{\"v\":1,\"time\":\"2026-1";

	ingest_now(&engine);
	is_int(lines(), 0, "no directory yet");
	if (mkdir(sessions, 0755) == -1)
		fatal("%s", sessions);
	add("a.jsonl", GOOD "\n" GOOD "\n");
	ingest_now(&engine);
	is_int(tallied(), 2, "two lines");
	ingest_now(&engine);
	is_int(tallied(), 2, "are not read again");
	append("a.jsonl", GOOD, 100);
	ingest_now(&engine);
	is_int(tallied(), 2, "half a line waits");
	add("a.jsonl", &GOOD[100]);
	ingest_now(&engine);
	is_int(tallied(), 2, "also without its newline");
	add("a.jsonl", "\n");
	ingest_now(&engine);
	is_int(tallied(), 3, "until it ends");
	is_int(bad(), 0, "none was bad");

	add("a.jsonl", "nonsense\n\n{}\n");
	append("a.jsonl", "\0\xff\n", 3);
	add("a.jsonl", GOOD "\n");
	ingest_now(&engine);
	is_int(bad(), 4, "bad lines are counted");
	is_int(tallied(), 4, "and passed over");
	add("a.jsonl", half);
	ingest_now(&engine);
	stop();
	start();
	add("a.jsonl", &GOOD[sizeof(half) - 1]);
	add("a.jsonl", "\n");
	ingest_now(&engine);
	is_int(tallied(), 5, "half a line, and a restart");
	is_int(bad(), 4, "as if nothing had been");
	is_int(number("SELECT offset FROM segment WHERE name = 'a.jsonl'"),
	    6 * (int64_t)strlen(GOOD "\n") - (int64_t)strlen(GOOD "\n") +
	    (int64_t)strlen("nonsense\n\n{}\n") + 3, "the offset is right");
}

static int	 told;

static void
counted(struct engine *e __unused)
{
	told++;
}

/* Whoever waits for the end of much is told of it, and of little is not. */
static void
check_told(void)
{
	int i;

	engine.counted = counted;
	add("little.jsonl", GOOD "\n");
	ingest_now(&engine);
	is_int(told, 0, "one record is no news");
	for (i = 0; i < 1024 * 1024 / (int)strlen(GOOD) + 1; i++)
		add("much.jsonl", GOOD "\n");
	ingest_now(&engine);
	is_int(told, 1, "many are, once they are counted");
	engine.counted = NULL;
}

static int	 learned;
static int64_t	 lines_before;

/* Between two batches of a backlog somebody else learns a policy. */
static void
learn_amidst(void *arg __unused)
{
	sqlite3 *other;

	if (!engine.ingest->reading && lines() > lines_before) {
		loop_stop(engine.loop);
		return;
	}
	if (!learned && lines() > lines_before) {
		if (sqlite3_open(database, &other) != SQLITE_OK ||
		    sqlite3_exec(other, "INSERT INTO policy VALUES (99,"
		    " 'a.example', 'sts', 'testing', '[]', '[]');"
		    "INSERT INTO sts_history VALUES ('a.example', 1, 1e11, 99,"
		    " 'testing')", NULL, NULL, NULL) != SQLITE_OK)
			fatalx("sqlite3");
		sqlite3_close(other);
		learned = 1;
	}
	loop_timer_add(engine.loop, 0, learn_amidst, NULL);
}

/* What a batch has read of policies holds for the next one, if it still does. */
static void
check_learned(void)
{
	char line[1024];
	int i;

	lines_before = lines();
	add("learned.jsonl", GOOD "\n");
	for (i = 0; i < 12000; i++) {
		snprintf(line, sizeof(line), "%.*sd%d%s\n",
		    (int)(strstr(GOOD, "a.example") - GOOD), GOOD, i,
		    strstr(GOOD, "a.example") + 1);
		add("learned.jsonl", line);
	}
	add("learned.jsonl", GOOD "\n");
	loop_timer_add(engine.loop, 0, learn_amidst, NULL);
	loop_run(engine.loop);
	is_int(learned, 1, "several batches");
	is_int(lines(), lines_before + 12002, "are read");
	is_int(number("SELECT sum(ok + fail) FROM tally WHERE policy = 99"), 1,
	    "a policy that is learned between them counts from then on");
}

static void
check_long(void)
{
	size_t len = 3 * SEGMENT_SLICE + 17, i;
	char *text = malloc(len);
	int64_t good = tallied(), wrong = bad();

	memset(text, 'x', len);
	append("b.jsonl", text, len);
	ingest_now(&engine);
	is_int(bad(), wrong, "a line without end so far");
	append("b.jsonl", text, len);
	add("b.jsonl", "\n" GOOD "\n");
	ingest_now(&engine);
	is_int(bad(), wrong + 1, "a line of six megabytes is one bad line");
	is_int(tallied(), good + 1, "the next one counts");
	memset(text, ' ', RECORD_LINE_MAX);
	memcpy(text, GOOD, strlen(GOOD));
	text[RECORD_LINE_MAX] = '\n';
	append("b.jsonl", text, RECORD_LINE_MAX + 1);
	ingest_now(&engine);
	is_int(bad(), wrong + 2, "one byte too long");
	for (i = 0; i < SEGMENT_SLICE; i += strlen(GOOD "\n"))
		memcpy(text + i, GOOD "\n", strlen(GOOD "\n"));
	append("b.jsonl", text, i);
	ingest_now(&engine);
	is_int(tallied(), good + 1 + (int64_t)(i / strlen(GOOD "\n")),
	    "lines over the edge of a slice");
	is_int(bad(), wrong + 2, "none is cut in two");
	free(text);
}

static void
check_newer(void)
{
	int64_t good = tallied(), wrong = bad();

	add("c.jsonl", GOOD "\n" NEWER "\n" NEWER "\n" GOOD "\n");
	age("c.jsonl", 100 * DAY_SECONDS);
	ingest_now(&engine);
	is_int(tallied(), good + 2, "of a newer version: not counted");
	is_int(number("SELECT newer FROM segment WHERE name = 'c.jsonl'"), 2,
	    "but said how many");
	is_int(bad(), wrong, "nor bad");
}

static void
check_files(void)
{
	char path[256], other[256];
	int64_t good = tallied();

	add(".hidden", GOOD "\n");
	add("x.gz", GOOD "\n");
	add("x~", GOOD "\n");
	path_of("dir.jsonl", path, sizeof(path));
	mkdir(path, 0755);
	path_of("a.jsonl", path, sizeof(path));
	path_of("link.jsonl", other, sizeof(other));
	if (symlink(path, other) == -1)
		fatal("%s", other);
	path_of("fifo.jsonl", path, sizeof(path));
	mkfifo(path, 0644);
	ingest_now(&engine);
	is_int(tallied(), good, "what is no segment is left alone");

	add("d.jsonl", GOOD "\n" GOOD "\n");
	ingest_now(&engine);
	path_of("d.jsonl", path, sizeof(path));
	if (truncate(path, 10) == -1)
		fatal("%s", path);
	ingest_now(&engine);
	add("d.jsonl", "\n" GOOD "\n");
	ingest_now(&engine);
	is_int(tallied(), good + 3, "cut off behind our back: nothing twice");

	add("e.jsonl", GOOD "\n");
	ingest_now(&engine);
	path_of("e.jsonl", path, sizeof(path));
	path_of("../e.jsonl", other, sizeof(other));
	if (rename(path, other) == -1)
		fatal("%s", path);
	ingest_now(&engine);
	if (rename(other, path) == -1)
		fatal("%s", path);
	ingest_now(&engine);
	is_int(tallied(), good + 4, "away and back: nothing twice");
}

/* A record that no other segment begins with. */
static void
add_own(const char *name, const char *session)
{
	char text[1024], *at;

	snprintf(text, sizeof(text), "%s\n", GOOD);
	if ((at = strstr(text, "\"s\",\"local")) == NULL)
		fatalx("GOOD");
	at[1] = *session;
	add(name, text);
}

static void
move(const char *from, const char *to)
{
	char path[256], other[256];

	path_of(from, path, sizeof(path));
	path_of(to, other, sizeof(other));
	if (rename(path, other) == -1)
		fatal("%s", path);
}

/* A segment is known by what it is, not by its name. */
static void
check_identity(void)
{
	int64_t good = tallied(), i;
	char path[256], other[256];

	add_own("i1.jsonl", "1");
	add_own("i1.jsonl", "2");
	ingest_now(&engine);
	move("i1.jsonl", "i2.jsonl");
	ingest_now(&engine);
	is_int(tallied(), good + 2, "renamed: not counted twice");
	add_own("i2.jsonl", "3");
	ingest_now(&engine);
	is_int(tallied(), good + 3, "and read on");
	/* As a rotation does it, before anybody looks. */
	move("i2.jsonl", "i3.jsonl");
	add_own("i2.jsonl", "4");
	ingest_now(&engine);
	is_int(tallied(), good + 4, "another of its name, itself renamed");
	stop();
	start();
	ingest_now(&engine);
	is_int(tallied(), good + 4, "nor after a restart");
	path_of("i3.jsonl", path, sizeof(path));
	path_of("i4.jsonl", other, sizeof(other));
	if (link(path, other) == -1)
		fatal("%s", other);
	ingest_now(&engine);
	is_int(tallied(), good + 4, "a second name of it");
	/* Often with the inode that has just become free. */
	for (i = 0; i < 4; i++) {
		path_of("i2.jsonl", path, sizeof(path));
		if (unlink(path) == -1)
			fatal("%s", path);
		add_own("i2.jsonl", &"5678"[i]);
		ingest_now(&engine);
		is_int(tallied(), good + 5 + i, "made anew %lld: counted",
		    (long long)i);
	}
	add_own("i2.jsonl.bak", "9");
	add_own("i 5.jsonl", "a");
	ingest_now(&engine);
	is_int(tallied(), good + 8, "names that no filter gives");
	/* A copy put back under its name. */
	move("i2.jsonl", "../kept");
	ingest_now(&engine);
	add_own("i2.jsonl", "8");
	ingest_now(&engine);
	is_int(tallied(), good + 8, "restored from a copy");
	add_own("i2.jsonl", "b");
	ingest_now(&engine);
	is_int(tallied(), good + 9, "and read on");
}

static void
check_done(void)
{
	int64_t good = tallied(), wrong = bad();

	add("f.jsonl", GOOD "\n{\"v\":1,\"ti");
	age("f.jsonl", 3 * 3600);
	ingest_now(&engine);
	ingest_now(&engine);
	is_int(number("SELECT done FROM segment WHERE name = 'f.jsonl'"), 1,
	    "hours without a line: done");
	is_int(bad(), wrong + 1, "its last line never ended");
	is_int(tallied(), good + 1, "the others count");
	add("f.jsonl", "me\"\n" GOOD "\n");
	engine.ingest->listed = 0;
	ingest_now(&engine);
	is_int(tallied(), good + 2, "should it grow after all, it is read");
}

/* What the database refuses is read again. */
static void
check_refused(void)
{
	int64_t good = tallied(), n = lines();

	add("g.jsonl", GOOD "\n");
	run("CREATE TRIGGER no BEFORE UPDATE ON tally BEGIN"
	    " SELECT raise(ABORT, 'disk full'); END");
	stop();
	start();
	ingest_now(&engine);
	is_int(tallied(), good, "refused: not counted");
	is_int(lines(), n, "nor marked as read");
	ok(!ingest_day_complete(&engine, day_of(time(NULL)) - 2),
	    "no day is complete now");
	run("DROP TRIGGER no");
	ingest_now(&engine);
	is_int(tallied(), good + 1, "later: counted, once");
	is_int(lines(), n + 1, "and marked");
}

static void
check_days(void)
{
	int64_t today = day_of(time(NULL));

	ingest_now(&engine);
	ok(ingest_day_complete(&engine, today - 2), "a past day is complete");
	ok(!ingest_day_complete(&engine, today), "today is not");
	stop();
	start();
	ok(!ingest_day_complete(&engine, today - 2),
	    "none is before the spool was looked at");
	ingest_now(&engine);
	ok(ingest_day_complete(&engine, today - 2), "then it is again");
}

/* Until a round of trimming is over; at most 20 seconds. */
static void
look(void *arg)
{
	int *turns = arg;

	if (--*turns == 0 || (engine.ingest->trim_step == 0 &&
	    number("SELECT count(*) FROM report") == 1))
		loop_stop(engine.loop);
	else
		loop_timer_add(engine.loop, 20, look, turns);
}

static void
check_trim(void)
{
	int64_t today = day_of(time(NULL)), good = tallied();
	char path[256], sql[512];
	int turns = 1000;

	add("old.jsonl", GOOD "\n");
	age("old.jsonl", 15 * DAY_SECONDS);
	add("young.jsonl", GOOD "\n");
	age("young.jsonl", 13 * DAY_SECONDS);
	ingest_now(&engine);
	ingest_now(&engine);
	snprintf(sql, sizeof(sql), "INSERT INTO flow VALUES (%lld, 0, 0, '*',"
	    " 1, 0, 0, 0, 0), (%lld, 0, 0, '*', 1, 0, 0, 0, 0)",
	    (long long)today - 401, (long long)today - 399);
	run(sql);
	snprintf(path, sizeof(path), "WITH RECURSIVE n (i) AS (SELECT 1 UNION"
	    " ALL SELECT i + 1 FROM n WHERE i < 3000)");
	snprintf(sql, sizeof(sql), "%s INSERT INTO tally SELECT %lld, i, 0, 0,"
	    " 0 FROM n", path, (long long)today - 500);
	run(sql);
	snprintf(sql, sizeof(sql), "INSERT INTO report (day, domain, state,"
	    " due) VALUES (%lld, 'a', 'sent', 0), (%lld, 'b', 'sent', 0)",
	    (long long)today - 100, (long long)today - 80);
	run(sql);
	/* Days that strangers wrote, and when that came. */
	snprintf(sql, sizeof(sql), "INSERT INTO received (org, report_id, day,"
	    " stored) VALUES ('x', 'ahead', %lld, %lld), ('x', 'old', %lld,"
	    " %lld), ('x', 'new', %lld, %lld)", (long long)today + 9000,
	    (long long)(today - 100) * DAY_SECONDS, (long long)today - 100,
	    (long long)(today - 80) * DAY_SECONDS, (long long)today + 9000,
	    (long long)(today - 80) * DAY_SECONDS);
	run(sql);
	/* The policy of today, one of last week, one that nothing tells of. */
	run("INSERT INTO policy (id, domain, type, mode, strings, mx) VALUES"
	    " (91, 'p.nz', 'sts', 'enforce', '1', ''),"
	    " (92, 'p.nz', 'sts', 'enforce', '2', ''),"
	    " (93, 'p.nz', 'sts', 'enforce', '3', '')");
	run("INSERT INTO sts (domain, policy, checked, expires) VALUES"
	    " ('p.nz', 91, strftime('%s', 'now'), 0)");
	run("INSERT INTO sts_history VALUES ('p.nz', 1, strftime('%s', 'now')"
	    " - 700000, 92, 'enforce')");
	/* As after an hour. */
	trim_now(engine.ingest);
	loop_timer_add(engine.loop, 20, look, &turns);
	loop_run(engine.loop);
	path_of("old.jsonl", path, sizeof(path));
	ok(access(path, F_OK) == -1, "beyond keep sessions: removed");
	path_of("young.jsonl", path, sizeof(path));
	ok(access(path, F_OK) == 0, "a young one stays");
	path_of("c.jsonl", path, sizeof(path));
	ok(access(path, F_OK) == 0, "one with newer records stays");
	is_int(number("SELECT count(*) FROM flow WHERE class = '*' AND"
	    " tls13 = 1 AND hour = 0"), 1, "tallies of 400 days stay");
	is_int(number("SELECT count(*) FROM tally WHERE domain <>"
	    " 'a.example'"), 0, "many rows go in many steps");
	is_int(number("SELECT count(*) FROM report"), 1, "keep reports");
	is_int(number("SELECT count(*) FROM received WHERE report_id ="
	    " 'ahead'"), 0, "a report goes by when it came");
	is_int(number("SELECT count(*) FROM received"), 2,
	    "not by its day, whichever that is");
	is_int(number("SELECT count(*) FROM policy WHERE id IN (91, 92)"), 2,
	    "policies that held stay");
	is_int(number("SELECT count(*) FROM policy WHERE id = 93"), 0,
	    "one that is over for long goes");
	is_int(tallied(), good + 2, "what counts stays");
	ingest_now(&engine);
	is_int(tallied(), good + 2, "and is not read again");
}

/* Another has the database for long: nothing is lost, nothing counts twice. */
static void
check_locked(void)
{
	int64_t good = tallied(), began;
	char text[64], path[256];
	sqlite3 *db;

	store_hurry(engine.store, 1);
	if (sqlite3_open(database, &db) != SQLITE_OK || sqlite3_exec(db,
	    "BEGIN EXCLUSIVE", NULL, NULL, NULL) != SQLITE_OK)
		fatalx("lock");
	snprintf(text, sizeof(text), "%lld.001 locked.nz -\n",
	    (long long)time(NULL));
	attempts_write("locked", text);
	age("../attempts/locked", 8000);
	add("locked.jsonl", GOOD "\n" GOOD "\n");
	began = loop_now();
	ingest_now(&engine);
	loop_for(1500);
	/* It has 10 s for what takes one and a half. */
	ok(loop_now() - began < 10000, "a locked database is not waited for");
	is_int(tallied(), good, "and nothing is counted");
	snprintf(path, sizeof(path), "%s/attempts/locked", spool);
	is_int(access(path, F_OK), 0, "nor is what was not read removed");
	sqlite3_close(db);
	while (tallied() < good + 2 && loop_now() - began < 60000)
		loop_for(100);
	ingest_now(&engine);
	is_int(tallied(), good + 2, "then it is, by itself, and once");
	is_int(number("SELECT count(*) FROM attempt WHERE domain ="
	    " 'locked.nz'"), 1, "so are attempts");
	store_hurry(engine.store, 0);
}

int
main(void)
{
	char path[80];

	bench_up("unit-ingest");
	check_lines();
	check_long();
	check_newer();
	check_files();
	check_identity();
	check_done();
	check_refused();
	check_days();
	check_trim();
	snprintf(path, sizeof(path), "%s/attempts", spool);
	if (mkdir(path, 01733) == -1)
		fatal("%s", path);
	check_locked();
	check_learned();
	check_told();
	return bench_down();
}
