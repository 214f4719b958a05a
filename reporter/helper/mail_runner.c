/* SPDX-License-Identifier: ISC */

/*
 * sendmail is begun with posix_spawn(3): fork(2) of the mailer, with all the
 * libraries that sged has, costs as much as sendmail itself.
 */

#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/log.h"
#include "helper/mail_runner.h"
#include "lib/ipc.h"
#include "lib/process.h"

/* sendmail -v -f FROM -- TO...: its path may be as long as an address. */
#define ARGS_MAX (RUA_URIS_MAX + 6)
#define TEXT_MAX (ARGS_MAX * (RUA_URI_MAX + 1))

extern char **environ;

enum { MESSAGE, RESULT, GIVEN };	/* descriptors that go with a job */

/* Room for these, aligned as cmsg(3) wants it. */
union control {
	struct cmsghdr	 hdr;
	char		 buf[CMSG_SPACE(GIVEN * sizeof(int))];
};

/* Signals as sendmail expects them; a group of its own, to be ended with. */
static int
set_attributes(posix_spawnattr_t *attr)
{
	sigset_t usual, none;

	process_signals(&usual);
	sigemptyset(&none);
	return posix_spawnattr_setsigdefault(attr, &usual) == 0 &&
	    posix_spawnattr_setsigmask(attr, &none) == 0 &&
	    posix_spawnattr_setpgroup(attr, 0) == 0 &&
	    posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGDEF |
	    POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP) == 0 ? 0 : -1;
}

/* All other descriptors are close-on-exec. */
static int
set_files(posix_spawn_file_actions_t *files, const int fds[GIVEN])
{
	return posix_spawn_file_actions_adddup2(files, fds[MESSAGE], 0) == 0 &&
	    posix_spawn_file_actions_adddup2(files, fds[RESULT], 1) == 0 &&
	    posix_spawn_file_actions_adddup2(files, fds[RESULT], 2) == 0 ? 0 :
	    -1;
}

/* 0, or what is in the way. */
static int
spawn(pid_t *pid, char *const argv[], const int fds[GIVEN])
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	int error = ENOMEM;

	if (posix_spawn_file_actions_init(&files) != 0)
		return error;
	if (posix_spawnattr_init(&attr) == 0) {
		if (set_attributes(&attr) == 0 && set_files(&files, fds) == 0)
			error = posix_spawn(pid, argv[0], &files, &attr, argv,
			    environ);
		(void)posix_spawnattr_destroy(&attr);
	}
	(void)posix_spawn_file_actions_destroy(&files);
	return error;
}

/* Runs sendmail, waits for its end, and writes it down. */
static void
run(char *const argv[], const int fds[GIVEN])
{
	int status = 0, code = EX_TEMPFAIL, error;
	pid_t pid;

	if ((error = spawn(&pid, argv, fds)) != 0) {
		dprintf(fds[RESULT], "%s: can't be run\nexit %d\n", argv[0],
		    error == EAGAIN || error == ENOMEM ? EX_OSERR :
		    EX_UNAVAILABLE);
		return;
	}
	if (process_wait(pid, SENDMAIL_MS, &status) == -1)
		dprintf(fds[RESULT], "\nsendmail took too long");
	else if (WIFEXITED(status))
		code = WEXITSTATUS(status);
	else
		dprintf(fds[RESULT], "\nsendmail was killed");
	dprintf(fds[RESULT], "\nexit %d\n", code);
}

/* The words of a job, each with its NUL; -1: not what runner_give sends. */
static int
split(char *text, size_t len, char *argv[ARGS_MAX + 1])
{
	size_t n = 0;
	char *word;

	if (len == 0 || text[len - 1] != '\0')
		return -1;
	for (word = text; word < text + len; word += strlen(word) + 1) {
		if (n == ARGS_MAX)
			return -1;
		argv[n++] = word;
	}
	argv[n] = NULL;
	return 0;
}

/* The next job: its words in text and its descriptors.  -1: there is none. */
static int
take(int fd, char text[TEXT_MAX], char *argv[ARGS_MAX + 1], int fds[GIVEN])
{
	struct msghdr msg;
	struct iovec iov;
	struct cmsghdr *cmsg;
	union control control;
	ssize_t n;

	memset(&msg, 0, sizeof(msg));
	iov.iov_base = text;
	iov.iov_len = TEXT_MAX;
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	msg.msg_control = control.buf;
	msg.msg_controllen = sizeof(control.buf);
	while ((n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC)) == -1 &&
	    errno == EINTR)
		continue;
	if (n <= 0 || (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 ||
	    (cmsg = CMSG_FIRSTHDR(&msg)) == NULL ||
	    cmsg->cmsg_type != SCM_RIGHTS ||
	    cmsg->cmsg_len != CMSG_LEN(GIVEN * sizeof(int)))
		return -1;
	memcpy(fds, CMSG_DATA(cmsg), GIVEN * sizeof(int));
	return split(text, (size_t)n, argv);
}

__dead static void
runner_main(int fd)
{
	static char text[TEXT_MAX];
	char *argv[ARGS_MAX + 1], said[RUNNER_SAYS] = { 0 };
	int fds[GIVEN];

	while (take(fd, text, argv, fds) == 0) {
		run(argv, fds);
		close(fds[MESSAGE]);
		close(fds[RESULT]);
		if (send(fd, said, sizeof(said), MSG_NOSIGNAL) == -1)
			break;
	}
	_exit(0);
}

pid_t
runner_start(int *fd)
{
	int pair[2];
	pid_t pid;

	if (ipc_pair(pair) == -1)
		return -1;
	if ((pid = process_fork()) == 0) {
		if (dup2(pair[1], 3) == -1 ||
		    fcntl(3, F_SETFD, FD_CLOEXEC) == -1)
			_exit(EX_OSERR);
		closefrom(4);
		runner_main(3);
	}
	close(pair[1]);
	if (pid == -1) {
		close(pair[0]);
		return -1;
	}
	*fd = pair[0];
	return pid;
}

int
runner_give(int fd, char *const argv[], int message, int result)
{
	static char text[TEXT_MAX];
	const int fds[GIVEN] = { [MESSAGE] = message, [RESULT] = result };
	struct msghdr msg;
	struct iovec iov;
	struct cmsghdr *cmsg;
	union control control;
	size_t i, n, len = 0;
	ssize_t sent;

	for (i = 0; argv[i] != NULL; i++) {
		n = strlen(argv[i]) + 1;
		if (i == ARGS_MAX || n > sizeof(text) - len) {
			errno = E2BIG;
			return -1;
		}
		memcpy(text + len, argv[i], n);
		len += n;
	}
	memset(&msg, 0, sizeof(msg));
	memset(&control, 0, sizeof(control));
	iov.iov_base = text;
	iov.iov_len = len;
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	msg.msg_control = control.buf;
	msg.msg_controllen = sizeof(control.buf);
	cmsg = CMSG_FIRSTHDR(&msg);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(cmsg), fds, sizeof(fds));
	while ((sent = sendmsg(fd, &msg, MSG_NOSIGNAL)) == -1 &&
	    errno == EINTR)
		continue;
	return sent == -1 ? -1 : 0;
}
