/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "conftext.h"
#include "learn_bench.h"
#include "lib/hash.h"
#include "spool/routes.h"

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

static char	 dir[] = "/tmp/unit-learn.XXXXXXXXXX";

struct conf *
bench_begin(const char *name)
{
	struct conf *conf;
	char *said, text[2048];

	log_init(name, 1, 0);
	if (mkdtemp(dir) == NULL || chdir(dir) == -1)
		fatal("%s", dir);
	snprintf(text, sizeof(text), "%sspool \"%s\"\n"
	    "database sqlite \"%s/db\"\n", conf_lines, dir, dir);
	if ((conf = conf_text(text, &said)) == NULL)
		fatalx("%s", said);
	free(said);
	return conf;
}

void
bench_end(struct conf *conf)
{
	conf_free(conf);
	if (system("rm -f db db-wal db-shm routes routes.new routes.cdb") != 0)
		fatalx("test: not cleaned up");
	(void)rmdir(dir);
}

static void
peer_closed(struct ipc *ipc __unused, void *arg __unused)
{
	fatalx("test: the engine hung up");
}

void
start(struct bench *b, const struct conf *conf)
{
	static void (*const play[])(struct ipc *, json_t *, int, void *) = {
		[WORLD_RESOLVE] = play_resolve,
		[WORLD_NET] = play_net
	};
	int fds[WORLD_PARTS] = { -1, -1, -1, -1 }, pair[2], i;

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

void
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

int
settle(struct bench *b, int ms)
{
	b->ticks = ms / 2;
	b->timer = loop_timer_add(b->e.loop, 0, tick, b);
	loop_run(b->e.loop);
	loop_timer_remove(b->e.loop, b->timer);
	return idle(b);
}

void
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

const char *
ask(struct bench *b, const char *domain)
{
	b->answers[0] = '\0';
	b->nanswers = 0;
	b->wanted = 1;
	learn_ask(&b->e, domain, learned, b);
	(void)settle(b, DEADLINE_MS);
	return b->answers;
}

const char *
ask_vainly(struct bench *b, const char *domain)
{
	b->answers[0] = '\0';
	b->nanswers = b->wanted = 0;
	learn_ask(&b->e, domain, learned, b);
	(void)settle(b, 500);
	return b->answers;
}

void
again(struct bench *b, const char *domain)
{
	b->wanted = 0;
	if (lesson_new(b->e.learn, domain) == NULL)
		fatalx("test: no lesson");
	(void)settle(b, DEADLINE_MS);
}

const char *
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

const char *
why(struct bench *b, const char *domain)
{
	return rows(b, "SELECT why FROM route WHERE domain = '%s'", domain);
}

static char reason[sizeof(((struct judgement *)NULL)->reason)];

const char *
judged_reason(void)
{
	return reason;
}

const char *
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
	if (!judge_session(judge, judge_known(judge, domain), domain, &r, &j))
		strlcpy(out, "not counted", sizeof(out));
	else
		snprintf(out, sizeof(out), "%s %s %s%s%s", j.policy > 0 ?
		    "sts" : "none", j.failed ? "failed" : "ok", j.type,
		    j.pending ? " pending " : j.unseen == UNSEEN_CERT ?
		    "unseen " : j.unseen == UNSEEN_DNS_NAME ?
		    "verified " : " ", j.mx);
	(void)strlcpy(reason, j.reason, sizeof(reason));
	return out;
}

const char *
judged(struct bench *b, const char *domain, const char *addr, const char *tls,
    enum failure failure)
{
	struct judge *judge = judge_new(b->e.store, b->e.conf);
	const char *out = judged_by(judge, domain, addr, tls, failure);

	judge_free(judge);
	return out;
}
