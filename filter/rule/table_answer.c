/* SPDX-License-Identifier: ISC */

#include <string.h>

#include "rule/table_answer.h"
#include "spool/route_line.h"

/* The first of a route's hosts: sged puts the one to use there. */
static void
first_url(const char *urls, char out[], size_t outsz)
{
	size_t n = strcspn(urls, ",");

	if (n >= outsz)
		n = 0;
	memcpy(out, urls, n);
	out[n] = '\0';
}

/*
 * A connector and the policy of the destination hold in "mode testing" too:
 * one is how mail gets there, the other is not our own rule.  Only what our
 * flows require is not forced, since the mail would be refused in the end.
 */
void
answer_find(const struct conf *conf, struct routes *routes, const char *domain,
    int64_t now, struct answer *a)
{
	const struct conf_connector *c;

	memset(a, 0, sizeof(*a));
	a->rule = conf_rule_out(conf, domain);
	routes_find(routes, domain, now, &a->route);
	first_url(a->route.urls, a->url, sizeof(a->url));
	a->excepted = domset_find(conf->sts_except, domain) != -1;
	if (conf_is_local(conf, domain)) {
		a->why = WHY_LOCAL;
		a->url[0] = '\0';
	} else if ((c = conf_connector(conf, domain)) != NULL) {
		a->why = WHY_CONNECTOR;
		a->verify = 1;
		(void)strlcpy(a->url, c->url, sizeof(a->url));
	} else if (a->route.kind == ROUTE_ENFORCE && !a->excepted) {
		a->why = WHY_POLICY;
		a->verify = 1;
	} else if (a->rule->req == REQ_PREFER_TLS)
		a->why = WHY_NOTHING;
	else if (conf->mode == MODE_TESTING)
		a->why = WHY_TESTING;
	else {
		/*
		 * A member without a connector is refused at RCPT; should its
		 * mail get here all the same, it must not leave.
		 */
		a->why = WHY_RULE;
		a->verify = a->rule->req != REQ_TLS;
		a->encrypt = a->rule->req == REQ_TLS;
		if (a->rule->req == REQ_CONNECTOR)
			a->url[0] = '\0';
	}
	a->newest = (a->verify || a->encrypt) && conf->mode != MODE_TESTING &&
	    conf_version_out(conf, domain) == TLSVER_1_3;
}

int
answer_is_nowhere(const struct answer *a)
{
	return a->why == WHY_RULE && a->rule->req == REQ_CONNECTOR;
}

int
answer_host(const struct answer *a, char out[], size_t outsz)
{
	return route_host(a->url, out, outsz);
}
