/* SPDX-License-Identifier: ISC */

/*
 * digest: what we saw of others.
 */

#include <stdio.h>
#include <string.h>

#include "base/bounds.h"
#include "lib/date.h"
#include "rule/table_answer.h"
#include "view/digest.h"
#include "view/view_route.h"
#include "store/query_policy.h"
#include "base/log.h"
#include "store/query_flow.h"
#include "store/query_sent.h"

/* Policies that can't be fetched are named up to so many. */
#define STALE_MAX 5
/* And domains whose mail waits for nothing. */
#define STUCK_MAX 20

struct clear {
	struct digest	*digest;
	int64_t		 domains;	/* public ones */
	int64_t		 sessions;
	int64_t		 legacy;
};

static const char *
class_of(const struct view *v, const char *domain)
{
	return conf_class_name(v->conf, conf_class(v->conf, domain));
}

static int
is_public(const struct view *v, const char *domain)
{
	return conf_class(v->conf, domain) == CLASS_PUBLIC;
}

/* "02:10Z to 03:55Z", with days where there are two. */
static const char *
span(const struct view *v, int64_t first, int64_t last)
{
	static char buf[96];

	/* A person looks into maillog, which has local time. */
	if (day_of(first) == day_of(last))
		(void)snprintf(buf, sizeof(buf), "%.5s-%s%s",
		    view_clock(first), view_clock(last), view_local(v, first));
	else
		(void)snprintf(buf, sizeof(buf), "%s to %s",
		    view_day(day_of(first)), view_day(day_of(last)));
	return buf;
}

/* In words that go behind the domain. */
static const char *
deed(const char *why)
{
	static const struct {
		const char	*why;
		const char	*text;
	} deeds[] = {
		{ "forced", "failed TLS" },
		{ "no-tls", "used no TLS" },
		{ "old-tls", "used a TLS older than required" },
		{ "no-connector", "has no connector here" },
		{ "other-address", "wrote from another address than its own" },
		{ "not-learned",
		    "needs a verified route, and none was known" },
		{ "not-announced", "got mail as if from our reports" }
	};
	size_t i;

	for (i = 0; i < nitems(deeds); i++)
		if (strcmp(deeds[i].why, why) == 0)
			return deeds[i].text;
	return "was refused, for what is not on record";
}

/* What our own users sent came from no host of others. */
static int
is_ours(const struct seen_incident *row)
{
	return row->dir == 1 && *row->addr == '\0' && *row->host == '\0';
}

static const char *
outcome(const struct seen_incident *row)
{
	if (strcmp(row->why, "forced") == 0)
		return "not sent";
	if (row->testing == 0)
		return "refused";
	if (row->dir == 1 && !is_ours(row))
		return "sent all the same";
	return row->testing == row->sessions ?
	    "would be refused (mode testing)" :
	    "refused, or would be (mode testing)";
}

static void
refused(const struct seen_incident *row, void *arg)
{
	struct digest *digest = arg;
	const struct view *v = digest->view;
	char command[512], host[128] = "";
	int fix = !is_public(v, row->domain);

	if (!is_ours(row))
		(void)snprintf(host, sizeof(host), " at %s",
		    *row->host == '\0' ? "an unnamed host" :
		    view_clean(row->host, 100));
	digest_command(command, sizeof(command), digest_days(digest,
	    "show flow", "-D"), row->domain);
	digest_add(digest, fix, command, "%s %s %s: %lld %s %s %s, %s%s",
	    class_of(v, row->domain), view_clean(seen_name(row->domain), 0),
	    deed(row->why), (long long)row->sessions, is_ours(row) ?
	    "of our users'" : row->dir == 0 ? "inbound" : "outbound",
	    view_plural(row->sessions, "session", "sessions"), outcome(row),
	    span(v, row->first, row->last), host);
}

static void
in_clear(const struct seen_incident *row, void *arg)
{
	struct clear *clear = arg;
	const struct view *v = clear->digest->view;
	char command[512];

	if (strcmp(row->why, "legacy") == 0) {
		clear->legacy += row->sessions;
		return;
	}
	if (is_public(v, row->domain)) {
		clear->domains++;
		clear->sessions += row->sessions;
		return;
	}
	digest_command(command, sizeof(command), digest_days(clear->digest,
	    "show flow", "-D"), row->domain);
	digest_add(clear->digest, 1, command, "%s %s: %lld %s in clear, %s "
	    "(%s); the framework forbids it between government",
	    class_of(v, row->domain), view_clean(row->domain, 0),
	    (long long)row->sessions, view_plural(row->sessions, "session",
	    "sessions"), row->dir == 0 ? "inbound" : "outbound",
	    seen_why(row->why));
}

static void
report_state(const char *state, int64_t n, int64_t next __unused, void *arg)
{
	struct digest *digest = arg;

	if (strcmp(state, "given-up") == 0)
		digest_add(digest, DIGEST_WATCH, digest_days(digest,
		    "show sent", ""), "%lld of our reports %s "
		    "given up: no address of theirs took %s", (long long)n,
		    view_plural(n, "was", "were"), view_plural(n, "it",
		    "them"));
}

static void
stale(const char *domain, const struct heard_sts *row, void *arg)
{
	struct digest *digest = arg;
	char command[512];

	digest_command(command, sizeof(command), "show policy", domain);
	digest_add(digest, 0, command, "the MTA-STS policy of %s can't be "
	    "fetched anew (%s): the one we hold ends %s, from then on its "
	    "mail goes as to a domain without", view_clean(domain, 0),
	    view_clean(row->error_type, 40), view_instant(digest->view,
	    row->expires));
}

struct stuck {
	struct digest	*digest;
	struct routes	*routes;
};

/* Its action was chosen under the policy, and smtpd never asks again. */
static void
stuck(const char *domain, int64_t ended, void *arg)
{
	const struct stuck *s = arg;
	const struct view *v = s->digest->view;
	struct answer answer;
	char command[DOMAIN_MAX + 16];

	/* Something else asks for a verified host. */
	answer_find(v->conf, s->routes, domain, v->now, &answer);
	if (answer.verify)
		return;
	digest_command(command, sizeof(command), "release", domain);
	digest_add(s->digest, DIGEST_FIX, command, "mail for %s came under an "
	    "MTA-STS policy that ended at %s, and waits in smtpd's queue for "
	    "a verified host all the same", view_clean(domain, 0),
	    view_instant(v, ended));
}

/* smtpd only says "Host not found", in its queue. */
static void
nowhere(const char *domain, int64_t since, void *arg)
{
	struct digest *digest = arg;
	char command[DOMAIN_MAX + 16];

	digest_command(command, sizeof(command), "show policy", domain);
	digest_add(digest, DIGEST_FIX, command, "mail for %s waits since %s "
	    "for a verified host: none of its MX hosts has an address in the "
	    "DNS", view_clean(domain, 0), view_instant(digest->view, since));
}

/* What to do about it, or NULL where it does not wait any more. */
static const char *
hostless_why(const struct digest *digest, const struct answer *a,
    const char *domain, char buf[], size_t size)
{
	const struct conf *conf = digest->view->conf;

	if (!a->verify || a->url[0] != '\0')
		return NULL;
	if (answer_is_nowhere(a))
		(void)snprintf(buf, size, "it may leave by a connector alone, "
		    "and sge.conf has none for it: write connector \"%s\" to "
		    "\"smtp+tls://HOST\" from { ... }, or take it out of "
		    "class %s; smtpd.conf can have it bounce (table-sge(8))",
		    domain, conf_class_name(conf, conf_class(conf, domain)));
	else if (a->why == WHY_POLICY)
		(void)snprintf(buf, size, "its MTA-STS policy allows none of "
		    "its MX hosts: its postmaster has to mend that");
	else
		(void)snprintf(buf, size, "a flow of sge.conf requires a "
		    "verified host, and none is known");
	return buf;
}

/* For these too: table-sge is asked, and names no host. */
static void
hostless(const struct heard_hostless *row, void *arg)
{
	const struct stuck *s = arg;
	const struct view *v = s->digest->view;
	struct answer answer;
	char command[DOMAIN_MAX + 16], tried[96], why[DOMAIN_MAX + 300];

	answer_find(v->conf, s->routes, row->domain, v->now, &answer);
	if (hostless_why(s->digest, &answer, view_clean(row->domain, 0), why,
	    sizeof(why)) == NULL)
		return;
	tried[0] = '\0';
	if (row->tries > 1)
		(void)snprintf(tried, sizeof(tried), ", tried %lld times, last "
		    "at %s", (long long)row->tries, view_instant(v,
		    row->last));
	digest_command(command, sizeof(command), answer.why == WHY_POLICY ?
	    "show policy" : "show route", row->domain);
	digest_add(s->digest, DIGEST_FIX, command, "mail for %s waits since "
	    "%s%s: %s", view_clean(row->domain, 0), view_instant(v,
	    row->since), tried, why);
}

/* RFC 8461 3.3: the administrator is told. */
static void
policies(struct digest *digest)
{
	const struct view *v = digest->view;
	struct stuck s = { digest, view_routes_open(v->conf) };
	int64_t n;

	(void)heard_stuck(v->store, v->now, STUCK_MAX, stuck, &s);
	(void)heard_hostless(v->store, v->now, STUCK_MAX, hostless, &s);
	routes_free(s.routes);
	(void)heard_nowhere(v->store, v->now, STUCK_MAX, nowhere, digest);
	n = heard_stale(v->store, v->now, STALE_MAX, stale, digest);
	if (n > STALE_MAX)
		digest_add(digest, 0, NULL, "nor can the MTA-STS policies of "
		    "%lld more domains", (long long)(n - STALE_MAX));
}

void
digest_seen(struct digest *digest)
{
	const struct view *v = digest->view;
	struct clear clear = { digest, 0, 0, 0 };
	int64_t unknown;

	(void)seen_refused(v->store, v->first, v->last, refused, digest);
	(void)seen_clear(v->store, v->first, v->last, 1, in_clear, &clear);
	if (clear.domains > 0)
		digest_add(digest, DIGEST_GOES_ON, digest_days(digest,
		    "show cleartext", "-c public"),
		    "cleartext with %lld public %s, %lld %s",
		    (long long)clear.domains, view_plural(clear.domains,
		    "domain", "domains"), (long long)clear.sessions,
		    view_plural(clear.sessions, "session", "sessions"));
	if (clear.legacy > 0)
		digest_add(digest, DIGEST_GOES_ON, digest_days(digest,
		    "show cleartext", ""), "%lld %s of legacy "
		    "systems passed without TLS", (long long)clear.legacy,
		    view_plural(clear.legacy, "session", "sessions"));
	unknown = seen_unknown(v->store, v->first, v->last);
	if (unknown > 0)
		digest_add(digest, DIGEST_WATCH, digest_days(digest,
		    "show failures", ""), "%lld outbound %s "
		    "failed before a domain was named, and could not be "
		    "traced to one", (long long)unknown,
		    view_plural(unknown, "session", "sessions"));
	/* Each host learns for itself. */
	if (v->hosts == NULL)
		policies(digest);
	(void)told_states(v->store, v->first, v->last, report_state, digest);
}
