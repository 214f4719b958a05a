/* SPDX-License-Identifier: ISC */

/* When reports go: each day's, and again what failed. */

#include <sys/syscall.h>

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/monotonic.h"
#include "deliver_bench.h"
#include "lib/date.h"
#include "tap.h"

/* Seconds that CLOCK_MONOTONIC stood still, as the host was suspended. */
static time_t slept;

int
clock_gettime(clockid_t clock, struct timespec *ts)
{
	int rc = (int)syscall(SYS_clock_gettime, clock, ts);

#ifdef CLOCK_BOOTTIME
	if (clock == CLOCK_BOOTTIME)
		ts->tv_sec += slept;
#endif
	return rc;
}

static int
looked_up(struct bench *b)
{
	return b->lookups > 0;
}

static int turns;

static int
turned(struct bench *b)
{
	return b->lookups > 0 || --turns <= 0;
}

/* sged was off for three days: three reports, each of its own day. */
static void
downtime(const struct conf *conf)
{
	struct bench b;
	char want[64], date[11];
	int i, j, n;

	fresh();
	start(&b, conf);
	for (i = 1; i <= 3; i++)
		tally(&b, "mail.nz", i);
	ok(run(&b, calm), "three days later");
	is_int((long long)b.nmails, 3, "three reports");
	for (i = 1; i <= 3; i++) {
		day_print(day_of(time(NULL)) - i, date, sizeof(date));
		(void)snprintf(want, sizeof(want), "on %s", date);
		for (j = n = 0; j < (int)b.nmails; j++)
			n += has(b.mails[j], date);
		is_int(n, 1, "one of %s", date);
	}
	is_str(rows(&b, "SELECT count(DISTINCT report_id) FROM report"), "3",
	    "each with an id of its own");
	/* Nothing is opened twice, nor the day that is not over. */
	tally(&b, "mail.nz", 0);
	is_str(rows(&b, "SELECT count(*) FROM report"), "3", "not today's");
	stop(&b);

	/* Records of a day are still being read. */
	fresh();
	start(&b, conf);
	b.ingest.caught_up = (day_of(time(NULL)) - 1) * 86400LL;
	tally(&b, "mail.nz", 1);
	tally(&b, "two.nz", 2);
	sql(&b, "UPDATE tally SET day = day - 1 WHERE domain = 'two.nz'");
	ok(run(&b, one_sent), "the day before is done");
	is_str(rows(&b, "SELECT domain FROM report"), "two.nz",
	    "a day that is not read to its end is not closed");
	stop(&b);
}

/* The days are opened that are to be, however many that are. */
static int
opened_two(struct bench *b)
{
	return !b->e.deliver->pass.active &&
	    strcmp(rows(b, "SELECT count(*) FROM report"), "2") == 0;
}

/* What is not kept of the days that are looked at again is not sent again. */
static void
not_kept(const struct conf *conf)
{
	struct conf brief = *conf;
	struct bench b;
	int64_t today = day_of(time(NULL)), opened;

	brief.keep_reports = 1;
	fresh();
	start(&b, &brief);
	tally(&b, "mail.nz", 1);
	ok(run(&b, one_sent), "a report");
	tally(&b, "mail.nz", 3);
	tally(&b, "two.nz", 2);
	sql(&b, "DELETE FROM report");
	sql(&b, "UPDATE meta SET value = %lld WHERE key = 'report_opened'",
	    (long long)today - 2);
	ok(run(&b, opened_two), "the day after, without the reports before it");
	is_str(rows(&b, "SELECT group_concat(%lld - day) FROM (SELECT DISTINCT"
	    " day FROM report ORDER BY day)", (long long)today), "2,1",
	    "the day that is not kept is not opened again");
	stop(&b);

	/* A clock was a month ahead, long enough for a day to be over. */
	fresh();
	start(&b, conf);
	is_int(store_meta_set(b.e.store, "report_opened", today + 30), 0,
	    "a day to come was opened");
	tally(&b, "mail.nz", 1);
	ok(run(&b, one_sent), "days that are over are opened all the same");
	ok(store_meta(b.e.store, "report_opened", &opened) == 1 &&
	    opened == today - 1, "and the next ones will be");
	stop(&b);
}

static int
given_up(struct bench *b)
{
	return calm(b) && strcmp(rows(b, "SELECT count(*) FROM report WHERE"
	    " state = 'given-up'"), "2") == 0;
}

static void
retries(const struct conf *conf)
{
	struct conf day = *conf;
	struct bench b;
	int64_t first = 1000000, now = first, next, last = 0;
	int n, doubled = 0;

	day.report_retry = 86400;
	for (n = 1; (next = deliver_backoff(&day, first, n, now)) != 0; n++) {
		if (n == 1)
			ok(next - now >= 150 && next - now <= 450,
			    "the second attempt comes within minutes");
		if (n > 1 && n < 7 && next - now > last / 2)
			doubled++;
		last = next - now;
		now = next;
	}
	is_int(now, first + 86400, "the last one a day after the first");
	ok(n >= 6 && n <= 20, "%d attempts", n);
	is_int(doubled, 5, "with longer and longer pauses");

	fresh();
	start(&b, conf);
	tally(&b, "full.nz", 1);
	tally(&b, "servfail.nz", 1);
	ok(run(&b, calm), "both failed");
	sql(&b, "UPDATE report SET due = 0, first = first - 100000"
	    " WHERE state = 'due'");
	sql(&b, "UPDATE delivery SET next = 0, first = first - 100000");
	deliver_soon(b.e.deliver, 0);
	ok(run(&b, given_up), "both are given up when their time is over");
	is_str(rows(&b, "SELECT tries FROM delivery"), "2",
	    "after one more attempt");
	stop(&b);

	fresh();
	start(&b, conf);
	b.servfail = 1;
	tally(&b, "mail.nz", 1);
	run(&b, calm);
	is_str(state_of(&b, "mail.nz"), "due:", "no DNS, no verdict");
	b.servfail = 0;
	sql(&b, "UPDATE report SET due = 0");
	deliver_soon(b.e.deliver, 0);
	run(&b, calm);
	is_str(state_of(&b, "mail.nz"), "sent:sent", "until there is one");
	stop(&b);
}

static int
opened(struct bench *b)
{
	int64_t day;

	return store_meta(b->e.store, "report_opened", &day) == 1 &&
	    !b->e.deliver->pass.active;
}

static void
spread(const struct conf *conf)
{
	struct conf slow = *conf;
	struct bench b;
	int64_t now = time(NULL);
	char q[512];
	int i;

	fresh();
	slow.report_spread = 14400;
	start(&b, &slow);
	sql(&b, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM"
	    " n WHERE i < 5000) INSERT INTO tally SELECT %lld, printf("
	    "'d%%05d.nz', i), 0, 1, 0 FROM n", (long long)day_of(now) - 1);
	ok(run(&b, opened), "5000 domains");
	for (i = 0; i < 4; i++) {
		(void)snprintf(q, sizeof(q), "SELECT count(*) BETWEEN 1240 AND"
		    " 1260 FROM report WHERE due - created >= %d AND"
		    " due - created < %d", i * 3600, (i + 1) * 3600);
		is_str(rows(&b, "%s", q), "1", "evenly in hour %d", i + 1);
	}
	is_str(rows(&b, "SELECT count(*) BETWEEN 2200 AND 2800 FROM report a,"
	    " report b WHERE b.id = a.id + 1 AND b.due > a.due"), "1",
	    "in no order of names");
	stop(&b);

	/*
	 * Of 1440 in four hours each has ten seconds of its own.  The first of
	 * them may be claimed at once, which gives it another time.
	 */
	fresh();
	start(&b, &slow);
	sql(&b, "CREATE TABLE given (after INTEGER); CREATE TRIGGER give AFTER"
	    " INSERT ON report BEGIN INSERT INTO given VALUES (new.due -"
	    " new.created); END");
	sql(&b, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM"
	    " n WHERE i < 1440) INSERT INTO tally SELECT %lld, printf("
	    "'d%%05d.nz', i), 0, 1, 0 FROM n", (long long)day_of(now) - 1);
	ok(run(&b, opened), "1440 domains");
	is_str(rows(&b, "SELECT count(DISTINCT after / 10) || ' ' ||"
	    " (min(after) BETWEEN 0 AND 9) || ' ' || (max(after) BETWEEN 14390 AND 14399)"
	    " FROM given"),
	    "1440 1 1", "each has a slot of its own, first to last");
	is_str(rows(&b, "SELECT count(DISTINCT after %% 10) FROM given"), "10",
	    "and its time in it by chance");
	stop(&b);
}

/* Asked at RCPT for the reports' sender: yes, no, or that nobody can say. */
static void
announced(const struct conf *conf)
{
	static const char plan[] = "EXPLAIN QUERY PLAN SELECT EXISTS (SELECT 1"
	    " FROM delivery WHERE target = lower('a') AND kind = 0 AND"
	    " last >= 1) OR EXISTS (SELECT 1 FROM delivery INDEXED BY"
	    " delivery_copy WHERE target IS NULL AND uri COLLATE NOCASE IN"
	    " ('mailto:a', 'copy:a'))";
	struct bench b;
	sqlite3_stmt *stmt = NULL;

	fresh();
	start(&b, conf);
	sql(&b, "INSERT INTO report (id, day, domain, state, due) VALUES"
	    " (1, 1, 'a.nz', 'sent', 0)");
	sql(&b, "INSERT INTO delivery (report, uri, state, tries, next, last,"
	    " kind, target) VALUES (1, 'mailto:TLS%%2Bx@A.nz!1m', 'sent', 1,"
	    " 0, unixepoch(), 0, 'tls+x@a.nz'), (1, 'copy:Us@b.nz', 'sent', 1,"
	    " 0, unixepoch(), 0, NULL), (1, 'mailto:old@c.nz', 'sent', 1, 0,"
	    " unixepoch(), 0, NULL), (1, 'mailto:late@d.nz', 'sent', 1, 0,"
	    " unixepoch() - 500000, 0, 'late@d.nz')");
	is_int(deliver_announces(&b.e, "Tls+X@a.nz"), 1, "an address it went "
	    "to, however it stands in the record");
	is_int(deliver_announces(&b.e, "us@B.nz"), 1, "a copy's");
	is_int(deliver_announces(&b.e, "OLD@c.nz"), 1, "of an older format");
	is_int(deliver_announces(&b.e, "late@d.nz"), 0, "too long ago");
	is_int(deliver_announces(&b.e, "x@a.nz"), 0, "none");
	if (sqlite3_prepare_v2(b.e.store->db, plan, -1, &stmt, NULL) !=
	    SQLITE_OK)
		fatalx("test: %s", sqlite3_errmsg(b.e.store->db));
	while (sqlite3_step(stmt) == SQLITE_ROW)
		ok(strncmp((const char *)sqlite3_column_text(stmt, 3), "SCAN d",
		    6) != 0, "no scan: %s", sqlite3_column_text(stmt, 3));
	sqlite3_finalize(stmt);
	sql(&b, "ALTER TABLE delivery RENAME TO lost");
	is_int(deliver_announces(&b.e, "x@a.nz"), -1,
	    "a database that can't say says so");
	sql(&b, "ALTER TABLE lost RENAME TO delivery");
	stop(&b);
}

/*
 * In a fleet a host sends what it holds.  One that was suspended holds nothing
 * when it wakes, though CLOCK_MONOTONIC has not moved.
 */
static void
suspended(const struct conf *conf)
{
	static char libpq[] = "host=x";
	struct conf fleet = *conf;
	struct bench b;

	fresh();
	start(&b, conf);
	b.servfail = 1;
	tally(&b, "mail.nz", 1);
	ok(run(&b, looked_up), "a report that is looked up");
	stop(&b);
	fleet.fleet = libpq;
	start(&b, &fleet);
	sql(&b, "UPDATE report SET state = 'due', due = 0");
	turns = 200;
	b.e.claimed_until = boottime_ms() + 40000;
	slept = 600;
	ok(run(&b, turned) && b.lookups == 0, "the lease ran while the host slept");
	stop(&b);
	start(&b, &fleet);
	b.e.claimed_until = boottime_ms() + 40000;
	ok(run(&b, looked_up), "renewed, it goes on");
	slept = 0;
	stop(&b);
}

static int
idle(struct bench *b)
{
	return b->e.deliver->timer != NULL && b->rounds > 0;
}

/* A day whose records are read when much is: at once, not at the next look. */
static void
counted_late(const struct conf *conf)
{
	struct deliver *d;
	struct bench b;

	fresh();
	start(&b, conf);
	d = b.e.deliver;
	b.ingest.caught_up = 0;
	count_rounds(&b);
	tally(&b, "mail.nz", 1);
	deliver_soon(d, 0);
	ok(run(&b, idle), "records of a day are not all read yet");
	ok(d->timer_at > loop_now() + 1000, "it is looked at later");
	b.ingest.caught_up = INT64_MAX / 2;
	b.e.counted(&b.e);
	ok(d->timer_at <= loop_now() && d->looked == 0,
	    "as soon as they are read");
	ok(run(&b, one_sent), "and its report goes");
	stop(&b);
	ok(b.e.counted == NULL, "nobody is told at the end");
}

int
main(void)
{
	struct conf *conf = bench_begin("unit-deliver-day");

	downtime(conf);
	not_kept(conf);
	retries(conf);
	spread(conf);
	announced(conf);
	suspended(conf);
	counted_late(conf);
	bench_end(conf);
	return done_testing();
}
