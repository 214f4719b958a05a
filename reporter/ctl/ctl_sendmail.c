/* SPDX-License-Identifier: ISC */

/* A mail of sgectl's own handed to sendmail, as sged does it. */

#include <sys/wait.h>

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/log.h"
#include "ctl/ctl.h"
#include "ctl/sged_ask.h"
#include "lib/ipc.h"
#include "lib/mail_result.h"
#include "lib/process.h"

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

/* In the child. */
static void
run_begin(int mail, int said, const char *path, const char *const argv[])
{
	if (dup2(mail, STDIN_FILENO) == -1 || dup2(said, STDOUT_FILENO) == -1 ||
	    dup2(said, STDERR_FILENO) == -1 ||
	    lseek(STDIN_FILENO, 0, SEEK_SET) == -1 || setpgid(0, 0) == -1)
		_exit(EX_OSERR);
	execv(path, (char *const *)(uintptr_t)argv);
	dprintf(STDERR_FILENO, "%s\n", strerror(errno));
	_exit(EX_UNAVAILABLE);
}

/* 0; 1: it goes when smtpd runs again; -1: not taken, and why is said. */
static int
run_sendmail(const char *path, FILE *mail, const char *const argv[])
{
	struct mail_result r;
	FILE *said;
	pid_t pid;
	int status;

	if ((said = tmpfile()) == NULL || fflush(NULL) == EOF ||
	    (pid = fork()) == -1)
		fatal("sgectl");
	if (pid == 0)
		run_begin(fileno(mail), fileno(said), path, argv);
	/* As sged reads it of its own. */
	if (process_wait(pid, SENDMAIL_MS, &status) == -1)
		dprintf(fileno(said), "\nsendmail took too long\nexit %d\n",
		    EX_TEMPFAIL);
	else if (WIFEXITED(status))
		dprintf(fileno(said), "\nexit %d\n", WEXITSTATUS(status));
	mail_result_read(fileno(said), &r);
	fclose(said);
	if (r.said[0] != '\0')
		log_warnx("%s: %s", path, r.said);
	return r.code != EX_OK ? -1 : r.kept;
}

int
ctl_sendmail(const struct conf *conf, FILE *mail, const char *to)
{
	const char *const argv[] = { conf->report_sendmail, "-f",
	    conf->report_from, "--", to, NULL };

	announce(conf, to);
	return run_sendmail(conf->report_sendmail, mail, argv);
}
