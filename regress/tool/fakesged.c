/* SPDX-License-Identifier: ISC */

/*
 * A daemon's socket for tests of its clients: prints each question's domain,
 * and answers at once; -n never; -d: to the domain "gate.nz" only, then all
 * that was asked before, so that a test holds the time in its hands.
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

int
main(int argc, char *argv[])
{
	struct pollfd pfd[CLIENTS + 1];
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int c, i, n = 1, never = 0, gated = 0;

	while ((c = getopt(argc, argv, "dn")) != -1)
		if (c == 'n')
			never = 1;
		else if (c == 'd')
			gated = 1;
		else
			return 2;
	if (optind + 1 != argc ||
	    strlen(argv[optind]) >= sizeof(sun.sun_path))
		return 2;
	memcpy(sun.sun_path, argv[optind], strlen(argv[optind]) + 1);
	unlink(sun.sun_path);
	if ((pfd[0].fd = socket(AF_UNIX, SOCK_SEQPACKET, 0)) == -1 ||
	    bind(pfd[0].fd, (struct sockaddr *)&sun, sizeof(sun)) == -1 ||
	    listen(pfd[0].fd, CLIENTS) == -1)
		err(1, "%s", sun.sun_path);
	alarm(120);
	for (;;) {
		for (i = 0; i < n; i++)
			pfd[i].events = POLLIN;
		if (poll(pfd, n, -1) == -1)
			err(1, "poll");
		for (i = n - 1; i > 0; i--)
			if (pfd[i].revents != 0 &&
			    question(pfd[i].fd, never, gated) == -1) {
				close(pfd[i].fd);
				pfd[i] = pfd[--n];
			}
		if (pfd[0].revents != 0 && n <= CLIENTS &&
		    (c = accept(pfd[0].fd, NULL, NULL)) != -1)
			pfd[n++].fd = c;
	}
}
