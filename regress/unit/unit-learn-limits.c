/* SPDX-License-Identifier: ISC */

/* Too many domains to learn, who asked and is gone, and what is forgotten. */

#include <stdio.h>
#include <string.h>

#include "base/bounds.h"
#include "learn_bench.h"
#include "tap.h"

static void
over(void *arg)
{
	loop_stop(((struct bench *)arg)->e.loop);
}

/* What is ready to be told, and nothing that takes longer. */
static void
a_moment(struct bench *b)
{
	loop_timer_add(b->e.loop, 50, over, b);
	loop_run(b->e.loop);
}

static int64_t last_tick;

static void
until_tick(void *arg)
{
	struct bench *b = arg;

	if (b->e.learn->ticks >= last_tick)
		loop_stop(b->e.loop);
	else
		loop_timer_add(b->e.loop, 2, until_tick, b);
}

/* Its next tick is that one. */
static void
tick_of(struct bench *b, int64_t n)
{
	b->e.learn->ticks = n - 1;
	last_tick = n;
	until_tick(b);
	loop_run(b->e.loop);
}

/* As many as may wait do: one more hears at once that it is not known. */
static void
test_many(struct bench *b)
{
	struct learn *l = b->e.learn;

	b->answers[0] = '\0';
	b->nanswers = 0;
	l->nlessons += LEARN_WAITING_MAX;
	learn_ask(&b->e, "none.nz", learned, b);
	a_moment(b);
	l->nlessons -= LEARN_WAITING_MAX;
	is_str(b->answers, "none.nz=failed ", "one too many");
	is_str(line_of("none.nz"), "no line", "is not looked up");
	is_int(b->lookups, 0, "at all");
	l->nlessons += LEARN_WAITING_MAX - 1;
	learn_ask(&b->e, "none.nz", learned, b);
	is_int((long long)l->nlessons, LEARN_WAITING_MAX, "one less: it is");
	learn_ask(&b->e, "none.nz", learned, b);
	l->nlessons -= LEARN_WAITING_MAX - 1;
	b->answers[0] = '\0';
	b->nanswers = 0;
	b->wanted = 2;
	(void)settle(b, DEADLINE_MS);
	is_str(b->answers, "none.nz=none none.nz=none ",
	    "and who asks about it as well waits with it");
}

static int begun;

static void
begin_none(struct lesson *lesson __unused)
{
	begun++;
}

/* Many names below one, none of which is found out: others go on. */
static void
test_zone(struct bench *b)
{
	struct learn *l = b->e.learn;
	void (*begin)(struct lesson *) = l->begin;
	struct lesson *lesson, *next;
	char name[64];
	int i, n = 0, active = 0;

	l->begin = begin_none;
	for (i = 0; i < LEARN_WAITING_MAX; i++) {
		(void)snprintf(name, sizeof(name), "a%d.b%d.flood.nz", i,
		    i % 7);
		n += lesson_new(l, name) != NULL;
	}
	is_int(n, LEARN_ZONE_MAX + LEARN_CROWD_WAITING_MAX,
	    "names below one have half of the room to wait");
	is_int(begun, LEARN_ZONE_MAX + LEARN_CROWD_ACTIVE_MAX,
	    "and no more than so many of the questions at once");
	ok((lesson = lesson_new(l, "other.nz")) != NULL && lesson->active,
	    "another domain is begun at once");
	for (i = 0; i < LEARN_ACTIVE_MAX; i++) {
		(void)snprintf(name, sizeof(name), "others%d.nz", i);
		(void)lesson_new(l, name);
	}
	(void)snprintf(name, sizeof(name), "last.nz");
	lesson = lesson_new(l, name);
	ok(lesson != NULL && !lesson->active,
	    "until there are as many others");
	/* As they end, one after the other. */
	RB_FOREACH_SAFE(next, lessons, &l->lessons, lesson) {
		if (!next->active || !next->crowded)
			continue;
		lesson_free(next);
		lesson_begin_queued(l);
		active++;
		if (lesson_find(l, "last.nz")->active)
			break;
	}
	ok(active < 200, "then it is soon begun: %d ended", active);
	begun = 0;
	while ((lesson = RB_MIN(lessons, &l->lessons)) != NULL)
		lesson_free(lesson);
	is_int((long long)(l->ncrowd + l->crowd_active + l->active), 0,
	    "nothing is left of it");
	ok((lesson = lesson_new(l, "a.flood.nz")) != NULL &&
	    !lesson->crowded, "nor held against who comes then");
	lesson_free(lesson);
	l->begin = begin;
}

/* Who is gone hears nothing; the others do. */
static void
test_forget(struct bench *b)
{
	struct bench other = { 0 };

	b->answers[0] = '\0';
	b->nanswers = 0;
	b->wanted = 1;
	learn_ask(&b->e, "none.nz", learned, &other);
	learn_ask(&b->e, "none.nz", learned, b);
	learn_ask(&b->e, "none.nz", learned, &other);
	learn_forget(&b->e, &other);
	(void)settle(b, DEADLINE_MS);
	is_str(b->answers, "none.nz=none ", "who is there is told what is "
	    "known");
	is_int(other.nanswers, 0, "who is gone is not");

	b->answers[0] = '\0';
	b->nanswers = 0;
	learn_ask(&b->e, "testing.nz", learned, &other);
	learn_ask(&b->e, "testing.nz", learned, b);
	learn_ask(&b->e, "testing.nz", learned, &other);
	learn_ask(&b->e, "off.nz", learned, &other);
	learn_forget(&b->e, &other);
	(void)settle(b, DEADLINE_MS);
	is_str(b->answers, "testing.nz=none ", "the same of what is learned");
	is_int(other.nanswers, 0, "nor is who left before it was");
	ok(strncmp(line_of("off.nz"), "none ", 5) == 0,
	    "which is learned all the same");
}

/* Each ten minutes what is long over is let go of. */
static void
test_trim(struct bench *b)
{
	static const char left[] = "SELECT group_concat(domain, ' ') FROM"
	    " (SELECT domain FROM broken UNION SELECT host FROM probe ORDER BY"
	    " 1)";
	const int64_t keep = 30 * 86400;

	sql(b, "DELETE FROM probe; DELETE FROM broken");
	sql(b, "INSERT INTO probe (host, addr, probed, status) VALUES"
	    " ('old', '192.0.2.1', unixepoch() - %lld, 'ok'),"
	    " ('new', '192.0.2.1', unixepoch() - %lld, 'ok')",
	    (long long)keep + 60, (long long)keep - 600);
	is_str(rows(b, "%s", left), "new old", "two looks of a month ago");
	tick_of(b, 599);
	is_str(rows(b, "%s", left), "new old", "are kept");
	tick_of(b, 600);
	b->wanted = 0;
	(void)settle(b, DEADLINE_MS);
	is_str(rows(b, "%s", left), "new", "for ten minutes, then only the "
	    "newer one is");
	sql(b, "UPDATE probe SET probed = 1");
	tick_of(b, 1199);
	is_str(rows(b, "%s", left), "new", "what is old by then");
	tick_of(b, 1200);
	is_str(rows(b, "%s", left), "", "ten minutes later");
}

/* An end while some ask and some have their answer: nothing is left. */
static void
test_end(struct bench *b)
{
	int n;

	b->nanswers = 0;
	learn_ask(&b->e, "none.nz", learned, b);
	learn_ask(&b->e, "enforce.nz", learned, b);
	learn_ask(&b->e, "enforce.nz", learned, b);
	learn_ask(&b->e, "hang.nz", learned, b);
	n = b->nanswers;
	stop(b);
	is_int(n, 0, "all four are asked for");
	is_int(b->nanswers, 0, "and nobody is told at the end");
}

int
main(void)
{
	struct conf *conf = bench_begin("unit-learn-limits");
	struct bench b;

	start(&b, conf);
	test_many(&b);
	test_zone(&b);
	test_forget(&b);
	test_trim(&b);
	test_end(&b);
	bench_end(conf);
	return done_testing();
}
