/* SPDX-License-Identifier: ISC */

/*
 * A mail of sgectl's own, handed to sendmail as sged does it.
 */

#include <sys/wait.h>

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "base/log.h"

int
ctl_sendmail(const struct conf *conf, FILE *mail, const char *to)
{
	pid_t pid;
	int status;

	if (fflush(NULL) == EOF || (pid = fork()) == -1)
		fatal("sgectl");
	if (pid == 0) {
		if (dup2(fileno(mail), STDIN_FILENO) == -1 ||
		    lseek(STDIN_FILENO, 0, SEEK_SET) == -1)
			_exit(75);
		execl(conf->report_sendmail, conf->report_sendmail, "-f",
		    conf->report_from, "--", to, (char *)NULL);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			fatal("waitpid");
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}
