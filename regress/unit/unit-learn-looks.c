/* SPDX-License-Identifier: ISC */

/* Looks at hosts: how many at once, how often, and connectors' addresses. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "conftext.h"
#include "learn_bench.h"
#include "tap.h"

/* Looks under way at a time, as learn_look.c has it. */
#define LOOKS 256

/* One that is known is looked at again when it is old enough. */
static void
test_age(struct bench *b)
{
	struct learn *l = b->e.learn;

	sql(b, "DELETE FROM probe; INSERT INTO probe (host, addr, probed,"
	    " status) VALUES ('a.nz', '203.0.113.1', unixepoch() - 5000,"
	    " 'ok')");
	look_at(l, "a.nz", "203.0.113.1", 6000);
	look_at_own(l, "a.nz", "203.0.113.1", 6000);
	is_int((long long)l->nlooks, 0, "seen lately: not again");
	is_int(look_is_begun(l, "a.nz", "203.0.113.1"), 0, "none is begun");
	look_at(l, "a.nz", "203.0.113.1", 4000);
	is_int((long long)l->nlooks, 1, "seen long ago: again");
	is_int(look_is_begun(l, "a.nz", "203.0.113.1"), 1, "it is begun");
	is_int(look_is_begun(l, "b.nz", "203.0.113.1"), 0,
	    "of that host alone");
	is_int(look_is_begun(l, "a.nz", "203.0.113.2"), 0,
	    "and that address alone");
	look_at(l, "a.nz", "203.0.113.1", 0);
	look_at_own(l, "a.nz", "203.0.113.1", 0);
	is_int((long long)l->nlooks, 1, "once at a time");
	look_at(l, "b.nz", "203.0.113.1", 86400);
	is_int((long long)l->nlooks, 2, "never seen: now");
	b->probes = 0;
	b->wanted = 0;
	(void)settle(b, DEADLINE_MS);
	is_int(b->probes, 2, "each was looked at");
	is_str(rows(b, "SELECT host || ' ' || status || ' ' || starttls ||"
	    " ' ' || tls || ' ' || coalesce(type, '') || ' ' || helo || ' ' ||"
	    " notafter || ' ' || (unixepoch() - probed < 60) FROM probe WHERE"
	    " addr = '203.0.113.1' AND host = 'a.nz'"),
	    "a.nz ok offered TLSv1.3  mx.said.nz 2000000000 1",
	    "and what it showed is known");
}

/* As many at once as there may be. */
static void
test_many(struct bench *b)
{
	struct learn *l = b->e.learn;
	char addr[64];
	int i;

	b->silent = 1;
	for (i = 0; i < LOOKS - 1; i++) {
		snprintf(addr, sizeof(addr), "203.%d.%d.1", i / 200, i % 200);
		look_at(l, "many.looks.nz", addr, 0);
	}
	is_int((long long)l->nlooks, LOOKS - 1, "many looks");
	look_at_own(l, "own.looks.nz", "198.51.100.1", 0);
	is_int((long long)l->nlooks, LOOKS, "and one of our own");
	look_at_own(l, "own.looks.nz", "198.51.100.2", 0);
	look_at(l, "more.looks.nz", "198.51.100.3", 0);
	is_int((long long)l->nlooks, LOOKS, "no more are begun");
	b->silent = 0;
}

/* What is known of connectors' addresses. */
static const char *
addresses(struct bench *b)
{
	return rows(b, "SELECT group_concat(domain || '=' || host || '=' ||"
	    " addr, ' ') FROM (SELECT * FROM mxaddr WHERE domain LIKE"
	    " 'c%%.nz' ORDER BY domain, addr)");
}

static void
over(void *arg)
{
	loop_stop(((struct bench *)arg)->e.loop);
}

static struct conf *
connectors_conf(void)
{
	static char text[8192];
	char dir[128], *said;
	struct conf *conf;
	size_t n;
	int i;

	if (getcwd(dir, sizeof(dir)) == NULL)
		fatal("test");
	n = (size_t)snprintf(text, sizeof(text), "organization \"M\"\n"
	    "contact \"t@us.nz\"\nlocal { \"us.nz\" }\nspool \"%s\"\n"
	    "database sqlite \"%s/db\"\n"
	    "connector \"c1.nz\" to \"smtp+tls://mx.c1.nz:2525\"\n"
	    "connector \"c2.nz\" to \"smtp+tls://MXX.c2.nz\"\n"
	    "connector \"c3.nz\" to \"smtp+tls://mx.c3.nz\"\n", dir, dir);
	for (i = 0; i < 18; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "connector \"d%d.nz\" to \"smtp+tls://mx.d%d.nz\"\n", i, i);
	(void)snprintf(text + n, sizeof(text) - n,
	    "connector \"c4.nz\" to \"smtp+tls://mxxx.c4.nz\"\n");
	if ((conf = conf_text(text, &said)) == NULL)
		fatalx("test: %s", said);
	free(said);
	return conf;
}

/* Twenty a second. */
static void
test_connectors(void)
{
	struct conf *conf = connectors_conf();
	struct bench b;

	start(&b, conf);
	b.e.learn->connector = 0;
	sql(&b, "DELETE FROM mxaddr");
	look_connectors(b.e.learn);
	is_int((long long)b.e.learn->connector, 20, "twenty at first");
	b.wanted = 0;
	(void)settle(&b, DEADLINE_MS);
	is_str(addresses(&b), "c1.nz=mx.c1.nz=192.0.2.8"
	    " c2.nz=mxx.c2.nz=192.0.2.9 c3.nz=mx.c3.nz=192.0.2.8",
	    "addresses of three of them");
	b.e.learn->ticks = 1;
	look_connectors(b.e.learn);
	is_int((long long)b.e.learn->connector, 22, "then the others");
	b.wanted = 0;
	(void)settle(&b, DEADLINE_MS);
	is_str(addresses(&b), "c1.nz=mx.c1.nz=192.0.2.8"
	    " c2.nz=mxx.c2.nz=192.0.2.9 c3.nz=mx.c3.nz=192.0.2.8"
	    " c4.nz=mxxx.c4.nz=192.0.2.10", "of all of them");
	sql(&b, "DELETE FROM mxaddr");
	look_connectors(b.e.learn);
	is_str(addresses(&b), "", "not again");
	b.e.learn->ticks = 3600;
	look_connectors(b.e.learn);
	is_int((long long)b.e.learn->connector, 20, "until an hour later");
	(void)loop_timer_add(b.e.loop, 0, over, &b);
	loop_run(b.e.loop);
	stop(&b);
	conf_free(conf);
}

/* Who waits for a look hears of its end then, not at the next tick. */
static void
test_soon(const struct conf *conf)
{
	struct bench b;

	start(&b, conf);
	b.wanted = 0;
	(void)settle(&b, DEADLINE_MS);
	loop_timer_remove(b.e.loop, b.e.learn->tick);
	b.e.learn->tick = NULL;
	is_str(ask(&b, "enforce.nz"), "enforce.nz=enforce ",
	    "a policy that nobody had asked for");
	is_int(b.probes > 0, 1, "whose host was looked at");
	stop(&b);
}

/* Our own domains' hosts are looked up once in a while, not all the time. */
static void
test_own(struct bench *b)
{
	struct learn *l = b->e.learn;
	int64_t tick, first = 0;
	int begun = 0;

	for (tick = 1; tick <= 86400 && begun < 7; tick++) {
		l->ticks = tick;
		own_tick(l);
		if (l->nowns == 0)
			continue;
		if (begun++ == 0)
			first = tick;
		b->wanted = 0;
		if (!settle(b, DEADLINE_MS))
			break;
	}
	is_int(begun, 6, "each four hours");
	ok(first > 5 && first < 60, "soon after the start: after %d s",
	    (int)first);
}

int
main(void)
{
	struct conf *conf = bench_begin("unit-learn-looks");
	struct bench b;

	start(&b, conf);
	(void)settle(&b, DEADLINE_MS);
	test_own(&b);
	test_age(&b);
	test_many(&b);
	stop(&b);
	test_soon(conf);
	test_connectors();
	bench_end(conf);
	return done_testing();
}
