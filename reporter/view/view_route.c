/* SPDX-License-Identifier: ISC */

/*
 * show route: what table-sge answers smtpd for a domain, and why.  The answer
 * is made by the very function that table-sge uses.
 */

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "lib/xalloc.h"
#include "rule/table_answer.h"
#include "spool/turns.h"
#include "store/query_policy.h"
#include "view/view.h"
#include "view/view_route.h"

const char *
view_route_why(const struct answer *a)
{
	switch (a->why) {
	case WHY_LOCAL:
		return "it is one of our own domains: its mail comes in here";
	case WHY_CONNECTOR:
		return "it has a connector in sge.conf: no MX look-up, no "
		    "MTA-STS, only that host with a verified certificate";
	case WHY_POLICY:
		return "its MTA-STS policy says enforce: only hosts that "
		    "match it, with a verified certificate";
	case WHY_RULE:
		if (a->rule == &conf_rule_never_clear)
			return "a flow of sge.conf requires a connector for "
			    "some of our mail, and it has none: of the rest "
			    "nothing leaves without TLS";
		if (a->rule->req == REQ_CONNECTOR)
			return "a flow of sge.conf requires a connector, and "
			    "it has none: mail to it does not leave";
		return a->excepted ? "a flow of sge.conf requires TLS; "
		    "whatever MTA-STS policy it has, sge.conf excepts it "
		    "(mta-sts except)" :
		    "a flow of sge.conf requires TLS";
	case WHY_TESTING:
		return "a flow of sge.conf would require TLS, but mode is "
		    "testing";
	case WHY_NOTHING:
		break;
	}
	if (a->excepted && a->route.kind != ROUTE_ENFORCE)
		return "TLS is preferred, and whatever MTA-STS policy it has, "
		    "sge.conf excepts it (mta-sts except)";
	if (a->excepted)
		return "its MTA-STS policy says enforce, but sge.conf excepts "
		    "it (mta-sts except)";
	if (a->route.kind == ROUTE_UNKNOWN)
		return "TLS is preferred, and sged knows no policy of it (or "
		    "has not asked yet)";
	return "TLS is preferred, and no policy of it is enforced";
}

const char *
view_route_action(const struct answer *a)
{
	if (a->verify)
		return a->newest ? "verify13" : "verify";
	if (a->encrypt)
		return a->newest ? "encrypt13" : "encrypt";
	return "outbound";
}

int
view_route_unknown(const struct answer *a)
{
	return a->route.kind == ROUTE_UNKNOWN && a->why != WHY_CONNECTOR &&
	    a->rule->req != REQ_CONNECTOR;
}

/* Failing hosts of one address take turns (rule/turn.h). */
static void
print_turns(const struct view *v, const struct answer *a)
{
	struct turns *turns = turns_open(v->conf->spool);
	const struct turn *t;
	char host[DOMAIN_MAX];
	size_t i, n;

	if (turns == NULL)
		fatal("show route");
	t = turns_now(turns, v->now, &n);
	if (a->why == WHY_CONNECTOR || answer_host(a, host, sizeof(host)) == -1)
		n = 0;
	for (i = 0; i < n && strcmp(t[i].host, host) != 0; i++)
		continue;
	if (i < n)
		fprintf(v->out, "Its TLS fails, as that of other hosts with the "
		    "address %s does:\n  these take turns, and sge-routes "
		    "says \"not found\" while another is tried\n",
		    view_clean(t[i].addr, 0));
	turns_free(turns);
}

static void
print_tables(const struct view *v, const struct answer *a)
{
	fprintf(v->out, "  sge-verify   %s\n", a->verify ? "found" :
	    "not found");
	fprintf(v->out, "  sge-encrypt  %s\n", a->encrypt ? "found" :
	    "not found");
	if (a->newest)
		fprintf(v->out, "  %-12s found: by TLS 1.3 only\n",
		    a->verify ? "sge-verify13" : "sge-encrypt13");
	if (answer_is_nowhere(a))
		fprintf(v->out, "  sge-nowhere  found\n");
	fprintf(v->out, "  sge-routes   %s\n", a->url[0] == '\0' ?
	    "not found" : view_clean(a->url, 0));
	if (a->why == WHY_LOCAL)
		fprintf(v->out, "so smtpd relays none of its mail (as in "
		    "smtpd.conf.example)");
	else
		fprintf(v->out, "so smtpd uses action \"%s\" (as in "
		    "smtpd.conf.example)", view_route_action(a));
	if (a->verify && a->url[0] == '\0')
		fprintf(v->out, view_route_unknown(a) ? ":\n  no host is "
		    "known yet, the first mail waits until sged has looked" :
		    ":\n  no host is allowed, the mail waits in the queue");
	fputc('\n', v->out);
	view_wrap(v->out, "Why: ", "  ", view_route_why(a));
	print_turns(v, a);
}

static void
print_learned(const struct heard_route *r, void *arg)
{
	const struct view *v = arg;

	view_say(v, "Learned %s, holds until %s, renewed %s",
	    view_instant(v, r->learned), view_instant(v, r->until),
	    view_instant(v, r->renew));
	if (*r->why != '\0')
		view_wrap(v->out, "  ", "  ", view_clean(r->why, 300));
	if (strchr(r->urls, ',') != NULL)
		view_wrap(v->out, "  in order: ", "    ",
		    view_clean(r->urls, 500));
}

struct routes *
view_routes_open(const struct conf *conf)
{
	struct routes *routes;

	if ((routes = routes_open_in(conf->spool)) == NULL)
		fatal("show route");
	return routes;
}

int
view_route(const struct view *v, const char *arg)
{
	static const char *const kinds[] = { "unknown", "none", "enforce" };
	struct view copy = *v;
	char domain[DOMAIN_MAX];
	struct routes *routes;
	struct answer answer;
	int rc = 0;

	if (view_normal(arg, domain, sizeof(domain)) == -1)
		return 1;
	routes = view_routes_open(v->conf);
	answer_find(v->conf, routes, domain, v->now, &answer);
	if (v->form != FORM_TEXT)
		view_row(v, "route", "ttiitttett", "domain", domain, "class",
		    conf_class_name(v->conf, conf_class(v->conf, domain)),
		    "verify", (int64_t)answer.verify, "encrypt",
		    (int64_t)answer.encrypt, "url", answer.url, "rule",
		    rule_name(answer.rule), "learned",
		    kinds[answer.route.kind], "until", answer.route.until,
		    "why", view_route_why(&answer), "version",
		    answer.newest ? "1.3" : answer.verify || answer.encrypt ?
		    "1.2" : NULL);
	else {
		view_say(v, "Route to %s, class %s, %s", domain,
		    conf_class_name(v->conf, conf_class(v->conf, domain)),
		    rule_name(answer.rule));
		print_tables(v, &answer);
		if (heard_route(v->store, domain, print_learned, &copy) == -1)
			rc = 1;
		view_unknown(v, "whether smtpd.conf has these actions: sgectl "
		    "check config looks.");
	}
	routes_free(routes);
	return rc;
}
