/* SPDX-License-Identifier: ISC */

/*
 * A look at an MX host's TLS, and what comes of it; addresses of connectors.
 * Whom it is for, and when, says learn_watch.c.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/domain.h"
#include "lib/hash.h"
#include "learn/lesson.h"
#include "spool/route_line.h"
#include "base/log.h"
#include "lib/xalloc.h"

#define LOOKS_MAX	256	/* under way; the rest is seen a second later */
#define CONNECTOR_TICKS	3600	/* addresses of connectors, again */
#define MISSED_TICKS	10	/* where they could not be written */
#define CONNECTORS_MAX	20	/* a second */

/* The first bytes of an address: /24 or /48. */
struct network {
	uint8_t		 bytes[15];
	uint8_t		 len;		/* 0: none, as of a connector's name */
};

struct look {
	RB_ENTRY(look)	 entry;
	struct learn	*learn;
	uint64_t	 number;
	char		 host[DOMAIN_MAX];
	char		 addr[64];
	struct network	 network;	/* of addr */
	json_t		*answer;	/* to be written; or NULL */
	int64_t		 answered;	/* when, epoch seconds */
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
	json_decref(look->answer);
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

/* What it found is written; while another has the database, it waits. */
static void
look_end(struct look *look)
{
	struct learn *l = look->learn;
	struct store *st = l->engine->store;
	const json_t *answer = look->answer;
	struct store_probe p = { 0 };
	int rc;

	p.probed = look->answered;
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
	if (strcmp(p.status, "gone") != 0) {
		if ((rc = store_begin(st)) == -1 && st->locked)
			return;
		if (rc == 0 && store_end(st, look_apply(look, &p, "")) == 0) {
			(void)file_flush(l);
			if (p.type[0] != '\0')
				turns_write(l);
		} else if (rc == 0)
			file_forget(l);
	}
	look_free(look);
	l->looked++;
	/* Somebody may wait for it. */
	if (!TAILQ_EMPTY(&l->looking))
		learn_soon(l);
}

static void
on_look(json_t *answer, void *arg)
{
	struct look *look = arg;

	look->number = 0;
	look->answer = json_incref(answer);
	look->answered = time(NULL);
	look_end(look);
}

void
looks_end(struct learn *l)
{
	struct look *look, *next;

	for (look = RB_MIN(looks, &l->looks); look != NULL; look = next) {
		next = RB_NEXT(looks, &l->looks, look);
		if (look->answer != NULL)
			look_end(look);
	}
}

static int
network_of(const char *addr, struct network *out)
{
	struct addr a;

	if (addr_parse(addr, strlen(addr), &a) == -1)
		return -1;
	out->len = addr_is_ipv4(&a) ? 15 : 6;
	memcpy(out->bytes, a.ip, out->len);
	return 0;
}

/* How many looks of it are begun within this second. */
static int *
network_begun(struct learn *l, const struct network *n)
{
	return hash_get(l->networks, n->bytes, n->len, NULL);
}

/* Whether the network has room for one more, now and of those under way. */
static int
network_room(struct learn *l, const struct network *n)
{
	struct look *look;
	int under = 0;

	if (*network_begun(l, n) >= PROBES_NETWORK_MAX)
		return 0;
	RB_FOREACH(look, looks, &l->looks)
		under += look->network.len == n->len &&
		    memcmp(look->network.bytes, n->bytes, n->len) == 0;
	return under < PROBES_NETWORK_UNDER_MAX;
}

static int
is_wanted(struct learn *l, const char *host, const char *addr, int64_t age)
{
	struct store_probe p;

	return l->nlooks < LOOKS_MAX && (age == 0 ||
	    (store_probe_load(l->engine->store, host, addr, &p) == 0 &&
	    time(NULL) - p.probed >= age));
}

/* network: NULL where it is not counted. */
static void
look_begin(struct learn *l, const char *host, const char *addr,
    const struct network *network)
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
	if (network != NULL) {
		look->network = *network;
		(*network_begun(l, network))++;
	}
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
	struct network network;

	if (network_of(addr, &network) == 0 && is_wanted(l, host, addr, age) &&
	    network_room(l, &network))
		look_begin(l, host, addr, &network);
}

void
look_at_own(struct learn *l, const char *host, const char *addr, int64_t age)
{
	if (is_wanted(l, host, addr, age))
		look_begin(l, host, addr, NULL);
}

int
look_is_begun(struct learn *l, const char *host, const char *addr)
{
	struct look look = { 0 };

	strlcpy(look.host, host, sizeof(look.host));
	strlcpy(look.addr, addr, sizeof(look.addr));
	return RB_FIND(looks, &l->looks, &look) != NULL;
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
	int rc = 0;

	look->number = 0;
	json_array_foreach(list, k, item)
		if (json_string_value(item) != NULL &&
		    (rc = store_mxaddr_set(st, json_string_value(item), domain,
		    look->host, now)) == -1)
			break;
	if (k > 0 && rc == 0)
		rc = store_mxaddr_routed(st, domain, look->host, now);
	l->connectors_missed |= rc == -1;
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

	if (route_host(c->url, host, sizeof(host)) == -1)
		return;
	if (addr_parse(host, strlen(host), &addr) == 0) {
		addr_print(&addr, text, sizeof(text));
		if (store_mxaddr_set(l->engine->store, text, c->domain, host,
		    time(NULL)) == -1 || store_mxaddr_routed(l->engine->store,
		    c->domain, host, time(NULL)) == -1)
			l->connectors_missed = 1;
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

void
look_connectors(struct learn *l)
{
	size_t n;

	if (l->ticks % CONNECTOR_TICKS == 0 || (l->connectors_missed &&
	    l->ticks % MISSED_TICKS == 0)) {
		l->connector = 0;
		l->connectors_missed = 0;
	}
	for (n = 0; n < CONNECTORS_MAX && l->nlooks < LOOKS_MAX &&
	    l->connector < l->engine->conf->nconnectors; n++)
		look_up_connector(l, l->connector++);
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
