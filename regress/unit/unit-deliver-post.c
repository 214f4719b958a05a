/* SPDX-License-Identifier: ISC */

/* Reports by HTTPS: each answer, and how many at once. */

#include <stdio.h>
#include <string.h>

#include "deliver_bench.h"
#include "base/log.h"
#include "tap.h"

/* HTTP and network answers, each by its kind. */
static void
answers(const struct conf *conf)
{
	static const struct {
		const char	*word;
		const char	*state;
		const char	*text;
	} want[] = {
		{ "100", "sending:due", "HTTP 100" },
		{ "199", "sending:due", "HTTP 199" },
		{ "200", "sent:sent", "HTTP 200" },
		{ "201", "sent:sent", "HTTP 201" },
		{ "202", "sent:sent", "HTTP 202, certificate: expired" },
		{ "299", "sent:sent", "HTTP 299" },
		{ "300", "given-up:given-up",
		  "HTTP 300, a redirect is not followed" },
		{ "399", "given-up:given-up",
		  "HTTP 399, a redirect is not followed" },
		{ "301", "given-up:given-up",
		  "HTTP 301, a redirect is not followed" },
		{ "400", "given-up:given-up", "HTTP 400" },
		{ "404", "given-up:given-up", "HTTP 404" },
		{ "408", "sending:due", "HTTP 408" },
		{ "413", "given-up:given-up", "HTTP 413" },
		{ "407", "given-up:given-up", "HTTP 407" },
		{ "409", "given-up:given-up", "HTTP 409" },
		{ "424", "given-up:given-up", "HTTP 424" },
		{ "425", "sending:due", "HTTP 425" },
		{ "499", "given-up:given-up", "HTTP 499" },
		{ "429", "sending:due", "HTTP 429" },
		{ "500", "sending:due", "HTTP 500" },
		{ "503", "sending:due", "HTTP 503" },
		{ "refused", "given-up:given-up", "its address is not one"
		  " that may be contacted (network allow)" },
		{ "connect", "sending:due", "failed: connect: why" },
		{ "timeout", "sending:due", "failed: timeout: why" },
		{ "tls", "sending:due", "failed: tls: why" },
		{ "http", "sending:due", "failed: http: why" },
		{ "gone", "sending:due", "" },
	};
	struct bench b;
	char domain[64];
	size_t i;

	fresh();
	start(&b, conf);
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		(void)snprintf(domain, sizeof(domain), "%s.https.nz",
		    want[i].word);
		tally(&b, domain, 1);
	}
	ok(run(&b, calm), "every post was answered");
	/* Or waits, since more are of its zone than are looked up at once. */
	sql(&b, "UPDATE delivery SET next = 0 WHERE state = 'due' AND"
	    " tries = 0 AND next < unixepoch() + 30");
	deliver_soon(b.e.deliver, 0);
	ok(run(&b, calm), "or waits no longer than for its zone");
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		(void)snprintf(domain, sizeof(domain), "%s.https.nz",
		    want[i].word);
		is_str(state_of(&b, domain), want[i].state, "%s: state",
		    want[i].word);
		is_str(rows(&b, "SELECT coalesce(text, '') FROM delivery"
		    " WHERE uri = 'https://%s/x'", domain), want[i].text,
		    "%s: text", want[i].word);
	}
	is_str(rows(&b, "SELECT tries FROM delivery WHERE uri LIKE '%%gone%%'"),
	    "0", "a process that is gone costs no try");
	is_str(rows(&b, "SELECT next - unixepoch() BETWEEN 30 AND 60 FROM"
	    " delivery WHERE uri LIKE '%%gone%%'"), "1", "but a minute");
	stop(&b);

	fresh();
	start(&b, conf);
	tally(&b, "200.https.nz", 1);
	run(&b, calm);
	is_str(rows(&b, "SELECT length(body) = %zu FROM report", b.bodylen),
	    "1", "what is posted has the length of what is stored");
	ok(b.bodylen > 20 && memcmp(b.body, "\037\213\010", 3) == 0,
	    "and is gzip");
	stop(&b);
}

/* A stop would wait for them. */
static void
hang_up(struct bench *b)
{
	release(b, WORLD_NET, json_pack("{s:s}", "status", "timeout"));
}

static int
good_ones_sent(struct bench *b)
{
	return strcmp(rows(b, "SELECT count(*) FROM delivery WHERE state ="
	    " 'sent'"), "20") == 0;
}

/* 130 names at one address that never answers, and good hosts beside them. */
static void
hanging(const struct conf *conf)
{
	struct bench b;
	char domain[64];
	int64_t began;
	size_t i;

	fresh();
	start(&b, conf);
	for (i = 0; i < 150; i++) {
		(void)snprintf(domain, sizeof(domain), i % 15 < 2 ?
		    "200-%zu.https.nz" : "never%zu.https.nz", i);
		tally(&b, domain, 1);
	}
	began = loop_now();
	ok(run(&b, good_ones_sent), "the good ones are sent");
	ok(loop_now() - began < 4000, "nobody waits for the hanging one");
	is_int((long long)b.nheld, POSTS_HOST_MAX,
	    "which has no more than a host may have");
	hang_up(&b);
	stop(&b);
}

/* The same of names whose name server does not answer, flat and deep. */
static void
silent(const struct conf *conf)
{
	struct bench b;
	char domain[64];
	size_t i;

	fresh();
	start(&b, conf);
	for (i = 0; i < 300; i++) {
		(void)snprintf(domain, sizeof(domain), i % 15 == 0 ?
		    "200-%zu.https.nz" : i % 2 ? "1dead%zu.https.gone.co.nz" :
		    "1dead.https.%zu.gone.nz", i);
		tally(&b, domain, 1);
	}
	ok(run(&b, good_ones_sent), "nobody waits for a dead name server");
	is_int(b.unasked, 8 + 24, "which is not asked more than it may be");
	stop(&b);
	if ((b.e.store = store_open("db", STORE_WRITE)) == NULL)
		fatalx("test: no database");
	is_str(rows(&b, "SELECT count(*) FROM delivery WHERE state ="
	    " 'sending'"), "0", "none that was asked for is left half done");
	store_close(b.e.store);
}

static int
all_leased(struct bench *b)
{
	return strcmp(rows(b, "SELECT count(*) FROM report WHERE state = 'due'"
	    " AND due <= strftime('%%s', 'now')"), "0") == 0;
}

/* And of domains whose records are to be looked up there. */
static void
mute(const struct conf *conf)
{
	struct bench b;
	char domain[64];
	int64_t began = time(NULL);
	size_t i;

	fresh();
	start(&b, conf);
	for (i = 0; i < 900; i++) {
		(void)snprintf(domain, sizeof(domain), i % 45 == 0 ?
		    "200-%zu.https.nz" : i % 2 ? "1mute%zu.gone.co.nz" :
		    "1mute.%zu.gone.nz", i);
		tally(&b, domain, 1);
	}
	ok(run(&b, good_ones_sent), "nor for one that has their records");
	is_int(b.unasked, 8 + 24, "which is asked for no more at once");
	ok(run(&b, all_leased), "all of them are seen to");
	is_str(rows(&b, "SELECT count(*) FROM report WHERE state = 'due' AND"
	    " due < %lld", (long long)began + 5), "0",
	    "none that has to wait is due again at once");
	stop(&b);
	if ((b.e.store = store_open("db", STORE_WRITE)) == NULL)
		fatalx("test: no database");
	is_str(rows(&b, "SELECT count(*) FROM report WHERE state = 'due' AND"
	    " due > strftime('%%s', 'now') + 60"), "0",
	    "what waits is due at the next start");
	store_close(b.e.store);
}

static int
eight_asked(struct bench *b)
{
	return b->unasked >= 8 && all_leased(b);
}

/* How many look-ups that wait are of a report that has another. */
static int
waiting_twice(const struct bench *b)
{
	const struct job *job, *other;
	int n = 0;

	TAILQ_FOREACH(job, &b->e.deliver->waiting, entry) {
		TAILQ_FOREACH(other, &b->e.deliver->waiting, entry)
			n += other != job && other->report == job->report;
		TAILQ_FOREACH(other, &b->e.deliver->asked, entry)
			n += other->report == job->report;
	}
	return n;
}

/* They wait for longer than a look-up may take that was begun. */
static void
mute_for_long(const struct conf *conf)
{
	struct bench b;
	char domain[64];
	size_t i;

	fresh();
	start(&b, conf);
	for (i = 0; i < 100; i++) {
		(void)snprintf(domain, sizeof(domain), "1mute%zu.gone.co.nz",
		    i);
		tally(&b, domain, 1);
	}
	ok(run(&b, eight_asked), "of a hundred some are asked for");
	is_int((long long)b.e.deliver->nwaiting, 92, "the others wait");
	sql(&b, "UPDATE report SET due = 0 WHERE state = 'due'");
	deliver_soon(b.e.deliver, 0);
	ok(run(&b, all_leased), "for so long that they are due again");
	is_int((long long)b.e.deliver->nwaiting, 92, "then no others do");
	is_int(waiting_twice(&b), 0, "nor one twice");
	is_int(b.unasked, 8, "nor is one asked for twice");
	stop(&b);
}

static int
some_held(struct bench *b)
{
	return b->nheld >= POSTS_HOST_MAX && strcmp(rows(b, "SELECT count(*)"
	    " FROM delivery WHERE tries = 0"), "16") == 0;
}

/* Addresses in the place of names: one holder of IPv6 has many. */
static void
literal(const struct conf *conf)
{
	struct bench b;
	char domain[64];
	size_t i;

	fresh();
	start(&b, conf);
	b.mute = 1;
	for (i = 1; i <= 20; i++) {
		(void)snprintf(domain, sizeof(domain), "v6-%zu.nz", i);
		tally(&b, domain, 1);
	}
	ok(run(&b, some_held), "posts to one network of IPv6 wait");
	is_int(b.crowd, POSTS_HOST_MAX, "one has what a host may have");
	hang_up(&b);
	stop(&b);
}

/* Names of which each has one report to get, and all the same address. */
static void
flood(const struct conf *conf)
{
	struct conf few = *conf;
	struct bench b;
	char domain[64];
	size_t i;

	few.report_limit = 3;
	fresh();
	start(&b, &few);
	for (i = 0; i < 10; i++) {
		(void)snprintf(domain, sizeof(domain), "200-flood%zu.https.nz",
		    i);
		tally(&b, domain, 1);
	}
	tally(&b, "200-other.https.nz", 1);
	for (i = 0; i < 5; i++) {
		(void)snprintf(domain, sizeof(domain), "200-nat64-%zu.https.nz",
		    i);
		tally(&b, domain, 1);
	}
	while (strcmp(rows(&b, "SELECT count(*) FROM delivery WHERE state ="
	    " 'due' OR state = 'sending'"), "0") != 0 || b.posts == 0) {
		sql(&b, "UPDATE delivery SET next = 0 WHERE state = 'due'");
		deliver_soon(b.e.deliver, 0);
		if (!run(&b, calm) && b.posts > 20)
			break;
	}
	is_str(rows(&b, "SELECT state || ' ' || count(*) FROM delivery"
	    " WHERE target LIKE '%%flood%%' GROUP BY state"), "held 7|sent 3",
	    "one address gets no more by many names");
	is_str(state_of(&b, "200-other.https.nz"), "sent:sent",
	    "another has its own");
	is_str(rows(&b, "SELECT state || ' ' || count(*) FROM delivery"
	    " WHERE target LIKE '%%nat64%%' GROUP BY state"), "sent 5",
	    "as has each of IPv4 that is reached by NAT64");
	stop(&b);
}

/* What addresses of several hosts have to do with each other. */
static void
shared(const struct conf *conf)
{
	static const char *const hosts[] = { "200-twin1", "200-twin2",
	    "200-twin3", "200-twin4", "200-flood1", "200-flood2", "200-flood3",
	    "200-pair", "200-next1", "200-alone" };
	struct conf few = *conf;
	struct bench b;
	char domain[64];
	size_t i;

	few.report_limit = 3;
	fresh();
	start(&b, &few);
	for (i = 0; i < nitems(hosts); i++) {
		(void)snprintf(domain, sizeof(domain), "%s.https.nz",
		    hosts[i]);
		tally(&b, domain, 1);
	}
	ok(run(&b, calm), "ten of four kinds");
	is_str(rows(&b, "SELECT k || ' ' || state || ' ' || count(*) FROM"
	    " (SELECT state, replace(substr(target, 5, 4), 'pair', 'floo') k"
	    " FROM delivery) GROUP BY k, state"), "alon sent 1|floo held 1|"
	    "floo sent 3|next sent 1|twin held 1|twin sent 3",
	    "one network counts once for each, and one address is enough to be"
	    " held");
	stop(&b);

	/* At once, too. */
	fresh();
	start(&b, conf);
	b.mute = 1;
	for (i = 0; i < 20; i++) {
		(void)snprintf(domain, sizeof(domain), "200-twin%zu.https.nz",
		    i);
		tally(&b, domain, 1);
	}
	ok(run(&b, some_held), "posts to one network of two addresses wait");
	is_int(b.crowd, POSTS_HOST_MAX, "it has what a host may have");
	hang_up(&b);
	stop(&b);
}

/* A host, or an address, that many domains name gets so many a day. */
static void
limit(const struct conf *conf)
{
	struct conf few = *conf;
	struct bench b;
	char domain[64];
	size_t i;

	few.report_limit = 3;
	fresh();
	start(&b, &few);
	for (i = 0; i < 10; i++) {
		(void)snprintf(domain, sizeof(domain), "200.%zu.nz", i);
		tally(&b, domain, 1);
	}
	tally(&b, "mail.nz", 1);
	tally(&b, "two.nz", 1);
	while (strcmp(rows(&b, "SELECT count(*) FROM delivery WHERE state ="
	    " 'due' OR state = 'sending'"), "0") != 0 || b.posts == 0) {
		sql(&b, "UPDATE delivery SET next = 0 WHERE state = 'due'");
		deliver_soon(b.e.deliver, 0);
		if (!run(&b, calm) && b.posts > 20)
			break;
	}
	is_int(b.posts, 3, "three are posted");
	is_str(rows(&b, "SELECT state || ' ' || count(*) FROM delivery"
	    " WHERE target = 'r.nz' GROUP BY state"), "held 7|sent 3",
	    "the others are held");
	is_str(rows(&b, "SELECT DISTINCT text FROM delivery WHERE state ="
	    " 'held'"), "held back: 3 reports went there this UTC day already"
	    " (report limit)", "with the reason");
	is_str(rows(&b, "SELECT state || ' ' || count(*) FROM report"
	    " GROUP BY state"), "given-up 7|sent 5", "and so their reports");
	is_int((long long)b.nmails, 3, "other addresses get theirs");
	sql(&b, "UPDATE delivery SET last = last - 86400");
	b.e.deliver->posted_day--;
	tally(&b, "200.0.nz", 2);
	sql(&b, "DELETE FROM meta");
	b.e.deliver->looked = 0;
	deliver_soon(b.e.deliver, 0);
	ok(run(&b, calm), "another day");
	is_int(b.posts, 4, "it begins anew");
	/* What a clock has dated that was ahead is of no day before. */
	sql(&b, "UPDATE delivery SET last = last + 20 * 86400");
	tally(&b, "200.1.nz", 2);
	sql(&b, "DELETE FROM meta");
	b.e.deliver->looked = 0;
	deliver_soon(b.e.deliver, 0);
	ok(run(&b, calm), "after a clock that was ahead");
	is_int(b.posts, 5, "what went on days to come holds nothing back");
	is_str(rows(&b, "SELECT count(*) FROM delivery WHERE state = 'held'"),
	    "7", "and what was held stays so");
	stop(&b);
}

/* One host gets only so many connections at once, and all in the end. */
static void
crowd(const struct conf *conf)
{
	struct bench b;
	char domain[64];
	size_t i;

	fresh();
	start(&b, conf);
	b.mute = 1;
	for (i = 0; i < 20; i++) {
		(void)snprintf(domain, sizeof(domain), "200.%zu.nz", i);
		tally(&b, domain, 1);
	}
	ok(run(&b, some_held), "posts to one host wait for each other");
	is_int(b.crowd, POSTS_HOST_MAX, "so many at once");
	b.mute = 0;
	release(&b, WORLD_NET, json_pack("{s:s, s:i}", "status", "ok", "http",
	    200));
	sql(&b, "UPDATE delivery SET next = 0 WHERE state = 'due'");
	while (strcmp(rows(&b, "SELECT count(*) FROM delivery WHERE state ="
	    " 'sent'"), "20") != 0 && b.posts < 60) {
		sql(&b, "UPDATE delivery SET next = 0 WHERE state = 'due'");
		deliver_soon(b.e.deliver, 0);
		if (!run(&b, calm))
			break;
	}
	is_str(rows(&b, "SELECT count(*) FROM delivery WHERE state = 'sent'"
	    " AND tries = 1"), "20", "and each is sent in the end, once");
	stop(&b);
}

/* "report https verify": the net process has to insist. */
static void
verify(const struct conf *conf)
{
	struct conf strict = *conf;
	struct bench b;

	fresh();
	start(&b, conf);
	tally(&b, "200.https.nz", 1);
	run(&b, calm);
	is_int(b.verify, 0, "a certificate need not be right");
	stop(&b);
	fresh();
	strict.report_https_verify = 1;
	start(&b, &strict);
	tally(&b, "200.https.nz", 1);
	run(&b, calm);
	is_int(b.verify, 1, "but where that is wanted");
	stop(&b);
}

/* So many that they are not counted each time; most are put off at first. */
static void
limit_counted(const struct conf *conf)
{
	struct conf few = *conf;
	struct bench b;
	char domain[64];
	size_t i;

	few.report_limit = 40;
	fresh();
	start(&b, &few);
	for (i = 0; i < 60; i++) {
		(void)snprintf(domain, sizeof(domain), "200.%zu.nz", i);
		tally(&b, domain, 1);
	}
	while (strcmp(rows(&b, "SELECT count(*) FROM delivery WHERE state ="
	    " 'due' OR state = 'sending'"), "0") != 0 || b.posts == 0) {
		sql(&b, "UPDATE delivery SET next = 0 WHERE state = 'due'");
		deliver_soon(b.e.deliver, 0);
		if (!run(&b, calm) && b.posts > 100)
			break;
	}
	is_str(rows(&b, "SELECT state || ' ' || count(*) FROM delivery"
	    " GROUP BY state"), "held 20|sent 40", "none is held too early,"
	    " and none goes beyond the limit");
	stop(&b);
}

int
main(void)
{
	struct conf *conf = bench_begin("unit-deliver-post");

	answers(conf);
	crowd(conf);
	hanging(conf);
	silent(conf);
	mute(conf);
	mute_for_long(conf);
	literal(conf);
	limit(conf);
	limit_counted(conf);
	flood(conf);
	shared(conf);
	verify(conf);
	bench_end(conf);
	return done_testing();
}
