/* SPDX-License-Identifier: ISC */

/* check config: sged as it runs, by what it says of itself. */

#include <sys/stat.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/system.h"
#include "base/version.h"
#include "host/check_config.h"
#include "host/check_run.h"
#include "ctl/sged_ask.h"
#include "lib/date.h"
#include "lib/ipc.h"

/* Where the program that a process runs is, or was before another came. */
static int
program_of(pid_t pid, char path[], size_t size)
{
#ifdef __linux__
	static const char gone[] = " (deleted)";
	char exe[64];
	ssize_t n;

	(void)snprintf(exe, sizeof(exe), "/proc/%ld/exe", (long)pid);
	if ((n = readlink(exe, path, size - 1)) > 0) {
		path[n] = '\0';
		n -= (ssize_t)sizeof(gone) - 1;
		if (n > 0 && strcmp(path + n, gone) == 0)
			path[n] = '\0';
		return 0;
	}
#else
	(void)pid;
#endif
	return check_program("sged", path, size);
}

/* Whether another sged was installed after this one's start, and where. */
static int
is_older(const json_t *status, char path[], size_t size)
{
	int64_t since;
	struct stat sb;

	return time_parse(ipc_string(status, "since", ""), &since) == 0 &&
	    program_of((pid_t)ipc_int(status, "pid", 0), path, size) == 0 &&
	    stat(path, &sb) == 0 && (int64_t)sb.st_ctime > since;
}

void
check_sged(struct check *c)
{
	const struct conf *conf = c->view->conf;
	json_t *answer, *status;
	const char *path, *version, *since;
	char stamp[32], program[1024];

	answer = talk(conf->socket, json_pack("{s:b}", "status", 1), 5);
	if (answer == NULL && errno == EACCES) {
		check_part(c, "sged", CHECK_DARK, "%s answers root only: run "
		    "this as root", conf->socket);
		return;
	}
	if (answer == NULL) {
		check_part(c, "sged", CHECK_BAD, "does not answer at %s (%s): "
		    "start it (" SYSTEM_SGED_START "); without it nothing is "
		    "learned, counted or reported", conf->socket,
		    strerror(errno));
		return;
	}
	status = json_object_get(answer, "status");
	version = ipc_string(status, "version", "before 1.0.0");
	since = view_clean(ipc_string(status, "since", "-"), 30);
	if (strcmp(version, SGE_VERSION) != 0)
		check_part(c, "sged", CHECK_BAD, "runs as version %s, and "
		    SGE_VERSION " is installed: restart it (" SYSTEM_SGED_RESTART
		    ")", view_clean(version, 30));
	else if (is_older(status, program, sizeof(program)))
		check_part(c, "sged", CHECK_BAD, "%s was installed after sged "
		    "started (%s), and the older one runs: restart it ("
		    SYSTEM_SGED_RESTART ")", program, since);
	else
		check_part(c, "sged", CHECK_OK, "runs since %s", since);
	if (strcmp(ipc_string(status, "spool", ""), "in trouble") == 0)
		check_part(c, "sged", CHECK_BAD, "cannot read the spool: its "
		    "log says why");
	(void)snprintf(stamp, sizeof(stamp), "%016" PRIx64, conf->stamp);
	path = ipc_string(status, "conf", NULL);
	if (path != NULL && strcmp(path, log_clean(c->view->path)) != 0)
		check_part(c, "sged", CHECK_BAD, "reads %s, and this check "
		    "%s; start it with -f %s", view_clean(path, 200),
		    c->view->path, c->view->path);
	else if (strcmp(ipc_string(status, "stamp", stamp), stamp) != 0)
		check_part(c, "sged", CHECK_BAD, "runs with an older %s: have "
		    "it read again (" SYSTEM_SGED_RELOAD ")", c->view->path);
	check_fleet(c, json_object_get(status, "fleet"));
	json_decref(answer);
}
