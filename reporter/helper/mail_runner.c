/* SPDX-License-Identifier: ISC */

/*
 * sendmail is begun with vfork(2): fork(2) of the mailer, with all the
 * libraries that sged has, costs as much as sendmail itself, and what
 * posix_spawn(3) does around it an eighth of that.
 */

#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
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
#include "lib/write_all.h"

/* sendmail -v -f FROM -- TO...: its path may be as long as an address. */
#define ARGS_MAX (RUA_URIS_MAX + 6)
#define TEXT_MAX (ARGS_MAX * (RUA_URI_MAX + 1))

enum { MESSAGE, RESULT, GIVEN };	/* descriptors that go with a job */

/* Room for these, aligned as cmsg(3) wants it. */
union control {
	struct cmsghdr	 hdr;
	char		 buf[CMSG_SPACE(GIVEN * sizeof(int))];
};

/*
 * The child of vfork(2), which may have its parent's memory: nothing is changed
 * there.  Signals as sendmail expects them; a group of its own, to be ended
 * with.  All other descriptors are close-on-exec.
 */
__dead static void
become(char *const argv[], const int fds[GIVEN])
{
	static const char why[] = ": can't be run";
	sigset_t none;
	int saved;

	sigemptyset(&none);
	process_signals_default();
	if (setpgid(0, 0) != -1 && dup2(fds[MESSAGE], STDIN_FILENO) != -1 &&
	    dup2(fds[RESULT], STDOUT_FILENO) != -1 &&
	    dup2(fds[RESULT], STDERR_FILENO) != -1 &&
	    sigprocmask(SIG_SETMASK, &none, NULL) != -1)
		(void)execv(argv[0], argv);
	saved = errno;
	(void)write_all(fds[RESULT], argv[0], strlen(argv[0]));
	(void)write_all(fds[RESULT], why, sizeof(why) - 1);
	_exit(saved == EAGAIN || saved == ENOMEM ? EX_OSERR : EX_UNAVAILABLE);
}

/* As fork(2) returns in the parent. */
static pid_t
begin(char *const argv[], const int fds[GIVEN])
{
	pid_t pid;

	if ((pid = vfork()) == 0)
		become(argv, fds);
	return pid;
}

/* Runs sendmail, waits for its end, and writes it down. */
static void
run(char *const argv[], const int fds[GIVEN])
{
	int status = 0, code = EX_TEMPFAIL;
	pid_t pid;

	if ((pid = begin(argv, fds)) == -1) {
		dprintf(fds[RESULT], "%s: no process\nexit %d\n", argv[0],
		    EX_OSERR);
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
