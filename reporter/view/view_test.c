/* SPDX-License-Identifier: ISC */

/*
 * test: what would become of one mail.  filter-sge's and table-sge's own
 * functions decide; nothing is sent, asked or written.
 */

#include <err.h>
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "base/addr_own.h"
#include "base/bounds.h"
#include "base/domain.h"
#include "base/log.h"
#include "base/mail_path.h"
#include "ctl/print.h"
#include "rule/flow.h"
#include "rule/report_sender.h"
#include "rule/table_answer.h"
#include "view/smtpd_address.h"
#include "view/view.h"
#include "view/view_route.h"

#define GOES 0
#define GOES_NOT 1
#define NOT_KNOWN 2
/* A path within "<>" (RFC 5321 4.5.3.1.3 has 256); a longer one is none. */
#define PATH_TEXT_MAX 600

/* The mail, as the command line has it. */
struct dry {
	const char	*from;		/* addresses; "" null sender */
	const char	*to;
	char		 from_text[PATH_TEXT_MAX];
	char		 to_text[PATH_TEXT_MAX];
	char		 from_domain[DOMAIN_MAX];
	char		 to_domain[DOMAIN_MAX];
	const char	*peer;		/* from-address, or NULL: this host */
	const char	*helo;		/* confirmed by reverse DNS, or NULL */
	char		 helo_name[DOMAIN_MAX];
	struct addr	 addr;
	int		 trusted;
	int		 report;	/* from is the sender of reports */
	int		 to_literal;	/* "u@[192.0.2.1]" */
	char		 syntax[PATH_TEXT_MAX]; /* smtpd's own answer, or "" */
	char		 alabel[DOMAIN_MAX]; /* how the DNS writes its domain */
	enum tlsver	 tls;
};

/* "<a@b>", as SMTP has it, without its "<>"; the null sender as it is. */
static const char *
bare(const char *address, char buf[], size_t size)
{
	size_t len = strlen(address);

	if (len <= 2 || len - 2 >= size || address[0] != '<' ||
	    address[len - 1] != '>')
		return address;
	(void)snprintf(buf, size, "%.*s", (int)len - 2, address + 1);
	return buf;
}

/*
 * What smtpd answers an address that it does not take.  The first '>' ends one:
 * what is behind that is an option to it, and none that it knows.
 */
static void
answer_syntax(struct dry *d, int to, const char *address,
    const struct mail_path *m)
{
	const char *more = strchr(address, '>');
	char domain[DOMAIN_MAX];
	struct mail_path head;

	if (d->syntax[0] != '\0')
		return;
	if (more != NULL) {
		mail_path_read(address, (size_t)(more - address), &head);
		if ((!to && more == address) || smtpd_takes_address(&head)) {
			more++;
			more += strspn(more, " ");
			(void)snprintf(d->syntax, sizeof(d->syntax),
			    "503 %sUnsupported option %.*s%s", to ? "" :
			    "5.5.4 Invalid command arguments: ",
			    (int)strcspn(more, " "), more,
			    strchr(more, ' ') == NULL ? ">" : "");
			return;
		}
	}
	(void)strlcpy(d->syntax, to ? "501 5.1.3 Recipient address syntax "
	    "error" : "553 5.1.0 Sender address syntax error",
	    sizeof(d->syntax));
	if (m->domainlen == 0 || m->domainlen >= sizeof(domain))
		return;
	memcpy(domain, m->domain, m->domainlen);
	domain[m->domainlen] = '\0';
	if (domain_normal(domain, m->domainlen, d->alabel,
	    sizeof(d->alabel)) == 0 ||
	    domain_to_alabel(domain, d->alabel, sizeof(d->alabel)) == -1)
		d->alabel[0] = '\0';
}

/*
 * The domain of an address as filter-sge has it: without one, that of this
 * host; what has a dot and no '@' is a domain itself.
 */
static int
take_domain(const struct conf *conf, struct dry *d, const char *what,
    const char *address, char out[], size_t size)
{
	struct mail_path m;
	char domain[DOMAIN_MAX + 1];

	if (*address == '\0') {
		warnx("%s: want an address%s", what, strcmp(what, "from") ==
		    0 ? ", or '<>' for the null sender" : "; no mail goes to "
		    "the null sender");
		return -1;
	}
	mail_path_read(address, strlen(address), &m);
	if ((strchr(address, '@') != NULL || strchr(address, '.') == NULL) &&
	    !smtpd_takes_address(&m)) {
		answer_syntax(d, strcmp(what, "to") == 0, address, &m);
		return 0;
	}
	/* Of no class, in filter-sge and in the tables, too. */
	if (is_address_literal(&m)) {
		(void)snprintf(out, size, "%.*s", (int)m.domainlen, m.domain);
		d->to_literal |= strcmp(what, "to") == 0;
		return 0;
	}
	if (m.domainlen > 0 && m.domainlen < sizeof(domain)) {
		memcpy(domain, m.domain, m.domainlen);
		domain[m.domainlen] = '\0';
	} else if (strchr(address, '@') == NULL &&
	    strchr(address, '.') != NULL)
		(void)strlcpy(domain, address, sizeof(domain));
	else
		(void)strlcpy(domain, conf->hostname, sizeof(domain));
	if (m.domainlen >= sizeof(domain) ||
	    view_normal(domain, out, size) == -1) {
		warnx("%s %s: no address, and no domain", what,
		    log_clean(address));
		return -1;
	}
	return 0;
}

static int
take_tls(const char *text, enum tlsver *version)
{
	static const char *const names[] = { "none", "ssl", "1.0", "1.1",
	    "1.2", "1.3" };
	size_t i;

	for (i = 0; i < nitems(names); i++)
		if (strcmp(text, names[i]) == 0) {
			*version = (enum tlsver)i;
			return 0;
		}
	warnx("tls %s: want none, 1.0, 1.1, 1.2 or 1.3", text);
	return -1;
}

/* Pairs of a word and its value, in any order; 0 or -1 after a message. */
static int
take_words(struct dry *d, int argc, char *const argv[])
{
	const char *tls = NULL;
	const struct {
		const char	*word;
		const char	**value;
	} words[] = {
		{ "from", &d->from }, { "to", &d->to },
		{ "from-address", &d->peer }, { "helo", &d->helo },
		{ "tls", &tls }
	};
	size_t k;
	int i;

	for (i = 0; i < argc; i += 2) {
		for (k = 0; k < nitems(words); k++)
			if (strcmp(argv[i], words[k].word) == 0)
				break;
		if (k == nitems(words) || i + 1 == argc) {
			warnx("%s: want from, to, from-address, helo or tls, "
			    "each with its value", argv[i]);
			return -1;
		}
		if (*words[k].value != NULL) {
			warnx("%s: given twice", argv[i]);
			return -1;
		}
		*words[k].value = argv[i + 1];
	}
	if (d->from == NULL || d->to == NULL) {
		warnx("want from and to");
		return -1;
	}
	if (d->peer == NULL && (tls != NULL || d->helo != NULL)) {
		warnx("%s: is of a host that brings the mail: want its "
		    "from-address, too", tls != NULL ? "tls" : "helo");
		return -1;
	}
	return tls == NULL ? 0 : take_tls(tls, &d->tls);
}

static int
take(const struct view *v, struct dry *d, int argc, char *const argv[])
{
	const struct conf *conf = v->conf;
	int null_sender;

	memset(d, 0, sizeof(*d));
	d->tls = TLSVER_1_3;
	if (take_words(d, argc, argv) == -1)
		return -1;
	d->trusted = d->peer == NULL;
	if (d->peer != NULL) {
		if (addr_parse(d->peer, strlen(d->peer), &d->addr) == -1) {
			warnx("from-address %s: no IP address", d->peer);
			return -1;
		}
		d->trusted = addr_is_loopback(&d->addr) ||
		    addr_is_own(&v->own, &d->addr);
	}
	if (d->helo != NULL && view_normal(d->helo, d->helo_name,
	    sizeof(d->helo_name)) == -1) {
		warnx("helo %s: no host name", log_clean(d->helo));
		return -1;
	}
	d->from = bare(d->from, d->from_text, sizeof(d->from_text));
	d->to = bare(d->to, d->to_text, sizeof(d->to_text));
	null_sender = strcmp(d->from, "<>") == 0;
	if (null_sender)
		d->from = "";
	d->report = report_sender_is(conf, d->from, strlen(d->from));
	if (!null_sender && take_domain(conf, d, "from", d->from,
	    d->from_domain, sizeof(d->from_domain)) == -1)
		return -1;
	return take_domain(conf, d, "to", strcmp(d->to, "<>") == 0 ? "" : d->to,
	    d->to_domain, sizeof(d->to_domain));
}

/* What goes on behind the verdict, and the exit status of it. */
static int
outcome(const struct view *v, const struct dry *d,
    const struct flow_answer *f, const struct answer *a, const char **why)
{
	if (f->verdict == VERDICT_REJECT) {
		*why = d->report && d->trusted ? "filter-sge refuses the "
		    "recipient with that text, but for as long as sged has a "
		    "report for it" : "filter-sge refuses the recipient with "
		    "that text";
		return GOES_NOT;
	}
	if (conf_is_local(v->conf, d->to_domain)) {
		*why = "it is taken, and delivered as smtpd.conf says";
		return GOES;
	}
	if (view_route_unknown(a) && a->verify && !d->to_literal) {
		*why = "which of its hosts may be verified is not known here "
		    "yet: sged asks with the first mail to it, which waits for "
		    "the answer (sgectl check domain asks now)";
		return NOT_KNOWN;
	}
	if (a->verify && a->url[0] == '\0') {
		*why = "no host is allowed for it: it waits in the queue";
		return GOES_NOT;
	}
	if (view_route_unknown(a) && !a->excepted && !d->to_literal) {
		*why = "whether the domain has an MTA-STS policy is not known "
		    "here yet: sged asks with the first mail to it (sgectl "
		    "check domain asks now)";
		return NOT_KNOWN;
	}
	if (!d->trusted) {
		*why = "filter-sge lets it pass; whether that address may "
		    "relay is smtpd.conf's to say, and not known here";
		return NOT_KNOWN;
	}
	if (d->to_literal && !a->encrypt) {
		*why = "it goes to that address, with TLS where that has it";
		return GOES;
	}
	*why = a->verify ? (a->newest ? "it goes to that host only, with TLS "
	    "1.3 and a verified certificate" : "it goes to that host only, "
	    "with a verified certificate") : a->encrypt ? (a->newest ? "it "
	    "goes to an MX host with TLS 1.3" : "it goes to an MX host with "
	    "TLS 1.2 or later") : "it goes to an MX host, with TLS where that "
	    "has it";
	return GOES;
}

static const char *
action_of(const struct view *v, const struct dry *d, const struct answer *a)
{
	return conf_is_local(v->conf, d->to_domain) ? "-" :
	    d->report && d->peer == NULL ? "reports" : view_route_action(a);
}

static void
print(const struct view *v, const struct dry *d, const struct flow_answer *f,
    const struct answer *a, const char *flow, const char *why, int status)
{
	static const char *const kinds[] = { "not known", "none enforced",
	    "MTA-STS enforce" };
	char verdict[600];

	view_say(v, "Mail from %s to %s, %s%s%s", *d->from == '\0' ? "<>" :
	    view_clean(d->from, 200), view_clean(d->to, 200),
	    d->peer == NULL ? "of this host or an authenticated user" :
	    "from ", d->peer == NULL ? "" : d->peer, d->peer == NULL ? "" :
	    d->tls == TLSVER_NONE ? " without TLS" : d->tls == TLSVER_1_2 ?
	    " with TLS 1.2" : d->tls == TLSVER_1_3 ? " with TLS 1.3" :
	    " with an old TLS");
	view_say(v, "  flow     %s: %s", flow, rule_name(f->rule));
	(void)snprintf(verdict, sizeof(verdict), "%s%s%s",
	    verdict_name(f->verdict), f->reply[0] == '\0' ? "" : ": ",
	    f->reply);
	view_wrap(v->out, "  verdict  ", "           ", verdict);
	if (!conf_is_local(v->conf, d->to_domain)) {
		view_say(v, "  policy   %s%s", kinds[a->route.kind],
		    a->excepted ? ", excepted by sge.conf" : "");
		view_say(v, "  route    action \"%s\"%s%s",
		    action_of(v, d, a), a->verify ? " to " : "", !a->verify ?
		    "" : a->url[0] != '\0' ? view_clean(a->url, 0) :
		    view_route_unknown(a) ? "a host that is not known yet" :
		    "no host");
		view_wrap(v->out, "  because  ", "           ",
		    view_route_why(a));
	}
	view_wrap(v->out, "Thus: ", "  ", why);
	view_unknown(v, "what smtpd.conf makes of it (sgectl check config "
	    "looks)%s.", d->peer == NULL || conf_is_local(v->conf,
	    d->to_domain) ? "" : ", and whether that address may relay");
	fprintf(v->out, "Exit %d.\n", status);
}

/* smtpd asks no filter about it. */
static int
refused(const struct view *v, const struct dry *d)
{
	char why[100 + DOMAIN_MAX], verdict[PATH_TEXT_MAX * 2];

	(void)snprintf(why, sizeof(why), "smtpd takes no such address, and "
	    "asks no filter%s%s", d->alabel[0] == '\0' ? "" : "; the DNS "
	    "writes its domain ", d->alabel);
	if (v->form != FORM_TEXT) {
		view_row(v, "test", "ttttttttttti", "from", d->from, "to",
		    d->to, "address", d->peer, "flow", NULL, "rule", NULL,
		    "verdict", verdict_name(VERDICT_REJECT), "reply",
		    d->syntax, "action", NULL, "url", NULL, "policy", NULL,
		    "why", why, "exit", (int64_t)GOES_NOT);
		return GOES_NOT;
	}
	view_say(v, "Mail from %s to %s", *d->from == '\0' ? "<>" :
	    view_clean(d->from, 200), view_clean(d->to, 200));
	(void)snprintf(verdict, sizeof(verdict), "%s: %s",
	    verdict_name(VERDICT_REJECT), view_clean(d->syntax, 0));
	view_wrap(v->out, "  verdict  ", "           ", verdict);
	view_wrap(v->out, "Thus: ", "  ", why);
	fprintf(v->out, "Exit %d.\n", GOES_NOT);
	return GOES_NOT;
}

int
view_test(const struct view *v, int argc, char *const argv[])
{
	struct flow_query q;
	struct flow_answer f;
	struct answer a;
	struct routes *routes;
	struct dry d;
	char flow[80];
	const char *why;
	int status;

	if (take(v, &d, argc, argv) == -1)
		return NOT_KNOWN;
	if (d.syntax[0] != '\0')
		return refused(v, &d);
	memset(&q, 0, sizeof(q));
	q.from = d.from_domain;
	q.helo = d.helo_name;
	q.fcrdns = d.helo != NULL;
	q.to = d.to_domain;
	q.remote = d.peer == NULL ? NULL : &d.addr;
	q.trusted = d.trusted;
	q.tls = d.tls;
	q.when = v->now;
	/* A bounce of this host is ours, as filter-sge takes it. */
	if (d.from_domain[0] == '\0' && d.peer == NULL && d.helo == NULL)
		q.from = v->conf->hostname;
	flow_decide(v->conf, &q, &f);
	if (d.report)
		report_sender_decide(v->conf, q.trusted, ANNOUNCED_NO, &f);
	flow_name(v->conf, f.from_class, f.to_class, flow, sizeof(flow));
	routes = view_routes_open(v->conf);
	answer_find(v->conf, routes, d.to_literal ? "" : d.to_domain, v->now,
	    &a);
	if (!d.to_literal && !d.report)
		flow_nowhere(v->conf, d.to_domain, &a, &f);
	status = outcome(v, &d, &f, &a, &why);
	if (v->form != FORM_TEXT)
		view_row(v, "test", "ttttttttttti", "from", d.from, "to", d.to,
		    "address", d.peer, "flow", flow, "rule",
		    rule_name(f.rule), "verdict",
		    verdict_name(f.verdict), "reply", f.reply[0] == '\0' ?
		    NULL : f.reply, "action", action_of(v, &d, &a), "url",
		    a.verify && a.url[0] != '\0' ? a.url : NULL, "policy",
		    a.route.kind == ROUTE_ENFORCE ? "enforce" :
		    a.route.kind == ROUTE_NONE ? "none" : NULL, "why", why,
		    "exit", (int64_t)status);
	else
		print(v, &d, &f, &a, flow, why, status);
	routes_free(routes);
	return status;
}
