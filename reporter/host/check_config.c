/* SPDX-License-Identifier: ISC */

/*
 * check config: what is missing in sge.conf, smtpd.conf, the spool, the
 * daemons, one file each (check_host.c and so on).
 */

#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/check_config.h"
#include "host/check_run.h"
#include "ctl/ctl.h"
#include "base/log.h"
#include "lib/xalloc.h"

/* Mistakes and warnings of sge.conf; NULL if it can't be used. */
static struct conf *
check_conf(struct check *c, const char *path)
{
	struct conf *conf;
	char *said = NULL, *line, *rest;
	size_t len;
	FILE *err;

	err = xmemstream(&said, &len);
	conf = conf_read(path, err);
	xmemclose(err, &said);
	for (rest = said; (line = strsep(&rest, "\n")) != NULL;)
		if (*line != '\0')
			check_part(c, "sge.conf", strstr(line, "warning: ") ==
			    NULL ? CHECK_BAD : CHECK_WARN, "%s", line);
	if (conf != NULL && *said == '\0')
		check_part(c, "sge.conf", CHECK_OK, "%s", path);
	free(said);
	if (conf != NULL && conf->mode == MODE_TESTING)
		check_part(c, "sge.conf", CHECK_INFO, "mode testing: nothing "
		    "is refused; \"sgectl show flow\" says what would be");
	return conf;
}

/* Where this program is installed: what a job or an action is to name. */
static const char *
own_path(const char *name, char out[PATH_MAX])
{
	char found[PATH_MAX];

	if (strchr(name, '/') == NULL &&
	    check_program(name, found, sizeof(found)) == 0)
		name = found;
	return realpath(name, out) == NULL ? name : out;
}

int
cmd_check_config(struct ctl *ctl, int argc, char *argv[])
{
	struct view *v = &ctl->view;
	struct check c = { .view = v, .domain = "config" };
	const char *path = ctl->path == NULL ? CONF_PATH : ctl->path;
	char program[PATH_MAX];

	v->path = path;
	c.program = own_path(ctl->program, program);
	if ((ctl->conf = check_conf(&c, path)) == NULL)
		return CHECK_FIX;
	v->conf = ctl->conf;
	/* Without it what is in the DNS is said to be not known. */
	if (geteuid() != 0 || getpwnam(SGE_USER) != NULL)
		c.asker = asker_new(v->conf, 1U << WORLD_RESOLVE |
		    1U << WORLD_NET);
	check_wide(&c);
	check_host(&c);
	check_sged(&c);
	check_smtpd_service(&c, argc > 0 ? argv[0] : NULL);
	check_own(&c);
	check_connectors(&c);
	if (ctl_flag(ctl, 't'))
		check_dkim_mail(&c);
	asker_free(c.asker);
	if (v->form == FORM_TEXT) {
		if (!ctl_flag(ctl, 't'))
			view_unknown(v, "whether mail is signed (-t sends one "
			    "to see).");
		fprintf(v->out, "%zu bad, %zu to look at, %zu not known.  "
		    "Exit %d.\n", c.nlevel[CHECK_BAD], c.nlevel[CHECK_WARN],
		    c.nlevel[CHECK_DARK], c.status);
	}
	return c.status;
}
