/* SPDX-License-Identifier: ISC */

/*
 * check config: what smtpd.conf must have for all of this to work.
 */

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "check/check.h"
#include "base/log.h"
#include "check/smtpd_conf.h"

#define PART "smtpd"

static const char *const tables[] = { "sge-verify", "sge-encrypt",
    "sge-routes" };

static void
check_tables(struct check *c, const struct smtpd_conf *s)
{
	const struct smtpd_line *line;
	const char *spec;
	size_t i;
	int good = 1;

	for (i = 0; i < nitems(tables); i++) {
		line = smtpdconf_find(s, "table", tables[i]);
		spec = line != NULL && line->nwords >= 3 ? line->word[2] : "";
		if (strncmp(spec, "sge:/", 5) != 0) {
			check_part(c, PART, CHECK_BAD, "no table %s: write "
			    "table %s sge:%s", tables[i], tables[i],
			    c->view->path);
			good = 0;
		} else if (strcmp(spec + 4, c->view->path) != 0)
			check_part(c, PART, CHECK_WARN, "table %s reads %s, "
			    "and this check %s", tables[i], spec + 4,
			    c->view->path);
	}
	if (good)
		check_part(c, PART, CHECK_OK, "the three tables of "
		    "table-sge");
}

/* A listener for TLS that has no filter-sge sees nothing. */
static void
check_listeners(struct check *c, const struct smtpd_conf *s)
{
	const struct smtpd_line *line;
	size_t i, n = 0, bare = 0;

	for (i = 0; i < s->nlines; i++) {
		line = &s->line[i];
		if (strcmp(line->word[0], "listen") != 0 || line->nwords < 3)
			continue;
		n++;
		if (smtpdconf_filter_runs(s, smtpdconf_after(line, "filter"),
		    "filter-sge"))
			continue;
		check_part(c, PART, CHECK_BAD, "line %d: listen on %s has no "
		    "filter-sge: its mail is neither checked nor on record",
		    line->number, line->word[2]);
		bare++;
	}
	if (n == 0)
		check_part(c, PART, CHECK_WARN, "no listen line: mail comes "
		    "in only from this host, unfiltered");
	else if (bare == 0)
		check_part(c, PART, CHECK_OK, "filter-sge on %zu of %zu "
		    "listeners", n, n);
}

static int
is_relay(const struct smtpd_line *line)
{
	return strcmp(line->word[0], "action") == 0 && line->nwords >= 3 &&
	    strcmp(line->word[2], "relay") == 0;
}

static void
check_relays(struct check *c, const struct smtpd_conf *s)
{
	const struct smtpd_line *line;
	const char *domain, *protocols;
	size_t i, n = 0, bare = 0;
	int verify = 0, encrypt = 0;

	for (i = 0; i < s->nlines; i++) {
		line = &s->line[i];
		if (!is_relay(line))
			continue;
		n++;
		if (!smtpdconf_filter_runs(s, smtpdconf_after(line, "filter"),
		    "filter-sge")) {
			bare++;
			check_part(c, PART, CHECK_BAD, "line %d: action "
			    "\"%s\" has no filter-sge: what it sends is not "
			    "on record", line->number, line->word[1]);
		}
		domain = smtpdconf_after(line, "domain");
		protocols = smtpdconf_after(line, "protocols");
		if (domain != NULL && strcmp(domain, "<sge-routes>") == 0)
			verify = 1;
		else if (smtpdconf_has(line, "tls") &&
		    smtpdconf_has(line, "no-verify"))
			encrypt = 1;
		else
			continue;
		if (protocols == NULL || strstr(protocols, "tlsv1.2") == NULL)
			check_part(c, PART, CHECK_WARN, "line %d: action "
			    "\"%s\" may use TLS before 1.2: add protocols "
			    "\"tlsv1.2,tlsv1.3\"", line->number,
			    line->word[1]);
	}
	if (n == 0)
		check_part(c, PART, CHECK_WARN, "no relay action: nothing "
		    "goes out");
	else if (bare == 0)
		check_part(c, PART, CHECK_OK, "filter-sge on %zu of %zu "
		    "relay actions", n, n);
	if (!verify)
		check_part(c, PART, CHECK_BAD, "no action \"relay tls domain "
		    "<sge-routes>\": neither connectors nor MTA-STS hold on "
		    "the way out");
	if (!encrypt)
		check_part(c, PART, CHECK_BAD, "no action \"relay tls "
		    "no-verify\" for the domains of sge-encrypt: flows that "
		    "require TLS may go out in clear");
}

/* The first match line with that word among its criteria, or -1. */
static int
match_with(const struct smtpd_conf *s, const char *key, const char *value,
    const struct smtpd_line **found)
{
	size_t i, j;

	*found = NULL;
	for (i = 0; i < s->nlines; i++) {
		if (strcmp(s->line[i].word[0], "match") != 0 ||
		    smtpdconf_after(&s->line[i], key) == NULL)
			continue;
		for (j = 0; j < s->line[i].nwords; j++)
			if (strcasecmp(s->line[i].word[j], value) == 0) {
				*found = &s->line[i];
				return (int)i;
			}
	}
	return -1;
}

/* Where one goes out without forced TLS is behind, it is never reached. */
static int
first_outbound(const struct smtpd_conf *s)
{
	const struct smtpd_line *line, *action;
	const char *name;
	size_t i;

	for (i = 0; i < s->nlines; i++) {
		line = &s->line[i];
		name = smtpdconf_after(line, "action");
		if (strcmp(line->word[0], "match") != 0 || name == NULL ||
		    smtpdconf_after(line, "mail-from") != NULL ||
		    smtpdconf_after(line, "domain") != NULL ||
		    smtpdconf_after(line, "rcpt-to") != NULL ||
		    (action = smtpdconf_find(s, "action", name)) == NULL)
			continue;
		if (is_relay(action) && !smtpdconf_has(action, "tls"))
			return (int)i;
	}
	return -1;
}

static void
check_matches(struct check *c, const struct smtpd_conf *s)
{
	const struct smtpd_line *line;
	int verify, encrypt, any = first_outbound(s);
	size_t i;

	verify = match_with(s, "domain", "<sge-verify>", &line);
	encrypt = match_with(s, "domain", "<sge-encrypt>", &line);
	for (i = 0; i < 2; i++)
		if ((i == 0 ? verify : encrypt) == -1)
			check_part(c, PART, CHECK_BAD, "no match ... for "
			    "domain <%s>", tables[i]);
	if (verify == -1 || encrypt == -1)
		return;
	if (encrypt < verify || (any != -1 && any < encrypt))
		check_part(c, PART, CHECK_BAD, "the first match holds: put "
		    "<sge-verify> before <sge-encrypt>, and both before the "
		    "match for any other destination");
	else
		check_part(c, PART, CHECK_OK, "forced TLS comes before other "
		    "destinations");
}

static void
check_report_sender(struct check *c, const struct smtpd_conf *s)
{
	const char *from = c->view->conf->report_from;
	const struct smtpd_line *line, *action, *verify;
	const char *name;
	int at, other;

	at = match_with(s, "mail-from", from, &line);
	if (at == -1) {
		check_part(c, PART, CHECK_BAD, "no match for mail-from %s: "
		    "our reports would be held to forced TLS, which RFC 8460 "
		    "forbids", from);
		return;
	}
	name = smtpdconf_after(line, "action");
	action = name == NULL ? NULL : smtpdconf_find(s, "action", name);
	if (action == NULL || !is_relay(action) ||
	    smtpdconf_has(action, "tls"))
		check_part(c, PART, CHECK_BAD, "line %d: reports need an "
		    "action with relay and without tls", line->number);
	other = match_with(s, "domain", "<sge-verify>", &verify);
	if (other != -1 && other < at)
		check_part(c, PART, CHECK_BAD, "line %d: put the match for "
		    "our reports before that of <sge-verify>", line->number);
	else
		check_part(c, PART, CHECK_OK, "reports go out whatever "
		    "TLS does (line %d)", line->number);
}

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

/* Mail for that address must reach sgectl deliver. */
static void
check_mailbox(struct check *c, const struct smtpd_conf *s,
    const char *address, const char *what, enum check_level level)
{
	const struct smtpd_line *line, *action = NULL;
	const char *name, *command;

	if (match_with(s, "rcpt-to", address, &line) != -1) {
		name = smtpdconf_after(line, "action");
		action = name == NULL ? NULL : smtpdconf_find(s, "action",
		    name);
	}
	command = action == NULL ? NULL : smtpdconf_after(action, "mda");
	if (command != NULL && strstr(command, "deliver") != NULL &&
	    !smtpdconf_has(action, "virtual") &&
	    !smtpdconf_has(action, "alias") && !is_user(address))
		check_part(c, PART, level, "%s to %s are refused: no user or "
		    "alias has that name; add virtual { \"@\" = \"%s\" } to "
		    "action \"%s\"", what, address, SGE_USER,
		    action->word[1]);
	else if (command != NULL && strstr(command, "deliver") != NULL)
		check_part(c, PART, CHECK_OK, "%s to %s reach %s", what,
		    address, command);
	else
		check_part(c, PART, level, "%s to %s are not read: match from "
		    "any for rcpt-to \"%s\" with an action mda \"sgectl "
		    "deliver\"", what, address, address);
}

static void
check_dkim_filter(struct check *c, const struct smtpd_conf *s)
{
	const struct smtpd_line *line;
	size_t i;

	for (i = 0; i < s->nlines; i++) {
		line = &s->line[i];
		if (strcmp(line->word[0], "listen") == 0 &&
		    smtpdconf_has(line, "socket") &&
		    smtpdconf_filter_runs(s, smtpdconf_after(line, "filter"),
		    "dkimsign")) {
			check_part(c, PART, CHECK_OK, "mail of this host is "
			    "DKIM-signed (line %d)", line->number);
			return;
		}
	}
	check_part(c, PART, CHECK_BAD, "listen on socket has no "
	    "filter-dkimsign: reports without a DKIM signature of %s must be "
	    "ignored by those who get them (RFC 8460 3)",
	    c->view->conf->submitter);
}

void
check_smtpd(struct check *c, const char *path)
{
	struct smtpd_conf *s;

	if ((s = smtpdconf_read(path)) == NULL) {
		check_part(c, PART, errno == ENOENT ? CHECK_BAD : CHECK_DARK,
		    "%s: %s", path, strerror(errno));
		return;
	}
	check_tables(c, s);
	check_listeners(c, s);
	check_relays(c, s);
	check_matches(c, s);
	check_report_sender(c, s);
	check_dkim_filter(c, s);
	check_mailbox(c, s, c->view->conf->contact, "reports about us",
	    CHECK_BAD);
	check_mailbox(c, s, c->view->conf->report_from, "bounces of our "
	    "reports", CHECK_WARN);
	check_dkim_key(c, s);
	smtpdconf_free(s);
}
