/* SPDX-License-Identifier: ISC */

/* Whose a session was, when, and what is said of it: table by table. */

#include <stdio.h>
#include <string.h>

#include "base/bounds.h"
#include "tally_bench.h"
#include "tap.h"

/* What comes from this host itself is no flow of others. */
static void
check_local(void)
{
	static const struct {
		enum record_dir	 dir;
		const char	*remote;
		const char	*want;
	} cases[] = {
		{ DIR_IN, NULL, "local" },
		{ DIR_IN, "127.0.0.1", "local" },
		{ DIR_IN, "127.9.9.9", "local" },
		{ DIR_IN, "::1", "local" },
		{ DIR_IN, "192.0.2.1", "local" },	/* where it came to */
		{ DIR_IN, "192.0.2.2", "public" },
		{ DIR_IN, "128.0.0.1", "public" },
		{ DIR_IN, "::2", "public" },
		{ DIR_OUT, "127.0.0.1", "public" },
		{ DIR_OUT, "192.0.2.1", "public" },
	};
	struct record r;
	size_t i;

	for (i = 0; i < nitems(cases); i++) {
		fresh();
		r = incoming("TLSv1.3", "a.example", "public>public",
		    VERDICT_PASS);
		r.dir = cases[i].dir;
		r.remote = cases[i].remote;
		tally_record(tally, &r);
		flush();
		is_str(rows("SELECT class FROM flow WHERE class <> '*'"),
		    cases[i].want, "%s %s", cases[i].dir == DIR_IN ? "from" :
		    "to", cases[i].remote == NULL ? "nowhere" :
		    cases[i].remote);
	}
	fresh();
	r = incoming("TLSv1.3", "a.example", "public>public", VERDICT_PASS);
	r.local = NULL;
	tally_record(tally, &r);
	flush();
	is_str(rows("SELECT class FROM flow WHERE class <> '*'"), "public",
	    "to an address that is not known");
}

/* Of a smart host's mail all that was said of any of its domains counts. */
static void
check_joined(void)
{
	static const struct {
		enum verdict	 first, second;
		enum refusal	 why1, why2;
		const char	*want;	/* legacy|testing, why */
	} cases[] = {
		{ VERDICT_PASS, VERDICT_PASS, REFUSAL_NONE, REFUSAL_NONE,
		    "0|0 " },
		{ VERDICT_TESTING, VERDICT_PASS, REFUSAL_OLD_TLS, REFUSAL_NONE,
		    "0|1 old-tls" },
		{ VERDICT_PASS, VERDICT_TESTING, REFUSAL_NONE, REFUSAL_OLD_TLS,
		    "0|1 old-tls" },
		{ VERDICT_TESTING, VERDICT_TESTING, REFUSAL_NO_CONNECTOR,
		    REFUSAL_OLD_TLS, "0|1 no-connector" },
		{ VERDICT_LEGACY, VERDICT_PASS, REFUSAL_NONE, REFUSAL_NONE,
		    "1|0 " },
		{ VERDICT_PASS, VERDICT_LEGACY, REFUSAL_NONE, REFUSAL_NONE,
		    "1|0 " },
		{ VERDICT_LEGACY, VERDICT_TESTING, REFUSAL_NONE,
		    REFUSAL_OLD_TLS, "1|1 old-tls" },
	};
	struct record r;
	char got[256];
	size_t i;

	for (i = 0; i < nitems(cases); i++) {
		fresh();
		r = outgoing("TLSv1.1", STARTTLS_OFFERED, FAILURE_NONE);
		r.remote = "198.51.100.25";
		to(&r, "a.example", "government>public");
		to(&r, "b.example", "government>public");
		r.tx[0].verdict = cases[i].first;
		r.tx[0].why = cases[i].why1;
		r.tx[1].verdict = cases[i].second;
		r.tx[1].why = cases[i].why2;
		r.tx[1].messages = 3;
		r.tx[1].rcpts = 5;
		tally_record(tally, &r);
		flush();
		(void)strlcpy(got, rows("SELECT legacy, testing FROM"
		    " correspondent WHERE domain = '198.51.100.25' AND"
		    " messages = 4 AND rcpts = 6 AND older = 1"), sizeof(got));
		(void)strlcat(got, " ", sizeof(got));
		(void)strlcat(got, rows("SELECT why FROM incident"),
		    sizeof(got));
		is_str(got, cases[i].want, "verdicts %d and %d",
		    (int)cases[i].first, (int)cases[i].second);
	}
}

/* Three sessions, in whatever order: first and last are when they were. */
static void
check_times(void)
{
	static const int orders[][3] = {
		{ 10, -5, 20 }, { 20, -5, 10 }, { -5, 20, 10 },
		{ 10, 20, -5 }, { 20, 10, -5 }, { -5, 10, 20 }
	};
	struct record r;
	char host[32], want[128];
	size_t i, j;
	int batch;

	for (i = 0; i < nitems(orders) * 2; i++) {
		batch = (int)(i % 2);
		fresh();
		for (j = 0; j < 3; j++) {
			r = incoming(NULL, "a.example", orders[i / 2][j] == 20 ?
			    "government>public" : "public>public",
			    VERDICT_PASS);
			r.time = T0 + orders[i / 2][j];
			(void)snprintf(host, sizeof(host), "at%d.example",
			    orders[i / 2][j]);
			r.rdns = host;
			tally_record(tally, &r);
			if (batch)
				flush();
		}
		flush();
		(void)snprintf(want, sizeof(want), "%d|%d|%d|%d", T0 - 5,
		    T0 + 20, T0 - 5, T0 + 20);
		is_str(rows("SELECT c.first, c.last, i.first, i.last FROM"
		    " correspondent c, incident i"), want, "%d %d %d",
		    orders[i / 2][0], orders[i / 2][1], orders[i / 2][2]);
		/* In the database those written last are. */
		if (!batch)
			is_str(rows("SELECT class, host FROM correspondent,"
			    " incident"), "government|at20.example",
			    "of the last one");
	}
}

/* Mail waits from when it came in until it went out, as far as is known. */
static void
check_waiting(void)
{
	static const struct {
		int		 in[2];		/* 0: none */
		int		 out;
		const char	*want;
	} cases[] = {
		{ { 10, 0 }, 0, "10|10" },
		{ { 10, 30 }, 0, "10|30" },
		{ { 30, 10 }, 0, "10|30" },
		{ { 10, 30 }, 20, "10|30" },
		{ { 10, 30 }, 30, "" },
		{ { 10, 30 }, 40, "" },
		{ { 0, 0 }, 40, "" },
	};
	struct record r;
	size_t i, j;

	for (i = 0; i < nitems(cases); i++) {
		fresh();
		for (j = 0; j < 2; j++) {
			if (cases[i].in[j] == 0)
				continue;
			r = incoming("TLSv1.3", "minties.govt.nz",
			    "government>public", VERDICT_PASS);
			r.tx[0].to = "a.example";
			r.time = T0 + cases[i].in[j];
			tally_record(tally, &r);
		}
		if (cases[i].out != 0) {
			r = outgoing("TLSv1.3", STARTTLS_OFFERED,
			    FAILURE_NONE);
			to(&r, "a.example", "government>public");
			r.time = T0 + cases[i].out;
			tally_record(tally, &r);
		}
		flush();
		is_str(rows("SELECT since - 1795316645, last - 1795316645 FROM"
		    " waiting"), cases[i].want, "in at %d and %d, out at %d",
		    cases[i].in[0], cases[i].in[1], cases[i].out);
	}
	/* What was refused, or is for us, does not. */
	fresh();
	r = incoming("TLSv1.3", "x.example", "public>government",
	    VERDICT_PASS);
	tally_record(tally, &r);
	r.tx[0].to = "a.example";
	r.tx[0].messages = 0;
	tally_record(tally, &r);
	r.tx[0].messages = 1;
	r.tx[0].verdict = VERDICT_REJECT;
	tally_record(tally, &r);
	r.tx[0].verdict = VERDICT_PASS;
	r.tx[0].to = "no domain";
	tally_record(tally, &r);
	r.tx[0].to = "";
	tally_record(tally, &r);
	flush();
	is_str(rows("SELECT domain FROM waiting"), "", "and nothing else");
}

/* Why a session is noted, of what it was and what was said of it. */
static void
check_why(void)
{
	static const struct {
		enum verdict	 verdict;
		enum refusal	 why;
		const char	*tls;
		enum starttls	 starttls;
		const char	*remote;
		const char	*want;
	} cases[] = {
		{ VERDICT_PASS, REFUSAL_NONE, "TLSv1.1", STARTTLS_OFFERED,
		    "203.0.113.9", "" },
		{ VERDICT_PASS, REFUSAL_NONE, NULL, STARTTLS_UNKNOWN,
		    "203.0.113.9", "not-asked" },
		{ VERDICT_PASS, REFUSAL_NONE, NULL, STARTTLS_ABSENT,
		    "203.0.113.9", "not-offered" },
		{ VERDICT_PASS, REFUSAL_NONE, NULL, STARTTLS_REFUSED,
		    "203.0.113.9", "refused" },
		{ VERDICT_PASS, REFUSAL_NONE, NULL, STARTTLS_OFFERED,
		    "203.0.113.9", "handshake" },
		{ VERDICT_LEGACY, REFUSAL_NONE, NULL, STARTTLS_ABSENT,
		    "203.0.113.9", "legacy" },
		{ VERDICT_LEGACY, REFUSAL_NONE, "TLSv1", STARTTLS_OFFERED,
		    "203.0.113.9", "" },
		{ VERDICT_REJECT, REFUSAL_NONE, NULL, STARTTLS_UNKNOWN,
		    "203.0.113.9", "no-tls" },
		{ VERDICT_REJECT, REFUSAL_NONE, "TLSv1.1", STARTTLS_UNKNOWN,
		    "203.0.113.9", "old-tls" },
		{ VERDICT_REJECT, REFUSAL_NONE, "TLSv1.2", STARTTLS_UNKNOWN,
		    "203.0.113.9", "not-said" },
		{ VERDICT_REJECT, REFUSAL_NONE, NULL, STARTTLS_UNKNOWN,
		    "127.0.0.1", "not-said" },
		{ VERDICT_REJECT, REFUSAL_NO_CONNECTOR, NULL,
		    STARTTLS_UNKNOWN, "203.0.113.9", "no-connector" },
		{ VERDICT_TESTING, REFUSAL_NO_TLS, NULL, STARTTLS_ABSENT,
		    "203.0.113.9", "not-offered" },
		{ VERDICT_TESTING, REFUSAL_NO_TLS, NULL, STARTTLS_ABSENT,
		    "127.0.0.1", "no-tls" },
		{ VERDICT_TESTING, REFUSAL_NO_CONNECTOR, NULL,
		    STARTTLS_ABSENT, "203.0.113.9", "no-connector" },
		{ VERDICT_TESTING, REFUSAL_OLD_TLS, "TLSv1.1",
		    STARTTLS_OFFERED, "203.0.113.9", "old-tls" },
	};
	struct record r;
	size_t i;

	for (i = 0; i < nitems(cases); i++) {
		fresh();
		r = incoming(cases[i].tls, "a.example", "public>public",
		    cases[i].verdict);
		r.remote = cases[i].remote;
		r.starttls = cases[i].starttls;
		r.tx[0].why = cases[i].why;
		tally_record(tally, &r);
		flush();
		is_str(rows("SELECT why FROM incident"), cases[i].want,
		    "verdict %d, %s: %s", (int)cases[i].verdict, cases[i].tls ==
		    NULL ? "clear" : cases[i].tls, cases[i].want);
	}
	/* Two reasons in one session: a refusal comes before others. */
	fresh();
	r = incoming("TLSv1.1", "a.example", "public>public", VERDICT_TESTING);
	r.tx[0].why = REFUSAL_OLD_TLS;
	r.tx[1] = r.tx[0];
	r.tx[1].verdict = VERDICT_REJECT;
	r.tx[1].why = REFUSAL_NO_CONNECTOR;
	r.tx[2] = r.tx[1];
	r.tx[2].why = REFUSAL_NOT_LEARNED;
	r.ntx = 3;
	tally_record(tally, &r);
	flush();
	is_str(rows("SELECT why FROM incident"), "no-connector",
	    "the first refusal is the reason");
	is_str(rows("SELECT refused, testing, older FROM correspondent"),
	    "1|1|0", "of a session that is refused");
}

/* The hour of the day (UTC), and the class of the flow. */
static void
check_hours(void)
{
	static const struct {
		int64_t		 second;
		const char	*want;
	} cases[] = {
		{ 0, "20779|0" }, { 3599, "20779|0" }, { 3600, "20779|1" },
		{ 86399, "20779|23" }, { 86400, "20780|0" },
		{ -1, "20778|23" }
	};
	char flow[2 * CLASS_NAME_MAX], want[32];
	struct record r;
	size_t i;

	for (i = 0; i < nitems(cases); i++) {
		fresh();
		r = incoming("TLSv1.3", "a.example", NULL, VERDICT_PASS);
		r.time = (int64_t)DAY * 86400 + cases[i].second;
		tally_record(tally, &r);
		flush();
		is_str(rows("SELECT day, hour FROM flow WHERE class ="
		    " 'public'"), cases[i].want, "second %lld",
		    (long long)cases[i].second);
	}
	for (i = CLASS_NAME_MAX - 2; i <= CLASS_NAME_MAX; i++) {
		fresh();
		memset(flow, 'c', i);
		(void)strlcpy(flow + i, ">public", sizeof(flow) - i);
		r = incoming("TLSv1.3", "a.example", flow, VERDICT_PASS);
		tally_record(tally, &r);
		flush();
		(void)snprintf(want, sizeof(want), "%zu|1",
		    i < CLASS_NAME_MAX ? i : CLASS_NAME_MAX - 1);
		is_str(rows("SELECT length(class), class GLOB 'c*c' FROM"
		    " correspondent"), want, "a class of %zu letters", i);
	}
}

int
main(void)
{
	bench_begin("unit-tally-sides");
	check_local();
	check_joined();
	check_times();
	check_waiting();
	check_why();
	check_hours();
	return bench_end() == -1 || done_testing();
}
