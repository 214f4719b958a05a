/* SPDX-License-Identifier: ISC */

/*
 * A mail handed to sendmail: one of sgectl's own, as sged does it, or one of
 * smtpd's queue.
 */

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
#include "ctl/smtpctl.h"
#include "lib/ipc.h"
#include "lib/mail_result.h"

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
	    lseek(STDIN_FILENO, 0, SEEK_SET) == -1)
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
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			fatal("waitpid");
	/* As sged reads it of its own. */
	if (WIFEXITED(status))
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

int
ctl_resend(const struct conf *conf, FILE *mail,
    const struct smtpctl_envelope *e)
{
	static const struct {
		enum dsn	 bit;
		const char	*word;
	} words[] = {
		{ DSN_SUCCESS, "success" },
		{ DSN_FAILURE, "failure" },
		{ DSN_DELAY, "delay" },
		{ DSN_NEVER, "never" }
	};
	const char *argv[16];
	char notify[64] = "";
	size_t i, n = 0;

	argv[n++] = conf->report_sendmail;
	argv[n++] = "-f";
	argv[n++] = e->sender[0] == '\0' ? "<>" : e->sender;
	for (i = 0; i < nitems(words); i++)
		if ((e->notify & words[i].bit) != 0) {
			if (notify[0] != '\0')
				(void)strlcat(notify, ",", sizeof(notify));
			(void)strlcat(notify, words[i].word, sizeof(notify));
		}
	if (notify[0] != '\0') {
		argv[n++] = "-N";
		argv[n++] = notify;
	}
	if (e->ret[0] != '\0') {
		argv[n++] = "-R";
		argv[n++] = e->ret;
	}
	if (e->envid[0] != '\0') {
		argv[n++] = "-V";
		argv[n++] = e->envid;
	}
	argv[n++] = "--";
	argv[n++] = e->dest;
	argv[n] = NULL;
	return run_sendmail(conf->report_sendmail, mail, argv) == 0 ? 0 : -1;
}
