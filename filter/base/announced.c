/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/announced.h"
#include "base/bounds.h"
#include "base/compat.h"
#include "base/spool_file.h"

int
announced_line(char out[], size_t outsz, int64_t when, const char *address)
{
	int n = snprintf(out, outsz, "%lld|%s\n", (long long)when, address);

	return n > 0 && (size_t)n < outsz ? n : -1;
}

const char *
announced_parse(char *line, int64_t now)
{
	const char *error, *when = strsep(&line, "|");
	int64_t at = strtonum(when, 0, INT64_MAX, &error);
	size_t len;

	if (line == NULL || error != NULL ||
	    at < now - ANNOUNCED_KEPT_SECONDS ||
	    at > now + ANNOUNCED_KEPT_SECONDS)
		return NULL;
	/* Where the disk was full, a part of an address is another one. */
	len = strcspn(line, "\n");
	if (line[len] == '\0')
		return NULL;
	line[len] = '\0';
	return line;
}

FILE *
announced_open(const char *path)
{
	FILE *f;
	int fd, saved;

	if ((fd = spool_file_open(path, NULL)) == -1)
		return NULL;
	if ((f = fdopen(fd, "r")) != NULL)
		return f;
	saved = errno;
	close(fd);
	errno = saved;
	return NULL;
}

int
announced_has(const char *spool, const char *address, int64_t now)
{
	char line[ANNOUNCED_LINE_MAX], *path;
	const char *to;
	int found = 0, n = 0;
	FILE *f;

	if (asprintf(&path, "%s/" ANNOUNCED_FILE, spool) == -1)
		return -1;
	f = announced_open(path);
	free(path);
	if (f == NULL)
		return errno == ENOENT ? 0 : -1;
	while (!found && n++ < ANNOUNCED_LINES_MAX &&
	    fgets(line, sizeof(line), f) != NULL)
		found = (to = announced_parse(line, now)) != NULL &&
		    strcasecmp(to, address) == 0;
	fclose(f);
	return found;
}
