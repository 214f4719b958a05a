/* SPDX-License-Identifier: ISC */

/* Jobs that read the digest: whether one does, and of this host. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/system.h"
#include "host/check_config.h"
#include "host/check_run.h"

/* Where cron(8) looks for programs, if no line above says otherwise: Debian's. */
#define CRON_PATH "/usr/bin:/bin"

struct digest_job {
	const char	*file;		/* NULL: none was found */
	char		 program[1024];
	char		 conf[1024];	/* -f's, or "" */
	char		 path[1024];	/* what its programs are looked for in */
};

static const struct {
	const char	*name;
	int		 cron;		/* cron's own, not a shell's */
} files[] = {
	{ "/etc/daily.local", 0 },
	{ "/etc/crontab", 1 },
	{ "/etc/cron.d/sge", 1 },
	{ "/etc/cron.d/opensmtpd-filter-sge", 1 },
	{ "/etc/cron.daily/sge", 0 },
	{ "/var/cron/tabs/root", 1 },
	{ "/var/spool/cron/crontabs/root", 1 },
};

/*
 * A line's command that runs sgectl digest, ended behind it; NULL if none does.
 */
static char *
command_of(char *line)
{
	char *at, *digest;
	size_t len;

	if (line[strspn(line, " \t")] == '#')
		return NULL;
	for (at = line; (at = strstr(at, "sgectl")) != NULL; at += len) {
		len = strcspn(at, ";|&\n");
		digest = strstr(at, "digest");
		if (digest == NULL || digest >= at + len)
			continue;
		at[len] = '\0';
		while (at > line && strchr(" \t\"'", at[-1]) == NULL)
			at--;
		return at;
	}
	return NULL;
}

/* A line "PATH = /bin:..." of crontab(5), maybe quoted. */
static void
take_path(struct digest_job *job, const char *line)
{
	size_t len;

	line += strspn(line, " \t");
	if (strncmp(line, "PATH", 4) != 0)
		return;
	line += 4;
	line += strspn(line, " \t");
	if (*line++ != '=')
		return;
	line += strspn(line, " \t\"'");
	len = strcspn(line, " \t\"'\n");
	/* What does not fit is not judged. */
	if (snprintf(job->path, sizeof(job->path), "%.*s", (int)len, line) >=
	    (int)sizeof(job->path))
		job->path[0] = '\0';
}

static void
read_job(struct digest_job *job, const char *name, int cron)
{
	char *line = NULL, *at = NULL;
	size_t size = 0;
	FILE *f;

	if ((f = fopen(name, "r")) == NULL)
		return;
	(void)strlcpy(job->path, cron ? CRON_PATH : "", sizeof(job->path));
	while (at == NULL && getline(&line, &size, f) != -1) {
		if (cron)
			take_path(job, line);
		/* One of the command's own is the shell's matter. */
		if ((at = command_of(line)) != NULL &&
		    strstr(line, "PATH=") != NULL)
			job->path[0] = '\0';
	}
	fclose(f);
	if (at != NULL) {
		job->file = name;
		(void)check_option(at, 'f', job->conf, sizeof(job->conf));
		at[strcspn(at, " \t\"'")] = '\0';
		(void)strlcpy(job->program, at, sizeof(job->program));
	}
	free(line);
}

/* Whether there is a program of that name in one of the path's folders. */
static int
is_in(const char *path, const char *name)
{
	char file[2048];
	size_t n;

	for (; *path != '\0'; path += n + (path[n] == ':')) {
		n = strcspn(path, ":");
		if (snprintf(file, sizeof(file), "%.*s/%s", (int)n, path,
		    name) < (int)sizeof(file) && access(file, X_OK) == 0)
			return 1;
	}
	return 0;
}

void
check_digest(struct check *c)
{
	struct digest_job job = { 0 };
	const char *conf;
	size_t i;

	for (i = 0; i < nitems(files) && job.file == NULL; i++)
		read_job(&job, files[i].name, files[i].cron);
	conf = job.conf[0] == '\0' ? CONF_PATH : job.conf;
	if (job.file == NULL)
		check_part(c, "system", CHECK_INFO, "no daily job runs sgectl "
		    "digest: " SYSTEM_DAILY_JOB, c->program);
	else if (job.program[0] == '/' && access(job.program, X_OK) == -1)
		check_part(c, "system", CHECK_WARN, "the daily job of %s runs "
		    "%s: %s; write %s digest there", job.file, job.program,
		    strerror(errno), c->program);
	else if (strchr(job.program, '/') == NULL && job.path[0] != '\0' &&
	    !is_in(job.path, job.program))
		check_part(c, "system", CHECK_WARN, "the daily job of %s runs "
		    "%s, which cron looks for in %s only; write %s digest "
		    "there", job.file, view_clean(job.program, 200),
		    view_clean(job.path, 200), c->program);
	else if (strcmp(conf, c->view->path) != 0)
		check_part(c, "system", CHECK_WARN, "the digest tells of "
		    "elsewhere: the daily job of %s reads %s, and this "
		    "check %s; write %s -f %s digest there", job.file,
		    view_clean(conf, 200), c->view->path, c->program,
		    c->view->path);
}
