/* SPDX-License-Identifier: ISC */

/*
 * Recipients: what is answered, who is asked before, what sged is told.
 */

#include <stdio.h>
#include <string.h>

#include "base/domain.h"
#include "rule/flow.h"
#include "rule/table_answer.h"
#include "session/session.h"

void
session_mail(struct sessions *ss, struct session *s, const struct text *sender)
{
	pool_ref old = s->from;
	struct row *row;
	char domain[DOMAIN_MAX];

	s->flags &= ~S_ODD_FROM;
	if (session_domain(ss, sender, domain, sizeof(domain)) == 0 &&
	    domain[0] != '\0')
		s->flags |= S_ODD_FROM;
	s->from = session_address(ss, sender, domain);
	str_put(ss->pool, old);
	session_report_sender(ss, s, sender);
	for (row = session_row(ss, s->rows); row != NULL;
	    row = session_row(ss, row->next))
		row->open = 0;
}

/* Of a session that is not known nothing speaks for its sender. */
static void
query(const struct sessions *ss, const struct session *s, const char *from,
    const char *to, struct flow_query *q)
{
	memset(q, 0, sizeof(*q));
	q->from = from;
	q->to = to;
	q->when = ss->now;
	if (s == NULL)
		return;
	q->when = s->time;
	q->helo = str_text(ss->pool, s->helo);
	q->fcrdns = (s->flags & S_FCRDNS) != 0;
	q->remote = s->flags & S_REMOTE ? &s->remote : NULL;
	q->trusted = (s->flags & S_TRUSTED) != 0;
	q->tls = s->tlsver;
}

static int
is_ours(const struct sessions *ss, const char *domain)
{
	return conf_is_local(ss->conf, domain) ||
	    strcmp(domain, ss->conf->hostname) == 0;
}

/*
 * Somebody from outside names a domain of others.  smtpd refuses most of that,
 * but only after the filter was asked; what it takes (as a backup MX, or from
 * a network that may relay), it then says.
 */
static int
is_stranger(const struct session *s, int ours)
{
	return (s == NULL || !(s->flags & S_TRUSTED)) && !ours;
}

/*
 * One that sge.conf lists as legacy, now or before, is no stranger: that it is
 * refused now is what its operator wants to know, whoever it writes to.
 */
static int
is_old_friend(const struct sessions *ss, const struct session *s,
    const struct flow_answer *a)
{
	return a->verdict == VERDICT_REJECT && (s->flags & S_REMOTE) &&
	    conf_legacy(ss->conf, &s->remote, 0) != NULL;
}

/* Of a domain of others. */
static int
must_learn(struct sessions *ss, const char *to, const struct flow_answer *a)
{
	struct route route;

	if (a->verdict == VERDICT_REJECT || ss->routes == NULL ||
	    conf_connector(ss->conf, to) != NULL)
		return 0;
	routes_find(ss->routes, to, ss->now, &route);
	return route.kind == ROUTE_UNKNOWN || route.stale;
}

/*
 * Nobody could say, which is our own trouble: without a policy the mail goes as
 * the flow wants it.  Only a route that must be verified has to be known; one
 * that was will do.  What sendmail(8) brings waits in the queue for it, since
 * who runs that will not try again.
 */
static void
not_learned(const struct sessions *ss, const struct session *s, const char *to,
    struct flow_answer *a)
{
	struct answer out;
	char flow[128];

	answer_find(ss->conf, ss->routes, to, ss->now, &out);
	if ((!out.verify && a->rule->req != REQ_VERIFIED_TLS) ||
	    out.url[0] != '\0' || !(s->flags & S_REMOTE))
		return;
	flow_name(ss->conf, a->from_class, a->to_class, flow, sizeof(flow));
	(void)snprintf(a->reply, sizeof(a->reply), "451 4.7.5 %s: the "
	    "recipient domain's verified route is not known yet: try again "
	    "later", flow);
	a->why = REFUSAL_NOT_LEARNED;
	a->verdict = ss->conf->mode == MODE_TESTING ? VERDICT_TESTING :
	    VERDICT_REJECT;
}

/*
 * A domain of others that the tables would name no host for, ever, is refused
 * before that.
 */
static void
nowhere(struct sessions *ss, const char *to, struct flow_answer *a)
{
	struct answer out;

	/* Of most recipients that need not be asked. */
	if (ss->routes == NULL || conf_connector(ss->conf, to) != NULL ||
	    conf_rule_out(ss->conf, to)->req != REQ_CONNECTOR)
		return;
	answer_find(ss->conf, ss->routes, to, ss->now, &out);
	flow_nowhere(ss->conf, to, &out, a);
}

static const char *
sender_domain(const struct sessions *ss, const struct session *s)
{
	return s == NULL || s->from == 0 ? "" :
	    session_part(str_text(ss->pool, s->from));
}

/* What the flow of mail to that says. */
static void
judge(struct sessions *ss, const struct session *s, const char *to,
    int is_domain, struct flow_answer *a)
{
	struct flow_query q;

	query(ss, s, sender_domain(ss, s), to, &q);
	/* With -v the sender's domain stands as he wrote it. */
	q.normal = is_domain && !ss->verbose &&
	    (s == NULL || !(s->flags & S_ODD_FROM));
	flow_decide(ss->conf, &q, a);
}

/*
 * Mail to a domain of others whose policy is in force: sged may look whether
 * its first host works before smtpd asks where it goes.
 */
static void
tell_known(struct sessions *ss, const char *to)
{
	struct route route;
	char text[DOMAIN_MAX + 1];

	if (ss->notice == NULL || ss->routes == NULL ||
	    conf_connector(ss->conf, to) != NULL)
		return;
	routes_find(ss->routes, to, ss->now, &route);
	if (route.kind != ROUTE_ENFORCE || route.stale)
		return;
	(void)snprintf(text, sizeof(text), "%c%s", NOTICE_KNOWN, to);
	notice_send(ss->notice, text, ss->clock);
}

int
session_rcpt(struct sessions *ss, uint64_t session, const char *id,
    const struct text *rcpt, enum learned learned, struct decision *d)
{
	struct session *s = session_find(ss, session);
	struct flow_answer a;
	char to[DOMAIN_MAX];
	int is_domain, ours, others, stranger;

	if (s != NULL && (s->flags & S_OUT))
		s = NULL;
	if (s == NULL)
		ss->unknown++;
	is_domain = session_domain(ss, rcpt, to, sizeof(to));
	judge(ss, s, to, is_domain, &a);
	ours = is_ours(ss, to);
	others = is_domain && !ours;
	stranger = is_stranger(s, ours);
	if (s != NULL && (s->flags & S_REPORT)) {
		if (session_report_rcpt(ss, s, rcpt, learned, &a, d))
			return 1;
	} else if (others && !stranger && learned != LEARNED_YES &&
	    must_learn(ss, to, &a)) {
		if (learned == LEARNED_NOT_ASKED) {
			(void)strlcpy(d->ask, to, sizeof(d->ask));
			return 1;
		}
		not_learned(ss, s, to, &a);
	} else if (others && !stranger && learned == LEARNED_NOT_ASKED &&
	    a.verdict != VERDICT_REJECT)
		tell_known(ss, to);
	if (others && (s == NULL || !(s->flags & S_REPORT)))
		nowhere(ss, to, &a);
	if (s != NULL && (!stranger || is_old_friend(ss, s, &a)))
		session_note(ss, s, session_address(ss, rcpt, to), &a);
	if (a.verdict != VERDICT_PASS)
		session_say(ss, s, id, sender_domain(ss, s), to, &a);
	d->reply[0] = '\0';
	if (a.verdict == VERDICT_REJECT)
		(void)strlcpy(d->reply, a.reply, sizeof(d->reply));
	return 0;
}

static void
tell_sged(struct sessions *ss, const struct session *s, const char *to,
    const struct flow_answer *a)
{
	/* Reports go without a policy, to whom a stranger's record names. */
	if (ss->notice != NULL && !(s->flags & S_REPORT) &&
	    !is_ours(ss, to) && must_learn(ss, to, a))
		notice_send(ss->notice, to, ss->clock);
}

void
session_rcpt_taken(struct sessions *ss, struct session *s,
    const struct text *rcpt)
{
	struct flow_answer a;
	char to[DOMAIN_MAX];
	int is_domain;

	/* The others were noted when they were named. */
	if (s->flags & S_TRUSTED)
		return;
	is_domain = session_domain(ss, rcpt, to, sizeof(to));
	if (!is_stranger(s, is_ours(ss, to)))
		return;
	judge(ss, s, to, is_domain, &a);
	session_note(ss, s, session_address(ss, rcpt, to), &a);
	if (is_domain)
		tell_sged(ss, s, to, &a);
}

/*
 * Nothing can be refused here any more: that smtpd.conf sent restricted mail
 * without TLS is said as what should have been.
 */
void
session_rcpt_out(struct sessions *ss, struct session *s,
    const struct text *rcpt)
{
	struct flow_answer a;
	const char *from = sender_domain(ss, s);
	char id[17], name[DOMAIN_MAX], to[DOMAIN_MAX];
	int is_domain;

	/* Bounces are ours: on the way out, we are who connects. */
	if (from[0] == '\0')
		from = ss->conf->hostname;
	else if (ss->verbose && domain_normal(from, strlen(from), name,
	    sizeof(name)) == 0)
		from = name;
	a.reply[0] = '\0';
	a.why = REFUSAL_NONE;
	a.from_class = a.to_class = CLASS_PUBLIC;
	if (!(s->flags & S_ODD_FROM))
		a.from_class = conf_class(ss->conf, from);
	if ((is_domain = session_domain(ss, rcpt, to, sizeof(to))))
		a.to_class = conf_class(ss->conf, to);
	a.rule = flow_rule(ss->conf, s->flags & S_ODD_FROM ? "" : from,
	    a.from_class, to, a.to_class);
	if (a.rule->req == REQ_CONNECTOR && is_domain &&
	    !conf_is_local(ss->conf, to) &&
	    conf_connector(ss->conf, to) == NULL) {
		a.verdict = VERDICT_TESTING;
		a.why = REFUSAL_NO_CONNECTOR;
	} else if (a.rule->req == REQ_PREFER_TLS ||
	    (enum tlsver)s->tlsver >= a.rule->minimum)
		a.verdict = VERDICT_PASS;
	else if (a.rule->req != REQ_CONNECTOR && (s->flags & S_REMOTE) &&
	    conf_legacy(ss->conf, &s->remote, s->time) != NULL)
		a.verdict = VERDICT_LEGACY;
	else
		a.verdict = VERDICT_TESTING;
	if (a.verdict != VERDICT_PASS && a.why == REFUSAL_NONE)
		a.why = s->tlsver == TLSVER_NONE ? REFUSAL_NO_TLS :
		    REFUSAL_OLD_TLS;
	session_note(ss, s, session_address(ss, rcpt, to), &a);
	if (is_domain)
		tell_sged(ss, s, to, &a);
	if (a.verdict == VERDICT_PASS)
		return;
	(void)snprintf(id, sizeof(id), "%016llx", (unsigned long long)s->id);
	session_say(ss, s, id, sender_domain(ss, s), to, &a);
}
