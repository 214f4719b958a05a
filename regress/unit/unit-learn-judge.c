/* SPDX-License-Identifier: ISC */

/* What a session is counted as, whose it was, and what a look makes of it. */

#include <string.h>
#include <time.h>

#include "base/bounds.h"
#include "learn_bench.h"
#include "lib/cert_text.h"
#include "tap.h"

/* Two MX hosts at one address: each is judged by its own certificate. */
static void
test_shared(struct bench *b)
{
	struct judge *judge = judge_new(b->e.store, b->e.conf);

	sql(b, "INSERT INTO mxaddr VALUES ('192.0.2.13', 'many.nz',"
	    " 'mx.many.nz', 0, unixepoch())");
	b->cert = "ok";
	look_at(b->e.learn, "mx.many.nz", "192.0.2.13", 0);
	b->wanted = 0;
	(void)settle(b, DEADLINE_MS);
	is_str(judged_by(judge, "testing.nz", "192.0.2.13", "TLSv1.3",
	    FAILURE_NONE),
	    "sts failed certificate-host-mismatch mx.testing.nz",
	    "two hosts at one address: the one");
	is_str(judged_by(judge, "many.nz", "192.0.2.13", "TLSv1.3",
	    FAILURE_NONE), "sts ok  mx.many.nz", "and the other");
	judge_free(judge);
	sql(b, "DELETE FROM mxaddr WHERE addr = '192.0.2.13' AND domain ="
	    " 'many.nz'");
}

/* One judge for many sessions: what it knows of one host is not another's. */
static void
test_many(struct bench *b)
{
	struct judge *judge = judge_new(b->e.store, b->e.conf);

	is_str(judged_by(judge, "testing.nz", "192.0.2.11", "TLSv1.3",
	    FAILURE_NONE), "sts failed validation-failure mx.other.nz",
	    "a host that is not in the policy");
	is_str(judged_by(judge, "testing.nz", "192.0.2.13", "TLSv1.3",
	    FAILURE_NONE),
	    "sts failed certificate-host-mismatch mx.testing.nz",
	    "one that is");
	is_str(judged_reason(), "what libtls says", "for what was seen there");
	is_str(judged_by(judge, "testing.nz", "192.0.2.11", "TLSv1.3",
	    FAILURE_NONE), "sts failed validation-failure mx.other.nz",
	    "and the first again");
	judge_free(judge);
}

/* What the database could not tell is asked again, not taken for an answer. */
static void
test_trouble(struct bench *b)
{
	struct judge *judge = judge_new(b->e.store, b->e.conf);

	sql(b, "ALTER TABLE sts_history RENAME TO away");
	(void)judged_by(judge, "testing.nz", "192.0.2.11", "TLSv1.3",
	    FAILURE_NONE);
	sql(b, "ALTER TABLE away RENAME TO sts_history");
	is_str(judged_by(judge, "testing.nz", "192.0.2.11", "TLSv1.3",
	    FAILURE_NONE), "sts failed validation-failure mx.other.nz",
	    "the policy is there once the database answers");
	judge_free(judge);
}

static void
test_judge(struct bench *b)
{
	is_str(ask(b, "testing.nz"), "testing.nz=none ", "a testing policy");
	is_str(ask(b, "none.nz"), "none.nz=none ", "and none");
	(void)settle(b, DEADLINE_MS);
	sql(b, "DELETE FROM probe");
	is_str(judged(b, "none.nz", "192.0.2.9", "TLSv1.3", FAILURE_NONE),
	    "none ok  ", "no policy: any TLS will do");
	is_str(judged(b, "testing.nz", "192.0.2.13", "TLSv1.3", FAILURE_NONE),
	    "sts ok unseen mx.testing.nz",
	    "testing: good, but nobody has looked yet");
	look_tick(b->e.learn);
	look_at(b->e.learn, "mx.testing.nz", "192.0.2.13", 0);
	b->wanted = 0;
	(void)settle(b, DEADLINE_MS);
	is_str(judged(b, "testing.nz", "192.0.2.13", "TLSv1.3", FAILURE_NONE),
	    "sts ok  mx.testing.nz", "testing: a good host");
	sql(b, "UPDATE probe SET probed = probed - 172810 WHERE host ="
	    " 'mx.testing.nz'");
	is_str(judged(b, "testing.nz", "192.0.2.13", "TLSv1.3", FAILURE_NONE),
	    "sts ok unseen mx.testing.nz",
	    "testing: nobody has looked for two days");
	is_str(judged(b, "testing.nz", "192.0.2.11", "TLSv1.3", FAILURE_NONE),
	    "sts failed validation-failure mx.other.nz",
	    "testing: a host that is not in the policy");
	b->cert = "host-mismatch";
	look_at(b->e.learn, "mx.testing.nz", "192.0.2.13", 0);
	(void)settle(b, DEADLINE_MS);
	is_str(judged(b, "testing.nz", "192.0.2.13", "TLSv1.3", FAILURE_NONE),
	    "sts failed certificate-host-mismatch mx.testing.nz",
	    "testing: a certificate of another name");
	test_many(b);
	test_trouble(b);
	is_str(ask(b, "many.nz"), "many.nz=none ", "a host of many addresses");
	(void)settle(b, DEADLINE_MS);
	is_str(judged(b, "many.nz", "192.0.2.73", "TLSv1.3", FAILURE_NONE),
	    "sts failed certificate-host-mismatch mx.many.nz",
	    "each of them is looked at");
	test_shared(b);
	is_str(judged(b, "testing.nz", "192.0.2.13", NULL,
	    FAILURE_NOT_SUPPORTED),
	    "sts failed starttls-not-supported mx.testing.nz",
	    "testing: no STARTTLS");
	/* With enforce smtpd has verified it, but for what it does not know. */
	is_str(ask(b, "alias.nz"), "alias.nz=enforce ", "an enforce policy");
	(void)settle(b, 500);
	is_str(judged(b, "alias.nz", "192.0.2.11", "TLSv1.3", FAILURE_NONE),
	    "sts ok  mx.alias.nz", "enforce: what smtpd took was good");
	sql(b, "UPDATE probe SET probed = 0 WHERE host = 'mx.alias.nz'");
	is_str(judged(b, "alias.nz", "192.0.2.11", "TLSv1.3", FAILURE_NONE),
	    "sts ok verified mx.alias.nz", "enforce: not looked at yet");
	sql(b, "UPDATE probe SET probed = unixepoch() WHERE host ="
	    " 'mx.alias.nz'");
	sql(b, "UPDATE probe SET type = 'certificate-host-mismatch', text = '"
	    CERT_TEXT_NO_DNS_NAME "' WHERE host = 'mx.alias.nz'");
	is_str(judged(b, "alias.nz", "192.0.2.11", "TLSv1.3", FAILURE_NONE),
	    "sts failed certificate-host-mismatch mx.alias.nz",
	    "but not by a name in the subject alone (RFC 8461 4.2)");
	is_str(judged(b, "none.nz", "192.0.2.9", NULL, FAILURE_VALIDATION),
	    "none failed validation-failure pending a.none.nz",
	    "a handshake that failed waits for its reason");
	is_str(judged(b, "none.nz", "192.0.2.9", NULL, FAILURE_NONE),
	    "not counted", "the second half of a downgrade");
}

static void
add_pending(struct bench *b, const char *domain, int policy, const char *addr,
    const char *mx)
{
	sql(b, "INSERT INTO detail VALUES (1, '%s', %d, 'validation-failure',"
	    " '192.0.2.1', '%s', '%s', '', '', '', 1, 3)", domain, policy,
	    addr, mx);
}

static const char *
settled(struct bench *b, const char *domain)
{
	return rows(b, "SELECT type || ',' || reason || ',' || pending || ','"
	    " || count FROM detail WHERE day = 1 AND domain = '%s'"
	    " ORDER BY pending", domain);
}

static void
test_pending(struct bench *b)
{
	sql(b, "DELETE FROM probe");
	b->cert = "expired";
	add_pending(b, "testing.nz", 1, "192.0.2.13", "mx.testing.nz");
	add_pending(b, "none.nz", 0, "192.0.2.9", "a.none.nz");
	add_pending(b, "member.nz", 0, "192.0.2.12", "mx.member.nz");
	look_tick(b->e.learn);
	b->wanted = 0;
	(void)settle(b, DEADLINE_MS);
	is_str(settled(b, "testing.nz"),
	    "certificate-expired,what libtls says,0,3",
	    "with a policy: the certificate was it");
	is_str(settled(b, "member.nz"),
	    "certificate-expired,what libtls says,0,3",
	    "so with a connector");
	is_str(settled(b, "none.nz"), "validation-failure,TLS handshake "
	    "failed; when asked again it did not,0,3",
	    "where none is verified, it was not");
	b->probes = 0;
	add_pending(b, "testing.nz", 1, "192.0.2.13", "mx.testing.nz");
	look_tick(b->e.learn);
	(void)settle(b, DEADLINE_MS);
	is_int(b->probes, 0, "not asked twice within the hour");
	is_str(settled(b, "testing.nz"),
	    "certificate-expired,what libtls says,0,6", "counts are added");
	b->starttls = "absent";
	sql(b, "DELETE FROM probe");
	add_pending(b, "none.nz", 0, "192.0.2.9", "a.none.nz");
	look_tick(b->e.learn);
	(void)settle(b, DEADLINE_MS);
	ok(strstr(settled(b, "none.nz"), "starttls-not-supported") != NULL,
	    "STARTTLS is gone: so it is called");
	is_str(rows(b, "SELECT count(*) FROM detail WHERE pending = 1"), "0",
	    "nothing waits");
}

/* Three verified by smtpd, of another day, and two that nobody verified. */
static void
add_unseen(struct bench *b)
{
	sql(b, "DELETE FROM probe; DELETE FROM detail; DELETE FROM tally;"
	    " INSERT INTO tally VALUES (1, 'testing.nz', 1, 5, 1),"
	    " (2, 'testing.nz', 1, 3, 0), (1, 'none.nz', 0, 4, 0);"
	    " INSERT INTO unseen VALUES (1, 'testing.nz', 1, '192.0.2.1',"
	    " '192.0.2.13', 'mx.testing.nz', 1, 2), (2, 'testing.nz', 1,"
	    " '192.0.2.1', '192.0.2.13', 'mx.testing.nz', 2, 3)");
	is_int(store_pending_day(b->e.store, "testing.nz", 1), 1,
	    "the day's report waits for the look");
	look_tick(b->e.learn);
	b->wanted = 0;
	(void)settle(b, DEADLINE_MS);
	is_int(store_pending_day(b->e.store, "testing.nz", 1), 0,
	    "and then no more");
}

/* What came up while nobody had looked is judged by the look. */
static void
test_unseen(struct bench *b)
{
	b->starttls = "offered";
	b->cert = "expired";
	add_unseen(b);
	is_str(rows(b, "SELECT group_concat(t, ' ') FROM (SELECT domain || ','"
	    " || ok || ',' || fail AS t FROM tally ORDER BY domain, day)"),
	    "none.nz,4,0 testing.nz,3,3 testing.nz,3,0",
	    "those that nobody verified have failed");
	is_str(rows(b, "SELECT day || ' ' || type || ' ' || rip || ' ' || mx ||"
	    " ' ' || pending || ' ' || count FROM detail"),
	    "1 certificate-expired 192.0.2.13 mx.testing.nz 0 2",
	    "with the reason that the look gave");
	b->cert = "host-mismatch";
	b->text = CERT_TEXT_NO_DNS_NAME;
	add_unseen(b);
	is_str(rows(b, "SELECT group_concat(t, ' ') FROM (SELECT domain || ','"
	    " || ok || ',' || fail AS t FROM tally ORDER BY domain, day)"),
	    "none.nz,4,0 testing.nz,3,3 testing.nz,0,3",
	    "and those that smtpd did by a name that does not count");
	b->text = NULL;
	b->cert = "ok";
	add_unseen(b);
	is_str(rows(b, "SELECT count(*) || ' ' || sum(ok) FROM tally"), "3 12",
	    "a good host: they stand");
	is_str(rows(b, "SELECT * FROM detail"), "", "and nothing is told");
	/* The network had no room for its look: it is had when there is. */
	sql(b, "DELETE FROM probe; INSERT INTO unseen VALUES (1, 'testing.nz',"
	    " 1, '192.0.2.1', '192.0.2.13', 'mx.testing.nz', 1, 2)");
	b->probes = 0;
	look_at(b->e.learn, "a", "192.0.2.100", 0);
	look_at(b->e.learn, "b", "192.0.2.101", 0);
	look_at(b->e.learn, "c", "192.0.2.102", 0);
	look_at(b->e.learn, "d", "192.0.2.103", 0);
	look_at(b->e.learn, "mx.testing.nz", "192.0.2.13", 0);
	(void)settle(b, DEADLINE_MS);
	/* A second may have passed within: then the next one has begun. */
	ok(b->probes >= PROBES_NETWORK_MAX, "so many to one network");
	look_tick(b->e.learn);
	(void)settle(b, DEADLINE_MS);
	is_int(b->probes, PROBES_NETWORK_MAX + 1, "then the next");
	is_int(store_pending_day(b->e.store, "testing.nz", 1), 0,
	    "none is forgotten");
}

/* Nothing was sent, and the answer to EHLO is not on record. */
static void
add_unanswered(struct bench *b, const char *domain, int64_t ok)
{
	sql(b, "DELETE FROM probe; DELETE FROM detail; DELETE FROM tally");
	sql(b, "INSERT INTO tally VALUES (1, '%s', 0,"
	    " %d, 3); INSERT INTO detail VALUES (1, '%s', 0,"
	    " 'starttls-not-supported', '192.0.2.1', '192.0.2.12',"
	    " 'mx.member.nz', '', '', '', 1, 3)", domain, (int)ok, domain);
	look_tick(b->e.learn);
	(void)settle(b, 2000);
}

static const char *
tallied(struct bench *b)
{
	return rows(b, "SELECT domain || ' ' || ok || ' ' || fail FROM tally");
}

static void
test_unanswered(struct bench *b)
{
	b->status = "ok";
	b->starttls = "absent";
	add_unanswered(b, "member.nz", 0);
	is_str(rows(b, "SELECT type || ' ' || pending || ' ' || count"
	    " FROM detail"),
	    "starttls-not-supported 0 3", "EHLO answered, no STARTTLS");
	is_str(tallied(b), "member.nz 0 3", "these failed");
	b->starttls = "offered";
	add_unanswered(b, "member.nz", 2);
	is_str(tallied(b), "member.nz 2 0",
	    "it has STARTTLS: it was something else");
	is_str(rows(b, "SELECT * FROM detail"), "", "and no detail is left");
	b->status = "smtp";
	b->starttls = "";
	add_unanswered(b, "member.nz", 0);
	is_str(tallied(b), "",
	    "EHLO is refused: nothing, and no report");
	b->status = "connect";
	add_unanswered(b, "member.nz", 1);
	is_str(tallied(b), "member.nz 1 0", "nobody answers: nothing");
	/* Asked for TLS, it goes away each time. */
	b->status = "smtp";
	b->starttls = "busy";
	sql(b, "DELETE FROM probe; INSERT INTO tally VALUES (1, 'none.nz', 0,"
	    " 0, 3)");
	add_pending(b, "none.nz", 0, "192.0.2.9", "a.none.nz");
	look_tick(b->e.learn);
	(void)settle(b, 2000);
	is_str(rows(b, "SELECT * FROM tally WHERE domain = 'none.nz'"), "",
	    "421 to STARTTLS: a busy host");
	b->status = "ok";
	b->starttls = "offered";
}

static int64_t
as_stored(const char *domain __unused, int64_t last, void *arg __unused)
{
	return last;
}

/* Whose a session was that failed there just now. */
static const char *
whose(struct bench *b, const char *addr)
{
	static struct whose whose;
	struct record r = { .time = time(NULL), .dir = DIR_OUT,
	    .session = "s", .remote = addr, .mail = "minties.govt.nz",
	    .failure = FAILURE_VALIDATION };
	struct whose_past *past = whose_past_new();
	struct judge *judge = judge_new(b->e.store, b->e.conf);

	whose_session(judge, past, &r, as_stored, NULL, &whose);
	whose_past_free(past);
	judge_free(judge);
	return whose.is == WHOSE_FOUND ? whose.domain[0] : "not clear";
}

static void
test_attribute(struct bench *b)
{
	sql(b, "DELETE FROM waiting");
	sql(b, "DELETE FROM mxaddr WHERE addr = '192.0.2.99'");
	is_str(whose(b, "192.0.2.99"), "not clear", "an address nobody has");
	is_str(whose(b, "192.0.2.12"), "member.nz",
	    "a connector's address is its domain's");
	sql(b, "INSERT INTO mxaddr VALUES ('192.0.2.99', 'x.nz', 'h', 0, 1),"
	    " ('192.0.2.99', 'y.nz', 'h', 0, 1)");
	is_str(whose(b, "192.0.2.99"), "not clear",
	    "two have it: not guessed");
	sql(b, "INSERT INTO waiting VALUES ('y.nz', 1, 1)");
	is_str(whose(b, "192.0.2.99"), "y.nz", "mail waits for one of them");
	sql(b, "INSERT INTO waiting VALUES ('x.nz', 1, 1)");
	is_str(whose(b, "192.0.2.99"), "not clear",
	    "for both, for long: not guessed");
	sql(b, "UPDATE waiting SET last = unixepoch() - 2"
	    " WHERE domain = 'y.nz'");
	is_str(whose(b, "192.0.2.99"), "y.nz",
	    "mail for one of them just came in");
	sql(b, "UPDATE mxaddr SET routed = 5 WHERE domain = 'x.nz'");
	is_str(whose(b, "192.0.2.99"), "x.nz", "only the other is routed there");
	sql(b, "UPDATE mxaddr SET routed = 5 WHERE domain = 'y.nz'");
	is_str(whose(b, "192.0.2.99"), "y.nz",
	    "both are: the one that was routed there last");
	sql(b, "UPDATE waiting SET last = unixepoch() - 2");
	is_str(whose(b, "192.0.2.99"), "not clear",
	    "both just now: not guessed");
}

int
main(void)
{
	struct conf *conf = bench_begin("unit-learn-judge");
	struct bench b;

	start(&b, conf);
	test_judge(&b);
	test_pending(&b);
	test_unseen(&b);
	test_unanswered(&b);
	test_attribute(&b);
	stop(&b);
	bench_end(conf);
	return done_testing();
}
