/* SPDX-License-Identifier: ISC */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bounds.h"
#include "engine.h"
#include "log.h"

/* How long a destination without a policy is not asked about again. */
#define NONE_SECONDS 3600

struct learn {
	char		*path;
};

void
learn_start(struct engine *e)
{
	if ((e->learn = calloc(1, sizeof(*e->learn))) == NULL ||
	    asprintf(&e->learn->path, "%s/routes", e->conf->spool) == -1)
		fatal("learn");
}

void
learn_stop(struct engine *e)
{
	if (e->learn == NULL)
		return;
	free(e->learn->path);
	free(e->learn);
	e->learn = NULL;
}

/* No policy is applied: said so, and put down for filter-sge. */
void
learn_ask(struct engine *e, const char *domain,
    void (*learned)(const char *, const char *, void *), void *arg)
{
	char line[DOMAIN_MAX + 64];
	int fd, n;

	n = snprintf(line, sizeof(line), "%s|none|%lld|\n", domain,
	    (long long)time(NULL) + NONE_SECONDS);
	if ((fd = open(e->learn->path, O_WRONLY | O_APPEND | O_CREAT |
	    O_CLOEXEC, 0644)) == -1 || write(fd, line, (size_t)n) != n)
		log_warn("%s", e->learn->path);
	if (fd != -1)
		close(fd);
	learned(domain, "none", arg);
}

void
learn_forget(struct engine *e __unused, void *arg __unused)
{
}
