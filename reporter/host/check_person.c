/* SPDX-License-Identifier: ISC */

/*
 * check config: whether a person gets what is sent to root (the digest, cron)
 * and to postmaster (other postmasters, RFC 5321 4.5.1).  smtpd delivers
 * nothing as root, but to an mbox.
 */

#include <sys/types.h>

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/system.h"
#include "host/check_config.h"
#include "host/smtpd_conf.h"
#include "host/smtpd_match.h"

#define PART "smtpd"

/* As smtpd's own. */
#define ALIAS_DEPTH_MAX 10

struct person {
	struct check	*check;
	const struct smtpd_conf *smtpd;
	const struct smtpd_line *action;
	int		 depth;
	int		 read;		/* somebody's */
	int		 dark;		/* can't be told */
	const char	*missing;	/* no such user */
	char		 refused[256];	/* "/dev/null", "error:...", or "" */
	char		 gone[256];	/* a list that can't be read, or "" */
	char		 name[64];	/* the user who gets it, or does not */
};

static void	person_name(const char *, void *);

/* The values of a name in a table that the action names, or 0: none. */
static int
person_look(struct person *p, const char *kind, const char *key)
{
	const char *table = smtpdconf_after(p->action, kind);
	char name[256];
	size_t len;
	int n;

	if (table == NULL || p->depth == ALIAS_DEPTH_MAX)
		return 0;
	p->depth++;
	len = strlen(table);
	if (table[0] == '<' && len > 2 && len < sizeof(name)) {
		memcpy(name, table + 1, len - 2);
		name[len - 2] = '\0';
		n = smtpdconf_values(p->smtpd, name, key, person_name, p);
	} else
		n = smtpdconf_pairs(p->action, kind, key, person_name, p);
	p->depth--;
	if (n == -1)
		p->dark = 1;
	return n;
}

/* A user who is there, or not; root's .forward may name another. */
static void
person_user(struct person *p, const char *name)
{
	const char *runs = smtpdconf_after(p->action, "user");
	const struct passwd *pw = getpwnam(runs == NULL ? name : runs);
	char forward[1024];

	(void)strlcpy(p->name, name, sizeof(p->name));
	if (smtpdconf_has(p->action, "userbase"))
		p->dark = 1;
	else if (pw == NULL)
		p->missing = p->name;
	else {
		(void)snprintf(forward, sizeof(forward), "%s/.forward",
		    pw->pw_dir);
		p->read |= pw->pw_uid != 0 ||
		    smtpdconf_is(p->action, 2, "mbox") ||
		    access(forward, F_OK) == 0;
	}
}

/* The names of ":include:FILE", parted as an alias's, or by lines. */
static void
person_include(struct person *p, const char *path)
{
	char *line = NULL, *rest, *name;
	size_t size = 0;
	FILE *f;

	if (p->depth == ALIAS_DEPTH_MAX)
		return;
	if ((f = fopen(path, "r")) == NULL) {
		(void)strlcpy(p->gone, path, sizeof(p->gone));
		return;
	}
	p->depth++;
	while (getline(&line, &size, f) != -1) {
		line[strcspn(line, "#\r\n")] = '\0';
		for (rest = line; (name = strsep(&rest, ", \t")) != NULL;)
			if (*name != '\0')
				person_name(name, p);
	}
	p->depth--;
	free(line);
	fclose(f);
}

/* What an alias is: another name, a user, or what is not of this host. */
static void
person_name(const char *name, void *arg)
{
	struct person *p = arg;

	if (strcmp(name, "/dev/null") == 0 ||
	    strncasecmp(name, "error:", 6) == 0)
		(void)strlcpy(p->refused, name, sizeof(p->refused));
	else if (strncasecmp(name, ":include:", 9) == 0)
		person_include(p, name + 9);
	else if (strchr(name, '@') != NULL || strchr("|/:\"", name[0]) != NULL)
		p->read = 1;
	else if (person_look(p, "alias", name) == 0)
		person_user(p, name);
}

static void
person_follow(struct person *p, const char *address)
{
	const char *at = strchr(address, '@');
	char name[64];

	if (smtpdconf_is(p->action, 2, "relay")) {
		p->read = 1;
		return;
	}
	(void)snprintf(name, sizeof(name), "%.*s", (int)(at - address),
	    address);
	if (!smtpdconf_has(p->action, "virtual"))
		person_name(name, p);
	else if (person_look(p, "virtual", address) == 0 &&
	    person_look(p, "virtual", name) == 0 &&
	    person_look(p, "virtual", at) == 0 &&
	    person_look(p, "virtual", "@") == 0)
		p->missing = "nobody";
}

/* What smtpd has to be told when a name was added to the aliases, or "". */
static void
person_update(const struct person *p, char out[], size_t size)
{
	const char *table = smtpdconf_after(p->action, "alias");
	char name[256];
	size_t len = table == NULL ? 0 : strlen(table);

	*out = '\0';
	if (len < 3 || *table != '<' || len >= sizeof(name))
		return;
	(void)snprintf(name, sizeof(name), "%.*s", (int)len - 2, table + 1);
	if (check_table_path(p->smtpd, name) != NULL)
		(void)snprintf(out, size, "; then smtpctl update table %s",
		    view_clean(name, 100));
}

static void
person_say(struct person *p, const char *address)
{
	const struct smtpd_line *a = p->action;
	char update[160];

	if (p->read)
		return;
	person_update(p, update, sizeof(update));
	if (p->dark)
		check_part(p->check, PART, CHECK_INFO, "who gets mail for %s "
		    "can't be told: action \"%s\" asks what only smtpd reads",
		    address, a->word[1]);
	else if (*p->gone != '\0')
		check_part(p->check, PART, CHECK_BAD, "nobody gets mail for "
		    "%s: %s, which an alias includes, can't be read; name who "
		    "reads it in " SYSTEM_ALIASES "%s", address,
		    view_clean(p->gone, 200), update);
	else if (*p->refused != '\0')
		check_part(p->check, PART, CHECK_BAD, "mail for %s is %s: an "
		    "alias has %s for it; name who reads it in "
		    SYSTEM_ALIASES "%s", address, *p->refused == '/' ? "lost" :
		    "refused", view_clean(p->refused, 200), update);
	else if (p->missing == NULL && !smtpdconf_has(a, "alias"))
		check_part(p->check, PART, CHECK_BAD, "mail for %s is lost: "
		    "%s:%d: action \"%s\" reads no aliases, and delivers "
		    "nothing as root; write %s alias <aliases> there, and "
		    "table aliases file:" SYSTEM_ALIASES, address, a->file,
		    a->number, a->word[1], a->word[2]);
	else if (p->missing != NULL)
		check_part(p->check, PART, CHECK_BAD, "mail for %s is "
		    "refused: there is no user %s (%s:%d: action \"%s\"); "
		    "name who reads it in " SYSTEM_ALIASES "%s", address,
		    view_clean(p->missing, 60), a->file, a->number,
		    a->word[1], smtpdconf_has(a, "alias") ? update :
		    ", and write alias <aliases> in that action");
	else
		check_part(p->check, PART, CHECK_BAD, "mail for %s is lost: "
		    "it ends at %s, as whom smtpd delivers nothing; name a "
		    "person who reads it (echo 'root: PERSON' >>"
		    SYSTEM_ALIASES ")%s", address, p->name, update);
}

/* 1 where somebody gets it. */
static int
check_address(struct check *c, const struct smtpd_conf *s, const char *user,
    const char *domain, enum mail_source source)
{
	char address[DOMAIN_MAX + 32];
	struct mail m = { .source = source, .need = NEED_OWN,
	    .domain = domain, .rcpt = address };
	struct person p = { .check = c, .smtpd = s };
	const struct smtpd_line *line;

	(void)snprintf(address, sizeof(address), "%s@%s", user, domain);
	line = match_first(s, c->view->conf, &m);
	p.action = line == NULL ? NULL : smtpdconf_find(s, "action",
	    smtpdconf_after(line, "action"));
	/* What is said of our domains' mail says it of postmaster's. */
	if (p.action == NULL || p.action->nwords < 3) {
		if (source == SOURCE_LOCAL)
			check_part(c, PART, CHECK_BAD, "mail for %s, the "
			    "digest say, is refused: no match takes it; "
			    "write match for local action ...", address);
		return 0;
	}
	person_follow(&p, address);
	person_say(&p, address);
	return p.read;
}

void
check_persons(struct check *c, const struct smtpd_conf *s)
{
	const struct conf *conf = c->view->conf;
	const char *domain;
	size_t pos = 0;
	int all;

	all = check_address(c, s, "root", conf->hostname, SOURCE_LOCAL);
	while ((domain = domset_next(conf->local, &pos)) != NULL)
		if (*domain != '.')
			all &= check_address(c, s, "postmaster", domain,
			    SOURCE_STRANGER);
	if (all)
		check_part(c, PART, CHECK_OK, "mail for root and postmaster "
		    "has somebody who gets it");
}
