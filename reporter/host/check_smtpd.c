/* SPDX-License-Identifier: ISC */

/*
 * check config: what smtpd.conf must have for all of this to work.
 */

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/check_config.h"
#include "base/log.h"
#include "host/smtpd_conf.h"

/* What a mail with a report may need, with its base64. */
#define REPORT_ROOM (1024 * 1024)

/* Hosts are mended within a day or two. */
#define QUEUE_SECONDS (2 * 86400)

#define PART "smtpd"

/*
 * The first three must be there; two others where TLS 1.3 is required, and the
 * last for whom it is to bounce at once.
 */
static const char *const tables[] = { "sge-verify", "sge-encrypt",
    "sge-routes", "sge-verify13", "sge-encrypt13", "sge-nowhere" };
#define TABLES_NEEDED 3

static void
check_tables(struct check *c, const struct smtpd_conf *s)
{
	const struct smtpd_line *line;
	const char *spec;
	size_t i;
	int good = 1;

	for (i = 0; i < nitems(tables); i++) {
		line = smtpdconf_find(s, "table", tables[i]);
		if (line == NULL && i >= TABLES_NEEDED)
			continue;
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

/* What tables read of files: aliases, domains, addresses. */
static void
check_table_files(struct check *c, const struct smtpd_conf *s)
{
	const struct smtpd_line *line;
	const char *path;
	size_t i;

	for (i = 0; i < s->nlines; i++) {
		line = &s->line[i];
		if (smtpdconf_is(line, 0, "table") && line->nwords > 2 &&
		    (path = check_table_path(s, line->word[1])) != NULL)
			check_table_file(c, path);
	}
}

/* Interfaces and addresses that only this host reaches. */
static int
is_loopback(const char *where)
{
	return strcmp(where, "lo") == 0 || strcmp(where, "lo0") == 0 ||
	    strcmp(where, "localhost") == 0 || strcmp(where, "::1") == 0 ||
	    strncmp(where, "127.", 4) == 0;
}

static int
is_port_25(const struct smtpd_line *line)
{
	const char *port = smtpdconf_after(line, "port");

	if (port == NULL)
		return !smtpdconf_has(line, "smtps");
	return strcmp(port, "25") == 0 || strcmp(port, "smtp") == 0;
}

static int
asks_for_cert(const struct smtpd_line *line)
{
	size_t i;

	for (i = 2; i < line->nwords; i++)
		if (smtpdconf_is(line, i, "tls-require"))
			return smtpdconf_is(line, i + 1, "verify");
	return 0;
}

/* Whether hosts without IPv6 reach it. */
static int
has_ipv4(const struct smtpd_line *line)
{
	return !smtpdconf_has(line, "inet6") &&
	    strchr(line->word[2], ':') == NULL;
}

/* One that others reach. */
static void
check_listener(struct check *c, const struct smtpd_conf *s,
    const struct smtpd_line *line)
{
	int smtps = smtpdconf_has(line, "smtps");

	if (!smtpdconf_has(line, "tls") && !smtps &&
	    !smtpdconf_has(line, "tls-require"))
		check_part(c, PART, CHECK_BAD, "%s:%d: listen on %s offers no "
		    "STARTTLS: write tls pki \"%s\"", line->file,
		    line->number, line->word[2], c->view->conf->hostname);
	else if (smtpdconf_has(line, "auth") && is_port_25(line))
		check_part(c, PART, CHECK_BAD, "%s:%d: listen on %s takes "
		    "mail of authenticated users only, and port 25 is where "
		    "other hosts come: write auth at port 587",
		    line->file, line->number, line->word[2]);
	else if (is_port_25(line) && asks_for_cert(line))
		check_part(c, PART, CHECK_BAD, "%s:%d: tls-require verify "
		    "refuses every host without a certificate of its own, "
		    "which is nearly all; write tls", line->file,
		    line->number);
	else if (smtpdconf_has(line, "tls-require") && is_port_25(line))
		check_part(c, PART, CHECK_WARN, "%s:%d: tls-require on port "
		    "25 refuses public mail in clear, which the guide takes "
		    "(5.3); write tls: filter-sge refuses what must have TLS",
		    line->file, line->number);
	if (smtpdconf_has(line, "proxy-v2"))
		check_part(c, PART, CHECK_WARN, "%s:%d: proxy-v2: who reaches "
		    "listen on %s says which address it comes from, so that "
		    "connector and legacy hold for everybody; listen where "
		    "only the proxy can", line->file, line->number,
		    line->word[2]);
	check_tls_line(c, s, line, 0);
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

/* "4d" in seconds; -1 where it is no such time. */
static long long
seconds_of(const char *text)
{
	static const struct { char unit; int seconds; } units[] = {
		{ 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }
	};
	char *end;
	long long n = strtoll(text, &end, 10);
	size_t i;

	for (i = 0; end != text && n >= 0 && n <= INT_MAX &&
	    i < nitems(units); i++)
		if (*end == units[i].unit && end[1] == '\0')
			return n * units[i].seconds;
	return -1;
}

/* How long mail may wait for a host's TLS to be mended (RFC 5321 4.5.4.1). */
static void
check_ttl(struct check *c, const struct smtpd_line *line)
{
	const char *ttl = smtpdconf_after(line, "ttl");

	if (ttl == NULL || !smtpdconf_is(line, 0, "queue") ||
	    seconds_of(ttl) == -1 || seconds_of(ttl) >= QUEUE_SECONDS)
		return;
	check_part(c, PART, CHECK_WARN, "%s:%d: queue ttl %s: mail that waits "
	    "for a host with TLS is sent back by then; write 4d, or take it "
	    "out", line->file, line->number, view_clean(ttl, 20));
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
		check_ttl(c, line);
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
	const struct smtpd_line *only6 = NULL;
	int socket = 0, port_25 = 0, ipv4 = 0;

	for (i = 0; i < s->nlines; i++) {
		line = &s->line[i];
		if (!is_listener(line))
			continue;
		n++;
		if (smtpdconf_is(line, 2, "socket"))
			socket = 1;
		else if (!is_loopback(line->word[2])) {
			open++;
			port_25 |= is_port_25(line);
			ipv4 |= is_port_25(line) && has_ipv4(line);
			if (is_port_25(line) && !has_ipv4(line))
				only6 = line;
			check_listener(c, s, line);
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
	else if (!port_25)
		check_part(c, PART, CHECK_BAD, "no listener at port 25, where "
		    "other hosts bring mail: write listen on egress tls pki "
		    "\"%s\" filter \"sge\"", c->view->conf->hostname);
	else if (bare == 0 && socket)
		check_part(c, PART, CHECK_OK, "filter-sge on %zu of %zu "
		    "listeners", n, n);
	if (only6 != NULL && !ipv4)
		check_part(c, PART, CHECK_WARN, "%s:%d: only hosts with IPv6 "
		    "reach port 25, and many have IPv4 alone; write a listen "
		    "line without inet6, or with an IPv4 address",
		    only6->file, only6->number);
}

/* What an action changes in mail, or leaves out. */
static void
check_relay(struct check *c, const struct smtpd_line *line)
{
	const char *sender = smtpdconf_after(line, "mail-from");
	const char *src = smtpdconf_after(line, "src");

	if (src != NULL && is_loopback(src) && !smtpdconf_has(line, "host"))
		check_part(c, PART, CHECK_BAD, "%s:%d: action \"%s\" sends "
		    "from %s, which reaches no other host: its mail stays in "
		    "the queue; take src out", line->file, line->number,
		    line->word[1], src);
	if (sender != NULL)
		check_part(c, PART, CHECK_WARN, "%s:%d: action \"%s\" sends "
		    "all its mail from %s: filter-sge has judged another "
		    "sender, and bounces do not come back; take mail-from "
		    "out", line->file, line->number, line->word[1],
		    view_clean(sender, 80));
	if (smtpdconf_has(line, "backup"))
		check_part(c, PART, CHECK_INFO, "%s:%d: action \"%s\" is a "
		    "backup MX: to a domain that names this host as one, it "
		    "sends to better hosts only; to others it sends as "
		    "without backup", line->file, line->number,
		    line->word[1]);
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
		check_relay(c, line);
		check_tls_line(c, s, line, smtpdconf_has(line, "tls") ||
		    domain != NULL);
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
	check_table_files(c, s);
	check_tls_all(c, s);
	check_pki(c, s);
	check_listeners(c, s);
	check_limits(c, s);
	check_filters(c, s);
	check_relays(c, s);
	check_matches(c, s);
	check_nowhere(c, s);
	check_report_sender(c, s);
	check_dkim_filter(c, s);
	check_mailboxes(c, s);
	check_persons(c, s);
	check_dkim_key(c, s);
}
