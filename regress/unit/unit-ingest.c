/* SPDX-License-Identifier: ISC */

/*
 * How segments are read: whole lines only, each once, whatever comes.
 */

#include <sys/stat.h>
#include <sys/time.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/bounds.h"
#include "lib/date.h"
#include "count/ingest.h"
#include "base/log.h"
#include "tap.h"

static char	 dir[] = "/tmp/unit-ingest.XXXXXXXXXX";
static char	 spool[64], sessions[80], database[64];
static struct engine engine;
static struct conf conf;

#define GOOD "{\"v\":1,\"time\":\"2026-11-21T03:04:05Z\",\"host\":\"h\"," \
    "\"dir\":\"out\",\"session\":\"s\",\"local\":\"192.0.2.1\"," \
    "\"remote\":\"198.51.100.7\",\"rdns\":null,\"helo\":null," \
    "\"starttls\":\"offered\",\"tls\":\"TLSv1.3\",\"cipher\":\"C\"," \
    "\"failure\":null,\"tx\":[{\"from\":\"minties.govt.nz\"," \
    "\"to\":\"a.example\",\"flow\":\"government>public\"," \
    "\"verdict\":\"pass\",\"messages\":1,\"rcpts\":1}]}"
#define NEWER "{\"v\":2,\"time\":\"2026-11-21T03:04:05Z\",\"all\":\"new\"}"

static void
path_of(const char *name, char out[], size_t outsz)
{
	snprintf(out, outsz, "%s/%s", sessions, name);
}

static void
append(const char *name, const char *text, size_t len)
{
	char path[256];
	int fd;

	path_of(name, path, sizeof(path));
	if ((fd = open(path, O_WRONLY | O_APPEND | O_CREAT, 0640)) == -1 ||
	    write(fd, text, len) != (ssize_t)len)
		fatal("%s", path);
	close(fd);
}

static void
add(const char *name, const char *text)
{
	append(name, text, strlen(text));
}

static void
age(const char *name, int64_t seconds)
{
	struct timespec ts[2] = { { time(NULL) - seconds, 0 },
	    { time(NULL) - seconds, 0 } };
	char path[256];

	path_of(name, path, sizeof(path));
	if (utimensat(AT_FDCWD, path, ts, 0) == -1)
		fatal("%s", path);
}

static void
start(void)
{
	memset(&engine, 0, sizeof(engine));
	engine.conf = &conf;
	engine.loop = loop_new();
	if ((engine.store = store_open(database, STORE_WRITE)) == NULL)
		fatalx("store");
	ingest_start(&engine);
}

static void
stop(void)
{
	ingest_stop(&engine);
	store_close(engine.store);
	loop_free(engine.loop);
}

static int64_t
number(const char *sql)
{
	return store_count(engine.store, sql, "");
}

static void
run(const char *sql)
{
	if (sqlite3_exec(engine.store->db, sql, NULL, NULL, NULL) !=
	    SQLITE_OK)
		fatalx("%s: %s", sql, sqlite3_errmsg(engine.store->db));
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

static void
attempts_write(const char *name, const char *text)
{
	char file[128];

	snprintf(file, sizeof(file), "../attempts/%s", name);
	append(file, text, strlen(text));
}

/* What table-sge notes, and what others may put there. */
static void
check_attempts(void)
{
	char path[256], text[512], big[1024];
	long long now = (long long)time(NULL);
	size_t i;

	snprintf(path, sizeof(path), "%s/attempts", spool);
	if (mkdir(path, 01733) == -1)
		fatal("%s", path);
	snprintf(text, sizeof(text), "%lld.001 d.nz smtp+tls://mx.d.nz\n"
	    "%lld.002 stopped.nz -\n%lld.003 half.nz -", now, now, now);
	attempts_write("one", text);
	ingest_now(&engine);
	is_int(number("SELECT count(*) FROM attempt"), 2, "two attempts");
	is_int(number("SELECT at FROM attempt WHERE domain = 'd.nz'"
	    " AND url = 'smtp+tls://mx.d.nz'"), now * 1000 + 1, "as noted");
	is_int(number("SELECT count(*) FROM tally WHERE domain ="
	    " 'stopped.nz'"), 0, "stopped, but not by a policy");
	attempts_write("one", "\n");
	stop();
	start();
	ingest_now(&engine);
	is_int(number("SELECT count(*) FROM attempt"), 3,
	    "a line that ends later, and a restart: each once");

	if (sqlite3_exec(engine.store->db, "INSERT INTO policy VALUES (77, 'pol.nz',"
	    " 'sts', 'enforce', '[]', '[]'); INSERT INTO sts_history VALUES"
	    " ('pol.nz', 1, 2000000000000, 77, 'enforce'); INSERT INTO mx"
	    " (domain, host, pref, matches) VALUES ('pol.nz', 'mx.pol.nz', 1, 0)",
	    NULL, NULL, NULL) != SQLITE_OK)
		fatalx("%s", sqlite3_errmsg(engine.store->db));
	/* One mail to three there, another one later: of two days just after
	 * midnight. */
	snprintf(text, sizeof(text), "%lld.001 pol.nz -\n%lld.002 pol.nz -\n"
	    "%lld.003 pol.nz -\n%lld.500 pol.nz -\n", now - 9, now - 9, now - 9,
	    now - 5);
	attempts_write("two", text);
	ingest_now(&engine);
	is_int(number("SELECT sum(fail) FROM tally WHERE domain = 'pol.nz'"
	    " AND policy = 77"), 2, "the policy stopped two attempts");
	is_int(number("SELECT sum(count) FROM detail WHERE domain = 'pol.nz'"
	    " AND mx = '' AND type = 'validation-failure'"), 2,
	    "which names no host");

	attempts_write("three", "nonsense\n1 d.nz x\n99999999999.001 d.nz -\n"
	    "1.001 D.NZ -\n1.001 d|x -\n1.001 d.nz a|b\n");
	ingest_now(&engine);
	is_int(number("SELECT count(*) FROM attempt"), 7,
	    "what is no attempt is passed over");
	snprintf(path, sizeof(path), "%s/attempts/link", spool);
	if (symlink("/etc/passwd", path) == -1)
		fatal("%s", path);
	snprintf(path, sizeof(path), "%s/attempts/big", spool);
	memset(big, '\n', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	for (i = 0; i < 1100; i++)
		attempts_write("big", big);
	age("../attempts/one", 8000);
	ingest_now(&engine);
	is_int(access(path, F_OK), -1, "a file beyond the bound goes");
	snprintf(path, sizeof(path), "%s/attempts/link", spool);
	is_int(readlink(path, text, sizeof(text)), -1, "so does a link");
	snprintf(path, sizeof(path), "%s/attempts/one", spool);
	is_int(access(path, F_OK), -1, "and one that nobody appends to");
	snprintf(path, sizeof(path), "%s/attempts/two", spool);
	is_int(access(path, F_OK), 0, "the others stay");
}

/* Whoever may write there can put anything into it, and take it away again. */
static void
check_attempts_many(void)
{
	char path[256], inner[300], text[512], name[32];
	long long now = (long long)time(NULL);
	int i, left = 0;

	for (i = 0; i < 2 * ATTEMPTS_FILES_MAX; i++) {
		snprintf(name, sizeof(name), "come%d", i);
		attempts_write(name, "\n");
		ingest_now(&engine);
		snprintf(path, sizeof(path), "%s/attempts/come%d", spool, i);
		left += unlink(path) == -1;
	}
	is_int(left, 0, "files that come and go are not taken away");
	for (i = 0; i < 3 * ATTEMPTS_LOOK_MAX; i++) {
		snprintf(path, sizeof(path), "%s/attempts/d%d", spool, i);
		if (mkdir(path, 0700) == -1)
			fatal("%s", path);
	}
	snprintf(inner, sizeof(inner), "%s/x", path);
	if (mkdir(inner, 0700) == -1)
		fatal("%s", inner);
	snprintf(text, sizeof(text), "%lld.001 many.nz -\n", now);
	attempts_write("many", text);
	/* Once over all of it, and again from the beginning. */
	for (i = 0; i < 2 * 3 * ATTEMPTS_LOOK_MAX / ATTEMPTS_GONE_MAX; i++)
		ingest_now(&engine);
	is_int(number("SELECT count(*) FROM attempt WHERE domain = 'many.nz'"),
	    1, "nor in the way of others, nor are many folders");
	for (i = left = 0; i < 3 * ATTEMPTS_LOOK_MAX; i++) {
		snprintf(path, sizeof(path), "%s/attempts/d%d", spool, i);
		left += access(path, F_OK) == 0;
	}
	is_int(left, 1, "which go, but for what is another's to remove");
}

/* One user's files leave room for another's. */
static void
check_attempts_crowd(void)
{
	char path[256], text[512], name[32];
	long long now = (long long)time(NULL);
	int i, round, mine = 0;

	if (geteuid() != 0)
		return;
	for (i = 0; i < ATTEMPTS_FILES_MAX + 2; i++) {
		snprintf(name, sizeof(name), "crowd%d", i);
		snprintf(text, sizeof(text), "%lld.001 c%d.nz -\n", now, i);
		attempts_write(name, text);
		snprintf(path, sizeof(path), "%s/attempts/%s", spool, name);
		if (chown(path, 54321, (gid_t)-1) == -1)
			fatal("%s", path);
	}
	for (i = 0; i < 4; i++)
		ingest_now(&engine);
	for (i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "own%d", i);
		snprintf(text, sizeof(text), "%lld.001 own%d.nz -\n", now, i);
		attempts_write(name, text);
	}
	for (round = 0; round < 4; round++)
		ingest_now(&engine);
	is_int(number("SELECT count(*) FROM attempt WHERE domain LIKE 'own_%'"),
	    3, "of a user who has no file each is read, whoever has all");
	for (i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/attempts/own%d", spool, i);
		mine += access(path, F_OK) == 0;
	}
	is_int(mine, 3, "and kept");
}

/* What a file of the largest size holds takes turns, before sessions. */
static void
check_attempts_turns(void)
{
	struct ingest *in = engine.ingest;
	static char big[ATTEMPTS_FILE_MAX];
	char path[256];
	long long now = (long long)time(NULL);
	int i, n = 0, turns = 0;

	for (i = 0; n < (int)sizeof(big) - 64; i++)
		n += snprintf(big + n, 64, "%lld.001 turn%d.nz -\n", now, i);
	ingest_now(&engine);
	attempts_write("turns", big);
	in->buf = malloc(SEGMENT_SLICE + 1);
	if (attempts_take(in) != 1)
		fatalx("one turn");
	ok(number("SELECT count(*) FROM attempt WHERE domain LIKE 'turn%'") <
	    i / 3, "one turn takes a part");
	while (attempts_take(in) && turns < 100)
		turns++;
	free(in->buf);
	in->buf = NULL;
	is_int(number("SELECT count(*) FROM attempt WHERE domain LIKE"
	    " 'turn%'"), i, "and all are read, in turns");
	snprintf(path, sizeof(path), "%s/attempts/turns", spool);
	(void)unlink(path);
}

#define FLOOD "SELECT count(*) FROM attempt WHERE domain LIKE 'flood%'"

/* Lines for as many domains, in a new file of that user. */
static void
flood(const char *name, uid_t uid, int from, int lines)
{
	static char text[ATTEMPTS_FILE_MAX];
	char path[256];
	int i, n = 0;

	for (i = from; i < from + lines && n < (int)sizeof(text) - 64; i++)
		n += snprintf(text + n, 64, "%lld.001 flood%d.nz -\n",
		    (long long)time(NULL), i);
	attempts_write(name, text);
	snprintf(path, sizeof(path), "%s/attempts/%s", spool, name);
	if (chown(path, uid, (gid_t)-1) == -1)
		fatal("%s", path);
}

/* The hour may end meanwhile. */
static int
no_more_than(const char *sql, int64_t max, int hours)
{
	int64_t n = number(sql);

	return n > 0 && n <= max * (hours + 1) && (hours > 0 || n == max);
}

/* What they write does not become more rows than so many, also of all. */
static void
check_attempts_flood(void)
{
	int64_t before = time(NULL) / 3600;
	char name[32];
	int i;

	if (geteuid() != 0)
		return;
	engine.ingest->attempts_room.hour = 0;
	run("DELETE FROM meta WHERE key LIKE 'attempts%'");
	engine.smtpd[0] = 777;
	engine.nsmtpd = 1;
	flood("flood", 54322, 0, 3 * ATTEMPTS_OWNER_HOUR_MAX);
	ingest_now(&engine);
	ok(no_more_than(FLOOD, ATTEMPTS_OWNER_HOUR_MAX,
	    (int)(time(NULL) / 3600 - before)), "of one user so many an hour");
	ok(number("SELECT value FROM meta WHERE key = 'attempts_refused'") >=
	    ATTEMPTS_OWNER_HOUR_MAX, "and it is said how many were not taken");
	/* As a user's subordinate ones. */
	for (i = 0; i < 2 * ATTEMPTS_FILES_MAX; i++) {
		snprintf(name, sizeof(name), "sub%d", i);
		flood(name, 60000 + (uid_t)i, 100000 + 100 * i, 100);
	}
	for (i = 0; i < 6; i++)
		ingest_now(&engine);
	stop();
	start();
	flood("flood2", 54322, 10000, ATTEMPTS_OWNER_HOUR_MAX);
	for (i = 0; i < 6; i++)
		ingest_now(&engine);
	ok(no_more_than(FLOOD, ATTEMPTS_OTHERS_HOUR_MAX,
	    (int)(time(NULL) / 3600 - before)),
	    "of all but smtpd, also over a restart");
	engine.smtpd[0] = 777;
	engine.nsmtpd = 1;
	flood("table", 777, 700000, 6000);
	for (i = 0; i < 6; i++)
		ingest_now(&engine);
	is_int(number("SELECT count(*) FROM attempt WHERE domain LIKE"
	    " 'flood7_____.nz'"), 6000,
	    "smtpd's are all taken in, whoever is above it");
}

/* What there may be in all is a bound for smtpd, too. */
static void
check_attempts_whole(void)
{
	if (geteuid() != 0)
		return;
	engine.ingest->attempts_room.rows = ATTEMPTS_ROWS_MAX - 3;
	flood("whole", 777, 800000, 10);
	ingest_now(&engine);
	is_int(number("SELECT count(*) FROM attempt WHERE domain LIKE"
	    " 'flood8_____.nz'"), 3,
	    "no more than there may be in all");
}

static void
over(void *arg)
{
	loop_stop(arg);
}

static void
loop_for(int64_t ms)
{
	loop_timer_add(engine.loop, ms, over, engine.loop);
	loop_run(engine.loop);
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
	char cmd[128];

	log_init("unit-ingest", 1, 0);
	if (mkdtemp(dir) == NULL)
		fatal("%s", dir);
	snprintf(spool, sizeof(spool), "%s/spool", dir);
	snprintf(sessions, sizeof(sessions), "%s/sessions", spool);
	snprintf(database, sizeof(database), "%s/db", dir);
	mkdir(spool, 0755);
	conf.spool = spool;
	conf.keep_sessions = 14;
	conf.keep_reports = 90;
	if ((conf.local = domset_new()) == NULL ||
	    (conf.sts_except = domset_new()) == NULL ||
	    (conf.class_of = domset_new()) == NULL ||
	    (conf.connector_of = domset_new()) == NULL)
		fatal("domset");
	start();
	check_lines();
	check_long();
	check_newer();
	check_files();
	check_identity();
	check_done();
	check_refused();
	check_days();
	check_trim();
	check_attempts();
	check_attempts_many();
	check_attempts_turns();
	check_attempts_crowd();
	check_attempts_flood();
	check_attempts_whole();
	engine.ingest->attempts_room.rows = -1;
	check_locked();
	stop();
	domset_free(conf.local);
	domset_free(conf.sts_except);
	domset_free(conf.class_of);
	domset_free(conf.connector_of);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd) != 0 || done_testing();
}
