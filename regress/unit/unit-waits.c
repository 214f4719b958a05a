/* SPDX-License-Identifier: ISC */

/*
 * Nobody waits for sged where that is of no use; and however much it sends, what
 * else the filter has to do goes on.
 */

#include <sys/socket.h>
#include <sys/un.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tap.h"
#include "base/bounds.h"
#include "session/learn_wait.h"
#include "session/pace.h"

static char	 path[] = "/tmp/unit-waits.XXXXXXXXXX";
static char	 sock[64];
static int	 listener, peer = -1;
static int	 alive = 1;
static int	 ended, learned_n, no_n, failed_n;

static void
done(const struct waiter *wait, enum waited waited, void *arg)
{
	(void)wait;
	(void)arg;
	ended++;
	learned_n += waited == WAITED_YES;
	no_n += waited == WAITED_NO;
	failed_n += waited == WAITED_VAIN;
}

static void
sged_start(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	if (mkdtemp(path) == NULL)
		exit(1);
	snprintf(sock, sizeof(sock), "%s/sock", path);
	strlcpy(sun.sun_path, sock, sizeof(sun.sun_path));
	if ((listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0)) ==
	    -1 || bind(listener, (struct sockaddr *)&sun, sizeof(sun)) == -1 ||
	    listen(listener, 5) == -1)
		exit(1);
}

/* Questions that came to sged since; answered, if wanted. */
static int
asked(int answer)
{
	char msg[512], reply[600], domain[256];
	ssize_t len;
	int n = 0;

	if (peer == -1)
		peer = accept(listener, NULL, NULL);
	while ((len = recv(peer, msg, sizeof(msg) - 1, MSG_DONTWAIT)) > 0) {
		msg[len] = '\0';
		/* What it answers at once, if it lives. */
		if (alive && strcmp(msg, "{\"announced\":\"\"}") == 0)
			(void)send(peer, msg, (size_t)len, MSG_NOSIGNAL);
		if (sscanf(msg, "{\"learn\":\"%255[^\"]\"}", domain) != 1)
			continue;
		n++;
		snprintf(reply, sizeof(reply),
		    "{\"learned\":\"%s\",\"route\":\"none\"}", domain);
		if (answer)
			(void)send(peer, reply, strlen(reply), MSG_NOSIGNAL);
	}
	return n;
}

/* As a session's recipient; each has an id of its own. */
static int
ask_by(struct waits *w, int session, const char *domain, int64_t now)
{
	struct waiter wait = { .session = (uint64_t)session };
	char id[17];

	(void)snprintf(id, sizeof(id), "%016x", (unsigned int)session);
	memcpy(wait.id, id, sizeof(wait.id));
	return waits_ask(w, domain, &wait, 5000, now);
}

static int
ask(struct waits *w, const char *domain, int64_t now)
{
	static int session;

	return ask_by(w, ++session, domain, now);
}

/* sged sends more than can be read at once, and what was not asked. */
static void
test_talkative(struct waits *w)
{
	char domain[64];
	int i, n, turns;

	(void)ask(w, "first.example", 400000);
	is_int(asked(1), 1, "sged is asked");
	waits_run(w, POLLIN, 400000);
	ended = learned_n = 0;
	for (i = 0; i < 2 * WAITS_ROUND; i++) {
		snprintf(domain, sizeof(domain), "t%d.example", i);
		(void)ask(w, domain, 400000);
	}
	for (n = 0; n < 70; n++)
		(void)send(peer, "{\"x\":1}", 7, MSG_NOSIGNAL | MSG_DONTWAIT);
	is_int(asked(1), 2 * WAITS_ROUND, "many are asked about");
	waits_run(w, POLLIN, 400000);
	is_int(learned_n, 0, "nonsense is not read without end");
	waits_run(w, POLLIN, 400000);
	ok(learned_n > 0 && learned_n <= WAITS_ROUND,
	    "nor are answers: %d", learned_n);
	for (turns = 0; turns < 5; turns++)
		waits_run(w, POLLIN, 400000);
	is_int(learned_n, 2 * WAITS_ROUND, "but in turns all are");
}

static void
say(const char *text)
{
	if (send(peer, text, strlen(text), MSG_NOSIGNAL) == -1)
		ok(0, "say %s", text);
}

/* One wait in vain is enough, for that domain; sged lives. */
static void
test_vain(struct waits *w)
{
	const int64_t t = 500000;
	int i;

	ended = learned_n = failed_n = 0;
	for (i = 0; i < 10; i++)
		is_int(ask(w, "dead.example", t + i * 100), 0,
		    "recipient %d waits", i);
	is_int(ask(w, "other.example", t + 1000), 0, "and of another domain");
	is_int(asked(0), 2, "sged is asked about each");
	say("{\"failed\":\"other.example\"}");
	waits_run(w, POLLIN, t + 1001);
	is_int(failed_n, 1, "that can't be found out: at once");
	waits_run(w, 0, t + 5000);
	is_int(ended, 11, "the first one's time is over: all of that domain");
	is_int(ask(w, "dead.example", t + 5001), -1, "the next does not wait");
	is_int(ask(w, "third.example", t + 5001), 0, "others do");
	is_int(ask(w, "dead.example", t + 5000 + WAITS_VAIN_MS - 1), -1,
	    "nor for half a minute");
	is_int(asked(0), 1, "nor is sged asked");
	say("{\"learned\":\"dead.example\",\"route\":\"none\"}");
	is_int(ask(w, "dead.example", t + 5002), 0,
	    "but if it became known after all");
	is_int(asked(1), 1, "it is asked again");
	waits_run(w, POLLIN, t + 5003);
	waits_run(w, 0, t + 20000);
}

/* Whom a report goes to: no is not the same as that sged can't say. */
static void
test_announced(struct waits *w)
{
	const int64_t t = 600000;
	int i;

	for (i = 0; i < 2; i++) {
		ended = no_n = failed_n = 0;
		is_int(ask(w, "tls@a.example", t + i), 0, "an address: asked");
		say("{\"failed\":\"tls@a.example\"}");
		waits_run(w, POLLIN, t + i);
		is_int(failed_n, 1, "sged can't say");
		is_int(no_n, 0, "which is not no");
	}
	(void)ask(w, "tls@a.example", t + 3);
	say("{\"unannounced\":\"tls@a.example\"}");
	waits_run(w, POLLIN, t + 3);
	is_int(no_n, 1, "no is");
	(void)asked(0);
}

/* The DNS does not answer: one long wait is enough, then all have a short one. */
static void
test_slow(struct waits *w)
{
	const int64_t t = 1000000;
	int64_t now = t + 3400;
	char domain[32];
	int i;

	/* The last that is known of the DNS: it works. */
	(void)ask(w, "f.example", t - 10);
	(void)asked(1);
	waits_run(w, POLLIN, t - 9);
	ended = failed_n = 0;
	is_int(ask_by(w, 7001, "s0.example", t), 0, "slow: the first waits");
	is_int(ask_by(w, 7002, "s0.example", t), 0, "who asks the same too");
	is_int(asked(0), 1, "sged is asked");
	waits_run(w, POLLIN, t + 1);
	say("{\"failed\":\"s0.example\"}");
	waits_run(w, POLLIN, t + 3400);
	is_int(failed_n, 2, "it could not be found out, after 3.4 s");
	is_int(ask_by(w, 7010, "s10.example", t + 3400), 0,
	    "who waited for nothing yet may: it was one domain");
	is_int(waits_next(w), t + 3400 + PACE_LEAST_MS,
	    "(it pings)");
	is_int(asked(0), 1, "sged is asked");
	waits_run(w, POLLIN, t + 3401);
	is_int(waits_next(w), t + 3400 + 5000, "and long");
	for (i = 1; i < 5; i++) {
		ended = 0;
		(void)snprintf(domain, sizeof(domain), "s%d.example", i);
		is_int(ask_by(w, 7001, domain, now), i < 4 ? 0 : -1,
		    "domain %d of that mail %s", i, i < 4 ? "has a chance" :
		    "has none: it waited long enough in all");
		is_int(asked(0), 1, "though it is asked about");
		if (i == 4)
			break;
		waits_run(w, POLLIN, now + 1);
		waits_run(w, 0, now + WAITS_CHANCE_MS - 1);
		is_int(ended, 0, "it waits");
		waits_run(w, 0, now + WAITS_CHANCE_MS);
		is_int(ended, 1, "but not long");
		now += WAITS_CHANCE_MS;
	}
	is_int(ask_by(w, 7002, "s3.example", now), -1,
	    "nor does another wait for what just was in vain");
	is_int(asked(0), 0, "and it is not asked about twice");
	say("{\"failed\":\"s10.example\"}");
	waits_run(w, POLLIN, t + 6900);
	ended = 0;
	is_int(ask_by(w, 7003, "s11.example", t + 6901), 0,
	    "after two in a row everybody has the chance");
	is_int(asked(0), 1, "sged is asked");
	waits_run(w, POLLIN, t + 6901);
	waits_run(w, 0, t + 6901 + WAITS_CHANCE_MS);
	is_int(ended, 1, "and no more");
	is_int(ask_by(w, 7003, "s11.example", t + 7902), -1,
	    "not twice for one domain");
	is_int(ask_by(w, 7003, "tls@s4.example", t + 7903), 0,
	    "what sged itself knows is waited for");
	say("{\"unannounced\":\"tls@s4.example\"}");
	waits_run(w, POLLIN, t + 7904);
	is_int(ask_by(w, 7004, "s5.example", t + 7905), 0,
	    "which says nothing of the DNS");
	(void)asked(0);
	waits_run(w, POLLIN, t + 7905);
	is_int(waits_next(w), t + 7905 + WAITS_CHANCE_MS, "a chance again");
	say("{\"learned\":\"s5.example\",\"route\":\"none\"}");
	waits_run(w, POLLIN, t + 8000);
	is_int(ask_by(w, 7005, "s6.example", t + 8001), 0,
	    "once one was found out, others wait");
	(void)asked(0);
	waits_run(w, POLLIN, t + 8001);
	is_int(waits_next(w), t + 8001 + 5000, "as long as at first");
	is_int(ask_by(w, 7001, "s7.example", t + 8001), -1,
	    "but the one who waited in vain");
	(void)asked(0);
	waits_run(w, POLLIN, t + 8002);
	/* One domain's own trouble. */
	say("{\"learned\":\"s8.example\",\"route\":\"none\"}");
	waits_run(w, POLLIN, t + 9000);
	waits_run(w, 0, t + 13001);
	is_int(ask_by(w, 7006, "s9.example", t + 13002), 0,
	    "where others were found meanwhile, it is that domain's");
	(void)asked(1);
	waits_run(w, POLLIN, t + 13003);
}

/* Another's dead DNS is no reason to leave without a policy. */
static void
test_healthy(struct waits *w)
{
	const int64_t t = 1050000;
	char domain[32];
	int i;

	is_int(ask_by(w, 8001, "d1.example", t), 0, "healthy: one waits");
	(void)asked(0);
	waits_run(w, POLLIN, t);
	waits_run(w, 0, t + 5000);
	learned_n = 0;
	for (i = 0; i < 50; i++) {
		(void)snprintf(domain, sizeof(domain), "h%d.example", i);
		(void)ask_by(w, 8001, domain, t + 5000 + i * 100);
		(void)asked(1);
		waits_run(w, POLLIN, t + 5099 + i * 100);
	}
	is_int(learned_n, 50, "in vain: those that answer are learned still");

	ended = 0;
	is_int(ask_by(w, 8002, "d2.example", t + 11000), 0, "one waits long");
	is_int(ask_by(w, 8001, "d2.example", t + 11000), 0, "one that did so");
	(void)asked(0);
	waits_run(w, POLLIN, t + 11001);
	waits_run(w, 0, t + 11000 + WAITS_CHANCE_MS);
	is_int(ended, 1, "not long, and the first one goes on");
	say("{\"learned\":\"d2.example\",\"route\":\"none\"}");
	learned_n = 0;
	waits_run(w, POLLIN, t + 12500);
	is_int(learned_n, 1, "to its answer");
	is_int(ask_by(w, 8001, "d3.example", t + 36000), 0, "half a minute on");
	(void)asked(0);
	waits_run(w, POLLIN, t + 36001);
	is_int(waits_next(w), t + 41000, "it is as patient as at first");
	say("{\"learned\":\"d3.example\",\"route\":\"none\"}");
	waits_run(w, POLLIN, t + 36002);
}

/* Connected, and nothing comes: it hangs, or was stopped. */
static void
test_silent(struct waits *w)
{
	const int64_t t = 700000;

	ended = alive = 0;
	is_int(ask(w, "a.example", t), 0, "silent: the first one waits");
	is_int(ask(w, "b.example", t + 1000), 0, "the second one too");
	is_int((int)(waits_next(w) - t), PACE_MOST_MS, "not for long");
	waits_run(w, 0, t + PACE_MOST_MS);
	is_int(ended, 2, "what is answered at once was not");
	is_int(ask(w, "c.example", t + 2001), -1, "then nobody");
	(void)asked(0);
	say("{\"unannounced\":\"\"}");
	is_int(ask(w, "c.example", t + 2002), 0, "until it says something");
	alive = 1;
	(void)asked(0);
	waits_run(w, POLLIN, t + 2003);
	waits_run(w, 0, t + 20000);
}

/*
 * Asks at t, sged answers after ms (-1: not), and then for how long somebody
 * would wait who asks at now.
 */
static int
waits_after(struct waits *w, int64_t t, int ms, int64_t now)
{
	char domain[32];
	int64_t next;
	static int n;

	alive = 1;
	if (ms != -1) {
		(void)snprintf(domain, sizeof(domain), "p%d.example", ++n);
		(void)ask(w, domain, t);
		(void)asked(1);
		waits_run(w, POLLIN, t + ms);
	}
	alive = 0;
	(void)snprintf(domain, sizeof(domain), "p%d.example", ++n);
	if (ask(w, domain, now) == -1)
		return -1;
	next = waits_next(w) - now;
	/* In the end it answers, so that all begins anew. */
	waits_run(w, 0, now + next);
	(void)asked(1);
	waits_run(w, POLLIN, now + 60000);
	return (int)next;
}

/* How long somebody waits for one that is frozen. */
static void
test_pace(void)
{
	struct waits *w = waits_new(sock, done, NULL);
	int64_t t = 10000000;

	if (w == NULL)
		exit(1);
	is_int(waits_after(w, 0, -1, t), PACE_MOST_MS,
	    "frozen: one that never answered has its time");
	is_int(waits_after(w, t + 100000, 3, t + 101000), PACE_LEAST_MS,
	    "one that was fast has little");
	is_int(waits_after(w, t + 200000, 200, t + 201000), 800,
	    "one that was slow has more");
	is_int(waits_after(w, t + 400000, 2, t + 401000), 800, "for minutes");
	t += 1200000;
	is_int(waits_after(w, t, 2, t + 1000), PACE_LEAST_MS, "not for ever");
	is_int(waits_after(w, t + 100000, 1900, t + 102000), PACE_MOST_MS,
	    "never more than one that never answered");
	t += 1200000;
	(void)waits_after(w, t, 2, t + 1000);
	is_int(waits_after(w, t + 100000, 700000, t + 900000),
	    PACE_LEAST_MS, "that it was frozen says nothing");

	/* This process is late itself, as all are on a busy machine. */
	t += 1200000;
	(void)waits_after(w, t, 2, t + 1000);
	ended = 0;
	is_int(ask(w, "late.example", t + 200000), 0, "late: one waits");
	waits_run(w, 0, t + 200000 + PACE_LEAST_MS + WAITS_LATE_MS);
	is_int(ended, 0, "who comes late himself waits again");
	waits_run(w, 0, t + 200000 + PACE_LEAST_MS * 2 + WAITS_LATE_MS);
	is_int(ended, 1, "as long");
	(void)asked(0);
	waits_run(w, POLLIN, t + 260000);
	is_int(ask(w, "late.example", t + 300000), 0, "and another");
	waits_run(w, 0, t + 300000 + PACE_MOST_MS);
	is_int(ended, 2, "not longer than is sged's in all");
	waits_free(w);
	close(peer);
	peer = -1;
	alive = 1;
	ended = learned_n = no_n = failed_n = 0;
}

/*
 * It is frozen for so long that no question goes into its socket any more: who
 * asks waits no longer than before, and nothing is tried over and over.
 */
static void
test_full(void)
{
	struct waits *w = waits_new(sock, done, NULL);
	const int64_t t = 20000000;
	struct pollfd pfd;
	char domain[32];
	int i;

	if (w == NULL)
		exit(1);
	alive = 1;
	(void)ask(w, "fast.example", t);
	(void)asked(1);
	waits_run(w, POLLIN, t + 2);
	for (i = 0; i < LEARN_WAITING_MAX && !(waits_events(w) & POLLOUT);
	    i++) {
		(void)snprintf(domain, sizeof(domain), "full%d.example", i);
		(void)ask(w, domain, t + 1000);
	}
	ok(waits_events(w) & POLLOUT, "full: %d questions", i);
	waits_run(w, 0, t + 1000 + PACE_LEAST_MS);
	is_int((long long)waits_waiting(w), 0, "nobody waits for it");
	is_int(ask(w, "next.example", t + 60000), 0,
	    "one does when the time is over");
	is_int(waits_next(w), t + 60000 + PACE_LEAST_MS, "not longer");
	waits_run(w, 0, t + 60000 + PACE_LEAST_MS);
	is_int((long long)waits_waiting(w), 0, "than before");

	waits_tell(w, "tls@full.example");
	waits_run(w, 0, t + 70000);
	is_int(waits_next(w), -1, "what it is to hear of has no time");
	pfd.fd = waits_fd(w);
	pfd.events = waits_events(w);
	ok(pfd.events & POLLOUT, "but is for when there is room");
	is_int(poll(&pfd, 1, 0), 0, "which is not now");
	(void)asked(0);
	is_int(poll(&pfd, 1, 0), 1, "but then");
	waits_run(w, pfd.revents, t + 80000);
	is_int(waits_events(w) & POLLOUT, 0, "it is told");
	waits_free(w);
	close(peer);
	peer = -1;
	ended = learned_n = no_n = failed_n = 0;
}

static void
test_away(struct waits *w)
{
	const int64_t t = 1090000;

	is_int(ask(w, "d.example", t), 0, "one waits, and another");
	close(peer);
	close(listener);
	(void)unlink(sock);
	waits_run(w, POLLIN, t + 1);
	is_int(ended, 2, "sged goes away: not any more");
	is_int(ask(w, "e.example", t + 2), -1, "who comes then does not");
	is_int(ask(w, "f.example", t + 60000), -1, "nor later");
}

int
main(void)
{
	struct waits *w;

	sged_start();
	test_pace();
	test_full();
	if ((w = waits_new(sock, done, NULL)) == NULL)
		return 1;
	test_talkative(w);
	test_vain(w);
	test_announced(w);
	test_silent(w);
	test_slow(w);
	test_healthy(w);
	ended = 0;
	(void)ask(w, "end.example", 1088000);
	is_int(ended, 0, "who still waits");
	test_away(w);
	waits_free(w);
	(void)rmdir(path);
	return done_testing();
}
