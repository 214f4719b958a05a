/* SPDX-License-Identifier: ISC */

#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/domain.h"
#include "base/log.h"
#include "base/sip_hash.h"
#include "base/spool_file.h"
#include "spool/route_line.h"
#include "spool/route_map.h"
#include "spool/routes.h"
#include "spool/routes_base.h"

struct routes_said {
	int		 error;		/* errno, or 0 */
	const char	*why;		/* of spool_file_open, or NULL */
};

struct routes {
	char		*path;
	int		 fd;
	off_t		 offset;	/* behind the last whole line */
	off_t		 seen;		/* the size when we read last */
	int		 skipping;	/* in a line that is too long */
	struct routes_said said;	/* why it can't be read */
	struct route_map	 map;		/* what stands in the file */
	int		 base;		/* what is beneath it; -1: nothing */
	struct routes_said base_said;
	char		 value[ROUTE_LINE_MAX];	/* the last one of base */
	char		 buf[64 * 1024];
};

/*
 * One line, NUL-terminated, changed in place.  What is wrong is passed over;
 * only memory can fail.
 */
static int
parse_line(struct route_map *m, char *line)
{
	char normal[DOMAIN_MAX];
	const char *domain = strsep(&line, "|");
	struct route route;

	if (line == NULL || domain_normal(domain, strlen(domain), normal,
	    sizeof(normal)) == -1 || strcmp(normal, domain) != 0 ||
	    route_parse(line, &route) == -1)
		return 0;
	return route_map_put(m, domain, route.kind, route.until, route.urls);
}

/* Whole lines in buf; returns how many bytes they were, or -1. */
static ssize_t
parse_lines(struct routes *r, struct route_map *m, size_t len)
{
	char *line = r->buf, *nl, *end = r->buf + len;

	while ((nl = memchr(line, '\n', (size_t)(end - line))) != NULL) {
		*nl = '\0';
		if (r->skipping)
			r->skipping = 0;
		else if (strlen(line) == (size_t)(nl - line) &&
		    nl - line < ROUTE_LINE_MAX && parse_line(m, line) == -1)
			return -1;
		line = nl + 1;
	}
	if (end - line < ROUTE_LINE_MAX)
		return line - r->buf;
	/* Half a line so far, and too long already: wait for its end. */
	r->skipping = 1;
	return (ssize_t)len;
}

/* All that fd has behind r->offset. */
static int
read_more(struct routes *r, struct route_map *m)
{
	ssize_t n, done;

	for (;;) {
		n = pread(r->fd, r->buf, sizeof(r->buf), r->offset);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 || (done = parse_lines(r, m, (size_t)n)) == -1)
			return -1;
		r->offset += done;
		r->seen = r->offset + (n - done);
		if (done == 0)
			return 0;
	}
}

/* Once for each reason; errno is that of the open. */
static void
say_unknown(const char *path, const char *suffix, const char *why,
    struct routes_said *said)
{
	/* No file: sged has learned nothing yet. */
	if (errno == ENOENT || (errno == said->error && why == said->why))
		return;
	said->error = errno;
	said->why = why;
	if (why == NULL)
		log_warn("%s%s: policies are not known", path, suffix);
	else
		log_warnx("%s%s: %s: policies are not known (move it away, and "
		    "restart sged)", path, suffix, why);
}

/* What is there stays where there is no new one. */
static void
reopen_base(struct routes *r)
{
	const char *why;
	int fd;

	if ((fd = base_open(r->path, &why)) == -1) {
		say_unknown(r->path, ROUTES_BASE_SUFFIX, why, &r->base_said);
		return;
	}
	r->base_said.error = 0;
	if (r->base != -1)
		close(r->base);
	r->base = fd;
}

/*
 * The file anew, over what is known: most of it will be the same, and what is
 * known stays if the file can't be read.
 */
static void
reopen(struct routes *r)
{
	const char *why;
	int fd;

	if ((fd = spool_file_open(r->path, &why)) == -1) {
		say_unknown(r->path, "", why, &r->said);
		return;
	}
	/* The base was swapped first: it has all that this file has not. */
	reopen_base(r);
	r->said.error = 0;
	if (r->fd != -1)
		close(r->fd);
	r->fd = fd;
	r->offset = r->seen = 0;
	r->skipping = 0;
	r->map.reading++;
	if (read_more(r, &r->map) == 0)
		route_map_sweep(&r->map);
	else {
		close(fd);
		r->fd = -1;
	}
}

static void
look(struct routes *r)
{
	struct stat st;

	if (r->fd == -1 || fstat(r->fd, &st) == -1 || st.st_nlink == 0 ||
	    st.st_size < r->seen)
		reopen(r);
	else if (st.st_size != r->seen)
		/* What fails now is tried again: offset stays. */
		(void)read_more(r, &r->map);
	route_map_tidy(&r->map);
}

struct routes *
routes_open(const char *path)
{
	struct routes *r;

	if ((r = calloc(1, sizeof(*r))) == NULL)
		return NULL;
	r->fd = r->base = -1;
	sip_seed(&r->map.seed);
	if ((r->path = strdup(path)) == NULL) {
		free(r);
		return NULL;
	}
	look(r);
	return r;
}

struct routes *
routes_open_in(const char *spool)
{
	struct routes *r = NULL;
	char *path;

	if (asprintf(&path, "%s/routes", spool) == -1)
		return NULL;
	r = routes_open(path);
	free(path);
	return r;
}

void
routes_free(struct routes *r)
{
	if (r == NULL)
		return;
	if (r->fd != -1)
		close(r->fd);
	if (r->base != -1)
		close(r->base);
	route_map_free(&r->map);
	free(r->path);
	free(r);
}

void
routes_find(struct routes *r, const char *domain, int64_t now,
    struct route *out)
{
	const struct route_entry *e;

	look(r);
	if ((e = route_map_find(&r->map, domain)) != NULL &&
	    e->kind != ROUTE_UNKNOWN) {
		out->kind = (enum route_kind)e->kind;
		out->until = e->until;
		out->urls = r->map.arena + e->urls;
	} else if (r->base == -1 || base_find(r->base, domain, r->value,
	    sizeof(r->value)) != 1 || route_parse(r->value, out) == -1) {
		out->kind = ROUTE_UNKNOWN;
		out->until = 0;
		out->urls = "";
	}
	out->stale = now >= out->until && out->kind == ROUTE_NONE;
	if (now >= out->until && !out->stale)
		out->kind = ROUTE_UNKNOWN;
}

struct each {
	struct routes	*routes;
	void		(*each)(const char *, const struct route *, void *);
	void		*arg;
};

/* What the file has newer is told from there. */
static void
each_base(const char *domain, char *value, void *arg)
{
	struct each *all = arg;
	const struct route_entry *e = route_map_find(&all->routes->map, domain);
	struct route route;

	if ((e == NULL || e->kind == ROUTE_UNKNOWN) &&
	    route_parse(value, &route) == 0)
		all->each(domain, &route, all->arg);
}

void
routes_each(struct routes *r,
    void (*each)(const char *domain, const struct route *, void *), void *arg)
{
	struct each all = { r, each, arg };
	const struct route_entry *e;
	struct route route;
	size_t i;

	look(r);
	if (r->base != -1)
		(void)base_each(r->base, each_base, &all);
	for (i = 0; i < r->map.count; i++) {
		e = &r->map.entries[i];
		if (e->kind == ROUTE_UNKNOWN)
			continue;
		route.kind = (enum route_kind)e->kind;
		route.until = e->until;
		route.urls = r->map.arena + e->urls;
		each(r->map.arena + e->name, &route, arg);
	}
}
