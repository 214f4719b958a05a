/* SPDX-License-Identifier: ISC */

#include <sys/wait.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/log.h"
#include "command/deliver_forward.h"
#include "lib/process.h"
#include "lib/sandbox.h"
#include "lib/write_all.h"
#include "reader/reader.h"

/* Stands before all other fields of what we hand on. */
#define MARK "X-SGE-Handed-On: "
/* Fields that others put before it stay within so many bytes. */
#define HEAD_MAX 65536

static __dead void
hand_on(const struct conf *conf, int fd)
{
	if (setpgid(0, 0) == -1 || dup2(fd, STDIN_FILENO) == -1)
		_exit(1);
	close(fd);
	/*
	 * From our own user: a bounce of it goes to root, as local mail does,
	 * not to the mailbox of reports again.
	 */
	execl(conf->report_sendmail, conf->report_sendmail, "--",
	    conf->unread_forward, (char *)NULL);
	_exit(127);
}

/* Waits for the mail's beginning; none: nothing is to be done. */
static __dead void
child(const struct conf *conf, int fd)
{
	struct pollfd pfd = { fd, POLLIN, 0 };
	int status;
	pid_t pid;

	sandbox_mailer(conf);
	while (poll(&pfd, 1, -1) == -1 && errno == EINTR)
		continue;
	if (!(pfd.revents & POLLIN) || (pid = fork()) == -1)
		_exit(1);
	if (pid == 0)
		hand_on(conf, fd);
	/* Who writes hears of its end. */
	close(fd);
	if (process_wait(pid, SENDMAIL_MS, &status) == -1)
		_exit(EX_TEMPFAIL);
	_exit(WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 1);
}

void
forward_start(const struct conf *conf, struct forward *f)
{
	int fds[2];

	f->pid = 0;
	if (conf->unread_forward == NULL)
		return;
	if (pipe(fds) == -1) {
		log_warn("pipe");
		return;
	}
	if ((f->pid = fork()) == 0) {
		close(fds[1]);
		child(conf, fds[0]);
	}
	close(fds[0]);
	f->fd = fds[1];
	if (f->pid == -1) {
		log_warn("fork");
		close(f->fd);
		f->pid = 0;
	}
}

static int
was_handed_on(const char *mail, size_t len)
{
	if (len > HEAD_MAX)
		len = HEAD_MAX;
	return memmem(mail, len, MARK, strlen(MARK)) != NULL;
}

int
forward_end(struct forward *f, const char *mail, size_t len)
{
	int status, rc = -1;

	if (f->pid == 0)
		return -1;
	(void)signal(SIGPIPE, SIG_IGN);
	if (mail != NULL && !was_handed_on(mail, len) &&
	    write_all(f->fd, MARK READER_NOTHING "\n",
	    strlen(MARK READER_NOTHING "\n")) == 0)
		rc = write_all(f->fd, mail, len);
	close(f->fd);
	while (waitpid(f->pid, &status, 0) == -1)
		if (errno != EINTR)
			return -1;
	f->pid = 0;
	if (mail != NULL && WIFEXITED(status) &&
	    WEXITSTATUS(status) == EX_TEMPFAIL)
		return 1;
	return rc == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 :
	    -1;
}
