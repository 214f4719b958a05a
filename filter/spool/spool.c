/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "base/log.h"
#include "base/monotonic.h"
#include "spool/spool.h"
#include "spool/spool_writer.h"

#define BACKLOG_MIN (64 * 1024)
#define COMPLAIN_SECONDS 60
/*
 * While more than this waits, a turn waits for what is being written to be on
 * disk; a disk that takes longer is waited for no more until it has answered.
 */
#define BACKLOG_HIGH (1024 * 1024)
#define ANSWER_MS 250
#define LAST_ANSWER_MS 3000
/* One that has not answered for so many seconds is said to hang. */
#define HANGS_SECONDS 5

struct spool {
	char		*dir;
	struct spool_writer *writer;
	/* What waits: whole lines, but the first may be begun on disk. */
	char		*kept;
	size_t		 size;
	size_t		 head;
	size_t		 tail;
	int		 begun;
	int		 anew;		/* the segment is to be opened again */
	size_t		 asked;		/* bytes from head, being written */
	int64_t		 asked_at;
	int		 hangs;		/* it was waited for in vain */
	int64_t		 now;
	uint64_t	 nkept;		/* since it began to fail */
	uint64_t	 lost;		/* not yet told in a record */
	uint64_t	 nlost;		/* since it began to fail */
	int		 failing;
	int64_t		 complained;
	char		 line[RECORD_LINE_MAX];
};

struct spool *
spool_new(const char *dir)
{
	struct spool *s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	if ((s->dir = strdup(dir)) == NULL ||
	    (s->writer = writer_new()) == NULL) {
		free(s->dir);
		free(s);
		return NULL;
	}
	return s;
}

int
spool_start(struct spool *s, void (*confine)(const char *dir))
{
	return writer_start(s->writer, confine, s->dir);
}

static uint64_t
lines_kept(const struct spool *s)
{
	uint64_t n = 0;
	size_t i;

	for (i = s->head; i < s->tail; i++)
		n += s->kept[i] == '\n';
	return n;
}

/* The rest of a line belongs behind its beginning, nowhere else. */
static void
drop_begun(struct spool *s)
{
	if (!s->begun)
		return;
	while (s->head < s->tail && s->kept[s->head++] != '\n')
		;
	s->begun = 0;
	s->lost++;
	s->nlost++;
}

void
spool_move(struct spool *s, const char *dir)
{
	char *copy;

	if (strcmp(s->dir, dir) == 0 || (copy = strdup(dir)) == NULL)
		return;
	free(s->dir);
	s->dir = copy;
	s->anew = 1;
}

static void
failed(struct spool *s, int64_t now, const char *why)
{
	if (!s->failing) {
		s->nkept = lines_kept(s);
		s->failing = 1;
	} else if (now - s->complained < COMPLAIN_SECONDS &&
	    now >= s->complained)
		return;
	s->complained = now;
	log_warnx("can't write to %s/sessions: %s: %llu session records kept "
	    "in memory, %llu lost", s->dir, why,
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
	s->nkept += s->failing;
}

/* As many whole lines as one write(2) takes; at least one. */
static size_t
chunk(const struct spool *s)
{
	size_t len = s->tail - s->head;

	if (len <= SPOOL_CHUNK)
		return len;
	for (len = SPOOL_CHUNK; s->kept[s->head + len - 1] != '\n'; len--)
		continue;
	return len;
}

static void
ask(struct spool *s, int64_t now)
{
	enum writer_how how;

	/* Where the segment is another, what was begun is lost. */
	if (s->anew)
		drop_begun(s);
	if (s->head == s->tail)
		return;
	how = s->anew ? WRITER_ANEW : s->begun ? WRITER_REST : WRITER_NEXT;
	s->anew = 0;
	s->asked = chunk(s);
	s->asked_at = now;
	writer_ask(s->writer, s->dir, now, how, s->kept + s->head, s->asked);
}

/* What became of what was asked: 0, or -1 where it is not known, or failed. */
static int
learn(struct spool *s, int64_t now, int ms)
{
	ssize_t n = writer_answer(s->writer, ms);
	size_t asked = s->asked;

	if (n == -1 && errno == EINPROGRESS) {
		s->hangs |= ms > 0;
		if (now - s->asked_at >= HANGS_SECONDS)
			failed(s, now, "the disk does not answer");
		return -1;
	}
	s->hangs = 0;
	s->asked = 0;
	if (n > 0) {
		s->head += n;
		s->begun = s->kept[s->head - 1] != '\n';
		/* What is left is no more than a turn brings. */
		if (s->failing && (size_t)n == asked &&
		    s->tail - s->head <= SPOOL_CHUNK)
			recovered(s);
		return 0;
	}
	if (n == 0)
		errno = ENOSPC;
	failed(s, now, strerror(errno));
	/* The writer tries another file then. */
	if (errno != ENOSPC && errno != EDQUOT)
		drop_begun(s);
	return -1;
}

/* Writes what is there, waiting at most ms for all of it to be on disk. */
static void
drain(struct spool *s, int64_t now, int ms)
{
	int64_t until = ms > 0 ? monotonic_ms() + ms : 0, left = 0;

	while (s->head < s->tail) {
		if (s->asked == 0) {
			ask(s, now);
			if (s->asked > 0 && ms == 0 &&
			    writer_fd(s->writer) != -1)
				return;
		}
		if (s->asked == 0)
			break;
		if (ms > 0 && (left = until - monotonic_ms()) < 0)
			left = 0;
		if (learn(s, now, (int)left) == -1)
			return;
	}
	s->head = s->tail = 0;
	if (s->size > BACKLOG_HIGH) {
		free(s->kept);
		s->kept = NULL;
		s->size = 0;
	}
}

void
spool_free(struct spool *s)
{
	if (s == NULL)
		return;
	drain(s, s->now, LAST_ANSWER_MS);
	s->nlost += lines_kept(s);
	if (s->nlost > 0)
		log_warnx("%llu session records could not be written to "
		    "%s/sessions", (unsigned long long)s->nlost, s->dir);
	writer_free(s->writer);
	free(s->kept);
	free(s->dir);
	free(s);
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
	uint64_t nlost = s->nlost;
	ssize_t len;

	s->now = now;
	if ((len = format(s, r)) == -1) {
		s->lost++;
		s->nlost++;
		return;
	}
	keep(s, s->line, (size_t)len);
	if (s->nlost == nlost)
		s->lost -= r->lost;
	/* Whether it is on disk is asked once a turn, but where much waits. */
	if (s->tail - s->head >= (s->asked == 0 ? SPOOL_CHUNK / 2 :
	    BACKLOG_HIGH))
		spool_flush(s, now);
}

void
spool_flush(struct spool *s, int64_t now)
{
	s->now = now;
	if (s->head < s->tail)
		drain(s, now, s->tail - s->head > BACKLOG_HIGH && !s->hangs ?
		    ANSWER_MS : 0);
}

int
spool_fd(const struct spool *s)
{
	return s->asked > 0 && s->tail - s->head > s->asked ?
	    writer_fd(s->writer) : -1;
}

int
spool_waiting(const struct spool *s)
{
	return s->head < s->tail;
}
