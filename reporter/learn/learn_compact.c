/* SPDX-License-Identifier: ISC */

/*
 * SPOOL/routes.cdb, made anew from the database a little at a time: others
 * wait for us meanwhile.  It takes the place of the old one by rename(2), then
 * a shorter SPOOL/routes does, of what was added since the start.  Whoever
 * reads between these finds there what the base has already.
 */

#include <sys/stat.h>

#include <cdb.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "learn/lesson.h"
#include "base/log.h"
#include "base/spool_file.h"
#include "lib/write_all.h"
#include "lib/xalloc.h"
#include "spool/route_line.h"
#include "spool/routes_base.h"

/* Rows at once: some milliseconds. */
#define ROWS		2000
#define PAUSE_MS	5
/* Synced after so many of these: not all at the end, for seconds. */
#define SYNC_STEPS	16

struct compact {
	struct learn	*learn;
	struct loop_timer *timer;
	struct cdb_make	 make;
	int		 fd;
	off_t		 from;		/* of SPOOL/routes, what comes after */
	size_t		 n;
	int		 steps;		/* since it was written */
	char		 after[DOMAIN_MAX];
	char		 base[1024];
	char		 new[1024];
};

static int
add_row(const char *domain, const char *kind, int64_t until, const char *urls,
    void *arg)
{
	struct compact *c = arg;
	char value[ROUTE_LINE_MAX];
	int n;

	strlcpy(c->after, domain, sizeof(c->after));
	if ((n = route_value(value, sizeof(value), kind, until, urls)) == -1)
		return 0;
	if (cdb_make_add(&c->make, domain, (unsigned int)strlen(domain), value,
	    (unsigned int)n) == -1)
		return -1;
	c->n++;
	return 0;
}

static void
compact_free(struct compact *c)
{
	c->learn->compact = NULL;
	loop_timer_remove(c->learn->engine->loop, c->timer);
	if (c->fd != -1)
		close(c->fd);
	free(c);
}

/* What stands in SPOOL/routes from there on becomes all of it. */
static int
cut_off(struct compact *c)
{
	struct learn *l = c->learn;
	char buf[64 * 1024], path[1024];
	int in = -1, out = -1, rc = -1;
	size_t i, lines = 0;
	ssize_t n;

	if (snprintf(path, sizeof(path), "%s.new", l->path) >=
	    (int)sizeof(path) ||
	    (out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW |
	    O_CLOEXEC, ROUTES_MODE)) == -1 || fchmod(out, ROUTES_MODE) == -1)
		goto out;
	/* Moved away meanwhile, or others': then there is nothing to keep. */
	if ((in = spool_file_open(l->path, NULL)) == -1 && errno != ENOENT &&
	    errno != EPERM)
		goto out;
	while (in != -1 && (n = pread(in, buf, sizeof(buf), c->from)) != 0) {
		if (n == -1 || write_all(out, buf, (size_t)n) == -1)
			goto out;
		for (i = 0; i < (size_t)n; i++)
			lines += buf[i] == '\n';
		c->from += n;
	}
	if (rename(path, l->path) == -1)
		goto out;
	l->nlines = lines;
	rc = 0;
 out:
	if (rc == -1) {
		log_warn("%s", path);
		(void)unlink(path);
	}
	if (in != -1)
		close(in);
	if (out != -1)
		close(out);
	return rc;
}

/*
 * Whoever closes a file last that has no name any more waits until it is taken
 * apart: that is us, after smtpd's tables have gone on to the new one.
 */
static void
hold_old(struct learn *l)
{
	if (l->old_base != -1)
		close(l->old_base);
	l->old_base = base_open(l->path, NULL);
}

/* All rows are there; 0, or -1 with a log line. */
static int
compact_end(struct compact *c)
{
	hold_old(c->learn);
	if (cdb_make_finish(&c->make) == -1 || fsync(c->fd) == -1 ||
	    rename(c->new, c->base) == -1) {
		log_warn("%s", c->new);
		(void)unlink(c->new);
		return -1;
	}
	c->learn->nlive = c->n;
	return cut_off(c);
}

/* Returns 1 if there is more to do, 0 at the end, -1 with a log line. */
static int
compact_step(struct compact *c)
{
	size_t before = c->n;
	int64_t n;

	n = store_route_page(c->learn->engine->store, c->after, time(NULL),
	    ROWS, add_row, c);
	if (n == -1) {
		log_warnx("%s: given up after %zu routes", c->new, before);
		(void)unlink(c->new);
		return -1;
	}
	if (n != ROWS)
		return compact_end(c);
	if (++c->steps < SYNC_STEPS)
		return 1;
	c->steps = 0;
	if (fdatasync(c->fd) == 0)
		return 1;
	log_warn("%s", c->new);
	(void)unlink(c->new);
	return -1;
}

static void
on_pause(void *arg)
{
	struct compact *c = arg;

	c->timer = NULL;
	if (compact_step(c) == 1)
		c->timer = loop_timer_add(c->learn->engine->loop, PAUSE_MS,
		    on_pause, c);
	else
		compact_free(c);
}

static struct compact *
compact_new(struct learn *l)
{
	struct compact *c;
	struct stat sb;

	/* If it fails it is tried again after as many lines. */
	l->nlines = 0;
	c = xcalloc(1, sizeof(*c));
	c->learn = l;
	l->compact = c;
	(void)snprintf(c->base, sizeof(c->base), "%s%s", l->path,
	    ROUTES_BASE_SUFFIX);
	if (snprintf(c->new, sizeof(c->new), "%s.new", c->base) >=
	    (int)sizeof(c->new)) {
		log_warnx("%s: too long", l->path);
		c->fd = -1;
		goto bad;
	}
	if (stat(l->path, &sb) == 0 && S_ISREG(sb.st_mode))
		c->from = sb.st_size;
	/* Looked up in by processes of other users. */
	if ((c->fd = open(c->new, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW |
	    O_CLOEXEC, ROUTES_MODE)) == -1 || fchmod(c->fd, ROUTES_MODE) == -1 ||
	    cdb_make_start(&c->make, c->fd) == -1) {
		log_warn("%s", c->new);
		goto bad;
	}
	return c;
 bad:
	compact_free(c);
	return NULL;
}

void
compact_start(struct learn *l)
{
	struct compact *c;

	if (l->compact == NULL && (c = compact_new(l)) != NULL)
		c->timer = loop_timer_add(l->engine->loop, 0, on_pause, c);
}

int
compact_now(struct learn *l)
{
	struct compact *c;
	int rc;

	if ((c = compact_new(l)) == NULL)
		return -1;
	while ((rc = compact_step(c)) == 1)
		continue;
	compact_free(c);
	return rc;
}

void
compact_stop(struct learn *l)
{
	struct compact *c = l->compact;

	if (l->old_base != -1)
		close(l->old_base);
	l->old_base = -1;
	if (c == NULL)
		return;
	(void)unlink(c->new);
	compact_free(c);
}
