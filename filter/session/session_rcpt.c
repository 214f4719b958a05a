/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vis.h>

#include "base/domain.h"
#include "base/mail_path.h"
#include "rule/flow.h"
#include "rule/table_answer.h"
#include "base/log.h"
#include "session/session.h"

/* A path of SMTP: local part, '@', domain (RFC 5321 4.5.3.1). */
#define ADDRESS_MAX (64 + 1 + 255)

/* Rows kept for "from and to no longer told apart". */
#define ROWS_SUMS 8

struct line {
	char	 s[2048];
	size_t	 len;
};

static int	 domain_text(const struct sessions *, const struct text *,
		    char [], size_t);
static const char *domain_part(const char *);
static struct str *address(struct sessions *, const struct text *,
		    const char *);
static uint16_t	 flow_id(struct sessions *, int, int);
static struct row *row_get(struct sessions *, struct session *, struct str *,
		    uint16_t, const struct flow_answer *);
static void	 note(struct sessions *, struct session *, struct str *,
		    const struct flow_answer *);
static void	 add(struct line *, const char *);
static void	 add_domain(struct line *, const char *);
static void	 log_verdict(struct sessions *, const struct session *,
		    const char *, const char *, const char *,
		    const struct flow_answer *);
static void	 query(const struct session *, const char *, const char *,
		    int64_t, struct flow_query *);
static int	 is_ours(const struct sessions *, const char *);
static int	 is_stranger(const struct sessions *, const struct session *,
		    const char *);
static int	 must_learn(struct sessions *, const char *,
		    const struct flow_answer *);
static int	 judge(struct sessions *, const struct session *,
		    const struct text *, char [], struct flow_answer *);
static void	 not_learned(const struct sessions *, const struct session *,
		    const char *, struct flow_answer *);

/*
 * The domain of an address; what is none stays as it was, in lower case, cut
 * off.  An address without one is smtpd's own: "staff" and "staff@" become
 * staff@hostname.  Returns 1 if it is a domain name.
 */
static int
domain_text(const struct sessions *ss, const struct text *t, char out[],
    size_t outsz)
{
	const char *host = ss->conf->hostname;
	struct mail_path m;
	size_t i;

	mail_path_read(t->s, t->len, &m);
	out[0] = '\0';
	if (t->len == 0)
		return 0;
	if (m.domainlen == 0)
		return domain_normal(host, strlen(host), out, outsz) == 0;
	if (domain_normal(m.domain, m.domainlen, out, outsz) == 0)
		return 1;
	if (m.domainlen >= outsz)
		m.domainlen = outsz - 1;
	for (i = 0; i < m.domainlen; i++)
		out[i] = m.domain[i] >= 'A' && m.domain[i] <= 'Z' ?
		    m.domain[i] | 0x20 : m.domain[i];
	out[i] = '\0';
	return 0;
}

static const char *
domain_part(const char *s)
{
	const char *at = strrchr(s, '@');

	return at == NULL ? s : at + 1;
}

/* As it stands in records: the domain, with -v all of it but a route. */
static struct str *
address(struct sessions *ss, const struct text *t, const char *domain)
{
	char whole[ADDRESS_MAX + DOMAIN_MAX];
	struct mail_path m;
	size_t len;
	int n;

	if (!ss->verbose)
		return str_get(ss->pool, domain, strlen(domain));
	mail_path_read(t->s, t->len, &m);
	if (t->len == 0 || m.domainlen > 0) {
		len = (size_t)(t->s + t->len - m.user);
		return str_get(ss->pool, m.user, len > ADDRESS_MAX ?
		    ADDRESS_MAX : len);
	}
	if (m.userlen > ADDRESS_MAX)
		m.userlen = ADDRESS_MAX;
	/* Without a domain of its own, it gets the one that it is judged by. */
	n = snprintf(whole, sizeof(whole), "%.*s@%s", (int)m.userlen, m.user,
	    domain);
	return n < 0 ? NULL : str_get(ss->pool, whole,
	    (size_t)n < sizeof(whole) ? (size_t)n : sizeof(whole) - 1);
}

int
sessions_conf(struct sessions *ss, const struct conf *conf)
{
	uint16_t *flow_of;
	size_t i, n = conf->nclasses;

	if ((flow_of = calloc(n * n, sizeof(*flow_of))) == NULL)
		return -1;
	for (i = 0; i < n * n; i++)
		flow_of[i] = UINT16_MAX;
	free(ss->flow_of);
	ss->flow_of = flow_of;
	ss->nclasses = n;
	ss->conf = conf;
	return 0;
}

/* Names outlive the configuration: rows of open sessions use them. */
static uint16_t
flow_id(struct sessions *ss, int from, int to)
{
	uint16_t *id = &ss->flow_of[from * ss->nclasses + to];
	char name[128], **grown;
	size_t i;

	if (*id != UINT16_MAX)
		return *id;
	flow_name(ss->conf, from, to, name, sizeof(name));
	for (i = 0; i < ss->nflows; i++)
		if (strcmp(ss->flows[i], name) == 0)
			return *id = i;
	if (i >= UINT16_MAX - 1)
		return UINT16_MAX;
	grown = reallocarray(ss->flows, i + 1, sizeof(*grown));
	if (grown == NULL)
		return UINT16_MAX;
	ss->flows = grown;
	if ((ss->flows[i] = strdup(name)) == NULL)
		return UINT16_MAX;
	ss->nflows++;
	return *id = i;
}

/* The row of that kind, or a new one; takes to over.  NULL without memory. */
static struct row *
row_get(struct sessions *ss, struct session *s, struct str *to, uint16_t flow,
    const struct flow_answer *a)
{
	struct str *from = s->from;
	struct row *row, *grown;
	size_t i;
	int cap, report = session_is_report(s, a);

	if (s->nrows >= RECORD_TX_MAX - ROWS_SUMS) {
		for (i = 0; i < s->nrows && (s->rows[i].to != to ||
		    s->rows[i].from != from); i++)
			;
		if (i == s->nrows) {
			str_put(ss->pool, to);
			from = to = NULL;
		}
	}
	for (i = 0; i < s->nrows; i++) {
		row = &s->rows[i];
		if (row->from == from && row->to == to && row->flow == flow &&
		    row->verdict == a->verdict && row->why == a->why &&
		    row->report == report) {
			str_put(ss->pool, to);
			return row;
		}
	}
	if (s->nrows == RECORD_TX_MAX) {
		str_put(ss->pool, to);
		return &s->rows[s->nrows - 1];
	}
	if (s->nrows == s->rowcap) {
		cap = s->rowcap == 0 ? 1 : s->rowcap * 2;
		grown = pool_get(ss->pool, cap * sizeof(*grown));
		if (grown == NULL) {
			ss->nomem++;
			str_put(ss->pool, to);
			return NULL;
		}
		if (s->nrows > 0)
			memcpy(grown, s->rows, s->nrows * sizeof(*grown));
		pool_put(ss->pool, s->rows, s->rowcap * sizeof(*grown));
		s->rows = grown;
		s->rowcap = cap;
	}
	row = &s->rows[s->nrows++];
	memset(row, 0, sizeof(*row));
	row->from = str_ref(from);
	row->to = to;
	row->flow = flow;
	row->verdict = a->verdict;
	row->why = a->why;
	row->report = report;
	return row;
}

/* Counts a recipient in its row; takes to over. */
static void
note(struct sessions *ss, struct session *s, struct str *to,
    const struct flow_answer *a)
{
	struct row *row;
	uint16_t flow;

	if (s->from == NULL)
		s->from = str_get(ss->pool, "", 0);
	flow = flow_id(ss, a->from_class, a->to_class);
	if (s->from == NULL || to == NULL || flow == UINT16_MAX) {
		str_put(ss->pool, to);
		ss->nomem++;
		return;
	}
	if ((row = row_get(ss, s, to, flow, a)) == NULL)
		return;
	if (row->rcpts < UINT32_MAX)
		row->rcpts++;
	row->open = 1;
}

void
session_mail(struct sessions *ss, struct session *s, const struct text *sender)
{
	struct str *old = s->from;
	char domain[DOMAIN_MAX];
	size_t i;

	s->flags &= ~S_ODD_FROM;
	if (domain_text(ss, sender, domain, sizeof(domain)) == 0 &&
	    domain[0] != '\0')
		s->flags |= S_ODD_FROM;
	s->from = address(ss, sender, domain);
	str_put(ss->pool, old);
	session_report_sender(ss, s, sender);
	for (i = 0; i < s->nrows; i++)
		s->rows[i].open = 0;
}

static void
add(struct line *l, const char *s)
{
	size_t len = strlen(s);

	/* Cut off at the end: this is for people and their scripts. */
	if (len > sizeof(l->s) - 1 - l->len)
		len = sizeof(l->s) - 1 - l->len;
	memcpy(l->s + l->len, s, len);
	l->len += len;
}

/* A domain as somebody wrote it, as one word. */
static void
add_domain(struct line *l, const char *s)
{
	char buf[DOMAIN_MAX * 4];

	if (strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789.-_") < strlen(s)) {
		log_vis(buf, sizeof(buf), s, VIS_SAFE | VIS_WHITE);
		s = buf;
	}
	add(l, s);
}

/* Once for each recipient, with all that it takes to see why. */
static void
log_verdict(struct sessions *ss, const struct session *s, const char *id,
    const char *from, const char *to, const struct flow_answer *a)
{
	static const char *const words[] = {
		" passed", " refused", " would-refuse", " legacy"
	};
	uint16_t flow = flow_id(ss, a->from_class, a->to_class);
	struct line l;
	char remote[64] = "-";

	memcpy(l.s, id, 16);
	l.len = 16;
	if (s != NULL && (s->flags & S_REMOTE))
		addr_print(&s->remote, remote, sizeof(remote));
	else if (s != NULL && (s->flags & S_TRUSTED))
		(void)strlcpy(remote, "local", sizeof(remote));
	add(&l, words[a->verdict]);
	add(&l, " flow=");
	add(&l, flow == UINT16_MAX ? "-" : ss->flows[flow]);
	add(&l, " from=");
	add_domain(&l, from);
	add(&l, " to=");
	add_domain(&l, to);
	add(&l, " tls=");
	add(&l, s == NULL || !(s->flags & S_TLS) ? "none" :
	    tlsver_name(s->tlsver));
	add(&l, " remote=");
	add(&l, remote);
	if (a->reply[0] != '\0') {
		add(&l, " reply=\"");
		add(&l, a->reply);
		add(&l, "\"");
	}
	l.s[l.len++] = '\n';
	log_event(l.s, l.len);
}

/* Of a session that is not known nothing speaks for its sender. */
static void
query(const struct session *s, const char *from, const char *to, int64_t now,
    struct flow_query *q)
{
	memset(q, 0, sizeof(*q));
	q->from = from;
	q->to = to;
	q->when = now;
	if (s == NULL)
		return;
	q->when = s->time;
	q->helo = s->helo == NULL ? NULL : s->helo->s;
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
is_stranger(const struct sessions *ss, const struct session *s, const char *to)
{
	return (s == NULL || !(s->flags & S_TRUSTED)) && !is_ours(ss, to);
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

static int
must_learn(struct sessions *ss, const char *to, const struct flow_answer *a)
{
	struct route route;

	if (a->verdict == VERDICT_REJECT || ss->routes == NULL ||
	    is_ours(ss, to) || conf_connector(ss->conf, to) != NULL)
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

/* What the tables would name no host for, ever, is refused before that. */
static void
nowhere(struct sessions *ss, const char *to, struct flow_answer *a)
{
	struct answer out;

	/* Of most recipients that need not be asked. */
	if (ss->routes == NULL || is_ours(ss, to) ||
	    conf_connector(ss->conf, to) != NULL ||
	    conf_rule_out(ss->conf, to)->req != REQ_CONNECTOR)
		return;
	answer_find(ss->conf, ss->routes, to, ss->now, &out);
	flow_nowhere(ss->conf, to, &out, a);
}

static const char *
sender_domain(const struct session *s)
{
	return s == NULL || s->from == NULL ? "" : domain_part(s->from->s);
}

/* Whether to, an address's domain, is a domain name; what its flow says. */
static int
judge(struct sessions *ss, const struct session *s, const struct text *rcpt,
    char to[], struct flow_answer *a)
{
	struct flow_query q;
	int is_domain = domain_text(ss, rcpt, to, DOMAIN_MAX);

	query(s, sender_domain(s), to, ss->now, &q);
	/* With -v the sender's domain stands as he wrote it. */
	q.normal = is_domain && !ss->verbose &&
	    (s == NULL || !(s->flags & S_ODD_FROM));
	flow_decide(ss->conf, &q, a);
	return is_domain;
}

/*
 * Mail to a domain whose policy is in force: sged may look whether its first
 * host works before smtpd asks where it goes.
 */
static void
tell_known(struct sessions *ss, const char *to)
{
	struct route route;
	char text[DOMAIN_MAX + 1];

	if (ss->notice == NULL || ss->routes == NULL || is_ours(ss, to) ||
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
	int is_domain, stranger;

	if (s != NULL && (s->flags & S_OUT))
		s = NULL;
	if (s == NULL)
		ss->unknown++;
	is_domain = judge(ss, s, rcpt, to, &a);
	stranger = is_stranger(ss, s, to);
	if (s != NULL && (s->flags & S_REPORT)) {
		if (session_report_rcpt(ss, s, rcpt, learned, &a, d))
			return 1;
	} else if (is_domain && !stranger && learned != LEARNED_YES &&
	    must_learn(ss, to, &a)) {
		if (learned == LEARNED_NOT_ASKED) {
			(void)strlcpy(d->ask, to, sizeof(d->ask));
			return 1;
		}
		not_learned(ss, s, to, &a);
	} else if (is_domain && !stranger && learned == LEARNED_NOT_ASKED &&
	    a.verdict != VERDICT_REJECT)
		tell_known(ss, to);
	if (is_domain && (s == NULL || !(s->flags & S_REPORT)))
		nowhere(ss, to, &a);
	if (s != NULL && (!stranger || is_old_friend(ss, s, &a)))
		note(ss, s, address(ss, rcpt, to), &a);
	if (a.verdict != VERDICT_PASS)
		log_verdict(ss, s, id, sender_domain(s), to, &a);
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
	    must_learn(ss, to, a))
		notice_send(ss->notice, to, ss->clock);
}

void
session_rcpt_taken(struct sessions *ss, struct session *s,
    const struct text *rcpt)
{
	struct flow_answer a;
	char to[DOMAIN_MAX];
	int is_domain = judge(ss, s, rcpt, to, &a);

	/* The others were noted when they were named. */
	if (!is_stranger(ss, s, to))
		return;
	note(ss, s, address(ss, rcpt, to), &a);
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
	const char *from = s->from == NULL ? "" : domain_part(s->from->s);
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
	if ((is_domain = domain_text(ss, rcpt, to, sizeof(to))))
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
	note(ss, s, address(ss, rcpt, to), &a);
	if (is_domain)
		tell_sged(ss, s, to, &a);
	if (a.verdict == VERDICT_PASS)
		return;
	(void)snprintf(id, sizeof(id), "%016llx", (unsigned long long)s->id);
	log_verdict(ss, s, id, s->from == NULL ? "" :
	    domain_part(s->from->s), to, &a);
}
