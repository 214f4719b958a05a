/* SPDX-License-Identifier: ISC */

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/log.h"
#include "spool/spool.h"

#define BACKLOG_MIN (64 * 1024)
#define COMPLAIN_SECONDS 60

struct spool {
	char		*dir;
	int		 fd;
	int64_t		 hour;		/* of the open segment */
	int64_t		 checked;	/* when it was last there */
	/* What waits: whole lines, but the first may be begun on disk. */
	char		*kept;
	size_t		 size;
	size_t		 head;
	size_t		 tail;
	int		 begun;
	uint64_t	 nkept;		/* since it began to fail */
	uint64_t	 lost;		/* not yet told in a record */
	uint64_t	 nlost;		/* since it began to fail */
	int		 failing;
	int64_t		 complained;
	char		 line[RECORD_LINE_MAX];
};

static int	 open_segment(struct spool *, int64_t);
static void	 close_segment(struct spool *);
static int	 end_line(int);
static int	 ready(struct spool *, int64_t);
static void	 failed(struct spool *, int64_t);
static void	 keep(struct spool *, const char *, size_t);
static int	 drain(struct spool *, int64_t);
static void	 recovered(struct spool *);
static ssize_t	 format(struct spool *, struct record *);

struct spool *
spool_new(const char *dir)
{
	struct spool *s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->fd = -1;
	if ((s->dir = strdup(dir)) == NULL) {
		free(s);
		return NULL;
	}
	return s;
}

void
spool_free(struct spool *s)
{
	size_t i;

	if (s == NULL)
		return;
	(void)drain(s, time(NULL));
	for (i = s->head; i < s->tail; i++)
		if (s->kept[i] == '\n')
			s->nlost++;
	if (s->nlost > 0)
		log_warnx("%llu session records could not be written to "
		    "%s/sessions", (unsigned long long)s->nlost, s->dir);
	close_segment(s);
	free(s->kept);
	free(s->dir);
	free(s);
}

void
spool_move(struct spool *s, const char *dir)
{
	char *copy;

	if (strcmp(s->dir, dir) == 0 || (copy = strdup(dir)) == NULL)
		return;
	free(s->dir);
	s->dir = copy;
	close_segment(s);
}

static void
close_segment(struct spool *s)
{
	if (s->fd != -1)
		close(s->fd);
	s->fd = -1;
	/* The rest of a line belongs behind its beginning, nowhere else. */
	if (s->begun) {
		while (s->head < s->tail && s->kept[s->head++] != '\n')
			;
		s->begun = 0;
		s->lost++;
		s->nlost++;
	}
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
open_segment(struct spool *s, int64_t now)
{
	char path[1024], name[32];
	time_t t = now;
	struct tm tm;
	int n;

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(name, sizeof(name), "%Y%m%dT%HZ.jsonl", &tm) == 0)
		return -1;
	n = snprintf(path, sizeof(path), "%s/sessions/%s", s->dir, name);
	if (n < 0 || (size_t)n >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	s->fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
	if (s->fd == -1 && errno == ENOENT) {
		path[n - strlen(name) - 1] = '\0';
		if (mkdir(path, 0750) == -1)
			return -1;
		path[n - strlen(name) - 1] = '/';
		s->fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC,
		    0640);
	}
	if (s->fd == -1)
		return -1;
	s->hour = now / 3600;
	s->checked = now;
	if (end_line(s->fd) == -1) {
		close_segment(s);
		return -1;
	}
	return 0;
}

/* The segment of this hour is open; it may have been removed meanwhile. */
static int
ready(struct spool *s, int64_t now)
{
	struct stat st;

	if (s->fd != -1 && s->checked != now && !s->begun) {
		s->checked = now;
		if (s->hour != now / 3600 || fstat(s->fd, &st) == -1 ||
		    st.st_nlink == 0)
			close_segment(s);
	}
	return s->fd == -1 ? open_segment(s, now) : 0;
}

static void
failed(struct spool *s, int64_t now)
{
	int saved = errno;

	if (s->failing && now - s->complained < COMPLAIN_SECONDS &&
	    now >= s->complained)
		return;
	s->failing = 1;
	s->complained = now;
	log_warnx("can't write to %s/sessions: %s: %llu session records kept "
	    "in memory, %llu lost", s->dir, strerror(saved),
	    (unsigned long long)s->nkept, (unsigned long long)s->nlost);
}

static void
recovered(struct spool *s)
{
	log_warnx("%s/sessions can be written again: %llu session records "
	    "were kept in memory, %llu were lost", s->dir,
	    (unsigned long long)s->nkept, (unsigned long long)s->nlost);
	s->failing = 0;
	s->nkept = s->nlost = 0;
	free(s->kept);
	s->kept = NULL;
	s->size = s->head = s->tail = 0;
}

static void
keep(struct spool *s, const char *line, size_t len)
{
	char *grown;
	size_t size;

	if (s->head > 0 && s->tail + len > s->size) {
		memmove(s->kept, s->kept + s->head, s->tail - s->head);
		s->tail -= s->head;
		s->head = 0;
	}
	if (s->tail + len > s->size) {
		size = s->size == 0 ? BACKLOG_MIN : s->size * 2;
		while (size < s->tail + len)
			size *= 2;
		if (size > SPOOL_BACKLOG_MAX)
			size = SPOOL_BACKLOG_MAX;
		if (s->tail + len > size ||
		    (grown = realloc(s->kept, size)) == NULL) {
			s->lost++;
			s->nlost++;
			return;
		}
		s->kept = grown;
		s->size = size;
	}
	memcpy(s->kept + s->tail, line, len);
	s->tail += len;
	s->nkept++;
}

/* Each line that was kept with a write of its own.  0: none is left. */
static int
drain(struct spool *s, int64_t now)
{
	char *line, *nl;
	ssize_t n;

	while (s->head < s->tail) {
		if (ready(s, now) == -1)
			break;
		/* A begun line may have been given up. */
		if (s->head == s->tail)
			continue;
		line = s->kept + s->head;
		nl = memchr(line, '\n', s->tail - s->head);
		n = write(s->fd, line, nl + 1 - line);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1) {
			/* Another file may do better, but for a full disk. */
			if (errno != ENOSPC && errno != EDQUOT)
				close_segment(s);
			break;
		}
		s->head += n;
		s->begun = n < nl + 1 - line;
		if (s->begun && n == 0) {
			errno = ENOSPC;
			break;
		}
	}
	if (s->head < s->tail) {
		failed(s, now);
		return -1;
	}
	if (s->failing)
		recovered(s);
	return 0;
}

/*
 * One that does not fit (whole addresses of a hundred rows, with -v) is cut
 * down to domains, then to fewer rows.
 */
static ssize_t
format(struct spool *s, struct record *r)
{
	const char *at;
	ssize_t n;
	size_t i;

	r->lost = s->lost;
	if ((n = record_format(r, s->line, sizeof(s->line))) != -1)
		return n;
	for (i = 0; i < r->ntx; i++) {
		if (r->tx[i].from != NULL &&
		    (at = strrchr(r->tx[i].from, '@')) != NULL)
			r->tx[i].from = at + 1;
		if (r->tx[i].to != NULL &&
		    (at = strrchr(r->tx[i].to, '@')) != NULL)
			r->tx[i].to = at + 1;
	}
	while ((n = record_format(r, s->line, sizeof(s->line))) == -1 &&
	    r->ntx > 0)
		r->ntx /= 2;
	return n;
}

void
spool_put(struct spool *s, struct record *r, int64_t now)
{
	ssize_t len, n = 0;
	uint64_t nlost = s->nlost;

	if ((len = format(s, r)) == -1) {
		s->lost++;
		s->nlost++;
		return;
	}
	if (s->head == s->tail && ready(s, now) == 0) {
		do {
			n = write(s->fd, s->line, len);
		} while (n == -1 && errno == EINTR);
		if (n == len) {
			s->lost = 0;
			return;
		}
		if (n == -1)
			n = 0;
	}
	if (n > 0) {
		/* Its first bytes are on disk: the rest must have room. */
		keep(s, s->line + n, len - n);
		if (s->nlost == nlost)
			s->begun = 1;
		else
			close_segment(s);
	} else
		keep(s, s->line, len);
	if (s->nlost == nlost)
		s->lost -= r->lost;
	(void)drain(s, now);
}

void
spool_retry(struct spool *s, int64_t now)
{
	if (s->head < s->tail || s->failing)
		(void)drain(s, now);
}

int
spool_waiting(const struct spool *s)
{
	return s->head < s->tail;
}
