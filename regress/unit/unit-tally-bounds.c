/* SPDX-License-Identifier: ISC */

/* The bounds on what others can vary, and what is late or lost. */

#include <stdio.h>
#include <string.h>

#include "tally_bench.h"
#include "tap.h"

/* A host that shows another banner each time. */
static void
check_details(void)
{
	struct record r = outgoing(NULL, STARTTLS_ABSENT,
	    FAILURE_NOT_SUPPORTED);
	char helo[600];
	int i, batch;
	size_t most = 0;

	fresh();
	to(&r, "a.example", "government>public");
	r.helo = helo;
	for (batch = 0; batch < 5; batch++) {
		for (i = 0; i < 2000; i++) {
			snprintf(helo, sizeof(helo), "%0*d.example",
			    400, batch * 2000 + i);
			/* The number is what is cut off, or not. */
			snprintf(helo, 20, "b%d-%d-", batch, i);
			helo[strlen(helo)] = 'x';
			tally_record(tally, &r);
		}
		if (tally_bytes(tally) > most)
			most = tally_bytes(tally);
		flush();
	}
	is_str(rows("SELECT count(*) <= 1001, sum(count), max(length(helo))"
	    " FROM detail"), "1|10000|255", "banners: bounded, none lost");
	is_str(rows("SELECT count(*), sum(count) >= 8999 FROM detail"
	    " WHERE sip || rip || mx || helo || reason = ''"), "1|1",
	    "banners: the rest is one row of its type");
	is_str(rows(TALLY), "20779|a.example|0|0|10000", "banners: the tally");
	ok(most < 4 * 1024 * 1024, "banners: memory is bounded (%zu)", most);
	/* As a look leaves one of two rows. */
	sql("DELETE FROM detail WHERE helo GLOB 'b0-1*'");
	strlcpy(helo, "later.example", sizeof(helo));
	tally_record(tally, &r);
	flush();
	is_str(rows("SELECT helo, count FROM detail WHERE helo GLOB 'later*'"),
	    "later.example|1", "banners: where rows went there is room again");
}

static void
check_addresses(void)
{
	struct record r = incoming(NULL, "a.example", "public>government",
	    VERDICT_PASS);
	char addr[32];
	int i;

	fresh();
	r.remote = addr;
	for (i = 0; i < 1000; i++) {
		snprintf(addr, sizeof(addr), "198.51.%d.%d", i / 250,
		    i % 250);
		tally_record(tally, &r);
		if (i % 300 == 0)
			flush();
	}
	flush();
	is_str(rows("SELECT count(*) <= 101, sum(sessions) FROM incident"),
	    "1|1000", "addresses: bounded, none lost");
	is_str(rows("SELECT sum(sessions) > 800 FROM incident"
	    " WHERE addr = '*'"), "1", "addresses: the rest in one row");
}

/* What a look at their host lets go of makes room for those that come. */
static void
check_traces(void)
{
	struct record r = outgoing(NULL, STARTTLS_ABSENT,
	    FAILURE_NOT_SUPPORTED);
	char session[32];
	int i;

	fresh();
	to(&r, "a.example", "government>public");
	r.session = session;
	for (i = 0; i < TRACES_MAX + 50; i++) {
		snprintf(session, sizeof(session), "s%d", i);
		tally_record(tally, &r);
	}
	flush();
	is_str(rows("SELECT count(*) FROM trace"), "200", "traces: bounded");
	strlcpy(session, "over", sizeof(session));
	tally_record(tally, &r);
	flush();
	is_str(rows("SELECT count(*) FROM trace"), "200", "and later ones");
	sql("DELETE FROM trace WHERE session NOT IN ('s1', 's2')");
	for (i = 0; i < TRACES_MAX; i++) {
		snprintf(session, sizeof(session), "t%d", i);
		tally_record(tally, &r);
	}
	flush();
	is_str(rows("SELECT count(*), sum(session GLOB 't*') FROM trace"),
	    "200|198", "traces: where some went there is room again");
}

/* Names that are none share a row, whatever class each says it has. */
static void
check_names(void)
{
	struct record r = outgoing("TLSv1.3", STARTTLS_OFFERED, FAILURE_NONE);

	fresh();
	to(&r, "no domain", "government>public");
	tally_record(tally, &r);
	flush();
	r.tx[0].to = "a..example";
	r.tx[0].flow = "government>health";
	tally_record(tally, &r);
	flush();
	is_str(rows("SELECT domain, class, tls13 FROM correspondent"), "*|*|2",
	    "names that are none are of no one class");
}

/* As if TALLY_DOMAINS_MAX were reached: rows that were there go on. */
static void
check_domains(void)
{
	struct record r = outgoing(NULL, STARTTLS_ABSENT,
	    FAILURE_NOT_SUPPORTED), in;

	fresh();
	sql("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL"
	    " SELECT i + 1 FROM n WHERE i < 300000) INSERT INTO tally"
	    " SELECT 20779, 'd' || i || '.example', 0, 1, 0 FROM n;"
	    "INSERT INTO correspondent SELECT 20779, 1, domain, 'public', 1,"
	    " 0, 0, 0, 0, 0, 0, 1, 1, 1, 1 FROM tally");
	to(&r, "d7.example", "government>public");
	to(&r, "new.example", "government>public");
	to(&r, "newer.govt.nz", "government>government");
	in = incoming(NULL, "in.example", "public>government", VERDICT_PASS);
	tally_record(tally, &in);
	tally_record(tally, &r);
	flush();
	tally_record(tally, &r);
	flush();
	is_str(rows("SELECT domain, clear FROM correspondent WHERE dir = 0"),
	    "in.example|1", "domains: the other way there is room");
	is_str(rows("SELECT domain, ok, fail FROM tally WHERE fail > 0"
	    " ORDER BY 1"), "*|0|4 d7.example|1|2", "domains: bounded");
	is_str(rows("SELECT domain, class, clear FROM correspondent"
	    " WHERE clear > 0 AND dir = 1 ORDER BY 1"),
	    "*|*|4 d7.example|public|2", "domains: correspondents too");
	is_str(rows("SELECT domain, sum(count) FROM detail GROUP BY 1"),
	    "d7.example|2", "domains: no details without a tally");
}

/* One domain below the bound: the next has a row, and that after it none. */
static void
check_last(void)
{
	struct record r = incoming(NULL, "last.example", "public>government",
	    VERDICT_PASS);

	fresh();
	sql("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL"
	    " SELECT i + 1 FROM n WHERE i < 299999) INSERT INTO incident"
	    " (day, dir, domain, why, addr, host, sessions, first, last)"
	    " SELECT 20779, 0, 'd' || i || '.example', 'no-tls', '', '', 1, 1,"
	    " 1 FROM n");
	tally_record(tally, &r);
	flush();
	r.tx[0].from = "beyond.example";
	tally_record(tally, &r);
	flush();
	is_str(rows("SELECT group_concat(domain) FROM (SELECT DISTINCT domain"
	    " FROM incident WHERE addr != '' ORDER BY domain)"),
	    "*,last.example", "domains: incidents to the last row");
}

/* What is beyond has no policy of its own. */
static void
check_policy(void)
{
	struct record r = outgoing("TLSv1.3", STARTTLS_OFFERED,
	    FAILURE_NONE);

	fresh();
	sql("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL"
	    " SELECT i + 1 FROM n WHERE i < 300000) INSERT INTO tally"
	    " SELECT 20779, 'd' || i || '.example', 0, 1, 0 FROM n;"
	    "INSERT INTO sts_history (domain, since, until, policy, mode)"
	    " VALUES ('new.example', 0, 9999999999, 5, 'testing')");
	to(&r, "new.example", "government>public");
	tally_record(tally, &r);
	flush();
	is_str(rows("SELECT policy, ok FROM tally WHERE domain = '*'"), "0|1",
	    "domains: beyond the bound by no policy");
}

static void
check_late(void)
{
	struct record r = outgoing("TLSv1.3", STARTTLS_OFFERED,
	    FAILURE_NONE);
	int64_t n = 0;

	fresh();
	r.time = 1700000000;
	to(&r, "a.example", "government>public");
	to(&r, "b.example", "government>public");
	sql("INSERT INTO report (day, domain, state, due)"
	    " VALUES (19675, 'a.example', 'sent', 0), (19675, 'b.example',"
	    " 'due', 0)");
	tally_record(tally, &r);
	tally_record(tally, &r);
	r.tls = NULL;
	r.starttls = STARTTLS_ABSENT;
	r.failure = FAILURE_NOT_SUPPORTED;
	tally_record(tally, &r);
	flush();
	is_int(store_meta(store, "late", &n), 1, "there is one");
	is_int(n, 3,
	    "late: sessions of a report that was made are counted as such");
	is_str(rows("SELECT sum(ok), sum(fail) FROM tally"), "4|2",
	    "late: and tallied");
}

static void
check_lost(void)
{
	struct record r = outgoing("TLSv1.3", STARTTLS_OFFERED,
	    FAILURE_NONE);
	int64_t n = 0;

	fresh();
	to(&r, "a.example", "government>public");
	r.lost = 17;
	tally_record(tally, &r);
	r.lost = 3;
	tally_record(tally, &r);
	flush();
	r.lost = 0;
	tally_record(tally, &r);
	flush();
	is_int(store_meta(store, "lost", &n), 1, "there is one");
	is_int(n, 20,
	    "lost: what the filter had to drop is remembered");
}

static void
count_at(struct record r, int64_t when, const char *host, const char *flow)
{
	r.time = T0 + when;
	r.rdns = host;
	to(&r, "a.example", flow);
	tally_record(tally, &r);
}

/* A segment that was kept back is counted after what came later. */
static void
check_order(void)
{
	struct record out = outgoing(NULL, STARTTLS_ABSENT,
	    FAILURE_NOT_SUPPORTED);
	struct record in = incoming("TLSv1.3", "minties.govt.nz",
	    "government>public", VERDICT_PASS);

	in.ntx = 0;
	fresh();
	count_at(out, 60, "new.example", "government>government");
	flush();
	count_at(out, 0, "old.example", "government>public");
	flush();
	is_str(rows("SELECT class, clear, first, last FROM correspondent"),
	    "government|2|1795316645|1795316705", "order: the newer class");
	is_str(rows("SELECT host, sessions FROM incident"),
	    "new.example|2", "order: and the newer host");
	count_at(out, 120, "newest.example", "government>public");
	flush();
	is_str(rows("SELECT class FROM correspondent UNION ALL"
	    " SELECT host FROM incident"), "public newest.example",
	    "order: until a newer one comes");

	fresh();
	count_at(in, 60, NULL, "government>public");
	flush();
	count_at(in, 20, NULL, "government>public");
	flush();
	is_str(rows("SELECT since, last FROM waiting"),
	    "1795316665|1795316705", "order: it has waited for longer");
	fresh();
	count_at(in, 0, NULL, "government>public");
	count_at(out, 10, NULL, "government>public");
	count_at(in, 60, NULL, "government>public");
	flush();
	is_str(rows("SELECT since FROM waiting"), "1795316705",
	    "what went out meanwhile does not wait");
	fresh();
	count_at(out, 10, NULL, "government>public");
	count_at(in, 0, NULL, "government>public");
	count_at(in, 60, NULL, "government>public");
	flush();
	is_str(rows("SELECT since FROM waiting"), "1795316705",
	    "nor if its coming in is counted later");
}

/* All that a record may become. */
static void
record_all(void)
{
	struct record r = outgoing("TLSv1.3", STARTTLS_OFFERED, FAILURE_NONE);

	to(&r, "a.example", "government>public");
	r.lost = 1;
	tally_record(tally, &r);
	r.lost = 0;
	r.ntx = 0;
	to(&r, "b.example", "government>public");
	r.tls = NULL;
	r.starttls = STARTTLS_ABSENT;
	r.failure = FAILURE_NOT_SUPPORTED;
	tally_record(tally, &r);
	r.ntx = 0;
	r.tls = "TLSv1.3";
	r.remote = "198.51.100.99";
	r.failure = FAILURE_VALIDATION;
	tally_record(tally, &r);
	r = incoming("TLSv1.3", "minties.govt.nz", "government>public",
	    VERDICT_PASS);
	r.tx[0].to = "c.example";
	tally_record(tally, &r);
}

static const char *
all_rows(void)
{
	return rows("SELECT (SELECT sum(tls13 + clear + refused) FROM flow),"
	    " (SELECT sum(tls13 + clear + refused) FROM correspondent),"
	    " (SELECT sum(sessions) FROM incident), (SELECT count(*) FROM"
	    " waiting), (SELECT sum(sessions) FROM unknown), (SELECT sum(ok) ||"
	    " ' ' || sum(fail) FROM tally), (SELECT sum(count) FROM detail),"
	    " (SELECT sum(count) FROM unseen), (SELECT count(*) FROM trace),"
	    " (SELECT value FROM meta WHERE key = 'lost')");
}

/* Without any of the tables nothing is written, and with it all, once. */
static void
check_away(void)
{
	static const char *const tables[] = { "flow", "correspondent",
	    "incident", "waiting", "unknown", "tally", "detail", "unseen",
	    "trace", "meta" };
	char want[512];
	size_t i;
	int rc;

	for (i = 0; i <= nitems(tables); i++) {
		fresh();
		sql("INSERT INTO mxaddr VALUES ('198.51.100.7', 'a.example',"
		    " 'mx.a.example', 0, 5); INSERT INTO policy VALUES (7,"
		    " 'a.example', 'sts', 'testing', '[]',"
		    " '[\"mx.a.example\"]'); INSERT INTO sts_history (domain,"
		    " since, until, policy, mode) VALUES ('a.example', 0,"
		    " 1 << 40, 7, 'testing')");
		record_all();
		/* At first as it should be. */
		if (i == 0) {
			flush();
			(void)strlcpy(want, all_rows(), sizeof(want));
			ok(strstr(want, "||") == NULL, "all of it: %s", want);
			continue;
		}
		sql("ALTER TABLE %s RENAME TO away", tables[i - 1]);
		rc = store_begin(store);
		if (rc == 0)
			rc = store_end(store, tally_flush(tally));
		is_int(rc, -1, "without the table %s", tables[i - 1]);
		tally_forget_rows(tally);
		sql("ALTER TABLE away RENAME TO %s", tables[i - 1]);
		is_str(rows("SELECT (SELECT count(*) FROM flow) + (SELECT"
		    " count(*) FROM tally) + (SELECT count(*) FROM"
		    " correspondent)"), "0", "nothing is written");
		flush();
		is_str(all_rows(), want, "with it, all is, once");
	}
}

int
main(void)
{
	bench_begin("unit-tally-bounds");
	check_details();
	check_addresses();
	check_traces();
	check_names();
	check_domains();
	check_last();
	check_policy();
	check_late();
	check_lost();
	check_order();
	check_away();
	return bench_end() == -1 || done_testing();
}
