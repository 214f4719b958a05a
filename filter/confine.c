/* SPDX-License-Identifier: ISC */

#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <sys/stat.h>

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/call_filter.h"
#include "base/compat.h"
#include "base/landlock.h"
#include "base/log.h"
#include "confine.h"

/* The folder that path stands in, or is to: one that is there; NULL: none. */
static const char *
folder_of(const char *path, char out[PATH_MAX])
{
	struct stat sb;
	char *slash;

	if (*path != '/' || strlcpy(out, path, PATH_MAX) >= PATH_MAX)
		return NULL;
	do {
		slash = strrchr(out, '/');
		slash[slash == out] = '\0';
	} while (slash != out && (slash[1] == '\0' || stat(out, &sb) == -1));
	return out;
}

/*
 * Paths of the configuration; socket is NULL where nobody is asked.
 * "error": a call that a list does not have is refused and does not end the
 * process: a library of tomorrow may try one, and smtpd ends with its filter.
 */
static void
confine(const char *spool, const char *socket __unused, const char *promises)
{
	char spools[PATH_MAX];
#ifdef __OpenBSD__
	char sockets[PATH_MAX];

	if (unveil("/", "r") == -1 ||
	    ((spool = folder_of(spool, spools)) != NULL &&
	    unveil(spool, "rwc") == -1) || (socket != NULL &&
	    (socket = folder_of(socket, sockets)) != NULL &&
	    unveil(socket, "rw") == -1))
		log_warn("unveil");
	if (pledge(promises, NULL) == -1)
		log_warn("pledge");
#elif defined(__linux__)
	struct landlock_need need = { folder_of(spool, spools), 1, 0 };

	/* Without them mail goes on; sged says what the kernel lacks. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		log_debug("no_new_privs");
	if (landlock_confine(&need, 1, LANDLOCK_READ_ALL) == -1)
		log_debug("no landlock(7) here");
	if (call_filter(promises) == -1)
		log_debug("no seccomp(2) here for: %s", promises);
#else
	(void)folder_of(spool, spools);
	log_debug("no pledge(2) here for: %s", promises);
#endif
}

void
confine_filter(const struct conf *conf)
{
	confine(conf->spool, conf->socket, "stdio rpath wpath cpath unix "
	    "error");
}

void
confine_writer(const char *spool)
{
	confine(spool, NULL, "stdio rpath wpath cpath error");
}

void
confine_keeper(void)
{
	/* On Linux what is run would be held to it as well. */
#ifdef __OpenBSD__
	if (pledge("stdio proc exec", NULL) == -1)
		log_warn("pledge");
#endif
}

void
confine_table(const struct conf *conf)
{
	confine(conf->spool, conf->socket, "stdio rpath wpath cpath unix "
	    "error");
}
