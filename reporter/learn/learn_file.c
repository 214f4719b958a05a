/* SPDX-License-Identifier: ISC */

/*
 * SPOOL/routes: lines appended with one write(2); when there are many, all
 * become a new base (learn_compact.c).  Whoever reads never sees half of a
 * change.
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
#include "lib/write_all.h"
#include "lib/xalloc.h"
#include "spool/route_line.h"
#include "spool/routes.h"

/*
 * Lines that are not worth a new base: each reader has them in memory, and
 * reads them when it starts.
 */
#define LINES_MIN	4000
#define LINES_SHARE	16	/* of what is in the base */

static void
file_line(struct learn *l, const char *domain, const char *kind, int64_t until,
    const char *urls)
{
	char line[ROUTE_LINE_MAX], *p;
	int n;

	if ((n = route_line(line, sizeof(line), domain, kind, until, urls)) ==
	    -1) {
		log_warnx("%s: its route can't be written: %s, %s",
		    log_clean(domain), log_clean(kind), log_clean(urls));
		return;
	}
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

/*
 * Appends.  What a full disk cut off is taken back: its rest would join the
 * next line, and half a line may look like a whole one.
 */
static int
append(struct learn *l)
{
	struct stat sb;
	int fd, rc = -1;

	/* Opened each time: it may have been moved away, or be a pipe now. */
	if ((fd = open(l->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC |
	    O_NOFOLLOW | O_NONBLOCK, ROUTES_MODE)) == -1)
		return -1;
	if (fstat(fd, &sb) == -1)
		goto out;
	if (l->broken && sb.st_size > l->good &&
	    ftruncate(fd, sb.st_size = l->good) == -1)
		goto out;
	l->good = sb.st_size;
	/* In one piece: smaller ones only if the disk is full. */
	l->broken = (rc = write_all(fd, l->lines, l->lineslen)) == -1 &&
	    ftruncate(fd, l->good) == -1;
 out:
	close(fd);
	return rc;
}

int
file_flush(struct learn *l)
{
	int rc;

	if (l->lineslen == 0)
		return 0;
	if ((rc = append(l)) == -1)
		log_warn("%s", l->path);
	file_forget(l);
	if (l->nlines > LINES_MIN + l->nlive / LINES_SHARE)
		compact_start(l);
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

	xasprintf(&l->path, "%s/routes", e->conf->spool);
	l->old_base = -1;
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
	(void)compact_now(l);
}

void
file_stop(struct learn *l)
{
	(void)file_flush(l);
	file_forget(l);
	compact_stop(l);
	free(l->path);
}
