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

char *
read_file(const char *path, size_t max, size_t *len, uint64_t *stamp)
{
	struct stat st;
	char *buf = NULL, *p;
	size_t size, n = 0;
	ssize_t r;
	int fd, saved;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1 ||
	    fstat(fd, &st) == -1)
		goto fail;
	*stamp = stamp_of(&st);
	/* One more than it has, so that its end is seen without growing. */
	size = S_ISREG(st.st_mode) && (uintmax_t)st.st_size < max ?
	    (size_t)st.st_size + 2 : 4096;
	if ((buf = malloc(size)) == NULL)
		goto fail;
	while ((r = read(fd, buf + n, size - n - 1)) != 0) {
		if (r == -1) {
			if (errno == EINTR)
				continue;
			goto fail;
		}
		n += (size_t)r;
		if (n > max) {
			errno = EFBIG;
			goto fail;
		}
		if (size - n > 1)
			continue;
		if ((p = realloc(buf, size * 2)) == NULL)
			goto fail;
		buf = p;
		size *= 2;
	}
	close(fd);
	buf[n] = '\0';
	*len = n;
	return buf;
fail:
	saved = errno;
	if (fd != -1)
		close(fd);
	free(buf);
	errno = saved;
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
