/* SPDX-License-Identifier: ISC */

/* A fleet's part of the engine, with the test in its database's place. */

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/monotonic.h"
#include "copy/copy.h"
#include "copy/copy_job.h"
#include "deliver_bench.h"
#include "lib/date.h"
#include "tap.h"

static int64_t since;
static int beats, sums, builds;

static void
share(struct bench *b, const json_t *q)
{
	const char *op = ipc_string(q, "op", "");
	json_t *rows;

	if (strcmp(op, "beat") == 0) {
		since = ipc_int(q, "since", -1);
		beats++;
		/* No more of that for ten seconds. */
		reply(b, WORLD_SHARE, q, json_pack("{s:s, s:s}", "status",
		    "away", "text", "none"));
		return;
	}
	if (strcmp(op, "sums") != 0)
		fatalx("test: asked %s", op);
	sums++;
	rows = ipc_bool(q, "details", 0) ? json_array() :
	    json_pack("[[i, s, s, s, s, s, i, i]]", 0, "", "", "", "", "", 7,
	    0);
	reply(b, WORLD_SHARE, q, json_pack("{s:s, s:o, s:i}", "status", "ok",
	    "rows", rows, "next", -1));
}

static int
beaten(struct bench *b)
{
	return beats > 0 && b->e.copy->question == 0;
}

static void
begin(struct bench *b, const struct conf *conf)
{
	fresh();
	start(b, conf);
	beats = sums = builds = 0;
}

static void
end(struct bench *b)
{
	copy_stop(&b->e);
	stop(b);
}

/* The first day that this host has for the fleet, where that was noted. */
static int64_t
first_day(const struct conf *conf, int64_t noted)
{
	struct bench b;

	begin(&b, conf);
	if (store_meta_set(b.e.store, "fleet_from", noted) == -1)
		fatalx("test: no database");
	copy_start(&b.e);
	ok(run(&b, beaten), "a host says that it runs");
	end(&b);
	return since;
}

static void
first_days(const struct conf *conf)
{
	int64_t today = day_of(time(NULL)), day;

	is_int(first_day(conf, today - 3), today - 3,
	    "with the day that it joined the fleet");
	day = first_day(conf, today + 200);
	/* The test may run over midnight. */
	ok(day == today || day == today + 1,
	    "its clock was ahead as it joined: that day is today");
}

static int
idle(struct bench *b)
{
	return b->e.deliver->timer != NULL &&
	    b->e.deliver->timer_at > loop_now() + 1000;
}

static void
built(struct copy *c)
{
	const struct deliver *d = c->engine->deliver;

	builds++;
	ok(d->timer != NULL && d->timer_at <= loop_now(),
	    "who delivers looks at once");
}

static int
is_built(struct bench *b)
{
	(void)b;
	return builds > 0;
}

/* What was claimed and built goes at once, not with the next look. */
static void
goes(const struct conf *conf)
{
	struct bench b;

	begin(&b, conf);
	copy_start(&b.e);
	ok(run(&b, beaten) && run(&b, idle), "nothing is to be delivered");
	b.e.copy->claims = json_pack("[[I, s, i, s]]",
	    (json_int_t)day_of(time(NULL)) - 1, "mail.nz", 0, "1.mail.nz.2");
	claim_build(b.e.copy, built);
	ok(run(&b, is_built), "a report is claimed, and built");
	is_int(sums, 2, "of what all hosts tallied");
	b.e.claimed_until = boottime_ms() + 40000;
	ok(run(&b, one_sent), "and goes");
	ok(has(b.mails[0], "1.mail.nz.2"), "under the fleet's id");
	end(&b);
}

int
main(void)
{
	struct conf *conf = bench_begin("unit-copy");

	free(conf->database);
	free(conf->fleet);
	if ((conf->database = strdup("db")) == NULL ||
	    (conf->fleet = strdup("host=db dbname=sge")) == NULL)
		fatal("test");
	bench_share = share;
	first_days(conf);
	goes(conf);
	bench_end(conf);
	return done_testing();
}
