/* SPDX-License-Identifier: ISC */

/*
 * unit-answer SOCKET ANSWER FILE: stands where sged would, for tests of what
 * asks it.  Answers every message with the same text; the message goes to the
 * file.  Ends when its standard input does.  Not a test itself.
 */

#include <sys/socket.h>
#include <sys/un.h>

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

static void
serve(int fd, const char *answer, const char *file)
{
	char buf[65536];
	ssize_t n;
	FILE *f;

	if ((n = recv(fd, buf, sizeof(buf), 0)) > 0) {
		if ((f = fopen(file, "a")) == NULL)
			fatal("%s", file);
		fprintf(f, "%.*s\n", (int)n, buf);
		fclose(f);
		(void)send(fd, answer, strlen(answer), MSG_NOSIGNAL);
	}
	close(fd);
}

int
main(int argc, char *argv[])
{
	struct sockaddr_un sun;
	struct pollfd pfd[2];
	int s, fd;
	char c;

	log_init("unit-answer", 1, 0);
	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	if (argc != 4 || strlcpy(sun.sun_path, argv[1],
	    sizeof(sun.sun_path)) >= sizeof(sun.sun_path))
		fatalx("usage: unit-answer SOCKET ANSWER FILE");
	if ((s = socket(AF_UNIX, SOCK_SEQPACKET, 0)) == -1 ||
	    bind(s, (struct sockaddr *)&sun, sizeof(sun)) == -1 ||
	    listen(s, 5) == -1)
		fatal("%s", argv[1]);
	pfd[0].fd = s;
	pfd[1].fd = STDIN_FILENO;
	pfd[0].events = pfd[1].events = POLLIN;
	for (;;) {
		if (poll(pfd, 2, -1) == -1)
			fatal("poll");
		if (pfd[1].revents != 0 && read(STDIN_FILENO, &c, 1) <= 0)
			return 0;
		if ((pfd[0].revents & POLLIN) != 0 &&
		    (fd = accept(s, NULL, NULL)) != -1)
			serve(fd, argv[2], argv[3]);
	}
}
