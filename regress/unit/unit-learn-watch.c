/* SPDX-License-Identifier: ISC */

/* Which hosts are looked at, when, and who waits for it. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "learn_bench.h"
#include "lib/hash.h"
#include "tap.h"

#define DAY	86400

/* Mail waits for a domain whose route was learned while nobody wrote there. */
static void
test_waiting(struct bench *b)
{
	static const struct {
		const char	*kind;
		int		 learned;	/* so long ago */
		int		 renew;		/* from now */
		int		 waits;		/* last came so long ago */
		int		 want;
	} cases[] = {
		{ "enforce", 40000, 40000, 60, 1 },
		{ "enforce", RENEW_MAX + 10, 40000, 60, 1 },
		{ "enforce", RENEW_MAX - 10, 40000, 60, 0 },
		{ "enforce", 40000, RENEW_MAX + 10, 60, 1 },
		{ "enforce", 40000, RENEW_MAX - 10, 60, 0 },
		{ "enforce", 40000, 40000, 39000, 1 },
		{ "enforce", 40000, 40000, 41000, 0 },
		{ "enforce", 40000, 40000, DAY + 10, 0 },
		{ "none", 40000, 40000, 60, 0 },
	};
	size_t i;

	(void)ask(b, "alias.nz");
	(void)settle(b, DEADLINE_MS);
	for (i = 0; i < nitems(cases); i++) {
		sql(b, "UPDATE route SET renew = 9223372036854775807; UPDATE"
		    " route SET kind = '%s', learned = unixepoch() - %d, renew"
		    " = unixepoch() + %d, used = 1 WHERE domain = 'alias.nz';"
		    " DELETE FROM waiting; INSERT INTO waiting VALUES"
		    " ('alias.nz', 1, unixepoch() - %d)", cases[i].kind,
		    cases[i].learned, cases[i].renew, cases[i].waits);
		b->e.learn->ticks = 5;
		look_tick(b->e.learn);
		is_str(rows(b, "SELECT renew <= unixepoch() FROM route WHERE"
		    " domain = 'alias.nz'"), cases[i].want ? "1" : "0",
		    "%s, learned %d s ago, due in %d s, mail %d s ago",
		    cases[i].kind, cases[i].learned, cases[i].renew,
		    cases[i].waits);
		(void)settle(b, DEADLINE_MS);
	}
	sql(b, "DELETE FROM waiting; UPDATE route SET kind = 'enforce' WHERE"
	    " domain = 'alias.nz'");
}

/* A host that went back is looked at again, where somebody writes there. */
static void
test_retry(struct bench *b)
{
	static const struct {
		int		 used;		/* so long ago */
		int		 probed;
		const char	*want;		/* failed, looks */
	} cases[] = {
		{ 10, 100, "1 1" },
		{ DAY - 10, 100, "1 1" },
		{ DAY + 10, 100, "0 0" },
		{ 10, LOOK_WAITING - 10, "1 0" },
		{ 10, LOOK_WAITING + 5, "1 1" },
	};
	char got[32];
	size_t i;

	for (i = 0; i < nitems(cases); i++) {
		sql(b, "DELETE FROM probe; INSERT INTO probe (host, addr,"
		    " probed, status, starttls, tls, type, text, helo,"
		    " notafter, offers) SELECT host, addr, unixepoch() - %d,"
		    " 'connect', '', '', '', '', '', 0, '' FROM mxaddr WHERE"
		    " host = 'mx.alias.nz'; UPDATE route SET used ="
		    " unixepoch() - %d WHERE domain = 'alias.nz'; UPDATE mx"
		    " SET failed = 1, retry = 1 WHERE host = 'mx.alias.nz'",
		    cases[i].probed, cases[i].used);
		hash_clear(b->e.learn->networks);
		b->e.learn->ticks = 1;
		b->silent = 1;
		look_tick(b->e.learn);
		(void)snprintf(got, sizeof(got), "%s %zu", rows(b, "SELECT"
		    " failed FROM mx WHERE host = 'mx.alias.nz'"),
		    b->e.learn->nlooks);
		is_str(got, cases[i].want, "used %d s ago, looked at %d s ago",
		    cases[i].used, cases[i].probed);
		look_stop(b->e.learn);
		look_start(b->e.learn);
	}
	b->silent = 0;
	sql(b, "DELETE FROM probe; UPDATE mx SET failed = 0, retry = 0");
}

/* Sessions that wait for a look: what is known within the hour will do. */
static void
test_pending(struct bench *b)
{
	static const struct {
		const char	*mx;
		int		 probed;	/* so long ago; 0: never */
		const char	*want;		/* host that is looked at */
	} cases[] = {
		{ "mx.alias.nz", 0, "mx.alias.nz" },
		{ "mx.alias.nz", LOOK_FAILURE - 10, "" },
		{ "mx.alias.nz", LOOK_FAILURE + 10, "mx.alias.nz" },
		/* Its name is not known. */
		{ "", 0, "192.0.2.11" },
		{ "", LOOK_FAILURE - 10, "" },
		{ "", LOOK_FAILURE + 10, "192.0.2.11" },
	};
	size_t i;

	for (i = 0; i < nitems(cases); i++) {
		sql(b, "DELETE FROM probe; DELETE FROM detail; DELETE FROM"
		    " tally; INSERT INTO tally VALUES (1, 'x.nz', 0, 5, 3);"
		    " INSERT INTO detail VALUES (1, 'x.nz', 0,"
		    " 'validation-failure', '192.0.2.1', '192.0.2.11', '%s',"
		    " '', '', '', 1, 3)", cases[i].mx);
		if (cases[i].probed != 0)
			sql(b, "INSERT INTO probe (host, addr, probed, status,"
			    " starttls, tls, type, text, helo, notafter,"
			    " offers) VALUES ('mx.alias.nz', '192.0.2.11',"
			    " unixepoch() - %d, 'ok', 'offered', '', '', '',"
			    " '', 0, '')", cases[i].probed);
		hash_clear(b->e.learn->networks);
		b->e.learn->ticks = 1;
		b->silent = 1;
		look_tick(b->e.learn);
		is_int(look_is_begun(b->e.learn, cases[i].mx[0] == '\0' ?
		    "192.0.2.11" : cases[i].mx, "192.0.2.11"),
		    cases[i].want[0] != '\0', "host \"%s\", looked at %d s"
		    " ago", cases[i].mx, cases[i].probed);
		is_str(rows(b, "SELECT pending FROM detail"),
		    cases[i].want[0] != '\0' ? "1" : "0", "then it waits");
		look_stop(b->e.learn);
		look_start(b->e.learn);
	}
	b->silent = 0;
	sql(b, "DELETE FROM detail; DELETE FROM tally; DELETE FROM probe");
}

/* Some of a network each second: none is counted twice. */
static void
test_neighbours(struct bench *b)
{
	sql(b, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1"
	    " FROM n WHERE i < 9) INSERT INTO unseen SELECT 1, 'x.nz', 0,"
	    " '192.0.2.1', '198.51.100.' || i, 'mx.x.nz', 1, 1 FROM n;"
	    " INSERT INTO detail SELECT 1, 'x.nz', 0, 'validation-failure',"
	    " '192.0.2.1', rip, mx, '', '', '', 1, 1 FROM unseen"
	    " WHERE rip < '198.51.100.3'");
	b->silent = 1;
	b->e.learn->ticks = 1;
	look_tick(b->e.learn);
	is_int(b->e.learn->nlooks, PROBES_NETWORK_MAX, "hosts with failures "
	    "and successes that wait are looked at once");
	b->silent = 0;
	look_stop(b->e.learn);
	look_start(b->e.learn);
	sql(b, "DELETE FROM detail; DELETE FROM unseen");
}

static void
told_tick(void *arg)
{
	struct bench *b = arg;

	if (b->nanswers >= b->wanted || b->ticks-- == 0)
		loop_stop(b->e.loop);
	else
		loop_timer_add(b->e.loop, 2, told_tick, b);
}

/* How many were told, once so many are. */
static int
told(struct bench *b, int wanted)
{
	b->wanted = wanted;
	b->ticks = DEADLINE_MS / 2;
	loop_timer_add(b->e.loop, 0, told_tick, b);
	loop_run(b->e.loop);
	return b->nanswers;
}

/* A look that nobody answers: some wait for it, for some seconds. */
static void
test_patience(struct bench *b)
{
	int64_t began;
	int i;

	(void)ask(b, "alias.nz");
	(void)settle(b, DEADLINE_MS);
	sql(b, "DELETE FROM probe; DELETE FROM route WHERE domain ="
	    " 'alias.nz'");
	hash_clear(b->e.learn->networks);
	b->silent = 1;
	b->answers[0] = '\0';
	b->nanswers = 0;
	began = loop_now();
	for (i = 0; i < 11; i++)
		learn_ask(&b->e, "alias.nz", learned, b);
	is_int(told(b, 1), 3, "of eleven three do not wait");
	is_int(told(b, 4), 11, "the others are told together");
	ok(loop_now() - began >= 3000, "seconds later");
	ok(loop_now() - began < 20000, "but not for ever");
	b->silent = 0;
	look_stop(b->e.learn);
	look_start(b->e.learn);
}

/* Addresses in the place of names need no look-up: some a second. */
static void
test_connectors(struct bench *b)
{
	static const int want[] = { 20, 40, 45, 45 };
	struct conf_connector all[45];
	const struct conf *was = b->e.conf;
	struct conf many = *was;
	char urls[45][64], domains[45][32];
	size_t i;

	memset(all, 0, sizeof(all));
	for (i = 0; i < nitems(all); i++) {
		(void)snprintf(domains[i], sizeof(domains[i]), "c%zu.nz", i);
		(void)snprintf(urls[i], sizeof(urls[i]),
		    "smtp+tls://203.0.113.%zu:2525", i + 1);
		all[i].domain = domains[i];
		all[i].url = urls[i];
	}
	many.connectors = all;
	many.nconnectors = nitems(all);
	b->e.conf = &many;
	for (i = 0; i < nitems(want); i++) {
		b->e.learn->ticks = 3600 + (int64_t)i;
		look_connectors(b->e.learn);
		is_int(strtonum(rows(b, "SELECT count(*) FROM mxaddr WHERE"
		    " domain GLOB 'c*.nz' AND routed > 0 AND seen > 0"), 0,
		    1000, NULL), want[i], "%zu seconds", i);
	}
	sql(b, "DELETE FROM mxaddr WHERE domain GLOB 'c*.nz'");
	b->e.learn->ticks = 7199;
	look_connectors(b->e.learn);
	is_str(rows(b, "SELECT count(*) FROM mxaddr WHERE domain GLOB"
	    " 'c*.nz'"), "0", "then they are known");
	b->e.learn->ticks = 7200;
	look_connectors(b->e.learn);
	is_str(rows(b, "SELECT count(*) FROM mxaddr WHERE domain GLOB"
	    " 'c*.nz'"), "20", "for an hour");
	b->e.conf = was;
	b->e.learn->connector = was->nconnectors;
}

/* An address that fails: another one that worked within the day is enough. */
static void
test_other(struct bench *b)
{
	static const struct {
		int		 ago;
		const char	*status;
		const char	*want;		/* failures of the host */
	} cases[] = {
		{ 100, "ok", "0" }, { DAY - 30, "ok", "0" },
		{ DAY + 30, "ok", "1" }, { 100, "connect", "1" },
	};
	size_t i;

	(void)ask(b, "alias.nz");
	(void)settle(b, DEADLINE_MS);
	b->dead = "192.0.2.11";
	for (i = 0; i < nitems(cases); i++) {
		sql(b, "DELETE FROM probe; UPDATE mx SET failed = 0, retry = 0;"
		    " INSERT INTO probe (host, addr, probed, status, starttls,"
		    " tls, type, text, helo, notafter, offers) VALUES"
		    " ('mx.alias.nz', '192.0.2.12', unixepoch() - %d, '%s',"
		    " 'offered', '', '', '', '', 0, '')", cases[i].ago,
		    cases[i].status);
		hash_clear(b->e.learn->networks);
		look_at(b->e.learn, "mx.alias.nz", "192.0.2.11", 0);
		(void)settle(b, DEADLINE_MS);
		is_str(rows(b, "SELECT failed FROM mx WHERE host ="
		    " 'mx.alias.nz'"), cases[i].want, "another was %s %d s ago",
		    cases[i].status, cases[i].ago);
	}
	b->dead = NULL;
	sql(b, "DELETE FROM probe; UPDATE mx SET failed = 0, retry = 0");
}

int
main(void)
{
	struct conf *conf = bench_begin("unit-learn-watch");
	struct bench b;

	start(&b, conf);
	test_waiting(&b);
	test_retry(&b);
	test_pending(&b);
	test_neighbours(&b);
	test_other(&b);
	test_patience(&b);
	test_connectors(&b);
	stop(&b);
	bench_end(conf);
	return done_testing();
}
