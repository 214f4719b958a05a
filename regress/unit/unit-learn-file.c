/* SPDX-License-Identifier: ISC */

/* SPOOL/routes: what stands in it, and what never does. */

#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "learn_bench.h"
#include "said.h"
#include "spool/routes.h"
#include "tap.h"

static void
restart(struct bench *b)
{
	const struct conf *conf = b->e.conf;

	stop(b);
	start(b, conf);
}

static void
test_file(struct bench *b)
{
	char before[4096];
	const struct conf *conf = b->e.conf;
	struct stat sb;
	int i;

	(void)ask(b, "alias.nz");
	strlcpy(before, line_of("alias.nz"), sizeof(before));
	unlink("routes");
	restart(b);
	is_str(line_of("alias.nz"), before, "made again from the database");
	is_int(stat("routes", &sb), 0, "the file is there");
	is_int(sb.st_mode & 0777, 0644, "for smtpd's tables to read");
	stop(b);
	unlink("db");
	unlink("db-wal");
	unlink("db-shm");
	start(b, conf);
	is_str(line_of("alias.nz"), before, "lines outlive the database");
	site_of("alias.nz")->txt = "servfail";
	again(b, "alias.nz");
	is_str(line_of("alias.nz"), before, "and hold");
	for (i = 0; i < 5000; i++)
		file_add(b->e.learn, "off.nz", "none", time(NULL) + 100, "");
	is_int(file_flush(b->e.learn), 0, "added to the file");
	ok(b->e.learn->compact != NULL, "too many lines: a new base is begun");
	file_add(b->e.learn, "late.nz", "none", time(NULL) + 100, "");
	is_int(file_flush(b->e.learn), 0, "added to the file");
	said_begin();
	for (i = 0; i < 100 && b->e.learn->compact != NULL; i++)
		(void)settle(b, 50);
	is_int(said_end("routes"), 0, "without a word");
	ok(stat("routes", &sb) == 0 && sb.st_size < 200,
	    "old lines are let go of");
	is_int(stat("routes.cdb", &sb), 0, "for the base");
	is_int(sb.st_mode & 0777, 0644, "which smtpd's tables read");
	is_str(line_of("late.nz"), "none ", "what came meanwhile stays");
	is_str(line_of("alias.nz"), before, "not those that hold");
}

/* A file that can't be written: nobody is told what stands in no file. */
static void
test_no_file(struct bench *b)
{
	struct stat sb;

	sql(b, "DELETE FROM route WHERE domain IN ('enforce.nz', 'gone.nz')");
	if (rename("routes", "routes.old") == -1 || mkdir("routes", 0700) ==
	    -1)
		fatal("test");
	is_str(ask_vainly(b, "enforce.nz"), "enforce.nz=failed ",
	    "not written: not told");
	is_str(ask_vainly(b, "enforce.nz"), "enforce.nz=failed ",
	    "nor when it is known");
	if (rmdir("routes") == -1)
		fatal("test");
	is_str(ask(b, "enforce.nz"), "enforce.nz=enforce ",
	    "written again: told");
	ok(strncmp(line_of("enforce.nz"), "enforce smtp+tls://", 19) == 0,
	    "and there");
	ok(strncmp(line_of("none.nz"), "none smtp+tls://", 16) == 0,
	    "with all the others");
	(void)unlink("routes.old");
	/* A pipe that nobody reads or writes, then and at the next start. */
	if (unlink("routes") == -1 || mkfifo("routes", 0644) == -1)
		fatal("test");
	sql(b, "DELETE FROM route WHERE domain = 'enforce.nz'");
	is_str(ask_vainly(b, "enforce.nz"), "enforce.nz=failed ",
	    "a pipe: not told");
	restart(b);
	ok(stat("routes", &sb) == 0 && S_ISREG(sb.st_mode),
	    "a new start makes a file of it");
	is_str(ask(b, "enforce.nz"), "enforce.nz=enforce ", "and told");
	/* A link to what others write. */
	if (rename("routes", "routes.other") == -1 ||
	    symlink("routes.other", "routes") == -1)
		fatal("test");
	sql(b, "DELETE FROM route WHERE domain = 'enforce.nz'");
	restart(b);
	ok(lstat("routes", &sb) == 0 && S_ISREG(sb.st_mode),
	    "nor is a link followed");
	is_str(line_of("enforce.nz"), "no line", "or believed");
	is_str(ask(b, "enforce.nz"), "enforce.nz=enforce ", "and told");
	(void)unlink("routes.other");
}

static void
add_lines(struct bench *b, int n)
{
	while (n-- > 0)
		file_add(b->e.learn, "off.nz", "none", time(NULL) + 100, "");
	is_int(file_flush(b->e.learn), 0, "lines in the file");
}

static void
base_tick(void *arg)
{
	struct bench *b = arg;

	if (b->e.learn->compact == NULL || b->ticks-- == 0)
		loop_stop(b->e.loop);
	else
		loop_timer_add(b->e.loop, 2, base_tick, b);
}

static void
compacted(struct bench *b)
{
	b->ticks = DEADLINE_MS / 2;
	loop_timer_add(b->e.loop, 0, base_tick, b);
	loop_run(b->e.loop);
	ok(b->e.learn->compact == NULL, "it ends");
}

/* A new base is made for so many lines, or a part of the base's own. */
static void
test_enough(struct bench *b)
{
	static const struct {
		size_t	live;
		int	lines;
	} cases[] = { { 0, 4000 }, { 15, 4000 }, { 16, 4001 }, { 1600, 4100 } };
	size_t i;

	for (i = 0; i < nitems(cases); i++) {
		b->e.learn->nlines = 0;
		b->e.learn->nlive = cases[i].live;
		add_lines(b, cases[i].lines);
		ok(b->e.learn->compact == NULL, "%d lines, %zu routes: enough"
		    " room", cases[i].lines, cases[i].live);
		add_lines(b, 1);
		ok(b->e.learn->compact != NULL, "one more: a new base");
		compacted(b);
	}
}

static void
one_more(const char *domain, const struct route *route, void *arg)
{
	*(int *)arg += strncmp(domain, "row", 3) == 0 &&
	    route->kind == ROUTE_NONE;
}

/* How many of these routes the file and its base have. */
static int
found(void)
{
	struct routes *routes = routes_open("routes");
	int n = 0;

	if (routes != NULL)
		routes_each(routes, one_more, &n);
	routes_free(routes);
	return n;
}

/* A base of more rows than are written at once; one that can't be made. */
static void
test_base(struct bench *b)
{
	static const int rows_of[] = { 1999, 2000, 2001, 4000, 40001 };
	struct stat sb;
	size_t i;
	int were;

	for (i = 0; i < nitems(rows_of); i++) {
		sql(b, "DELETE FROM route WHERE domain LIKE 'row%%'; WITH"
		    " RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM"
		    " n WHERE i < %d) INSERT INTO route SELECT"
		    " printf('row%%05d.nz', i), 'none', unixepoch() + 10000,"
		    " '', '', 1, 9223372036854775807, 1 FROM n",
		    rows_of[i] - 1);
		unlink("routes.cdb");
		compact_start(b->e.learn);
		compacted(b);
		is_int(found(), rows_of[i], "%d routes", rows_of[i]);
	}
	/* The one before is held from here on. */
	is_int(compact_now(b->e.learn), 0, "made once more");
	were = tap_descriptors();
	/* The database fails in between: the old one stays. */
	add_lines(b, 10);
	said_begin();
	compact_start(b->e.learn);
	sql(b, "ALTER TABLE route RENAME TO away");
	compacted(b);
	is_int(said_end("given up after"), 1, "without the database, said so");
	sql(b, "ALTER TABLE away RENAME TO route");
	is_int(found(), 40001, "what was there stays");
	is_int(stat("routes.cdb.new", &sb), -1, "nothing half done is left");
	ok(stat("routes", &sb) == 0 && sb.st_size > 0,
	    "nor are its lines cut off");
	/* Nor where another thing has the name. */
	if (mkdir("routes.cdb.new", 0700) == -1)
		fatal("test");
	said_begin();
	compact_start(b->e.learn);
	is_int(said_end("routes.cdb.new"), 1, "no room for a new one: said");
	ok(b->e.learn->compact == NULL, "and none is begun");
	is_int(compact_now(b->e.learn), -1, "nor at once");
	if (rmdir("routes.cdb.new") == -1 || mkdir("routes.new", 0700) == -1)
		fatal("test");
	said_begin();
	is_int(compact_now(b->e.learn), -1, "lines that can't be cut off");
	is_int(said_end("routes.new"), 1, "are said");
	is_int(found(), 40001, "and nothing is lost");
	if (rmdir("routes.new") == -1)
		fatal("test");
	is_int(tap_descriptors(), were, "no file is left open, or closed");
	is_int(compact_now(b->e.learn), 0, "then they can");
	ok(stat("routes", &sb) == 0 && sb.st_size == 0, "all of them");
	is_int(found(), 40001, "all is in the base");
	sql(b, "DELETE FROM route WHERE domain LIKE 'row%%'");
	is_int(compact_now(b->e.learn), 0, "made anew");
	is_int(found(), 0, "without what there is no more");
}

/* The DNS process is in others' hands: they choose what it answers. */
static void
test_lied_to(struct bench *b)
{
	ask(b, "none.nz");
	(void)settle(b, DEADLINE_MS);
	ask(b, "broken.nz");
	(void)settle(b, DEADLINE_MS);
	is_str(line_of("broken.nz"), "none smtp+tls://mx.broken.nz",
	    "of its hosts the one that is a name");
	ok(strstr(line_of("none.nz"), "bad.nz") == NULL,
	    "another domain's route stays");
	is_int(system("grep -q bad.nz routes"), 256, "nothing else is there");
	/* Hosts that an older version took. */
	sql(b, "UPDATE mx SET host = 'q.nz' || char(10) || 'none.nz|none|9|'"
	    " WHERE domain = 'broken.nz'");
	sql(b, "UPDATE route SET urls = 'smtp+tls://q.nz' || char(10) ||"
	    " 'none.nz|none|9999999999|' WHERE domain = 'broken.nz'");
	if (store_begin(b->e.store) == -1 ||
	    route_order(b->e.learn, "broken.nz", time(NULL)) == -1 ||
	    store_commit(b->e.store) == -1)
		ok(0, "order anew");
	is_int(file_flush(b->e.learn), 0, "what can be written is");
	restart(b);
	ok(strstr(line_of("none.nz"), "a.none.nz") != NULL,
	    "nor does the base take them");
	is_int(system("grep -q '^none.nz|none|9' routes"), 256,
	    "no line of another domain");
	sql(b, "DELETE FROM mx WHERE domain = 'broken.nz'; DELETE FROM route"
	    " WHERE domain = 'broken.nz'");
}

int
main(void)
{
	struct conf *conf = bench_begin("unit-learn-file");
	struct bench b;

	start(&b, conf);
	(void)ask(&b, "none.nz");
	test_file(&b);
	test_no_file(&b);
	test_enough(&b);
	test_base(&b);
	test_lied_to(&b);
	stop(&b);
	bench_end(conf);
	return done_testing();
}
