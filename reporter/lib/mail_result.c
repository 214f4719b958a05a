/* SPDX-License-Identifier: ISC */

#include <sys/types.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/log.h"
#include "lib/mail_result.h"
#include "lib/xalloc.h"

/* Read of its beginning and of its end: a dialogue takes some 800 bytes. */
#define READ_MAX 8192

/* Folders in the place of one file, over time. */
#define ASIDE_MAX 100

/* smtpd's answer to the end of the data, as sendmail -v prints it. */
#define TAKEN "<<< 250 2.0.0 "
#define TAKEN_END " Message accepted for delivery"

char *
mail_result_path(const struct conf *conf, int64_t delivery)
{
	char *path;

	xasprintf(&path, "%s/" MAIL_RESULT_PREFIX "%lld", conf->spool,
	    (long long)delivery);
	return path;
}

static char *
spare_path(const struct conf *conf, int64_t delivery)
{
	char *path;

	xasprintf(&path, "%s/" MAIL_SPARE_PREFIX "%d", conf->spool,
	    (int)(delivery % MAIL_SPARES));
	return path;
}

/* With the lock, or -1 with errno; EPERM: it is no regular file. */
static int
open_locked(const char *path, int flags, const char **why)
{
	struct stat sb;
	int fd, saved;

	*why = "its file in the spool can't be written";
	if ((fd = open(path, flags | O_RDWR | O_APPEND | O_NOFOLLOW |
	    O_CLOEXEC, 0600)) == -1) {
		saved = errno;
		if (saved != ENOENT)
			log_warn("%s", path);
		errno = saved;
		return -1;
	}
	if (fstat(fd, &sb) == -1 || !S_ISREG(sb.st_mode)) {
		close(fd);
		errno = EPERM;
		return -1;
	}
	*why = "an earlier sendmail is still at it";
	if (flock(fd, LOCK_EX | LOCK_NB) == -1) {
		close(fd);
		errno = EWOULDBLOCK;
		return -1;
	}
	return fd;
}

/*
 * Its age is when its mail was begun.  An empty line takes the room that what is
 * said will need: on a full disk a mail that went would look as if it had not,
 * and go again and again.  One that begins with such a line keeps it: what is
 * cut to nothing gives its room back, and ext4 puts it on the disk when it is
 * closed, once for each mail.
 */
static int
empty(int fd)
{
	char c;

	if (pread(fd, &c, 1, 0) == 1 && c == '\n')
		return ftruncate(fd, 1);
	return ftruncate(fd, 0) == -1 || write(fd, "\n", 1) != 1 ? -1 : 0;
}

/*
 * A spare one, under the name of this mail: -1 if there is none.  Emptied
 * first, lest one that is killed here finds the words of another mail; under a
 * name that nobody else takes, since a spare one may be put in its place.
 */
static int
take_spare(const struct conf *conf, int64_t delivery, const char *path)
{
	const char *why;
	char *spare, *mine;
	int fd = -1;

	spare = spare_path(conf, delivery);
	xasprintf(&mine, "%s/" MAIL_SPARE_PREFIX "next", conf->spool);
	if (rename(spare, mine) == -1)
		goto out;
	/* What sendmail has left running may still write to it. */
	if ((fd = open_locked(mine, 0, &why)) == -1 || empty(fd) == -1 ||
	    rename(mine, path) == -1) {
		(void)unlink(mine);
		if (fd != -1)
			close(fd);
		fd = -1;
	}
out:
	free(spare);
	free(mine);
	return fd;
}

int
mail_result_is_strange(int error)
{
	return error == EPERM || error == EACCES || error == ELOOP ||
	    error == EISDIR;
}

/* What is in a folder is another's to remove; only its name is in the way. */
static int
move_aside(const char *path)
{
	char *other;
	int i, rc = -1;

	for (i = 0; rc == -1 && i < ASIDE_MAX; i++) {
		xasprintf(&other, "%s" MAIL_ASIDE "%d", path, i);
		/* rename(2) puts it in the place of an empty one. */
		if ((rc = rename(path, other)) == 0)
			log_warnx("%s: not sged's: now %s, remove it", path,
			    other);
		free(other);
	}
	return rc;
}

int
mail_result_remove(const char *path)
{
	/* unlink(2) of a folder says EISDIR, or EPERM. */
	if (unlink(path) == 0)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -1;
	if (rmdir(path) == 0)
		return 0;
	return errno == ENOTEMPTY || errno == EEXIST ? move_aside(path) : -1;
}

/* One that was there or is made; what is none makes room for it. */
static int
take_own(const char *path, const char **why)
{
	int fd = open_locked(path, O_CREAT, why);

	if (fd == -1 && mail_result_is_strange(errno) &&
	    mail_result_remove(path) == 0)
		fd = open_locked(path, O_CREAT, why);
	return fd;
}

int
mail_result_new(const struct conf *conf, int64_t delivery, const char **why)
{
	char *path;
	int fd;

	path = mail_result_path(conf, delivery);
	if ((access(path, F_OK) == 0 ||
	    (fd = take_spare(conf, delivery, path)) == -1) &&
	    (fd = take_own(path, why)) != -1 && empty(fd) == -1) {
		*why = "no room in the spool";
		close(fd);
		fd = -1;
	}
	free(path);
	return fd;
}

int
mail_result_open(const struct conf *conf, int64_t delivery, const char **why)
{
	char *path;
	int fd;

	path = mail_result_path(conf, delivery);
	fd = open_locked(path, O_CREAT, why);
	free(path);
	return fd;
}

int
mail_result_look(const struct conf *conf, int64_t delivery)
{
	char *path;
	int fd;

	path = mail_result_path(conf, delivery);
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	free(path);
	return fd;
}

void
mail_result_forget(const struct conf *conf, int64_t delivery)
{
	char *path, *spare;

	path = mail_result_path(conf, delivery);
	spare = spare_path(conf, delivery);
	if (rename(path, spare) == -1 && errno != ENOENT)
		log_warn("%s", path);
	free(path);
	free(spare);
}

void
mail_result_tidy(const struct conf *conf)
{
	char *path;
	int i;

	for (i = 0; i < MAIL_SPARES; i++) {
		path = spare_path(conf, i);
		(void)unlink(path);
		free(path);
	}
}

/* A line that is no part of the dialogue, for people. */
static void
add_said(struct mail_result *r, const char *line)
{
	size_t n = strlen(r->said);

	if (n > 0 && n < sizeof(r->said) - 1)
		r->said[n++] = ' ';
	for (; *line != '\0' && n < sizeof(r->said) - 1; line++)
		r->said[n++] = *line >= ' ' && *line < 0x7f ? *line : '?';
	r->said[n] = '\0';
}

static void
read_line(struct mail_result *r, const char *line, int *ended)
{
	const char *error;
	int code;

	if (*line != '\0')
		r->over = 0;
	if (strncmp(line, TAKEN, strlen(TAKEN)) == 0 &&
	    strstr(line, TAKEN_END) != NULL) {
		line += strlen(TAKEN);
		(void)snprintf(r->message, sizeof(r->message), "%.*s",
		    (int)strspn(line, "0123456789abcdef"), line);
	} else if (strncmp(line, "exit ", 5) == 0 &&
	    ((code = (int)strtonum(line + 5, 0, 255, &error)), error == NULL)) {
		r->code = code;
		r->over = *ended = 1;
	} else if (strncmp(line, "<<< ", 4) != 0 &&
	    strncmp(line, ">>> ", 4) != 0 && *line != '\0')
		add_said(r, line);
}

/*
 * OpenSMTPD's sendmail has one use for status 75: smtpd does not run, and the
 * message lies in its offline folder, from where smtpd takes it when it
 * starts.  It says nothing then.  Whoever else ends so says why.
 */
void
mail_result_read(int fd, struct mail_result *r)
{
	char buf[2 * READ_MAX + 2], *line, *rest = buf;
	ssize_t n, more = 0;
	off_t size;
	int ended = 0;

	memset(r, 0, sizeof(*r));
	r->code = EX_TEMPFAIL;
	if ((n = pread(fd, buf, READ_MAX, 0)) == -1)
		n = 0;
	size = lseek(fd, 0, SEEK_END);
	if (size > READ_MAX) {
		buf[n++] = '\n';
		if ((more = pread(fd, buf + n, READ_MAX, size - READ_MAX >
		    READ_MAX ? size - READ_MAX : READ_MAX)) == -1)
			more = 0;
	}
	buf[n + more] = '\0';
	r->unknown = size == n && buf[strspn(buf, "\n")] == '\0';
	while ((line = strsep(&rest, "\n")) != NULL)
		read_line(r, line, &ended);
	if (r->message[0] != '\0')
		r->code = EX_OK;
	else if (!ended)
		add_said(r, "sendmail was killed");
	r->kept = ended && r->code == EX_TEMPFAIL && r->said[0] == '\0';
	if (r->kept)
		r->code = EX_OK;
}
