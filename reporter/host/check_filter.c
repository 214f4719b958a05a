/* SPDX-License-Identifier: ISC */

/*
 * check config: the programs that smtpd runs: filter-sge, table-sge, the one
 * that signs: whether they are there, and start as who they run.
 */

#include <sys/stat.h>

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/system.h"
#include "host/check_config.h"
#include "host/check_run.h"
#include "host/smtpd_conf.h"

#define PART "smtpd"
#define SAID_MAX 400

static const char *const libexecs[] = { "/usr/local/libexec/smtpd",
    "/usr/libexec/opensmtpd", "/usr/lib/x86_64-linux-gnu/opensmtpd" };

const char *
check_smtpd_user(void)
{
	static const char *const users[] = { SMTPD_USERS };
	size_t i;

	for (i = 0; i < nitems(users); i++)
		if (getpwnam(users[i]) != NULL)
			return users[i];
	return users[0];
}

/* The path of a program that smtpd looks for in its folder; 0 or -1. */
static int
libexec(const char *name, size_t len, char path[], size_t size)
{
	size_t i;

	if (*name == '/') {
		(void)snprintf(path, size, "%.*s", (int)len, name);
		return access(path, X_OK);
	}
	for (i = 0; i < nitems(libexecs); i++) {
		(void)snprintf(path, size, "%s/%.*s", libexecs[i], (int)len,
		    name);
		if (access(path, X_OK) == 0)
			return 0;
	}
	return -1;
}

/* Starts it as smtpd would; only root can become another. */
static void
start(struct check *c, const char *where, const struct run *r,
    const char *name)
{
	const struct passwd *pw = getpwnam(r->user);
	char said[SAID_MAX];

	if (pw == NULL) {
		check_part(c, PART, CHECK_BAD, "%s: there is no user %s, as "
		    "whom %s is to run", where, r->user, name);
		return;
	}
	if (geteuid() != 0 && geteuid() != pw->pw_uid) {
		check_part(c, PART, CHECK_INFO, "%s was not started as %s: "
		    "only root can", name, r->user);
		return;
	}
	if (check_run(r, said, sizeof(said)) == 0) {
		check_part(c, PART, CHECK_OK, "%s starts as %s", name,
		    r->user);
		return;
	}
	said[strcspn(said, "\n")] = '\0';
	check_part(c, PART, CHECK_BAD, "%s: %s does not start as %s, and smtpd "
	    "stops when it ends: %s", where, name, r->user, *said == '\0' ?
	    "it says nothing" : view_clean(said, SAID_MAX));
}

/* What sged writes in the spool for both to read. */
static const char *const route_files[] = { "routes", "routes.cdb" };

/* A program, as who it runs. */
struct runs {
	const char	*name;
	const char	*user;
	const char	*group;		/* NULL: the user's own */
};

/* Whether it can pass the folders above a path; -1 after a line. */
static int
check_way(struct check *c, const char *part, const struct runs *r,
    const char *path)
{
	char folder[1024];
	unsigned int mode;

	if (check_closed(r->user, r->group, path, folder, sizeof(folder),
	    &mode) == -1)
		return 0;
	check_part(c, part, CHECK_BAD, "%s has mode %04o: %s runs as %s, who "
	    "cannot pass it to %s: chmod 755 %s", folder, mode, r->name,
	    r->user, path, folder);
	return -1;
}

/* Whether it can read a file, if there is one; -1 after a line. */
static int
check_read(struct check *c, const char *part, const struct runs *r,
    const char *path)
{
	if (access(path, F_OK) == -1 ||
	    check_access(r->user, r->group, path, R_OK) != 0)
		return 0;
	if (check_way(c, part, r, path) == 0)
		check_part(c, part, CHECK_BAD, "%s runs as %s, who cannot read "
		    "%s (chmod 0644 %s)", r->name, r->user, path, path);
	return -1;
}

/* Those, the configuration and the files it names; one line for each folder. */
static void
check_readable(struct check *c, const struct runs *r)
{
	const struct conf *conf = c->view->conf;
	char path[1024];
	size_t i;

	for (i = 0; i < conf->nfiles; i++)
		if (check_read(c, PART, r, conf->files[i]) == -1)
			break;
	for (i = 0; i < nitems(route_files); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", conf->spool,
		    route_files[i]);
		if (check_read(c, "spool", r, path) == -1)
			break;
	}
}

int
check_libexec(const char *name, char path[], size_t size)
{
	return libexec(name, strlen(name), path, size);
}

static void
check_filter(struct check *c, const struct smtpd_line *line)
{
	const char *command = smtpdconf_command(line), *conf;
	char where[1024], path[1024], full[4096], file[1024];
	struct run r = { NULL, NULL, full, "config|ready\n",
	    "register|ready" };
	struct runs runs = { .name = "filter-sge" };
	size_t len;

	(void)snprintf(where, sizeof(where), "%s:%d", line->file,
	    line->number);
	conf = check_option(command, 'f', file, sizeof(file));
	if (conf == NULL)
		conf = CONF_PATH;
	if (strcmp(conf, c->view->path) != 0)
		check_part(c, PART, CHECK_BAD, "%s: filter-sge reads %s, and "
		    "this check %s; write filter-sge -f %s", where, conf,
		    c->view->path, c->view->path);
	len = strcspn(command, " \t");
	if (libexec(command, len, path, sizeof(path)) == -1) {
		check_part(c, PART, CHECK_BAD, "%s: no program %.*s: make "
		    "install puts it in smtpd's folder", where, (int)len,
		    command);
		return;
	}
	if ((r.user = smtpdconf_after(line, "user")) == NULL) {
		check_part(c, PART, CHECK_BAD, "%s: filter-sge has no user, "
		    "so it runs as smtpd's own, who must not write the spool; "
		    "write user %s group %s behind it", where,
		    SGE_FILTER_USER, SGE_FILTER_USER);
		return;
	}
	if (strcmp(r.user, SGE_FILTER_USER) != 0)
		check_part(c, PART, CHECK_BAD, "%s: filter-sge runs as %s, "
		    "whose other programs could then end it; write user %s "
		    "group %s", where, r.user, SGE_FILTER_USER,
		    SGE_FILTER_USER);
	r.group = smtpdconf_after(line, "group");
	runs.user = r.user;
	runs.group = r.group;
	if (smtpdconf_has(line, "chroot"))
		check_part(c, PART, CHECK_BAD, "%s: filter-sge has no %s in a "
		    "chroot, and smtpd stops when it ends: take chroot out",
		    where, c->view->path);
	(void)snprintf(full, sizeof(full), "exec %s%s", path, command + len);
	start(c, where, &r, "filter-sge");
	(void)snprintf(path, sizeof(path), "%s/sessions",
	    c->view->conf->spool);
	if (access(path, F_OK) == 0 &&
	    check_access(r.user, r.group, path, W_OK | X_OK) == 0 &&
	    check_way(c, "spool", &runs, path) == 0)
		check_part(c, "spool", CHECK_BAD, "%s: filter-sge runs as %s, "
		    "who cannot write %s (chown -R %s:%s %s; chmod 770 %s)",
		    where, r.user, path, r.user, r.user, path, path);
	check_readable(c, &runs);
	if (access(c->view->conf->socket, F_OK) == 0 && check_access(r.user,
	    r.group, c->view->conf->socket, W_OK) == 0 &&
	    check_way(c, "sged", &runs, c->view->conf->socket) == 0)
		check_part(c, "sged", CHECK_BAD, "%s: filter-sge runs as %s, "
		    "who cannot reach sged at %s: restart sged, which makes "
		    "it anew", where, r.user, c->view->conf->socket);
}

/* Who can write a program says what it does. */
static void
check_mode(struct check *c, const char *path)
{
	struct stat sb;

	if (stat(path, &sb) == 0 && (sb.st_mode & S_IWOTH) != 0)
		check_part(c, PART, CHECK_BAD, "%s has mode %04o: anybody can "
		    "replace it (chmod 0755 %s)", path,
		    (unsigned int)sb.st_mode & 07777, path);
}

/* RFC 8460 5.3: these are to be covered by the signature. */
static void
check_headers(struct check *c, const struct smtpd_line *line,
    const char *command)
{
	char list[1024];

	if (strstr(command, "dkimsign") == NULL ||
	    (check_option(command, 'h', list, sizeof(list)) != NULL &&
	    strcasestr(list, "tls-report-domain") != NULL &&
	    strcasestr(list, "tls-report-submitter") != NULL))
		return;
	check_part(c, "DKIM", CHECK_WARN, "%s:%d: TLS-Report-Domain and "
	    "TLS-Report-Submitter are not signed: add them to "
	    "filter-dkimsign's -h", line->file, line->number);
}

/*
 * filter-dkimsign ends at some From: lines, and smtpd with it.  keeper: the
 * path of the program that smtpd runs.
 */
static void
check_kept(struct check *c, const struct smtpd_line *line, const char *keeper)
{
	const char *command = smtpdconf_command(line);
	const char *kept = smtpdconf_kept(command);
	const char *slash = strrchr(keeper, '/');
	int len = (int)strcspn(kept, " \t");
	char path[1024];

	if (kept == command) {
		check_part(c, PART, CHECK_WARN, "%s:%d: who may send mail "
		    "through %.*s can end it by a From: line, and smtpd with "
		    "it: write filter-keep %.*s", line->file, line->number,
		    len, kept, len, kept);
		return;
	}
	(void)snprintf(path, sizeof(path), "%.*s%.*s", *kept == '/' ||
	    slash == NULL ? 0 : (int)(slash - keeper) + 1, keeper, len, kept);
	if (access(path, X_OK) == -1)
		check_part(c, PART, CHECK_BAD, "%s:%d: no program %.*s beside "
		    "filter-keep: install the package that has it",
		    line->file, line->number, len, kept);
	else
		check_mode(c, path);
}

/* The private key, as the program that signs with it. */
static void
check_signer(struct check *c, const struct smtpd_line *line)
{
	const char *command = smtpdconf_command(line), *user, *key;
	char file[1024], path[1024];
	size_t len = strcspn(command, " \t");

	if (libexec(command, len, path, sizeof(path)) == -1)
		check_part(c, PART, CHECK_BAD, "%s:%d: no program %.*s in "
		    "smtpd's folder: install the package that has it",
		    line->file, line->number, (int)len, command);
	else {
		check_mode(c, path);
		check_kept(c, line, path);
	}
	check_headers(c, line, command);
	if ((key = check_option(command, 'k', file, sizeof(file))) == NULL)
		return;
	if ((user = smtpdconf_after(line, "user")) == NULL)
		user = check_smtpd_user();
	check_dkim_file(c, line, key, user, smtpdconf_after(line, "group"));
}

static void
check_table(struct check *c)
{
	char path[1024], command[2100];
	struct runs runs = { "table-sge", check_smtpd_user(), NULL };
	struct run r = { runs.user, NULL, command,
	    "config|tablename|sge-verify\nconfig|ready\n", "register|ready" };

	if (libexec("table-sge", 9, path, sizeof(path)) == -1) {
		check_part(c, "system", CHECK_BAD, "no table-sge in %s or %s: "
		    "smtpd looks for it there; make install puts it there",
		    libexecs[0], libexecs[1]);
		return;
	}
	(void)snprintf(command, sizeof(command), "exec %s %s", path,
	    c->view->path);
	start(c, path, &r, "table-sge");
	check_readable(c, &runs);
}

/*
 * The order of a chain: what "bypass" lets through no later filter sees, and
 * what another changes behind the signer breaks its signature.
 */
static void
check_chain(struct check *c, const struct smtpd_conf *s,
    const struct smtpd_line *chain)
{
	const struct smtpd_line *one, *bypass = NULL;
	const char *name;
	size_t i;
	int signed_by = 0;

	for (i = 3; i < chain->nwords; i++) {
		name = chain->word[i];
		if ((one = smtpdconf_find(s, "filter", name)) == NULL)
			continue;
		if (smtpdconf_filter(s, name, "filter-sge") != NULL) {
			if (bypass != NULL)
				check_part(c, PART, CHECK_BAD, "%s:%d: filter "
				    "\"%s\" stands before filter-sge, and what "
				    "it lets bypass (%s:%d) is not checked: "
				    "put \"%s\" first", chain->file,
				    chain->number, bypass->word[1],
				    bypass->file, bypass->number, name);
		} else if (smtpdconf_filter(s, name, "filter-dkimsign") != NULL)
			signed_by = 1;
		else if (smtpdconf_has(one, "bypass") &&
		    smtpdconf_has(one, "rcpt-to"))
			bypass = one;
		else if (signed_by && smtpdconf_command(one) != NULL)
			check_part(c, "DKIM", CHECK_WARN, "%s:%d: filter "
			    "\"%s\" stands behind the one that signs: what it "
			    "changes breaks the signature; put the signer "
			    "last", chain->file, chain->number, name);
	}
}

void
check_filters(struct check *c, const struct smtpd_conf *s)
{
	const struct smtpd_line *line;
	const char *command;
	size_t i, n = 0;

	for (i = 0; i < s->nlines; i++) {
		line = &s->line[i];
		if (smtpdconf_is(line, 0, "filter") &&
		    smtpdconf_is(line, 2, "chain"))
			check_chain(c, s, line);
		if ((command = smtpdconf_command(line)) == NULL)
			continue;
		if (strstr(command, "filter-sge") != NULL) {
			check_filter(c, line);
			n++;
		} else if (strstr(command, "dkimsign") != NULL)
			check_signer(c, line);
	}
	if (n == 0)
		check_part(c, PART, CHECK_BAD, "no filter-sge: write filter "
		    "\"sge\" proc-exec \"filter-sge -f %s\" user %s group %s",
		    c->view->path, SGE_FILTER_USER, SGE_FILTER_USER);
	check_table(c);
}
