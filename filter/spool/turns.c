/* SPDX-License-Identifier: ISC */

#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/domain.h"
#include "base/spool_file.h"
#include "spool/turns.h"

struct turns {
	char		*path;
	struct stat	 seen;		/* of the file that was read */
	struct turn	*v;
	size_t		 n;
};

struct turns *
turns_open(const char *spool)
{
	struct turns *t;

	if ((t = calloc(1, sizeof(*t))) == NULL)
		return NULL;
	if (asprintf(&t->path, "%s/" TURNS_FILE, spool) == -1) {
		free(t);
		return NULL;
	}
	return t;
}

void
turns_free(struct turns *t)
{
	if (t == NULL)
		return;
	free(t->path);
	free(t->v);
	free(t);
}

int
turn_line(char out[], size_t outsz, const struct turn *t)
{
	int n = snprintf(out, outsz, "%s|%s|%lld|%lld|%lld\n", t->host,
	    t->addr, (long long)t->tried, (long long)t->over,
	    (long long)t->used);

	return n > 0 && (size_t)n < outsz ? n : -1;
}

/* line ends with NUL, and is changed in place; -1 if it is none. */
static int
turn_parse(char *line, struct turn *out)
{
	int64_t *times[] = { &out->tried, &out->over, &out->used };
	const char *host = strsep(&line, "|"), *addr = strsep(&line, "|");
	const char *field, *err = NULL;
	size_t i;

	if (addr == NULL || domain_normal(host, strlen(host), out->host,
	    sizeof(out->host)) == -1 ||
	    strlcpy(out->addr, addr, sizeof(out->addr)) >= sizeof(out->addr))
		return -1;
	for (i = 0; i < nitems(times); i++) {
		if ((field = strsep(&line, "|")) == NULL)
			return -1;
		*times[i] = strtonum(field, 0, INT64_MAX, &err);
		if (err != NULL)
			return -1;
	}
	return line == NULL ? 0 : -1;
}

static void
turns_read(struct turns *t)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t len;
	FILE *f;
	int fd;

	t->n = 0;
	if ((fd = spool_file_open(t->path, NULL)) == -1)
		return;
	if ((f = fdopen(fd, "r")) == NULL) {
		close(fd);
		return;
	}
	if (t->v == NULL)
		t->v = calloc(TURNS_MAX, sizeof(*t->v));
	while (t->v != NULL && t->n < TURNS_MAX &&
	    (len = getline(&line, &size, f)) > 0) {
		line[strcspn(line, "\n")] = '\0';
		t->n += turn_parse(line, &t->v[t->n]) == 0;
	}
	free(line);
	fclose(f);
}

static int
is_same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev &&
	    a->st_size == b->st_size &&
	    a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	    a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

const struct turn *
turns_now(struct turns *t, int64_t now, size_t *n)
{
	struct stat sb;

	*n = 0;
	if (stat(t->path, &sb) == -1)
		return NULL;
	if (!is_same(&sb, &t->seen)) {
		t->seen = sb;
		turns_read(t);
	}
	if (llabs(now - (int64_t)sb.st_mtime) < TURNS_OLD)
		*n = t->n;
	return t->v;
}
