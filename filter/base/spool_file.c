/* SPDX-License-Identifier: ISC */

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/spool_file.h"

const char *
spool_file_wrong(const struct stat *st, uid_t owner)
{
	if (S_ISLNK(st->st_mode))
		return "it is a symbolic link";
	if (S_ISDIR(st->st_mode))
		return "it is a directory";
	if (S_ISFIFO(st->st_mode))
		return "it is a pipe";
	if (!S_ISREG(st->st_mode))
		return "it is not a regular file";
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return "others can write to it";
	if (st->st_uid != 0 && st->st_uid != geteuid() && st->st_uid != owner)
		return "it is another user's";
	return NULL;
}

/* Whose the folder of a path is; 0 or -1 with errno. */
static int
folder_owner(const char *path, uid_t *owner)
{
	const char *slash = strrchr(path, '/');
	struct stat st;
	char *folder;
	int rc;

	if (slash == NULL)
		folder = strdup(".");
	else
		folder = strndup(path, (size_t)(slash - path) + 1);
	if (folder == NULL)
		return -1;
	rc = stat(folder, &st);
	free(folder);
	if (rc == 0)
		*owner = st.st_uid;
	return rc;
}

int
spool_file_open(const char *path, const char **why)
{
	const char *wrong = NULL;
	struct stat st;
	uid_t owner = 0;
	int fd = -1, saved;

	/* Looked at first: what a link is, open(2) tells in three ways. */
	if (folder_owner(path, &owner) == -1 || lstat(path, &st) == -1)
		goto bad;
	if ((wrong = spool_file_wrong(&st, owner)) != NULL)
		goto bad;
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK |
	    O_NOFOLLOW)) == -1 || fstat(fd, &st) == -1)
		goto bad;
	if ((wrong = spool_file_wrong(&st, owner)) != NULL)
		goto bad;
	if (why != NULL)
		*why = NULL;
	return fd;
bad:
	saved = wrong != NULL ? EPERM : errno;
	if (fd != -1)
		close(fd);
	if (why != NULL)
		*why = wrong;
	errno = saved;
	return -1;
}
