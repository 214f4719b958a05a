/* SPDX-License-Identifier: ISC */

#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <pwd.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sged_notice.h"
#include "base/spool_file.h"
#include "base/system.h"
#include "lib/xalloc.h"
#include "setup.h"
#include "store/store.h"

#define BACKLOG 64

struct owner {
	uid_t	 uid;
	gid_t	 gid;
	int	 set;	/* we are root, and both exist */
};

static void
owner_find(struct owner *owner, const char *user, const char *group)
{
	struct passwd *pw;
	struct group *gr;

	memset(owner, 0, sizeof(*owner));
	if (geteuid() != 0 || (pw = getpwnam(user)) == NULL)
		return;
	owner->uid = pw->pw_uid;
	if ((gr = getgrnam(group)) == NULL)
		return;
	owner->gid = gr->gr_gid;
	owner->set = 1;
}

static int
is_there(const char *user)
{
	if (getpwnam(user) != NULL)
		return 1;
	log_warnx("no such user: %s: " USERADD " %s", user, user);
	return 0;
}

int
setup_users(void)
{
	int n;

	if (geteuid() != 0)
		return 0;
	n = is_there(SGE_USER);
	n += is_there(SGE_NET_USER);
	n += is_there(SGE_FILTER_USER);
	return n == 3 ? 0 : -1;
}

/*
 * Of a folder just made: by its descriptor, since who owns the one above could
 * put a link to something else in its place.
 */
static int
dir_give(const char *path, mode_t mode, const struct owner *owner)
{
	int fd, rc = -1;

	if ((fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
	    O_CLOEXEC)) == -1)
		return -1;
	if ((owner == NULL || !owner->set ||
	    fchown(fd, owner->uid, owner->gid) == 0) && fchmod(fd, mode) == 0)
		rc = 0;
	close(fd);
	return rc;
}

/* And those above it, which belong to who runs this and can be passed. */
static int
dir_make(const char *path, mode_t mode, const struct owner *owner)
{
	struct stat sb;
	char *copy;
	int rc;

	if (stat(path, &sb) == 0) {
		if (S_ISDIR(sb.st_mode))
			return 0;
		log_warnx("%s: not a directory", path);
		return -1;
	}
	copy = xstrdup(path);
	rc = dir_make(dirname(copy), 0755, NULL);
	free(copy);
	if (rc == -1)
		return -1;
	if (mkdir(path, 0700) == -1 || dir_give(path, mode, owner) == -1) {
		log_warn("%s", path);
		return -1;
	}
	return 0;
}

/*
 * Of one that was there: nobody else may put anything into it.  It is not
 * given away, whoever made it; what to write is said.
 */
static int
dir_check(const char *path, const struct owner *owner, const char *right)
{
	struct stat sb;

	if (stat(path, &sb) == -1) {
		log_warn("%s", path);
		return -1;
	}
	if (sb.st_mode & S_IWOTH || (sb.st_mode & S_IWGRP && sb.st_gid != 0 &&
	    sb.st_gid != getegid() &&
	    (!owner->set || sb.st_gid != owner->gid))) {
		log_warnx("%s: others can write to it: chmod go-w %s", path,
		    path);
		return -1;
	}
	if (owner->set && sb.st_uid != owner->uid)
		log_warnx("%s: not its right owner: %s %s", path, right, path);
	return 0;
}

/* The database, if there is one, and what SQLite keeps beside it. */
static int
database_check(const char *path)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	struct stat sb;
	char *file;
	size_t i;
	int rc = store_files(path);

	for (i = 0; i < nitems(suffixes) && rc == 0; i++) {
		xasprintf(&file, "%s%s", path, suffixes[i]);
		if (stat(file, &sb) == 0 &&
		    sb.st_mode & (S_IWGRP | S_IWOTH)) {
			log_warnx("%s: others can write to it: chmod go-w %s",
			    file, file);
			rc = -1;
		}
		free(file);
	}
	return rc;
}

/* Folder at path: made where it is missing, looked at where it is there. */
static int
dir_ready(const char *path, mode_t mode, const struct owner *owner,
    const char *right)
{
	if (access(path, F_OK) == -1 && errno == ENOENT)
		return dir_make(path, mode, owner);
	return dir_check(path, owner, right);
}

/*
 * table-sge, which runs as smtpd's user, adds files to a folder that nobody
 * else can list or remove from.  What it lacks stops nothing but that, and is
 * said.
 */
static int
attempts_ready(const char *path, const struct owner *owner)
{
	struct stat sb;

	if (lstat(path, &sb) == -1 || !S_ISDIR(sb.st_mode))
		return dir_make(path, SPOOL_ATTEMPTS_MODE, owner);
	if (owner->set && sb.st_uid != owner->uid)
		log_warnx("%s: not its right owner: %s %s", path,
		    "chown " SGE_USER, path);
	if ((sb.st_mode & 01777) != SPOOL_ATTEMPTS_MODE)
		log_warnx("%s: not its right mode: %s %04o %s", path,
		    "chmod", SPOOL_ATTEMPTS_MODE, path);
	return 0;
}

/* A user who tries a host's sged is not told to change the host's folders. */
static int
spool_is_others(const char *path)
{
	struct stat sb;

	if (geteuid() == 0 || stat(path, &sb) == -1 ||
	    sb.st_uid == geteuid())
		return 0;
	log_warnx("%s: another user's: sged is to be started as root", path);
	return 1;
}

int
setup_dirs(const struct conf *conf)
{
	struct owner own, filter;
	char *sessions = NULL, *attempts = NULL, *copy = NULL;
	int rc = -1;

	owner_find(&own, SGE_USER, SGE_USER);
	owner_find(&filter, SGE_FILTER_USER, SGE_FILTER_USER);
	xasprintf(&sessions, "%s/sessions", conf->spool);
	xasprintf(&attempts, "%s/attempts", conf->spool);
	copy = xstrdup(conf->database);
	/*
	 * table-sge reads SPOOL/routes.  What filter-sge writes is read, and
	 * removed, by the engine, which has its group too.
	 */
	if (!spool_is_others(conf->spool) &&
	    dir_ready(conf->spool, 0755, &own, SGE_OWN) == 0 &&
	    dir_ready(sessions, 0770, &filter, SETUP_SESSIONS) == 0 &&
	    attempts_ready(attempts, &own) == 0 &&
	    dir_ready(dirname(copy), 0750, &own, SGE_OWN) == 0 &&
	    database_check(conf->database) == 0)
		rc = 0;
	free(sessions);
	free(attempts);
	free(copy);
	return rc;
}

int
setup_lock(const char *of, int seconds)
{
	const struct timespec pause = { 0, 100 * 1000 * 1000 };
	char *path;
	int fd, i;

	xasprintf(&path, "%s.lock", of);
	if ((fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
	    0600)) == -1) {
		log_warn("%s", path);
		goto out;
	}
	for (i = 0; flock(fd, LOCK_EX | LOCK_NB) == -1; i++) {
		/* One that was killed may be in the midst of ending. */
		if (errno == EWOULDBLOCK && i < seconds * 10) {
			(void)nanosleep(&pause, NULL);
			continue;
		}
		if (errno == EWOULDBLOCK)
			log_warnx("already running (%s)", path);
		else
			log_warn("%s", path);
		close(fd);
		fd = -1;
		break;
	}
out:
	free(path);
	return fd;
}

int
setup_lock_spool(const struct conf *conf, int seconds)
{
	char *path;
	int fd;

	xasprintf(&path, "%s/sged", conf->spool);
	fd = setup_lock(path, seconds);
	free(path);
	return fd;
}

static int
bind_at(const struct sockaddr_un *sun, int type, mode_t mode,
    const struct owner *owner)
{
	mode_t old;
	int fd, rc;

	if ((fd = socket(AF_UNIX, type, 0)) == -1)
		return -1;
	/* Nobody else may connect, not even for a moment. */
	old = umask(0177);
	rc = bind(fd, (const struct sockaddr *)sun, sizeof(*sun));
	(void)umask(old);
	if (rc == -1 || (owner->set &&
	    chown(sun->sun_path, owner->uid, owner->gid) == -1) ||
	    chmod(sun->sun_path, mode) == -1 ||
	    (type == SOCK_SEQPACKET && listen(fd, BACKLOG) == -1) ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}

/*
 * The socket is given away by its path: who owns the folder could put another
 * file there.
 */
static int
socket_dir(const char *path)
{
	const struct owner nobody = { 0 };
	struct stat sb;

	if (dir_ready(path, 0755, &nobody, "") == -1)
		return -1;
	if (geteuid() == 0 && (stat(path, &sb) == -1 || sb.st_uid != 0)) {
		log_warnx("%s: the socket's folder must be root's", path);
		return -1;
	}
	return 0;
}

/* The socket of that name, behind it suffix; -1 with a log line. */
static int
socket_make(const struct conf *conf, const char *suffix, int type, mode_t mode)
{
	struct sockaddr_un sun;
	struct owner owner;
	char *copy;
	int fd, rc;

	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	if ((size_t)snprintf(sun.sun_path, sizeof(sun.sun_path), "%s%s",
	    conf->socket, suffix) >= sizeof(sun.sun_path)) {
		log_warnx("%s: too long for a socket", conf->socket);
		return -1;
	}
	copy = xstrdup(conf->socket);
	/* By its group filter-sge may connect; control.c says to what. */
	owner_find(&owner, SGE_USER, SGE_FILTER_USER);
	rc = socket_dir(dirname(copy));
	free(copy);
	if (rc == -1)
		return -1;
	/* The lock says that nobody listens there. */
	if (unlink(sun.sun_path) == -1 && errno != ENOENT)
		log_warn("%s", sun.sun_path);
	if ((fd = bind_at(&sun, type, mode, &owner)) == -1)
		log_warn("%s", sun.sun_path);
	return fd;
}

int
setup_listen(const struct conf *conf)
{
	return socket_make(conf, "", SOCK_SEQPACKET, 0660);
}

int
setup_notices(const struct conf *conf)
{
	/* smtpd's user, whoever that is, may write there. */
	return socket_make(conf, NOTICE_SUFFIX, SOCK_DGRAM, 0222);
}

void
setup_unlisten(const struct conf *conf, int listener, int notices)
{
	char *path;

	if (listener != -1) {
		close(listener);
		(void)unlink(conf->socket);
	}
	if (notices == -1)
		return;
	close(notices);
	xasprintf(&path, "%s%s", conf->socket, NOTICE_SUFFIX);
	(void)unlink(path);
	free(path);
}

void
setup_tell(const char *state)
{
	struct sockaddr_un sun;
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len;
	int fd;

	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	if (path == NULL || (len = strlen(path)) < 2 ||
	    len >= sizeof(sun.sun_path))
		return;
	memcpy(sun.sun_path, path, len);
	/* A name of Linux' own, in no folder. */
	if (path[0] == '@')
		sun.sun_path[0] = '\0';
	if ((fd = socket(AF_UNIX, SOCK_DGRAM, 0)) == -1)
		return;
	if (sendto(fd, state, strlen(state), 0, (struct sockaddr *)&sun,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) == -1)
		log_warn("NOTIFY_SOCKET");
	close(fd);
}
