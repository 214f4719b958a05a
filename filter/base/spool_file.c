/* SPDX-License-Identifier: ISC */

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/spool_file.h"

int
spool_file_open(const char *path)
{
	struct stat st;
	int fd, saved = 0;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) == -1)
		return -1;
	if (fstat(fd, &st) == -1)
		saved = errno;
	else if (!S_ISREG(st.st_mode) || st.st_mode & (S_IWGRP | S_IWOTH))
		saved = EPERM;
	if (saved == 0)
		return fd;
	close(fd);
	errno = saved;
	return -1;
}
