/* SPDX-License-Identifier: ISC */

/*
 * What was learned of a domain becomes its route: a row for us and a line for
 * table-sge and filter-sge.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "learn/lesson.h"
#include "base/log.h"
#include "lib/xalloc.h"

/*
 * Those of the same preference share the load: chance says which comes first
 * (RFC 5321 5.1).
 */
static void
share(struct store_mx *mx, size_t n)
{
	struct store_mx swap;
	size_t i, j, end;

	for (i = 0; i < n; i = end) {
		for (end = i + 1; end < n && mx[end].pref == mx[i].pref &&
		    mx[end].back == mx[i].back; end++)
			continue;
		for (; i + 1 < end; i++) {
			j = i + arc4random_uniform((uint32_t)(end - i));
			swap = mx[i];
			mx[i] = mx[j];
			mx[j] = swap;
		}
	}
}

/* "smtp+tls://host" of each, best first. */
static void
join_urls(const struct store_mx *mx, size_t n, char out[], size_t outsz)
{
	size_t i, len = 0;

	out[0] = '\0';
	for (i = 0; i < n; i++) {
		len = strlen(out);
		if (snprintf(out + len, outsz - len, "%ssmtp+tls://%s",
		    i > 0 ? "," : "", mx[i].host) >= (int)(outsz - len)) {
			out[len] = '\0';
			return;
		}
	}
}

/*
 * Of many hosts those that the policy names are kept, by preference, and as
 * many of the others as there is room for.
 */
static void
keep_matching(struct lesson *lesson)
{
	struct store_mx *mxs;
	size_t i, n = 0;
	int matches;

	if (lesson->nmxs <= MX_HOSTS_MAX)
		return;
	mxs = xcalloc(MX_HOSTS_MAX, sizeof(*mxs));
	for (matches = 1; matches >= 0; matches--)
		for (i = 0; i < lesson->nmxs && n < MX_HOSTS_MAX; i++)
			if (lesson->mxs[i].matches == matches)
				mxs[n++] = lesson->mxs[i];
	free(lesson->mxs);
	lesson->mxs = mxs;
	lesson->nmxs = n;
}

/* MX hosts as they were just seen, or those known before. */
static int
apply_mx(struct lesson *lesson, const struct sts_policy *policy, int64_t now)
{
	struct store *st = lesson->learn->engine->store;
	struct store_mx old[MX_HOSTS_MAX];
	size_t i, n = nitems(old);

	if (lesson->mx == FACTS_OK || lesson->mx == FACTS_ABSENT) {
		for (i = 0; i < lesson->nmxs; i++)
			lesson->mxs[i].matches = policy == NULL ||
			    sts_policy_matches(policy, lesson->mxs[i].host);
		keep_matching(lesson);
		return store_mx_set(st, lesson->domain, lesson->mxs,
		    lesson->nmxs, now);
	}
	if (store_mx_all(st, lesson->domain, old, &n) == -1)
		return -1;
	for (i = 0; i < n; i++)
		if (store_mx_match(st, lesson->domain, old[i].host,
		    policy == NULL || sts_policy_matches(policy,
		    old[i].host)) == -1)
			return -1;
	return 0;
}

/* When the facts are looked at again; -1: the database can't say. */
static int64_t
renew_at(const struct lesson *lesson, int64_t now)
{
	struct store *st = lesson->learn->engine->store;
	int64_t used, waits, at, wait = lesson->ttl;

	used = store_route_last_used(st, lesson->domain, now);
	waits = store_waiting_last(st, lesson->domain);
	if (used == -1 || waits == -1)
		return -1;
	if (!TAILQ_EMPTY(&lesson->askers))
		used = now;
	if (wait < RENEW_MIN)
		wait = RENEW_MIN;
	if (wait > RENEW_MAX)
		wait = RENEW_MAX;
	if (lesson->mx == FACTS_FAILED || lesson->txt == FACTS_FAILED)
		wait = RENEW_MIN;
	if (now - used > USED_OFTEN)
		wait = RENEW_RARE;
	at = now + wait;
	if (now - used > USED_AT_ALL && now - waits > USED_WAITING)
		at = INT64_MAX;
	if (policy_is_held(&lesson->held, now) &&
	    now - used <= USED_POLICY && lesson->held.refresh < at)
		at = lesson->held.refresh > now ? lesson->held.refresh :
		    now + RENEW_MIN;
	return at;
}

static void
describe(const struct lesson *lesson, const struct sts_policy *policy,
    size_t nuse, char why[], size_t whysz)
{
	const char *mode = policy == NULL ? "" : sts_mode_name(policy->mode);

	if (lesson->null_mx)
		(void)snprintf(why, whysz, "null MX (RFC 7505): the domain "
		    "takes no mail");
	else if (policy != NULL && policy->mode == STS_ENFORCE && nuse == 0)
		(void)snprintf(why, whysz, "MTA-STS enforce: no MX host of "
		    "the domain is in the policy");
	else if (policy != NULL)
		(void)snprintf(why, whysz, "MTA-STS %s%s%s", mode,
		    lesson->fetch == FETCH_FAILED ? ", held: the newest "
		    "fetch failed" : lesson->txt == FACTS_OK ? "" :
		    lesson->record != NULL ? ", held: its record is wrong "
		    "now: " : ", held: no record now",
		    lesson->fetch == FETCH_FAILED || lesson->record == NULL ?
		    "" : lesson->record);
	else if (lesson->txt == FACTS_OK && lesson->fetch != FETCH_FAILED &&
	    lesson->held.error[0] == '\0')
		(void)snprintf(why, whysz, "no MTA-STS: the policy fetched "
		    "last ran out");
	else if (lesson->txt == FACTS_OK)
		(void)snprintf(why, whysz, "no MTA-STS: policy not fetched: "
		    "%s", lesson->fetch == FETCH_FAILED ? lesson->error :
		    lesson->held.error);
	else if (lesson->record != NULL)
		(void)snprintf(why, whysz, "no MTA-STS: its record is wrong: "
		    "%s", lesson->record);
	else
		(void)snprintf(why, whysz, "no MTA-STS record%s",
		    lesson->nxdomain ? ", and no such domain" : "");
}

/*
 * A line is written if somebody asks (so it was not found), or if it says
 * something new; the time alone only when half of it is over.
 */
static int
is_news(const struct lesson *lesson, const struct store_route *old,
    const struct store_route *new, int64_t now)
{
	if (!TAILQ_EMPTY(&lesson->askers) || old->until <= now)
		return 1;
	if (strcmp(old->kind, new->kind) != 0 ||
	    strcmp(old->urls, new->urls) != 0 || new->until < old->until)
		return 1;
	return old->until - now < (new->until - now) / 2;
}

static int
write_route(struct lesson *lesson, const struct sts_policy *policy,
    int64_t now)
{
	struct store *st = lesson->learn->engine->store;
	struct store_mx mx[MX_HOSTS_MAX];
	struct store_route old, new = { 0 };
	size_t n = nitems(mx);
	/* Without a host there is nothing to protect: smtpd bounces it. */
	int enforce = policy != NULL && policy->mode == STS_ENFORCE &&
	    !lesson->null_mx;
	char why[REPORT_TEXT_MAX + 128];

	if (store_route_load(st, lesson->domain, &old) == -1 ||
	    store_mx_best(st, lesson->domain, !enforce, now, mx, &n) == -1)
		return -1;
	strlcpy(new.kind, enforce ? "enforce" : "none", sizeof(new.kind));
	/* Where it is not for us to say, no line changes for nothing. */
	if (enforce || is_verified(lesson->learn->engine->conf,
	    lesson->domain))
		share(mx, n);
	join_urls(mx, n, new.urls, sizeof(new.urls));
	new.until = enforce ? lesson->held.expires :
	    now + (lesson->nxdomain ? NONE_LIFE_SHORT : NONE_LIFE);
	new.learned = now;
	if ((new.renew = renew_at(lesson, now)) == -1)
		return -1;
	new.used = TAILQ_EMPTY(&lesson->askers) ? old.used : now;
	describe(lesson, policy, n, why, sizeof(why));
	if (is_news(lesson, &old, &new, now))
		file_add(lesson->learn, lesson->domain, new.kind, new.until,
		    new.urls);
	else
		new.until = old.until;
	lesson->told = enforce ? "enforce" : "none";
	return store_route_set(st, lesson->domain, &new, why);
}

/*
 * Without an answer whether there is a policy, nothing is learned: what was
 * known stays, and who asked has to decide without.  It is looked up again,
 * soon at first, then after as long as it was in vain; a domain that nothing
 * was ever known of has a row for that, whose time is over.
 */
static int
route_unknown(const struct lesson *lesson, const struct store_route *old,
    int64_t now)
{
	struct store *st = lesson->learn->engine->store;
	struct store_route new = *old;
	int64_t used = store_route_last_used(st, lesson->domain, now);
	int64_t wait = store_sts_broken_for(st, lesson->domain, now);
	char why[64];

	if (used == -1 || wait == -1)
		return -1;
	if (!TAILQ_EMPTY(&lesson->askers))
		new.used = used = now;
	if (wait < RENEW_MIN)
		wait = RENEW_MIN;
	if (wait > RENEW_MAX)
		wait = RENEW_MAX;
	if (now - used > USED_OFTEN)
		wait = RENEW_RARE;
	new.renew = now - used > USED_AT_ALL ? INT64_MAX : now + wait;
	if (old->until > now)
		return store_route_renew(st, lesson->domain, new.renew);
	if (old->until == 0) {
		strlcpy(new.kind, "none", sizeof(new.kind));
		new.until = now;
	}
	new.learned = now;
	(void)snprintf(why, sizeof(why), "_mta-sts can't be looked up: %s",
	    lesson->trouble);
	return store_route_set(st, lesson->domain, &new, why);
}

int
route_apply(struct lesson *lesson, int64_t now)
{
	struct store *st = lesson->learn->engine->store;
	const struct sts_policy *policy = NULL;
	struct store_route old;

	if (policy_is_held(&lesson->held, now))
		policy = lesson->held.policy;
	if (store_route_load(st, lesson->domain, &old) == -1)
		return -1;
	if (policy == NULL && lesson->txt == FACTS_FAILED)
		return route_unknown(lesson, &old, now);
	/* A route that outlived a lost database stays. */
	if (policy == NULL && lesson->fetch != FETCH_OK && old.until > now &&
	    strcmp(old.kind, "enforce") == 0)
		return store_route_renew(st, lesson->domain, now + RENEW_MIN);
	/* "none" is as if there was no policy (RFC 8461 5). */
	if (apply_mx(lesson, policy != NULL && policy->mode != STS_NONE ?
	    policy : NULL, now) == -1)
		return -1;
	return write_route(lesson, policy, now);
}

int
is_verified(const struct conf *conf, const char *domain)
{
	return conf_connector(conf, domain) != NULL ||
	    conf_rule_out(conf, domain)->req >= REQ_VERIFIED_TLS;
}

int
route_addresses(struct lesson *lesson, int64_t now)
{
	struct store *st = lesson->learn->engine->store;
	struct store_mx mx[MX_HOSTS_MAX];
	size_t i, n = nitems(mx);

	for (i = 0; i < lesson->naddrs; i++)
		if (*lesson->addrs[i].addr != '\0' &&
		    store_mxaddr_set(st, lesson->addrs[i].addr,
		    lesson->domain, lesson->addrs[i].host, now) == -1)
			return -1;
	/* Late failures are told by addresses that were seen of late. */
	if (store_mxaddr_trim(st, lesson->domain, now - 7 * 86400) == -1)
		return -1;
	if (!(policy_is_held(&lesson->held, now) &&
	    lesson->held.policy->mode == STS_ENFORCE) &&
	    !is_verified(lesson->learn->engine->conf, lesson->domain))
		return 0;
	if (store_mx_best(st, lesson->domain, 0, now, mx, &n) == -1)
		return -1;
	/* An address of a host that mail may be sent to, now or next. */
	for (i = 0; i < n; i++)
		if (store_mxaddr_routed(st, lesson->domain, mx[i].host,
		    now) == -1)
			return -1;
	return 0;
}

int
route_order(struct learn *l, const char *domain, int64_t now)
{
	struct store *st = l->engine->store;
	struct store_mx mx[MX_HOSTS_MAX];
	struct store_route route;
	char urls[ROUTE_LINE_MAX];
	size_t n = nitems(mx);

	if (store_route_load(st, domain, &route) == -1)
		return -1;
	if (route.until <= now)
		return 0;
	if (store_mx_best(st, domain, strcmp(route.kind, "enforce") != 0, now,
	    mx, &n) == -1)
		return -1;
	if (strcmp(route.kind, "enforce") == 0 ||
	    is_verified(l->engine->conf, domain))
		share(mx, n);
	join_urls(mx, n, urls, sizeof(urls));
	if (strcmp(urls, route.urls) == 0)
		return 0;
	log_info("%s: hosts in order now: %s", domain, urls);
	file_add(l, domain, route.kind, route.until, urls);
	return store_route_urls(st, domain, urls);
}
