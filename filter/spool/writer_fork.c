/* SPDX-License-Identifier: ISC */

#include <sys/socket.h>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "spool/writer_fork.h"

static void
detach(int last)
{
	int fd, null;

	if ((null = open("/dev/null", O_RDWR)) != -1) {
		for (fd = STDIN_FILENO; fd <= last; fd++)
			(void)dup2(null, fd);
		if (null > last)
			close(null);
	}
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGINT, SIG_IGN);
}

int
writer_fork(int type, int last, int *sock)
{
	int pair[2];

	if (socketpair(AF_UNIX, type, 0, pair) == -1)
		return -1;
	(void)fcntl(pair[0], F_SETFD, FD_CLOEXEC);
	(void)fcntl(pair[1], F_SETFD, FD_CLOEXEC);
	/* Nobody else here has children: who ends is gone. */
	(void)signal(SIGCHLD, SIG_IGN);
	switch (fork()) {
	case -1:
		close(pair[0]);
		close(pair[1]);
		return -1;
	case 0:
		detach(last);
		close(pair[0]);
		*sock = pair[1];
		return 1;
	}
	close(pair[1]);
	*sock = pair[0];
	return 0;
}
