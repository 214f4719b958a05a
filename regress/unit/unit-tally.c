/* SPDX-License-Identifier: ISC */

/* What records of each outcome become in the tables. */

#include "store/store_route.h"
#include "tally_bench.h"
#include "tap.h"

/* One outgoing session to a.example of the public class. */
static void
check_outcome(const char *what, struct record r, const char *flow,
    const char *rfc, const char *why)
{
	fresh();
	to(&r, "a.example", "government>public");
	tally_record(tally, &r);
	flush();
	is_str(rows(FLOW("*")), flow, "%s: flow", what);
	is_str(rows(FLOW("public")), flow, "%s: its class", what);
	is_str(rows(TALLY), rfc, "%s: RFC 8460", what);
	is_str(rows("SELECT why FROM incident"), why, "%s: why", what);
	is_str(rows("SELECT domain, class, messages, rcpts, first, last"
	    " FROM correspondent"), "a.example|public|1|1|1795316645|"
	    "1795316645", "%s: correspondent", what);
}

static void
check_outcomes(void)
{
	struct record r;

	check_outcome("TLS fine", outgoing("TLSv1.3", STARTTLS_OFFERED,
	    FAILURE_NONE), "1|0|0|0|0", "20779|a.example|0|1|0", "");
	check_outcome("TLS 1.2", outgoing("TLSv1.2", STARTTLS_OFFERED,
	    FAILURE_NONE), "0|1|0|0|0", "20779|a.example|0|1|0", "");
	check_outcome("TLS 1.1", outgoing("TLSv1.1", STARTTLS_OFFERED,
	    FAILURE_NONE), "0|0|1|0|0", "20779|a.example|0|1|0", "");
	check_outcome("not offered", outgoing(NULL, STARTTLS_ABSENT,
	    FAILURE_NOT_SUPPORTED), "0|0|0|1|0", "20779|a.example|0|0|1",
	    "not-offered");
	is_str(rows(DETAIL), "starttls-not-supported|192.0.2.1|198.51.100.7|"
	    "mx.rdns.example|mx.helo.example||0|1", "in detail");
	check_outcome("refused", outgoing(NULL, STARTTLS_REFUSED,
	    FAILURE_NOT_SUPPORTED), "0|0|0|1|0", "20779|a.example|0|0|1",
	    "refused");
	/* A downgrade: two connections, one session. */
	fresh();
	r = outgoing(NULL, STARTTLS_OFFERED, FAILURE_VALIDATION);
	to(&r, "a.example", "government>public");
	r.tx[0].messages = r.tx[0].rcpts = 0;
	tally_record(tally, &r);
	r = outgoing(NULL, STARTTLS_OFFERED, FAILURE_NONE);
	to(&r, "a.example", "government>public");
	tally_record(tally, &r);
	flush();
	is_str(rows(FLOW("*")), "0|0|0|1|0", "downgrade: flow");
	is_str(rows(FLOW("public")), "0|0|0|1|0", "downgrade: its class");
	is_str(rows(TALLY), "20779|a.example|0|0|1", "downgrade: RFC 8460");
	is_str(rows("SELECT why, sessions FROM incident"), "handshake|1",
	    "downgrade: why");
	is_str(rows(DETAIL), "validation-failure|192.0.2.1|198.51.100.7|"
	    "mx.rdns.example|mx.helo.example||1|1", "waits for a probe");

	/* An address in a name's place names no host. */
	fresh();
	r = outgoing(NULL, STARTTLS_REFUSED, FAILURE_NOT_SUPPORTED);
	r.rdns = r.remote;
	to(&r, "a.example", "government>public");
	tally_record(tally, &r);
	flush();
	is_str(rows("SELECT mx, rip FROM detail"), "|198.51.100.7",
	    "no PTR record");

	/* 6.8: the certificate fails after link-tls. */
	fresh();
	r = outgoing("TLSv1.3", STARTTLS_OFFERED, FAILURE_VALIDATION);
	tally_record(tally, &r);
	flush();
	is_str(rows(FLOW("*")), "0|0|0|0|1", "forced: refused");
	is_str(rows(TALLY), "", "forced: no domain is guessed");
	is_str(rows("SELECT addr, type, sessions, last FROM unknown"),
	    "198.51.100.7|validation-failure|1|1795316645",
	    "forced: counted as not known");
}

/* a.example: TLS is a choice; dia.govt.nz: it is forced. */
static void
at_two_addresses(void)
{
	fresh();
	sql("INSERT INTO mxaddr VALUES ('198.51.100.7',"
	    " 'a.example', 'mx.a.example', 0, 5), ('198.51.100.8',"
	    " 'dia.govt.nz', 'mx1.dia.govt.nz', 0, 5); INSERT INTO waiting"
	    " VALUES ('a.example', 1, 2), ('dia.govt.nz', 1, 2)");
}

/* Busy hosts, those that block us, and those that go away. */
static void
check_nothing(void)
{
	struct record r = outgoing(NULL, STARTTLS_ABSENT,
	    FAILURE_NOT_SUPPORTED);

	at_two_addresses();
	tally_record(tally, &r);
	r = outgoing(NULL, STARTTLS_OFFERED, FAILURE_VALIDATION);
	tally_record(tally, &r);
	r = outgoing(NULL, STARTTLS_UNKNOWN, FAILURE_NONE);
	tally_record(tally, &r);
	flush();
	is_str(rows(TALLY), "", "never got to MAIL FROM: no failure of TLS");
	is_str(rows("SELECT * FROM unknown"), "", "nor one of nobody's");
	is_str(rows(WHY), "", "nor mail in clear");
	is_str(rows("SELECT * FROM flow"), "", "nor a session");

	r = outgoing(NULL, STARTTLS_ABSENT, FAILURE_NOT_SUPPORTED);
	r.remote = "198.51.100.8";
	tally_record(tally, &r);
	flush();
	is_str(rows(TALLY), "20779|dia.govt.nz|0|0|1", "forced: counts");
	is_str(rows("SELECT type, pending FROM detail"),
	    "starttls-not-supported|1", "until the host itself is asked");
	is_int(store_pending_day(store, "dia.govt.nz", DAY), 1,
	    "its report waits for that");
	is_int(store_pending_day(store, "dia.govt.nz", DAY + 1), 0,
	    "no other day's");
}

/* A policy could not be had: what each session is noted by. */
static void
check_trace(void)
{
	struct record r = outgoing("TLSv1.3", STARTTLS_OFFERED, FAILURE_NONE);

	fresh();
	sql("INSERT INTO sts_error VALUES ('w.example', %d, 0,"
	    " 'sts-webpki-invalid', 'expired')", T0 - 10);
	to(&r, "w.example", "government>public");
	tally_record(tally, &r);
	flush();
	is_str(rows(TALLY), "20779|w.example|0|0|1", "it goes without");
	is_str(rows("SELECT session, remote, state, type, sip, rip, mx, helo,"
	    " reason, info FROM trace"), "s|198.51.100.7|0|sts-webpki-invalid"
	    "|||||expired|", "and each session is noted");
	fresh();
	r = outgoing(NULL, STARTTLS_ABSENT, FAILURE_NOT_SUPPORTED);
	to(&r, "x.example", "government>public");
	tally_record(tally, &r);
	flush();
	is_str(rows("SELECT type, sip, rip, mx, helo FROM trace"),
	    "starttls-not-supported|192.0.2.1|198.51.100.7|mx.rdns.example|"
	    "mx.helo.example", "one that failed with all that was seen");
}

/* The receiver refuses MAIL FROM: that is no business of TLS. */
static void
check_mail_refused(void)
{
	struct record r = outgoing("TLSv1.3", STARTTLS_OFFERED, FAILURE_NONE);

	at_two_addresses();
	r.mail = "minties.govt.nz";
	tally_record(tally, &r);
	r.remote = "198.51.100.8";
	tally_record(tally, &r);
	flush();
	is_str(rows(TALLY), "20779|a.example|0|1|0 20779|dia.govt.nz|0|1|0",
	    "MAIL FROM refused, with TLS");
	is_str(rows("SELECT domain FROM waiting ORDER BY 1"),
	    "a.example dia.govt.nz", "the mail still waits");

	/* One mail in, to two domains. */
	fresh();
	r = incoming("TLSv1.3", "minties.govt.nz", "government>public",
	    VERDICT_PASS);
	to(&r, "a.example", "government>public");
	to(&r, "b.example", "government>public");
	tally_record(tally, &r);
	flush();
	is_str(rows("SELECT domain FROM waiting ORDER BY 1"),
	    "a.example b.example", "mail to two domains waits for both");

	at_two_addresses();
	r = outgoing(NULL, STARTTLS_ABSENT, FAILURE_NOT_SUPPORTED);
	r.mail = "minties.govt.nz";
	tally_record(tally, &r);
	flush();
	is_str(rows("SELECT domain, ok, fail, type, pending FROM tally"
	    " JOIN detail USING (domain)"),
	    "a.example|0|1|starttls-not-supported|0", "and without");
	is_str(rows("SELECT why FROM incident"), "not-offered", "in clear");

	at_two_addresses();
	r.report = 1;
	tally_record(tally, &r);
	flush();
	is_str(rows(TALLY), "", "of a report of ours");

	at_two_addresses();
	r = outgoing(NULL, STARTTLS_OFFERED, FAILURE_VALIDATION);
	r.mail = "minties.govt.nz";
	tally_record(tally, &r);
	r.failure = FAILURE_NONE;
	tally_record(tally, &r);
	flush();
	is_str(rows(TALLY), "20779|a.example|0|0|1",
	    "a downgrade: two connections, one session");
	is_str(rows("SELECT why, sessions FROM incident"), "handshake|1",
	    "in clear once");
}

/* A testing policy, and nobody has looked at its host yet. */
static void
check_unseen(void)
{
	struct record r = outgoing("TLSv1.3", STARTTLS_OFFERED, FAILURE_NONE);

	at_two_addresses();
	to(&r, "a.example", "government>public");
	sql("INSERT INTO policy VALUES (7, 'a.example',"
	    " 'sts', 'testing', '[]', '[\"mx.a.example\"]');"
	    "INSERT INTO sts_history (domain, since, until, policy, mode)"
	    " VALUES ('a.example', 0, 1 << 40, 7, 'testing')");
	tally_record(tally, &r);
	tally_record(tally, &r);
	flush();
	tally_record(tally, &r);
	flush();
	is_str(rows(TALLY), "20779|a.example|7|3|0", "good so far");
	is_str(rows("SELECT day, domain, policy, sip, rip, mx, unseen, count"
	    " FROM unseen"), "20779|a.example|7|192.0.2.1|198.51.100.7|"
	    "mx.a.example|1|3", "until its host is looked at");
	is_str(rows("SELECT DISTINCT type, sip, mx, helo FROM trace"),
	    "|192.0.2.1|mx.a.example|", "noted without its greeting");
	is_int(store_pending_day(store, "a.example", DAY), 1,
	    "which its report waits for");
	is_int(store_pending_day(store, "dia.govt.nz", DAY), 0,
	    "and no other");
}

static void
check_smarthost(void)
{
	struct record r = outgoing("TLSv1.3", STARTTLS_OFFERED, FAILURE_NONE);

	fresh();
	r.remote = "198.51.100.25";
	to(&r, "a.example", "government>public");
	to(&r, "dia.govt.nz", "restricted>restricted");
	tally_record(tally, &r);
	r.tls = NULL;
	r.starttls = STARTTLS_ABSENT;
	r.failure = FAILURE_NOT_SUPPORTED;
	tally_record(tally, &r);
	r.ntx = 0;
	tally_record(tally, &r);
	r.starttls = STARTTLS_OFFERED;
	r.failure = FAILURE_VALIDATION;
	tally_record(tally, &r);
	r.mail = "minties.govt.nz";
	r.tls = "TLSv1.2";
	r.failure = FAILURE_NONE;
	tally_record(tally, &r);
	flush();
	is_str(rows(TALLY), "", "a smart host: nothing for RFC 8460");
	is_str(rows("SELECT * FROM unknown"), "", "nor unknown");
	is_str(rows("SELECT domain, class, tls13, tls12, clear, messages"
	    " FROM correspondent"), "198.51.100.25|smarthost|1|1|1|4",
	    "it is the correspondent itself");
	is_str(rows(FLOW("smarthost")), "1|1|0|1|1", "with a class of its own");
	is_str(rows("SELECT domain, why, sessions FROM incident ORDER BY 2"),
	    "198.51.100.25|forced|1 198.51.100.25|not-offered|1",
	    "mail in clear is its own, and TLS that failed");
	is_str(rows("SELECT domain FROM waiting"), "", "mail went out");
}

static void
check_many(void)
{
	struct record r = outgoing("TLSv1.3", STARTTLS_OFFERED,
	    FAILURE_NONE);

	fresh();
	to(&r, "a.example", "government>public");
	to(&r, "b.govt.nz", "government>government");
	to(&r, "A.Example.", "government>public");
	to(&r, "someone@c.example", "government>public");
	to(&r, "[192.0.2.1]", "government>public");
	tally_record(tally, &r);
	flush();
	is_str(rows(TALLY), "20779|a.example|0|1|0 20779|b.govt.nz|0|1|0"
	    " 20779|c.example|0|1|0",
	    "each recipient domain once; an address literal is none");
	is_str(rows(FLOW("*")), "1|0|0|0|0", "the connection once");
	is_str(rows(FLOW("public")), "1|0|0|0|0", "once for each class");
	is_str(rows(FLOW("government")), "1|0|0|0|0", "and the other");
	is_str(rows("SELECT domain, messages FROM correspondent ORDER BY 1"),
	    "*|1 a.example|2 b.govt.nz|1 c.example|1", "correspondents");

	fresh();
	r.tx[1].report = 1;
	r.tx[2].report = 1;
	tally_record(tally, &r);
	flush();
	is_str(rows(TALLY), "20779|a.example|0|1|0 20779|c.example|0|1|0",
	    "who only got a report of ours is not told of it");
	is_str(rows(FLOW("*")), "1|0|0|0|0", "but it is a flow");
	fresh();
	r.tx[0].report = r.tx[3].report = 1;
	tally_record(tally, &r);
	flush();
	is_str(rows(TALLY), "", "nothing but reports");
}

/* Several mails of one session: each domain has it once. */
static void
check_mails(void)
{
	struct record r = outgoing(NULL, STARTTLS_ABSENT,
	    FAILURE_NOT_SUPPORTED);

	fresh();
	to(&r, "a.example", "government>public");
	to(&r, "b.example", "government>public");
	to(&r, "b.example", "government>public");
	tally_record(tally, &r);
	flush();
	is_str(rows("SELECT domain, clear, messages FROM correspondent"
	    " ORDER BY 1"), "a.example|1|1 b.example|1|2",
	    "mails: a session of each domain's");
	/* A refusal is why, whatever else was to be refused. */
	fresh();
	r = incoming(NULL, "a.govt.nz", "government>government",
	    VERDICT_REJECT);
	r.tx[0].why = REFUSAL_NO_CONNECTOR;
	r.tx[r.ntx] = r.tx[0];
	r.tx[r.ntx].verdict = VERDICT_TESTING;
	r.tx[r.ntx++].why = REFUSAL_OTHER_ADDRESS;
	tally_record(tally, &r);
	flush();
	is_str(rows("SELECT why FROM incident"), "no-connector",
	    "mails: the refusal's reason stays");
}

static void
check_incoming(void)
{
	struct record r;

	fresh();
	r = incoming(NULL, "a.example", "public>government", VERDICT_PASS);
	tally_record(tally, &r);
	r = incoming(NULL, "b.govt.nz", "government>government",
	    VERDICT_REJECT);
	tally_record(tally, &r);
	r = incoming("TLSv1", "c.govt.nz", "government>government",
	    VERDICT_REJECT);
	tally_record(tally, &r);
	r = incoming("TLSv1.3", "dia.govt.nz", "restricted>restricted",
	    VERDICT_REJECT);
	r.tx[0].why = REFUSAL_NO_CONNECTOR;
	tally_record(tally, &r);
	r = incoming(NULL, "d.govt.nz", "government>government",
	    VERDICT_LEGACY);
	tally_record(tally, &r);
	r = incoming(NULL, "e.govt.nz", "government>government",
	    VERDICT_TESTING);
	tally_record(tally, &r);
	r = incoming("TLSv1.1", "f.govt.nz", "government>government",
	    VERDICT_TESTING);
	tally_record(tally, &r);
	r = incoming("TLSv1.2", "", "public>government", VERDICT_PASS);
	tally_record(tally, &r);
	flush();
	is_str(rows("SELECT domain, why FROM incident ORDER BY 1"),
	    "a.example|not-asked b.govt.nz|no-tls c.govt.nz|old-tls"
	    " d.govt.nz|legacy dia.govt.nz|no-connector e.govt.nz|not-asked"
	    " f.govt.nz|old-tls", "in: why");
	is_str(rows("SELECT domain, class, tls13, tls12, older, clear,"
	    " refused, legacy, testing FROM correspondent ORDER BY 1"),
	    "<>|public|0|1|0|0|0|0|0 a.example|public|0|0|0|1|0|0|0"
	    " b.govt.nz|government|0|0|0|0|1|0|0"
	    " c.govt.nz|government|0|0|0|0|1|0|0"
	    " d.govt.nz|government|0|0|0|1|0|1|0"
	    " dia.govt.nz|restricted|0|0|0|0|1|0|0"
	    " e.govt.nz|government|0|0|0|1|0|0|1"
	    " f.govt.nz|government|0|0|1|0|0|0|1", "in: correspondents");
	is_str(rows(TALLY), "", "in: nothing for RFC 8460");
	is_str(rows(FLOW("*")), "0|1|1|3|3", "in: all");
	is_str(rows("SELECT day, hour, dir FROM flow WHERE class = '*'"),
	    "20779|3|0", "in: the hour");
}

/* Refused mail of our own users, from elsewhere: by where it was to go. */
static void
check_own_refused(void)
{
	struct record r;
	int i;

	fresh();
	for (i = 0; i < 2; i++) {
		r = incoming("TLSv1.3", "minties.govt.nz",
		    "restricted>restricted", VERDICT_REJECT);
		r.tx[0].to = "dia.govt.nz";
		r.tx[0].why = REFUSAL_NO_CONNECTOR;
		tally_record(tally, &r);
		r.tx[0].from = "moe.govt.nz";
		r.tx[0].to = "minties.govt.nz";
		tally_record(tally, &r);
	}
	flush();
	is_str(rows("SELECT domain, dir, refused FROM correspondent"
	    " ORDER BY 1"), "dia.govt.nz|1|2 moe.govt.nz|0|2",
	    "ours by where to, others by where from");
}

/* Mail handed in on this host is no flow, unless it is refused. */
static void
check_local(void)
{
	struct record r;

	fresh();
	r = incoming(NULL, "minties.govt.nz", "government>public",
	    VERDICT_PASS);
	r.tx[0].to = "a.example";
	r.remote = NULL;
	tally_record(tally, &r);
	r.remote = "127.0.0.1";
	tally_record(tally, &r);
	r.tx[0].verdict = VERDICT_REJECT;
	r.tx[0].to = "dia.govt.nz";
	r.tx[0].flow = "government>restricted";
	tally_record(tally, &r);
	flush();
	is_str(rows(FLOW("*")), "0|0|0|2|1", "local: each once");
	is_str(rows(FLOW("local")), "0|0|0|2|0", "local: a class of its own");
	is_str(rows("SELECT domain, dir, class, refused FROM correspondent"),
	    "dia.govt.nz|1|restricted|1", "local: what was refused, by where to");
	is_str(rows("SELECT domain, since FROM waiting"),
	    "a.example|1795316645", "local: mail waits for its destination");
	r = outgoing("TLSv1.3", STARTTLS_OFFERED, FAILURE_NONE);
	r.time = T0 + 5;
	to(&r, "a.example", "government>public");
	tally_record(tally, &r);
	flush();
	is_str(rows("SELECT domain FROM waiting"), "", "until it went out");
}

int
main(void)
{
	bench_begin("unit-tally");
	check_outcomes();
	check_nothing();
	check_mail_refused();
	check_unseen();
	check_trace();
	check_smarthost();
	check_many();
	check_mails();
	check_incoming();
	check_own_refused();
	check_local();
	return bench_end() == -1 || done_testing();
}
