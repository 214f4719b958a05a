/* SPDX-License-Identifier: ISC */

/* What can't be learned or written is tried again; what is named is learned. */

#include <sys/socket.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/log.h"
#include "learn_bench.h"
#include "lib/hash.h"
#include "said.h"
#include "tap.h"

static void
tick_over(void *arg)
{
	loop_stop(((struct bench *)arg)->e.loop);
}

/* Two of its ticks, and what they begin. */
static void
two_ticks(struct bench *b)
{
	loop_timer_add(b->e.loop, 2300, tick_over, b);
	loop_run(b->e.loop);
	(void)settle(b, DEADLINE_MS);
}

/* Seconds from a look that was in vain to the next one. */
#define DARK_WAIT "SELECT renew - learned FROM route WHERE domain = 'dark.nz'"

/*
 * What can't be looked up is looked up again by itself: soon, then after as
 * long as it lasted, then rarely, then not for nobody.
 */
static void
test_broken(struct bench *b)
{
	struct site *s = site_of("dark.nz");
	int64_t wait;
	int lookups;

	b->wanted = 0;
	said_begin();
	is_str(ask(b, "dark.nz"), "dark.nz=failed ", "a broken record");
	is_int(said_end("_mta-sts.dark.nz: can't be looked up (servfail): its"
	    " mail goes without a policy"), 1, "said when it begins");
	said_begin();
	again(b, "dark.nz");
	is_int(said_end("_mta-sts.dark.nz: can't be looked up"), 0,
	    "and not each time");
	sql(b, "DELETE FROM broken");
	again(b, "dark.nz");
	is_str(line_of("dark.nz"), "no line", "writes nothing");
	is_str(rows(b, DARK_WAIT), "15", "it is due again soon");
	is_str(why(b, "dark.nz"), "_mta-sts can't be looked up: servfail",
	    "and the reason is kept");
	sql(b, "UPDATE broken SET since = since - 100");
	again(b, "dark.nz");
	wait = strtonum(rows(b, DARK_WAIT), 0, INT64_MAX, NULL);
	ok(wait >= 100 && wait < 600, "later after as long again (%lld)",
	    (long long)wait);
	sql(b, "UPDATE broken SET since = since - 100000");
	again(b, "dark.nz");
	is_str(rows(b, DARK_WAIT), "600", "never after more than that");
	sql(b, "UPDATE route SET used = used - 7200 WHERE domain = 'dark.nz'");
	again(b, "dark.nz");
	is_str(rows(b, DARK_WAIT), "3600", "rarely where no mail goes");
	sql(b, "UPDATE route SET used = used - 90000 WHERE domain = 'dark.nz'");
	again(b, "dark.nz");
	is_str(rows(b, "SELECT renew = 9223372036854775807 FROM route"
	    " WHERE domain = 'dark.nz'"), "1", "for nobody not at all");
	is_str(ask(b, "dark.nz"), "dark.nz=failed ", "until somebody asks");
	is_str(rows(b, DARK_WAIT), "600", "it is due again");
	/* Now it works, and nobody asks. */
	s->txt = "v=STSv1; id=1;";
	sql(b, "UPDATE route SET renew = 1 WHERE domain = 'dark.nz'");
	lookups = b->lookups;
	said_begin();
	two_ticks(b);
	is_int(said_end("can be looked up again"), 1, "which is said");
	said_begin();
	again(b, "dark.nz");
	is_int(said_end("can be looked up again"), 0, "once");
	ok(b->lookups > lookups, "when it is due, it is looked up");
	is_str(rows(b, "SELECT domain FROM broken WHERE domain = 'dark.nz'"),
	    "", "what works again is not broken");
	is_str(line_of("dark.nz"), "enforce smtp+tls://mx.dark.nz",
	    "its policy is in force");
	s->txt = "servfail";
	said_begin();
	again(b, "dark.nz");
	is_int(said_end("its mail goes by the policy held"), 1,
	    "broken again: which policy holds is said");
	is_str(line_of("dark.nz"), "enforce smtp+tls://mx.dark.nz",
	    "and stays so while it is broken again");
}

/* What is due is looked up while somebody writes there. */
static void
test_due(struct bench *b)
{
	int lookups;

	sql(b, "UPDATE route SET renew = unixepoch() + 10000, used ="
	    " unixepoch(); UPDATE route SET renew = 1, used = unixepoch() - 29"
	    " * 86400 WHERE domain = 'none.nz'; UPDATE route SET renew = 1,"
	    " used = unixepoch() - 31 * 86400 WHERE domain = 'hijack.nz'");
	lookups = b->lookups;
	two_ticks(b);
	is_int(b->lookups, lookups + 1, "of two that are due one is used");
	is_str(rows(b, "SELECT domain FROM route WHERE learned >= unixepoch() -"
	    " 30 AND domain IN ('none.nz', 'hijack.nz') AND renew >"
	    " unixepoch() + 30"), "hijack.nz|none.nz", "learned anew");
	is_str(rows(b, "SELECT renew = 9223372036854775807 FROM route WHERE"
	    " domain = 'hijack.nz'"), "1", "the other one is let be");
}

/* Anything may be written there; only a name is taken, and nobody answers. */
static void
test_notice(struct bench *b)
{
	static const char *const odd[] = {
		"", "no name.nz", "a|b.nz", "{\"send\":{}}", "us.nz",
		"member.nz", "192.0.2.1\n", "x..nz"
	};
	char longer[600];
	size_t i;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == -1)
		fatal("test");
	b->e.notices = pair[0];
	notice_start(&b->e);
	memset(longer, 'a', sizeof(longer));
	for (i = 0; i < nitems(odd); i++)
		(void)send(pair[1], odd[i], strlen(odd[i]), 0);
	(void)send(pair[1], longer, sizeof(longer), 0);
	(void)send(pair[1], "Forward.NZ.", 11, 0);
	(void)send(pair[1], "forward.nz", 10, 0);
	b->lookups = 0;
	(void)settle(b, 200);
	(void)settle(b, DEADLINE_MS);
	is_int(b->lookups, 1, "one domain is learned, once");
	is_str(line_of("forward.nz"), "enforce smtp+tls://mx.forward.nz",
	    "the one that was named; nobody has asked");
	is_str(rows(b, "SELECT count(*) FROM route WHERE domain = 'forward.nz'"
	    " AND used > 0"), "1", "it counts as used");
	/* Known, and mail is coming: does its first host work still? */
	b->probes = 0;
	(void)send(pair[1], "=forward.nz", 11, 0);
	(void)send(pair[1], "=unheard.nz", 11, 0);
	(void)send(pair[1], "=a|b.nz", 7, 0);
	(void)send(pair[1], "=", 1, 0);
	(void)settle(b, 200);
	is_int(b->probes, 0, "a host that was seen to work is left alone");
	sql(b, "UPDATE probe SET probed = probed - 700 WHERE host ="
	    " 'mx.forward.nz'");
	(void)send(pair[1], "=forward.nz", 11, 0);
	(void)settle(b, 200);
	is_int(b->probes, 1, "after ten minutes it is looked at");
	/* So many names at once, and another one each NOTICE_MS. */
	b->lookups = 0;
	b->e.learn->notices_left = 2;
	b->e.learn->notices_filled = loop_now() + 100000;
	sql(b, "DELETE FROM route WHERE domain IN ('forward.nz', 'hijack.nz',"
	    " 'none.nz')");
	(void)send(pair[1], "forward.nz", 10, 0);
	(void)send(pair[1], "hijack.nz", 9, 0);
	(void)send(pair[1], "none.nz", 7, 0);
	(void)settle(b, 200);
	(void)settle(b, DEADLINE_MS);
	is_int(b->lookups, 2, "two names: a third is not learned");
	b->e.learn->notices_filled = loop_now() - 1000 * NOTICES_MAX;
	(void)send(pair[1], "none.nz", 7, 0);
	(void)settle(b, 200);
	(void)settle(b, DEADLINE_MS);
	is_int(b->lookups, 3, "later it is");
	is_int(b->e.learn->notices_left, NOTICES_MAX - 1,
	    "there are never more left than that");
	b->probes = 0;
	b->lookups = 0;
	notice_stop(&b->e);
	close(pair[1]);
}

static int
no_commit(void *arg)
{
	(*(int *)arg)++;
	return 1;
}

/*
 * A database that takes nothing: a full disk (no commit succeeds), then one
 * that another program holds.  Nothing is told or lost, and it goes on after.
 */
static void
test_trouble(struct bench *b)
{
	sqlite3 *other = NULL;
	int refused = 0;

	look_at(b->e.learn, "mx.look.nz", "192.0.2.77", 0);
	sql(b, "UPDATE route SET renew = 1, used = unixepoch()");
	sqlite3_commit_hook(b->e.store->db, no_commit, &refused);
	/* Long enough for a tick, which is a second. */
	loop_timer_add(b->e.loop, 1300, tick_over, b);
	loop_run(b->e.loop);
	ok(refused >= 3, "a look, a tick and what is due can't be written");
	is_str(ask_vainly(b, "hijack.nz"), "hijack.nz=enforce ",
	    "what is known is told");
	sqlite3_commit_hook(b->e.store->db, NULL, NULL);
	sql(b, "DELETE FROM probe");

	store_hurry(b->e.store, 1);
	if (sqlite3_open("db", &other) != SQLITE_OK || sqlite3_exec(other,
	    "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
		fatalx("test: no lock");
	look_at(b->e.learn, "mx.look.nz", "192.0.2.77", 0);
	loop_timer_add(b->e.loop, 1300, tick_over, b);
	loop_run(b->e.loop);
	is_int(b->e.learn->nlooks, 1, "the database is held: a look is kept");
	is_str(rows(b, "SELECT host FROM probe WHERE host = 'mx.look.nz'"), "",
	    "and not written");
	sqlite3_close(other);
	(void)settle(b, DEADLINE_MS);
	is_str(rows(b, "SELECT host FROM probe WHERE host = 'mx.look.nz'"),
	    "mx.look.nz", "afterwards it is");
	store_hurry(b->e.store, 0);
	sql(b, "UPDATE route SET until = 1");
	is_str(ask(b, "none.nz"), "none.nz=none ", "and it learns again");
}

/* A part of the database is away: what is told then, and after. */
static void
test_away(struct bench *b)
{
	static const struct {
		const char	*table;
		const char	*says;
	} cases[] = {
		{ "route", "alias.nz=failed " },
		{ "sts", "alias.nz=failed " },
		{ "sts_history", "alias.nz=failed " },
		{ "sts_error", "alias.nz=failed " },
		{ "policy", "alias.nz=failed " },
		{ "mx", "alias.nz=failed " },
		{ "waiting", "alias.nz=failed " },
		{ "correspondent", "alias.nz=failed " },
		{ "broken", "alias.nz=failed " },
		/* Needed for what comes after. */
		{ "mxaddr", "alias.nz=enforce " },
		{ "probe", "alias.nz=enforce " },
	};
	size_t i;

	for (i = 0; i < nitems(cases); i++) {
		sql(b, "DELETE FROM route WHERE domain = 'alias.nz'; DELETE"
		    " FROM sts WHERE domain = 'alias.nz'; DELETE FROM sts_error;"
		    " DELETE FROM mx WHERE domain = 'alias.nz'");
		sql(b, "ALTER TABLE %s RENAME TO away", cases[i].table);
		said_begin();
		is_str(ask_vainly(b, "alias.nz"), cases[i].says, "without %s",
		    cases[i].table);
		is_int(said_end("what is held of it can't be read"),
		    strcmp(cases[i].table, "sts") == 0, "said where it is");
		sql(b, "ALTER TABLE away RENAME TO %s", cases[i].table);
		is_str(rows(b, "SELECT (SELECT count(*) FROM route WHERE domain"
		    " = 'alias.nz') || (SELECT count(*) FROM sts WHERE domain ="
		    " 'alias.nz') || (SELECT count(*) FROM mx WHERE domain ="
		    " 'alias.nz')"), strstr(cases[i].says, "failed") != NULL ?
		    "000" : "111", "all of it is noted, or nothing");
		is_str(ask(b, "alias.nz"), "alias.nz=enforce ", "with it");
		is_str(line_of("alias.nz"), "enforce smtp+tls://mx.alias.nz",
		    "and so it stands in the file");
	}
}

/* Another process has the database, as who looks into it by hand may. */
static sqlite3 *
lock(struct bench *b)
{
	sqlite3 *db;

	if (sqlite3_open(sqlite3_db_filename(b->e.store->db, "main"), &db) !=
	    SQLITE_OK || sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL,
	    NULL) != SQLITE_OK)
		fatalx("lock");
	return db;
}

static void
half_over(void *arg)
{
	loop_stop(((struct bench *)arg)->e.loop);
}

/* While somebody has the database who knows is told, the rest is kept. */
static void
test_locked(struct bench *b)
{
	struct learn *l = b->e.learn;
	sqlite3 *db;
	int lookups;

	(void)ask(b, "enforce.nz");
	sql(b, "DELETE FROM probe");
	store_hurry(b->e.store, 1);
	b->e.store->locked_said = 0;
	db = lock(b);
	said_begin();
	is_str(ask(b, "enforce.nz"), "enforce.nz=enforce ",
	    "what is known is answered while the database is locked");
	b->answers[0] = '\0';
	b->nanswers = 0;
	b->wanted = 1;
	lookups = b->lookups;
	learn_ask(&b->e, "testing.nz", learned, b);
	hash_clear(l->networks);
	look_at(l, "mx.look.nz", "198.51.100.77", 0);
	b->probes = 0;
	l->trim_at = l->ticks + 1;
	loop_timer_add(b->e.loop, 1500, half_over, b);
	loop_run(b->e.loop);
	ok(l->trim_at >= l->ticks + 58 && l->trim_at <= l->ticks + 60,
	    "what is old is forgotten a minute later");
	is_str(b->answers, "", "what is new has to wait");
	is_int(b->probes, 1, "a host was looked at");
	ok(look_is_begun(l, "mx.look.nz", "198.51.100.77"),
	    "and what was found is kept");
	is_int(said_end("database is locked"), 1, "which is said once");
	sqlite3_close(db);
	(void)settle(b, DEADLINE_MS);
	is_str(b->answers, "testing.nz=none ",
	    "and is written when it can be");
	is_int(b->lookups, lookups + 1, "not learned anew");
	is_str(rows(b, "SELECT count(*) FROM probe WHERE addr ="
	    " '198.51.100.77'"), "1", "so is the look");
	store_hurry(b->e.store, 0);
}

int
main(void)
{
	struct conf *conf = bench_begin("unit-learn-again");
	struct bench b;

	start(&b, conf);
	(void)ask(&b, "hijack.nz");
	(void)ask(&b, "none.nz");
	test_broken(&b);
	test_due(&b);
	test_notice(&b);
	test_trouble(&b);
	test_away(&b);
	test_locked(&b);
	stop(&b);
	bench_end(conf);
	return done_testing();
}
