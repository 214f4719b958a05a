/* SPDX-License-Identifier: ISC */

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "store/unread_box.h"

static int
write_all(int fd, const char *data, size_t len)
{
	ssize_t n;

	while (len > 0) {
		if ((n = write(fd, data, len)) == -1) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		data += n;
		len -= n;
	}
	return 0;
}

static int
folder_path(const struct conf *conf, char out[], size_t outsz)
{
	const char *slash = strrchr(conf->database, '/');
	int n;

	n = snprintf(out, outsz, "%.*s/unread", slash == NULL ? 1 :
	    (int)(slash - conf->database), slash == NULL ? "." :
	    conf->database);
	if (n < 0 || (size_t)n >= outsz) {
		log_warnx("%s: path too long", conf->database);
		return -1;
	}
	return 0;
}

/* The folder's path, made if need be; 0 or -1 with a log line. */
static int
folder(const struct conf *conf, char out[], size_t outsz)
{
	if (folder_path(conf, out, outsz) == -1)
		return -1;
	if (mkdir(out, 0700) == -1 && errno != EEXIST) {
		log_warn("%s", out);
		return -1;
	}
	return 0;
}

static int
sync_folder(const char *path)
{
	int fd, rc;

	if ((fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return -1;
	rc = fsync(fd);
	close(fd);
	return rc;
}

int
unread_keep(const struct conf *conf, const char *data, size_t len, FILE *rest,
    char out[], size_t outsz)
{
	char dir[900], tmp[1024], buf[65536];
	size_t n;
	int fd = -1, saved;

	if (folder(conf, dir, sizeof(dir)) == -1)
		return -1;
	/* One mail after another has its own random part: no name is taken. */
	snprintf(tmp, sizeof(tmp), "%s/.%lld.XXXXXXXXXX", dir,
	    (long long)time(NULL));
	if ((fd = mkstemp(tmp)) == -1) {
		log_warn("%s", tmp);
		return -1;
	}
	if (write_all(fd, data, len) == -1)
		goto bad;
	while (rest != NULL && (n = fread(buf, 1, sizeof(buf), rest)) > 0)
		if (write_all(fd, buf, n) == -1)
			goto bad;
	if ((rest != NULL && ferror(rest)) || fsync(fd) == -1)
		goto bad;
	if (close(fd) == -1) {
		fd = -1;
		goto bad;
	}
	fd = -1;
	/* The same name without its dot. */
	n = strlen(dir);
	snprintf(out, outsz, "%s/%s", dir, tmp + n + 2);
	if (link(tmp, out) == -1)
		goto bad;
	(void)unlink(tmp);
	if (sync_folder(dir) == 0)
		return 0;
bad:
	saved = errno;
	if (fd != -1)
		close(fd);
	(void)unlink(tmp);
	errno = saved;
	log_warn("%s: mail not kept", dir);
	return -1;
}

int64_t
unread_count(const struct conf *conf, char out[], size_t outsz)
{
	struct dirent *entry;
	int64_t n = 0;
	DIR *dir;

	if (folder_path(conf, out, outsz) == -1)
		return -1;
	/* It is made with the first mail. */
	if ((dir = opendir(out)) == NULL)
		return errno == ENOENT ? 0 : -1;
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			n++;
	closedir(dir);
	return n;
}
