/* SPDX-License-Identifier: ISC */

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/conf_read.h"

uint64_t
conf_stamp_add(uint64_t all, uint64_t one)
{
	return (all ^ one) * 1099511628211U;
}

static uint64_t
stamp_of(const struct stat *st)
{
	uint64_t stamp = 14695981039346656037U;

	stamp = conf_stamp_add(stamp, (uint64_t)st->st_dev);
	stamp = conf_stamp_add(stamp, (uint64_t)st->st_ino);
	stamp = conf_stamp_add(stamp, (uint64_t)st->st_size);
	stamp = conf_stamp_add(stamp, (uint64_t)st->st_mtim.tv_sec);
	return conf_stamp_add(stamp, (uint64_t)st->st_mtim.tv_nsec);
}

uint64_t
conf_stamp(const struct conf *conf)
{
	struct stat st;
	uint64_t all = 0;
	size_t i;

	for (i = 0; i < conf->nfiles; i++)
		all = conf_stamp_add(all, stat(conf->files[i], &st) == -1 ?
		    1 : stamp_of(&st));
	return all;
}

/*
 * NULL, or why it is none of ours to read.  Who can write it says whose mail
 * needs what: as smtpd.conf(5), it is root's or our own.
 */
static const char *
file_wrong(const struct stat *st, size_t max)
{
	if (!S_ISREG(st->st_mode))
		return "it is not a regular file";
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return "others can write to it: chmod go-w";
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return "another user can write to it: chown root";
	if ((uintmax_t)st->st_size > max)
		return "it is too large";
	return NULL;
}

int
file_is_mended(const char *why)
{
	return strstr(why, ": ch") != NULL;
}

/*
 * Whether a CR ends a line, as old systems wrote it.  A comment would go on to
 * the end of such a file, with every member of a class in it.
 */
static int
has_bare_cr(const char *text)
{
	while ((text = strchr(text, '\r')) != NULL) {
		text += strspn(text, "\r");
		if (*text != '\n' && *text != '\0')
			return 1;
	}
	return 0;
}

char *
read_file(const char *path, size_t max, size_t *len, uint64_t *stamp,
    const char **why)
{
	struct stat st;
	char *buf = NULL;
	size_t size, n = 0;
	ssize_t r = 0;
	int fd;

	*why = NULL;
	/* Nor does a FIFO let us wait for whoever writes to it. */
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) == -1 ||
	    fstat(fd, &st) == -1)
		goto out;
	if ((*why = file_wrong(&st, max)) != NULL)
		goto out;
	*stamp = stamp_of(&st);
	/* One more than it has: whether it grew meanwhile. */
	size = (size_t)st.st_size + 1;
	if ((buf = malloc(size + 1)) == NULL)
		goto out;
	while (n < size && (r = read(fd, buf + n, size - n)) != 0) {
		if (r > 0)
			n += (size_t)r;
		else if (errno != EINTR)
			goto out;
	}
	r = 0;
	if (n == size)
		*why = "it changes while it is read";
	buf[n] = '\0';
	if (*why == NULL && has_bare_cr(buf))
		*why = "its lines end in CR alone: end them with a newline";
	*len = n;
 out:
	if (*why == NULL && (buf == NULL || r == -1))
		*why = strerror(errno);
	if (fd != -1)
		close(fd);
	if (*why == NULL)
		return buf;
	free(buf);
	return NULL;
}

char *
path_beside(const char *file, const char *path)
{
	const char *slash = strrchr(file, '/');
	char *out;
	size_t dir, len = strlen(path);

	/* Daemons change their directory; the file stays where it is. */
	dir = path[0] == '/' || slash == NULL ? 0 : (size_t)(slash - file) + 1;
	if ((out = malloc(dir + len + 1)) == NULL)
		return NULL;
	memcpy(out, file, dir);
	memcpy(out + dir, path, len + 1);
	return out;
}
