/* SPDX-License-Identifier: ISC */

/*
 * Sessions whose domain may still show: they wait, and hold up no day for good.
 */

#include "base/bounds.h"
#include "lib/date.h"
#include "ingest_bench.h"

static int64_t	 learning;

static int64_t
learns(const struct engine *e __unused)
{
	return learning;
}

#define UNKNOWN "SELECT coalesce(sum(sessions), 0) FROM unknown"

/* It ended so many seconds ago, and nobody knows whose it was. */
static void
nameless(const char *name, int64_t ago)
{
	char line[1024], when[32];
	int n;

	time_print(time(NULL) - ago, when, sizeof(when));
	n = snprintf(line, sizeof(line), "{\"v\":1,\"time\":\"%s\","
	    "\"host\":\"h\",\"dir\":\"out\",\"session\":\"n\",\"local\":"
	    "\"192.0.2.1\",\"remote\":\"198.51.100.9\",\"rdns\":null,"
	    "\"helo\":null,\"starttls\":\"absent\",\"tls\":null,\"cipher\":"
	    "null,\"failure\":\"starttls-not-supported\",\"tx\":[]}\n", when);
	append(name, line, (size_t)n);
}

/* Whose a session was may show a moment after its end. */
static void
check_waits(void)
{
	int64_t unknown, ended;

	ingest_now(&engine);
	unknown = number(UNKNOWN);
	engine.learning = learns;
	learning = INT64_MAX;
	nameless("w.jsonl", 10);
	ingest_now(&engine);
	is_int(number(UNKNOWN) - unknown, 1, "nothing is learned: nobody's");
	learning = time(NULL) - 20;
	nameless("w.jsonl", 200);
	ingest_now(&engine);
	is_int(number(UNKNOWN) - unknown, 2, "so it is after some minutes");
	engine.ingest->caught_up = 0;
	nameless("w.jsonl", 10);
	append("w.jsonl", GOOD "\n", sizeof(GOOD));
	append("x.jsonl", GOOD "\n", sizeof(GOOD));
	ended = number("SELECT sum(lines) FROM segment");
	ingest_now(&engine);
	is_int(number("SELECT sum(lines) FROM segment") - ended, 1,
	    "of what is being learned it may be: it waits, and what came after "
	    "it, but no other file");
	ok(engine.ingest->caught_up <= time(NULL) - TALLY_WAIT_SECONDS &&
	    engine.ingest->caught_up > 0, "nor is a day over for it");
	stop();
	start();
	engine.learning = learns;
	learning = time(NULL);
	nameless("y.jsonl", 10);
	ingest_now(&engine);
	is_int(number(UNKNOWN) - unknown, 4,
	    "what was begun later is of others; and a restart loses none");
	is_int(number("SELECT sum(lines) FROM segment") - ended, 4,
	    "all is counted");
	ok(engine.ingest->caught_up >= time(NULL) - 60, "to the end");
	learning = INT64_MAX;
	nameless("w.jsonl", 0);
	ingest_now(&engine);
	is_int(number(UNKNOWN) - unknown, 4, "what begins it may be to come");
	nameless("z.jsonl", -2);
	ingest_now(&engine);
	is_int(number(UNKNOWN) - unknown, 4, "also of one that just ended");
	nameless("v.jsonl", -3600);
	ingest_now(&engine);
	is_int(number(UNKNOWN) - unknown, 5, "but not while a clock is behind");
	engine.ingest->caught_up = time(NULL) + 2 * 86400;
	ingest_now(&engine);
	ok(engine.ingest->caught_up <= time(NULL),
	    "no day is over because the clock was ahead");
}

int
main(void)
{
	bench_up("unit-ingest-waits");
	if (mkdir(sessions, 0755) == -1)
		fatal("%s", sessions);
	/* There is a segment, and so a sum of their lines. */
	append("a.jsonl", GOOD "\n", sizeof(GOOD));
	check_waits();
	return bench_down();
}
