/* SPDX-License-Identifier: ISC */

/* Days that are ahead, as a clock that was wrong has dated them. */

#include "lib/date.h"
#include "ingest_bench.h"
#include "store/store_trim.h"

static void
round_over(void *arg __unused)
{
	if (engine.ingest->trim_step == 0)
		loop_stop(engine.loop);
	else
		loop_timer_add(engine.loop, 20, round_over, NULL);
}

static void
trim_round(void)
{
	trim_now(engine.ingest);
	loop_timer_add(engine.loop, 20, round_over, NULL);
	loop_run(engine.loop);
}

/* A day's sessions in two tables. */
static void
add_day(int64_t day)
{
	char sql[512];

	snprintf(sql, sizeof(sql), "INSERT OR IGNORE INTO flow VALUES (%lld, 0,"
	    " 0, '*', 1, 0, 0, 0, 0); INSERT INTO correspondent (day, dir,"
	    " domain, class) VALUES (%lld, 0, 'ahead.nz', 'x')", (long long)day,
	    (long long)day);
	run(sql);
}

#define AHEAD "SELECT count(*) FROM flow, correspondent USING (day)" \
    " WHERE domain = 'ahead.nz' AND flow.day > "

/*
 * What a clock that was ahead has dated goes, by a clock that is right, and
 * seen twice; nothing does where that itself may be behind.
 */
static void
check_ahead(void)
{
	int64_t today = day_of(time(NULL)), i;
	char sql[256];

	snprintf(sql, sizeof(sql), AHEAD "%lld", (long long)today);
	add_day(today + 1000);
	trim_round();
	is_int(number("SELECT count(*) FROM meta WHERE key = 'ahead_since'"
	    " AND value > 0"), 0, "no sessions of late: the clock is behind");
	for (i = 1; i <= 10; i++)
		add_day(today - i);
	add_day(today + 20);
	trim_round();
	is_int(number("SELECT count(*) FROM meta WHERE key = 'ahead_since'"
	    " AND value > 0"), 0, "so it may be where they go on");
	run("DELETE FROM flow WHERE day = (SELECT max(day) FROM flow WHERE day"
	    " < (SELECT max(day) FROM flow))");
	trim_round();
	is_int(number(sql), 1, "of a day far ahead nothing goes at once");
	run("UPDATE meta SET value = value - 90000 WHERE key = 'ahead_since'");
	trim_round();
	is_int(number(sql), 0, "a day later it does");
	is_int(number("SELECT count(*) FROM correspondent WHERE domain ="
	    " 'ahead.nz'"), 11, "and nothing else");
	run("DELETE FROM correspondent WHERE domain = 'ahead.nz'");
}

/* A clock that is a year behind, for more than a week: those days are right. */
static void
check_behind(void)
{
	int64_t today = day_of(time(NULL)), i;
	char sql[256];

	snprintf(sql, sizeof(sql), AHEAD "%lld", (long long)today);
	for (i = 1; i <= 10; i++)
		add_day(today - i);
	for (i = 0; i < 10; i++)
		add_day(today + 365 + i);
	trim_round();
	run("UPDATE meta SET value = value - 90000 WHERE key = 'ahead_since'");
	trim_round();
	is_int(number(sql), 10, "as many days ahead as of late all stay");
}

#define LEARNED "INSERT INTO probe (host, addr, probed) VALUES ('%s', 'a'," \
    " %lld); INSERT INTO mx (domain, host, pref, matches, retry, seen)" \
    " VALUES ('%s', 'h', 1, 1, %lld, %lld); INSERT INTO mxaddr VALUES ('a'," \
    " '%s', 'h', %lld, %lld); INSERT INTO sts (domain, max_age, fetched," \
    " expires, checked, refresh, tried) VALUES ('%s', 600, %lld, %lld, %lld," \
    " %lld, %lld); INSERT INTO sts_history VALUES ('%s', %lld, 0, 1," \
    " 'enforce'); INSERT INTO broken VALUES ('%s', %lld, %lld, 'x');" \
    " INSERT INTO route (domain, kind, until, learned, renew, used) VALUES" \
    " ('%s', 'none', %lld, %lld, %lld, %lld)"

/* All that is learned of a domain, at that time. */
static void
add_learned(const char *name, int64_t at)
{
	long long t = at;
	char sql[2048];

	snprintf(sql, sizeof(sql), LEARNED, name, t, name, t + 300, t, name, t,
	    t, name, t, t + 600, t, t + 86400, t, name, t, name, t, t, name,
	    t + 86400, t, t + 600, t);
	run(sql);
}

/* A statement of the store's own is known by its address. */
static int64_t
asked(const char *sql)
{
	sqlite3_stmt *stmt;
	int64_t n;

	if (sqlite3_prepare_v2(engine.store->db, sql, -1, &stmt, NULL) !=
	    SQLITE_OK || sqlite3_step(stmt) != SQLITE_ROW)
		fatalx("%s: %s", sql, sqlite3_errmsg(engine.store->db));
	n = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return n;
}

/* How many of a domain's times are behind then. */
static int64_t
behind(const char *name, int64_t then)
{
	static const char *const times[] = {
		"count(*) FROM probe WHERE host = '%s' AND probed",
		"count(*) FROM mx WHERE domain = '%s' AND seen",
		"count(*) FROM mx WHERE domain = '%s' AND retry - 300",
		"count(*) FROM mxaddr WHERE domain = '%s' AND seen",
		"count(*) FROM mxaddr WHERE domain = '%s' AND routed",
		"count(*) FROM sts WHERE domain = '%s' AND fetched",
		"count(*) FROM sts WHERE domain = '%s' AND checked",
		"count(*) FROM sts WHERE domain = '%s' AND tried",
		"count(*) FROM sts WHERE domain = '%s' AND expires - 600",
		"count(*) FROM sts WHERE domain = '%s' AND refresh - 86400",
		"count(*) FROM sts_history WHERE domain = '%s' AND since",
		"count(*) FROM broken WHERE domain = '%s' AND since",
		"count(*) FROM broken WHERE domain = '%s' AND last",
		"count(*) FROM route WHERE domain = '%s' AND learned",
		"count(*) FROM route WHERE domain = '%s' AND used",
		"count(*) FROM route WHERE domain = '%s' AND until - 86400",
		"count(*) FROM route WHERE domain = '%s' AND renew - 600",
	};
	int64_t n = 0;
	char sql[256];
	size_t i;

	for (i = 0; i < nitems(times); i++) {
		(void)snprintf(sql, sizeof(sql), "SELECT ");
		(void)snprintf(sql + 7, sizeof(sql) - 7, times[i], name);
		(void)snprintf(sql + strlen(sql), sizeof(sql) - strlen(sql),
		    " > %lld", (long long)then);
		n += asked(sql);
	}
	return n;
}

/* What was learned by such a clock would not be looked at again before. */
static void
check_learned(void)
{
	int64_t now = time(NULL), far = now + 900 * (int64_t)DAY_SECONDS;

	add_learned("right.nz", now - 100);
	add_learned("some.nz", now + 7200);
	run("INSERT INTO sts_history VALUES ('far.nz', 5000000000,"
	    " 5000000001, 2, 'none')");
	trim_round();
	is_int(number("SELECT count(*) FROM meta WHERE key = 'dated_since'"
	    " AND value > 0"), 0, "two hours go by by themselves");
	add_learned("far.nz", far);
	run("INSERT INTO route (domain, learned, renew, used) VALUES"
	    " ('over.nz', 5000000000, 9223372036854775807, 5000000000)");
	is_int(behind("far.nz", far - 1), 18, "what was learned months ahead");
	trim_round();
	is_int(behind("far.nz", far - 1), 18, "does not change at once");
	run("UPDATE meta SET value = value - 90000 WHERE key = 'dated_since'");
	trim_round();
	is_int(behind("far.nz", time(NULL)), 0, "a day later it is of now");
	/* But what was to come some time after. */
	is_int(behind("far.nz", now - 1), 14, "not of before");
	is_int(number("SELECT count(*) FROM sts_history WHERE domain ="
	    " 'far.nz'"), 1, "what was over by then never was");
	is_int(number("SELECT renew = 9223372036854775807 AND learned <"
	    " 5000000000 FROM route WHERE domain = 'over.nz'"), 1,
	    "what was due never is not due");
	is_int(behind("right.nz", now - 101), 17, "what was right stays");
	is_int(behind("right.nz", now - 100), 0, "as it was");
	trim_round();
	is_int(number("SELECT count(*) FROM meta WHERE key = 'dated_since'"
	    " AND value > 0"), 0, "and that is over");
}

/*
 * A clock that is ten months behind, for some days: what was learned before is
 * right, and will be.
 */
static void
check_learned_behind(void)
{
	int64_t far = time(NULL) + 300 * (int64_t)DAY_SECONDS;

	add_learned("good.nz", far);
	is_int(store_meta_set(engine.store, "dated_since", time(NULL) - 90000),
	    0, "seen for a day");
	trim_round();
	is_int(behind("good.nz", far - 1), 17, "what was learned stays as it "
	    "was where days ahead are as many");
	run("DELETE FROM flow WHERE day > unixepoch() / 86400;"
	    " DELETE FROM correspondent");
	run("DELETE FROM flow WHERE day < unixepoch() / 86400 - 5");
	is_int(store_meta_set(engine.store, "dated_since", time(NULL) - 90000),
	    0, "seen for a day");
	trim_round();
	is_int(behind("good.nz", far - 1), 17, "and where there are few of "
	    "late");
	run("DELETE FROM probe; DELETE FROM mx; DELETE FROM mxaddr;"
	    " DELETE FROM sts; DELETE FROM sts_history; DELETE FROM broken;"
	    " DELETE FROM route");
}

/* Another process, which takes the database at a moment. */
static sqlite3 *other;

static void
other_begin(void)
{
	if (sqlite3_open(database, &other) != SQLITE_OK)
		fatalx("open");
	/* Who is in a hurry does not wait for it. */
	store_hurry(engine.store, 1);
}

static void
other_lock(void)
{
	if (sqlite3_exec(other, "BEGIN EXCLUSIVE", NULL, NULL, NULL) !=
	    SQLITE_OK)
		fatalx("lock");
}

static void
other_unlock(void)
{
	(void)sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL);
}

/* Without it the round ends, for an hour. */
static void
other_end(void)
{
	sqlite3_close(other);
	store_hurry(engine.store, 0);
	trim_round();
	is_int(engine.ingest->trim_wait, 3600 * 1000, "then it is over");
}

static void
trim_once(void)
{
	trim_now(engine.ingest);
	while (engine.ingest->trim_wait == 0)
		loop_for(20);
}

static int
lock_at_delete(unsigned int what __unused, void *arg __unused,
    void *stmt __unused, void *sql)
{
	if (strncmp(sql, "DELETE", 6) == 0 &&
	    sqlite3_get_autocommit(other) != 0)
		(void)sqlite3_exec(other, "BEGIN EXCLUSIVE", NULL, NULL, NULL);
	return 0;
}

static int64_t
trimmed(void)
{
	int64_t n = 0;

	if (store_meta(engine.store, "trimmed", &n) == -1)
		fatalx("trimmed");
	return n;
}

/* Its beginning, which trims a day further, is not tried again with it. */
static void
check_locked_first(void)
{
	struct ingest *in = engine.ingest;
	int64_t began = time(NULL) - 20 * DAY_SECONDS;
	int i;

	other_begin();
	is_int(store_meta_set(engine.store, "trimmed", began), 0,
	    "long not trimmed");
	sqlite3_trace_v2(engine.store->db, SQLITE_TRACE_STMT, lock_at_delete,
	    NULL);
	for (i = 0; i < 5; i++) {
		trim_once();
		other_unlock();
	}
	is_int(in->trim_wait, 60 * 1000, "the first step is in vain");
	is_int(trimmed() - began, DAY_SECONDS, "five times, of one round");
	sqlite3_trace_v2(engine.store->db, 0, NULL, NULL);
	other_end();
	is_int(trimmed() - began, DAY_SECONDS, "still that one");
}

/* Nor is what gives room back left out. */
static void
check_locked_last(void)
{
	struct ingest *in = engine.ingest;

	run("CREATE TABLE big AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL"
	    " SELECT i + 1 FROM n WHERE i < 2000) SELECT randomblob(4000) x"
	    " FROM n; DROP TABLE big");
	trim_now(in);
	while (in->trim_step < store_trim_steps())
		loop_for(5);
	other_begin();
	other_lock();
	while (in->trim_wait == 50)
		loop_for(20);
	is_int(in->trim_wait, 60 * 1000, "room is given back a minute later");
	other_end();
}

/* Another process has the database: the round goes on a minute later. */
static void
check_locked(void)
{
	struct ingest *in = engine.ingest;
	size_t step;

	trim_round();
	is_int(in->trim_wait, 3600 * 1000, "a round is over for an hour");
	other_begin();
	other_lock();
	trim_once();
	is_int(in->trim_wait, 60 * 1000,
	    "one that could not begin is tried again in a minute");
	other_unlock();
	trim_now(in);
	while (in->trim_step < 2)
		loop_for(20);
	other_lock();
	step = in->trim_step;
	loop_for(400);
	ok(in->trim_step == step && in->trim_wait == 60 * 1000,
	    "so is one step of it, and none is passed over");
	other_end();
}

int
main(void)
{
	int i;

	bench_up("unit-ahead");
	if (mkdir(sessions, 0755) == -1)
		fatal("%s", sessions);
	check_ahead();
	check_behind();
	check_learned_behind();
	for (i = 1; i <= 10; i++)
		add_day(day_of(time(NULL)) - i);
	check_learned();
	check_locked();
	check_locked_first();
	check_locked_last();
	return bench_down();
}
