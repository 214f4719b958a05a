/* SPDX-License-Identifier: ISC */

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/monotonic.h"
#include "lib/process.h"

#define FDS_MAX 16

static const int ignored[] = { SIGHUP, SIGINT, SIGTERM, SIGPIPE, SIGUSR1,
    SIGXFSZ };

pid_t
process_fork(void)
{
	sigset_t all, old;
	size_t i;
	pid_t pid;

	/* The parent's handlers must never run in the child. */
	sigfillset(&all);
	if (sigprocmask(SIG_BLOCK, &all, &old) == -1)
		fatal("sigprocmask");
	if ((pid = fork()) == 0) {
		for (i = 0; i < nitems(ignored); i++)
			(void)signal(ignored[i], SIG_IGN);
		(void)signal(SIGCHLD, SIG_DFL);
	}
	if (sigprocmask(SIG_SETMASK, &old, NULL) == -1)
		fatal("sigprocmask");
	return pid;
}

void
process_signals_default(void)
{
	size_t i;

	for (i = 0; i < nitems(ignored); i++)
		(void)signal(ignored[i], SIG_DFL);
}

void
process_files(size_t wanted)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1 ||
	    limit.rlim_cur >= wanted)
		return;
	limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

/* Only a signal that is caught ends ppoll(2). */
static void
child_ended(int signo __unused)
{
}

/* Until it ends, or the time does: 0 or -1. */
static int
wait_until(pid_t pid, int64_t end, int *status, const sigset_t *mask)
{
	struct timespec ts;
	int64_t left;
	pid_t ended;

	for (;;) {
		if ((ended = waitpid(pid, status, WNOHANG)) == pid)
			return 0;
		left = end - monotonic_ms();
		if ((ended == -1 && errno != EINTR) || left <= 0)
			return -1;
		ts.tv_sec = left / 1000;
		ts.tv_nsec = left % 1000 * 1000000;
		(void)ppoll(NULL, 0, &ts, mask);
	}
}

int
process_wait(pid_t pid, int ms, int *status)
{
	struct sigaction sa, before;
	sigset_t child, mask, old;
	int rc;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = child_ended;
	sigemptyset(&sa.sa_mask);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &child, &old) == -1 ||
	    sigaction(SIGCHLD, &sa, &before) == -1)
		fatal("SIGCHLD");
	mask = old;
	sigdelset(&mask, SIGCHLD);
	if ((rc = wait_until(pid, monotonic_ms() + ms, status, &mask)) == -1) {
		(void)kill(-pid, SIGKILL);
		(void)kill(pid, SIGKILL);
		while (waitpid(pid, status, 0) == -1 && errno == EINTR)
			continue;
	}
	if (sigaction(SIGCHLD, &before, NULL) == -1 ||
	    sigprocmask(SIG_SETMASK, &old, NULL) == -1)
		fatal("SIGCHLD");
	return rc;
}

void
process_enter(const char *name, int *fds, size_t n)
{
	int moved[FDS_MAX], lowest = 3 + FDS_MAX;
	size_t i;

	if (n > FDS_MAX)
		fatalx("too many descriptors");
	/* First out of the way, then to their places. */
	for (i = 0; i < n; i++)
		if ((moved[i] = fds[i]) != -1 &&
		    (moved[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, lowest)) == -1)
			fatal("fcntl");
	closelog();
	for (i = 0; i < n; i++) {
		if (moved[i] == -1)
			continue;
		fds[i] = 3 + (int)i;
		if (dup2(moved[i], fds[i]) == -1 ||
		    fcntl(fds[i], F_SETFD, FD_CLOEXEC) == -1)
			fatal("dup2");
	}
	closefrom(3 + (int)n);
	for (i = 0; i < n; i++)
		if (moved[i] == -1)
			close(3 + (int)i);
	log_procname(name);
	/* Now: an empty root has no way to syslog's socket. */
	log_reopen();
}
