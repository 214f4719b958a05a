/* SPDX-License-Identifier: ISC */

/*
 * check config: whose mail the statement for our reports takes beside them.
 * Its action has no forced TLS, so what it takes more is a way around the
 * flows, closed by filter-sge alone.
 */

#include <string.h>

#include "host/check_config.h"
#include "host/smtpd_match.h"

#define PART "smtpd"

/* The word behind "mail-from" where that holds the sender, or 0. */
static size_t
sender_at(const struct smtpd_conf *s, const struct smtpd_line *line,
    const char *sender)
{
	size_t i;

	for (i = 1; i + 1 < line->nwords; i++)
		if (smtpdconf_is(line, i, "mail-from") &&
		    !smtpdconf_is(line, i - 1, "!") &&
		    match_holds(s, line, i + 1, sender) != MATCH_NO)
			return i + 1;
	return 0;
}

static int
is_socket_only(const struct smtpd_line *line)
{
	size_t i;

	for (i = 1; i + 1 < line->nwords; i++)
		if (smtpdconf_is(line, i, "from") &&
		    smtpdconf_is(line, i + 1, "socket"))
			return !smtpdconf_is(line, i - 1, "!");
	return 0;
}

/* What parts a user from a tag, where it is not smtpd's own "+". */
static const struct smtpd_line *
other_delim(const struct smtpd_conf *s)
{
	const struct smtpd_line *found = NULL;
	size_t i;

	for (i = 0; i < s->nlines; i++)
		if (smtpdconf_is(&s->line[i], 0, "smtp") &&
		    smtpdconf_is(&s->line[i], 1, "sub-addr-delim") &&
		    s->line[i].nwords > 2)
			found = strcmp(s->line[i].word[2], "+") == 0 ? NULL :
			    &s->line[i];
	return found;
}

void
check_report_sender(struct check *c, const struct smtpd_conf *s)
{
	const char *sender = c->view->conf->report_from;
	const struct smtpd_line *line, *action, *delim = other_delim(s);
	size_t i, at, user = strcspn(sender, "@");

	for (i = 0; i < s->nlines; i++) {
		line = &s->line[i];
		if (!smtpdconf_is(line, 0, "match") ||
		    (at = sender_at(s, line, sender)) == 0)
			continue;
		action = smtpdconf_find(s, "action",
		    smtpdconf_after(line, "action"));
		if (action == NULL || !smtpdconf_is(action, 2, "relay") ||
		    smtpdconf_has(action, "tls"))
			continue;
		if (!is_socket_only(line))
			check_part(c, PART, CHECK_WARN, "%s:%d: action \"%s\" "
			    "has no forced TLS, and more than our reports may "
			    "leave by it in the name %s: what comes over the "
			    "network, and mail of anybody to an alias; sged "
			    "sends by the socket: write match from socket "
			    "mail-from", line->file, line->number,
			    action->word[1], sender);
		if (delim != NULL && !smtpdconf_is(line, at, "regex") &&
		    memchr(sender, *delim->word[2], user) == NULL)
			check_part(c, PART, CHECK_BAD, "%s:%d: sub-addr-delim "
			    "%s: %.*s%stag%s may leave by action \"%s\" "
			    "without TLS, and filter-sge, which knows + alone, "
			    "does not stop it; take the line out",
			    delim->file, delim->number, delim->word[2],
			    (int)user, sender, delim->word[2], sender + user,
			    action->word[1]);
	}
}
