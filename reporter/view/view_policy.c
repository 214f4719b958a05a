/* SPDX-License-Identifier: ISC */

/*
 * show policy: what is known of a domain's MTA-STS policy and its MX hosts.
 */

#include <stdio.h>
#include <string.h>

#include "base/bounds.h"
#include "base/domain.h"
#include "base/log.h"
#include "lib/date.h"
#include "store/query_policy.h"
#include "view/view.h"

struct any {
	const struct view *view;
	const char	*domain;
	size_t		 n;
	size_t		 noaddr;	/* of n hosts */
};

/* Each line of the policy, as it was received. */
static void
print_body(FILE *out, const char *body)
{
	size_t len;

	for (; *body != '\0'; body += len) {
		char line[256];

		len = strcspn(body, "\n");
		(void)snprintf(line, sizeof(line), "%.*s", (int)(len <
		    sizeof(line) ? len : sizeof(line) - 1), body);
		line[strcspn(line, "\r")] = '\0';
		if (line[0] != '\0')
			fprintf(out, "    %s\n", view_clean(line, 75));
		if (body[len] == '\n')
			len++;
	}
}

static void
policy(const struct heard_sts *s, void *arg)
{
	struct any *any = arg;
	const struct view *v = any->view;

	any->n++;
	if (v->form != FORM_TEXT) {
		view_row(v, "policy", "tttieeeett", "domain", any->domain,
		    "mode", s->expires == 0 ? NULL : s->mode, "id", s->id,
		    "max_age", s->max_age, "fetched", s->fetched, "expires",
		    s->expires, "checked", s->checked, "refresh", s->refresh,
		    "error", s->error, "error_type", s->error_type);
		return;
	}
	if (s->expires == 0) {
		fprintf(v->out, "MTA-STS: no policy is held\n");
		if (s->fetched != 0)
			view_say(v, "  the one fetched %s was good for %lld %s "
			    "(max_age): it is over", view_instant(v,
			    s->fetched), (long long)s->max_age,
			    view_plural(s->max_age, "second", "seconds"));
	} else {
		fprintf(v->out, "MTA-STS: %s%s, id %s\n",
		    view_clean(s->mode, 20),
		    s->expires <= v->now ? " (EXPIRED: not applied)" : "",
		    view_clean(s->id, 40));
		view_say(v, "  fetched %s, holds until %s",
		    view_instant(v, s->fetched), view_instant(v, s->expires));
		print_body(v->out, s->body);
	}
	view_say(v, "  record last looked at %s, next %s",
	    view_instant(v, s->checked), s->refresh <= v->now ?
	    "when there is mail for it" : view_instant(v, s->refresh));
	if (*s->error != '\0')
		view_say(v, "  last fetch failed: %s%s%s",
		    view_clean(s->error_type, 40),
		    *s->error_type == '\0' ? "" : ": ",
		    view_clean(s->error, 200));
}

static void
broken(const struct heard_broken *b, void *arg)
{
	struct any *any = arg;
	const struct view *v = any->view;

	if (v->form != FORM_TEXT)
		view_row(v, "broken", "ttee", "domain", b->domain, "status",
		    b->status, "since", b->since, "last", b->last);
	else {
		view_say(v, "  RECORD CAN'T BE LOOKED UP: _mta-sts.%s: %s",
		    b->domain, view_clean(b->status, 20));
		view_say(v, "    since %s, last tried %s",
		    view_instant(v, b->since), view_instant(v, b->last));
	}
}

static void
history(const struct heard_history *h, void *arg)
{
	struct any *any = arg;
	const struct view *v = any->view;

	if (v->form != FORM_TEXT) {
		view_row(v, "history", "ttee", "domain", any->domain, "mode",
		    h->mode, "since", h->since, "until", h->until);
		return;
	}
	if (any->n++ == 0)
		fprintf(v->out, "In force:\n");
	if (v->top == 0 || any->n <= (size_t)v->top)
		view_say(v, "  %-8s %s to %s", *h->mode == '\0' ?
		    "none" : view_clean(h->mode, 20),
		    view_instant(v, h->since),
		    h->until == 0 ? "now" : view_instant(v, h->until));
}

static void
host(const struct heard_mx *m, void *arg)
{
	struct any *any = arg;
	const struct view *v = any->view;

	if (v->form != FORM_TEXT) {
		view_row(v, "mx", "titiieet", "domain", any->domain, "pref",
		    m->pref, "host", m->host, "matches", m->matches, "failed",
		    m->failed, "retry", m->retry, "seen", m->seen, "noaddr",
		    *m->noaddr == '\0' ? NULL : m->noaddr);
		return;
	}
	if (any->n++ == 0)
		fprintf(v->out, "MX hosts:\n");
	view_say(v, "  %5lld %s%s", (long long)m->pref,
	    view_clean(m->host, 0), m->matches ? "" :
	    "  (not in the policy)");
	if (*m->noaddr != '\0') {
		view_say(v, "        no address in the DNS (%s): used after "
		    "the others", view_clean(m->noaddr, 16));
		any->noaddr++;
	}
	if (m->failed > 0)
		view_say(v, "        failed %lld %s, moved back until %s",
		    (long long)m->failed, view_plural(m->failed, "time",
		    "times"), view_instant(v, m->retry));
}

static void
probe(const struct heard_probe *p, void *arg)
{
	struct any *any = arg;
	const struct view *v = any->view;

	if (v->form != FORM_TEXT) {
		view_row(v, "probe", "tttetttttet", "domain", any->domain,
		    "host", p->host, "addr", p->addr, "probed", p->probed,
		    "status", p->status, "starttls", p->starttls, "tls",
		    p->tls, "type", p->type, "text", p->text, "notafter",
		    p->notafter, "offers", p->offers);
		return;
	}
	if (any->n++ == 0)
		fprintf(v->out, "Probed by sged:\n");
	view_say(v, "  %s [%s] %s", view_clean(p->host, 0),
	    view_clean(p->addr, 46), view_instant(v, p->probed));
	view_say(v, "    STARTTLS %s, %s, %s", *p->starttls == '\0' ? "-" :
	    view_clean(p->starttls, 20),
	    *p->tls == '\0' ? "no TLS" : view_clean(p->tls, 20),
	    strcmp(p->status, "ok") != 0 ? "could not be tried" :
	    *p->type == '\0' ? "good" : view_clean(p->type, 40));
	if (*p->text != '\0')
		view_wrap(v->out, "    ", "    ", view_clean(p->text, 300));
	if (p->notafter != 0)
		fprintf(v->out, "    certificate ends %s\n",
		    view_instant(v, p->notafter));
}

/* A domain without a record leaves nothing but a route. */
static void
no_record(const struct heard_route *r, void *arg)
{
	struct any *any = arg;
	const struct view *v = any->view;

	if (any->n++ > 0)
		return;
	fprintf(v->out, "MTA-STS: no policy is held\n");
	view_say(v, "  last looked at %s, next %s: %s",
	    view_instant(v, r->learned),
	    r->renew == INT64_MAX ? "when there is mail for it" :
	    view_instant(v, r->renew), view_clean(r->why, 100));
}

/* Nothing is held: why. */
static int
not_held(struct any *any)
{
	const struct view *v = any->view;

	if (v->form != FORM_TEXT)
		return 0;
	if (conf_is_local(v->conf, any->domain))
		fprintf(v->out, "MTA-STS: not looked at: it is one of our own "
		    "domains\n");
	else if (conf_connector(v->conf, any->domain) != NULL)
		fprintf(v->out, "MTA-STS: not looked at: it has a connector\n");
	else if (heard_route(v->store, any->domain, no_record, any) == -1)
		return -1;
	else if (any->n == 0)
		fprintf(v->out, "MTA-STS: never looked at; sged does so at "
		    "the first mail to it\n");
	return 0;
}

int
view_policy(const struct view *v, const char *arg)
{
	char domain[DOMAIN_MAX];
	struct any any = { v, domain, 0, 0 };

	if (view_normal(arg, domain, sizeof(domain)) == -1)
		return 1;
	if (v->form == FORM_TEXT)
		view_say(v, "Policy of %s, class %s", domain,
		    conf_class_name(v->conf, conf_class(v->conf, domain)));
	if (heard_sts(v->store, domain, policy, &any) == -1)
		return 1;
	if (any.n == 0 && not_held(&any) == -1)
		return 1;
	if (heard_broken(v->store, domain, 1, broken, &any) == -1)
		return 1;
	any.n = 0;
	if (heard_history(v->store, domain, v->now, history, &any) == -1)
		return 1;
	any.n = 0;
	if (heard_mx(v->store, domain, host, &any) == -1)
		return 1;
	if (any.noaddr > 0 && any.noaddr == any.n)
		view_say(v, "  NONE HAS AN ADDRESS: mail for it waits");
	any.n = 0;
	if (heard_probes(v->store, domain, probe, &any) == -1)
		return 1;
	if (v->form == FORM_TEXT)
		view_unknown(v, "what changed since sged last looked; sgectl "
		    "check domain %s looks now.", domain);
	return 0;
}
