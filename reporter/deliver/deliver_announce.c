/* SPDX-License-Identifier: ISC */

/*
 * SPOOL/announced: to whom mail is handed over, for filter-sge while sged is
 * away; see base/announced.h.
 */

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/announced.h"
#include "base/bounds.h"
#include "base/log.h"
#include "deliver/deliver_job.h"
#include "lib/write_all.h"
#include "lib/xalloc.h"

/* Lines that still hold, the newest, from in to out: how many, or -1. */
static int
copy_lines(FILE *in, FILE *out, int64_t now)
{
	char line[ANNOUNCED_LINE_MAX], copy[ANNOUNCED_LINE_MAX];
	int n = 0, over = -ANNOUNCED_LINES_MAX / 2;

	while (fgets(line, sizeof(line), in) != NULL)
		over++;
	rewind(in);
	while (fgets(line, sizeof(line), in) != NULL) {
		(void)strlcpy(copy, line, sizeof(copy));
		if (over-- > 0 || announced_parse(copy, now) == NULL)
			continue;
		if (fputs(line, out) == EOF)
			return -1;
		n++;
	}
	return n;
}

/* Leaves out what is over, and opens it: its descriptor, or -1 with errno. */
static int
write_anew(const char *path, int *lines, int64_t now)
{
	FILE *in = NULL, *out = NULL;
	char *new;
	int fd, rc = -1;

	*lines = 0;
	xasprintf(&new, "%s.new", path);
	if ((fd = open(new, O_RDWR | O_CREAT | O_TRUNC | O_APPEND |
	    O_NOFOLLOW | O_CLOEXEC, 0644)) == -1)
		goto out;
	/* What is no list is replaced by one. */
	if ((in = announced_open(path)) == NULL && errno != ENOENT &&
	    errno != EPERM)
		goto out;
	if (fchmod(fd, 0644) == -1 || (out = fdopen(dup(fd), "a")) == NULL ||
	    (in != NULL && (*lines = copy_lines(in, out, now)) == -1) ||
	    fflush(out) == EOF || rename(new, path) == -1)
		goto out;
	rc = fd;
out:
	if (in != NULL)
		fclose(in);
	if (out != NULL)
		fclose(out);
	if (rc == -1 && fd != -1)
		close(fd);
	free(new);
	return rc;
}

void
announce_stop(struct deliver *d)
{
	if (d->announced != -1)
		close(d->announced);
	d->announced = -1;
}

void
announce(struct deliver *d, const char *address)
{
	char line[ANNOUNCED_LINE_MAX], *path;
	int64_t now = time(NULL);
	int n;

	xasprintf(&path, "%s/" ANNOUNCED_FILE, d->engine->conf->spool);
	if (d->announced_lines >= ANNOUNCED_LINES_MAX)
		announce_stop(d);
	if (d->announced == -1)
		d->announced = write_anew(path, &d->announced_lines, now);
	n = announced_line(line, sizeof(line), now, address);
	if (d->announced == -1 || (n != -1 &&
	    write_all(d->announced, line, (size_t)n) == -1)) {
		/* Without it, it is no more than that sged must be there. */
		if (!d->announced_mute)
			log_warn("%s", path);
		d->announced_mute = 1;
		announce_stop(d);
	} else
		d->announced_mute = 0;
	d->announced_lines++;
	free(path);
}
