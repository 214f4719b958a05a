/* SPDX-License-Identifier: ISC */

/*
 * Learning of policies and routes: the engine's part as it is, with this test
 * in the place of the DNS, the policy hosts and the mail hosts.
 */

#include <sys/socket.h>
#include <sys/stat.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "conftext.h"
#include "lib/date.h"
#include "count/judge.h"
#include "lib/cert_text.h"
#include "lib/hash.h"
#include "learn/learn.h"
#include "learn/lesson.h"
#include "base/log.h"
#include "spool/routes.h"
#include "tap.h"

#define DEADLINE_MS 60000

static const char conf_lines[] =
    "organization \"Us\"\n"
    "contact \"tls@us.nz\"\n"
    "report from \"noreply@us.nz\"\n"
    "hostname \"mail.us.nz\"\n"
    "local { \"us.nz\" }\n"
    "class inner { \"us.nz\" \"member.nz\" }\n"
    "flow from inner to inner require connector\n"
    "connector \"member.nz\" to \"smtp+tls://mx.member.nz:2525\""
    " from { 192.0.2.0/24 }\n";

/* What the world says of a domain; changed as the test goes on. */
struct site {
	const char	*domain;
	const char	*txt;		/* the record, or a status */
	const char	*mx[8];		/* by preference; [0] may be a status */
	int		 preference;	/* of all of them, if not 0 */
	const char	*policy;	/* body, or a status; NULL: never */
	int		 http;
	const char	*type;
	const char	*cert;
};

#define POLICY(mode, mx) \
    "version: STSv1\nmode: " mode "\nmx: " mx "\nmax_age: 86400\n"

static struct site sites[] = {
	{ .domain = "none.nz", .txt = "nxdomain",
	    .mx = { "a.none.nz", "bb.none.nz" } },
	{ .domain = "enforce.nz", .txt = "v=STSv1; id=1;",
	    .mx = { "mx1.enforce.nz", "mx2.enforce.nz", "bad.other.nz" },
	    .policy = POLICY("enforce", "*.enforce.nz") },
	{ .domain = "testing.nz", .txt = "v=STSv1; id=1;",
	    .mx = { "mx.testing.nz", "mx.other.nz" },
	    .policy = POLICY("testing", "mx.testing.nz") },
	{ .domain = "off.nz", .txt = "v=STSv1; id=1;", .mx = { "mx.off.nz" },
	    .policy = "version: STSv1\nmode: none\nmax_age: 86400\n" },
	{ .domain = "hijack.nz", .txt = "v=STSv1; id=1;",
	    .mx = { "mx.attacker.nz" },
	    .policy = POLICY("enforce", "mx.hijack.nz") },
	{ .domain = "short.nz", .txt = "v=STSv1; id=1;",
	    .mx = { "mx.short.nz" }, .policy = "version: STSv1\n"
	    "mode: enforce\nmx: mx.short.nz\nmax_age: 0\n" },
	{ .domain = "hang.nz", .txt = "v=STSv1; id=1;",
	    .mx = { "mx.hang.nz" } },
	{ .domain = "servfail.nz", .txt = "servfail",
	    .mx = { "mx.servfail.nz" } },
	{ .domain = "dark.nz", .txt = "servfail", .mx = { "mx.dark.nz" },
	    .policy = POLICY("enforce", "mx.dark.nz") },
	{ .domain = "slowdns.nz", .txt = "timeout", .mx = { "timeout" } },
	{ .domain = "gone.nz", .txt = "nxdomain", .mx = { "nxdomain" } },
	{ .domain = "twoids.nz", .txt = "v=STSv1; id=a-b;",
	    .mx = { "mx.twoids.nz" } },
	{ .domain = "404.nz", .txt = "v=STSv1; id=1;", .mx = { "mx.404.nz" },
	    .policy = "x", .http = 404 },
	{ .domain = "moved.nz", .txt = "v=STSv1; id=1;",
	    .mx = { "mx.moved.nz" }, .policy = POLICY("enforce",
	    "mx.moved.nz"), .http = 302 },
	{ .domain = "html.nz", .txt = "v=STSv1; id=1;",
	    .mx = { "mx.html.nz" }, .policy = POLICY("enforce", "mx.html.nz"),
	    .type = "text/html" },
	{ .domain = "invalid.nz", .txt = "v=STSv1; id=1;",
	    .mx = { "mx.invalid.nz" }, .policy = "version: STSv1\n" },
	{ .domain = "expired.nz", .txt = "v=STSv1; id=1;",
	    .mx = { "mx.expired.nz" }, .policy = "tls", .cert = "expired" },
	{ .domain = "flip.nz", .txt = "v=STSv1; id=1;",
	    .mx = { "mx.flip.nz" } },
	{ .domain = "noaddr.nz", .txt = "v=STSv1; id=1;",
	    .mx = { "mx.noaddr.nz" }, .policy = "no-address" },
	{ .domain = "equal.nz", .txt = "v=STSv1; id=1;", .preference = 10,
	    .mx = { "a.equal.nz", "b.equal.nz", "c.equal.nz" },
	    .policy = POLICY("enforce", "*.equal.nz") },
	{ .domain = "us.nz", .txt = "nxdomain", .mx = { "us.nz",
	    "mail.us.nz" } },
	{ .domain = "many.nz", .txt = "v=STSv1; id=1;",
	    .mx = { "mx.many.nz" }, .policy = POLICY("testing", "mx.many.nz") },
	{ .domain = "part.nz", .txt = "v=STSv1; id=1;",
	    .mx = { "mx.part.nz", "mx2.part.nz" },
	    .policy = "version: STSv1\nmode: enforce\nmx: mx.part.nz\n"
	    "mx: mx2.part.nz\nmax_age: 86400\n" },
	{ .domain = "alias.nz", .txt = "v=STSv1; id=1;",
	    .mx = { "mx.alias.nz" },
	    .policy = POLICY("enforce", "mx.alias.nz") },
	{ .domain = "wide.nz", .txt = "v=STSv1; id=1;",
	    .mx = { "other.wide.net", "a.wide.nz", "b.wide.nz", "c.wide.nz",
	    "d.wide.nz", "e.wide.nz", "f.wide.nz" },
	    .policy = POLICY("enforce", "*.wide.nz") },
	{ .domain = "forward.nz", .txt = "v=STSv1; id=1;",
	    .mx = { "mx.forward.nz" },
	    .policy = POLICY("enforce", "mx.forward.nz") },
	{ .domain = "nullmx.nz", .txt = "v=STSv1; id=1;", .mx = { "null" },
	    .policy = POLICY("enforce", "mx.nullmx.nz") },
	{ .domain = "crowd.nz", .txt = "v=STSv1; id=1;", .mx = { "crowd" },
	    .policy = POLICY("enforce", "mx39.crowd.nz") },
	{ .domain = "two.nz", .txt = "v=STSv1; id=1;", .mx = { "mx.two.nz" },
	    .policy = POLICY("enforce", "mx.two.nz") },
	{ .domain = "blank.nz", .txt = "v=STSv1; id=1 ",
	    .mx = { "mx.blank.nz" } },
	{ .domain = "brief.nz", .txt = "v=STSv1; id=1;",
	    .mx = { "mx.brief.nz" }, .policy = "version: STSv1\n"
	    "mode: enforce\nmx: mx.brief.nz\nmax_age: 120\n" },
	{ .domain = "nomx.nz", .txt = "nxdomain", .mx = { "servfail" } },
	{ .domain = "broken.nz", .txt = "nxdomain", .mx = { "x.broken.nz|",
	    "y.broken.nz\nnone.nz|none|9999999999|smtp+tls://mx.bad.nz",
	    "z.broken.nz,smtp+tls://mx.bad.nz", "MX.Broken.nz" } },
};

struct bench {
	struct engine	 e;
	struct ipc	*peer[2];
	struct loop_timer *timer;
	int		 ticks;
	int		 lookups;	/* TXT */
	int		 gets;
	int		 probes;
	int		 wanted;	/* answers */
	int		 nanswers;
	char		 answers[4096];
	/* What hosts answer to a look; first match. */
	const char	*dead;		/* host or address without an answer */
	const char	*cert;		/* of the others */
	const char	*starttls;
	const char	*status;
};

static char	 dir[] = "/tmp/unit-learn.XXXXXXXXXX";

static void
sql(struct bench *b, const char *text)
{
	char *err = NULL;

	if (sqlite3_exec(b->e.store->db, text, NULL, NULL, &err) != SQLITE_OK)
		ok(0, "%s: %s", text, err);
}

/* Rows of one text column, joined by '|'; static buffer. */
static const char *
rows(struct bench *b, const char *text)
{
	static char out[8192];
	sqlite3_stmt *stmt = NULL;

	out[0] = '\0';
	if (sqlite3_prepare_v2(b->e.store->db, text, -1, &stmt, NULL) !=
	    SQLITE_OK)
		return sqlite3_errmsg(b->e.store->db);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		if (out[0] != '\0')
			strlcat(out, "|", sizeof(out));
		if (sqlite3_column_text(stmt, 0) != NULL)
			strlcat(out, (const char *)sqlite3_column_text(stmt,
			    0), sizeof(out));
	}
	sqlite3_finalize(stmt);
	return out;
}

/* What table-sge finds of a domain, whether or not its time is over. */
static const char *
line_of(const char *domain)
{
	static char out[ROUTE_LINE_MAX];
	struct routes *routes = routes_open("routes");
	struct route route;

	if (routes == NULL)
		fatal("test");
	routes_find(routes, domain, 0, &route);
	if (route.kind == ROUTE_UNKNOWN)
		strlcpy(out, "no line", sizeof(out));
	else
		snprintf(out, sizeof(out), "%s %s", route.kind ==
		    ROUTE_ENFORCE ? "enforce" : "none", route.urls);
	routes_free(routes);
	return out;
}

static void
reply(struct bench *b, int part, const json_t *request, json_t *answer)
{
	json_object_set(answer, "id", json_object_get(request, "id"));
	if (ipc_send(b->peer[part], answer, -1) == -1)
		fatalx("test: no answer");
}

static struct site *
site_of(const char *domain)
{
	size_t i;

	for (i = 0; i < nitems(sites); i++)
		if (strcmp(sites[i].domain, domain) == 0)
			return &sites[i];
	fatalx("test: who is %s?", domain);
}

static json_t *
answer_mx(const struct site *s)
{
	json_t *list = json_array();
	char host[32];
	size_t i;

	if (strcmp(s->mx[0], "crowd") == 0) {
		for (i = 0; i < 40; i++) {
			snprintf(host, sizeof(host), "mx%zu.crowd.nz", i);
			json_array_append_new(list, json_pack("[i, s]",
			    (int)i, host));
		}
		return json_pack("{s:s, s:i, s:o}", "status", "ok", "ttl", 1,
		    "mx", list);
	}
	if (strcmp(s->mx[0], "null") == 0)
		return json_pack("{s:s, s:b, s:i, s:o}", "status", "nodata",
		    "null", 1, "ttl", 1, "mx", list);
	if (strchr(s->mx[0], '.') == NULL) {
		json_decref(list);
		return json_pack("{s:s, s:i}", "status", s->mx[0], "ttl", 1);
	}
	for (i = 0; i < nitems(s->mx) && s->mx[i] != NULL; i++)
		json_array_append_new(list, json_pack("[i, s]",
		    s->preference != 0 ? s->preference : (int)(10 * i + 10),
		    s->mx[i]));
	return json_pack("{s:s, s:i, s:o}", "status", "ok", "ttl", 1, "mx",
	    list);
}

/* MX_ADDRS_MAX of them, each in a network of its own. */
static void
answer_wide(struct bench *b, const json_t *q)
{
	json_t *list = json_array();
	char addr[64];
	int i;

	for (i = 0; i < MX_ADDRS_MAX; i++) {
		snprintf(addr, sizeof(addr), "198.%d.%d.1",
		    ipc_string(q, "name", "")[0], i);
		json_array_append_new(list, json_string(addr));
	}
	reply(b, WORLD_RESOLVE, q, json_pack("{s:s, s:o}", "status", "ok",
	    "addr", list));
}

/* A host's address is 192.0.2.N, N the length of its name. */
static void
play_resolve(struct ipc *ipc __unused, json_t *q, int fd __unused, void *arg)
{
	struct bench *b = arg;
	const char *op = ipc_string(q, "op", "");
	const char *name = ipc_string(q, "name", "");
	const struct site *s;
	char addr[64];

	if (strcmp(op, "addr") == 0 && strstr(name, ".wide.n") != NULL) {
		answer_wide(b, q);
		return;
	}
	if (strcmp(op, "addr") == 0) {
		snprintf(addr, sizeof(addr), "192.0.2.%zu", strlen(name));
		if (strncmp(name, "mta-sts.noaddr", 14) == 0)
			reply(b, WORLD_RESOLVE, q, json_pack("{s:s}",
			    "status", "nodata"));
		else if (strcmp(name, "mx.many.nz") == 0 ||
		    strcmp(name, "mx.part.nz") == 0)
			reply(b, WORLD_RESOLVE, q, json_pack("{s:s,"
			    " s:[s, s, s]}", "status", "ok", "addr",
			    "192.0.2.71", "192.0.2.72", "192.0.2.73"));
		else
			reply(b, WORLD_RESOLVE, q, json_pack("{s:s, s:[s]}",
			    "status", "ok", "addr", addr));
		return;
	}
	if (strcmp(op, "mx") == 0) {
		reply(b, WORLD_RESOLVE, q, answer_mx(site_of(name)));
		return;
	}
	b->lookups++;
	s = site_of(name + strlen("_mta-sts."));
	if (strcmp(s->domain, "two.nz") == 0)
		reply(b, WORLD_RESOLVE, q, json_pack("{s:s, s:i, s:[s, s]}",
		    "status", "ok", "ttl", 1, "txt", s->txt, s->txt));
	else if (strncmp(s->txt, "v=", 2) == 0)
		reply(b, WORLD_RESOLVE, q, json_pack("{s:s, s:i, s:[s, s]}",
		    "status", "ok", "ttl", 1, "txt", "v=spf1 -all", s->txt));
	else
		reply(b, WORLD_RESOLVE, q, json_pack("{s:s, s:i}", "status",
		    s->txt, "ttl", 1));
}

static void
play_probe(struct bench *b, json_t *q)
{
	const char *host = ipc_string(q, "host", "");
	int handshake = strcmp(b->starttls, "offered") == 0;

	b->probes++;
	if (b->dead != NULL && (strcmp(host, b->dead) == 0 ||
	    strcmp(ipc_string(q, "addr", ""), b->dead) == 0))
		reply(b, WORLD_NET, q, json_pack("{s:s, s:s}", "status",
		    "connect", "text", "connection refused"));
	else
		reply(b, WORLD_NET, q, json_pack("{s:s, s:s*, s:s, s:s, s:s*,"
		    " s:b, s:i}", "status", b->status, "starttls",
		    *b->starttls == '\0' ? NULL : b->starttls,
		    "cert", handshake ? b->cert : "unknown", "text",
		    strcmp(b->cert, "ok") == 0 ? "" : "what libtls says",
		    "tls", handshake ? "TLSv1.3" : NULL, "handshake",
		    handshake, "notafter", 2000000000));
}

static void
play_net(struct ipc *ipc __unused, json_t *q, int fd __unused, void *arg)
{
	struct bench *b = arg;
	const char *host = ipc_string(q, "host", "");
	const struct site *s;

	if (strcmp(ipc_string(q, "op", ""), "probe") == 0) {
		play_probe(b, q);
		return;
	}
	b->gets++;
	if (strncmp(host, "mta-sts.", 8) != 0 || strcmp(ipc_string(q, "path",
	    ""), "/.well-known/mta-sts.txt") != 0 ||
	    ipc_int(q, "port", 0) != 443)
		fatalx("test: asked for %s", host);
	s = site_of(host + 8);
	if (s->policy == NULL)
		return;
	if (strchr(s->policy, '\n') == NULL && s->http == 0)
		reply(b, WORLD_NET, q, json_pack("{s:s, s:s, s:s}", "status",
		    s->policy, "cert", s->cert != NULL ? s->cert : "unknown",
		    "text", "why"));
	else
		reply(b, WORLD_NET, q, json_pack("{s:s, s:i, s:s, s:s, s:s}",
		    "status", "ok", "http", s->http != 0 ? s->http : 200,
		    "type", s->type != NULL ? s->type : "text/plain", "body",
		    s->policy, "cert", "ok"));
}

static void
peer_closed(struct ipc *ipc __unused, void *arg __unused)
{
	fatalx("test: the engine hung up");
}

static void
start(struct bench *b, const struct conf *conf)
{
	static void (*const play[])(struct ipc *, json_t *, int, void *) = {
		[WORLD_RESOLVE] = play_resolve,
		[WORLD_NET] = play_net
	};
	int fds[WORLD_PARTS] = { -1, -1, -1 }, pair[2], i;

	memset(b, 0, sizeof(*b));
	b->cert = "ok";
	b->starttls = "offered";
	b->status = "ok";
	b->e.conf = conf;
	b->e.loop = loop_new();
	if ((b->e.store = store_open("db", STORE_WRITE)) == NULL)
		fatalx("test: no database");
	for (i = 0; i < 2; i++) {
		if (ipc_pair(pair) == -1)
			fatal("test");
		fds[i] = pair[0];
		b->peer[i] = ipc_new(b->e.loop, pair[1], play[i], peer_closed,
		    b);
	}
	b->e.world = world_new(b->e.loop, fds, NULL, NULL);
	learn_start(&b->e);
}

static void
stop(struct bench *b)
{
	learn_stop(&b->e);
	world_free(b->e.world);
	ipc_free(b->peer[0]);
	ipc_free(b->peer[1]);
	loop_free(b->e.loop);
	store_close(b->e.store);
}

static int
idle(struct bench *b)
{
	return b->nanswers >= b->wanted && b->e.learn->nlessons == 0 &&
	    b->e.learn->nlooks == 0 && b->e.learn->nowns == 0 &&
	    b->e.learn->flush == NULL;
}

static void
tick(void *arg)
{
	struct bench *b = arg;

	b->timer = NULL;
	/* Two milliseconds are as good as a second. */
	hash_clear(b->e.learn->networks);
	if (idle(b) || b->ticks-- == 0) {
		loop_stop(b->e.loop);
		return;
	}
	b->timer = loop_timer_add(b->e.loop, 2, tick, b);
}

/* Until all is answered and nothing goes on, at most so long. */
static int
settle(struct bench *b, int ms)
{
	b->ticks = ms / 2;
	b->timer = loop_timer_add(b->e.loop, 0, tick, b);
	loop_run(b->e.loop);
	loop_timer_remove(b->e.loop, b->timer);
	return idle(b);
}

static void
learned(const char *domain, const char *route, void *arg)
{
	struct bench *b = arg;

	b->nanswers++;
	strlcat(b->answers, domain, sizeof(b->answers));
	strlcat(b->answers, "=", sizeof(b->answers));
	strlcat(b->answers, route == NULL ? "failed" : route,
	    sizeof(b->answers));
	strlcat(b->answers, " ", sizeof(b->answers));
}

/* Asks; what was answered, "" if nothing. */
static const char *
ask(struct bench *b, const char *domain)
{
	b->answers[0] = '\0';
	b->nanswers = 0;
	b->wanted = 1;
	learn_ask(&b->e, domain, learned, b);
	(void)settle(b, DEADLINE_MS);
	return b->answers;
}

/* The same where no answer is to come. */
static const char *
ask_vainly(struct bench *b, const char *domain)
{
	b->answers[0] = '\0';
	b->nanswers = b->wanted = 0;
	learn_ask(&b->e, domain, learned, b);
	(void)settle(b, 500);
	return b->answers;
}

/* Looks again, as it would when the time has come. */
static void
again(struct bench *b, const char *domain)
{
	b->wanted = 0;
	if (lesson_new(b->e.learn, domain) == NULL)
		fatalx("test: no lesson");
	(void)settle(b, DEADLINE_MS);
}

/* Why a domain has no policy, where it has tried to have one. */
static const char *
why(struct bench *b, const char *domain)
{
	char text[128];

	snprintf(text, sizeof(text), "SELECT why FROM route WHERE domain = "
	    "'%s'", domain);
	return rows(b, text);
}

static void
test_letter(struct bench *b)
{
	int gets;

	is_str(ask(b, "nullmx.nz"), "nullmx.nz=none ",
	    "enforce and a null MX: the mail bounces as without (RFC 7505)");
	is_str(why(b, "nullmx.nz"), "null MX (RFC 7505): the domain takes no "
	    "mail", "and it is said why");
	is_str(ask(b, "crowd.nz"), "crowd.nz=enforce ", "40 MX hosts");
	is_str(line_of("crowd.nz"), "enforce smtp+tls://mx39.crowd.nz",
	    "the one that the policy names is used");
	is_str(rows(b, "SELECT count(*) FROM mx WHERE domain = 'crowd.nz'"),
	    "32", "of the others as many as there is room for");
	(void)ask(b, "two.nz");
	is_str(why(b, "two.nz"), "no MTA-STS: its record is wrong: more than "
	    "one MTA-STS record", "two records");
	(void)ask(b, "twoids.nz");
	is_str(why(b, "twoids.nz"), "no MTA-STS: its record is wrong: id is "
	    "not 1 to 32 letters and digits", "a bad id");
	(void)ask(b, "blank.nz");
	is_str(why(b, "blank.nz"), "no MTA-STS: its record is wrong: blanks "
	    "at the end", "blanks at the end");
	(void)ask(b, "none.nz");
	is_str(why(b, "none.nz"), "no MTA-STS record", "and none at all");
	/* A policy for two minutes, and for the next two. */
	is_str(ask(b, "brief.nz"), "brief.nz=enforce ", "max_age 120");
	gets = b->gets;
	again(b, "brief.nz");
	is_int(b->gets, gets, "not fetched again at once");
	sql(b, "UPDATE sts SET tried = tried - 121, expires = expires - 121,"
	    " refresh = 1 WHERE domain = 'brief.nz'");
	sql(b, "UPDATE route SET until = 1 WHERE domain = 'brief.nz'");
	is_str(ask(b, "brief.nz"), "brief.nz=enforce ",
	    "its end is not the end of what was fetched in five minutes");
	is_int(b->gets, gets + 1, "it is fetched again");
}

/* Whatever somebody's records say, few hosts are asked, and few at once. */
static void
test_probes(struct bench *b)
{
	char host[64], addr[64];
	int i;

	b->probes = 0;
	is_str(ask(b, "wide.nz"), "wide.nz=enforce ", "hosts and addresses");
	(void)settle(b, DEADLINE_MS);
	is_int(b->probes, PROBE_HOSTS_MAX * PROBE_ADDRS_MAX,
	    "some of the hosts are looked at, at some addresses");
	is_str(rows(b, "SELECT count(*) FROM probe WHERE"
	    " host = 'other.wide.net'"), "0", "and only of the policy's");
	b->probes = 0;
	hash_clear(b->e.learn->networks);
	for (i = 0; i < 32; i++) {
		snprintf(host, sizeof(host), "h%d.victim.nz", i);
		snprintf(addr, sizeof(addr), "203.0.113.%d", i + 1);
		look_at(b->e.learn, host, addr, LOOK_DAILY);
		snprintf(addr, sizeof(addr), "2001:db8:5:%x::1", i);
		look_at(b->e.learn, host, addr, LOOK_DAILY);
	}
	(void)settle(b, DEADLINE_MS);
	is_int(b->probes, 2 * PROBES_NETWORK_MAX,
	    "of each of two networks a few within a second");
	look_at(b->e.learn, "h9.victim.nz", "203.0.113.10", LOOK_DAILY);
	(void)settle(b, DEADLINE_MS);
	is_int(b->probes, 2 * PROBES_NETWORK_MAX + 1, "then others");
	b->probes = 0;
}

/* Anything may be written there; only a name is taken, and nobody answers. */
static void
test_notice(struct bench *b)
{
	static const char *const odd[] = {
		"", "no name.nz", "a|b.nz", "{\"send\":{}}", "us.nz",
		"member.nz", "192.0.2.1\n", "x..nz"
	};
	char longer[600];
	size_t i;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == -1)
		fatal("test");
	b->e.notices = pair[0];
	notice_start(&b->e);
	memset(longer, 'a', sizeof(longer));
	for (i = 0; i < nitems(odd); i++)
		(void)send(pair[1], odd[i], strlen(odd[i]), 0);
	(void)send(pair[1], longer, sizeof(longer), 0);
	(void)send(pair[1], "Forward.NZ.", 11, 0);
	(void)send(pair[1], "forward.nz", 10, 0);
	b->lookups = 0;
	(void)settle(b, 200);
	(void)settle(b, DEADLINE_MS);
	is_int(b->lookups, 1, "one domain is learned, once");
	is_str(line_of("forward.nz"), "enforce smtp+tls://mx.forward.nz",
	    "the one that was named; nobody has asked");
	is_str(rows(b, "SELECT count(*) FROM route WHERE domain = 'forward.nz'"
	    " AND used > 0"), "1", "it counts as used");
	/* Known, and mail is coming: does its first host work still? */
	b->probes = 0;
	(void)send(pair[1], "=forward.nz", 11, 0);
	(void)send(pair[1], "=unheard.nz", 11, 0);
	(void)send(pair[1], "=a|b.nz", 7, 0);
	(void)send(pair[1], "=", 1, 0);
	(void)settle(b, 200);
	is_int(b->probes, 0, "a host that was seen to work is left alone");
	sql(b, "UPDATE probe SET probed = probed - 700 WHERE host ="
	    " 'mx.forward.nz'");
	(void)send(pair[1], "=forward.nz", 11, 0);
	(void)settle(b, 200);
	is_int(b->probes, 1, "after ten minutes it is looked at");
	b->probes = 0;
	b->lookups = 0;
	notice_stop(&b->e);
	close(pair[1]);
}

/* What the digest says of our own certificates comes from here. */
static void
test_own(struct bench *b)
{
	b->e.learn->own = 0;
	own_tick(b->e.learn);
	(void)settle(b, DEADLINE_MS);
	is_str(rows(b, "SELECT host FROM mx WHERE domain = 'us.nz'"
	    " ORDER BY pref"), "us.nz|mail.us.nz", "our own MX hosts");
	is_str(rows(b, "SELECT host || ' ' || addr || ' ' || tls || ' ' ||"
	    " notafter FROM probe ORDER BY host"),
	    "mail.us.nz 192.0.2.10 TLSv1.3 2000000000|"
	    "us.nz 192.0.2.5 TLSv1.3 2000000000",
	    "were looked at, and their certificates' end is known");
	is_str(rows(b, "SELECT count(*) FROM route"), "0", "no route to us");
	is_int(b->probes, 2, "each once");
	b->e.learn->own = 0;
	own_tick(b->e.learn);
	(void)settle(b, DEADLINE_MS);
	is_int(b->probes, 2, "not again within the day");
	sql(b, "UPDATE probe SET probed = probed - 7200, status = 'connect'"
	    " WHERE host = 'us.nz'");
	b->e.learn->own = 0;
	own_tick(b->e.learn);
	(void)settle(b, DEADLINE_MS);
	is_int(b->probes, 3, "but for one that did not answer");
	sql(b, "UPDATE probe SET probed = probed - 86400");
	b->e.learn->own = 0;
	own_tick(b->e.learn);
	(void)settle(b, DEADLINE_MS);
	is_int(b->probes, 5, "a day later they are");
	b->probes = 0;
}

static void
test_simple(struct bench *b)
{
	int i;

	is_str(ask(b, "none.nz"), "none.nz=none ", "no record: none");
	is_str(line_of("none.nz"),
	    "none smtp+tls://a.none.nz,smtp+tls://bb.none.nz",
	    "its line, with where to");
	is_int(b->lookups, 1, "one question");
	is_str(ask(b, "None.NZ."), "None.NZ.=none ", "asked again");
	is_int(b->lookups, 1, "known: no question");
	is_str(ask(b, "us.nz"), "us.nz=none ", "our own");
	is_str(ask(b, "member.nz"), "member.nz=none ", "with a connector");
	is_str(ask(b, "[192.0.2.1]"), "[192.0.2.1]=none ", "no domain");
	is_int(b->lookups, 1, "nothing was asked about these");
	is_int(b->gets, 0, "nothing was fetched");
	is_str(ask(b, "gone.nz"), "gone.nz=none ", "no such domain");
	is_str(line_of("gone.nz"), "none ", "nowhere to");
	is_str(ask(b, "twoids.nz"), "twoids.nz=none ", "a malformed record");
	is_int(b->gets, 0, "is as none");

	b->answers[0] = '\0';
	b->nanswers = 0;
	b->wanted = 100;
	b->lookups = 0;
	for (i = 0; i < 100; i++)
		learn_ask(&b->e, "enforce.nz", learned, b);
	ok(settle(b, DEADLINE_MS), "many ask about one");
	is_int(b->lookups, 1, "one question");
	is_int(b->gets, 1, "one fetch");
	ok(strstr(b->answers, "none") == NULL, "all are told");
	is_str(line_of("enforce.nz"), "enforce "
	    "smtp+tls://mx1.enforce.nz,smtp+tls://mx2.enforce.nz",
	    "only the hosts that match, best first");
	is_str(rows(b, "SELECT mode || ' ' || until FROM sts_history WHERE"
	    " domain = 'enforce.nz'"), "enforce 0", "in force from now on");
	is_str(rows(b, "SELECT strings FROM policy WHERE domain ="
	    " 'enforce.nz'"), "[\"version: STSv1\",\"mode: enforce\","
	    "\"mx: *.enforce.nz\",\"max_age: 86400\"]",
	    "its lines as received");
	ok(b->probes >= 2, "its hosts were looked at");
}

static void
test_modes(struct bench *b)
{
	is_str(ask(b, "testing.nz"), "testing.nz=none ", "testing");
	is_str(line_of("testing.nz"), "none "
	    "smtp+tls://mx.testing.nz,smtp+tls://mx.other.nz", "all hosts");
	is_str(rows(b, "SELECT mode FROM sts_history WHERE domain ="
	    " 'testing.nz'"), "testing", "and held");
	is_str(ask(b, "off.nz"), "off.nz=none ", "none");
	is_str(ask(b, "short.nz"), "short.nz=none ",
	    "enforce for no time at all");
	is_str(ask(b, "hijack.nz"), "hijack.nz=enforce ", "no MX matches");
	is_str(line_of("hijack.nz"), "enforce ", "no route");
	is_str(rows(b, "SELECT * FROM tally WHERE domain = 'hijack.nz'"), "",
	    "which is no failure until mail is stopped by it");
}

static const char *judged(struct bench *, const char *, const char *,
		    const char *, enum failure);

static const char *
detail_of(struct bench *b, const char *domain)
{
	char text[512];

	snprintf(text, sizeof(text), "SELECT ok || ' ' || fail || ' ' ||"
	    " coalesce(type || ' ' || reason || ' ' || pending || ' ' || count"
	    ", '') FROM tally t LEFT JOIN detail d USING (day, domain, policy)"
	    " WHERE domain = '%s'", domain);
	return rows(b, text);
}

/* Mail goes while the policy host keeps us waiting. */
static void
test_fetching(struct bench *b)
{
	static const char *const counted = "INSERT INTO tally VALUES (1,"
	    " 'fetching.nz', 0, 1, 2); INSERT INTO detail VALUES (1,"
	    " 'fetching.nz', 0, 'sts-policy-fetch-error', '', '', '', '', '',"
	    " '', 2, 2)";

	sql(b, "INSERT INTO sts_error VALUES ('fetching.nz', unixepoch() - 9,"
	    " 0, '', '')");
	is_str(judged(b, "fetching.nz", "192.0.2.7", "TLSv1.3",
	    FAILURE_NONE), "none failed sts-policy-fetch-error pending ",
	    "while it is fetched, nobody knows");
	is_str(judged(b, "fetching.nz", "192.0.2.7", NULL,
	    FAILURE_NOT_SUPPORTED), "none failed starttls-not-supported ",
	    "but TLS that failed has failed");
	sql(b, counted);
	sql(b, "UPDATE sts_error SET type = 'sts-webpki-invalid',"
	    " error = 'x' WHERE domain = 'fetching.nz'");
	policy_tick(b->e.learn);
	is_str(detail_of(b, "fetching.nz"), "1 2 sts-webpki-invalid x 0 2",
	    "it could not be had: these went without");
	sql(b, "DELETE FROM detail WHERE domain = 'fetching.nz';"
	    "DELETE FROM tally WHERE domain = 'fetching.nz';"
	    "DELETE FROM sts_error WHERE domain = 'fetching.nz'");
	sql(b, counted);
	policy_tick(b->e.learn);
	is_str(detail_of(b, "fetching.nz"), "3 0 ",
	    "it came: these were good");
	sql(b, "DELETE FROM tally WHERE domain = 'fetching.nz'");
}

static void
test_fetch(struct bench *b)
{
	static const char *const types[][3] = {
		{ "404.nz", "sts-policy-fetch-error", "HTTP status 404" },
		{ "moved.nz", "sts-policy-fetch-error", "HTTP status 302" },
		{ "html.nz", "sts-policy-fetch-error",
		    "its media type is not text/plain: text/html" },
		{ "invalid.nz", "sts-policy-invalid", "no mode" },
		{ "expired.nz", "sts-webpki-invalid",
		    "certificate of the policy host: why" },
		{ "noaddr.nz", "sts-policy-fetch-error",
		    "no address of the policy host: nodata" },
	};
	char text[256], want[256];
	size_t i;
	int gets;

	for (i = 0; i < nitems(types); i++) {
		snprintf(want, sizeof(want), "%s=none ", types[i][0]);
		is_str(ask(b, types[i][0]), want, "%s: none", types[i][0]);
		snprintf(text, sizeof(text), "SELECT type || ' ' || error ||"
		    " ' ' || until FROM sts_error WHERE domain = '%s'",
		    types[i][0]);
		snprintf(want, sizeof(want), "%s %s 0", types[i][1],
		    types[i][2]);
		is_str(rows(b, text), want, "%s: why", types[i][0]);
		snprintf(want, sizeof(want), "none failed %s ", types[i][1]);
		is_str(judged(b, types[i][0], "192.0.2.7", "TLSv1.3",
		    FAILURE_NONE), want, "%s: who goes, goes without",
		    types[i][0]);
	}
	gets = b->gets;
	again(b, "404.nz");
	is_int(b->gets, gets, "not fetched again within five minutes");
	site_of("404.nz")->txt = "v=STSv1; id=2;";
	again(b, "404.nz");
	is_int(b->gets, gets + 1, "but for another id");
	sql(b, "UPDATE sts SET tried = tried - 301 WHERE domain = '404.nz'");
	site_of("404.nz")->http = 0;
	site_of("404.nz")->policy = POLICY("enforce", "mx.404.nz");
	again(b, "404.nz");
	is_str(line_of("404.nz"), "enforce smtp+tls://mx.404.nz",
	    "after them it is, and holds");
	is_str(rows(b, "SELECT until > 0 FROM sts_error WHERE domain ="
	    " '404.nz'"), "1", "nobody goes without from now on");
	is_str(rows(b, "SELECT * FROM tally WHERE fail > 0 AND domain <>"
	    " 'hijack.nz'"), "", "no fetch of ours is a failure");
}

static void
test_held(struct bench *b)
{
	struct site *s = site_of("enforce.nz");
	int gets = b->gets;

	again(b, "enforce.nz");
	is_int(b->gets, gets, "the same id: not fetched again");
	s->txt = "nxdomain";
	again(b, "enforce.nz");
	is_int(b->gets, gets, "no record: nothing to fetch");
	ok(strncmp(line_of("enforce.nz"), "enforce smtp", 12) == 0,
	    "the policy holds without a record");
	s->txt = "servfail";
	again(b, "enforce.nz");
	ok(strncmp(line_of("enforce.nz"), "enforce smtp", 12) == 0,
	    "and without an answer");
	s->txt = "v=STSv1; id=2;";
	s->policy = "timeout";
	again(b, "enforce.nz");
	is_int(b->gets, gets + 1, "a new id: fetched");
	ok(strncmp(line_of("enforce.nz"), "enforce smtp", 12) == 0,
	    "the policy holds when that fails");
	is_str(judged(b, "enforce.nz", "192.0.2.7", "TLSv1.3", FAILURE_NONE),
	    "sts ok  ", "and nobody goes without one");
	/* Near its end it is fetched, whatever the record says. */
	s->txt = "nxdomain";
	s->policy = POLICY("enforce", "*.enforce.nz");
	sql(b, "UPDATE sts SET tried = tried - 301, refresh = 1 WHERE"
	    " domain = 'enforce.nz'");
	sql(b, "UPDATE sts SET expires = expires - 1000 WHERE"
	    " domain = 'enforce.nz'");
	again(b, "enforce.nz");
	is_int(b->gets, gets + 2, "fetched before its end");
	is_str(rows(b, "SELECT expires - fetched FROM sts WHERE"
	    " domain = 'enforce.nz'"), "86400", "and lives on");
	is_str(rows(b, "SELECT count(*) FROM sts_history WHERE"
	    " domain = 'enforce.nz'"), "1", "as the same policy");
	/* MX lost: the hosts known before. */
	s->mx[0] = "timeout";
	again(b, "enforce.nz");
	is_str(line_of("enforce.nz"), "enforce "
	    "smtp+tls://mx1.enforce.nz,smtp+tls://mx2.enforce.nz",
	    "hosts stay while the DNS fails");
	s->mx[0] = "mx1.enforce.nz";
	/* Its time is over. */
	sql(b, "UPDATE sts SET expires = expires - 86401, tried = 1 WHERE"
	    " domain = 'enforce.nz'");
	sql(b, "UPDATE route SET until = 1 WHERE domain = 'enforce.nz'");
	is_str(ask(b, "enforce.nz"), "enforce.nz=none ", "over: none");
	is_str(rows(b, "SELECT until > 0 FROM sts_history WHERE"
	    " domain = 'enforce.nz'"), "1", "and not in force any more");
	s->txt = "v=STSv1; id=3;";
	again(b, "enforce.nz");
	ok(strncmp(line_of("enforce.nz"), "enforce smtp", 12) == 0,
	    "published again: in force again");
	s->txt = "v=STSv1; id=4;";
	s->policy = "version: STSv1\nmode: none\nmax_age: 86400\n";
	again(b, "enforce.nz");
	ok(strncmp(line_of("enforce.nz"), "none smtp", 9) == 0,
	    "mode none: at once, and still with where to");
	s->txt = "v=STSv1; id=5;";
	s->policy = POLICY("enforce", "*.enforce.nz");
	again(b, "enforce.nz");
	/* Its time to be fetched is over, but it was just tried. */
	gets = b->gets;
	sql(b, "UPDATE sts SET refresh = unixepoch() - 100"
	    " WHERE domain = 'enforce.nz'");
	again(b, "enforce.nz");
	is_int(b->gets, gets, "just tried: not yet again");
	is_str(rows(b, "SELECT renew - unixepoch() BETWEEN 5 AND 15 FROM route"
	    " WHERE domain = 'enforce.nz'"), "1", "but in a moment");
	sql(b, "UPDATE sts SET refresh = unixepoch() + 40000"
	    " WHERE domain = 'enforce.nz'");
	again(b, "enforce.nz");
}

static void
test_unknown(struct bench *b)
{
	is_str(ask(b, "servfail.nz"), "servfail.nz=failed ",
	    "no answer whether there is a policy: said so, nothing learned");
	is_str(line_of("servfail.nz"), "no line", "and nothing written");
	is_str(ask(b, "slowdns.nz"), "slowdns.nz=failed ", "silence: the same");
	is_str(ask(b, "nomx.nz"), "nomx.nz=none ",
	    "no policy is enough to know, without MX");
	is_str(ask_vainly(b, "hang.nz"), "", "the policy host hangs");
	is_str(ask_vainly(b, "none.nz"), "none.nz=none ",
	    "which keeps no other");
	b->answers[0] = '\0';
	learn_ask(&b->e, "servfail.nz", learned, b);
	learn_ask(&b->e, "none.nz", learned, b);
	learn_forget(&b->e, b);
	(void)settle(b, 100);
	is_str(b->answers, "", "nobody there to be told");
}

static void
tick_over(void *arg)
{
	loop_stop(((struct bench *)arg)->e.loop);
}

/* Two of its ticks, and what they begin. */
static void
two_ticks(struct bench *b)
{
	loop_timer_add(b->e.loop, 2300, tick_over, b);
	loop_run(b->e.loop);
	(void)settle(b, DEADLINE_MS);
}

/* Seconds from a look that was in vain to the next one. */
#define DARK_WAIT "SELECT renew - learned FROM route WHERE domain = 'dark.nz'"

/*
 * What can't be looked up is looked up again by itself: soon, then after as
 * long as it lasted, then rarely, then not for nobody.
 */
static void
test_broken(struct bench *b)
{
	struct site *s = site_of("dark.nz");
	int64_t wait;
	int lookups;

	b->wanted = 0;
	is_str(ask(b, "dark.nz"), "dark.nz=failed ", "a broken record");
	is_str(line_of("dark.nz"), "no line", "writes nothing");
	is_str(rows(b, DARK_WAIT), "15", "it is due again soon");
	is_str(why(b, "dark.nz"), "_mta-sts can't be looked up: servfail",
	    "and the reason is kept");
	sql(b, "UPDATE broken SET since = since - 100");
	again(b, "dark.nz");
	wait = strtonum(rows(b, DARK_WAIT), 0, INT64_MAX, NULL);
	ok(wait >= 100 && wait < 600, "later after as long again (%lld)",
	    (long long)wait);
	sql(b, "UPDATE broken SET since = since - 100000");
	again(b, "dark.nz");
	is_str(rows(b, DARK_WAIT), "600", "never after more than that");
	sql(b, "UPDATE route SET used = used - 7200 WHERE domain = 'dark.nz'");
	again(b, "dark.nz");
	is_str(rows(b, DARK_WAIT), "3600", "rarely where no mail goes");
	sql(b, "UPDATE route SET used = used - 90000 WHERE domain = 'dark.nz'");
	again(b, "dark.nz");
	is_str(rows(b, "SELECT renew = 9223372036854775807 FROM route"
	    " WHERE domain = 'dark.nz'"), "1", "for nobody not at all");
	is_str(ask(b, "dark.nz"), "dark.nz=failed ", "until somebody asks");
	is_str(rows(b, DARK_WAIT), "600", "it is due again");
	/* Now it works, and nobody asks. */
	s->txt = "v=STSv1; id=1;";
	sql(b, "UPDATE route SET renew = 1 WHERE domain = 'dark.nz'");
	lookups = b->lookups;
	two_ticks(b);
	ok(b->lookups > lookups, "when it is due, it is looked up");
	is_str(rows(b, "SELECT domain FROM broken WHERE domain = 'dark.nz'"),
	    "", "what works again is not broken");
	is_str(line_of("dark.nz"), "enforce smtp+tls://mx.dark.nz",
	    "its policy is in force");
	s->txt = "servfail";
	again(b, "dark.nz");
	is_str(line_of("dark.nz"), "enforce smtp+tls://mx.dark.nz",
	    "and stays so while it is broken again");
}

static void
test_hosts(struct bench *b)
{
	b->dead = "mx1.enforce.nz";
	look_at(b->e.learn, "mx1.enforce.nz", "192.0.2.14", 0);
	b->wanted = 0;
	(void)settle(b, DEADLINE_MS);
	is_str(line_of("enforce.nz"), "enforce "
	    "smtp+tls://mx2.enforce.nz,smtp+tls://mx1.enforce.nz",
	    "a host that fails goes back");
	again(b, "enforce.nz");
	is_str(line_of("enforce.nz"), "enforce "
	    "smtp+tls://mx2.enforce.nz,smtp+tls://mx1.enforce.nz",
	    "and stays there");
	b->dead = NULL;
	sql(b, "UPDATE mx SET retry = 1 WHERE failed > 0");
	sql(b, "UPDATE probe SET probed = 1");
	b->ticks = 0;
	look_tick(b->e.learn);
	(void)settle(b, DEADLINE_MS);
	is_str(line_of("enforce.nz"), "enforce "
	    "smtp+tls://mx1.enforce.nz,smtp+tls://mx2.enforce.nz",
	    "forward again when it works");
	/* Mail waits, and nothing is heard of it. */
	sql(b, "INSERT INTO waiting VALUES ('enforce.nz',"
	    " unixepoch() - 60, unixepoch() - 60)");
	sql(b, "UPDATE probe SET probed = 1");
	b->dead = "mx1.enforce.nz";
	b->e.learn->ticks = 5;
	look_tick(b->e.learn);
	(void)settle(b, DEADLINE_MS);
	is_str(line_of("enforce.nz"), "enforce "
	    "smtp+tls://mx2.enforce.nz,smtp+tls://mx1.enforce.nz",
	    "mail that waits makes us look");
	b->dead = NULL;
	sql(b, "UPDATE mx SET retry = 0, failed = 0");
	/* What was learned while nobody wrote there is old. */
	sql(b, "UPDATE route SET learned = unixepoch() - 40000, used = 1,"
	    " renew = unixepoch() + 40000");
	b->e.learn->ticks = 5;
	look_tick(b->e.learn);
	is_str(rows(b, "SELECT domain FROM route WHERE renew <= unixepoch()"),
	    "enforce.nz", "mail that waits makes us learn anew");
	sql(b, "UPDATE waiting SET last = unixepoch() - 3 * 86400");
	again(b, "enforce.nz");
	is_str(rows(b, "SELECT renew - unixepoch() BETWEEN 600 AND 3600 FROM"
	    " route WHERE domain = 'enforce.nz'"), "1",
	    "as long as smtpd keeps it");
	sql(b, "UPDATE route SET renew = unixepoch() + 40000");
}

/* What waits is seen every five seconds, what failed every other. */
static void
test_pace(struct bench *b)
{
	sql(b, "DELETE FROM probe; UPDATE waiting SET last = unixepoch() - 60"
	    " WHERE domain = 'enforce.nz'");
	b->e.learn->ticks = 7;
	look_tick(b->e.learn);
	is_int(b->e.learn->nlooks, 0, "between, mail that waits waits");
	b->e.learn->ticks = 10;
	look_tick(b->e.learn);
	ok(b->e.learn->nlooks > 0, "then its host is looked at");
	b->wanted = 0;
	(void)settle(b, DEADLINE_MS);
	sql(b, "DELETE FROM probe; DELETE FROM waiting; INSERT INTO unknown"
	    " SELECT unixepoch() / 86400, addr, '', 1, unixepoch() + 1"
	    " FROM mxaddr WHERE host = 'mx2.enforce.nz'");
	b->e.learn->ticks = 7;
	look_tick(b->e.learn);
	is_int(b->e.learn->nlooks, 0, "between, failures are not looked into");
	b->e.learn->ticks = 10;
	look_tick(b->e.learn);
	ok(b->e.learn->nlooks > 0, "then they are");
	(void)settle(b, DEADLINE_MS);
	sql(b, "DELETE FROM probe; DELETE FROM unknown;"
	    " UPDATE mx SET retry = 0, failed = 0");
}

/* RFC 5321 5.1: hosts of the same preference share the load. */
static void
test_equal(struct bench *b)
{
	int first[3] = { 0 }, others = 0, i;
	const char *line;

	is_str(ask(b, "equal.nz"), "equal.nz=enforce ", "hosts of one preference");
	for (i = 0; i < 200 && (first[0] == 0 || first[1] == 0 ||
	    first[2] == 0); i++) {
		again(b, "equal.nz");
		line = line_of("equal.nz");
		if (strncmp(line, "enforce smtp+tls://", 19) == 0 &&
		    line[19] >= 'a' && line[19] <= 'c')
			first[line[19] - 'a']++;
		else
			others++;
		if (strstr(line, "//a.equal.nz") == NULL ||
		    strstr(line, "//b.equal.nz") == NULL ||
		    strstr(line, "//c.equal.nz") == NULL)
			others++;
	}
	ok(first[0] > 0 && first[1] > 0 && first[2] > 0,
	    "each comes first at times: %d %d %d", first[0], first[1],
	    first[2]);
	is_int(others, 0, "and all of them stay");
	b->dead = "b.equal.nz";
	look_at(b->e.learn, "b.equal.nz", "192.0.2.10", 0);
	b->wanted = 0;
	(void)settle(b, DEADLINE_MS);
	for (others = i = 0; i < 20; i++) {
		again(b, "equal.nz");
		line = line_of("equal.nz");
		others += line[0] == '\0' || strcmp(strrchr(line, '/'),
		    "/b.equal.nz") != 0;
	}
	is_int(others, 0, "one that failed comes last each time");
	b->dead = NULL;
}

/* One address of many is of no use: the host is, all the time. */
static void
test_part(struct bench *b)
{
	b->dead = "192.0.2.71";
	is_str(ask(b, "part.nz"), "part.nz=enforce ",
	    "a host with an address that is dead");
	(void)settle(b, DEADLINE_MS);
	is_str(line_of("part.nz"), "enforce "
	    "smtp+tls://mx.part.nz,smtp+tls://mx2.part.nz",
	    "is used all the same");
	is_str(rows(b, "SELECT count(*) FROM probe WHERE host = 'mx.part.nz'"),
	    "3", "all its addresses were looked at");
	is_int(system("grep -q '^part.nz|.*|smtp+tls://mx2' routes"), 256,
	    "and it never went back");
	b->dead = NULL;
}

static void
test_file(struct bench *b, const struct conf *conf)
{
	char before[4096];
	struct stat sb;
	int i;

	strlcpy(before, line_of("404.nz"), sizeof(before));
	unlink("routes");
	stop(b);
	start(b, conf);
	is_str(line_of("404.nz"), before, "made again from the database");
	is_int(stat("routes", &sb), 0, "the file is there");
	is_int(sb.st_mode & 0777, 0644, "for smtpd's tables to read");
	stop(b);
	unlink("db");
	unlink("db-wal");
	unlink("db-shm");
	start(b, conf);
	is_str(line_of("404.nz"), before, "lines outlive the database");
	site_of("404.nz")->txt = "servfail";
	again(b, "404.nz");
	is_str(line_of("404.nz"), before, "and hold");
	for (i = 0; i < 5000; i++)
		file_add(b->e.learn, "off.nz", "none", time(NULL) + 100, "");
	is_int(file_flush(b->e.learn), 0, "added to the file");
	ok(b->e.learn->compact != NULL, "too many lines: a new base is begun");
	file_add(b->e.learn, "late.nz", "none", time(NULL) + 100, "");
	is_int(file_flush(b->e.learn), 0, "added to the file");
	for (i = 0; i < 100 && b->e.learn->compact != NULL; i++)
		(void)settle(b, 50);
	ok(stat("routes", &sb) == 0 && sb.st_size < 200,
	    "old lines are let go of");
	is_int(stat("routes.cdb", &sb), 0, "for the base");
	is_int(sb.st_mode & 0777, 0644, "which smtpd's tables read");
	is_str(line_of("late.nz"), "none ", "what came meanwhile stays");
	is_str(line_of("404.nz"), before, "not those that hold");
}

/* What a judge makes of it; static buffer. */
static const char *
judged_by(struct judge *judge, const char *domain, const char *addr,
    const char *tls, enum failure failure)
{
	static char out[512];
	struct record r = { 0 };
	struct judgement j;

	r.time = time(NULL) + 1;
	r.remote = addr;
	r.tls = tls;
	r.failure = failure;
	r.dir = DIR_OUT;
	r.mail = "minties.govt.nz";
	if (!judge_session(judge, domain, &r, &j))
		strlcpy(out, "not counted", sizeof(out));
	else
		snprintf(out, sizeof(out), "%s %s %s%s%s", j.policy > 0 ?
		    "sts" : "none", j.failed ? "failed" : "ok", j.type,
		    j.pending ? " pending " : j.unseen == UNSEEN_CERT ?
		    "unseen " : j.unseen == UNSEEN_DNS_NAME ?
		    "verified " : " ", j.mx);
	return out;
}

static const char *
judged(struct bench *b, const char *domain, const char *addr, const char *tls,
    enum failure failure)
{
	struct judge *judge = judge_new(b->e.store, b->e.conf);
	const char *out = judged_by(judge, domain, addr, tls, failure);

	judge_free(judge);
	return out;
}

/* Two MX hosts at one address: each is judged by its own certificate. */
static void
test_shared(struct bench *b)
{
	struct judge *judge = judge_new(b->e.store, b->e.conf);

	sql(b, "INSERT INTO mxaddr VALUES ('192.0.2.13', 'many.nz',"
	    " 'mx.many.nz', 0, unixepoch())");
	b->cert = "ok";
	look_at(b->e.learn, "mx.many.nz", "192.0.2.13", 0);
	b->wanted = 0;
	(void)settle(b, DEADLINE_MS);
	is_str(judged_by(judge, "testing.nz", "192.0.2.13", "TLSv1.3",
	    FAILURE_NONE),
	    "sts failed certificate-host-mismatch mx.testing.nz",
	    "two hosts at one address: the one");
	is_str(judged_by(judge, "many.nz", "192.0.2.13", "TLSv1.3",
	    FAILURE_NONE), "sts ok  mx.many.nz", "and the other");
	judge_free(judge);
	sql(b, "DELETE FROM mxaddr WHERE addr = '192.0.2.13' AND domain ="
	    " 'many.nz'");
}

static void
test_judge(struct bench *b)
{
	site_of("testing.nz")->txt = "v=STSv1; id=9;";
	is_str(ask(b, "testing.nz"), "testing.nz=none ", "a testing policy");
	is_str(ask(b, "none.nz"), "none.nz=none ", "and none");
	is_str(judged(b, "none.nz", "192.0.2.9", "TLSv1.3", FAILURE_NONE),
	    "none ok  ", "no policy: any TLS will do");
	is_str(judged(b, "testing.nz", "192.0.2.13", "TLSv1.3", FAILURE_NONE),
	    "sts ok unseen mx.testing.nz",
	    "testing: good, but nobody has looked yet");
	look_tick(b->e.learn);
	look_at(b->e.learn, "mx.testing.nz", "192.0.2.13", 0);
	b->wanted = 0;
	(void)settle(b, DEADLINE_MS);
	is_str(judged(b, "testing.nz", "192.0.2.13", "TLSv1.3", FAILURE_NONE),
	    "sts ok  mx.testing.nz", "testing: a good host");
	sql(b, "UPDATE probe SET probed = probed - 172810 WHERE host ="
	    " 'mx.testing.nz'");
	is_str(judged(b, "testing.nz", "192.0.2.13", "TLSv1.3", FAILURE_NONE),
	    "sts ok unseen mx.testing.nz",
	    "testing: nobody has looked for two days");
	is_str(judged(b, "testing.nz", "192.0.2.11", "TLSv1.3", FAILURE_NONE),
	    "sts failed validation-failure mx.other.nz",
	    "testing: a host that is not in the policy");
	b->cert = "host-mismatch";
	look_at(b->e.learn, "mx.testing.nz", "192.0.2.13", 0);
	(void)settle(b, DEADLINE_MS);
	is_str(judged(b, "testing.nz", "192.0.2.13", "TLSv1.3", FAILURE_NONE),
	    "sts failed certificate-host-mismatch mx.testing.nz",
	    "testing: a certificate of another name");
	is_str(ask(b, "many.nz"), "many.nz=none ", "a host of many addresses");
	(void)settle(b, DEADLINE_MS);
	is_str(judged(b, "many.nz", "192.0.2.73", "TLSv1.3", FAILURE_NONE),
	    "sts failed certificate-host-mismatch mx.many.nz",
	    "each of them is looked at");
	test_shared(b);
	is_str(judged(b, "testing.nz", "192.0.2.13", NULL,
	    FAILURE_NOT_SUPPORTED),
	    "sts failed starttls-not-supported mx.testing.nz",
	    "testing: no STARTTLS");
	/* With enforce smtpd has verified it, but for what it does not know. */
	is_str(ask(b, "alias.nz"), "alias.nz=enforce ", "an enforce policy");
	(void)settle(b, 500);
	is_str(judged(b, "alias.nz", "192.0.2.11", "TLSv1.3", FAILURE_NONE),
	    "sts ok  mx.alias.nz", "enforce: what smtpd took was good");
	sql(b, "UPDATE probe SET probed = 0 WHERE host = 'mx.alias.nz'");
	is_str(judged(b, "alias.nz", "192.0.2.11", "TLSv1.3", FAILURE_NONE),
	    "sts ok verified mx.alias.nz", "enforce: not looked at yet");
	sql(b, "UPDATE probe SET probed = unixepoch() WHERE host ="
	    " 'mx.alias.nz'");
	sql(b, "UPDATE probe SET type = 'certificate-host-mismatch', text = '"
	    CERT_TEXT_NO_DNS_NAME "' WHERE host = 'mx.alias.nz'");
	is_str(judged(b, "alias.nz", "192.0.2.11", "TLSv1.3", FAILURE_NONE),
	    "sts failed certificate-host-mismatch mx.alias.nz",
	    "but not by a name in the subject alone (RFC 8461 4.2)");
	is_str(judged(b, "none.nz", "192.0.2.9", NULL, FAILURE_VALIDATION),
	    "none failed validation-failure pending a.none.nz",
	    "a handshake that failed waits for its reason");
	is_str(judged(b, "none.nz", "192.0.2.9", NULL, FAILURE_NONE),
	    "not counted", "the second half of a downgrade");
}

static void
add_pending(struct bench *b, const char *domain, int policy, const char *addr,
    const char *mx)
{
	char text[512];

	snprintf(text, sizeof(text), "INSERT INTO detail VALUES (1, '%s', %d,"
	    " 'validation-failure', '192.0.2.1', '%s', '%s', '', '', '', 1,"
	    " 3)", domain, policy, addr, mx);
	sql(b, text);
}

/* Nothing was sent, and the answer to EHLO is not on record. */
static void
add_unanswered(struct bench *b, const char *domain, int64_t ok)
{
	char text[512];

	sql(b, "DELETE FROM probe; DELETE FROM detail; DELETE FROM tally");
	snprintf(text, sizeof(text), "INSERT INTO tally VALUES (1, '%s', 0,"
	    " %d, 3); INSERT INTO detail VALUES (1, '%s', 0,"
	    " 'starttls-not-supported', '192.0.2.1', '192.0.2.12',"
	    " 'mx.member.nz', '', '', '', 1, 3)", domain, (int)ok, domain);
	sql(b, text);
	look_tick(b->e.learn);
	(void)settle(b, 2000);
}

static const char *
tallied(struct bench *b)
{
	return rows(b, "SELECT domain || ' ' || ok || ' ' || fail FROM tally");
}

static void
test_unanswered(struct bench *b)
{
	b->status = "ok";
	b->starttls = "absent";
	add_unanswered(b, "member.nz", 0);
	is_str(rows(b, "SELECT type || ' ' || pending || ' ' || count"
	    " FROM detail"),
	    "starttls-not-supported 0 3", "EHLO answered, no STARTTLS");
	is_str(tallied(b), "member.nz 0 3", "these failed");
	b->starttls = "offered";
	add_unanswered(b, "member.nz", 2);
	is_str(tallied(b), "member.nz 2 0",
	    "it has STARTTLS: it was something else");
	is_str(rows(b, "SELECT * FROM detail"), "", "and no detail is left");
	b->status = "smtp";
	b->starttls = "";
	add_unanswered(b, "member.nz", 0);
	is_str(tallied(b), "",
	    "EHLO is refused: nothing, and no report");
	b->status = "connect";
	add_unanswered(b, "member.nz", 1);
	is_str(tallied(b), "member.nz 1 0", "nobody answers: nothing");
	/* Asked for TLS, it goes away each time. */
	b->status = "smtp";
	b->starttls = "busy";
	sql(b, "DELETE FROM probe; INSERT INTO tally VALUES (1, 'none.nz', 0,"
	    " 0, 3)");
	add_pending(b, "none.nz", 0, "192.0.2.9", "a.none.nz");
	look_tick(b->e.learn);
	(void)settle(b, 2000);
	is_str(rows(b, "SELECT * FROM tally WHERE domain = 'none.nz'"), "",
	    "421 to STARTTLS: a busy host");
	b->status = "ok";
	b->starttls = "offered";
}

static const char *
settled(struct bench *b, const char *domain)
{
	char text[512];

	snprintf(text, sizeof(text), "SELECT type || ',' || reason || ',' ||"
	    " pending || ',' || count FROM detail WHERE day = 1 AND domain ="
	    " '%s' ORDER BY pending", domain);
	return rows(b, text);
}

static void
test_pending(struct bench *b)
{
	sql(b, "DELETE FROM probe");
	b->cert = "expired";
	add_pending(b, "testing.nz", 1, "192.0.2.13", "mx.testing.nz");
	add_pending(b, "none.nz", 0, "192.0.2.9", "a.none.nz");
	add_pending(b, "member.nz", 0, "192.0.2.12", "mx.member.nz");
	look_tick(b->e.learn);
	b->wanted = 0;
	(void)settle(b, DEADLINE_MS);
	is_str(settled(b, "testing.nz"),
	    "certificate-expired,what libtls says,0,3",
	    "with a policy: the certificate was it");
	is_str(settled(b, "member.nz"),
	    "certificate-expired,what libtls says,0,3",
	    "so with a connector");
	is_str(settled(b, "none.nz"), "validation-failure,TLS handshake "
	    "failed; when asked again it did not,0,3",
	    "where none is verified, it was not");
	b->probes = 0;
	add_pending(b, "testing.nz", 1, "192.0.2.13", "mx.testing.nz");
	look_tick(b->e.learn);
	(void)settle(b, DEADLINE_MS);
	is_int(b->probes, 0, "not asked twice within the hour");
	is_str(settled(b, "testing.nz"),
	    "certificate-expired,what libtls says,0,6", "counts are added");
	b->starttls = "absent";
	sql(b, "DELETE FROM probe");
	add_pending(b, "none.nz", 0, "192.0.2.9", "a.none.nz");
	look_tick(b->e.learn);
	(void)settle(b, DEADLINE_MS);
	ok(strstr(settled(b, "none.nz"), "starttls-not-supported") != NULL,
	    "STARTTLS is gone: so it is called");
	is_str(rows(b, "SELECT count(*) FROM detail WHERE pending = 1"), "0",
	    "nothing waits");
}

/* Three verified by smtpd, of another day, and two that nobody verified. */
static void
add_unseen(struct bench *b)
{
	sql(b, "DELETE FROM probe; DELETE FROM detail; DELETE FROM tally;"
	    " INSERT INTO tally VALUES (1, 'testing.nz', 1, 5, 1),"
	    " (2, 'testing.nz', 1, 3, 0), (1, 'none.nz', 0, 4, 0);"
	    " INSERT INTO unseen VALUES (1, 'testing.nz', 1, '192.0.2.1',"
	    " '192.0.2.13', 'mx.testing.nz', 1, 2), (2, 'testing.nz', 1,"
	    " '192.0.2.1', '192.0.2.13', 'mx.testing.nz', 2, 3)");
	is_int(store_pending_day(b->e.store, "testing.nz", 1), 1,
	    "the day's report waits for the look");
	look_tick(b->e.learn);
	b->wanted = 0;
	(void)settle(b, DEADLINE_MS);
	is_int(store_pending_day(b->e.store, "testing.nz", 1), 0,
	    "and then no more");
}

/* What came up while nobody had looked is judged by the look. */
static void
test_unseen(struct bench *b)
{
	b->starttls = "offered";
	b->cert = "expired";
	add_unseen(b);
	is_str(rows(b, "SELECT group_concat(t, ' ') FROM (SELECT domain || ','"
	    " || ok || ',' || fail AS t FROM tally ORDER BY domain, day)"),
	    "none.nz,4,0 testing.nz,3,3 testing.nz,3,0",
	    "those that nobody verified have failed");
	is_str(rows(b, "SELECT day || ' ' || type || ' ' || rip || ' ' || mx ||"
	    " ' ' || pending || ' ' || count FROM detail"),
	    "1 certificate-expired 192.0.2.13 mx.testing.nz 0 2",
	    "with the reason that the look gave");
	b->cert = "ok";
	add_unseen(b);
	is_str(rows(b, "SELECT count(*) || ' ' || sum(ok) FROM tally"), "3 12",
	    "a good host: they stand");
	is_str(rows(b, "SELECT * FROM detail"), "", "and nothing is told");
	/* The network had no room for its look: it is had when there is. */
	sql(b, "DELETE FROM probe; INSERT INTO unseen VALUES (1, 'testing.nz',"
	    " 1, '192.0.2.1', '192.0.2.13', 'mx.testing.nz', 1, 2)");
	b->probes = 0;
	look_at(b->e.learn, "a", "192.0.2.100", 0);
	look_at(b->e.learn, "b", "192.0.2.101", 0);
	look_at(b->e.learn, "c", "192.0.2.102", 0);
	look_at(b->e.learn, "d", "192.0.2.103", 0);
	look_at(b->e.learn, "mx.testing.nz", "192.0.2.13", 0);
	(void)settle(b, DEADLINE_MS);
	/* A second may have passed within: then the next one has begun. */
	ok(b->probes >= PROBES_NETWORK_MAX, "so many to one network");
	look_tick(b->e.learn);
	(void)settle(b, DEADLINE_MS);
	is_int(b->probes, PROBES_NETWORK_MAX + 1, "then the next");
	is_int(store_pending_day(b->e.store, "testing.nz", 1), 0,
	    "none is forgotten");
}

static int64_t
as_stored(const char *domain __unused, int64_t last, void *arg __unused)
{
	return last;
}

/* Whose a session was that failed there just now. */
static const char *
whose(struct bench *b, const char *addr)
{
	static struct whose whose;
	struct record r = { .time = time(NULL), .dir = DIR_OUT,
	    .session = "s", .remote = addr, .mail = "minties.govt.nz",
	    .failure = FAILURE_VALIDATION };
	struct whose_past *past = whose_past_new();
	struct judge *judge = judge_new(b->e.store, b->e.conf);

	whose_session(judge, past, &r, as_stored, NULL, &whose);
	whose_past_free(past);
	judge_free(judge);
	return whose.is == WHOSE_FOUND ? whose.domain[0] : "not clear";
}

static void
test_attribute(struct bench *b)
{
	sql(b, "DELETE FROM waiting");
	sql(b, "DELETE FROM mxaddr WHERE addr = '192.0.2.99'");
	is_str(whose(b, "192.0.2.99"), "not clear", "an address nobody has");
	is_str(whose(b, "192.0.2.12"), "member.nz",
	    "a connector's address is its domain's");
	sql(b, "INSERT INTO mxaddr VALUES ('192.0.2.99', 'x.nz', 'h', 0, 1),"
	    " ('192.0.2.99', 'y.nz', 'h', 0, 1)");
	is_str(whose(b, "192.0.2.99"), "not clear",
	    "two have it: not guessed");
	sql(b, "INSERT INTO waiting VALUES ('y.nz', 1, 1)");
	is_str(whose(b, "192.0.2.99"), "y.nz", "mail waits for one of them");
	sql(b, "INSERT INTO waiting VALUES ('x.nz', 1, 1)");
	is_str(whose(b, "192.0.2.99"), "not clear",
	    "for both, for long: not guessed");
	sql(b, "UPDATE waiting SET last = unixepoch() - 2"
	    " WHERE domain = 'y.nz'");
	is_str(whose(b, "192.0.2.99"), "y.nz",
	    "mail for one of them just came in");
	sql(b, "UPDATE mxaddr SET routed = 5 WHERE domain = 'x.nz'");
	is_str(whose(b, "192.0.2.99"), "x.nz", "only the other is routed there");
	sql(b, "UPDATE mxaddr SET routed = 5 WHERE domain = 'y.nz'");
	is_str(whose(b, "192.0.2.99"), "y.nz",
	    "both are: the one that was routed there last");
	sql(b, "UPDATE waiting SET last = unixepoch() - 2");
	is_str(whose(b, "192.0.2.99"), "not clear",
	    "both just now: not guessed");
}

/* A file that can't be written: nobody is told what stands in no file. */
static void
test_no_file(struct bench *b)
{
	sql(b, "DELETE FROM route WHERE domain IN ('enforce.nz', 'gone.nz')");
	if (rename("routes", "routes.old") == -1 || mkdir("routes", 0700) ==
	    -1)
		fatal("test");
	is_str(ask_vainly(b, "enforce.nz"), "enforce.nz=failed ",
	    "not written: not told");
	is_str(ask_vainly(b, "enforce.nz"), "enforce.nz=failed ",
	    "nor when it is known");
	if (rmdir("routes") == -1)
		fatal("test");
	is_str(ask(b, "enforce.nz"), "enforce.nz=enforce ",
	    "written again: told");
	ok(strncmp(line_of("enforce.nz"), "enforce smtp+tls://", 19) == 0,
	    "and there");
	ok(strncmp(line_of("none.nz"), "none smtp+tls://", 16) == 0,
	    "with all the others");
	(void)unlink("routes.old");
}

/* Another policy each time it is asked for: some are taken, then few. */
static void
test_changing(struct bench *b)
{
	static char txt[64], policy[256];
	struct site *s = site_of("flip.nz");
	int i, gets = b->gets;

	s->txt = txt;
	s->policy = policy;
	for (i = 0; i < 3 * CHANGES_MAX; i++) {
		snprintf(txt, sizeof(txt), "v=STSv1; id=%d;", i);
		snprintf(policy, sizeof(policy), POLICY("enforce",
		    "mx.flip.nz\nmx: mx%d.flip.nz"), i);
		again(b, "flip.nz");
		sql(b, "UPDATE sts_history SET since = since - 20,"
		    " until = max(until - 20, 0) WHERE domain = 'flip.nz'");
	}
	is_int(b->gets - gets, CHANGES_MAX, "a policy that never stays: "
	    "fetched some times");
	is_str(rows(b, "SELECT count(*) FROM policy WHERE domain = 'flip.nz'"),
	    "24", "and kept as often");
	is_str(line_of("flip.nz"), "enforce smtp+tls://mx.flip.nz",
	    "what is held holds");
	sql(b, "UPDATE sts SET fetched = fetched - 3600"
	    " WHERE domain = 'flip.nz'");
	again(b, "flip.nz");
	is_int(b->gets - gets, CHANGES_MAX + 1, "once an hour it may change");
}

static int
no_commit(void *arg)
{
	(*(int *)arg)++;
	return 1;
}

/*
 * A database that takes nothing: a full disk (no commit succeeds), then one
 * that another program holds.  Nothing is told or lost, and it goes on after.
 */
static void
test_trouble(struct bench *b)
{
	sqlite3 *other = NULL;
	int refused = 0;

	look_at(b->e.learn, "mx.look.nz", "192.0.2.77", 0);
	sql(b, "UPDATE route SET renew = 1, used = strftime('%s', 'now')");
	sqlite3_commit_hook(b->e.store->db, no_commit, &refused);
	/* Long enough for a tick, which is a second. */
	loop_timer_add(b->e.loop, 1300, tick_over, b);
	loop_run(b->e.loop);
	ok(refused >= 3, "a look, a tick and what is due can't be written");
	is_str(ask_vainly(b, "hijack.nz"), "hijack.nz=enforce ",
	    "what is known is told");
	sqlite3_commit_hook(b->e.store->db, NULL, NULL);
	sql(b, "DELETE FROM probe");

	sqlite3_busy_timeout(b->e.store->db, 20);
	if (sqlite3_open("db", &other) != SQLITE_OK || sqlite3_exec(other,
	    "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
		fatalx("test: no lock");
	look_at(b->e.learn, "mx.look.nz", "192.0.2.77", 0);
	loop_timer_add(b->e.loop, 1300, tick_over, b);
	loop_run(b->e.loop);
	is_int(b->e.learn->nlooks, 0, "the database is held: a look is over");
	sqlite3_close(other);
	is_str(rows(b, "SELECT host FROM probe WHERE host = 'mx.look.nz'"), "",
	    "and not written");
	look_at(b->e.learn, "mx.look.nz", "192.0.2.77", 0);
	(void)settle(b, DEADLINE_MS);
	is_str(rows(b, "SELECT host FROM probe WHERE host = 'mx.look.nz'"),
	    "mx.look.nz", "afterwards it is");
	sql(b, "UPDATE route SET until = 1");
	is_str(ask(b, "none.nz"), "none.nz=none ", "and it learns again");
}

/* The DNS process is in others' hands: they choose what it answers. */
static void
test_lied_to(struct bench *b, const struct conf *conf)
{
	ask(b, "none.nz");
	(void)settle(b, DEADLINE_MS);
	ask(b, "broken.nz");
	(void)settle(b, DEADLINE_MS);
	is_str(line_of("broken.nz"), "none smtp+tls://mx.broken.nz",
	    "of its hosts the one that is a name");
	ok(strstr(line_of("none.nz"), "bad.nz") == NULL,
	    "another domain's route stays");
	is_int(system("grep -q bad.nz routes"), 256, "nothing else is there");
	/* Hosts that an older version took. */
	sql(b, "UPDATE mx SET host = 'q.nz' || char(10) || 'none.nz|none|9|'"
	    " WHERE domain = 'broken.nz'");
	sql(b, "UPDATE route SET urls = 'smtp+tls://q.nz' || char(10) ||"
	    " 'none.nz|none|9999999999|' WHERE domain = 'broken.nz'");
	if (store_begin(b->e.store) == -1 ||
	    route_order(b->e.learn, "broken.nz", time(NULL)) == -1 ||
	    store_commit(b->e.store) == -1)
		ok(0, "order anew");
	is_int(file_flush(b->e.learn), 0, "what can be written is");
	stop(b);
	start(b, conf);
	ok(strstr(line_of("none.nz"), "a.none.nz") != NULL,
	    "nor does the base take them");
	is_int(system("grep -q '^none.nz|none|9' routes"), 256,
	    "no line of another domain");
	sql(b, "DELETE FROM mx WHERE domain = 'broken.nz'; DELETE FROM route"
	    " WHERE domain = 'broken.nz'");
}

int
main(void)
{
	struct bench b;
	struct conf *conf;
	char *said, text[2048];

	log_init("unit-learn", 1, 0);
	if (mkdtemp(dir) == NULL || chdir(dir) == -1)
		fatal("%s", dir);
	snprintf(text, sizeof(text), "%sspool \"%s\"\n"
	    "database sqlite \"%s/db\"\n", conf_lines, dir, dir);
	if ((conf = conf_text(text, &said)) == NULL)
		fatalx("%s", said);
	free(said);
	start(&b, conf);
	test_own(&b);
	test_simple(&b);
	test_modes(&b);
	test_fetch(&b);
	test_fetching(&b);
	test_held(&b);
	test_hosts(&b);
	test_pace(&b);
	test_equal(&b);
	test_part(&b);
	test_broken(&b);
	test_unknown(&b);
	test_file(&b, conf);
	test_judge(&b);
	test_pending(&b);
	test_unseen(&b);
	test_unanswered(&b);
	test_attribute(&b);
	test_no_file(&b);
	test_changing(&b);
	test_letter(&b);
	test_probes(&b);
	test_notice(&b);
	test_trouble(&b);
	test_lied_to(&b, conf);
	stop(&b);
	conf_free(conf);
	if (system("rm -f db db-wal db-shm routes routes.new routes.cdb") != 0)
		ok(0, "cleaned up");
	(void)rmdir(dir);
	return done_testing();
}
