/* SPDX-License-Identifier: ISC */

/*
 * Looks at MX hosts: why sessions failed, whether a testing policy's hosts
 * would do, whether a host that was moved back works again.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/domain.h"
#include "lib/hash.h"
#include "learn/lesson.h"
#include "base/log.h"
#include "lib/xalloc.h"

#define LOOKS_MAX	256	/* under way; the rest is seen a second later */
#define ADDRS_ALIVE	2	/* of a host, to see whether it works */
#define WAITING_TICKS	5	/* seconds between looks at what waits */
#define FAILING_TICKS	2	/* and at what failed */
#define WAITING_MAX	1000
#define CONNECTOR_TICKS	3600	/* addresses of connectors, again */
#define CONNECTORS_MAX	20	/* a second */

struct look {
	RB_ENTRY(look)	 entry;
	struct learn	*learn;
	uint64_t	 number;
	char		 host[DOMAIN_MAX];
	char		 addr[64];
};

static int
look_cmp(struct look *a, struct look *b)
{
	int cmp = strcmp(a->host, b->host);

	return cmp != 0 ? cmp : strcmp(a->addr, b->addr);
}

RB_PROTOTYPE(looks, look, entry, look_cmp)
RB_GENERATE(looks, look, entry, look_cmp)

static void
look_free(struct look *look)
{
	struct learn *l = look->learn;

	if (look->number != 0)
		world_forget(l->engine->world, look->number);
	RB_REMOVE(looks, &l->looks, look);
	l->nlooks--;
	free(look);
}

/* In RFC 8460's words; "" if TLS is as it should be, or could not be seen. */
static const char *
type_of(const json_t *answer)
{
	const char *cert = ipc_string(answer, "cert", "");
	const char *starttls = ipc_string(answer, "starttls", "");

	if (strcmp(ipc_string(answer, "status", ""), "ok") != 0)
		return "";
	if (strcmp(starttls, "offered") != 0)
		return "starttls-not-supported";
	if (strcmp(cert, "ok") == 0)
		return "";
	if (strcmp(cert, "expired") == 0)
		return "certificate-expired";
	if (strcmp(cert, "host-mismatch") == 0)
		return "certificate-host-mismatch";
	if (strcmp(cert, "not-trusted") == 0)
		return "certificate-not-trusted";
	return "validation-failure";
}

/* Whether another address of the host is being looked at. */
static int
looks_elsewhere(const struct look *look)
{
	struct look *other;

	RB_FOREACH(other, looks, &look->learn->looks)
		if (other != look && strcmp(other->host, look->host) == 0)
			return 1;
	return 0;
}

static int
look_apply(struct look *look, const struct store_probe *p, const char *offers)
{
	struct learn *l = look->learn;
	struct store *st = l->engine->store;
	int good = strcmp(p->status, "ok") == 0 && *p->type == '\0';
	int other;

	if (store_probe_set(st, look->host, look->addr, p, offers) == -1 ||
	    look_settle(l, look->addr, look->host, p) == -1)
		return -1;
	if (good)
		return host_forward(l, look->host);
	/*
	 * smtpd tries all addresses of a host: one that works is enough, and
	 * the last answer decides.
	 */
	if (looks_elsewhere(look))
		return 0;
	if ((other = store_probe_other(st, look->host, look->addr,
	    p->probed - LOOK_DAILY)) != 0)
		return other == -1 ? -1 : 0;
	log_debug("%s [%s]: %s %s", look->host, look->addr, p->status,
	    log_clean(p->text));
	return host_back(l, look->host, p->probed);
}

static void
on_look(json_t *answer, void *arg)
{
	struct look *look = arg;
	struct learn *l = look->learn;
	struct store *st = l->engine->store;
	struct store_probe p = { 0 };

	look->number = 0;
	p.probed = time(NULL);
	strlcpy(p.status, ipc_string(answer, "status", "gone"),
	    sizeof(p.status));
	strlcpy(p.starttls, ipc_string(answer, "starttls", ""),
	    sizeof(p.starttls));
	strlcpy(p.tls, ipc_string(answer, "tls", ""), sizeof(p.tls));
	strlcpy(p.type, type_of(answer), sizeof(p.type));
	strlcpy(p.text, ipc_string(answer, "text", ""), sizeof(p.text));
	strlcpy(p.helo, ipc_string(answer, "helo", ""), sizeof(p.helo));
	p.notafter = ipc_int(answer, "notafter", 0);
	p.handshake = ipc_bool(answer, "handshake", 0);
	if (strcmp(p.status, "gone") != 0 && store_begin(st) == 0) {
		if (store_end(st, look_apply(look, &p, "")) == 0) {
			(void)file_flush(l);
			if (p.type[0] != '\0')
				turns_write(l);
		} else
			file_forget(l);
	}
	look_free(look);
	l->looked++;
	/* Somebody may wait for it. */
	if (!TAILQ_EMPTY(&l->looking))
		learn_soon(l);
}

/* Whether the network of addr has room for one more; then it is taken. */
static int
network_room(struct learn *l, const char *addr)
{
	struct addr a;
	int *n;

	if (addr_parse(addr, strlen(addr), &a) == -1)
		return 0;
	n = hash_get(l->networks, a.ip, addr_is_ipv4(&a) ? 15 : 6, NULL);
	if (*n >= PROBES_NETWORK_MAX)
		return 0;
	(*n)++;
	return 1;
}

static int
is_wanted(struct learn *l, const char *host, const char *addr, int64_t age)
{
	struct store_probe p;

	return l->nlooks < LOOKS_MAX && (age == 0 ||
	    (store_probe_load(l->engine->store, host, addr, &p) == 0 &&
	    time(NULL) - p.probed >= age));
}

static void
look_begin(struct learn *l, const char *host, const char *addr)
{
	struct look *look;
	json_t *request;

	look = xcalloc(1, sizeof(*look));
	look->learn = l;
	strlcpy(look->host, host, sizeof(look->host));
	strlcpy(look->addr, addr, sizeof(look->addr));
	if (RB_INSERT(looks, &l->looks, look) != NULL) {
		free(look);
		return;
	}
	l->nlooks++;
	if ((request = json_pack("{s:s, s:s, s:s, s:i, s:b, s:i}", "op",
	    "probe", "host", host, "addr", addr, "port", 25, "versions", 0,
	    "seconds", PROBE_SECONDS)) == NULL)
		fatalx("json_pack");
	look->number = world_ask(l->engine->world, WORLD_NET, request, -1,
	    on_look, look);
}

void
look_at(struct learn *l, const char *host, const char *addr, int64_t age)
{
	if (is_wanted(l, host, addr, age) && network_room(l, addr))
		look_begin(l, host, addr);
}

void
look_at_own(struct learn *l, const char *host, const char *addr, int64_t age)
{
	if (is_wanted(l, host, addr, age))
		look_begin(l, host, addr);
}

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

/* The host of an URL, the first of many: "smtp+tls://host:port". */
static int
url_host(const char *url, char out[], size_t outsz)
{
	const char *p = strstr(url, "://");
	size_t len;

	if (p == NULL)
		return -1;
	p += 3;
	len = *p == '[' ? strcspn(p, "]") + 1 : strcspn(p, ":/,");
	if (len >= outsz)
		return -1;
	memcpy(out, p, len);
	out[len] = '\0';
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
	    url_host(route->urls, host, sizeof(host)) == 0)
		look_host(l, domain, host, age, ADDRS_ALIVE);
}

static int
is_begun(struct learn *l, const char *host, const char *addr)
{
	struct look look = { 0 };

	strlcpy(look.host, host, sizeof(look.host));
	strlcpy(look.addr, addr, sizeof(look.addr));
	return RB_FIND(looks, &l->looks, &look) != NULL;
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
	    url_host(route.urls, host, sizeof(host)) == -1)
		return LOOK_NONE;
	look_first(l, domain, &route, LOOK_DAILY);
	if (store_mxaddr_of(st, domain, host, addrs, &n) == -1)
		return LOOK_NONE;
	for (i = 0; i < n; i++) {
		if (is_begun(l, host, addrs[i]))
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

static void
on_connector(json_t *answer, void *arg)
{
	struct look *look = arg;
	struct learn *l = look->learn;
	struct store *st = l->engine->store;
	const json_t *list = json_object_get(answer, "addr"), *item;
	const struct conf *conf = l->engine->conf;
	int64_t now = time(NULL);
	size_t i = (size_t)strtonum(look->addr, 0, INT32_MAX, NULL), k;
	const char *domain = conf->connectors[i].domain;

	look->number = 0;
	json_array_foreach(list, k, item)
		if (json_string_value(item) != NULL &&
		    store_mxaddr_set(st, json_string_value(item), domain,
		    look->host, now) == -1)
			break;
	if (k > 0)
		(void)store_mxaddr_routed(st, domain, look->host, now);
	look_free(look);
}

/*
 * A connector's sessions that fail name no domain either; its addresses tell.
 */
static void
look_up_connector(struct learn *l, size_t i)
{
	const struct conf_connector *c = &l->engine->conf->connectors[i];
	struct addr addr;
	struct look *look;
	char host[DOMAIN_MAX], text[64];

	if (url_host(c->url, host, sizeof(host)) == -1)
		return;
	if (addr_parse(host, strlen(host), &addr) == 0) {
		addr_print(&addr, text, sizeof(text));
		(void)store_mxaddr_set(l->engine->store, text, c->domain, host,
		    time(NULL));
		(void)store_mxaddr_routed(l->engine->store, c->domain, host,
		    time(NULL));
		return;
	}
	look = xcalloc(1, sizeof(*look));
	look->learn = l;
	strlcpy(look->host, host, sizeof(look->host));
	(void)snprintf(look->addr, sizeof(look->addr), "%zu", i);
	if (RB_INSERT(looks, &l->looks, look) != NULL) {
		free(look);
		return;
	}
	l->nlooks++;
	look->number = world_ask(l->engine->world, WORLD_RESOLVE,
	    json_pack("{s:s, s:s}", "op", "addr", "name", host), -1,
	    on_connector, look);
}

static void
connectors(struct learn *l)
{
	size_t n;

	if (l->ticks % CONNECTOR_TICKS == 0)
		l->connector = 0;
	for (n = 0; n < CONNECTORS_MAX && l->nlooks < LOOKS_MAX &&
	    l->connector < l->engine->conf->nconnectors; n++)
		look_up_connector(l, l->connector++);
}

void
look_tick(struct learn *l)
{
	struct store *st = l->engine->store;
	int64_t now = time(NULL);
	int rc;

	hash_clear(l->networks);
	connectors(l);
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

void
look_start(struct learn *l)
{
	RB_INIT(&l->looks);
	l->networks = hash_new(sizeof(int));
	l->failing = time(NULL);
	turns_start(l);
}

void
look_stop(struct learn *l)
{
	struct look *look;

	while ((look = RB_MIN(looks, &l->looks)) != NULL)
		look_free(look);
	hash_free(l->networks);
	turns_stop(l);
}
