/* SPDX-License-Identifier: ISC */

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/log.h"
#include "base/trouble.h"
#include "spool/spool_writer.h"
#include "spool/writer_fork.h"

/* How long one that has nothing to do is given to end. */
#define END_MS 1000

/* In memory that both processes share; a byte on the socket hands it over. */
struct request {
	char		 dir[1024];
	int64_t		 now;
	enum writer_how	 how;
	size_t		 len;
	/* The segment before the write: what came of it may have to be seen. */
	dev_t		 dev;
	ino_t		 ino;
	off_t		 size;		/* -1: it is not begun */
	ssize_t		 n;		/* as of write(2) */
	int		 error;
	int		 done;
	char		 text[SPOOL_CHUNK];
};

struct spool_writer {
	struct request	*request;
	int		 sock;		/* to the process, or -1 */
	int		 told;		/* of the request */
	size_t		 asked;		/* its length, not the other's word */
	int		 fd;		/* the segment, where it is written */
	int64_t		 hour;		/* of it */
	int64_t		 checked;	/* when it was last there */
};

struct spool_writer *
writer_new(void)
{
	struct spool_writer *w;

	if ((w = calloc(1, sizeof(*w))) == NULL)
		return NULL;
	w->sock = w->fd = -1;
	w->request = mmap(NULL, sizeof(*w->request), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANON, -1, 0);
	if (w->request == MAP_FAILED) {
		free(w);
		return NULL;
	}
	w->request->done = 1;
	return w;
}

static void
segment_close(struct spool_writer *w)
{
	if (w->fd != -1)
		close(w->fd);
	w->fd = -1;
}

void
writer_free(struct spool_writer *w)
{
	struct pollfd pfd;

	if (w == NULL)
		return;
	if (w->sock != -1) {
		pfd.fd = w->sock;
		pfd.events = POLLIN;
		(void)shutdown(w->sock, SHUT_WR);
		if (w->request->done)
			(void)poll(&pfd, 1, END_MS);
		close(w->sock);
	}
	segment_close(w);
	munmap(w->request, sizeof(*w->request));
	free(w);
}

/* Whoever wrote here last may have died, or met a full disk, within a line. */
static int
end_line(int fd)
{
	struct stat st;
	char last;

	if (fstat(fd, &st) == -1)
		return -1;
	if (st.st_size == 0 || pread(fd, &last, 1, st.st_size - 1) != 1 ||
	    last == '\n')
		return 0;
	return write(fd, "\n", 1) == 1 ? 0 : -1;
}

static int
segment_path(const struct request *r, char *path, size_t size)
{
	char name[32];
	time_t t = r->now;
	struct tm tm;
	int n;

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(name, sizeof(name), "%Y%m%dT%HZ.jsonl", &tm) == 0)
		return -1;
	n = snprintf(path, size, "%s/sessions/%s", r->dir, name);
	if (n < 0 || (size_t)n >= size) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return 0;
}

static int
segment_open(struct spool_writer *w, const struct request *r)
{
	char path[1100], *name;

	if (segment_path(r, path, sizeof(path)) == -1)
		return -1;
	w->fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
	if (w->fd == -1 && errno == ENOENT) {
		name = strrchr(path, '/');
		*name = '\0';
		if (mkdir(path, 0750) == -1)
			return -1;
		*name = '/';
		w->fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC,
		    0640);
	}
	if (w->fd == -1)
		return -1;
	w->hour = r->now / 3600;
	w->checked = r->now;
	if (end_line(w->fd) == -1) {
		segment_close(w);
		return -1;
	}
	return 0;
}

/* The segment of this hour is open; it may have been removed meanwhile. */
static int
ready(struct spool_writer *w, const struct request *r)
{
	struct stat st;

	if (r->how == WRITER_ANEW)
		segment_close(w);
	if (w->fd != -1 && w->checked != r->now && r->how != WRITER_REST) {
		w->checked = r->now;
		if (w->hour != r->now / 3600 || fstat(w->fd, &st) == -1 ||
		    st.st_nlink == 0)
			segment_close(w);
	}
	if (w->fd != -1)
		return 0;
	/* The line was begun in another's hands, or another file. */
	if (r->how == WRITER_REST) {
		errno = EPIPE;
		return -1;
	}
	return segment_open(w, r);
}

static void
perform(struct spool_writer *w)
{
	struct request *r = w->request;
	struct stat st;
	ssize_t n = -1;

	if (ready(w, r) == 0 && fstat(w->fd, &st) == 0) {
		r->dev = st.st_dev;
		r->ino = st.st_ino;
		r->size = st.st_size;
		do
			n = write(w->fd, r->text, r->len);
		while (n == -1 && errno == EINTR);
		/* Another file may do better, but for a full disk. */
		if (n == -1 && errno != ENOSPC && errno != EDQUOT)
			segment_close(w);
	}
	r->error = n == -1 ? errno : 0;
	r->n = n;
	r->done = 1;
}

/* Ends with the filter, once it has written what it was asked to. */
static __dead void
serve(struct spool_writer *w)
{
	char byte;
	ssize_t n;

	for (;;) {
		n = read(w->sock, &byte, 1);
		if (n == -1 && errno == EINTR)
			continue;
		if (n != 1)
			_exit(0);
		perform(w);
		(void)send(w->sock, &byte, 1, MSG_NOSIGNAL);
	}
}

int
writer_start(struct spool_writer *w, void (*confine)(const char *dir),
    const char *dir)
{
	int rc = writer_fork(SOCK_STREAM, STDERR_FILENO, &w->sock);

	if (rc == 1) {
		confine(dir);
		serve(w);
	}
	return rc;
}

/* What the process that was killed within a write has written of it. */
static ssize_t
written(const struct request *r)
{
	char path[1100];
	struct stat st;

	if (r->size == -1 || segment_path(r, path, sizeof(path)) == -1 ||
	    stat(path, &st) == -1 || st.st_dev != r->dev ||
	    st.st_ino != r->ino || st.st_size <= r->size)
		return 0;
	return st.st_size - r->size < (off_t)r->len ? st.st_size - r->size :
	    (ssize_t)r->len;
}

/* It was killed: what it has not written is written here, and waited for. */
static void
ended(struct spool_writer *w)
{
	struct request *r = w->request;

	close(w->sock);
	w->sock = -1;
	log_warnx("the process that writes session records ended: the filter "
	    "writes them itself");
	if (r->done)
		return;
	if ((r->n = written(r)) > 0) {
		r->error = 0;
		r->done = 1;
	} else
		perform(w);
}

/* One byte at a time always has room, but not always memory. */
static void
tell(struct spool_writer *w)
{
	if (send(w->sock, "", 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1)
		w->told = 1;
	else if (!trouble_passes(errno))
		ended(w);
}

void
writer_ask(struct spool_writer *w, const char *dir, int64_t now,
    enum writer_how how, const char *text, size_t len)
{
	struct request *r = w->request;

	w->told = 0;
	r->done = 0;
	r->now = now;
	r->how = how;
	r->len = len;
	r->size = -1;
	w->asked = len;
	if (strlcpy(r->dir, dir, sizeof(r->dir)) >= sizeof(r->dir)) {
		r->n = -1;
		r->error = ENAMETOOLONG;
		r->done = 1;
		return;
	}
	memcpy(r->text, text, len);
	if (w->sock == -1)
		perform(w);
	else
		tell(w);
}

ssize_t
writer_answer(struct spool_writer *w, int ms)
{
	struct pollfd pfd = { .events = POLLIN };
	char byte;
	ssize_t n;

	if (w->sock != -1 && !w->told)
		tell(w);
	pfd.fd = w->sock;
	if (w->sock != -1) {
		if (!w->told || (ms > 0 && poll(&pfd, 1, ms) <= 0)) {
			errno = EINPROGRESS;
			return -1;
		}
		n = recv(w->sock, &byte, 1, MSG_DONTWAIT);
		if (n == -1 && trouble_passes(errno)) {
			errno = EINPROGRESS;
			return -1;
		}
		if (n != 1)
			ended(w);
	}
	/* The other process wrote this: what can't be is none. */
	n = w->request->n;
	if (n > (ssize_t)w->asked) {
		errno = EIO;
		return -1;
	}
	errno = w->request->error;
	return n;
}

int
writer_fd(const struct spool_writer *w)
{
	return w->sock;
}
