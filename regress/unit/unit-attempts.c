/* SPDX-License-Identifier: ISC */

/*
 * SPOOL/attempts, where anybody on the host may write: what is taken of it, of
 * whom, and how much.
 */

#include "base/bounds.h"
#include "lib/date.h"
#include "ingest_bench.h"

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

static int meanwhile;

/* While attempts are read another is noted, and its session ends. */
static int
write_meanwhile(unsigned int what __unused, void *arg __unused, void *stmt,
    void *sql __unused)
{
	char text[512];

	if (strstr(sqlite3_sql(stmt), "INTO attempt ") == NULL ||
	    meanwhile++ > 0)
		return 0;
	snprintf(text, sizeof(text), "%lld.001 meanwhile.nz -\n",
	    (long long)time(NULL));
	attempts_write("late", text);
	append("first.jsonl", GOOD "\n", sizeof(GOOD));
	append("second.jsonl", GOOD "\n", sizeof(GOOD));
	return 0;
}

/* No session is counted before the attempt that led to it. */
static void
check_attempts_before(void)
{
	static const char lines[] = "SELECT coalesce(sum(lines), 0)"
	    " FROM segment";
	char text[512];
	int64_t before = number(lines);

	append("first.jsonl", GOOD "\n", sizeof(GOOD));
	snprintf(text, sizeof(text), "%lld.001 before.nz -\n",
	    (long long)time(NULL));
	attempts_write("late", text);
	sqlite3_trace_v2(engine.store->db, SQLITE_TRACE_STMT, write_meanwhile,
	    NULL);
	ingest_now(&engine);
	sqlite3_trace_v2(engine.store->db, 0, NULL, NULL);
	is_int(meanwhile, 1, "while attempts are read sessions end");
	is_int(number("SELECT count(*) FROM attempt WHERE domain ="
	    " 'meanwhile.nz'"), 0, "whose attempts are not read yet");
	is_int(number(lines) - before, 1, "and wait for them");
	ingest_now(&engine);
	is_int(number("SELECT count(*) FROM attempt WHERE domain ="
	    " 'meanwhile.nz'"), 1, "which come with the next look");
	is_int(number(lines) - before, 3, "as they do");
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
	/* All of it is looked at before all that is none of it has gone. */
	for (i = 0; i < 2 * 4; i++)
		ingest_now(&engine);
	is_int(number("SELECT count(*) FROM attempt WHERE domain = 'many.nz'"),
	    1, "nor in the way of others, nor are many folders");
	/* Once over all of it, and again from the beginning. */
	for (i = 0; i < 2 * 3 * ATTEMPTS_LOOK_MAX / ATTEMPTS_GONE_MAX; i++)
		ingest_now(&engine);
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
		attempts_write_as(54321, name, text);
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

/* Where a user may give another's file a second name: root's are no smtpd's. */
static void
check_attempts_links(void)
{
	char path[256], from[256], text[512];
	long long now = (long long)time(NULL);
	int i, left = 0;

	if (geteuid() != 0)
		return;
	engine.smtpd[0] = 777;
	engine.nsmtpd = 1;
	snprintf(from, sizeof(from), "%s/of-root", spool);
	append("../of-root", "root's\n", 7);
	for (i = 0; i < ATTEMPTS_FILES_MAX + 2; i++) {
		snprintf(path, sizeof(path), "%s/attempts/name%d", spool, i);
		if (link(from, path) == -1)
			fatal("%s", path);
	}
	for (i = 0; i < 4; i++)
		ingest_now(&engine);
	snprintf(text, sizeof(text), "%lld.001 linked.nz -\n", now);
	attempts_write_as(777, "of-smtpd", text);
	for (i = 0; i < 2 * ATTEMPTS_FILES_MAX / ATTEMPTS_GONE_MAX; i++)
		ingest_now(&engine);
	is_int(number("SELECT count(*) FROM attempt WHERE domain ="
	    " 'linked.nz'"), 1, "second names of root's files keep out nothing "
	    "of smtpd's");
	for (i = 0; i < ATTEMPTS_FILES_MAX + 2; i++) {
		snprintf(path, sizeof(path), "%s/attempts/name%d", spool, i);
		left += access(path, F_OK) == 0;
	}
	is_int(left, 0, "and go");
	is_int(access(from, F_OK), 0, "the files stay");
}

/* Who has as many files as others takes no room of theirs, which take it back. */
static void
check_attempts_shares(void)
{
	char name[32];
	int i;

	if (geteuid() != 0)
		return;
	engine.nsmtpd = 0;
	attempts_clear();
	for (i = 0; i < ATTEMPTS_FILES_MAX; i++) {
		snprintf(name, sizeof(name), "share%d", i);
		attempts_write_as(55000 + (uid_t)i % 4, name,
		    "1.001 share.nz -\n");
	}
	ingest_now(&engine);
	attempts_write("mine", "1.001 mine.nz -\n");
	for (i = 0; i < 4; i++)
		ingest_now(&engine);
	is_int((int64_t)engine.ingest->attempts_taken, 0,
	    "one file too many: none is read again and again");
}

#define POL_FAILED "SELECT sum(fail) FROM tally WHERE domain = 'pol.nz'" \
    " AND policy = 77"

/*
 * Where smtpd's user is known nobody else's lines are taken: they would stand
 * for smtpd's of the same moment, or say that a domain was tried which was not.
 */
static void
check_attempts_others(void)
{
	char path[256], text[512];
	long long now = (long long)time(NULL);
	int64_t before = number(POL_FAILED);

	if (geteuid() != 0)
		return;
	engine.smtpd[0] = 777;
	engine.nsmtpd = 1;
	snprintf(text, sizeof(text), "%lld.100 pol.nz -\n%lld.600 pol.nz"
	    " smtp+tls://mx.pol.nz\n%lld.700 others.nz -\n", now - 30,
	    now - 20, now - 20);
	attempts_write_as(54323, "of-others", text);
	ingest_now(&engine);
	snprintf(path, sizeof(path), "%s/attempts/of-others", spool);
	is_int(access(path, F_OK), -1, "a file of another user's goes");
	snprintf(text, sizeof(text), "%lld.900 pol.nz -\n%lld.600 pol.nz -\n",
	    now - 30, now - 20);
	attempts_write_as(777, "of-table", text);
	ingest_now(&engine);
	is_int(number(POL_FAILED) - before, 2,
	    "and takes nothing away from what smtpd met at that moment");
	is_int(number("SELECT count(*) FROM attempt WHERE domain = 'others.nz'"),
	    0, "nor does it add anything");
	engine.nsmtpd = 0;
}

#define FLOOD "SELECT count(*) FROM attempt WHERE domain LIKE 'flood%'"

/* Lines for as many domains, in a new file of that user. */
static void
flood(const char *name, uid_t uid, int from, int lines)
{
	static char text[ATTEMPTS_FILE_MAX];
	int i, n = 0;

	for (i = from; i < from + lines && n < (int)sizeof(text) - 64; i++)
		n += snprintf(text + n, 64, "%lld.001 flood%d.nz -\n",
		    (long long)time(NULL), i);
	attempts_write_as(uid, name, text);
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
	run("DELETE FROM meta WHERE key LIKE 'attempts_%'");
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

/* What was refused is not counted again for that it lies there still. */
static void
check_attempts_refused(void)
{
	static const char refused[] = "SELECT value FROM meta"
	    " WHERE key = 'attempts_refused'";
	int64_t before, rows;

	if (geteuid() != 0)
		return;
	engine.nsmtpd = 0;
	attempts_clear();
	flood("refused", 54324, 900000, 3 * ATTEMPTS_OWNER_HOUR_MAX);
	ingest_now(&engine);
	before = number(refused);
	rows = number("SELECT count(*) FROM attempt");
	stop();
	start();
	ingest_now(&engine);
	is_int(number(refused), before, "a restart refuses none again");
	is_int(number("SELECT count(*) FROM attempt"), rows,
	    "and takes none in");
	is_int(number("SELECT count(*) FROM meta WHERE key LIKE"
	    " 'attempts@%'"), 1, "how far a file was read is kept");
	attempts_clear();
	is_int(number("SELECT count(*) FROM meta WHERE key LIKE"
	    " 'attempts@%'"), 0, "for as long as it is there");
}

/* As where smtpd was started again often: none of its own goes unread. */
static void
check_attempts_own(void)
{
	static const char own[] = "SELECT count(*) FROM attempt WHERE domain"
	    " LIKE 'kin%.nz'";
	char path[256], text[512], name[32];
	long long now = (long long)time(NULL);
	int i, left = 0, most = ATTEMPTS_FILES_MAX + 6;

	engine.smtpd[0] = geteuid();
	engine.nsmtpd = 1;
	for (i = 0; i < most; i++) {
		snprintf(name, sizeof(name), "own%d", i);
		snprintf(text, sizeof(text), "%lld.%03d kin%d.nz -\n", now, i,
		    i);
		attempts_write(name, text);
	}
	ingest_now(&engine);
	is_int(number(own), ATTEMPTS_FILES_MAX, "as many files as there may be");
	for (i = 0; i < most; i++) {
		snprintf(path, sizeof(path), "%s/attempts/own%d", spool, i);
		if (access(path, F_OK) == -1)
			continue;
		left++;
		snprintf(path, sizeof(path), "../attempts/own%d", i);
		age(path, 8000);
	}
	is_int(left, most, "smtpd's others stay");
	for (i = 0; i < most / ATTEMPTS_GONE_MAX + 2; i++)
		ingest_now(&engine);
	is_int(number(own), most, "and are read when these are over");
	snprintf(text, sizeof(text), "%lld.001 longer.nz -\n", now);
	attempts_write("short", text);
	ingest_now(&engine);
	snprintf(path, sizeof(path), "%s/attempts/short", spool);
	snprintf(text, sizeof(text), "%lld.002 kin.nz -\n", now);
	if (truncate(path, 0) == -1)
		fatal("%s", path);
	attempts_write("short", text);
	ingest_now(&engine);
	is_int(number(own), most + 1, "one that is shorter than what was read"
	    " of it is read anew");
}

/* What there may be in all is a bound for smtpd, too. */
static void
check_attempts_whole(void)
{
	if (geteuid() != 0)
		return;
	engine.smtpd[0] = 777;
	engine.nsmtpd = 1;
	engine.ingest->attempts_room.rows = ATTEMPTS_ROWS_MAX - 3;
	flood("whole", 777, 800000, 10);
	ingest_now(&engine);
	is_int(number("SELECT count(*) FROM attempt WHERE domain LIKE"
	    " 'flood8_____.nz'"), 3,
	    "no more than there may be in all");
}

int
main(void)
{
	bench_up("unit-attempts");
	if (mkdir(sessions, 0755) == -1)
		fatal("%s", sessions);
	check_attempts();
	check_attempts_before();
	check_attempts_many();
	check_attempts_turns();
	check_attempts_crowd();
	check_attempts_links();
	check_attempts_others();
	check_attempts_shares();
	check_attempts_flood();
	check_attempts_refused();
	check_attempts_own();
	check_attempts_whole();
	return bench_down();
}
