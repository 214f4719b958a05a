/* SPDX-License-Identifier: ISC */

/*
 * check config: smtpd as it runs: which files it reads, and whether those were
 * changed since.
 */

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <err.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/system.h"
#include "host/check_config.h"
#include "host/check_run.h"
#include "host/smtpd_conf.h"

#define PART "smtpd"
#define SMTPD_SOCKET "/var/run/smtpd.sock"
#define SMTPD_SPOOL "/var/spool/smtpd"
/* "restart" is done before smtpd listens; a socket of before is there then. */
#define START_TRIES 25
#define START_WAIT_MS 200

/* Tables that are programs (smtpd-tables(7)) came with it. */
#define VERSION_MAJOR 7
#define VERSION_MINOR 6

static const char *const smtpd_confs[] = { "/etc/mail/smtpd.conf",
    "/etc/smtpd.conf", "/usr/local/etc/mail/smtpd.conf" };

struct smtpd {
	char		 program[1024];	/* "": not found */
	char		 socket[104];
	int		 fd;		/* of its socket, or -1 */
	struct timespec	 since;
};

static int
connect_to(const char *path)
{
	struct sockaddr_un sun;
	int fd, saved;

	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	(void)strlcpy(sun.sun_path, path, sizeof(sun.sun_path));
	if ((fd = socket(AF_UNIX, SOCK_STREAM, 0)) == -1)
		return -1;
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

/* Its control socket: it is made at its start, and anybody may connect. */
static void
look_for_it(struct smtpd *d)
{
	struct stat sb;
	int i;

	memset(d, 0, sizeof(*d));
	d->fd = -1;
	if (check_program("smtpd", d->program, sizeof(d->program)) == -1)
		d->program[0] = '\0';
	if (d->program[0] == '\0' || check_built_in(d->program, "smtpd.sock",
	    d->socket, sizeof(d->socket)) == -1)
		(void)strlcpy(d->socket, SMTPD_SOCKET, sizeof(d->socket));
	for (i = 0; i < START_TRIES; i++) {
		if ((d->fd = connect_to(d->socket)) != -1 ||
		    errno != ECONNREFUSED)
			break;
		(void)poll(NULL, 0, START_WAIT_MS);
	}
	if (d->fd != -1 && stat(d->socket, &sb) == 0)
		d->since = sb.st_mtim;
}

/* The process at the other end of its socket, or that one's parent; or -1. */
static pid_t
peer_of(const struct smtpd *d)
{
#ifdef __OpenBSD__
	struct sockpeercred cred;
#else
	struct ucred cred;
#endif
	socklen_t len = sizeof(cred);

	if (d->fd == -1 || getsockopt(d->fd, SOL_SOCKET, SO_PEERCRED, &cred,
	    &len) == -1)
		return -1;
	return cred.pid;
}

/* Its arguments, with blanks between, and its parent; 0 or -1. */
#ifdef __linux__
static int
arguments(pid_t pid, char out[], size_t size, pid_t *parent)
{
	char path[64], line[256];
	const char *error = NULL;
	size_t i, n;
	FILE *f;

	*parent = -1;
	(void)snprintf(path, sizeof(path), "/proc/%ld/status", (long)pid);
	if ((f = fopen(path, "r")) == NULL)
		return -1;
	while (fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, "PPid:", 5) != 0)
			continue;
		line[strcspn(line, "\n")] = '\0';
		*parent = (pid_t)strtonum(line + 5, 0, INT_MAX, &error);
	}
	fclose(f);
	(void)snprintf(path, sizeof(path), "/proc/%ld/cmdline", (long)pid);
	if (error != NULL || (f = fopen(path, "r")) == NULL)
		return -1;
	n = fread(out, 1, size - 1, f);
	fclose(f);
	for (i = 0; i < n; i++)
		if (out[i] == '\0')
			out[i] = ' ';
	out[n] = '\0';
	return 0;
}
#else
static int
arguments(pid_t pid, char out[], size_t size, pid_t *parent)
{
	char command[64];
	const char *error;
	size_t len;
	FILE *f;

	(void)snprintf(command, sizeof(command), "ps -ww -o ppid= -o args= -p "
	    "%ld", (long)pid);
	if ((f = popen(command, "r")) == NULL)
		return -1;
	len = fread(out, 1, size - 1, f);
	(void)pclose(f);
	out[len] = '\0';
	out[strcspn(out, "\n")] = '\0';
	out += strspn(out, " ");
	len = strcspn(out, " ");
	if (out[len] == '\0')
		return -1;
	out[len] = '\0';
	*parent = (pid_t)strtonum(out, 0, INT_MAX, &error);
	memmove(out, out + len + 1, strlen(out + len + 1) + 1);
	return error == NULL ? 0 : -1;
}
#endif

/* "-f FILE" of the running one, whose main process has the others below it. */
static int
running_conf(const struct smtpd *d, char path[], size_t size)
{
	char line[1024];
	pid_t pid = peer_of(d), parent;
	int i;

	for (i = 0; i < 2 && pid > 1; i++, pid = parent)
		if (arguments(pid, line, sizeof(line), &parent) == 0 &&
		    strstr(line, "smtpd") != NULL &&
		    check_option(line, 'f', path, size) != NULL)
			return 0;
	return -1;
}

/* Which file smtpd reads, and how that is known. */
static const char *
find_conf(const struct smtpd *d, char path[], size_t size, const char **how)
{
	size_t i;

	*how = "which runs with -f";
	if (running_conf(d, path, size) == 0)
		return path;
	*how = "as it is built";
	if (d->program[0] != '\0' && check_built_in(d->program, "smtpd.conf",
	    path, size) == 0)
		return path;
	*how = "it is where others have it";
	for (i = 0; i < nitems(smtpd_confs); i++)
		if (access(smtpd_confs[i], F_OK) == 0)
			return smtpd_confs[i];
	return smtpd_confs[0];
}

static void
check_version(struct check *c, const struct smtpd *d)
{
	char command[1100], said[400], *p, *dot;
	struct run r = { NULL, NULL, command, NULL, NULL };
	const char *error = "no number";
	long long major = 0, minor = 0;

	(void)snprintf(command, sizeof(command), "exec %s -h", d->program);
	(void)check_run(&r, said, sizeof(said));
	if ((p = strstr(said, "OpenSMTPD ")) != NULL) {
		p += 10;
		p[strspn(p, "0123456789.")] = '\0';
		if ((dot = strchr(p, '.')) != NULL) {
			*dot++ = '\0';
			dot[strspn(dot, "0123456789")] = '\0';
			major = strtonum(p, 0, 1000, &error);
			if (error == NULL)
				minor = strtonum(dot, 0, 1000, &error);
		}
	}
	if (error != NULL) {
		check_part(c, PART, CHECK_DARK, "%s -h does not tell its "
		    "version", d->program);
		return;
	}
	if (major < VERSION_MAJOR || (major == VERSION_MAJOR &&
	    minor < VERSION_MINOR))
		check_part(c, PART, CHECK_BAD, "OpenSMTPD %lld.%lld: tables "
		    "need %d.%d or later; install a newer one", major, minor,
		    VERSION_MAJOR, VERSION_MINOR);
	else
		check_part(c, PART, CHECK_OK, "OpenSMTPD %lld.%lld", major,
		    minor);
}

/* What a program said on several lines, with "; " between. */
static const char *
one_line(char *said)
{
	static char out[512];
	char *line;

	out[0] = '\0';
	while ((line = strsep(&said, "\n")) != NULL) {
		if (*line == '\0')
			continue;
		if (out[0] != '\0')
			(void)strlcat(out, "; ", sizeof(out));
		(void)strlcat(out, line, sizeof(out));
	}
	return view_clean(out, 400);
}

/* "smtpd -n": the word of the one who has to read it. */
static void
check_syntax(struct check *c, const struct smtpd *d, const char *path)
{
	char command[2200], said[400];
	struct run r = { NULL, NULL, command, NULL, NULL };
	int status;

	(void)snprintf(command, sizeof(command), "exec %s -n -f '%s'",
	    d->program, path);
	status = strchr(path, '\'') == NULL ? check_run(&r, said,
	    sizeof(said)) : -1;
	if (status == 0)
		check_part(c, PART, CHECK_OK, "smtpd -n finds nothing wrong "
		    "in %s", path);
	else if (geteuid() != 0)
		check_part(c, PART, CHECK_INFO, "smtpd -n was not asked: only "
		    "root can");
	else
		check_part(c, PART, CHECK_BAD, "smtpd -n does not take %s: %s",
		    path, *said == '\0' ? "it says nothing" : one_line(said));
}

static int
is_later(const struct timespec *when, const struct timespec *since)
{
	return when->tv_sec > since->tv_sec || (when->tv_sec ==
	    since->tv_sec && when->tv_nsec > since->tv_nsec);
}

/* The first of its files that was changed after smtpd's start, or NULL. */
static const char *
changed(const struct smtpd *d, const struct smtpd_conf *s)
{
	struct stat sb;
	size_t i;

	for (i = 0; s != NULL && i < s->nfiles; i++)
		if (stat(s->file[i], &sb) == 0 &&
		    is_later(&sb.st_mtim, &d->since))
			return s->file[i];
	return NULL;
}

static void
check_running(struct check *c, const struct smtpd *d,
    const struct smtpd_conf *s)
{
	static const char *const programs[] = { "filter-sge", "table-sge" };
	char path[1024];
	const char *file;
	struct stat sb;
	size_t i;

	if (d->fd == -1) {
		check_part(c, PART, CHECK_BAD, "smtpd does not run (%s): "
		    "start it (" SYSTEM_SMTPD_START ")", d->socket);
		return;
	}
	if ((file = changed(d, s)) != NULL) {
		check_part(c, PART, CHECK_BAD, "%s was changed after "
		    "smtpd started (%s), and it reads its file at its "
		    "start only: " SYSTEM_SMTPD_RESTART, file,
		    view_instant(c->view, d->since.tv_sec));
		return;
	}
	for (i = 0; i < nitems(programs); i++)
		if (check_libexec(programs[i], path, sizeof(path)) == 0 &&
		    stat(path, &sb) == 0 &&
		    is_later(&sb.st_ctim, &d->since)) {
			check_part(c, PART, CHECK_BAD, "%s was installed "
			    "after smtpd started (%s), and the older one "
			    "runs: " SYSTEM_SMTPD_RESTART, path,
			    view_instant(c->view, d->since.tv_sec));
			return;
		}
	if (s == NULL || check_since(c, s, d->program, &d->since) == 0)
		check_part(c, PART, CHECK_OK, "runs since %s",
		    view_instant(c->view, d->since.tv_sec));
}

void
check_smtpd_conf(char out[], size_t size)
{
	const char *how;
	char found[1024];
	struct smtpd d;

	look_for_it(&d);
	(void)strlcpy(out, find_conf(&d, found, sizeof(found), &how), size);
	if (d.fd != -1)
		close(d.fd);
}

int
check_smtpd_current(const struct smtpd_conf *s, char spool[], size_t size)
{
	const char *file;
	struct smtpd d;

	look_for_it(&d);
	if (d.program[0] == '\0' || check_built_in(d.program, "spool/smtpd",
	    spool, size) == -1)
		(void)strlcpy(spool, SMTPD_SPOOL, size);
	if (d.fd == -1) {
		warnx("smtpd does not run (%s): it has to, for this", d.socket);
		return -1;
	}
	close(d.fd);
	if ((file = changed(&d, s)) == NULL)
		return 0;
	warnx("%s was changed after smtpd started: restart it first", file);
	return -1;
}

void
check_smtpd_service(struct check *c, const char *given)
{
	struct smtpd_conf *s;
	const char *path, *how;
	char found[1024], real[1024];
	struct smtpd d;

	look_for_it(&d);
	path = find_conf(&d, found, sizeof(found), &how);
	(void)strlcpy(real, path, sizeof(real));
	if (given == NULL || strcmp(given, real) == 0)
		check_part(c, PART, CHECK_OK, "reads %s, %s", real, how);
	else if (d.program[0] != '\0')
		check_part(c, PART, CHECK_WARN, "%s is looked at, and smtpd "
		    "reads %s, %s", given, real, how);
	path = given == NULL ? real : given;
	if (d.program[0] == '\0')
		check_part(c, PART, CHECK_BAD, "no program smtpd in PATH: "
		    "install OpenSMTPD %d.%d or later", VERSION_MAJOR,
		    VERSION_MINOR);
	else {
		check_version(c, &d);
		check_syntax(c, &d, path);
	}
	if ((s = smtpdconf_read(path)) == NULL)
		check_part(c, PART, errno == ENOENT ? CHECK_BAD : CHECK_DARK,
		    "%s: %s", path, strerror(errno));
	check_running(c, &d, s);
	if (s != NULL)
		check_smtpd(c, s);
	smtpdconf_free(s);
	if (d.fd != -1)
		close(d.fd);
}
