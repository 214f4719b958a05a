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
#include <unistd.h>

#include "base/log.h"
#include "ctl/ctl.h"
#include "ctl/sged_ask.h"
#include "ctl/smtpctl.h"
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

static int
run_sendmail(const char *path, FILE *mail, const char *const argv[])
{
	pid_t pid;
	int status;

	if (fflush(NULL) == EOF || (pid = fork()) == -1)
		fatal("sgectl");
	if (pid == 0) {
		if (dup2(fileno(mail), STDIN_FILENO) == -1 ||
		    lseek(STDIN_FILENO, 0, SEEK_SET) == -1)
			_exit(75);
		execv(path, (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			fatal("waitpid");
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
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
	return run_sendmail(conf->report_sendmail, mail, argv);
}
