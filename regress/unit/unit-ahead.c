/* SPDX-License-Identifier: ISC */

/* Days that are ahead, as a clock that was wrong has dated them. */

#include "lib/date.h"
#include "ingest_bench.h"

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

int
main(void)
{
	bench_up("unit-ahead");
	if (mkdir(sessions, 0755) == -1)
		fatal("%s", sessions);
	check_ahead();
	check_behind();
	return bench_down();
}
