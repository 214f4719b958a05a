/* SPDX-License-Identifier: ISC */

/*
 * What is asked of the database in a moment, however much is in it: SQLite's
 * own steps are counted, which no other program on this machine changes.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "store/query_flow.h"
#include "store/query_sent.h"
#include "store/store_route.h"
#include "tap.h"

/* Of all statements, since they were last asked for. */
static int
steps_of(struct store *st)
{
	sqlite3_stmt *stmt = NULL;
	int sum = 0;

	while ((stmt = sqlite3_next_stmt(st->db, stmt)) != NULL)
		sum += sqlite3_stmt_status(stmt, SQLITE_STMTSTATUS_VM_STEP, 1);
	return sum;
}

static int
count_host(const char *addr, const char *host, void *arg)
{
	char *found = arg;

	(void)strlcat(found, addr, 256);
	(void)strlcat(found, " ", 256);
	(void)strlcat(found, host, 256);
	(void)strlcat(found, ",", 256);
	return 0;
}

/* Which hosts are to be looked at, not which of their sessions wait. */
static void
check_pending(struct store *st)
{
	char found[256] = "";
	int steps;

	is_int(store_exec(st, "CREATE TEMP TABLE n AS WITH RECURSIVE n (i) AS"
	    " (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)"
	    " SELECT i, printf('d%d.example', i) AS domain FROM n;"
	    "INSERT INTO unseen SELECT 2, domain, 1, '',"
	    " printf('192.0.2.%d', i % 3), printf('mx%d', i % 2), 1, 1"
	    " FROM n;"
	    "INSERT INTO detail SELECT 1, domain, 0, 'validation-failure', '',"
	    " '198.51.100.7', 'mx', '', '', '', 1, 1 FROM n WHERE i < 3"),
	    0, "many sessions with some hosts");
	(void)steps_of(st);
	is_int(store_pending(st, 10, count_host, found), 0, "looked for");
	steps = steps_of(st);
	ok(steps < 2000, "not by reading all sessions: %d steps", steps);
	is_str(found, "198.51.100.7 mx,192.0.2.0 mx0,192.0.2.0 mx1,192.0.2.1 mx0,"
	    "192.0.2.1 mx1,192.0.2.2 mx0,192.0.2.2 mx1,", "each once");
	*found = '\0';
	is_int(store_pending(st, 2, count_host, found), 0, "no more of them");
	is_str(found, "198.51.100.7 mx,192.0.2.0 mx0,192.0.2.0 mx1,",
	    "than asked for");
}

static void
add_domain(const struct seen_incident *row, void *arg)
{
	char *found = arg;

	if (strlen(found) < 30) {
		(void)strlcat(found, row->domain, 64);
		(void)strlcat(found, " ", 64);
	}
}

/* What is new of a day stands first; the year before it is read once. */
static void
check_news(struct store *st)
{
	char found[64] = "";
	int steps;

	is_int(store_exec(st, "WITH RECURSIVE d (day) AS (SELECT 1 UNION ALL"
	    " SELECT day + 1 FROM d WHERE day < 100), n (i) AS (SELECT 1"
	    " UNION ALL SELECT i + 1 FROM n WHERE i < 100)"
	    " INSERT INTO incident (day, dir, domain, why, addr, host,"
	    " sessions, first, last) SELECT day, 1, printf('d%d-%03d.nz', day,"
	    " i), 'not-offered', '192.0.2.1', '', i, 0, 0 FROM d, n;"
	    "INSERT INTO incident (day, dir, domain, why, addr, host, sessions,"
	    " first, last) VALUES (100, 1, 'd1-001.nz', 'not-offered',"
	    " '192.0.2.1', '', 1000, 0, 0)"), 0, "mail in clear for a hundred "
	    "days");
	(void)steps_of(st);
	is_int(seen_clear(st, 100, 100, 1, add_domain, found), 0, "the last");
	steps = steps_of(st);
	is_str(found, "d100-100.nz d100-099.nz d100-098.nz ",
	    "what is new of it first");
	/* Ten thousand rows. */
	ok(steps < 300000, "not all days for each domain: %d steps", steps);
}

static void
add_day(const struct told_report *row, void *arg)
{
	*(int64_t *)arg = row->day;
}

/* The newest report of a domain, among those of all others. */
static void
check_latest(struct store *st)
{
	int64_t day = 0;
	int steps;

	is_int(store_exec(st, "WITH RECURSIVE d (day) AS (SELECT 1 UNION ALL"
	    " SELECT day + 1 FROM d WHERE day < 100), n (i) AS (SELECT 1"
	    " UNION ALL SELECT i + 1 FROM n WHERE i < 100)"
	    " INSERT INTO report (day, domain, state, due, ok, fail) SELECT"
	    " day, printf('d%d.example', i), 'no-rua', 0, 1, 0 FROM d, n"
	    " WHERE i < 100 OR day < 10"), 0, "reports of a hundred days");
	(void)steps_of(st);
	is_int(told_latest(st, 5, 90, "d100.example", add_day, &day), 1,
	    "it had one");
	is_int(day, 9, "the newest");
	is_int(told_latest(st, 10, 200, "d100.example", add_day, &day), 0,
	    "none later");
	is_int(told_latest(st, 10, 50, "d1.example", add_day, &day), 1,
	    "another");
	is_int(day, 50, "up to a day");
	steps = steps_of(st);
	ok(steps < 30000, "not read day by day: %d steps", steps);
}

int
main(void)
{
	char dir[] = "/tmp/unit-steps.XXXXXXXXXX", path[80], cmd[80];
	struct store *st;

	log_init("unit-steps", 1, 0);
	if (mkdtemp(dir) == NULL)
		fatal("%s", dir);
	snprintf(path, sizeof(path), "%s/sged.db", dir);
	if ((st = store_open(path, STORE_OWN)) == NULL)
		fatalx("%s", path);
	check_pending(st);
	check_news(st);
	check_latest(st);
	store_close(st);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd) != 0 || done_testing();
}
