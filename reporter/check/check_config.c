/* SPDX-License-Identifier: ISC */

/*
 * check config: what is missing in sge.conf, smtpd.conf, the spool, the
 * daemon (check_smtpd.c, check_dkim.c).
 */

#include <sys/stat.h>

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check/check.h"
#include "ctl/ctl.h"
#include "lib/ipc.h"
#include "base/log.h"
#include "ctl/sged_ask.h"

static const char *const smtpd_confs[] = { "/etc/mail/smtpd.conf",
    "/etc/smtpd.conf", "/usr/local/etc/mail/smtpd.conf" };
static const char *const libexecs[] = { "/usr/local/libexec/smtpd",
    "/usr/libexec/opensmtpd", "/usr/lib/x86_64-linux-gnu/opensmtpd" };

/* Mistakes and warnings of sge.conf; NULL if it can't be used. */
static struct conf *
check_conf(struct check *c, const char *path)
{
	struct conf *conf;
	char *said = NULL, *line, *rest;
	size_t len;
	FILE *err;

	if ((err = open_memstream(&said, &len)) == NULL)
		fatal("check config");
	conf = conf_read(path, err);
	if (fclose(err) == EOF)
		fatal("check config");
	for (rest = said; (line = strsep(&rest, "\n")) != NULL;)
		if (*line != '\0')
			check_part(c, "sge.conf", strstr(line, "warning: ") ==
			    NULL ? CHECK_BAD : CHECK_WARN, "%s", line);
	if (conf != NULL && *said == '\0')
		check_part(c, "sge.conf", CHECK_OK, "%s", path);
	free(said);
	if (conf != NULL && conf->mode == MODE_TESTING)
		check_part(c, "sge.conf", CHECK_WARN, "mode testing: nothing "
		    "is refused");
	return conf;
}

static void
check_spool(struct check *c)
{
	static const char *const users[] = { SGE_USER, SGE_NET_USER,
	    SGE_FILTER_USER };
	const struct passwd *pw;
	struct stat sb;
	char path[1024];
	size_t i;

	for (i = 0; i < nitems(users); i++)
		if (getpwnam(users[i]) == NULL)
			check_part(c, "system", CHECK_BAD, "no user %s: see "
			    "sged(8), FILES, how to make it", users[i]);
	pw = getpwnam(SGE_FILTER_USER);
	(void)snprintf(path, sizeof(path), "%s/sessions",
	    c->view->conf->spool);
	if (stat(path, &sb) == -1)
		check_part(c, "spool", errno == ENOENT ? CHECK_BAD :
		    CHECK_DARK, "%s: %s", path, strerror(errno));
	else if (!S_ISDIR(sb.st_mode))
		check_part(c, "spool", CHECK_BAD, "%s is no directory", path);
	else if (pw != NULL && sb.st_uid != pw->pw_uid)
		check_part(c, "spool", CHECK_BAD, "%s is not %s's: filter-sge "
		    "cannot write there (chown -R %s:%s %s && chmod 770 %s)",
		    path, SGE_FILTER_USER, SGE_FILTER_USER,
		    SGE_FILTER_USER, path,
		    path);
	else if ((sb.st_mode & S_IWOTH) != 0 ||
	    (sb.st_mode & S_IRWXU) != S_IRWXU)
		check_part(c, "spool", CHECK_BAD, "%s has mode %04o; 0770 is "
		    "right", path, (unsigned int)sb.st_mode & 07777);
	else
		check_part(c, "spool", CHECK_OK, "%s", path);
}

static void
check_daemon(struct check *c)
{
	const struct conf *conf = c->view->conf;
	struct store *store;
	json_t *answer, *status;

	answer = talk(conf->socket, json_pack("{s:b}", "status", 1), 5);
	if (answer == NULL)
		check_part(c, "sged", CHECK_BAD, "does not answer at %s: %s",
		    conf->socket, strerror(errno));
	else {
		status = json_object_get(answer, "status");
		check_part(c, "sged", CHECK_OK, "runs since %s",
		    view_clean(ipc_string(status, "since", "-"), 30));
		if (strcmp(ipc_string(status, "spool", ""), "in trouble") == 0)
			check_part(c, "sged", CHECK_BAD, "cannot read the "
			    "spool: see the mail log");
	}
	json_decref(answer);
	if (access(conf->database, F_OK) == -1)
		check_part(c, "sged", errno == ENOENT ? CHECK_BAD :
		    CHECK_DARK, "database %s: %s", conf->database,
		    strerror(errno));
	else if ((store = store_open(conf->database, STORE_READ)) == NULL)
		check_part(c, "sged", CHECK_BAD, "database %s cannot be read",
		    conf->database);
	else {
		check_part(c, "sged", CHECK_OK, "database %s",
		    conf->database);
		store_close(store);
	}
}

static void
check_files(struct check *c)
{
	const struct conf *conf = c->view->conf;
	char path[1024];
	size_t i;

	for (i = 0; i < nitems(libexecs); i++) {
		(void)snprintf(path, sizeof(path), "%s/table-sge",
		    libexecs[i]);
		if (access(path, X_OK) == 0)
			break;
	}
	if (i == nitems(libexecs))
		check_part(c, "system", CHECK_BAD, "no table-sge in %s or %s: "
		    "smtpd looks for it there", libexecs[0], libexecs[1]);
	else
		check_part(c, "system", CHECK_OK, "%s", path);
	if (access(conf->report_sendmail, X_OK) == -1)
		check_part(c, "system", CHECK_BAD, "report sendmail %s: %s",
		    conf->report_sendmail, strerror(errno));
	if (access(conf->ca, R_OK) == -1)
		check_part(c, "system", CHECK_BAD, "ca %s: %s", conf->ca,
		    strerror(errno));
}

/* Jobs that read the digest. */
static void
check_digest(struct check *c)
{
	static const char *const files[] = { "/etc/daily.local",
	    "/etc/crontab", "/etc/cron.d/sge", "/etc/cron.daily/sge",
	    "/var/cron/tabs/root", "/var/spool/cron/crontabs/root" };
	char *line = NULL;
	size_t i, size = 0;
	int found = 0;
	FILE *f;

	for (i = 0; i < nitems(files) && !found; i++) {
		if ((f = fopen(files[i], "r")) == NULL)
			continue;
		while (!found && getline(&line, &size, f) != -1)
			found = line[strspn(line, " \t")] != '#' &&
			    strstr(line, "sgectl") != NULL &&
			    strstr(line, "digest") != NULL;
		fclose(f);
	}
	free(line);
	if (!found)
		check_part(c, "system", CHECK_INFO, "no daily job runs sgectl "
		    "digest (daily(8): a line in /etc/daily.local)");
}

static const char *
find_smtpd_conf(void)
{
	size_t i;

	for (i = 0; i < nitems(smtpd_confs); i++)
		if (access(smtpd_confs[i], F_OK) == 0)
			return smtpd_confs[i];
	return smtpd_confs[0];
}

int
cmd_check_config(struct ctl *ctl, int argc, char *argv[])
{
	struct view *v = &ctl->view;
	struct check c = { v, NULL, "config", NULL, CHECK_GOOD };
	const char *path = ctl->path == NULL ? CONF_PATH : ctl->path;

	v->path = path;
	if ((ctl->conf = check_conf(&c, path)) == NULL)
		return CHECK_FIX;
	v->conf = ctl->conf;
	/* Without it what is in the DNS is said to be not known. */
	if (geteuid() != 0 || getpwnam(SGE_USER) != NULL)
		c.asker = asker_new(v->conf, 1U << WORLD_RESOLVE);
	check_spool(&c);
	check_daemon(&c);
	check_files(&c);
	check_smtpd(&c, argc > 0 ? argv[0] : find_smtpd_conf());
	check_digest(&c);
	if (ctl_flag(ctl, 't'))
		check_dkim_mail(&c);
	asker_free(c.asker);
	if (v->form == FORM_TEXT) {
		view_unknown(v, "what smtpd itself says of its file (smtpd "
		    "-n)%s.", ctl_flag(ctl, 't') ? "" : ", and whether mail "
		    "is signed (-t sends one to see)");
		fprintf(v->out, "Exit %d.\n", c.status);
	}
	return c.status;
}
