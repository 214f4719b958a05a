/* SPDX-License-Identifier: ISC */

/*
 * However much sged sends, what else the filter has to do goes on.
 */

#include <sys/socket.h>
#include <sys/un.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static int
ask(struct waits *w, const char *domain, int64_t now)
{
	struct waiter wait = { .session = 1 };

	return waits_ask(w, domain, &wait, 5000, now);
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

int
main(void)
{
	struct waits *w;

	sged_start();
	if ((w = waits_new(sock, done, NULL)) == NULL)
		return 1;
	test_talkative(w);
	ended = 0;
	(void)ask(w, "end.example", 300000);
	waits_free(w);
	is_int(ended, 1, "who still waits has an answer at the end");
	close(peer);
	close(listener);
	(void)unlink(sock);
	(void)rmdir(path);
	return done_testing();
}
