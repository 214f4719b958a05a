/* SPDX-License-Identifier: ISC */

/* A policy's life: fetched, held, renewed, changed and over. */

#include <stdio.h>
#include <string.h>

#include "base/bounds.h"
#include "learn_bench.h"
#include "tap.h"

static void
test_fetch(struct bench *b)
{
	static const char *const types[][3] = {
		{ "404.nz", "sts-policy-fetch-error", "HTTP status 404" },
		{ "moved.nz", "sts-policy-fetch-error", "HTTP status 302" },
		{ "html.nz", "sts-policy-fetch-error",
		    "its media type is not text/plain: text/html" },
		{ "invalid.nz", "sts-policy-invalid", "no mode" },
		{ "expired.nz", "sts-webpki-invalid",
		    "certificate of the policy host: why" },
		{ "noaddr.nz", "sts-policy-fetch-error",
		    "no address of the policy host: nodata" },
	};
	char want[256];
	size_t i;
	int gets;

	for (i = 0; i < nitems(types); i++) {
		snprintf(want, sizeof(want), "%s=none ", types[i][0]);
		is_str(ask(b, types[i][0]), want, "%s: none", types[i][0]);
		snprintf(want, sizeof(want), "%s %s 0", types[i][1],
		    types[i][2]);
		is_str(rows(b, "SELECT type || ' ' || error || ' ' || until"
		    " FROM sts_error WHERE domain = '%s'", types[i][0]), want,
		    "%s: why", types[i][0]);
		snprintf(want, sizeof(want), "none failed %s ", types[i][1]);
		is_str(judged(b, types[i][0], "192.0.2.7", "TLSv1.3",
		    FAILURE_NONE), want, "%s: who goes, goes without",
		    types[i][0]);
	}
	gets = b->gets;
	again(b, "404.nz");
	is_int(b->gets, gets, "not fetched again within five minutes");
	site_of("404.nz")->txt = "v=STSv1; id=2;";
	again(b, "404.nz");
	is_int(b->gets, gets + 1, "but for another id");
	sql(b, "UPDATE sts SET tried = tried - 301 WHERE domain = '404.nz'");
	site_of("404.nz")->http = 0;
	site_of("404.nz")->policy = POLICY("enforce", "mx.404.nz");
	again(b, "404.nz");
	is_str(line_of("404.nz"), "enforce smtp+tls://mx.404.nz",
	    "after them it is, and holds");
	is_str(rows(b, "SELECT until > 0 FROM sts_error WHERE domain ="
	    " '404.nz'"), "1", "nobody goes without from now on");
	is_str(rows(b, "SELECT * FROM tally WHERE fail > 0 AND domain <>"
	    " 'hijack.nz'"), "", "no fetch of ours is a failure");
}

/* What is said of each way in which a policy does not come. */
static void
test_transfers(struct bench *b)
{
	static const struct {
		const char	*status;
		const char	*cert;
		const char	*want;
	} cases[] = {
		{ "refused", "unknown", "sts-policy-fetch-error the policy host"
		    " may not be contacted: why" },
		{ "connect", "unknown", "sts-policy-fetch-error the policy host"
		    " can't be reached: why" },
		{ "timeout", "unknown", "sts-policy-fetch-error no policy"
		    " within the time: why" },
		{ "http", "unknown", "sts-policy-fetch-error the policy host"
		    " does not speak HTTP: why" },
		{ "size", "ok", "sts-policy-fetch-error larger than 64 kB:"
		    " why" },
		{ "size", "expired", "sts-policy-fetch-error larger than 64"
		    " kB: why" },
		{ "tls", "unknown", "sts-policy-fetch-error TLS with the policy"
		    " host failed: why" },
		{ "tls", "ok", "sts-policy-fetch-error TLS with the policy"
		    " host failed: why" },
		{ "tls", "expired", "sts-webpki-invalid certificate of the"
		    " policy host: why" },
		{ "tls", "host-mismatch", "sts-webpki-invalid certificate of"
		    " the policy host: why" },
		{ "tls", "not-trusted", "sts-webpki-invalid certificate of"
		    " the policy host: why" },
		/* No word that is believed. */
		{ "late", "unknown", "sts-policy-fetch-error not fetched" },
	};
	static char txt[64];
	struct site *s = site_of("twoids.nz");
	size_t i;

	s->txt = txt;
	for (i = 0; i < nitems(cases); i++) {
		snprintf(txt, sizeof(txt), "v=STSv1; id=t%zu;", i);
		s->policy = cases[i].status;
		s->cert = cases[i].cert;
		again(b, "twoids.nz");
		is_str(rows(b, "SELECT type || ' ' || error FROM sts_error"
		    " WHERE domain = 'twoids.nz' AND until = 0"),
		    cases[i].want, "%s, its certificate %s", cases[i].status,
		    cases[i].cert);
	}
}

static const char *
detail_of(struct bench *b, const char *domain)
{
	return rows(b, "SELECT ok || ' ' || fail || ' ' || coalesce(type ||"
	    " ' ' || reason || ' ' || pending || ' ' || count, '') FROM tally t"
	    " LEFT JOIN detail d USING (day, domain, policy)"
	    " WHERE domain = '%s'", domain);
}

/* Two counted while nobody knew whether there is a policy. */
static void
add_counted(struct bench *b)
{
	sql(b, "INSERT INTO tally VALUES (1, 'fetching.nz', 0, 1, 2);"
	    " INSERT INTO detail VALUES (1, 'fetching.nz', 0,"
	    " 'sts-policy-fetch-error', '', '', '', '', '', '', 2, 2)");
}

/* Mail goes while the policy host keeps us waiting. */
static void
test_fetching(struct bench *b)
{
	sql(b, "INSERT INTO sts_error VALUES ('fetching.nz', unixepoch() - 9,"
	    " 0, '', '')");
	is_str(judged(b, "fetching.nz", "192.0.2.7", "TLSv1.3",
	    FAILURE_NONE), "none failed sts-policy-fetch-error pending ",
	    "while it is fetched, nobody knows");
	is_str(judged(b, "fetching.nz", "192.0.2.7", NULL,
	    FAILURE_NOT_SUPPORTED), "none failed starttls-not-supported ",
	    "but TLS that failed has failed");
	add_counted(b);
	sql(b, "UPDATE sts_error SET type = 'sts-webpki-invalid',"
	    " error = 'x' WHERE domain = 'fetching.nz'");
	policy_tick(b->e.learn);
	is_str(detail_of(b, "fetching.nz"), "1 2 sts-webpki-invalid x 0 2",
	    "it could not be had: these went without");
	sql(b, "DELETE FROM detail WHERE domain = 'fetching.nz';"
	    "DELETE FROM tally WHERE domain = 'fetching.nz';"
	    "DELETE FROM sts_error WHERE domain = 'fetching.nz'");
	add_counted(b);
	policy_tick(b->e.learn);
	is_str(detail_of(b, "fetching.nz"), "3 0 ",
	    "it came: these were good");
	sql(b, "DELETE FROM tally WHERE domain = 'fetching.nz'");
}

static void
test_held(struct bench *b)
{
	struct site *s = site_of("enforce.nz");
	int gets;

	is_str(ask(b, "enforce.nz"), "enforce.nz=enforce ", "a policy");
	gets = b->gets;
	again(b, "enforce.nz");
	is_int(b->gets, gets, "the same id: not fetched again");
	s->txt = "nxdomain";
	again(b, "enforce.nz");
	is_int(b->gets, gets, "no record: nothing to fetch");
	ok(strncmp(line_of("enforce.nz"), "enforce smtp", 12) == 0,
	    "the policy holds without a record");
	s->txt = "servfail";
	again(b, "enforce.nz");
	ok(strncmp(line_of("enforce.nz"), "enforce smtp", 12) == 0,
	    "and without an answer");
	s->txt = "v=STSv1; id=2;";
	s->policy = "timeout";
	again(b, "enforce.nz");
	is_int(b->gets, gets + 1, "a new id: fetched");
	ok(strncmp(line_of("enforce.nz"), "enforce smtp", 12) == 0,
	    "the policy holds when that fails");
	is_str(judged(b, "enforce.nz", "192.0.2.7", "TLSv1.3", FAILURE_NONE),
	    "sts ok  ", "and nobody goes without one");
	/* Near its end it is fetched, whatever the record says. */
	s->txt = "nxdomain";
	s->policy = POLICY("enforce", "*.enforce.nz");
	sql(b, "UPDATE sts SET tried = tried - 301, refresh = 1 WHERE"
	    " domain = 'enforce.nz'");
	sql(b, "UPDATE sts SET expires = expires - 1000 WHERE"
	    " domain = 'enforce.nz'");
	again(b, "enforce.nz");
	is_int(b->gets, gets + 2, "fetched before its end");
	is_str(rows(b, "SELECT expires - fetched FROM sts WHERE"
	    " domain = 'enforce.nz'"), "86400", "and lives on");
	is_str(rows(b, "SELECT refresh - fetched > 2 * 600 FROM sts WHERE"
	    " domain = 'enforce.nz'"), "1", "for long, since nothing changes");
	is_str(rows(b, "SELECT count(*) FROM sts_history WHERE"
	    " domain = 'enforce.nz'"), "1", "as the same policy");
	/* MX lost: the hosts known before. */
	s->mx[0] = "timeout";
	again(b, "enforce.nz");
	is_str(line_of("enforce.nz"), "enforce "
	    "smtp+tls://mx1.enforce.nz,smtp+tls://mx2.enforce.nz",
	    "hosts stay while the DNS fails");
	s->mx[0] = "mx1.enforce.nz";
	/* Its time is over. */
	sql(b, "UPDATE sts SET expires = expires - 86401, tried = 1 WHERE"
	    " domain = 'enforce.nz'");
	sql(b, "UPDATE route SET until = 1 WHERE domain = 'enforce.nz'");
	is_str(ask(b, "enforce.nz"), "enforce.nz=none ", "over: none");
	is_str(rows(b, "SELECT until > 0 FROM sts_history WHERE"
	    " domain = 'enforce.nz'"), "1", "and not in force any more");
	s->txt = "v=STSv1; id=3;";
	again(b, "enforce.nz");
	ok(strncmp(line_of("enforce.nz"), "enforce smtp", 12) == 0,
	    "published again: in force again");
	s->txt = "v=STSv1; id=4;";
	s->policy = "version: STSv1\nmode: none\nmax_age: 86400\n";
	again(b, "enforce.nz");
	ok(strncmp(line_of("enforce.nz"), "none smtp", 9) == 0,
	    "mode none: at once, and still with where to");
	s->txt = "v=STSv1; id=5;";
	s->policy = POLICY("enforce", "*.enforce.nz");
	again(b, "enforce.nz");
	is_str(rows(b, "SELECT why FROM route WHERE domain = 'enforce.nz'"),
	    "MTA-STS enforce", "and that is why");
	s->txt = "v=STSv1; id=6;";
	s->ttl = 300;
	(void)ask(b, "enforce.nz");
	again(b, "enforce.nz");
	is_str(rows(b, "SELECT renew - learned FROM route WHERE domain ="
	    " 'enforce.nz'"), "300", "its records' time is when it is asked");
	s->ttl = 0;
	is_str(rows(b, "SELECT refresh - fetched < 2 * 600 FROM sts WHERE"
	    " domain = 'enforce.nz'"), "1",
	    "another id for the same text: it is about to change");
	/* Its time to be fetched is over, but it was just tried. */
	gets = b->gets;
	sql(b, "UPDATE sts SET refresh = unixepoch() - 100"
	    " WHERE domain = 'enforce.nz'");
	again(b, "enforce.nz");
	is_int(b->gets, gets, "just tried: not yet again");
	is_str(rows(b, "SELECT renew - unixepoch() BETWEEN 5 AND 15 FROM route"
	    " WHERE domain = 'enforce.nz'"), "1", "but in a moment");
	sql(b, "UPDATE sts SET refresh = unixepoch() + 40000"
	    " WHERE domain = 'enforce.nz'");
	again(b, "enforce.nz");
}

/* What is said of a domain's policy, and why. */
static void
test_why(struct bench *b)
{
	static const struct {
		const char	*before;	/* of the table sts */
		const char	*txt;
		const char	*policy;	/* NULL: as it was */
		const char	*mx;		/* the same */
		const char	*want;
	} steps[] = {
		{ NULL, "v=STSv1; id=20;", POLICY("enforce", "*.flip.nz"),
		    NULL, "MTA-STS enforce" },
		{ NULL, "nxdomain", NULL, NULL,
		    "MTA-STS enforce, held: no record now" },
		{ NULL, "v=STSv1; id=a-b;", NULL, NULL, "MTA-STS enforce, held:"
		    " its record is wrong now: id is not 1 to 32 letters and"
		    " digits" },
		{ NULL, "v=STSv1; id=21;", "timeout", NULL, "MTA-STS enforce,"
		    " held: the newest fetch failed" },
		{ NULL, "v=STSv1; id=22;", POLICY("enforce", "*.other.nz"),
		    NULL, "MTA-STS enforce: no MX host of the domain is in the"
		    " policy" },
		{ NULL, "v=STSv1; id=23;", POLICY("testing", "*.other.nz"),
		    NULL, "MTA-STS testing" },
		{ NULL, "v=STSv1; id=24;", "version: STSv1\nmode: none\n"
		    "max_age: 86400\n", NULL, "MTA-STS none" },
		{ NULL, "v=STSv1; id=25;", POLICY("enforce", "*.flip.nz"),
		    "null", "null MX (RFC 7505): the domain takes no mail" },
		{ "expires = 1, tried = unixepoch()", "v=STSv1; id=25;", NULL,
		    "mx.flip.nz", "no MTA-STS: the policy fetched last ran"
		    " out" },
		{ "tried = 1", "v=STSv1; id=25;", "connect", NULL, "no"
		    " MTA-STS: policy not fetched: the policy host can't be"
		    " reached: why" },
		{ NULL, "v=STSv1; id=25;", NULL, NULL, "no MTA-STS: policy not"
		    " fetched: the policy host can't be reached: why" },
		{ NULL, "v=STSv1; id=a-b;", NULL, NULL, "no MTA-STS: its"
		    " record is wrong: id is not 1 to 32 letters and digits" },
		{ NULL, "nxdomain", NULL, NULL, "no MTA-STS record" },
		{ NULL, "nxdomain", NULL, "nxdomain", "no MTA-STS record, and"
		    " no such domain" },
	};
	struct site *s = site_of("flip.nz");
	size_t i;

	for (i = 0; i < nitems(steps); i++) {
		/* They change more often than it would look. */
		sql(b, "DELETE FROM sts_history WHERE domain = 'flip.nz'");
		if (steps[i].before != NULL)
			sql(b, "UPDATE sts SET %s WHERE domain = 'flip.nz'",
			    steps[i].before);
		s->txt = steps[i].txt;
		if (steps[i].policy != NULL)
			s->policy = steps[i].policy;
		if (steps[i].mx != NULL)
			s->mx[0] = steps[i].mx;
		again(b, "flip.nz");
		is_str(why(b, "flip.nz"), steps[i].want, "%s", steps[i].want);
	}
	is_str(rows(b, "SELECT until - learned FROM route WHERE domain ="
	    " 'flip.nz'"), "3600", "no such domain holds for an hour");
	s->mx[0] = "mx.flip.nz";
	sql(b, "UPDATE route SET until = 1 WHERE domain = 'flip.nz'");
	again(b, "flip.nz");
	is_str(rows(b, "SELECT until - learned FROM route WHERE domain ="
	    " 'flip.nz'"), "86400", "another without a policy for a day");
}

/*
 * It ran out a minute ago, and the first mail since finds the same one again:
 * what went in between went without.
 */
static void
test_gap(struct bench *b)
{
	sql(b, "UPDATE sts SET expires = unixepoch() - 60, refresh = 1,"
	    " tried = 1 WHERE domain = 'enforce.nz'");
	sql(b, "UPDATE sts_history SET since = (SELECT expires FROM sts"
	    " WHERE domain = 'enforce.nz') - 840"
	    " WHERE domain = 'enforce.nz' AND until = 0");
	again(b, "enforce.nz");
	is_str(rows(b, "SELECT group_concat(CASE until WHEN 0 THEN 'holds'"
	    " ELSE until - since END, ' ') FROM (SELECT * FROM sts_history"
	    " WHERE domain = 'enforce.nz' AND (until = 0 OR until - since > 60)"
	    " AND mode = 'enforce' AND policy = (SELECT policy FROM sts"
	    " WHERE domain = 'enforce.nz') ORDER BY since)"), "840 holds",
	    "the same policy after its end: in force up to that, and from now");
}

/* Another policy each time it is asked for: some are taken, then few. */
static void
test_changing(struct bench *b)
{
	static char txt[64], policy[256];
	struct site *s = site_of("flip.nz");
	int i, gets = b->gets;

	s->txt = txt;
	s->policy = policy;
	for (i = 0; i < 3 * CHANGES_MAX; i++) {
		snprintf(txt, sizeof(txt), "v=STSv1; id=%d;", i);
		snprintf(policy, sizeof(policy), POLICY("enforce",
		    "mx.flip.nz\nmx: mx%d.flip.nz"), i);
		again(b, "flip.nz");
		sql(b, "UPDATE sts_history SET since = since - 20,"
		    " until = max(until - 20, 0) WHERE domain = 'flip.nz'");
	}
	is_int(b->gets - gets, CHANGES_MAX, "a policy that never stays: "
	    "fetched some times");
	is_str(rows(b, "SELECT count(*) FROM policy WHERE domain = 'flip.nz'"),
	    "24", "and kept as often");
	is_str(line_of("flip.nz"), "enforce smtp+tls://mx.flip.nz",
	    "what is held holds");
	sql(b, "UPDATE sts SET fetched = unixepoch() - 3600"
	    " WHERE domain = 'flip.nz'");
	again(b, "flip.nz");
	is_int(b->gets - gets, CHANGES_MAX + 1, "once an hour it may change");
}

/* When a policy is fetched again: by its own time, and by how it went. */
static void
test_refresh(struct bench *b)
{
	static const struct {
		int	max_age;
		int	same;		/* another id of the same text */
		int	want;		/* a tenth more or less */
	} fetched[] = {
		{ 86400, 0, 43200 }, { 604800, 0, REFRESH },
		{ 2 * REFRESH + 1000, 0, REFRESH }, { 1000, 0, 500 },
		{ 86400, 0, 43200 }, { 86400, 1, RENEW_MAX },
		{ 1000, 0, 500 }, { 1000, 1, 500 },
	};
	static const struct {
		int		left;	/* of what is held, seconds */
		const char	*want;
	} failed[] = {
		{ 807, "300" }, { 2407, "300" }, { 2487, "310" },
		{ 8007, "1000" }, { 28707, "3588" }, { 28887, "3600" },
		{ 80007, "3600" },
	};
	static char txt[64], policy[256];
	struct site *s = site_of("many.nz");
	size_t i;

	s->txt = txt;
	s->policy = policy;
	for (i = 0; i < nitems(fetched); i++) {
		(void)snprintf(txt, sizeof(txt), "v=STSv1; id=r%zu;", i);
		(void)snprintf(policy, sizeof(policy), "version: STSv1\n"
		    "mode: enforce\nmx: mx.many.nz\nmax_age: %d\n",
		    fetched[i].max_age);
		again(b, "many.nz");
		is_str(rows(b, "SELECT (expires - fetched) || ' ' || (refresh -"
		    " fetched BETWEEN %d AND %d) FROM sts WHERE domain ="
		    " 'many.nz' AND id = 'r%zu'", fetched[i].want * 9 / 10,
		    fetched[i].want * 11 / 10 + 1, i), fetched[i].max_age ==
		    1000 ? "1000 1" : fetched[i].max_age == 86400 ? "86400 1" :
		    fetched[i].max_age == 604800 ? "604800 1" : "173800 1",
		    "max_age %d, %s text: again in %d s", fetched[i].max_age,
		    fetched[i].same ? "the same" : "another", fetched[i].want);
	}
	s->policy = "timeout";
	for (i = 0; i < nitems(failed); i++) {
		(void)snprintf(txt, sizeof(txt), "v=STSv1; id=f%zu;", i);
		sql(b, "UPDATE sts SET expires = unixepoch() + %d WHERE"
		    " domain = 'many.nz'", failed[i].left);
		again(b, "many.nz");
		is_str(rows(b, "SELECT refresh - tried FROM sts WHERE domain ="
		    " 'many.nz' AND tried_id = 'f%zu'", i), failed[i].want,
		    "not fetched, held for %d s: again in %s s",
		    failed[i].left, failed[i].want);
	}
}

int
main(void)
{
	struct conf *conf = bench_begin("unit-learn-policy");
	struct bench b;

	start(&b, conf);
	test_fetch(&b);
	test_transfers(&b);
	test_fetching(&b);
	test_held(&b);
	test_gap(&b);
	test_changing(&b);
	test_why(&b);
	test_refresh(&b);
	stop(&b);
	bench_end(conf);
	return done_testing();
}
