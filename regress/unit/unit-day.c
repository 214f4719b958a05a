/* SPDX-License-Identifier: ISC */

#include <stdlib.h>
#include <time.h>

#include "lib/date.h"
#include "tap.h"

static void
check_time(const char *s, int rc, int64_t want)
{
	int64_t t = -12345;

	is_int(time_parse(s, &t), rc, "time_parse '%s'", s);
	if (rc == 0)
		is_int(t, want, "value of '%s'", s);
}

static void
check_bad_days(void)
{
	static const char *const bad[] = { "", "2026", "2026-2-3",
		"2026-02-30", "2025-02-29", "2026-13-01", "2026-00-10",
		"2026-01-00", "2026-01-32", "2026-01-01 ", "-026-01-01",
		"2026/01/01", "20260101", "2026-01-0a" };
	int64_t day;
	size_t i;

	for (i = 0; i < nitems(bad); i++)
		is_int(day_parse(bad[i], &day), -1, "no day: '%s'", bad[i]);
}

/* The C library's own calendar, day by day. */
static void
check_calendar(void)
{
	char ours[64], theirs[64];
	struct tm tm;
	int64_t day, back;
	time_t t;
	int wrong = 0;

	for (day = -200000; day < 200000; day += 7) {
		t = (time_t)(day * DAY_SECONDS + 45296);
		gmtime_r(&t, &tm);
		strftime(theirs, sizeof(theirs),
		    "%a, %d %b %Y %H:%M:%S +0000", &tm);
		time_print_mail(t, ours, sizeof(ours));
		if (strcmp(ours, theirs) != 0)
			wrong++;
		day_print(day, ours, sizeof(ours));
		if (day_parse(ours, &back) == -1 || back != day ||
		    day_of(t) != day)
			wrong++;
	}
	is_int(wrong, 0, "as gmtime(3) from 1422 to 2517");
}

int
main(void)
{
	char buf[64];
	int64_t day;

	is_int(day_parse("1970-01-01", &day), 0, "the epoch");
	is_int(day, 0, "is day 0");
	is_int(day_parse("2024-02-29", &day), 0, "a leap day");
	is_int(day, 19782, "its number");
	is_int(day_of(-1), -1, "the second before 1970");
	is_int(day_of(86399), 0, "the last second of the first day");
	check_bad_days();
	check_calendar();

	time_print(1795316645, buf, sizeof(buf));
	is_str(buf, "2026-11-22T03:04:05Z", "time_print");
	check_time("2026-11-22T03:04:05Z", 0, 1795316645);
	check_time("2026-11-22T03:04:05", 0, 1795316645);
	check_time("2026-11-22t03:04:05.123z", 0, 1795316645);
	check_time("2026-11-22 03:04:05", 0, 1795316645);
	check_time("2026-11-22T16:04:05+13:00", 0, 1795316645);
	check_time("2026-11-21T20:34:05-0630", 0, 1795316645);
	check_time("2026-11-22", 0, 1795305600);
	check_time("2026-11-22T03:04Z", 0, 1795316640);
	check_time("2026-11-22T03:04:05 +00:00", 0, 1795316645);
	check_time("2026-11-22T24:00:00Z", -1, 0);
	check_time("2026-11-22T03:60:00Z", -1, 0);
	check_time("2026-11-22T03:04:05Zjunk", -1, 0);
	check_time("2026-11-22T03:04:05.Z", -1, 0);
	check_time("2026-11-22T", -1, 0);
	check_time("yesterday", -1, 0);
	return done_testing();
}
