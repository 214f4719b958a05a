/* SPDX-License-Identifier: ISC */

/* How many go at once, and when what failed is tried again. */

#include <string.h>
#include <time.h>

#include "deliver_bench.h"
#include "tap.h"

/* Rounds in which more could have begun. */
static int
three_rounds(struct bench *b)
{
	static int timed;

	if (b->rounds >= 3) {
		timed = 0;
		return 1;
	}
	if (timed != b->rounds + 1) {
		timed = b->rounds + 1;
		deliver_soon(b->e.deliver, 0);
	}
	return 0;
}

static void
some_more(struct bench *b)
{
	b->rounds = 0;
	ok(run(b, three_rounds), "some rounds later");
}

static int
lookups_out(struct bench *b)
{
	return b->unasked >= LOOKUPS_MAX;
}

static int
addresses_out(struct bench *b)
{
	return b->unasked >= ADDRESSES_MAX;
}

static int
posts_out(struct bench *b)
{
	return b->nheld >= POSTS_MAX;
}

static int
mails_out(struct bench *b)
{
	return b->nmails > MAILS_MAX;
}

static int
all_sent(struct bench *b)
{
	return strcmp(rows(b, "SELECT count(*) FROM delivery WHERE state <>"
	    " 'sent'"), "0") == 0;
}

/* Each in a zone of its own, of which none answers. */
static void
lookups(const struct conf *conf)
{
	struct bench b;
	struct deliver *d;
	struct job *job;

	fresh();
	start(&b, conf);
	d = b.e.deliver;
	count_rounds(&b);
	sql(&b, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM"
	    " n WHERE i < 300) INSERT INTO tally SELECT unixepoch() / 86400 -"
	    " 1, '1mute' || i || '.nz', 0, 1, 0 FROM n");
	ok(run(&b, lookups_out), "look-ups without an answer");
	some_more(&b);
	is_int(b.unasked, LOOKUPS_MAX, "no more than may be");
	is_str(rows(&b, "SELECT count(*) FROM report WHERE state = 'due' AND"
	    " due <= unixepoch()"), "44", "the others are due as they were");
	/* An answer that there was no time to note, whose lease is over. */
	job = TAILQ_FIRST(&d->asked);
	TAILQ_REMOVE(&d->asked, job, entry);
	TAILQ_INSERT_TAIL(&d->answered, job, entry);
	is_int(lookup_is_known(d, job->report, job->domain), 1,
	    "what was answered is not asked once more before it is noted");
	TAILQ_REMOVE(&d->answered, job, entry);
	TAILQ_INSERT_TAIL(&d->asked, job, entry);
	stop(&b);
}

static int
zone_out(struct bench *b)
{
	struct job *first = TAILQ_FIRST(&b->e.deliver->waiting);

	/* However long this takes, it has not waited for long. */
	if (first != NULL)
		first->waits = INT64_MAX / 2;
	return b->unasked >= 8;
}

/* Many of one zone: put off only where those that wait do not go on. */
static void
one_zone(const struct conf *conf)
{
	static const char due[] = "SELECT count(*) FROM report WHERE"
	    " due <= unixepoch()", off[] = "SELECT count(*) FROM report WHERE"
	    " due BETWEEN unixepoch() + 1 AND unixepoch() + 99";
	struct bench b;

	fresh();
	start(&b, conf);
	count_rounds(&b);
	sql(&b, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM"
	    " n WHERE i < 900) INSERT INTO tally SELECT unixepoch() / 86400 -"
	    " 1, '1mute' || i || '.gone.co.nz', 0, 1, 0 FROM n");
	ok(run(&b, zone_out), "look-ups of one zone");
	some_more(&b);
	is_int((long long)b.e.deliver->nwaiting, WAITING_MAX, "so many wait");
	is_str(rows(&b, due), "380", "the others are due as they were");
	is_str(rows(&b, off), "0", "none is put off");
	TAILQ_FIRST(&b.e.deliver->waiting)->waits = 0;
	some_more(&b);
	is_str(rows(&b, due), "0", "once one has waited for long, none is");
	is_str(rows(&b, off), "380", "but later");
	stop(&b);
}

/* A report that was sent, and more deliveries of it: uri is made of n. */
static void
add_deliveries(struct bench *b, int n, const char *uri, const char *target,
    enum store_delivery_kind kind)
{
	tally(b, "mail.nz", 1);
	ok(run(b, one_sent), "a report");
	sql(b, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM"
	    " n WHERE i < %d) INSERT INTO delivery (report, uri, state, tries,"
	    " next, first, kind, target) SELECT 1, printf('%s', i, i), 'due',"
	    " 0, 0, unixepoch(), %d, printf('%s', i, i) FROM n", n, uri,
	    (int)kind, target);
	sql(b, "UPDATE report SET state = 'sending'");
	deliver_soon(b->e.deliver, 0);
}

static void
addresses(const struct conf *conf)
{
	struct bench b;

	fresh();
	start(&b, conf);
	count_rounds(&b);
	add_deliveries(&b, 100, "https://1dead%d.z%d.nz/x", "1dead%d.z%d.nz",
	    DELIVERY_HTTPS);
	ok(run(&b, addresses_out), "addresses without an answer");
	some_more(&b);
	is_int(b.unasked, ADDRESSES_MAX, "no more than may be");
	is_str(rows(&b, "SELECT count(*) FROM delivery WHERE state ="
	    " 'sending'"), "64", "nor are others claimed");
	stop(&b);
}

static void
posts(const struct conf *conf)
{
	struct bench b;

	fresh();
	start(&b, conf);
	count_rounds(&b);
	b.mute = 1;
	add_deliveries(&b, 100, "https://200-%d.z%d.nz/x", "200-%d.z%d.nz",
	    DELIVERY_HTTPS);
	ok(run(&b, posts_out), "posts without an answer");
	some_more(&b);
	is_int(b.posts, POSTS_MAX, "no more than may be");
	b.mute = 0;
	release(&b, WORLD_NET, json_pack("{s:s, s:i}", "status", "ok", "http",
	    200));
	do {
		sql(&b, "UPDATE delivery SET next = 0 WHERE state = 'due'");
		deliver_soon(b.e.deliver, 0);
	} while (run(&b, calm) && !all_sent(&b) && b.posts <= 100);
	is_str(rows(&b, "SELECT state || ' ' || count(*) FROM delivery WHERE"
	    " kind = 1 AND tries = 1 GROUP BY state"), "sent 100",
	    "each goes in the end");
	is_int(b.posts, 100, "once");
	stop(&b);
}

/* The address of a mail in that state, which the database has forgotten. */
static const char *
address_of(struct bench *b, const char *state)
{
	static char address[64];

	sql(b, "UPDATE delivery SET last = 0");
	(void)strlcpy(address, rows(b, "SELECT upper(target) FROM delivery"
	    " WHERE state = '%s' ORDER BY id DESC LIMIT 1", state),
	    sizeof(address));
	return address;
}

static void
mails(const struct conf *conf)
{
	struct bench b;

	fresh();
	start(&b, conf);
	count_rounds(&b);
	add_deliveries(&b, MAILS_MAX + 12, "mailto:a%d@m%d.nz", "a%d@m%d.nz",
	    DELIVERY_MAIL);
	b.hold = 1;
	ok(run(&b, mails_out), "sendmails that run");
	some_more(&b);
	is_int((long long)b.nmails - 1, MAILS_MAX, "no more than may be");
	is_int(deliver_announces(&b.e, address_of(&b, "sending")), 1,
	    "one at sendmail is expected");
	is_int(deliver_announces(&b.e, address_of(&b, "due")), 0,
	    "one that is not there yet is not");
	b.hold = 0;
	release(&b, WORLD_MAILER, json_pack("{s:s}", "status", "ok"));
	ok(run(&b, all_sent), "each goes in the end");
	is_int((long long)b.nmails - 1, MAILS_MAX + 12, "once");
	stop(&b);
}

/* Half of a step to one and a half, the steps doubled, the end kept. */
static void
backoff(const struct conf *conf)
{
	static const struct {
		int64_t	retry;
		int64_t	tries;
		int64_t	since;		/* the first try */
		int64_t	least;		/* 0: given up */
		int64_t	most;
	} cases[] = {
		{ 86400, 1, 0, 150, 450 },
		{ 86400, 2, 300, 300, 900 },
		{ 86400, 3, 900, 600, 1800 },
		{ 86400, 7, 10000, 9600, 28800 },
		{ 86400, 8, 10000, 19200, 57600 },
		{ 86400, 9, 10000, 19200, 57600 },
		{ 86400, 100, 10000, 19200, 57600 },
		{ 86400, 9, 86399, 1, 1 },
		{ 86400, 9, 86400, 0, 0 },
		{ 86400, 1, 86401, 0, 0 },
		/* The shortest steps are a second's. */
		{ 100, 1, 0, 1, 1 },
		{ 100, 3, 5, 2, 6 },
		{ 288, 2, 0, 1, 3 },
	};
	struct conf c = *conf;
	int64_t at, first = 1000000, low, high, middle;
	size_t i;
	int n;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		c.report_retry = cases[i].retry;
		low = INT64_MAX;
		high = 0;
		for (n = 0; n < 2000; n++) {
			at = deliver_backoff(&c, first, cases[i].tries,
			    first + cases[i].since);
			if (at != 0)
				at -= first + cases[i].since;
			low = at < low ? at : low;
			high = at > high ? at : high;
		}
		middle = (cases[i].most + cases[i].least) / 2;
		ok(low >= cases[i].least && high <= cases[i].most &&
		    low <= middle && high >= middle,
		    "try %lld after %lld s: %lld to %lld s",
		    (long long)cases[i].tries, (long long)cases[i].since,
		    (long long)low, (long long)high);
	}
}

int
main(void)
{
	struct conf *conf = bench_begin("unit-deliver-many");

	backoff(conf);
	lookups(conf);
	one_zone(conf);
	addresses(conf);
	posts(conf);
	mails(conf);
	bench_end(conf);
	return done_testing();
}
