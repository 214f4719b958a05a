/* SPDX-License-Identifier: ISC */

/*
 * check config: what smtpd.conf must have for all of this to work.
 */

#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "check/check.h"
#include "base/log.h"
#include "check/smtpd_conf.h"
#include "check/smtpd_match.h"

/* What a mail with a report may need, with its base64. */
#define REPORT_ROOM (1024 * 1024)

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
		if (strncmp(spec, "sge:/", 5) != 0)
			check_part(c, PART, CHECK_BAD, "no table %s: write "
			    "table %s sge:%s", tables[i], tables[i],
			    c->view->path);
		else if (strcmp(spec + 4, c->view->path) != 0)
			check_part(c, PART, CHECK_BAD, "%s:%d: table %s reads "
			    "%s, and this check %s; write sge:%s", line->file,
			    line->number, tables[i], spec + 4, c->view->path,
			    c->view->path);
		else
			continue;
		good = 0;
	}
	if (good)
		check_part(c, PART, CHECK_OK, "the three tables of "
		    "table-sge");
}

/* Interfaces and addresses that only this host reaches. */
static int
is_loopback(const char *where)
{
	return strcmp(where, "lo") == 0 || strcmp(where, "lo0") == 0 ||
	    strcmp(where, "localhost") == 0 || strcmp(where, "::1") == 0 ||
	    strncmp(where, "127.", 4) == 0;
}

/* Whether a list of protocols (tls_config_parse_protocols(3)) has old ones. */
static int
has_old_tls(const char *list)
{
	static const char *const old[] = { "all", "legacy", "tlsv1",
	    "tlsv1.0", "tlsv1.1" };
	size_t i, len;

	for (; *list != '\0'; list += len + strspn(list + len, ",:")) {
		len = strcspn(list, ",:");
		for (i = 0; i < nitems(old); i++)
			if (strlen(old[i]) == len &&
			    strncasecmp(list, old[i], len) == 0)
				return 1;
	}
	return 0;
}

/* The name of what may use it is the line's word at i. */
static void
check_protocols(struct check *c, const struct smtpd_line *line, size_t i,
    int wanted)
{
	const char *protocols = smtpdconf_after(line, "protocols");

	if (protocols == NULL ? wanted : has_old_tls(protocols))
		check_part(c, PART, CHECK_WARN, "%s:%d: %s %s may use TLS "
		    "before 1.2: write protocols \"tlsv1.2,tlsv1.3\"",
		    line->file, line->number, line->word[0], line->word[i]);
}

/* One that others reach. */
static void
check_listener(struct check *c, const struct smtpd_line *line)
{
	const char *port = smtpdconf_after(line, "port");
	int smtps = smtpdconf_has(line, "smtps");

	if (!smtpdconf_has(line, "tls") && !smtps &&
	    !smtpdconf_has(line, "tls-require"))
		check_part(c, PART, CHECK_BAD, "%s:%d: listen on %s offers no "
		    "STARTTLS: write tls pki \"%s\"", line->file,
		    line->number, line->word[2], c->view->conf->hostname);
	else if (smtpdconf_has(line, "tls-require") &&
	    !smtpdconf_has(line, "auth") && (port == NULL ||
	    strcmp(port, "25") == 0 || strcmp(port, "smtp") == 0))
		check_part(c, PART, CHECK_WARN, "%s:%d: tls-require on port "
		    "25 refuses public mail in clear, which the guide takes "
		    "(5.3); write tls: filter-sge refuses what must have TLS",
		    line->file, line->number);
	check_protocols(c, line, 2, 0);
}

static int
is_listener(const struct smtpd_line *line)
{
	return smtpdconf_is(line, 0, "listen") && line->nwords >= 3;
}

/* "35M" in bytes; -1 where it is no such number. */
static long long
bytes_of(const char *text)
{
	char *end;
	long long n = strtoll(text, &end, 10);

	if (end == text || n < 0 || n > INT_MAX)
		return -1;
	switch (*end) {
	case 'k':
	case 'K':
		return n * 1024;
	case 'm':
	case 'M':
		return n * 1024 * 1024;
	case '\0':
		return n;
	default:
		return -1;
	}
}

/* Users that no listener lets in; mail that is too long to come in. */
static void
check_limits(struct check *c, const struct smtpd_conf *s)
{
	const struct smtpd_line *line, *match = NULL;
	const char *most;
	size_t i;
	int auth = 0;

	for (i = 0; i < s->nlines; i++) {
		line = &s->line[i];
		if (smtpdconf_is(line, 0, "match") &&
		    smtpdconf_has(line, "auth"))
			match = line;
		auth |= is_listener(line) && (smtpdconf_has(line, "auth") ||
		    smtpdconf_has(line, "auth-optional"));
		if (!smtpdconf_is(line, 0, "smtp") || (most =
		    smtpdconf_after(line, "max-message-size")) == NULL ||
		    bytes_of(most) == -1 || bytes_of(most) >= REPORT_ROOM)
			continue;
		check_part(c, PART, CHECK_WARN, "%s:%d: max-message-size %s: "
		    "a large sender's report is longer, and does not come in; "
		    "write 25M or more", line->file, line->number,
		    view_clean(most, 20));
	}
	if (match != NULL && !auth)
		check_part(c, PART, CHECK_BAD, "%s:%d: match auth, and no "
		    "listener has auth: no user can send; write listen on "
		    "egress port 587 tls-require pki ... auth filter ...",
		    match->file, match->number);
}

/* A listener that has no filter-sge sees nothing. */
static void
check_listeners(struct check *c, const struct smtpd_conf *s)
{
	const struct smtpd_line *line;
	size_t i, n = 0, bare = 0, open = 0;
	int socket = 0;

	for (i = 0; i < s->nlines; i++) {
		line = &s->line[i];
		if (!is_listener(line))
			continue;
		n++;
		if (smtpdconf_is(line, 2, "socket"))
			socket = 1;
		else if (!is_loopback(line->word[2])) {
			open++;
			check_listener(c, line);
		}
		if (smtpdconf_filter(s, smtpdconf_after(line, "filter"),
		    "filter-sge") != NULL)
			continue;
		check_part(c, PART, CHECK_BAD, "%s:%d: listen on %s has no "
		    "filter-sge: its mail is neither checked nor on record; "
		    "write filter \"sge\"", line->file, line->number,
		    line->word[2]);
		bare++;
	}
	if (!socket)
		check_part(c, PART, CHECK_BAD, "no listen on socket: mail of "
		    "this host's programs passes no filter; write listen on "
		    "socket filter \"local\"");
	if (open == 0)
		check_part(c, PART, CHECK_WARN, "no listener that others "
		    "reach: write listen on egress tls pki \"%s\" filter "
		    "\"sge\"", c->view->conf->hostname);
	else if (bare == 0 && socket)
		check_part(c, PART, CHECK_OK, "filter-sge on %zu of %zu "
		    "listeners", n, n);
}

static void
check_relays(struct check *c, const struct smtpd_conf *s)
{
	const struct smtpd_line *line;
	const char *domain;
	size_t i, n = 0, bare = 0;
	int verify = 0, encrypt = 0;

	for (i = 0; i < s->nlines; i++) {
		line = &s->line[i];
		if (!smtpdconf_is(line, 0, "action") ||
		    !smtpdconf_is(line, 2, "relay"))
			continue;
		n++;
		if (smtpdconf_filter(s, smtpdconf_after(line, "filter"),
		    "filter-sge") == NULL) {
			bare++;
			check_part(c, PART, CHECK_BAD, "%s:%d: action \"%s\" "
			    "has no filter-sge: what it sends is not on "
			    "record; write filter \"sge\"", line->file,
			    line->number, line->word[1]);
		}
		domain = smtpdconf_after(line, "domain");
		if (domain != NULL && strcmp(domain, "<sge-routes>") == 0)
			verify = 1;
		else if (smtpdconf_has(line, "tls"))
			encrypt = 1;
		else
			continue;
		check_protocols(c, line, 1, 1);
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

/* The statement that takes mail from outside to that address, or NULL. */
static const struct smtpd_line *
takes(const struct check *c, const struct smtpd_conf *s, const char *address)
{
	struct mail m = { SOURCE_STRANGER, NULL, NULL, NEED_OWN,
	    domain_of_address(address), address };

	return match_first(s, c->view->conf, &m);
}

/* Mail for that address must reach sgectl deliver. */
static void
check_mailbox(struct check *c, const struct smtpd_conf *s,
    const char *address, const char *what, enum check_level level)
{
	const struct smtpd_line *line, *action;
	const char *command;

	if ((line = takes(c, s, address)) == NULL) {
		check_part(c, PART, level, "%s to %s are not read: no match "
		    "takes them from outside; write match from any for "
		    "rcpt-to \"%s\" with an action mda \"sgectl deliver\"",
		    what, address, address);
		return;
	}
	action = smtpdconf_find(s, "action", smtpdconf_after(line, "action"));
	command = action == NULL ? NULL : smtpdconf_after(action, "mda");
	if (command == NULL || strstr(command, "deliver") == NULL)
		check_part(c, PART, level, "%s to %s are not read: %s:%d "
		    "takes them for action \"%s\"; put match from any for "
		    "rcpt-to \"%s\" before it, with an action mda \"sgectl "
		    "deliver\"", what, address, line->file, line->number,
		    action == NULL ? "reject" : action->word[1], address);
	else if (!smtpdconf_has(action, "virtual") &&
	    !smtpdconf_has(action, "alias") && !is_user(address))
		check_part(c, PART, level, "%s to %s are refused: no user or "
		    "alias has that name; add virtual { \"@\" = \"%s\" } to "
		    "action \"%s\" (%s:%d)", what, address, SGE_USER,
		    action->word[1], action->file, action->number);
	else
		check_part(c, PART, CHECK_OK, "%s to %s reach %s", what,
		    address, command);
}

static void
check_dkim_filter(struct check *c, const struct smtpd_conf *s)
{
	const struct smtpd_line *line;
	size_t i;

	for (i = 0; i < s->nlines; i++) {
		line = &s->line[i];
		if (is_listener(line) && smtpdconf_is(line, 2, "socket") &&
		    smtpdconf_filter(s, smtpdconf_after(line, "filter"),
		    "filter-dkimsign") != NULL) {
			check_part(c, PART, CHECK_OK, "mail of this host is "
			    "DKIM-signed (%s:%d)", line->file, line->number);
			return;
		}
	}
	check_part(c, PART, CHECK_BAD, "listen on socket has no "
	    "filter-dkimsign: reports without a DKIM signature of %s must be "
	    "ignored by those who get them (RFC 8460 3)",
	    c->view->conf->submitter);
}

void
check_smtpd(struct check *c, const struct smtpd_conf *s)
{
	size_t i;

	for (i = 0; i < s->nmissing; i++)
		check_part(c, PART, CHECK_BAD, "include of %s", s->missing[i]);
	for (i = 0; i < s->nfiles; i++)
		check_config_file(c, s->file[i]);
	check_tables(c, s);
	check_listeners(c, s);
	check_limits(c, s);
	check_filters(c, s);
	check_relays(c, s);
	check_matches(c, s);
	check_report_sender(c, s);
	check_dkim_filter(c, s);
	check_mailbox(c, s, c->view->conf->contact, "reports about us",
	    CHECK_BAD);
	check_mailbox(c, s, c->view->conf->report_from, "bounces of our "
	    "reports", CHECK_WARN);
	check_persons(c, s);
	check_dkim_key(c, s);
}
