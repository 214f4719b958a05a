/* SPDX-License-Identifier: ISC */

/*
 * Which MX hosts are looked at, and when: why sessions failed, whether a
 * testing policy's hosts would do, whether a host that was moved back works
 * again, whether one that mail waits for answers.
 */

#include <string.h>
#include <time.h>

#include "lib/hash.h"
#include "learn/lesson.h"
#include "spool/route_line.h"

#define ADDRS_ALIVE	2	/* of a host, to see whether it works */
#define WAITING_TICKS	5	/* seconds between looks at what waits */
#define FAILING_TICKS	2	/* and at what failed */
#define WAITING_MAX	1000

/* The first n addresses of a host, as far as known; at most MX_ADDRS_MAX. */
static void
look_host(struct learn *l, const char *domain, const char *host, int64_t age,
    size_t n)
{
	char addrs[MX_ADDRS_MAX][64];
	size_t i;

	if (store_mxaddr_of(l->engine->store, domain, host, addrs, &n) == -1)
		return;
	for (i = 0; i < n; i++)
		look_at(l, host, addrs[i], age);
}

void
look_domain(struct lesson *lesson)
{
	size_t i, n = 0;

	if ((!policy_is_held(&lesson->held, time(NULL)) ||
	    lesson->held.policy->mode == STS_NONE) &&
	    !is_verified(lesson->learn->engine->conf, lesson->domain))
		return;
	for (i = 0; i < lesson->nmxs && n < PROBE_HOSTS_MAX; i++) {
		/* What the policy does not name is not looked at. */
		if (!lesson->mxs[i].matches)
			continue;
		/* Some: a session is judged by what its address showed. */
		look_host(lesson->learn, lesson->domain, lesson->mxs[i].host,
		    LOOK_DAILY, PROBE_ADDRS_MAX);
		n++;
	}
}

/* A session waits: a failure for its reason, a success for its judgement. */
static int
pending(const char *addr, const char *host, void *arg)
{
	struct learn *l = arg;
	struct store *st = l->engine->store;
	struct store_probe p;

	if (store_probe_load(st, *host == '\0' ? NULL : host, addr, &p) == -1)
		return -1;
	if (time(NULL) - p.probed < LOOK_FAILURE)
		return look_settle(l, addr, host, &p);
	/* Without the host's name only its TLS as such can be seen. */
	look_at(l, *host == '\0' ? addr : host, addr, 0);
	return 0;
}

/* The host that mail of a verified route goes to: does it work? */
static void
look_first(struct learn *l, const char *domain,
    const struct store_route *route, int64_t age)
{
	char host[DOMAIN_MAX];

	if ((strcmp(route->kind, "enforce") == 0 ||
	    is_verified(l->engine->conf, domain)) &&
	    route_host(route->urls, host, sizeof(host)) == 0)
		look_host(l, domain, host, age, ADDRS_ALIVE);
}

enum look_state
look_awaited(struct learn *l, const char *domain)
{
	struct store *st = l->engine->store;
	enum look_state state = LOOK_NONE;
	char host[DOMAIN_MAX], addrs[ADDRS_ALIVE][64];
	size_t i, n = nitems(addrs);
	struct store_route route;
	struct store_probe p;

	if (store_route_load(st, domain, &route) == -1 ||
	    route_host(route.urls, host, sizeof(host)) == -1)
		return LOOK_NONE;
	look_first(l, domain, &route, LOOK_DAILY);
	if (store_mxaddr_of(st, domain, host, addrs, &n) == -1)
		return LOOK_NONE;
	for (i = 0; i < n; i++) {
		if (look_is_begun(l, host, addrs[i]))
			return LOOK_BEGUN;
		if (store_probe_load(st, host, addrs[i], &p) == 0 &&
		    time(NULL) - p.probed >= LOOK_DAILY)
			state = LOOK_WANTED;
	}
	return state;
}

void
look_mail(struct learn *l, const char *domain)
{
	struct store_route route;

	if (store_route_load(l->engine->store, domain, &route) == 0 &&
	    route.until > time(NULL))
		look_first(l, domain, &route, LOOK_MAIL);
}

/* Mail waits and nothing is heard of it: does the host answer at all? */
static int
waiting(const char *domain, void *arg)
{
	struct learn *l = arg;
	struct store_route route;
	int64_t now = time(NULL), used;

	if (store_route_load(l->engine->store, domain, &route) == -1 ||
	    (used = store_route_last_used(l->engine->store, domain, now)) ==
	    -1)
		return -1;
	if (strcmp(route.kind, "enforce") != 0 &&
	    !is_verified(l->engine->conf, domain))
		return 0;
	/* What was learned while nobody wrote there may be old. */
	if (route.learned < now - RENEW_MAX && route.renew > now + RENEW_MAX &&
	    used > route.learned && store_route_renew(l->engine->store,
	    domain, now) == -1)
		return -1;
	look_first(l, domain, &route, LOOK_WAITING);
	return 0;
}

static int
retry(const char *host, const char *domain, int64_t failed __unused, void *arg)
{
	struct learn *l = arg;
	struct store *st = l->engine->store;
	int64_t now = time(NULL), used;

	if ((used = store_route_last_used(st, domain, now)) == -1)
		return -1;
	/* Unused, it may as well be tried by the next mail. */
	if (now - used > USED_AT_ALL)
		return store_mx_works(st, host);
	look_host(l, domain, host, LOOK_WAITING, ADDRS_ALIVE);
	return 0;
}

/* Sessions failed: the host goes back at once, the reason is asked for. */
static int
failing(const char *host, const char *addr, int64_t last, void *arg)
{
	struct learn *l = arg;
	int64_t now = time(NULL);
	int other;

	if (last > l->failing)
		l->failing = last;
	look_at(l, host, addr, LOOK_FAILURE);
	/* Another address of it is known to work. */
	if ((other = store_probe_other(l->engine->store, host, addr,
	    now - LOOK_FAILURE)) != 0)
		return other == -1 ? -1 : 0;
	return host_back(l, host, now);
}

void
look_tick(struct learn *l)
{
	struct store *st = l->engine->store;
	int64_t now = time(NULL);
	int rc;

	hash_clear(l->networks);
	looks_end(l);
	look_connectors(l);
	if (store_begin(st) == -1)
		return;
	rc = store_pending(st, PROBES_MAX, pending, l);
	if (rc == 0)
		rc = store_mx_retry(st, now, PROBES_MAX, retry, l);
	if (rc == 0 && l->ticks % FAILING_TICKS == 0)
		rc = store_failing(st, l->failing, failing, l);
	if (rc == 0 && l->ticks % WAITING_TICKS == 0)
		rc = store_waiting_routed(st, now - WAITING_TICKS,
		    now - USED_AT_ALL, WAITING_MAX, waiting, l);
	if (store_end(st, rc) == 0)
		(void)file_flush(l);
	else
		file_forget(l);
	if (l->ticks % FAILING_TICKS == 0)
		turns_write(l);
}
