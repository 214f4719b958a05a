/* SPDX-License-Identifier: ISC */

#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "keep/child.h"

/* How long one that is killed is waited for. */
#define KILL_LOOKS 100
#define KILL_LOOK_MS 10

static sigset_t	 usual;		/* signals that were blocked at the start */

/* It interrupts ppoll(2): that is all. */
static void
on_child(int sig __unused)
{
}

void
child_watch(void)
{
	struct sigaction sa = { .sa_handler = on_child,
	    .sa_flags = SA_NOCLDSTOP };
	sigset_t set;

	(void)sigemptyset(&sa.sa_mask);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	if (sigaction(SIGCHLD, &sa, NULL) == -1 ||
	    sigprocmask(SIG_BLOCK, &set, &usual) == -1)
		fatal("SIGCHLD");
	/* Whoever started us may have it blocked. */
	(void)sigdelset(&usual, SIGCHLD);
}

const sigset_t *
child_signals(void)
{
	return &usual;
}

/*
 * In the child: smtpd names its filters by their names in its folder.  A group
 * of its own, to be ended with: it may be a script that runs another.
 */
static __dead void
run(char *const argv[], const char *self)
{
	const char *slash = strrchr(self, '/');
	char path[PATH_MAX];
	int n;

	if (strchr(argv[0], '/') != NULL || slash == NULL)
		n = snprintf(path, sizeof(path), "%s", argv[0]);
	else
		n = snprintf(path, sizeof(path), "%.*s/%s",
		    (int)(slash - self), self, argv[0]);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)sigprocmask(SIG_SETMASK, &usual, NULL);
	(void)setpgid(0, 0);
	if (n >= 0 && (size_t)n < sizeof(path))
		execv(path, argv);
	else
		errno = ENAMETOOLONG;
	log_warn("%s", argv[0]);
	_exit(127);
}

int
child_start(struct child *c, char *const argv[], const char *self)
{
	int in[2] = { -1, -1 }, out[2] = { -1, -1 };

	if (pipe2(in, O_CLOEXEC) == -1 || pipe2(out, O_CLOEXEC) == -1 ||
	    (c->pid = fork()) == -1) {
		log_warn("%s", argv[0]);
		c->pid = -1;
	}
	if (c->pid == 0) {
		if (dup2(in[0], STDIN_FILENO) == -1 ||
		    dup2(out[1], STDOUT_FILENO) == -1)
			_exit(127);
		run(argv, self);
	}
	close(in[0]);
	close(out[1]);
	if (c->pid == -1) {
		close(in[1]);
		close(out[0]);
		return -1;
	}
	(void)fcntl(in[1], F_SETFL, O_NONBLOCK);
	(void)fcntl(out[0], F_SETFL, O_NONBLOCK);
	c->feed = in[1];
	c->said = out[0];
	return 0;
}

int
child_has_ended(const struct child *c)
{
	siginfo_t info = { 0 };

	/*
	 * Not only after a signal: that does not come while what it has started
	 * goes on writing, as ppoll(2) lets none in when there is something to
	 * read.  It stays to be waited for, lest its number is another's.
	 */
	return c->pid != -1 && waitid(P_PID, (id_t)c->pid, &info, WEXITED |
	    WNOHANG | WNOWAIT) == 0 && info.si_pid == c->pid;
}

/* How it ended, for the log. */
static const char *
how(int status)
{
	static char text[64];

	if (WIFSIGNALED(status))
		(void)snprintf(text, sizeof(text), "signal %d",
		    WTERMSIG(status));
	else
		(void)snprintf(text, sizeof(text), "status %d",
		    WEXITSTATUS(status));
	return text;
}

static int
is_gone(pid_t pid, int *status)
{
	pid_t n;

	while ((n = waitpid(pid, status, WNOHANG)) == -1 && errno == EINTR)
		;
	return n != 0;
}

int
child_is_gone(struct child *c)
{
	int status;

	return is_gone(c->pid, &status);
}

const char *
child_end(struct child *c)
{
	const char *why = NULL;
	int i, status = 0;

	(void)kill(-c->pid, SIGKILL);
	(void)kill(c->pid, SIGKILL);
	for (i = 0; i < KILL_LOOKS && why == NULL; i++) {
		if (is_gone(c->pid, &status))
			why = how(status);
		else
			(void)poll(NULL, 0, KILL_LOOK_MS);
	}
	if (why == NULL) {
		c->left[c->nleft++] = c->pid;
		why = "not by a signal";
	}
	close(c->said);
	close(c->feed);
	c->pid = c->feed = c->said = -1;
	return why;
}

int
child_many_left(struct child *c)
{
	size_t i;
	int status;

	/* Those that were left have ended in the end. */
	for (i = 0; i < c->nleft;)
		if (is_gone(c->left[i], &status))
			c->left[i] = c->left[--c->nleft];
		else
			i++;
	return c->nleft == CHILD_LEFT_MAX;
}
