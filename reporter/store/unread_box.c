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

#include "base/bounds.h"
#include "base/log.h"
#include "lib/write_all.h"
#include "store/unread_box.h"

/* deliver takes a minute at most. */
#define BEGUN_SECONDS 86400

int
unread_path(const struct conf *conf, const char *box, char out[],
    size_t outsz)
{
	const char *slash = strrchr(conf->database, '/');
	int n;

	n = snprintf(out, outsz, "%.*s/%s", slash == NULL ? 1 :
	    (int)(slash - conf->database), slash == NULL ? "." :
	    conf->database, box);
	if (n < 0 || (size_t)n >= outsz) {
		log_warnx("%s: path too long", conf->database);
		return -1;
	}
	return 0;
}

/* The folder's path, made if need be; 0 or -1 with a log line. */
static int
folder(const struct conf *conf, const char *box, char out[], size_t outsz)
{
	if (unread_path(conf, box, out, outsz) == -1)
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

/* Whether it may not be whole: "."TIME and more, as unread_keep makes it. */
static int
is_begun(const char *name)
{
	return name[0] == '.' && name[1] >= '0' && name[1] <= '9';
}

/* Calls file for each that is kept, or begun; 0 or -1. */
static int
each(const char *path, int begun, void (*file)(int, const char *,
    const struct stat *, void *), void *arg)
{
	struct dirent *entry;
	struct stat sb;
	DIR *dir;

	/* It is made with the first mail. */
	if ((dir = opendir(path)) == NULL)
		return errno == ENOENT ? 0 : -1;
	while ((entry = readdir(dir)) != NULL)
		if ((begun ? is_begun(entry->d_name) :
		    entry->d_name[0] != '.') && fstatat(dirfd(dir),
		    entry->d_name, &sb, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(sb.st_mode))
			file(dirfd(dir), entry->d_name, &sb, arg);
	closedir(dir);
	return 0;
}

struct removed {
	int		 n;
	int64_t		 bytes;
};

static void
remove_begun(int dir, const char *name, const struct stat *sb, void *arg)
{
	struct removed *removed = arg;
	struct stat own;

	if (fstat(dir, &own) == -1 || sb->st_uid != own.st_uid ||
	    sb->st_mtime >= time(NULL) - BEGUN_SECONDS ||
	    unlinkat(dir, name, 0) == -1)
		return;
	removed->n++;
	removed->bytes += sb->st_size;
}

/* What the folder's owner has begun and not ended, since deliver was killed. */
static void
tidy(const char *path)
{
	struct removed removed = { 0 };

	(void)each(path, 1, remove_begun, &removed);
	if (removed.n > 0)
		log_warnx("tlsrpt unread removed begun=%d bytes=%lld folder=%s",
		    removed.n, (long long)removed.bytes, path);
}

struct look {
	struct unread	*box;
	int64_t		 since;
	const char	*keep;		/* a name that does not go, or NULL */
	/* The one to go first, by age and name. */
	char		 oldest[256];
	int64_t		 when;
};

static void
look_at(int dir __unused, const char *name, const struct stat *sb, void *arg)
{
	struct look *l = arg;

	l->box->count++;
	l->box->bytes += sb->st_size;
	l->box->fresh += sb->st_mtime >= l->since;
	if (l->keep != NULL && strcmp(name, l->keep) == 0)
		return;
	if (l->oldest[0] != '\0' && (sb->st_mtime > l->when ||
	    (sb->st_mtime == l->when && strcmp(name, l->oldest) > 0)))
		return;
	(void)strlcpy(l->oldest, name, sizeof(l->oldest));
	l->when = sb->st_mtime;
}

int
unread_look(const struct conf *conf, int64_t since, struct unread *box)
{
	struct look l = { .box = box, .since = since };

	memset(box, 0, sizeof(*box));
	if (unread_path(conf, UNREAD_BOX, box->path, sizeof(box->path)) == -1)
		return -1;
	return each(box->path, 0, look_at, &l);
}

/*
 * Removes the oldest until the bounds hold; keep: never this one, though those
 * of its second, or of a clock ahead, seem to be younger.
 */
static void
make_room(const char *path, int64_t most, const char *keep)
{
	struct unread box;
	struct look l;
	char name[1200];

	for (;;) {
		memset(&box, 0, sizeof(box));
		memset(&l, 0, sizeof(l));
		l.box = &box;
		l.keep = keep;
		if (each(path, 0, look_at, &l) == -1 ||
		    (box.count <= most && box.bytes <= UNREAD_SIZE_MAX) ||
		    l.oldest[0] == '\0')
			return;
		(void)snprintf(name, sizeof(name), "%s/%s", path, l.oldest);
		if (unlink(name) == -1)
			return;
		log_warnx("tlsrpt unread removed file=%s: there are more than "
		    "are kept", name);
	}
}

int
unread_keep(const struct conf *conf, const char *box, const char *data,
    size_t len, FILE *rest, char out[], size_t outsz)
{
	char dir[900], tmp[1024], buf[65536];
	size_t n;
	int fd = -1, saved;

	if (folder(conf, box, dir, sizeof(dir)) == -1)
		return -1;
	tidy(dir);
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
	if (sync_folder(dir) == 0) {
		make_room(dir, strcmp(box, UNREAD_TEST) == 0 ?
		    UNREAD_TEST_MAX : UNREAD_MAX, out + n + 1);
		return 0;
	}
bad:
	saved = errno;
	if (fd != -1)
		close(fd);
	(void)unlink(tmp);
	errno = saved;
	log_warn("%s: mail not kept", dir);
	return -1;
}
