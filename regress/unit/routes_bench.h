/* SPDX-License-Identifier: ISC */

#ifndef SGE_ROUTES_BENCH_H
#define SGE_ROUTES_BENCH_H

/* SPOOL/routes in a folder of the test's own, and what is asked of it. */

#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "spool/routes.h"
#include "spool/routes_base.h"
#include "tap.h"

static char dir[] = "/tmp/sge-routes.XXXXXXXXXX";
static char path[64], next[64], base[80];

static void
put(const char *file, int flags, const char *text, size_t len)
{
	int fd = open(file, O_WRONLY | O_CREAT | flags, 0600);

	if (fd == -1 || write(fd, text, len) != (ssize_t)len)
		ok(0, "write %s", file);
	close(fd);
}

static void
add(const char *text)
{
	put(path, O_APPEND, text, strlen(text));
}

static void
want(struct routes *r, const char *domain, int64_t now, enum route_kind kind,
    const char *urls, const char *why)
{
	struct route route;

	routes_find(r, domain, now, &route);
	is_int(route.kind, kind, "%s: kind", why);
	if (urls[0] == '\0' && kind == ROUTE_UNKNOWN)
		is_int(route.until, 0, "%s: no time", why);
	is_str(route.urls, urls, "%s: urls", why);
}

static void
one_more(const char *domain, const struct route *route, void *arg)
{
	(void)domain;
	(void)route;
	++*(long *)arg;
}

static long
total(struct routes *r)
{
	long n = 0;

	routes_each(r, one_more, &n);
	return n;
}

/* 0, or -1: there is no folder. */
static int
bench_up(void)
{
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/routes", dir);
	snprintf(next, sizeof(next), "%s/routes.new", dir);
	snprintf(base, sizeof(base), "%s" ROUTES_BASE_SUFFIX, path);
	return 0;
}

/* What main returns. */
static int
bench_down(void)
{
	unlink(path);
	rmdir(dir);
	return done_testing();
}

#endif
