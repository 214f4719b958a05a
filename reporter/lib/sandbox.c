/* SPDX-License-Identifier: ISC */

#include <sys/stat.h>

#include <errno.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/call_filter.h"
#include "base/landlock.h"
#include "base/log.h"
#include "base/system.h"
#include "lib/sandbox.h"
#include "lib/xalloc.h"

/* Paths of the configuration, once they are known to exist. */
struct places {
	char		*database;	/* its directory */
	char		*spool;
};

/* sged does not start without its users; a check of sgectl's does. */
static const struct passwd *
user_find(const char *user)
{
	const struct passwd *pw;

	if ((pw = getpwnam(user)) == NULL && (pw = getpwnam("nobody")) == NULL)
		fatalx("no such user: %s", user);
	return pw;
}

static void
become(const struct passwd *pw, const char *user, const struct group *gr)
{
	gid_t groups[2];
	int n = 0;

	groups[n++] = pw->pw_gid;
	if (gr != NULL)
		groups[n++] = gr->gr_gid;
	if (setgroups(n, groups) == -1 ||
	    setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) == -1 ||
	    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) == -1)
		fatal("can't become %s", user);
	if (pw->pw_uid != 0 && (setuid(0) != -1 || geteuid() == 0))
		fatalx("root could come back");
}

void
sandbox_drop(const char *user, const char *group)
{
	if (geteuid() == 0)
		become(user_find(user), user, group == NULL ? NULL :
		    getgrnam(group));
}

/* Root's, and nobody else may put anything into it. */
static int
is_safe_empty(const char *path)
{
	struct stat sb;

	/* Two links: no directory within. */
	return stat(path, &sb) == 0 && S_ISDIR(sb.st_mode) &&
	    sb.st_uid == 0 && (sb.st_mode & 022) == 0 && sb.st_nlink <= 2;
}

static void
chroot_empty(void)
{
	char path[] = "/tmp/sged.XXXXXXXXXX";

	if (is_safe_empty("/var/empty")) {
		if (chroot("/var/empty") == -1 || chdir("/") == -1)
			fatal("chroot /var/empty");
		return;
	}
	/* One that is gone already stays empty for ever. */
	if (mkdtemp(path) == NULL || chdir(path) == -1 || rmdir(path) == -1 ||
	    chroot(".") == -1)
		fatal("chroot %s", path);
}

void
sandbox_drop_empty(const char *user)
{
	const struct passwd *pw;

	if (geteuid() != 0)
		return;
	/* There is no password file in the empty directory. */
	pw = user_find(user);
	chroot_empty();
	become(pw, user, NULL);
}

/* The folder of a file: one that is replaced there is found as well. */
static char *
folder_of(const char *path)
{
	char *copy = xstrdup(path), *folder = xstrdup(dirname(copy));

	free(copy);
	return folder;
}

static void
places_find(const struct conf *conf, struct places *places)
{
	places->database = folder_of(conf->database);
	places->spool = xstrdup(conf->spool);
}

static void
places_free(struct places *places)
{
	free(places->database);
	free(places->spool);
}

#ifdef __OpenBSD__

void
sandbox_missing(void)
{
}

static void
confine(const struct landlock_need *needs, size_t n, const char *promises)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (needs[i].path == NULL)
			continue;
		if (unveil(needs[i].path, needs[i].exec ? "x" :
		    needs[i].write ? "rwc" : "r") == -1 && errno != ENOENT)
			fatal("unveil %s", needs[i].path);
	}
	if (pledge(promises, NULL) == -1)
		fatal("pledge");
}

#elif defined(__linux__)

#include <sys/prctl.h>

void
sandbox_missing(void)
{
	long abi = landlock_version();

	if (abi == -1)
		log_warnx("the kernel has no landlock(7): processes are kept "
		    "apart by their users alone");
	else if (abi < 6)
		log_info("the kernel's landlock(7) has version %ld: %s%s", abi,
		    abi < 4 ? "connections are not denied by it, " : "",
		    "signals and abstract sockets neither");
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == -1)
		log_warnx("the kernel has no seccomp(2): no system call is "
		    "denied");
}

static void
confine(const struct landlock_need *needs, size_t n, const char *promises)
{
	int flags = strstr(promises, "inet") == NULL ? 0 : LANDLOCK_INET;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		fatal("no_new_privs");
	if (landlock_confine(needs, n, flags) == -1 && errno != ENOSYS)
		fatal("landlock");
	(void)call_filter(promises);
}

#else

void
sandbox_missing(void)
{
}

static void
confine(const struct landlock_need *needs __unused, size_t n __unused,
    const char *promises __unused)
{
}

#endif

/* Without no_new_privs, which would take sendmail's group away: as root only. */
void
sandbox_all(void)
{
	if (geteuid() == 0 && call_filter("any") == -1)
		log_debug("no seccomp(2) here for all");
}

void
sandbox_engine(const struct conf *conf)
{
	struct places places;

	places_find(conf, &places);
	{
		const struct landlock_need needs[] = {
			{ places.database, 1, 0 },
			{ places.spool, 1, 0 },
#ifdef __OpenBSD__
			/* Linux denies neither stat(2) nor connect(2). */
			{ SMTPD_SOCKET, 1, 0 },
			{ SMTPD_OFFLINE, 0, 0 },
#endif
		};

		confine(needs, nitems(needs), "stdio rpath wpath cpath fattr "
		    "flock unix sendfd recvfd");
	}
	places_free(&places);
}

void
sandbox_resolve(void)
{
	confine(NULL, 0, "stdio inet");
}

void
sandbox_net(void)
{
	confine(NULL, 0, "stdio inet recvfd");
}

/*
 * On Linux nothing: sendmail is set-group-id, which no_new_privs takes away,
 * and what landlock denies us is denied to it too.
 */
void
sandbox_mailer(const struct conf *conf __unused)
{
#ifdef __OpenBSD__
	const struct landlock_need needs[] = {
		{ conf->report_sendmail, 0, 1 },
		{ conf->spool, 1, 0 },
	};

	confine(needs, nitems(needs), "stdio rpath wpath cpath flock proc "
	    "exec sendfd recvfd");
#endif
}

void
sandbox_share(const struct conf *conf)
{
	static const char *const keys[] = { "passfile", "sslrootcert",
	    "sslcert", "sslkey", "sslcrl" };
	struct landlock_need needs[nitems(keys) + 6] = {
		{ "/etc/resolv.conf", 0, 0 },
		{ "/etc/hosts", 0, 0 },
		{ "/etc/nsswitch.conf", 0, 0 },
		{ "/etc/ssl", 0, 0 },
	};
	char path[1024], *folders[nitems(keys) + 1] = { NULL };
	size_t i, n = 0;

	folders[n++] = folder_of(conf->ca);
	for (i = 0; i < nitems(keys); i++)
		if (conf_conninfo(conf->fleet, keys[i], path,
		    sizeof(path)) == 1 && path[0] == '/')
			folders[n++] = folder_of(path);
	for (i = 0; i < n; i++)
		needs[4 + i].path = folders[i];
	/* A database on this host, at a socket's path. */
	if (conf_conninfo(conf->fleet, "host", path, sizeof(path)) == 1 &&
	    path[0] == '/') {
		path[strcspn(path, ",")] = '\0';
		needs[4 + n].path = path;
		needs[4 + n].write = 1;
	}
	confine(needs, nitems(needs), "stdio rpath inet unix dns");
	for (i = 0; i < n; i++)
		free(folders[i]);
}

void
sandbox_parser(void)
{
	confine(NULL, 0, "stdio");
}

void
sandbox_view(const struct conf *conf)
{
	struct places places;

	places_find(conf, &places);
	{
		/* A reader of a WAL database writes to its -shm file. */
		const struct landlock_need needs[] = {
			{ places.database, 1, 0 },
			{ places.spool, 0, 0 },
			{ conf->socket, 1, 0 },
		};

		confine(needs, nitems(needs), "stdio rpath wpath cpath fattr "
		    "flock unix");
	}
	places_free(&places);
}

void
sandbox_reader(const struct conf *conf)
{
	struct places places;

	places_find(conf, &places);
	{
		const struct landlock_need needs[] = {
			{ "/", 0, 0 },
			{ places.database, 1, 0 },
			{ places.spool, 1, 0 },
		};

		confine(needs, nitems(needs), "stdio rpath wpath cpath fattr "
		    "flock proc");
	}
	places_free(&places);
}
