/* SPDX-License-Identifier: ISC */

/* SPOOL/turns, and which of the hosts in it smtpd may be told. */

#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "rule/turn.h"
#include "tap.h"

static char dir[] = "/tmp/sge-turn.XXXXXXXXXX";
static char path[64];

static void
put(const char *text)
{
	char new[80];
	size_t len = strlen(text);
	int fd;

	(void)snprintf(new, sizeof(new), "%s.new", path);
	fd = open(new, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd == -1 || write(fd, text, len) != (ssize_t)len ||
	    close(fd) == -1 || rename(new, path) == -1)
		ok(0, "write %s", path);
}

static void
reading(struct turns *t)
{
	int64_t now = time(NULL);
	const struct turn *v;
	char other[80];
	size_t n;

	(void)turns_now(t, now, &n);
	is_int((long)n, 0, "no file: nobody takes turns");
	put("mx.a.nz|192.0.2.1|1000|900|800\n"
	    "mx.b.nz|2001:db8::1|0|0|0\n");
	v = turns_now(t, now, &n);
	is_int((long)n, 2, "two lines");
	is_str(v[0].host, "mx.a.nz", "a host");
	is_str(v[0].addr, "192.0.2.1", "its address");
	is_int(v[0].tried, 1000, "when smtpd was told it");
	is_int(v[0].over, 900, "and by when that was over");
	is_int(v[0].used, 800, "and when the address was used");
	is_str(v[1].addr, "2001:db8::1", "another address");
	put("mx.a.nz|192.0.2.1|1|1\n|192.0.2.1|1|1|1\n"
	    "mx.a.nz|192.0.2.1|-1|1|1\nmx.a.nz|192.0.2.1|x|1|1\n\n"
	    "mx.a.nz\nMX.C.NZ|192.0.2.9|7|8|9|10\n"
	    "mx.d.nz|192.0.2.1|9|9|9\n");
	v = turns_now(t, now, &n);
	is_int((long)n, 1, "what is no line is passed over");
	is_str(v[0].host, "mx.d.nz", "and the next one read");
	/* The same length, within the same second. */
	put("mx.e.nz|192.0.2.1|9|0|0\n");
	put("mx.f.nz|192.0.2.1|9|0|0\n");
	v = turns_now(t, now, &n);
	is_str(n == 1 ? v[0].host : "", "mx.f.nz", "a new file is read");
	(void)turns_now(t, now + 2 * TURNS_OLD, &n);
	is_int((long)n, 0, "an old one holds nobody");
	(void)turns_now(t, now, &n);
	is_int((long)n, 1, "by its time alone");
	(void)chmod(path, 0666);
	put("mx.g.nz|192.0.2.1|9|0|0\n");
	(void)chmod(path, 0666);
	(void)turns_now(t, now, &n);
	is_int((long)n, 0, "nor one that others can write");
	put("mx.h.nz|192.0.2.1|9|0|0\n");
	(void)snprintf(other, sizeof(other), "%s.other", path);
	if (rename(path, other) == -1 || symlink(other, path) == -1)
		fatal("%s", other);
	(void)turns_now(t, now, &n);
	is_int((long)n, 0, "nor one that is elsewhere");
	(void)unlink(other);
	(void)unlink(path);
	(void)turns_now(t, now, &n);
	is_int((long)n, 0, "and it may go");
}

static void
line(void)
{
	struct turn t = { "mx.a.nz", "192.0.2.1", 12, 11, 10 };
	char out[TURN_LINE_MAX];

	is_int(turn_line(out, sizeof(out), &t), 27, "a line's length");
	is_str(out, "mx.a.nz|192.0.2.1|12|11|10\n", "a line");
	is_int(turn_line(out, 27, &t), -1, "one that does not fit");
}

static struct turn list[] = {
	{ "a", "192.0.2.1", 0, 0, 0 },
	{ "b", "192.0.2.1", 0, 0, 0 },
	{ "c", "192.0.2.1", 0, 0, 0 },
	{ "c", "192.0.2.2", 0, 0, 0 },
	{ "d", "192.0.2.2", 0, 0, 0 },
};

#define TAKE(b, host, now) turn_take((b), list, nitems(list), (host), (now))

static void
one_at_a_time(void)
{
	struct turn_book *b = turn_book_new();
	int64_t t = 100000;

	ok(TAKE(b, "other", t) && TAKE(b, "other", t), "one that is not listed");
	ok(TAKE(b, "a", t), "the first goes");
	ok(TAKE(b, "a", t), "for its other domains, too");
	ok(!TAKE(b, "b", t), "another one at its address waits");
	ok(!TAKE(b, "c", t), "and a third");
	ok(TAKE(b, "d", t), "one at another address does not");
	ok(!TAKE(b, "b", t + TURN_QUIET - 1), "until smtpd has done with it");
	ok(TAKE(b, "b", t + TURN_QUIET), "then it goes");
	ok(!TAKE(b, "c", t + TURN_QUIET), "the third is next");
	turn_book_free(b);
}

static void
in_order(void)
{
	struct turn_book *b = turn_book_new();
	int64_t t = 100000, next = t + 400;

	/* smtpd asks for all of them again, in the same order. */
	ok(TAKE(b, "a", t) && !TAKE(b, "b", t) && !TAKE(b, "c", t), "a");
	ok(!TAKE(b, "a", next) && TAKE(b, "b", next) && !TAKE(b, "c", next),
	    "then b, though a asks first");
	next += 400;
	ok(!TAKE(b, "a", next) && !TAKE(b, "b", next) && TAKE(b, "c", next),
	    "then c");
	next += 400;
	ok(TAKE(b, "a", next) && !TAKE(b, "b", next), "and a again");
	/* b and c are not heard of any more. */
	next += TURN_ASKS;
	ok(TAKE(b, "a", next), "nobody waits for those who do not ask");
	turn_book_free(b);
}

static void
still_tried(void)
{
	struct turn_book *b = turn_book_new();
	int64_t t = 100000, now;

	/* smtpd goes on with it as long as the address is used. */
	ok(TAKE(b, "a", t) && !TAKE(b, "b", t), "a, not b");
	for (now = t; now < t + TURN_WAIT_MAX; now += 10) {
		list[0].used = list[1].used = now - 5;
		if (TAKE(b, "b", now))
			break;
	}
	ok(now >= t + TURN_WAIT_MAX, "b waits as long as a may be tried");
	list[0].used = list[1].used = now - 5;
	ok(TAKE(b, "b", now), "but not for ever");
	list[0].used = list[1].used = 0;
	turn_book_free(b);
}

static void
known_over(void)
{
	static const struct turn part[] = {
		{ "d", "192.0.2.2", 0, 0, 0 },
		{ "c", "192.0.2.1", 0, 0, 0 },
		{ "c", "192.0.2.2", 0, 0, 0 },
	};
	struct turn_book *b = turn_book_new();
	int64_t t = 100000;

	ok(TAKE(b, "a", t) && !TAKE(b, "b", t + 1), "a, not b");
	list[0].over = t + 14;
	list[0].used = t;
	ok(TAKE(b, "b", t + 15), "a's session showed that it is over");
	list[0].over = list[0].used = 0;
	/* Told before it was listed. */
	list[2].tried = t + 200;
	ok(!TAKE(b, "a", t + 201), "c may be tried still");
	list[2].over = t + 200;
	ok(!TAKE(b, "a", t + 201), "in the second that is over now");
	list[2].over = t + 201;
	ok(TAKE(b, "a", t + 201), "that is over, too");
	list[2].tried = list[2].over = 0;
	turn_book_free(b);
	/* What stands behind the list is not in it. */
	b = turn_book_new();
	ok(TAKE(b, "b", t + 300), "b");
	ok(turn_take(b, list, 1, "a", t + 301), "a, in a list of its own");
	turn_book_free(b);
	b = turn_book_new();
	ok(turn_take(b, list, 1, "b", t + 400), "b, which is not in it");
	ok(TAKE(b, "a", t + 401), "is not known to have been told");
	turn_book_free(b);
	b = turn_book_new();
	ok(TAKE(b, "d", t + 500), "d");
	ok(turn_take(b, part, 2, "c", t + 501),
	    "c, by the address that it has there");
	turn_book_free(b);
}

/* What was waited for once does not count the next time. */
static void
waits_again(void)
{
	struct turn_book *b = turn_book_new();
	int64_t t = 100000, next = t + TURN_WAIT_MAX;

	ok(TAKE(b, "a", t) && !TAKE(b, "b", t + 1), "b waits for a");
	ok(TAKE(b, "b", t + TURN_QUIET), "then goes");
	ok(TAKE(b, "a", next) && !TAKE(b, "b", next + 2),
	    "four hours later it waits for a again");
	turn_book_free(b);
	b = turn_book_new();
	ok(TAKE(b, "a", t) && !TAKE(b, "b", t + 1), "b waits for a");
	ok(TAKE(b, "b", t + TURN_QUIET), "and goes");
	ok(TAKE(b, "a", t + 2 * TURN_QUIET), "a does not wait for its return");
	turn_book_free(b);
}

/* Names that have nothing in common. */
static void
by_name(void)
{
	static const struct turn two[] = {
		{ "alpha.example", "192.0.2.1", 0, 0, 0 },
		{ "mx.zulu.nz", "192.0.2.1", 0, 0, 0 },
	};
	struct turn_book *b = turn_book_new();
	int64_t t = 100000;

	ok(turn_take(b, two, 2, "alpha.example", t), "alpha goes");
	ok(!turn_take(b, two, 2, "mx.zulu.nz", t + 1), "zulu waits");
	turn_book_free(b);
	b = turn_book_new();
	ok(turn_take(b, two, 2, "mx.zulu.nz", t), "zulu goes");
	ok(!turn_take(b, two, 2, "alpha.example", t + 1), "alpha waits");
	turn_book_free(b);
}

static void
clock_back(void)
{
	struct turn_book *b = turn_book_new();
	int64_t t = 100000;

	ok(TAKE(b, "a", t), "a");
	ok(TAKE(b, "b", t - 50000), "a clock set back keeps nobody waiting");
	turn_book_free(b);
}

static void
many(void)
{
	struct turn *v = calloc(TURNS_MAX, sizeof(*v));
	struct turn_book *b = turn_book_new();
	int64_t t = 100000;
	int i, round, went = 0;

	/* Other hosts each time: the book does not grow. */
	for (round = 0; round < 3; round++) {
		for (i = 0; i < TURNS_MAX; i++) {
			(void)snprintf(v[i].host, sizeof(v[i].host), "h%d-%d",
			    round, i);
			(void)snprintf(v[i].addr, sizeof(v[i].addr), "%d", i);
		}
		for (i = 0; i < TURNS_MAX; i += 10)
			went += turn_take(b, v, TURNS_MAX, v[i].host, t);
		t += 1000;
	}
	is_int(went, 3 * TURNS_MAX / 10, "each alone at its address goes");
	free(v);
	turn_book_free(b);
}

/* What is not listed takes no place; the one heard of longest ago goes. */
static void
full(void)
{
	struct turn *v = calloc(TURNS_MAX + 2, sizeof(*v));
	struct turn_book *b = turn_book_new();
	int64_t t = 100000;
	char host[32];
	size_t i, n = TURNS_MAX + 2;

	for (i = 0; i < n; i++) {
		(void)snprintf(v[i].host, sizeof(v[i].host), "h%zu", i);
		(void)snprintf(v[i].addr, sizeof(v[i].addr), "%zu", i);
	}
	/* Two of one address: while h0 is known to be tried, h1 waits. */
	(void)strlcpy(v[1].addr, v[0].addr, sizeof(v[1].addr));
	ok(turn_take(b, v, n, "h0", t), "h0 goes");
	ok(!turn_take(b, v, n, "h1", t + 1), "h1 waits");
	for (i = 0; i < n; i++) {
		(void)snprintf(host, sizeof(host), "unlisted%zu", i);
		ok(turn_take(b, v, n, host, t + 2), "%s", host);
	}
	for (i = 2; i < TURNS_MAX; i++)
		(void)turn_take(b, v, n, v[i].host, t - 1000 + (int64_t)i);
	ok(!turn_take(b, v, n, "h1", t + 3), "h0 is known still");
	/* The oldest is h2, and then h3: not h0, and not h1, which asked. */
	ok(turn_take(b, v, n, v[TURNS_MAX].host, t + 4), "one more");
	ok(turn_take(b, v, n, v[TURNS_MAX + 1].host, t + 4), "and another");
	ok(!turn_take(b, v, n, "h1", t + 5), "h0 is known even now");
	ok(!turn_take(b, v, n, "h0", t + TURN_QUIET - 1) ||
	    !turn_take(b, v, n, "h1", t + TURN_QUIET - 1),
	    "and one of both only goes");
	free(v);
	turn_book_free(b);
}

/*
 * TURNS_MAX hosts and one more, of which the first, the last and the one more
 * share their addresses with the three behind, which smtpd is always trying.
 */
static struct turn *
crowd(size_t *n)
{
	struct turn *v = calloc(TURNS_MAX + 4, sizeof(*v));
	size_t i;

	*n = TURNS_MAX + 4;
	for (i = 0; i < *n; i++) {
		(void)snprintf(v[i].host, sizeof(v[i].host), "h%zu", i);
		(void)snprintf(v[i].addr, sizeof(v[i].addr), "%zu",
		    i == TURNS_MAX + 1 ? 0 : i > TURNS_MAX ? i - 3 : i);
	}
	return v;
}

static void
always_tried(struct turn *v, int64_t now)
{
	size_t i;

	for (i = TURNS_MAX + 1; i < TURNS_MAX + 4; i++)
		v[i].tried = now;
}

/* Who waits in the first place of a full book, or in the last, is kept. */
static void
full_of_waiting(void)
{
	struct turn_book *b = turn_book_new();
	struct turn *v;
	int64_t t = 100000, later = t + TURN_WAIT_MAX;
	size_t n, i;

	v = crowd(&n);
	always_tried(v, t);
	ok(!turn_take(b, v, n, v[0].host, t), "the first waits");
	for (i = 1; i < TURNS_MAX - 1; i++)
		(void)turn_take(b, v, n, v[i].host, t - 10);
	ok(!turn_take(b, v, n, v[TURNS_MAX - 1].host, t), "so does the last");
	ok(!turn_take(b, v, n, v[TURNS_MAX].host, t), "and one more");
	always_tried(v, later);
	ok(turn_take(b, v, n, v[0].host, later), "the first has waited enough");
	ok(turn_take(b, v, n, v[TURNS_MAX - 1].host, later), "the last, too");
	turn_book_free(b);
	free(v);
}

/* Who takes another's place in the book has not waited as long as that. */
static void
in_its_place(void)
{
	struct turn_book *b = turn_book_new();
	struct turn *v;
	int64_t t = 100000, later = t + TURN_WAIT_MAX;
	size_t n, i;

	v = crowd(&n);
	always_tried(v, t);
	ok(!turn_take(b, v, n, v[0].host, t), "the first waits");
	for (i = 1; i < TURNS_MAX; i++)
		(void)turn_take(b, v, n, v[i].host, later - 10);
	always_tried(v, later);
	ok(!turn_take(b, v, n, v[TURNS_MAX].host, later),
	    "one more begins to wait");
	turn_book_free(b);
	free(v);
}

int
main(void)
{
	struct turns *t;

	log_init("unit-turn", 1, 0);
	if (mkdtemp(dir) == NULL)
		fatal("mkdtemp");
	(void)snprintf(path, sizeof(path), "%s/" TURNS_FILE, dir);
	if ((t = turns_open(dir)) == NULL)
		fatal("turns_open");
	line();
	reading(t);
	one_at_a_time();
	in_order();
	still_tried();
	known_over();
	clock_back();
	many();
	waits_again();
	by_name();
	full();
	full_of_waiting();
	in_its_place();
	turns_free(t);
	(void)rmdir(dir);
	return done_testing();
}
