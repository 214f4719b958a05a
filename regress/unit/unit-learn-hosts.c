/* SPDX-License-Identifier: ISC */

/* In which order a domain's hosts are named, and how they are looked at. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/bounds.h"
#include "learn_bench.h"
#include "lib/hash.h"
#include "tap.h"

static void
test_hosts(struct bench *b)
{
	b->dead = "mx1.enforce.nz";
	look_at(b->e.learn, "mx1.enforce.nz", "192.0.2.14", 0);
	b->wanted = 0;
	(void)settle(b, DEADLINE_MS);
	is_str(line_of("enforce.nz"), "enforce "
	    "smtp+tls://mx2.enforce.nz,smtp+tls://mx1.enforce.nz",
	    "a host that fails goes back");
	again(b, "enforce.nz");
	is_str(line_of("enforce.nz"), "enforce "
	    "smtp+tls://mx2.enforce.nz,smtp+tls://mx1.enforce.nz",
	    "and stays there");
	b->dead = NULL;
	sql(b, "UPDATE mx SET retry = 1 WHERE failed > 0");
	sql(b, "UPDATE probe SET probed = 1");
	b->ticks = 0;
	look_tick(b->e.learn);
	(void)settle(b, DEADLINE_MS);
	is_str(line_of("enforce.nz"), "enforce "
	    "smtp+tls://mx1.enforce.nz,smtp+tls://mx2.enforce.nz",
	    "forward again when it works");
	/* Mail waits, and nothing is heard of it. */
	sql(b, "INSERT INTO waiting VALUES ('enforce.nz',"
	    " unixepoch() - 60, unixepoch() - 60)");
	sql(b, "UPDATE probe SET probed = 1");
	b->dead = "mx1.enforce.nz";
	b->e.learn->ticks = 5;
	look_tick(b->e.learn);
	(void)settle(b, DEADLINE_MS);
	is_str(line_of("enforce.nz"), "enforce "
	    "smtp+tls://mx2.enforce.nz,smtp+tls://mx1.enforce.nz",
	    "mail that waits makes us look");
	b->dead = NULL;
	sql(b, "UPDATE mx SET retry = 0, failed = 0");
	/* What was learned while nobody wrote there is old. */
	sql(b, "UPDATE route SET learned = unixepoch() - 40000, used = 1,"
	    " renew = unixepoch() + 40000");
	b->e.learn->ticks = 5;
	look_tick(b->e.learn);
	is_str(rows(b, "SELECT domain FROM route WHERE renew <= unixepoch()"),
	    "enforce.nz", "mail that waits makes us learn anew");
	sql(b, "UPDATE waiting SET last = unixepoch() - 3 * 86400");
	again(b, "enforce.nz");
	is_str(rows(b, "SELECT renew - unixepoch() BETWEEN 600 AND 3600 FROM"
	    " route WHERE domain = 'enforce.nz'"), "1",
	    "as long as smtpd keeps it");
	sql(b, "UPDATE route SET renew = unixepoch() + 40000");
}

/* Sessions with an address, as counting notes them. */
static void
see_address(struct bench *b, const char *addr, int64_t over, int64_t used)
{
	struct addr_seen *seen;
	struct key key;

	if (b->e.addrs == NULL)
		b->e.addrs = hash_new(sizeof(*seen));
	key_start(&key);
	key_text(&key, addr);
	seen = hash_get(b->e.addrs, key.buf, key.len, NULL);
	seen->over = over;
	seen->used = used;
}

static const char *
turns(void)
{
	static char text[1024];
	size_t n = 0;
	FILE *f;

	if ((f = fopen("turns", "r")) != NULL) {
		n = fread(text, 1, sizeof(text) - 1, f);
		fclose(f);
	}
	text[n] = '\0';
	return text;
}

static void
look_both(struct bench *b, const char *cert)
{
	b->cert = cert;
	b->wanted = 0;
	look_at(b->e.learn, "mx1.enforce.nz", "192.0.2.14", 0);
	(void)settle(b, DEADLINE_MS);
	if (strcmp(cert, "ok") != 0)
		is_str(turns(), "", "one that fails alone takes no turns");
	look_at(b->e.learn, "mx2.enforce.nz", "192.0.2.14", 0);
	(void)settle(b, DEADLINE_MS);
	b->e.learn->ticks = 2;
	look_tick(b->e.learn);
	(void)settle(b, DEADLINE_MS);
}

/* Hosts that fail, and share an address, are told to table-sge. */
static void
test_turns(struct bench *b)
{
	int i;

	sql(b, "DELETE FROM attempt; DELETE FROM waiting");
	look_both(b, "host-mismatch");
	is_str(turns(), "mx1.enforce.nz|192.0.2.14|0|0|0\n"
	    "mx2.enforce.nz|192.0.2.14|0|0|0\n", "two that fail do");
	sql(b, "INSERT INTO attempt VALUES ('enforce.nz', 5000123,"
	    " 'smtp+tls://mx1.enforce.nz'), ('enforce.nz', 9000000, '')");
	b->e.learn->ticks = 2;
	look_tick(b->e.learn);
	is_str(turns(), "mx1.enforce.nz|192.0.2.14|5000|0|0\n"
	    "mx2.enforce.nz|192.0.2.14|5000|0|0\n", "with their last attempt");
	sql(b, "UPDATE attempt SET at = 6000123 WHERE at = 5000123");
	b->e.learn->ticks = 2;
	look_tick(b->e.learn);
	is_str(turns(), "mx1.enforce.nz|192.0.2.14|6000|0|0\n"
	    "mx2.enforce.nz|192.0.2.14|6000|0|0\n",
	    "the newest, however long its line");
	see_address(b, "192.0.2.15", 77, 78);
	b->e.learn->ticks = 2;
	look_tick(b->e.learn);
	is_str(turns(), "mx1.enforce.nz|192.0.2.14|6000|0|0\n"
	    "mx2.enforce.nz|192.0.2.14|6000|0|0\n",
	    "sessions of another address change nothing");
	see_address(b, "192.0.2.14", 6000, 6001);
	b->e.learn->ticks = 2;
	look_tick(b->e.learn);
	is_str(turns(), "mx1.enforce.nz|192.0.2.14|6000|6000|6001\n"
	    "mx2.enforce.nz|192.0.2.14|6000|6000|6001\n",
	    "those of its own stand there");
	sql(b, "INSERT INTO mxaddr VALUES ('192.0.2.99', 'enforce.nz',"
	    " 'mx1.enforce.nz', 1, 1)");
	b->e.learn->ticks = 2;
	look_tick(b->e.learn);
	is_str(turns(), "mx1.enforce.nz|192.0.2.14|6000|0|6001\n"
	    "mx2.enforce.nz|192.0.2.14|6000|6000|6001\n",
	    "a host with another address is tried there");
	sql(b, "DELETE FROM mxaddr WHERE addr = '192.0.2.99'");
	b->e.learn->ticks = 2;
	look_tick(b->e.learn);
	/* Written anew where it is old, too. */
	for (i = 0; i < 2; i++) {
		(void)unlink("turns");
		b->e.learn->turned = time(NULL) - (i == 0 ? 110 : 120);
		b->e.learn->ticks = 2;
		look_tick(b->e.learn);
		is_int(access("turns", F_OK), i - 1, "%s two minutes",
		    i == 0 ? "not within" : "after");
	}
	hash_free(b->e.addrs);
	b->e.addrs = NULL;
	look_both(b, "ok");
	is_str(turns(), "", "and no more when they work");
	sql(b, "DELETE FROM attempt; DELETE FROM probe; INSERT INTO waiting"
	    " VALUES ('enforce.nz', unixepoch() - 60, unixepoch() - 60);"
	    " UPDATE mx SET retry = 0, failed = 0");
}

/* What waits is seen every five seconds, what failed every other. */
static void
test_pace(struct bench *b)
{
	sql(b, "DELETE FROM probe; UPDATE waiting SET last = unixepoch() - 60"
	    " WHERE domain = 'enforce.nz'");
	b->e.learn->ticks = 7;
	look_tick(b->e.learn);
	is_int(b->e.learn->nlooks, 0, "between, mail that waits waits");
	b->e.learn->ticks = 10;
	look_tick(b->e.learn);
	ok(b->e.learn->nlooks > 0, "then its host is looked at");
	b->wanted = 0;
	(void)settle(b, DEADLINE_MS);
	sql(b, "DELETE FROM probe; DELETE FROM waiting; INSERT INTO unknown"
	    " SELECT unixepoch() / 86400, addr, '', 1, unixepoch() + 1"
	    " FROM mxaddr WHERE host = 'mx2.enforce.nz'");
	b->e.learn->ticks = 7;
	look_tick(b->e.learn);
	is_int(b->e.learn->nlooks, 0, "between, failures are not looked into");
	b->e.learn->ticks = 10;
	look_tick(b->e.learn);
	ok(b->e.learn->nlooks > 0, "then they are");
	(void)settle(b, DEADLINE_MS);
	sql(b, "DELETE FROM probe; DELETE FROM unknown;"
	    " UPDATE mx SET retry = 0, failed = 0");
}

/* RFC 5321 5.1: hosts of the same preference share the load. */
static void
test_equal(struct bench *b)
{
	int first[3] = { 0 }, others = 0, i;
	const char *line;

	is_str(ask(b, "equal.nz"), "equal.nz=enforce ", "hosts of one preference");
	for (i = 0; i < 200 && (first[0] == 0 || first[1] == 0 ||
	    first[2] == 0); i++) {
		again(b, "equal.nz");
		line = line_of("equal.nz");
		if (strncmp(line, "enforce smtp+tls://", 19) == 0 &&
		    line[19] >= 'a' && line[19] <= 'c')
			first[line[19] - 'a']++;
		else
			others++;
		if (strstr(line, "//a.equal.nz") == NULL ||
		    strstr(line, "//b.equal.nz") == NULL ||
		    strstr(line, "//c.equal.nz") == NULL)
			others++;
	}
	ok(first[0] > 0 && first[1] > 0 && first[2] > 0,
	    "each comes first at times: %d %d %d", first[0], first[1],
	    first[2]);
	is_int(others, 0, "and all of them stay");
	b->dead = "b.equal.nz";
	look_at(b->e.learn, "b.equal.nz", "192.0.2.10", 0);
	b->wanted = 0;
	(void)settle(b, DEADLINE_MS);
	for (others = i = 0; i < 20; i++) {
		again(b, "equal.nz");
		line = line_of("equal.nz");
		others += line[0] == '\0' || strcmp(strrchr(line, '/'),
		    "/b.equal.nz") != 0;
	}
	is_int(others, 0, "one that failed comes last each time");
	b->dead = NULL;
}

/* One address of many is of no use: the host is, all the time. */
static void
test_part(struct bench *b)
{
	b->dead = "192.0.2.71";
	is_str(ask(b, "part.nz"), "part.nz=enforce ",
	    "a host with an address that is dead");
	(void)settle(b, DEADLINE_MS);
	is_str(line_of("part.nz"), "enforce "
	    "smtp+tls://mx.part.nz,smtp+tls://mx2.part.nz",
	    "is used all the same");
	is_str(rows(b, "SELECT count(*) FROM probe WHERE host = 'mx.part.nz'"),
	    "3", "all its addresses were looked at");
	is_int(system("grep -q '^part.nz|.*|smtp+tls://mx2' routes"), 256,
	    "and it never went back");
	b->dead = NULL;
}

/* Hosts that the DNS has no address of, or does not answer for. */
static void
test_addresses(struct bench *b)
{
	static const char good[] = "enforce "
	    "smtp+tls://mx1.lost.nz,smtp+tls://mx2.lost.nz";
	static const char second[] = "enforce "
	    "smtp+tls://mx2.lost.nz,smtp+tls://mx1.lost.nz";

	b->nohost = "mx1.lost.nz";
	b->nohost_says = "nxdomain";
	is_str(ask(b, "lost.nz"), "lost.nz=enforce ", "a first host without "
	    "an address");
	is_str(line_of("lost.nz"), second,
	    "who asks hears when the next one is in use");
	again(b, "lost.nz");
	is_str(line_of("lost.nz"), second, "which it stays");
	b->nohost_says = "servfail";
	again(b, "lost.nz");
	is_str(rows(b, "SELECT noaddr FROM mx WHERE host = 'mx1.lost.nz'"),
	    "nxdomain", "a look-up that fails changes nothing");
	b->nohost = "mx2.lost.nz";
	b->nohost_says = "nodata";
	again(b, "lost.nz");
	is_str(line_of("lost.nz"), good, "one that has one is used again");
	b->nohost_says = "servfail";
	sql(b, "UPDATE mx SET noaddr = ''");
	again(b, "lost.nz");
	is_str(rows(b, "SELECT noaddr || failed FROM mx WHERE"
	    " host = 'mx2.lost.nz'"), "0",
	    "whose addresses are known is not judged by a look-up that fails");
	b->nohost = "lost.nz";
	b->nohost_says = "nodata";
	again(b, "lost.nz");
	is_str(line_of("lost.nz"), good, "of none that has one the first");
	b->nohost = "mx1.dumb.nz";
	b->nohost_says = "servfail";
	is_str(ask(b, "dumb.nz"), "dumb.nz=enforce ", "one whose look-up fails");
	is_str(line_of("dumb.nz"), "enforce "
	    "smtp+tls://mx2.dumb.nz,smtp+tls://mx1.dumb.nz", "goes back");
	is_str(rows(b, "SELECT noaddr || failed || (retry BETWEEN"
	    " unixepoch() + 200 AND unixepoch() + 300) FROM mx WHERE"
	    " host = 'mx1.dumb.nz'"), "11", "for five minutes");
	b->nohost = NULL;
	sql(b, "UPDATE mx SET retry = 1 WHERE failed > 0");
	again(b, "dumb.nz");
	b->e.learn->ticks = 1;
	look_tick(b->e.learn);
	(void)settle(b, DEADLINE_MS);
	is_str(line_of("dumb.nz"), "enforce "
	    "smtp+tls://mx1.dumb.nz,smtp+tls://mx2.dumb.nz",
	    "and comes forward when it is found");
}

/* Whatever somebody's records say, few hosts are asked, and few at once. */
static void
test_probes(struct bench *b)
{
	char host[64], addr[64];
	int i;

	b->probes = 0;
	is_str(ask(b, "wide.nz"), "wide.nz=enforce ", "hosts and addresses");
	(void)settle(b, DEADLINE_MS);
	is_int(b->probes, PROBE_HOSTS_MAX * PROBE_ADDRS_MAX,
	    "some of the hosts are looked at, at some addresses");
	is_str(rows(b, "SELECT count(*) FROM probe WHERE"
	    " host = 'other.wide.net'"), "0", "and only of the policy's");
	b->probes = 0;
	hash_clear(b->e.learn->networks);
	for (i = 0; i < 32; i++) {
		snprintf(host, sizeof(host), "h%d.victim.nz", i);
		snprintf(addr, sizeof(addr), "203.0.113.%d", i + 1);
		look_at(b->e.learn, host, addr, LOOK_DAILY);
		snprintf(addr, sizeof(addr), "2001:db8:5:%x::1", i);
		look_at(b->e.learn, host, addr, LOOK_DAILY);
	}
	(void)settle(b, DEADLINE_MS);
	is_int(b->probes, 2 * PROBES_NETWORK_MAX,
	    "of each of two networks a few within a second");
	look_at(b->e.learn, "h9.victim.nz", "203.0.113.10", LOOK_DAILY);
	(void)settle(b, DEADLINE_MS);
	is_int(b->probes, 2 * PROBES_NETWORK_MAX + 1, "then others");
	b->probes = 0;
}

/* An answer may wait for a look at the first host, of which none is fresh. */
static void
test_awaited(struct bench *b)
{
	struct learn *l = b->e.learn;

	is_int(look_awaited(l, "nobody.nz"), LOOK_NONE, "no route: no look");
	hash_clear(l->networks);
	(void)look_awaited(l, "enforce.nz");
	(void)settle(b, DEADLINE_MS);
	is_int(look_awaited(l, "enforce.nz"), LOOK_NONE,
	    "nor where its host was looked at today");
	b->ticks = 0;
	hash_clear(l->networks);
	sql(b, "UPDATE probe SET probed = unixepoch() - %d", LOOK_DAILY + 10);
	is_int(look_awaited(l, "enforce.nz"), LOOK_BEGUN, "else it begins");
	is_int(look_awaited(l, "enforce.nz"), LOOK_BEGUN, "once");
	(void)settle(b, DEADLINE_MS);
	is_int(look_awaited(l, "enforce.nz"), LOOK_NONE, "and is over");
}

/* A connector that is not found now is no news of its addresses. */
static void
test_connector(struct bench *b)
{
	sql(b, "INSERT OR REPLACE INTO mxaddr VALUES ('192.0.2.12',"
	    " 'member.nz', 'mx.member.nz', 7, 7)");
	b->nohost = "mx.member.nz";
	b->nohost_says = "servfail";
	b->e.learn->connector = 0;
	b->e.learn->ticks = 0;
	look_tick(b->e.learn);
	(void)settle(b, DEADLINE_MS);
	is_str(rows(b, "SELECT routed FROM mxaddr WHERE domain = 'member.nz'"
	    " AND addr = '192.0.2.12'"), "7", "not found: as it was");
	b->nohost = NULL;
	b->e.learn->connector = 0;
	b->e.learn->ticks = 0;
	look_tick(b->e.learn);
	(void)settle(b, DEADLINE_MS);
	is_str(rows(b, "SELECT routed > 7 FROM mxaddr WHERE domain ="
	    " 'member.nz' AND addr = '192.0.2.12'"), "1", "found: in use");
}

int
main(void)
{
	struct conf *conf = bench_begin("unit-learn-hosts");
	struct bench b;

	start(&b, conf);
	/* Both hosts of it are known, and were looked at. */
	(void)ask(&b, "enforce.nz");
	test_hosts(&b);
	test_turns(&b);
	test_pace(&b);
	test_equal(&b);
	test_part(&b);
	test_addresses(&b);
	test_probes(&b);
	test_awaited(&b);
	test_connector(&b);
	stop(&b);
	bench_end(conf);
	return done_testing();
}
