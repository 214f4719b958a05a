/* SPDX-License-Identifier: ISC */

/*
 * A mail of sgectl's own, handed to sendmail as sged does it.
 */

#include <sys/wait.h>

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "ctl/ctl.h"
#include "ctl/sged_ask.h"
#include "lib/ipc.h"

/* filter-sge lets our reports' sender write to none but these. */
static void
announce(const struct conf *conf, const char *to)
{
	json_t *answer;

	answer = talk(conf->socket, json_pack("{s:s}", "announce", to), 5);
	if (answer == NULL)
		log_warnx("%s: sged does not answer: filter-sge will not take "
		    "a mail of %s", conf->socket, conf->report_from);
	else if (json_object_get(answer, "ok") == NULL)
		log_warnx("sged: %s", ipc_string(answer, "error", "?"));
	json_decref(answer);
}

int
ctl_sendmail(const struct conf *conf, FILE *mail, const char *to)
{
	pid_t pid;
	int status;

	announce(conf, to);
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
