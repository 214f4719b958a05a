/* SPDX-License-Identifier: ISC */

/*
 * check config: which way each kind of mail takes through smtpd.conf's
 * "match" statements; match_fault.c says what its action does to it.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "host/check_config.h"
#include "host/match_fault.h"
#include "host/match_found.h"
#include "host/smtpd_match.h"
#include "host/smtpd_names.h"
#include "lib/xalloc.h"

#define PART "smtpd"

struct ways {
	struct check	*check;
	const struct smtpd_conf *smtpd;
	struct findings	 found;
	struct smtpd_names names;
	int		 drawn;		/* the one that is followed is */
};

static void
found(struct ways *w, const struct smtpd_line *match,
    const struct smtpd_line *action, enum fault fault, const struct mail *m,
    int some)
{
	struct finding f = { .match = match, .action = action, .fault = fault,
	    .need = m->need, .domain = m->domain, .drawn = w->drawn,
	    .sources = 1U << m->source, .some = some };

	if (fault != FAULT_NONE)
		findings_add(&w->found, &f);
}

static int
is_relay(const struct smtpd_line *action)
{
	return smtpdconf_is(action, 2, "relay");
}

/*
 * The statement that takes all such mail, or NULL; each that may take some of
 * it on the way is given to meet with some set.
 */
static const struct smtpd_line *
follow(struct ways *w, const struct mail *m,
    void (*meet)(struct ways *, const struct smtpd_line *,
    const struct smtpd_line *, const struct mail *, int some))
{
	const struct smtpd_conf *s = w->smtpd;
	const struct smtpd_line *line, *action;
	enum match_answer answer;
	size_t i;

	for (i = 0; i < s->nlines; i++) {
		line = &s->line[i];
		if (!smtpdconf_is(line, 0, "match"))
			continue;
		answer = match_asks(s, w->check->view->conf, line, m);
		if (answer == MATCH_NO)
			continue;
		action = smtpdconf_find(s, "action", smtpdconf_after(line,
		    "action"));
		if (action != NULL && meet != NULL)
			meet(w, line, action, m, answer == MATCH_SOME);
		if (answer == MATCH_ALL)
			return line;
	}
	return NULL;
}

/* Whether sge-verify is asked before that statement, for this source. */
static int
verified_before(struct ways *w, const struct smtpd_line *match,
    const struct mail *m)
{
	struct mail any = *m;
	const struct smtpd_line *verify;

	any.need = NEED_VERIFY;
	any.domain = NULL;
	any.rcpt = NULL;
	verify = follow(w, &any, NULL);
	return verify != NULL && verify <= match;
}

/* Strangers that get mail by that action to whomever they like. */
static enum fault
judge_open(const struct ways *w, const struct smtpd_line *action,
    const struct mail *m, int some)
{
	if (m->source != SOURCE_STRANGER)
		return FAULT_NONE;
	if (m->domain == NULL)
		return is_relay(action) || !some ? FAULT_OPEN : FAULT_NONE;
	return is_relay(action) && !smtpdconf_has(action, "backup") &&
	    m->need != NEED_OWN && (strchr(m->domain, '*') != NULL ||
	    w->drawn) ? FAULT_WIDE : FAULT_NONE;
}

static void
meet_out(struct ways *w, const struct smtpd_line *match,
    const struct smtpd_line *action, const struct mail *m, int some)
{
	enum fault fault = judge_open(w, action, m, some);

	if (fault == FAULT_NONE && is_relay(action))
		fault = fault_of(w->check->view->conf, action, m);
	else if (fault == FAULT_NONE && m->domain == NULL && !some)
		fault = FAULT_HERE;
	if (fault == FAULT_NONE && is_relay(action) && m->domain != NULL &&
	    m->need != NEED_OWN) {
		if (m->source == SOURCE_STRANGER)
			fault = smtpdconf_has(action, "backup") ||
			    smtpdconf_has(action, "host") ? FAULT_NONE :
			    FAULT_STRANGER;
		else if (m->need != NEED_VERIFY &&
		    !verified_before(w, match, m))
			fault = FAULT_POLICY;
	}
	found(w, match, action, fault, m, some);
}

static void
meet_report(struct ways *w, const struct smtpd_line *match,
    const struct smtpd_line *action, const struct mail *m, int some)
{
	const char *table = smtpdconf_after(action, "domain");

	if (is_relay(action) && (smtpdconf_has(action, "tls") ||
	    table != NULL))
		found(w, match, action, FAULT_REPORT, m, some);
	else if (!is_relay(action) && m->domain == NULL)
		found(w, match, action, FAULT_HERE, m, some);
}

/*
 * The same of those that a flow of ours asks TLS 1.3 of.  The action that has
 * them, or NULL with *asked 0 where there are none.
 */
static const char *
follow_newest(struct ways *w, struct mail m, int *asked)
{
	const struct conf *conf = w->check->view->conf;
	const struct smtpd_line *line;
	enum requirement strictest;
	size_t to;

	*asked = 0;
	for (to = 0; to < conf->nclasses; to++)
		*asked |= conf_version_class(conf, (int)to, 1, &strictest) ==
		    TLSVER_1_3 && (m.need == NEED_VERIFY ||
		    strictest == REQ_TLS);
	if (!*asked)
		return NULL;
	m.newest = 1;
	line = follow(w, &m, meet_out);
	return line == NULL ? NULL : smtpdconf_after(line, "action");
}

/* What is said where nothing is to be: which action holds what. */
static void
say_newest(struct ways *w, const struct mail *m, const char *of)
{
	static const char *const tables[] = { "sge-verify13", "sge-encrypt13" };
	struct mail each = *m;
	const char *name;
	size_t i;
	int asked;

	for (i = 0; i < nitems(tables); i++) {
		each.need = i == 0 ? NEED_VERIFY : NEED_ENCRYPT;
		name = follow_newest(w, each, &asked);
		if (asked)
			check_part(w->check, PART, CHECK_OK, "mail of %s that "
			    "a flow requires TLS 1.3 of: %s by \"%s\"", of,
			    tables[i], name == NULL ? "reject" : name);
	}
}

/* One source to all needs; what takes it is said where all is well. */
static void
follow_source(struct ways *w, enum mail_source source, const char *address)
{
	static const char *const of[SOURCES] = { "this host",
	    "authenticated users", "hosts of from src" };
	const struct smtpd_line *line[NEED_OWN];
	struct mail m = { .source = source, .address = address,
	    .need = NEED_VERIFY };
	const char *name[NEED_OWN];
	size_t i, before = w->found.n, none = 0;
	int asked;

	for (i = 0; i < nitems(line); i++) {
		m.need = (enum mail_need)i;
		line[i] = follow(w, &m, meet_out);
		if (m.need != NEED_NOTHING)
			(void)follow_newest(w, m, &asked);
		name[i] = line[i] == NULL ? NULL :
		    smtpdconf_after(line[i], "action");
		if (line[i] == NULL)
			none++;
	}
	if (none == nitems(line) && source == SOURCE_ADDRESS)
		return;
	for (i = 0; i < nitems(line); i++)
		if (line[i] == NULL)
			check_part(w->check, PART, CHECK_BAD, "no match takes "
			    "mail of %s%s%s to %s: it is refused; write match "
			    "%s for %s action ...", of[source],
			    address == NULL ? "" : " ", address == NULL ? "" :
			    address, need_text((enum mail_need)i),
			    source == SOURCE_LOCAL ? "from local" :
			    source == SOURCE_AUTH ? "auth from any" :
			    "from src",
			    i == NEED_VERIFY ? "domain <sge-verify>" :
			    i == NEED_ENCRYPT ? "domain <sge-encrypt>" :
			    "any");
	if (none == 0 && name[0] == NULL && name[1] == NULL && name[2] == NULL)
		check_part(w->check, PART, CHECK_WARN, "%s:%d: all mail of "
		    "%s%s%s to others is refused: put the match that takes it "
		    "before", line[2]->file, line[2]->number, of[source],
		    address == NULL ? "" : " ", address == NULL ? "" :
		    address);
	else if (none == 0 && w->found.n == before) {
		check_part(w->check, PART, CHECK_OK, "mail of %s%s%s: "
		    "sge-verify by \"%s\", sge-encrypt by \"%s\", other "
		    "domains by \"%s\"", of[source], address == NULL ? "" :
		    " ", address == NULL ? "" : address,
		    name[0] == NULL ? "reject" : name[0],
		    name[1] == NULL ? "reject" : name[1],
		    name[2] == NULL ? "reject" : name[2]);
		say_newest(w, &m, address == NULL ? of[source] : address);
	}
}

/* Mail like that one to each domain of others that is named. */
static void
follow_named(struct ways *w, struct mail m,
    void (*meet)(struct ways *, const struct smtpd_line *,
    const struct smtpd_line *, const struct mail *, int some))
{
	size_t i;

	for (i = 0; i < w->names.n; i++) {
		m.domain = w->names.name[i].domain;
		m.need = match_need(w->check->view->conf, m.domain);
		m.newest = m.need < NEED_NOTHING && conf_version_out(
		    w->check->view->conf, m.domain) == TLSVER_1_3;
		m.nowhere = match_nowhere(w->check->view->conf, m.domain);
		w->drawn = w->names.name[i].drawn;
		if (m.need != NEED_OWN)
			(void)follow(w, &m, meet);
	}
	w->drawn = 0;
}

/* Mail for our own domains that comes from outside. */
static void
follow_in(struct ways *w)
{
	const struct conf *conf = w->check->view->conf;
	struct mail m = { .source = SOURCE_STRANGER, .need = NEED_OWN };
	const struct smtpd_line *line;
	size_t pos = 0;
	int all = 1;

	while ((m.domain = domset_next(conf->local, &pos)) != NULL) {
		if (*m.domain == '.')
			continue;
		if ((line = follow(w, &m, meet_out)) != NULL &&
		    smtpdconf_has(line, "action"))
			continue;
		all = 0;
		if (line != NULL) {
			check_part(w->check, PART, CHECK_BAD, "%s:%d: mail "
			    "from outside for %s, one of our own domains, is "
			    "refused: take it out, or put the match that "
			    "takes it before", line->file, line->number,
			    m.domain);
			continue;
		}
		check_part(w->check, PART, CHECK_WARN, "no match takes mail "
		    "from outside for %s, which sge.conf has under local: "
		    "write match from any for domain \"%s\" action ...",
		    m.domain, m.domain);
	}
	if (all)
		check_part(w->check, PART, CHECK_OK, "mail from outside for "
		    "our own domains is taken");
}

/* What is delivered here counts as ours only if sge.conf has it so. */
static void
follow_foreign(struct ways *w)
{
	const struct conf *conf = w->check->view->conf;
	struct mail m = { .source = SOURCE_STRANGER, .need = NEED_OWN };
	const struct smtpd_line *line, *action;
	size_t i;

	for (i = 0; i < w->names.n; i++) {
		m.domain = w->names.name[i].domain;
		m.need = match_need(conf, m.domain);
		if (w->names.name[i].drawn || m.need == NEED_OWN ||
		    (line = follow(w, &m, NULL)) == NULL)
			continue;
		action = smtpdconf_find(w->smtpd, "action",
		    smtpdconf_after(line, "action"));
		if (action != NULL && !is_relay(action))
			check_part(w->check, PART, CHECK_WARN, "%s:%d: mail "
			    "for %s is delivered here, and sge.conf has it "
			    "not under local: its flows are judged as "
			    "another's; write it there", line->file,
			    line->number, m.domain + (*m.domain == '*'));
	}
}

static void
follow_reports(struct ways *w)
{
	struct mail m = { .source = SOURCE_LOCAL, .need = NEED_VERIFY };
	const struct smtpd_line *line = NULL;
	size_t before = w->found.n;
	int need;

	m.sender = w->check->view->conf->report_from;
	for (need = NEED_VERIFY; need < NEED_OWN; need++) {
		m.need = (enum mail_need)need;
		line = follow(w, &m, meet_report);
	}
	follow_named(w, m, meet_report);
	if (line == NULL)
		check_part(w->check, PART, CHECK_BAD, "no match for mail-from "
		    "%s: write match from socket mail-from \"%s\" for any "
		    "action \"reports\"", m.sender, m.sender);
	else if (!smtpdconf_has(line, "action"))
		check_part(w->check, PART, CHECK_BAD, "%s:%d: our reports are "
		    "refused: put match from socket mail-from \"%s\" for any "
		    "action \"reports\" before it", line->file, line->number,
		    m.sender);
	else if (w->found.n == before)
		check_part(w->check, PART, CHECK_OK, "reports go out whatever "
		    "TLS does (%s:%d)", line->file, line->number);
}

static void
follow_all(struct ways *w, enum mail_source source, const char *address)
{
	struct mail m = { .source = source, .address = address };

	follow_source(w, source, address);
	follow_named(w, m, meet_out);
}

static int
has_auth(const struct smtpd_conf *s)
{
	size_t i;

	for (i = 0; i < s->nlines; i++)
		if ((smtpdconf_is(&s->line[i], 0, "listen") &&
		    (smtpdconf_has(&s->line[i], "auth") ||
		    smtpdconf_has(&s->line[i], "auth-optional"))) ||
		    (smtpdconf_is(&s->line[i], 0, "match") &&
		    smtpdconf_has(&s->line[i], "auth")))
			return 1;
	return 0;
}

void
check_matches(struct check *c, const struct smtpd_conf *s)
{
	struct ways w;
	struct mail stranger = { .source = SOURCE_STRANGER,
	    .need = NEED_NOTHING };
	size_t i;

	memset(&w, 0, sizeof(w));
	w.check = c;
	w.smtpd = s;
	smtpd_names_collect(&w.names, s, c->view->conf);
	follow_all(&w, SOURCE_LOCAL, NULL);
	if (has_auth(s))
		follow_all(&w, SOURCE_AUTH, NULL);
	for (i = 0; i < w.names.naddresses; i++)
		follow_all(&w, SOURCE_ADDRESS, w.names.address[i]);
	for (i = NEED_VERIFY; i < NEED_OWN; i++) {
		stranger.need = (enum mail_need)i;
		(void)follow(&w, &stranger, meet_out);
	}
	follow_named(&w, stranger, meet_out);
	follow_in(&w);
	follow_foreign(&w);
	follow_reports(&w);
	findings_say(&w.found, c);
	smtpd_names_free(&w.names);
	findings_free(&w.found);
}
