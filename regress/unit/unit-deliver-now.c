/* SPDX-License-Identifier: ISC */

/* sgectl send: what goes at once, and what is said where nothing does. */

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "deliver_bench.h"
#include "lib/date.h"
#include "tap.h"

/* No day is closed by itself. */
static void
begin(struct bench *b, const struct conf *conf)
{
	fresh();
	start(b, conf);
	b->ingest.caught_up = 0;
	b->ingest.dirfd = -1;
	b->ingest.path = strdup("/nonexistent");
	TAILQ_INIT(&b->ingest.segments);
	b->ingest.engine = &b->e;
}

static void
end(struct bench *b)
{
	free(b->ingest.path);
	stop(b);
}

/* Asks for a day's reports, or one of them; what is said has that in it. */
static void
asked(struct bench *b, int ago, const char *domain, int want, const char *says)
{
	char text[256], date[11];
	int64_t day = day_of(time(NULL)) - ago;

	is_int(deliver_now(&b->e, day, domain, text, sizeof(text)), want,
	    "%d days ago, %s", ago, domain == NULL ? "all" : domain);
	/* "DATE": that of the day. */
	day_print(day, date, sizeof(date));
	if (strncmp(says, "DATE", 4) == 0) {
		ok(has(text, date), "with its date");
		says += 4;
	}
	ok(has(text, says), "%s: %s", says, text);
}

/* What depends on the day, and on what is known of it. */
static void
days(const struct conf *conf)
{
	static const struct {
		int		 ago;
		const char	*domain;
		int		 want;
		const char	*says;
	} cases[] = {
		{ -1, "mail.nz", -1, "DATE (UTC) is not over yet" },
		{ 0, "mail.nz", -1, "DATE (UTC) is not over yet" },
		{ 0, NULL, -1, "DATE (UTC) is not over yet" },
		{ 1, "nobody.nz", -1, "DATEno session with nobody.nz on 20" },
		{ 1, "mail.nz", 0, "DATEmail.nz: the report of 20" },
		{ 2, "two.nz", 0, "DATEtwo.nz: the report of 20" },
		{ 2, "mail.nz", -1, "DATEno session with mail.nz on 20" },
		{ 2, NULL, 0, "DATE are on their way" },
		{ 3, "both.nz", -1, "DATE is longer ago than reports" },
		{ 3, NULL, -1, "DATE is longer ago than reports" },
		{ 4, NULL, -1, "DATE is longer ago than reports" },
	};
	struct conf brief = *conf;
	struct bench b;
	size_t i;

	brief.keep_reports = 3;
	begin(&b, &brief);
	tally(&b, "mail.nz", 0);
	tally(&b, "mail.nz", 1);
	tally(&b, "two.nz", 2);
	tally(&b, "both.nz", 3);
	for (i = 0; i < nitems(cases); i++)
		asked(&b, cases[i].ago, cases[i].domain, cases[i].want,
		    cases[i].says);
	is_str(rows(&b, "SELECT domain FROM report ORDER BY domain"),
	    "mail.nz|two.nz", "no other report is begun");
	end(&b);

	brief.fleet = strdup("host=x");
	begin(&b, &brief);
	tally(&b, "mail.nz", 1);
	asked(&b, 1, "mail.nz", -1, "this host is in a fleet");
	is_str(rows(&b, "SELECT count(*) FROM report"), "0",
	    "which says when it is");
	end(&b);
	free(brief.fleet);
}

static int
left(struct bench *b)
{
	return strcmp(rows(b, "SELECT count(*) FROM report WHERE state ="
	    " 'due'"), "0") == 0 && b->e.deliver->count[JOB_MAIL] == 0 &&
	    !b->e.deliver->pass.active;
}

/* Of one domain, of all, and again. */
static void
again(const struct conf *conf)
{
	struct conf slow = *conf;
	struct bench b;

	slow.report_spread = 14400;
	begin(&b, &slow);
	tally(&b, "mail.nz", 1);
	tally(&b, "two.nz", 1);
	tally(&b, "except.nz", 1);
	asked(&b, 2, NULL, -1, "DATEno sessions on 20");
	asked(&b, 1, "except.nz", 0, "is on its way");
	ok(run(&b, left), "its turn has come");
	asked(&b, 1, "except.nz", -1, "except.nz: excepted from reports");
	asked(&b, 1, "mail.nz", 0, "is on its way");
	ok(run(&b, left), "it goes, though others would take hours");
	asked(&b, 1, "mail.nz", -1, "DATE was taken already, it is not");
	is_str(rows(&b, "SELECT domain FROM report WHERE state = 'sent'"),
	    "mail.nz", "no other");
	asked(&b, 1, NULL, 0, "DATE are on their way, but for those that");
	asked(&b, 1, NULL, -1, "another day is just being opened");
	ok(run(&b, left), "all others go");
	is_str(rows(&b, "SELECT domain || ' ' || state FROM report ORDER BY"
	    " domain"), "except.nz excepted|mail.nz sent|two.nz sent",
	    "at once");
	is_int((long long)b.nmails, 3, "and none twice");
	is_str(rows(&b, "SELECT count(*) FROM meta WHERE key ="
	    " 'report_opened'"), "0", "which is not the day's own turn");
	end(&b);
}

/* A database that can't be asked is no day without sessions. */
static void
trouble(const struct conf *conf)
{
	static const char *const tables[] = { "tally", "report" };
	struct bench b;
	size_t i;

	for (i = 0; i < nitems(tables); i++) {
		begin(&b, conf);
		tally(&b, "mail.nz", 1);
		sql(&b, "ALTER TABLE %s RENAME TO away", tables[i]);
		asked(&b, 1, "mail.nz", -1, "the database can't be written");
		if (i == 0)
			asked(&b, 1, NULL, -1, "the database can't be read");
		sql(&b, "ALTER TABLE away RENAME TO %s", tables[i]);
		asked(&b, 1, "mail.nz", 0, "is on its way");
		end(&b);
	}
}

static int
idle(struct bench *b)
{
	return b->e.deliver->timer != NULL &&
	    b->e.deliver->timer_at - loop_now() > COLLECT_MS * 2;
}

/* What the fleet gave this host does not wait for a round that is far off. */
static void
added(const struct conf *conf)
{
	struct bench b;

	fresh();
	start(&b, conf);
	ok(run(&b, idle), "nothing to do");
	b.e.stopping = 1;
	deliver_due(&b.e);
	ok(idle(&b), "at a stop nothing is begun");
	b.e.stopping = 0;
	deliver_due(&b.e);
	ok(b.e.deliver->timer_at - loop_now() <= COLLECT_MS,
	    "reports that were added are begun in a moment");
	stop(&b);
	deliver_due(&b.e);
	ok(b.e.deliver == NULL, "nor after it");
}

int
main(void)
{
	struct conf *conf = bench_begin("unit-deliver-now");

	days(conf);
	again(conf);
	trouble(conf);
	added(conf);
	bench_end(conf);
	return done_testing();
}
