/* SPDX-License-Identifier: ISC */

/*
 * Strangers name any domain as a recipient's: that neither keeps sged busy nor
 * lets it learn without end, and does not keep others waiting.
 */

#include <sys/socket.h>
#include <sys/un.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "session/learn_quota.h"
#include "tap.h"
#include "session/learn_wait.h"

static char	 path[] = "/tmp/unit-waits.XXXXXXXXXX";
static char	 sock[64];
static int	 listener, peer = -1;
static int	 ended, learned_n;

static void
done(const struct waiter *wait, int learned, void *arg)
{
	(void)wait;
	(void)arg;
	ended++;
	learned_n += learned;
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

/* Questions that came to sged since; with answers, if wanted. */
static int
asked(int answer, char last[], size_t lastsz)
{
	char msg[512], reply[600], domain[256];
	ssize_t len;
	int n = 0;

	if (peer == -1)
		peer = accept(listener, NULL, NULL);
	while ((len = recv(peer, msg, sizeof(msg) - 1, MSG_DONTWAIT)) > 0) {
		msg[len] = '\0';
		if (sscanf(msg, "{\"learn\":\"%255[^\"]\"}", domain) != 1)
			continue;
		n++;
		if (last != NULL)
			strlcpy(last, domain, lastsz);
		snprintf(reply, sizeof(reply),
		    "{\"learned\":\"%s\",\"route\":\"none\"}", domain);
		if (answer)
			(void)send(peer, reply, strlen(reply), MSG_NOSIGNAL);
	}
	return n;
}

static int
ask(struct waits *w, const char *domain, int outside, int64_t now)
{
	struct waiter wait = { .session = 1, .outside = outside };

	return waits_ask(w, domain, &wait, 5000, now);
}

static void
test_hanging(struct waits *w)
{
	char domain[64], last[256] = "";
	int i;

	for (i = 0; i < 500; i++) {
		snprintf(domain, sizeof(domain), "d%d.example", i);
		if (ask(w, domain, 1, 0) == -1)
			ok(0, "asked %d", i);
	}
	is_int(asked(0, NULL, 0), OUTSIDE_OPEN_MAX,
	    "500 domains named by strangers: sged is asked some");
	(void)ask(w, "d499.example", 0, 0);
	is_int(asked(0, last, sizeof(last)), 1,
	    "one that somebody trusted asks as well: at once");
	is_str(last, "d499.example", "that one");
	(void)ask(w, "mine.example", 0, 0);
	is_int(asked(0, last, sizeof(last)), 1, "another one: at once, too");
	waits_run(w, 0, 5000);
	is_int(ended, 502, "all have their answers when their time is over");
	(void)ask(w, "later.example", 1, 6000);
	is_int(asked(0, NULL, 0), 0, "what sged still works at counts");
	waits_run(w, 0, 11000);
	(void)ask(w, "later.example", 1, 61000);
	is_int(asked(0, NULL, 0), 1, "but not for ever");
	waits_run(w, 0, 66000);
}

static void
test_flood(struct waits *w)
{
	char domain[64];
	int64_t now = 200000;
	int i, n = 0, before;

	ended = learned_n = 0;
	for (i = 0; i < 100; i++) {
		snprintf(domain, sizeof(domain), "e%d.example", i);
		(void)ask(w, domain, 1, now);
	}
	while ((before = asked(1, NULL, 0)) > 0) {
		n += before;
		waits_run(w, POLLIN, now);
	}
	is_int(n, 100, "sged answers: all of 100 domains are asked about");
	is_int(learned_n, 100, "and all of them hear of it");
	for (; i < 10000; i++) {
		snprintf(domain, sizeof(domain), "e%d.example", i);
		(void)ask(w, domain, 1, now);
		n += asked(1, NULL, 0);
		waits_run(w, POLLIN, now);
	}
	ok(n <= OUTSIDE_ASKED_MAX, "of 10,000 domains at once not all: %d", n);
	ok(n > OUTSIDE_ASKED_MAX / 2, "but many");
	(void)ask(w, "mine2.example", 0, now);
	is_int(asked(1, NULL, 0), 1, "who is trusted does not notice");
	waits_run(w, POLLIN, now + 5000);
	is_int(ended, 10001, "each has its answer");
	(void)ask(w, "late.example", 1, now + 5000 + 10 * OUTSIDE_MS);
	n = asked(1, NULL, 0);
	ok(n >= 1 && n <= 16, "with time, more are asked: %d", n);
	waits_run(w, POLLIN, now + 5000 + 10 * OUTSIDE_MS);
}

/* sged sends more than can be read at once, and what was not asked. */
static void
test_talkative(struct waits *w)
{
	char domain[64];
	int i, n, turns;

	ended = learned_n = 0;
	for (i = 0; i < 2 * WAITS_ROUND; i++) {
		snprintf(domain, sizeof(domain), "t%d.example", i);
		(void)ask(w, domain, 0, 400000);
	}
	for (n = 0; n < 70; n++)
		(void)send(peer, "{\"x\":1}", 7, MSG_NOSIGNAL | MSG_DONTWAIT);
	is_int(asked(1, NULL, 0), 2 * WAITS_ROUND, "many are asked about");
	waits_run(w, POLLIN, 400000);
	is_int(learned_n, 0, "nonsense is not read without end");
	waits_run(w, POLLIN, 400000);
	ok(learned_n > 0 && learned_n <= WAITS_ROUND,
	    "nor are answers: %d", learned_n);
	for (turns = 0; turns < 5; turns++)
		waits_run(w, POLLIN, 400000);
	is_int(learned_n, 2 * WAITS_ROUND, "but in turns all are");
}

int
main(void)
{
	struct waits *w;

	sged_start();
	if ((w = waits_new(sock, done, NULL)) == NULL)
		return 1;
	test_hanging(w);
	test_flood(w);
	test_talkative(w);
	ended = 0;
	(void)ask(w, "end.example", 1, 300000);
	waits_free(w);
	is_int(ended, 1, "who still waits has an answer at the end");
	close(peer);
	close(listener);
	(void)unlink(sock);
	(void)rmdir(path);
	return done_testing();
}
