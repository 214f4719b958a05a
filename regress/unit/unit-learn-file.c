/* SPDX-License-Identifier: ISC */

/* SPOOL/routes: what stands in it, and what never does. */

#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "learn_bench.h"
#include "said.h"
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
	test_lied_to(&b);
	stop(&b);
	bench_end(conf);
	return done_testing();
}
