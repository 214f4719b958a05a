/* SPDX-License-Identifier: ISC */

/*
 * check config: whether reports about us, and bounces of ours, reach sgectl
 * deliver, and whether it can keep them.
 */

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/bounds.h"
#include "host/check_config.h"
#include "host/check_run.h"
#include "host/smtpd_conf.h"
#include "host/smtpd_match.h"

#define PART "smtpd"

/* An address that mail comes in for. */
struct mailbox {
	const char	*address;
	const char	*what;		/* "reports about us" */
	enum check_level level;		/* where it does not */
};

/* "user" of an action says who runs it, not that the recipient exists. */
static int
is_user(const char *address)
{
	char name[64];
	size_t len = strcspn(address, "@");

	if (len >= sizeof(name))
		return 0;
	memcpy(name, address, len);
	name[len] = '\0';
	return getpwnam(name) != NULL;
}

/* Where the command's own words begin: behind the path of sgectl, or NULL. */
static const char *
sgectl_words(const char *command)
{
	const char *p, *end;

	for (p = command; (p = strstr(p, "sgectl")) != NULL; p = end) {
		end = p + strlen("sgectl");
		if ((p == command || strchr("/ \t", p[-1]) != NULL) &&
		    strchr(" \t", *end) != NULL)
			return end;
	}
	return NULL;
}

/*
 * Whether that is sgectl deliver, whose name may be cut as short as "de"; or
 * what is called so, which may lead there.
 */
static int
is_deliver(const char *command)
{
	static const char deliver[] = "deliver";
	const char *p = sgectl_words(command);
	size_t len;

	if (p == NULL)
		return strstr(command, deliver) != NULL;
	for (;; p += len) {
		p += strspn(p, " \t");
		len = strcspn(p, " \t");
		if (*p != '-')
			return len >= 2 && len < sizeof(deliver) &&
			    strncmp(p, deliver, len) == 0;
		/* "-f FILE" */
		if (len == 2 && strchr("fcDdn", p[1]) != NULL) {
			p += len;
			p += strspn(p, " \t");
			len = strcspn(p, " \t");
		}
	}
}

/* The statement that takes mail from outside to that address, or NULL. */
static const struct smtpd_line *
takes(const struct check *c, const struct smtpd_conf *s, const char *address)
{
	struct mail m = { .source = SOURCE_STRANGER, .need = NEED_OWN,
	    .domain = domain_of_address(address), .rcpt = address };

	return match_first(s, c->view->conf, &m);
}

/* Who runs it: "user", or who "virtual { ... }" makes of the address. */
static const char *
runs_as(const struct smtpd_line *action)
{
	size_t i;

	for (i = 0; i + 1 < action->nwords; i++)
		if (smtpdconf_is(action, i, "virtual"))
			break;
	while (++i + 1 < action->nwords && !smtpdconf_is(action, i, "}"))
		if (smtpdconf_is(action, i, "=") &&
		    strchr(action->word[i + 1], '@') == NULL)
			return action->word[i + 1];
	return smtpdconf_after(action, "user");
}

/* smtpd's mda has a short PATH; mail for a program that is not there bounces. */
static int
check_command(struct check *c, const struct mailbox *box,
    const struct smtpd_line *action, const char *command)
{
	size_t len = strcspn(command, " \t");
	char path[1024];

	(void)snprintf(path, sizeof(path), "%.*s", (int)len, command);
	if (*path == '/' && access(path, X_OK) == 0)
		return 0;
	check_part(c, PART, box->level, "%s to %s are sent back: %s:%d: "
	    "mda \"%s\": %s; write %s deliver", box->what, box->address,
	    action->file, action->number, view_clean(command, 200),
	    *path == '/' ? strerror(errno) : "no path, and smtpd looks in "
	    "/usr/bin and /bin only", c->program);
	return -1;
}

/* Another sge.conf names another database, which nobody here looks at. */
static int
check_same_conf(struct check *c, const struct mailbox *box,
    const struct smtpd_line *action, const char *command)
{
	char file[1024];
	const char *words = sgectl_words(command), *conf;

	if (words == NULL)
		return 0;
	if ((conf = check_option(words, 'f', file, sizeof(file))) == NULL)
		conf = CONF_PATH;
	if (strcmp(conf, c->view->path) == 0)
		return 0;
	check_part(c, PART, box->level, "%s to %s are kept elsewhere: %s:%d: "
	    "sgectl deliver reads %s, and this check %s; write %s -f %s "
	    "deliver", box->what, box->address, action->file, action->number,
	    view_clean(conf, 200), c->view->path, c->program, c->view->path);
	return -1;
}

/* Who runs sgectl deliver writes the database. */
static int
check_who(struct check *c, const struct mailbox *box,
    const struct smtpd_line *action)
{
	const char *user = runs_as(action);
	const char *database = c->view->conf->database;
	char folder[1024];

	if (user == NULL)
		return 0;
	if (getpwnam(user) == NULL)
		check_part(c, PART, box->level, "%s to %s are refused: there "
		    "is no user %s (%s:%d); write virtual { \"@\" = \"%s\" }",
		    box->what, box->address, view_clean(user, 64),
		    action->file, action->number, SGE_USER);
	else if (access(database, F_OK) == -1 ||
	    check_access(user, NULL, database, R_OK | W_OK) != 0)
		return 0;
	else if (strcmp(user, SGE_USER) == 0) {
		check_folder_of(database, folder, sizeof(folder));
		check_part(c, PART, box->level, "%s to %s wait in the queue: "
		    "%s cannot write %s: " SGE_OWN " %s", box->what,
		    box->address, user, database, folder);
	} else
		check_part(c, PART, box->level, "%s to %s wait in the queue: "
		    "%s:%d runs sgectl deliver as %s, who cannot write %s; "
		    "write virtual { \"@\" = \"%s\" }", box->what,
		    box->address, action->file, action->number, user,
		    database, SGE_USER);
	return -1;
}

static void
check_mailbox(struct check *c, const struct smtpd_conf *s,
    const struct mailbox *box)
{
	const struct smtpd_line *line, *action;
	const char *command;

	if ((line = takes(c, s, box->address)) == NULL) {
		check_part(c, PART, box->level, "%s to %s are not read: no "
		    "match takes them from outside; write match from any for "
		    "rcpt-to \"%s\" with an action mda \"%s deliver\"",
		    box->what, box->address, box->address, c->program);
		return;
	}
	action = smtpdconf_find(s, "action", smtpdconf_after(line, "action"));
	command = action == NULL ? NULL : smtpdconf_after(action, "mda");
	if (command == NULL || !is_deliver(command))
		check_part(c, PART, box->level, "%s to %s are not read: %s:%d "
		    "takes them for action \"%s\"; put match from any for "
		    "rcpt-to \"%s\" before it, with an action mda \"%s "
		    "deliver\"", box->what, box->address, line->file,
		    line->number, action == NULL ? "reject" : action->word[1],
		    box->address, c->program);
	else if (!smtpdconf_has(action, "virtual") &&
	    !smtpdconf_has(action, "alias") && !is_user(box->address))
		check_part(c, PART, box->level, "%s to %s are refused: no "
		    "user or alias has that name; add virtual { \"@\" = "
		    "\"%s\" } to action \"%s\" (%s:%d)", box->what,
		    box->address, SGE_USER, action->word[1], action->file,
		    action->number);
	else if (check_command(c, box, action, command) == 0 &&
	    check_same_conf(c, box, action, command) == 0 &&
	    check_who(c, box, action) == 0)
		check_part(c, PART, CHECK_OK, "%s to %s reach %s", box->what,
		    box->address, command);
}

/* What is handed on is local mail, of the user who runs sgectl deliver. */
static void
check_forward(struct check *c, const struct smtpd_conf *s)
{
	const struct conf *conf = c->view->conf;
	const char *to = conf->unread_forward, *command;
	struct mail m = { .source = SOURCE_LOCAL, .rcpt = to };
	const struct smtpd_line *line, *action;
	char domain[DOMAIN_MAX];

	if (to == NULL || (m.domain = domain_of_address(to)) == NULL ||
	    domain_normal(m.domain, strlen(m.domain), domain,
	    sizeof(domain)) == -1)
		return;
	m.domain = domain;
	m.need = match_need(conf, domain);
	line = match_first(s, conf, &m);
	action = line == NULL ? NULL : smtpdconf_find(s, "action",
	    smtpdconf_after(line, "action"));
	command = action == NULL ? NULL : smtpdconf_after(action, "mda");
	if (command != NULL && is_deliver(command))
		check_part(c, "sge.conf", CHECK_BAD, "forward unread to %s "
		    "leads back to sgectl deliver (%s:%d: action \"%s\"), "
		    "and nobody reads it: name a person's address", to,
		    line->file, line->number, action->word[1]);
}

void
check_mailboxes(struct check *c, const struct smtpd_conf *s)
{
	const struct conf *conf = c->view->conf;
	struct mailbox boxes[] = {
		{ conf->contact, "reports about us", CHECK_BAD },
		{ conf->report_from, "bounces of our reports", CHECK_WARN }
	};
	size_t i;

	for (i = 0; i < nitems(boxes); i++)
		check_mailbox(c, s, &boxes[i]);
	check_forward(c, s);
}
