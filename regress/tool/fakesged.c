/* SPDX-License-Identifier: ISC */

/*
 * A daemon's socket for tests of its clients: prints each question's domain,
 * and answers at once; -n never; -d: to the domain "gate.nz" only, then all
 * that was asked before, so that a test holds the time in its hands.  Any
 * address is one that a report was announced to.
 *
 *	fakesged [-nd] path
 */

#include <sys/socket.h>
#include <sys/un.h>

#include <err.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CLIENTS 16
#define HELD 1000

struct held {
	int	 fd;
	char	 domain[256];
};

static struct held held[HELD];
static size_t nheld;

static void
answer(int fd, const char *domain)
{
	char msg[512];
	int n;

	n = snprintf(msg, sizeof(msg),
	    "{\"other\":{\"x\":[1]},\"learned\":\"%s\",\"route\":\"none\"}",
	    domain);
	if (send(fd, msg, n, MSG_NOSIGNAL) == -1)
		warn("send");
}

static int
question(int fd, int never, int gated)
{
	char msg[4096], domain[256];
	ssize_t n;
	size_t i;

	if ((n = recv(fd, msg, sizeof(msg) - 1, 0)) <= 0)
		return -1;
	msg[n] = '\0';
	/* Whether it lives. */
	if (strcmp(msg, "{\"announced\":\"\"}") == 0) {
		if (!never && send(fd, msg, n, MSG_NOSIGNAL) == -1)
			warn("send");
		return 0;
	}
	if (sscanf(msg, "{\"announced\":\"%255[^\"]\"}", domain) == 1) {
		printf("announced %s\n", domain);
		fflush(stdout);
		if (send(fd, msg, n, MSG_NOSIGNAL) == -1)
			warn("send");
		return 0;
	}
	if (sscanf(msg, "{\"learn\":\"%255[^\"]\"}", domain) != 1) {
		printf("nonsense: %s\n", msg);
		return 0;
	}
	printf("%s\n", domain);
	fflush(stdout);
	if (never)
		return 0;
	if (gated && strcmp(domain, "gate.nz") != 0) {
		if (nheld < HELD) {
			held[nheld].fd = fd;
			memcpy(held[nheld++].domain, domain, sizeof(domain));
		}
		return 0;
	}
	for (i = 0; i < nheld; i++)
		answer(held[i].fd, held[i].domain);
	nheld = 0;
	answer(fd, domain);
	return 0;
}

static void
notice(int fd)
{
	char domain[256];
	ssize_t n;

	if ((n = recv(fd, domain, sizeof(domain) - 1, 0)) == -1)
		return;
	printf("notice %.*s\n", (int)n, domain);
	fflush(stdout);
}

/* A socket at path, or the one beside it. */
static int
make(int type, const char *path, const char *suffix)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd;

	if (snprintf(sun.sun_path, sizeof(sun.sun_path), "%s%s", path,
	    suffix) >= (int)sizeof(sun.sun_path))
		errx(2, "%s: too long", path);
	unlink(sun.sun_path);
	if ((fd = socket(AF_UNIX, type, 0)) == -1 ||
	    bind(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1)
		err(1, "%s", sun.sun_path);
	return fd;
}

int
main(int argc, char *argv[])
{
	struct pollfd pfd[CLIENTS + 2];
	int c, i, n = 2, never = 0, gated = 0;

	while ((c = getopt(argc, argv, "dn")) != -1)
		if (c == 'n')
			never = 1;
		else if (c == 'd')
			gated = 1;
		else
			return 2;
	if (optind + 1 != argc)
		return 2;
	/* The other one first: a test waits for the daemon's own. */
	pfd[1].fd = make(SOCK_DGRAM, argv[optind], ".notice");
	pfd[0].fd = make(SOCK_SEQPACKET, argv[optind], "");
	if (listen(pfd[0].fd, CLIENTS) == -1)
		err(1, "listen");
	alarm(120);
	for (;;) {
		for (i = 0; i < n; i++)
			pfd[i].events = POLLIN;
		if (poll(pfd, n, -1) == -1)
			err(1, "poll");
		if (pfd[1].revents != 0)
			notice(pfd[1].fd);
		for (i = n - 1; i > 1; i--)
			if (pfd[i].revents != 0 &&
			    question(pfd[i].fd, never, gated) == -1) {
				close(pfd[i].fd);
				pfd[i] = pfd[--n];
			}
		if (pfd[0].revents != 0 && n < CLIENTS + 2 &&
		    (c = accept(pfd[0].fd, NULL, NULL)) != -1)
			pfd[n++].fd = c;
	}
}
