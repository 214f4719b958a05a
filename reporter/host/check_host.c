/* SPDX-License-Identifier: ISC */

/*
 * check config: this host: users, folders and files with their owners and
 * modes, the daily job, the clock.
 */

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/announced.h"
#include "base/bounds.h"
#include "base/log.h"
#include "base/spool_file.h"
#include "base/system.h"
#include "host/check_config.h"
#include "host/check_run.h"
#include "lib/ipc.h"
#include "lib/mail_result.h"
#include "rfc/sts.h"

/* Files may be a moment newer than a clock that is set. */
#define FUTURE_SECONDS 60
/* A report's day, a signature's time, a certificate's: seconds are enough. */
#define CLOCK_SECONDS 120
#define CLOCK_HOSTS 4

/* What a file must be; the command that makes it so is said. */
struct want {
	const char	*part;
	const char	*path;
	const char	*owner;		/* NULL: root, or who runs this */
	int		 folder;
	mode_t		 mode;		/* what is right */
	mode_t		 never;		/* bits that must not be there */
	mode_t		 needs;		/* and that must */
	const char	*why;
};

/* As sged measures: a folder's group may write if it is its user's own. */
static int
others_write(const struct want *w, const struct stat *sb)
{
	mode_t wrong = sb->st_mode & w->never;
	const struct group *gr;

	if (!w->folder || wrong != S_IWGRP)
		return wrong != 0;
	if (sb->st_gid == 0 || sb->st_gid == getegid())
		return 0;
	gr = w->owner == NULL ? NULL : getgrnam(w->owner);
	return gr == NULL || sb->st_gid != gr->gr_gid;
}

static void
check_one(struct check *c, const struct want *w)
{
	const struct passwd *pw = NULL;
	struct stat sb;

	if (stat(w->path, &sb) == -1) {
		check_part(c, w->part, errno == EACCES ? CHECK_DARK :
		    CHECK_BAD, "%s: %s%s", w->path, strerror(errno),
		    errno == ENOENT && w->folder ? " (sged makes it when it "
		    "starts)" : "");
		return;
	}
	if (w->folder && !S_ISDIR(sb.st_mode)) {
		check_part(c, w->part, CHECK_BAD, "%s is no directory: move "
		    "it away and start sged", w->path);
		return;
	}
	if (w->owner != NULL && (pw = getpwnam(w->owner)) != NULL &&
	    sb.st_uid != pw->pw_uid)
		check_part(c, w->part, CHECK_BAD, "%s is not %s's: %s (chown "
		    "%s %s)", w->path, w->owner, w->why, w->owner, w->path);
	else if (w->owner == NULL && sb.st_uid != 0 &&
	    sb.st_uid != geteuid())
		check_part(c, w->part, CHECK_BAD, "%s is not root's: %s "
		    "(chown root %s)", w->path, w->why, w->path);
	else if (w->owner != NULL && w->folder &&
	    (sb.st_mode & w->never) == S_IWGRP && others_write(w, &sb))
		check_part(c, w->part, CHECK_BAD, "%s is of a group that may "
		    "write to it: %s (chgrp %s %s)", w->path, w->why, w->owner,
		    w->path);
	else if (others_write(w, &sb) || (sb.st_mode & w->needs) != w->needs)
		check_part(c, w->part, CHECK_BAD, "%s has mode %04o: %s "
		    "(chmod %04o %s)", w->path, (unsigned int)sb.st_mode &
		    07777, w->why, (unsigned int)w->mode, w->path);
	else if (w->folder)
		check_part(c, w->part, CHECK_OK, "%s", w->path);
}

void
check_config_file(struct check *c, const char *path)
{
	struct want w = { "system", path, NULL, 0, 0644, S_IWGRP | S_IWOTH,
	    0, "who writes it says where mail goes" };

	check_one(c, &w);
}

/* A file of whatever owner, which not everybody may write. */
static void
check_written(struct check *c, const struct want *w)
{
	struct stat sb;

	if (stat(w->path, &sb) == 0 && (sb.st_mode & w->never) != 0)
		check_part(c, w->part, CHECK_BAD, "%s has mode %04o: %s "
		    "(chmod %04o %s)", w->path, (unsigned int)sb.st_mode &
		    07777, w->why, (unsigned int)w->mode, w->path);
}

void
check_table_file(struct check *c, const char *path)
{
	struct want w = { "system", path, NULL, 0, 0644, S_IWOTH, 0,
	    "who writes it says where mail goes" };

	check_written(c, &w);
}

/* What sged writes in the spool for smtpd's programs, by their own measure. */
static void
check_spool_files(struct check *c)
{
	static const char *const files[] = { "routes", "routes.cdb", "turns",
	    ANNOUNCED_FILE };
	const char *spool = c->view->conf->spool, *why;
	struct stat dir, sb;
	char path[1024];
	size_t i;

	if (stat(spool, &dir) == -1)
		return;
	for (i = 0; i < nitems(files); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", spool, files[i]);
		if (lstat(path, &sb) == 0 &&
		    (why = spool_file_wrong(&sb, dir.st_uid)) != NULL)
			check_part(c, "spool", CHECK_BAD, "%s: %s, and nothing "
			    "is taken from it: move it away, and restart sged",
			    path, why);
	}
}

/* Folders that somebody had put in the place of what sendmail said. */
static void
check_mailed(struct check *c)
{
	const char *spool = c->view->conf->spool;
	struct dirent *de;
	struct stat sb;
	DIR *dir;

	if ((dir = opendir(spool)) == NULL)
		return;
	while ((de = readdir(dir)) != NULL)
		if (strncmp(de->d_name, MAIL_RESULT_PREFIX,
		    strlen(MAIL_RESULT_PREFIX)) == 0 &&
		    fstatat(dirfd(dir), de->d_name, &sb,
		    AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(sb.st_mode))
			check_part(c, "spool", CHECK_WARN, "%s/%s: not sged's: "
			    "remove it, and ask who could put it there", spool,
			    log_clean(de->d_name));
	closedir(dir);
}

static void
check_folders(struct check *c)
{
	const struct conf *conf = c->view->conf;
	char sessions[1024], attempts[1024], database[1024], socket[1024];
	static const char *const users[] = { SGE_USER, SGE_NET_USER,
	    SGE_FILTER_USER };
	struct want wants[] = {
		{ "spool", conf->spool, SGE_USER, 1, 0755, S_IWGRP | S_IWOTH,
		    S_IRWXU, "sged keeps there what table-sge answers" },
		{ "spool", sessions, SGE_FILTER_USER, 1, 0770,
		    S_IWGRP | S_IWOTH, S_IRWXU, "filter-sge writes there" },
		{ "spool", attempts, SGE_USER, 1, SPOOL_ATTEMPTS_MODE,
		    S_IRGRP | S_IROTH, SPOOL_ATTEMPTS_MODE, "table-sge adds "
		    "to it whose a failed session was, for sged alone" },
		{ "sged", database, SGE_USER, 1, 0750, S_IWGRP | S_IWOTH,
		    S_IRWXU, "sged's database is in it" },
		{ "sged", socket, NULL, 1, 0755, S_IWGRP | S_IWOTH, S_IRWXU,
		    "sged's socket is in it" },
	};
	size_t i;

	(void)snprintf(sessions, sizeof(sessions), "%s/sessions", conf->spool);
	(void)snprintf(attempts, sizeof(attempts), "%s/attempts", conf->spool);
	check_folder_of(conf->database, database, sizeof(database));
	check_folder_of(conf->socket, socket, sizeof(socket));
	for (i = 0; i < nitems(users); i++)
		if (getpwnam(users[i]) == NULL)
			check_part(c, "system", CHECK_BAD, "no user %s: "
			    USERADD " %s", users[i], users[i]);
	for (i = 0; i < nitems(wants); i++)
		check_one(c, &wants[i]);
	for (i = 0; i < conf->nfiles; i++)
		check_config_file(c, conf->files[i]);
	check_spool_files(c);
	check_mailed(c);
}

/*
 * The database and what SQLite keeps beside it, of which sged refuses what
 * others can write; -1 after a line.
 */
static int
check_database_files(struct check *c)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	const struct passwd *pw = getpwnam(SGE_USER);
	char path[1024], folder[1024];
	struct want w = { "sged", path, NULL, 0, 0640, S_IWGRP | S_IWOTH,
	    0, "who writes it says what was counted and learned" };
	struct stat sb;
	size_t i;

	check_folder_of(c->view->conf->database, folder, sizeof(folder));
	for (i = 0; i < nitems(suffixes); i++) {
		(void)snprintf(path, sizeof(path), "%s%s",
		    c->view->conf->database, suffixes[i]);
		if (stat(path, &sb) == -1)
			continue;
		check_written(c, &w);
		if (pw == NULL || sb.st_uid == pw->pw_uid)
			continue;
		check_part(c, "sged", CHECK_BAD, "database %s is not "
		    SGE_USER "'s: " SGE_OWN " %s", path, folder);
		return -1;
	}
	return 0;
}

static void
check_database(struct check *c)
{
	const char *path = c->view->conf->database;
	struct store *store;
	char text[256];
	int owned = check_database_files(c), whole;

	if (access(path, F_OK) == -1)
		check_part(c, "sged", errno == ENOENT ? CHECK_BAD :
		    CHECK_DARK, "database %s: %s%s", path, strerror(errno),
		    errno == ENOENT ? " (sged makes it when it starts)" : "");
	else if ((store = store_open(path, STORE_READ)) == NULL)
		check_part(c, "sged", CHECK_BAD, "database %s cannot be read: "
		    "move it away, and sged begins a new one", path);
	else {
		whole = store_whole(store, text, sizeof(text));
		store_close(store);
		if (whole == 1 && owned == 0)
			check_part(c, "sged", CHECK_OK, "database %s", path);
		else if (whole == -1)
			check_part(c, "sged", CHECK_DARK, "database %s: not "
			    "all of it could be read", path);
		else if (whole == 0)
			check_part(c, "sged", CHECK_BAD, "database %s is "
			    "damaged (%s): look for errors of the disk, stop "
			    "sged, move the file and those beside it away, "
			    "start sged: it counts again what %s/sessions "
			    "still has, and goes on with %s/routes", path,
			    text, c->view->conf->spool, c->view->conf->spool);
	}
}

static void
check_programs(struct check *c)
{
	const struct conf *conf = c->view->conf;

	if (access(conf->report_sendmail, X_OK) == -1)
		check_part(c, "system", CHECK_BAD, "report sendmail %s: %s; "
		    "write its path in %s", conf->report_sendmail,
		    strerror(errno), c->view->path);
	if (access(conf->ca, R_OK) == -1)
		check_part(c, "system", CHECK_BAD, "ca %s: %s; write the file "
		    "of trusted authorities in %s", conf->ca,
		    strerror(errno), c->view->path);
}

/* What starts sged at boot, with another file than this check's. */
static void
check_start(struct check *c)
{
	static const struct { const char *file, *begin; } starts[] = {
		{ "/etc/systemd/system/sged.service", "ExecStart=" },
		{ "/etc/systemd/system/sged.service.d/override.conf",
		    "ExecStart=" },
		{ "/etc/rc.conf.local", "sged_flags=" }
	};
	char *line = NULL, *p, file[1024];
	size_t i, size = 0;
	int number;
	FILE *f;

	for (i = 0; i < nitems(starts); i++) {
		if ((f = fopen(starts[i].file, "r")) == NULL)
			continue;
		for (number = 1; getline(&line, &size, f) != -1; number++) {
			if (strncmp(line, starts[i].begin,
			    strlen(starts[i].begin)) != 0)
				continue;
			line[strcspn(line, "\n")] = '\0';
			/* An option behind "=", or in quotes, too. */
			for (p = line; (p = strpbrk(p, "=\"")) != NULL; p++)
				*p = ' ';
			if (check_option(line, 'f', file, sizeof(file)) ==
			    NULL || strcmp(file, c->view->path) == 0)
				continue;
			check_part(c, "sged", CHECK_BAD, "%s:%d starts sged "
			    "with -f %s, and this check reads %s; write -f %s",
			    starts[i].file, number, view_clean(file, 200),
			    c->view->path, c->view->path);
		}
		fclose(f);
	}
	free(line);
}

/* What was written in the future was written by a clock that ran ahead. */
static int
check_future(struct check *c)
{
	const struct conf *conf = c->view->conf;
	struct stat sb;
	size_t i;

	for (i = 0; i <= conf->nfiles; i++) {
		const char *path = i < conf->nfiles ? conf->files[i] :
		    conf->database;

		if (stat(path, &sb) == -1 || (int64_t)sb.st_mtime <=
		    c->view->now + FUTURE_SECONDS)
			continue;
		check_part(c, "clock", CHECK_BAD, "%s is of %s, and it is %s "
		    "by this host's clock: set it (rdate, ntpd; timedatectl)",
		    path, view_instant(c->view, (int64_t)sb.st_mtime),
		    view_instant(c->view, c->view->now));
		return -1;
	}
	return 0;
}

/* "Date:" of the answer of a policy host, or 0. */
static int64_t
date_of(struct check *c, const char *domain)
{
	char host[DOMAIN_MAX + 16], date[64];
	json_t *addrs, *request, *got;
	struct tm tm;
	int64_t when = 0;

	(void)snprintf(host, sizeof(host), "mta-sts.%s", domain);
	addrs = ask(c->asker, WORLD_RESOLVE, ask_dns("addr", host));
	if (json_array_size(json_object_get(addrs, "addr")) == 0) {
		json_decref(addrs);
		return 0;
	}
	request = json_pack("{s:s,s:s,s:i,s:s,s:i,s:i,s:O}", "op", "get",
	    "host", host, "port", 443, "path", "/.well-known/mta-sts.txt",
	    "max", STS_POLICY_MAX, "seconds", STS_FETCH_SECONDS, "addrs",
	    json_object_get(addrs, "addr"));
	if (request == NULL)
		fatalx("check config");
	got = ask(c->asker, WORLD_NET, request);
	(void)strlcpy(date, ipc_string(got, "date", ""), sizeof(date));
	memset(&tm, 0, sizeof(tm));
	if (strptime(date, "%a, %d %b %Y %H:%M:%S", &tm) != NULL)
		when = (int64_t)timegm(&tm);
	json_decref(got);
	json_decref(addrs);
	return when;
}

/*
 * The clock, by that of another's web server: of a member whose connector we
 * have, since that one is sure to be somebody else's; then our own.
 */
static void
check_clock(struct check *c)
{
	const struct conf *conf = c->view->conf;
	const char *domain = NULL;
	size_t i, pos = 0;
	int64_t when = 0, now, off;

	if (check_future(c) == -1 || c->asker == NULL)
		return;
	for (i = 0; when == 0 && i < conf->nconnectors && i < CLOCK_HOSTS;
	    i++)
		when = date_of(c, domain = conf->connectors[i].domain);
	for (i = 0; when == 0 && i < CLOCK_HOSTS &&
	    (domain = domset_next(conf->local, &pos)) != NULL; i++)
		if (*domain != '.')
			when = date_of(c, domain);
	now = (int64_t)time(NULL);
	off = when > now ? when - now : now - when;
	if (when == 0)
		check_part(c, "clock", CHECK_INFO, "not compared: no policy "
		    "host of a member or of ours told its time");
	else if (off > CLOCK_SECONDS)
		check_part(c, "clock", CHECK_BAD, "this host has %s, and "
		    "mta-sts.%s %s: set it (rdate, ntpd; timedatectl)",
		    view_instant(c->view, now), domain,
		    view_instant(c->view, when));
	else
		check_part(c, "clock", CHECK_OK, "%lld s from that of "
		    "mta-sts.%s", (long long)off, domain);
}

void
check_host(struct check *c)
{
	check_folders(c);
	check_database(c);
	check_programs(c);
	check_digest(c);
	check_start(c);
	check_clock(c);
}
