/* SPDX-License-Identifier: ISC */

/*
 * check config: what smtpd read at its start beside its configuration, and was
 * changed since: certificates, keys, the authorities it trusts, tables.
 */

#include <sys/stat.h>

#include <openssl/x509.h>

#include <stdio.h>
#include <string.h>

#include "base/system.h"
#include "host/check_config.h"
#include "host/check_run.h"
#include "host/smtpd_conf.h"

#define PART "smtpd"

struct since {
	struct check	*check;
	const struct timespec *start;
	int		 n;		/* what a restart mends */
};

static int
is_later(const char *path, const struct timespec *start)
{
	struct stat sb;

	return path != NULL && stat(path, &sb) == 0 &&
	    (sb.st_mtim.tv_sec > start->tv_sec ||
	    (sb.st_mtim.tv_sec == start->tv_sec &&
	    sb.st_mtim.tv_nsec > start->tv_nsec));
}

static void
check_file(struct since *s, const char *path)
{
	if (!is_later(path, s->start))
		return;
	check_part(s->check, PART, CHECK_WARN, "%s was changed after smtpd "
	    "started: " SYSTEM_SMTPD_RESTART, path);
	s->n++;
}

/* The authorities of "tls verify", where no ca statement names others. */
static void
check_authorities(struct since *s, const char *program)
{
	char path[1024];

	if (*program == '\0' || check_built_in(program, "ca-certificates.crt",
	    path, sizeof(path)) == -1)
		(void)strlcpy(path, X509_get_default_cert_file(),
		    sizeof(path));
	check_file(s, path);
}

const char *
check_table_path(const struct smtpd_conf *s, const char *name)
{
	const struct smtpd_line *line = smtpdconf_find(s, "table", name);

	if (line == NULL || line->nwords < 3)
		return NULL;
	if (strncmp(line->word[2], "file:", 5) == 0)
		return line->word[2] + 5;
	return *line->word[2] == '/' ? line->word[2] : NULL;
}

int
check_since(struct check *c, const struct smtpd_conf *s, const char *program,
    const struct timespec *start)
{
	struct since since = { c, start, 0 };
	const struct smtpd_line *line;
	const char *path;
	size_t i;

	check_authorities(&since, program);
	for (i = 0; i < s->nlines; i++) {
		line = &s->line[i];
		if (line->nwords < 3)
			continue;
		if (smtpdconf_is(line, 0, "ca") ||
		    smtpdconf_is(line, 0, "pki")) {
			check_file(&since, smtpdconf_after(line, "cert"));
			check_file(&since, smtpdconf_after(line, "key"));
		} else if (smtpdconf_is(line, 0, "table") &&
		    (path = check_table_path(s, line->word[1])) != NULL &&
		    is_later(path, start))
			/* Whether that was done nobody tells. */
			check_part(c, PART, CHECK_INFO, "%s was changed after "
			    "smtpd started: if it was not done since, "
			    "smtpctl update table %s", path, line->word[1]);
	}
	return since.n == 0 ? 0 : -1;
}
