/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <string.h>

#include "base/bounds.h"
#include "rule/flow.h"

/* One question, with its names in normal form. */
struct asked {
	const struct conf	*conf;
	const struct flow_query	*q;
	const char		*sender;	/* or HELO name */
	const char		*to;
	/* With the null sender: a connector whose address it came from. */
	const struct conf_connector *bounce;
	char			 member[DOMAIN_MAX + 4];	/* its name */
	char			 flow[128];
};

void
flow_name(const struct conf *conf, int from, int to, char out[], size_t outsz)
{
	/* Class names are 32 characters at most. */
	(void)snprintf(out, outsz, "%s>%s", conf_class_name(conf, from),
	    conf_class_name(conf, to));
}

/* What is no domain name is in no class, and is not repeated in replies. */
static void
normal(const char *name, char out[], size_t outsz)
{
	if (name == NULL || domain_normal(name, strlen(name), out, outsz) == -1)
		out[0] = '\0';
}

static int
class_of(const struct conf *conf, const char *name)
{
	return name[0] == '\0' ? CLASS_PUBLIC : conf_class(conf, name);
}

const struct conf_rule *
flow_rule(const struct conf *conf, const char *from, int from_class,
    const char *to, int to_class)
{
	const struct conf_rule *rule = conf_rule(conf, from_class, to_class);

	/* One organisation writes to itself: its monitors, its mailers. */
	if (rule->req == REQ_CONNECTOR && from[0] != '\0' && to[0] != '\0' &&
	    conf_is_local(conf, from) && conf_is_local(conf, to))
		return conf_rule_own(conf, from_class, to_class);
	return rule;
}

/* The session's own TLS; a reply if it does not do. */
static int
tls_refused(const struct asked *k, const struct conf_rule *rule,
    struct flow_answer *a)
{
	enum tlsver tls = k->q->tls;
	const char *wanted = tlsver_name(rule->minimum);
	const char *later = rule->minimum == TLSVER_1_3 ? "" : " or later";

	if (k->q->trusted || tls >= rule->minimum)
		return 0;
	a->why = tls == TLSVER_NONE ? REFUSAL_NO_TLS : REFUSAL_OLD_TLS;
	if (tls == TLSVER_NONE)
		(void)snprintf(a->reply, sizeof(a->reply), "530 5.7.0 Must "
		    "issue a STARTTLS command first: %s requires %s%s",
		    k->flow, wanted, later);
	else
		(void)snprintf(a->reply, sizeof(a->reply), "550 5.7.0 This "
		    "session has %s, but %s requires %s%s: enable it on your "
		    "side", tlsver_name(tls), k->flow, wanted, later);
	return 1;
}

static int
in_connector(const struct conf_connector *c, const struct addr *remote)
{
	size_t i;

	/* Without "from" its mail may come from anywhere; -n warns of that. */
	if (c->nfrom == 0)
		return 1;
	for (i = 0; remote != NULL && i < c->nfrom; i++)
		if (cidr_match(&c->from[i], remote))
			return 1;
	return 0;
}

static int
is_within(const char *name, const char *domain)
{
	size_t n = strlen(name), len;

	domain += *domain == '.';
	len = strlen(domain);
	return n >= len && strcmp(name + n - len, domain) == 0 &&
	    (n == len || name[n - len - 1] == '.');
}

/*
 * A bounce has no domain, but an address of a connector speaks for its member,
 * whatever list HELO's name, one of the member's, is on.  Where the address is
 * that of several, the name chooses; without one that reverse DNS confirms, it
 * is the first of them, not a stranger, whom no TLS would be asked of.
 */
static void
bounce(struct asked *k)
{
	const struct conf_connector *c = k->conf->connectors;
	size_t i;

	for (i = 0; i < k->conf->nconnectors; i++, c++) {
		if (c->nfrom == 0 || !in_connector(c, k->q->remote))
			continue;
		if (is_within(k->sender, c->domain)) {
			k->bounce = c;
			if (*c->domain != '.')
				k->sender = c->domain;
			return;
		}
		if (k->bounce == NULL)
			k->bounce = c;
	}
	if (k->bounce == NULL || k->sender[0] != '\0')
		return;
	/* Of all subdomains: one. */
	(void)snprintf(k->member, sizeof(k->member), "%s%s",
	    k->bounce->domain[0] == '.' ? "mail" : "", k->bounce->domain);
	k->sender = k->member;
}

/* Mail of a member comes from its connector (guide, 5.1). */
static int
sender_refused(const struct asked *k, struct flow_answer *a)
{
	const struct conf_connector *c;
	const char *sender = k->sender;
	char ip[64] = "here";

	if (k->q->trusted || k->bounce != NULL)
		return 0;
	c = sender[0] == '\0' ? NULL : conf_connector(k->conf, sender);
	if (c != NULL && in_connector(c, k->q->remote))
		return 0;
	if (c == NULL && !(sender[0] != '\0' &&
	    conf_is_local(k->conf, sender))) {
		a->why = REFUSAL_NO_CONNECTOR;
		(void)snprintf(a->reply, sizeof(a->reply), "550 5.7.1 %s "
		    "requires a connector, and %s has none here: ask the "
		    "recipient's postmaster", k->flow,
		    sender[0] == '\0' ? "this sender" : sender);
		return 1;
	}
	a->why = REFUSAL_OTHER_ADDRESS;
	if (k->q->remote != NULL)
		addr_print(k->q->remote, ip, sizeof(ip));
	(void)snprintf(a->reply, sizeof(a->reply), "550 5.7.1 %s: mail of %s "
	    "is not accepted from %s: %s", k->flow, sender, ip, c == NULL ?
	    "log in first" : "send it by its connector");
	return 1;
}

/* And goes to one. */
static int
connector_refused(const struct asked *k, struct flow_answer *a)
{
	if (sender_refused(k, a))
		return 1;
	if (k->to[0] != '\0' && (conf_is_local(k->conf, k->to) ||
	    conf_connector(k->conf, k->to) != NULL))
		return 0;
	a->why = REFUSAL_NO_CONNECTOR;
	(void)snprintf(a->reply, sizeof(a->reply), "550 5.7.1 %s requires a "
	    "connector, and %s has none here: ask your postmaster", k->flow,
	    k->to[0] == '\0' ? "this recipient" : k->to);
	return 1;
}

/*
 * Mail of others that is handed over here for others: smtpd's tables know no
 * sender, and ask of a destination what our own domains' mail needs.  Where
 * that is less, it could leave in clear, or by an older version.
 */
static int
leaves_weaker(const struct asked *k, const struct conf_rule *rule)
{
	const struct conf *conf = k->conf;

	if (k->to[0] == '\0' || conf_is_local(conf, k->to))
		return 0;
	return conf_version_out(conf, k->to) < rule->minimum ||
	    (conf_connector(conf, k->to) == NULL &&
	    conf_rule_out(conf, k->to)->req < rule->req);
}

static void
weaker_refused(const struct asked *k, const struct conf_rule *rule,
    struct flow_answer *a)
{
	const char *name = rule_name(rule);
	const char *quote = strchr(name, '"') == NULL ? "\"" : "";

	a->why = REFUSAL_OTHER_ADDRESS;
	(void)snprintf(a->reply, sizeof(a->reply), "550 5.7.1 %s: mail of %s "
	    "is not accepted from here: no flow of a domain of ours to %s has "
	    "%s%s%s, so that it could leave without: ask your postmaster",
	    k->flow, k->sender[0] == '\0' ? "this sender" : k->sender, k->to,
	    quote, name, quote);
}

static enum verdict
refuse(const struct conf *conf)
{
	return conf->mode == MODE_TESTING ? VERDICT_TESTING : VERDICT_REJECT;
}

void
flow_decide(const struct conf *conf, const struct flow_query *q,
    struct flow_answer *a)
{
	struct asked k;
	char sender[DOMAIN_MAX], to[DOMAIN_MAX];

	k.conf = conf;
	k.q = q;
	k.sender = q->from;
	k.to = q->to;
	k.bounce = NULL;
	if (q->from == NULL || q->from[0] == '\0') {
		normal(q->fcrdns ? q->helo : NULL, sender, sizeof(sender));
		k.sender = sender;
		bounce(&k);
	} else if (!q->normal) {
		normal(q->from, sender, sizeof(sender));
		k.sender = sender;
	}
	if (!q->normal) {
		normal(q->to, to, sizeof(to));
		k.to = to;
	}

	a->verdict = VERDICT_PASS;
	a->why = REFUSAL_NONE;
	a->reply[0] = '\0';
	a->from_class = class_of(conf, k.sender);
	a->to_class = class_of(conf, k.to);
	a->rule = flow_rule(conf, k.sender, a->from_class, k.to, a->to_class);
	if (a->rule->req == REQ_PREFER_TLS || (a->rule->req != REQ_CONNECTOR &&
	    (q->trusted || q->tls >= a->rule->minimum) &&
	    !leaves_weaker(&k, a->rule)))
		return;

	flow_name(conf, a->from_class, a->to_class, k.flow, sizeof(k.flow));
	switch (a->rule->req) {
	case REQ_PREFER_TLS:
		return;
	case REQ_TLS:
	case REQ_VERIFIED_TLS:
		if (!tls_refused(&k, a->rule, a))
			weaker_refused(&k, a->rule, a);
		else if (q->remote != NULL &&
		    conf_legacy(conf, q->remote, q->when) != NULL) {
			a->verdict = VERDICT_LEGACY;
			a->reply[0] = '\0';
			if (!leaves_weaker(&k, a->rule))
				return;
			weaker_refused(&k, a->rule, a);
		}
		break;
	case REQ_CONNECTOR:
		if (!tls_refused(&k, a->rule, a) && !connector_refused(&k, a))
			return;
		break;
	}
	a->verdict = refuse(conf);
}

/*
 * Where every flow of ours requires a connector that is not there, the tables,
 * which know no sender, hold all mail: others' and this host's own as well.
 */
void
flow_nowhere(const struct conf *conf, const char *to, const struct answer *out,
    struct flow_answer *a)
{
	char flow[128];

	if (a->verdict == VERDICT_REJECT || !answer_is_nowhere(out) ||
	    out->route.kind == ROUTE_UNKNOWN)
		return;
	flow_name(conf, a->from_class, a->to_class, flow, sizeof(flow));
	a->verdict = refuse(conf);
	a->why = REFUSAL_NO_CONNECTOR;
	(void)snprintf(a->reply, sizeof(a->reply), "550 5.7.1 %s: mail to %s "
	    "leaves here by a connector alone, and it has none: ask your "
	    "postmaster", flow, to);
}
