/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <string.h>

#include "base/bounds.h"
#include "base/log.h"
#include "learn_bench.h"

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
	{ .domain = "lost.nz", .txt = "v=STSv1; id=1;",
	    .mx = { "mx1.lost.nz", "mx2.lost.nz" },
	    .policy = POLICY("enforce", "*.lost.nz") },
	{ .domain = "dumb.nz", .txt = "v=STSv1; id=1;",
	    .mx = { "mx1.dumb.nz", "mx2.dumb.nz" },
	    .policy = POLICY("enforce", "*.dumb.nz") },
	{ .domain = "two.nz", .txt = "v=STSv1; id=1;", .mx = { "mx.two.nz" },
	    .policy = POLICY("enforce", "mx.two.nz") },
	{ .domain = "blank.nz", .txt = "v=STSv1; id=1 ",
	    .mx = { "mx.blank.nz" } },
	{ .domain = "brief.nz", .txt = "v=STSv1; id=1;",
	    .mx = { "mx.brief.nz" }, .policy = "version: STSv1\n"
	    "mode: enforce\nmx: mx.brief.nz\nmax_age: 120\n" },
	{ .domain = LONG_DOMAIN, .txt = "v=STSv1; id=1;",
	    .mx = { "mx.long.nz" }, .policy = POLICY("enforce", "mx.long.nz") },
	{ .domain = "nomx.nz", .txt = "nxdomain", .mx = { "servfail" } },
	{ .domain = "broken.nz", .txt = "nxdomain", .mx = { "x.broken.nz|",
	    "y.broken.nz\nnone.nz|none|9999999999|smtp+tls://mx.bad.nz",
	    "z.broken.nz,smtp+tls://mx.bad.nz", "MX.Broken.nz" } },
};

static void
reply(struct bench *b, int part, const json_t *request, json_t *answer)
{
	json_object_set(answer, "id", json_object_get(request, "id"));
	if (ipc_send(b->peer[part], answer, -1) == -1)
		fatalx("test: no answer");
}

struct site *
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
	return json_pack("{s:s, s:i, s:o}", "status", "ok", "ttl",
	    s->ttl != 0 ? s->ttl : 1, "mx", list);
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
void
play_resolve(struct ipc *ipc, json_t *q, int fd __unused, void *arg)
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
		if (b->nohost != NULL && strstr(name, b->nohost) != NULL)
			reply(b, WORLD_RESOLVE, q, json_pack("{s:s}",
			    "status", b->nohost_says));
		else if (strncmp(name, "mta-sts.noaddr", 14) == 0)
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
		if (b->late != NULL) {
			b->mx_first = 0;
			play_resolve(ipc, b->late, -1, b);
			json_decref(b->late);
			b->late = NULL;
		}
		return;
	}
	if (b->mx_first) {
		b->late = json_incref(q);
		return;
	}
	b->lookups++;
	s = site_of(name + strlen("_mta-sts."));
	if (strcmp(s->domain, "two.nz") == 0)
		reply(b, WORLD_RESOLVE, q, json_pack("{s:s, s:i, s:[s, s]}",
		    "status", "ok", "ttl", 1, "txt", s->txt, s->txt));
	else if (strncmp(s->txt, "v=", 2) == 0)
		reply(b, WORLD_RESOLVE, q, json_pack("{s:s, s:i, s:[s, s]}",
		    "status", "ok", "ttl", s->ttl != 0 ? s->ttl : 1, "txt",
		    "v=spf1 -all", s->txt));
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
	if (b->silent)
		return;
	if (b->dead != NULL && (strcmp(host, b->dead) == 0 ||
	    strcmp(ipc_string(q, "addr", ""), b->dead) == 0))
		reply(b, WORLD_NET, q, json_pack("{s:s, s:s}", "status",
		    "connect", "text", "connection refused"));
	else
		reply(b, WORLD_NET, q, json_pack("{s:s, s:s*, s:s, s:s, s:s,"
		    " s:s*, s:b, s:i}", "status", b->status, "starttls",
		    *b->starttls == '\0' ? NULL : b->starttls,
		    "cert", handshake ? b->cert : "unknown", "text",
		    strcmp(b->cert, "ok") == 0 ? "" : b->text != NULL ?
		    b->text : "what libtls says", "helo", "mx.said.nz",
		    "tls", handshake ? "TLSv1.3" : NULL, "handshake",
		    handshake, "notafter", 2000000000));
}

void
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
