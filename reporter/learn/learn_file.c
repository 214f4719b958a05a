/* SPDX-License-Identifier: ISC */

/*
 * SPOOL/routes: lines appended with one write(2), the file compacted by
 * rename(2).  Whoever reads it never sees half of a change.
 */

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "learn/lesson.h"
#include "base/log.h"
#include "spool/routes.h"

/* Read by smtpd's table processes too, which run as another user. */
#define FILE_MODE	0644
/* Old lines that are not worth a new file. */
#define STALE_MIN	1000

static void
file_line(struct learn *l, const char *domain, const char *kind, int64_t until,
    const char *urls)
{
	char line[ROUTE_LINE_MAX], *p;
	int n;

	n = snprintf(line, sizeof(line), "%s|%s|%lld|%s\n", domain, kind,
	    (long long)until, urls);
	if (n < 0 || (size_t)n >= sizeof(line))
		return;
	if ((p = realloc(l->lines, l->lineslen + (size_t)n)) == NULL)
		fatal("realloc");
	l->lines = p;
	memcpy(l->lines + l->lineslen, line, (size_t)n);
	l->lineslen += (size_t)n;
	l->nlines++;
}

void
file_add(struct learn *l, const char *domain, const char *kind, int64_t until,
    const char *urls)
{
	file_line(l, domain, kind, until, urls);
}

void
file_forget(struct learn *l)
{
	free(l->lines);
	l->lines = NULL;
	l->lineslen = 0;
}

/* All that is to be written, to fd; 0 or -1 with errno. */
static int
write_lines(struct learn *l, int fd)
{
	ssize_t n;
	size_t off;

	/* In one piece: smaller ones only if the disk is full. */
	for (off = 0; off < l->lineslen; off += (size_t)n)
		if ((n = write(fd, l->lines + off, l->lineslen - off)) == -1)
			return -1;
	return 0;
}

static int
add_row(const char *domain, const char *kind, int64_t until, const char *urls,
    void *arg)
{
	file_line(arg, domain, kind, until, urls);
	return 0;
}

/*
 * A file of only what holds, put in the place of the old one.  What was to be
 * appended stands in the database already.
 */
static int
compact(struct learn *l)
{
	char path[1024];
	int fd = -1, rc = -1;

	file_forget(l);
	l->nlines = 0;
	if (snprintf(path, sizeof(path), "%s.new", l->path) >=
	    (int)sizeof(path)) {
		log_warnx("%s: too long", l->path);
		return -1;
	}
	if (store_route_each(l->engine->store, time(NULL), add_row, l) == -1)
		goto out;
	if ((fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
	    FILE_MODE)) == -1 || fchmod(fd, FILE_MODE) == -1 ||
	    write_lines(l, fd) == -1 || rename(path, l->path) == -1) {
		log_warn("%s", path);
		(void)unlink(path);
		goto out;
	}
	l->nlive = l->nlines;
	l->broken = 0;
	rc = 0;
 out:
	if (fd != -1)
		close(fd);
	file_forget(l);
	return rc;
}

int
file_flush(struct learn *l)
{
	int fd, rc = 0;

	if (l->lineslen == 0)
		return 0;
	/* It has all that was to be appended; if it fails, that is gone. */
	if (l->broken || l->nlines > 2 * l->nlive + STALE_MIN) {
		if (compact(l) == 0)
			return 0;
		l->broken = 1;
		return -1;
	}
	/* Opened each time: it may have been moved away. */
	if ((fd = open(l->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC,
	    FILE_MODE)) == -1 || write_lines(l, fd) == -1) {
		log_warn("%s", l->path);
		/* It may end in half a line: only a new one will do. */
		l->broken = 1;
		rc = -1;
	}
	if (fd != -1)
		close(fd);
	file_forget(l);
	return rc;
}

/* A line that the database has no row for: it was lost, the line was not. */
static void
adopt(const char *domain, const struct route *route, void *arg)
{
	struct learn *l = arg;
	struct store_route row;
	struct store *st = l->engine->store;
	int64_t now = time(NULL);

	if (route->until <= now || store_route_load(st, domain, &row) == -1 ||
	    row.kind[0] != '\0')
		return;
	strlcpy(row.kind, route->kind == ROUTE_ENFORCE ? "enforce" : "none",
	    sizeof(row.kind));
	strlcpy(row.urls, route->urls, sizeof(row.urls));
	row.until = route->until;
	row.renew = now;
	row.used = now;
	(void)store_route_set(st, domain, &row, "found in the routes file");
}

void
file_start(struct learn *l)
{
	struct engine *e = l->engine;
	struct routes *routes;

	if (asprintf(&l->path, "%s/routes", e->conf->spool) == -1)
		fatal("asprintf");
	if ((routes = routes_open(l->path)) == NULL)
		fatal("%s", l->path);
	if (store_begin(e->store) == 0) {
		struct route route;

		/* Looking for any reads the file. */
		routes_find(routes, "invalid", time(NULL), &route);
		routes_each(routes, adopt, l);
		(void)store_commit(e->store);
	}
	routes_free(routes);
	(void)compact(l);
}

void
file_stop(struct learn *l)
{
	(void)file_flush(l);
	file_forget(l);
	free(l->path);
}
