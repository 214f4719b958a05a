/* SPDX-License-Identifier: ISC */

/*
 * The DNS process, against a real server with known data; t/resolve.t starts
 * it and gives its port.
 */

#include <sys/socket.h>
#include <sys/wait.h>

#include <netinet/in.h>

#include <stdlib.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/log.h"
#include "tap.h"
#include "helper/dns_rdata.h"
#include "helper/helper.h"

struct wanted {
	const char	*op;
	const char	*name;
	const char	*status;
	const char	*key;		/* and what stands there, as JSON */
	const char	*json;
};

static const struct wanted table[] = {
	{ "txt", "_mta-sts.good.test", "ok", "txt",
	    "[\"v=STSv1; id=20261122\"]" },
	{ "txt", "_MTA-STS.Good.Test.", "ok", "txt",
	    "[\"v=STSv1; id=20261122\"]" },
	{ "txt", "split.test", "ok", "txt", "[\"v=STSv1; id=ab\"]" },
	{ "txt", "_mta-sts.alias.test", "ok", "txt",
	    "[\"v=STSv1; id=20261122\"]" },
	{ "txt", "_mta-sts.alias.test", "ok", "canon",
	    "\"_mta-sts.good.test\"" },
	{ "txt", "odd.test", "ok", "txt", "[\"a?b \\\"?\\\\\"]" },
	{ "txt", "nothing.test", "nxdomain", "txt", NULL },
	{ "txt", "good.test", "nodata", "txt", NULL },
	{ "txt", "dangling.test", "nxdomain", "txt", NULL },
	{ "txt", "x.broken.test", "servfail", "txt", NULL },
	{ "mx", "x.broken.test", "servfail", "mx", NULL },
	{ "addr", "x.broken.test", "servfail", "addr", NULL },
	{ "mx", "good.test", "ok", "mx",
	    "[[5, \"mx0.good.test\"], [10, \"mx1.good.test\"],"
	    " [20, \"mx2.good.test\"]]" },
	{ "mx", "null.test", "nodata", "null", "true" },
	{ "mx", "null.test", "nodata", "mx", "[]" },
	{ "mx", "plain.test", "ok", "mx", "[[0, \"plain.test\"]]" },
	{ "mx", "plain.test", "ok", "addr", NULL },
	{ "mx", "six.test", "ok", "mx", "[[0, \"six.test\"]]" },
	{ "mx", "txtonly.test", "nodata", "mx", NULL },
	{ "mx", "nothing.test", "nxdomain", "mx", NULL },
	{ "mx", "badname.test", "ok", "mx", "[[10, \"mx1.good.test\"]]" },
	{ "addr", "mx1.good.test", "ok", "addr",
	    "[\"192.0.2.1\", \"2001:db8::1\"]" },
	{ "addr", "cname.test", "ok", "addr",
	    "[\"192.0.2.1\", \"2001:db8::1\"]" },
	{ "addr", "cname.test", "ok", "canon", "\"mx1.good.test\"" },
	{ "addr", "six.test", "ok", "addr", "[\"2001:db8::6\"]" },
	{ "addr", "txtonly.test", "nodata", "addr", NULL },
	{ "addr", "nothing.test", "nxdomain", "addr", NULL },
	{ "addr", "[192.0.2.1]", "nxdomain", "addr", NULL },
	{ "addr", "no host name", "nxdomain", "addr", NULL },
};

static struct loop *loop;
static struct world *world;
static size_t	 nanswers;
static int	 nmany, ntimeouts;

static void
answered(json_t *answer, void *arg)
{
	const struct wanted *w = arg;
	json_t *value = json_object_get(answer, w->key);
	char *text;

	is_str(ipc_string(answer, "status", "?"), w->status, "%s %s", w->op,
	    w->name);
	text = json_dumps(value, JSON_ENCODE_ANY);
	if (w->json == NULL)
		ok(text == NULL, "%s %s: no %s", w->op, w->name, w->key);
	else
		is_str(text, w->json, "%s %s: %s", w->op, w->name, w->key);
	if (strcmp(w->op, "mx") == 0 && strcmp(w->name, "good.test") == 0)
		is_int(ipc_int(answer, "ttl", 0), 77, "ttl");
	free(text);
	if (++nanswers == nitems(table))
		loop_stop(loop);
}

static void
many(json_t *answer, void *arg __unused)
{
	if (strcmp(ipc_string(answer, "status", "?"), "ok") == 0)
		nmany++;
	if (++nanswers == 500)
		loop_stop(loop);
}

static void
timed_out(json_t *answer, void *arg __unused)
{
	if (strcmp(ipc_string(answer, "status", "?"), "timeout") == 0)
		ntimeouts++;
	if (++nanswers == 3)
		loop_stop(loop);
}

static void
gone(enum world_part part __unused, void *arg __unused)
{
	fatalx("the process is gone");
}

static pid_t
start(int port)
{
	struct conf conf = { 0 };
	int fds[2], parts[WORLD_PARTS] = { -1, -1, -1, -1 };
	char address[] = "127.0.0.1";
	pid_t pid;

	conf.resolver = address;
	conf.resolver_port = port;
	if (ipc_pair(fds) == -1)
		fatal("ipc_pair");
	fflush(stdout);
	switch (pid = fork()) {
	case -1:
		fatal("fork");
	case 0:
		close(fds[0]);
		/* Root would have to become a user that may not be there. */
		if (geteuid() == 0 && setuid(65534) == -1)
			fatal("setuid");
		resolve_main(&conf, fds[1]);
	}
	close(fds[1]);
	parts[WORLD_RESOLVE] = fds[0];
	loop = loop_new();
	world = world_new(loop, parts, gone, NULL);
	return pid;
}

static void
stop(pid_t pid)
{
	int status;

	world_free(world);
	loop_free(loop);
	ok(waitpid(pid, &status, 0) == pid && status == 0,
	    "it ends with its socket");
}

static void
ask(const char *op, const char *name, void (*cb)(json_t *, void *), void *arg)
{
	world_ask(world, WORLD_RESOLVE, json_pack("{s:s, s:s}", "op", op,
	    "name", name), -1, cb, arg);
}

static void
test_wire(void)
{
	static const unsigned char cut[] = { 5, 'a', 'b' };
	static const unsigned char dot[] = { 3, 'a', '.', 'b', 0 };
	static const unsigned char pointer[] = { 0xc0, 0x0c };
	static const unsigned char root[] = { 0 };
	static const unsigned char good[] = { 2, 'M', 'x', 1, 'd', 0 };
	static const unsigned char txt[] = { 3, 'a', 'b' };
	unsigned char longtxt[40 * 256];
	char name[DOMAIN_MAX];
	size_t i;
	int toolong = 0;

	is_int(wire_name(cut, sizeof(cut), name, sizeof(name)), -1, "cut off");
	is_int(wire_name(dot, sizeof(dot), name, sizeof(name)), -1,
	    "a dot in a label");
	is_int(wire_name(pointer, sizeof(pointer), name, sizeof(name)), -1,
	    "compressed");
	is_int(wire_name(root, sizeof(root), name, sizeof(name)), 1, "root");
	is_int(wire_name(root, 0, name, sizeof(name)), -1, "nothing");
	is_int(wire_name(good, sizeof(good), name, sizeof(name)), 0, "name");
	is_str(name, "mx.d", "in normal form");
	ok(wire_txt(txt, sizeof(txt), &toolong) == NULL && !toolong,
	    "TXT cut off");
	memset(longtxt, 'x', sizeof(longtxt));
	for (i = 0; i < 40; i++)
		longtxt[i * 256] = 255;
	ok(wire_txt(longtxt, sizeof(longtxt), &toolong) == NULL && toolong,
	    "TXT too long");
	ok(wire_mx(txt, 2) == NULL && wire_addr(txt, 3) == NULL,
	    "records too short");
}

/* A server that never answers: libunbound would try for long. */
static void
test_silence(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);
	int64_t began = loop_now();
	int s;
	pid_t pid;

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if ((s = socket(AF_INET, SOCK_DGRAM, 0)) == -1 ||
	    bind(s, (struct sockaddr *)&sin, sizeof(sin)) == -1 ||
	    getsockname(s, (struct sockaddr *)&sin, &len) == -1)
		fatal("socket");
	pid = start(ntohs(sin.sin_port));
	nanswers = 0;
	ask("txt", "a.test", timed_out, NULL);
	ask("mx", "b.test", timed_out, NULL);
	ask("addr", "c.test", timed_out, NULL);
	loop_run(loop);
	is_int(ntimeouts, 3, "silence is told from failure");
	ok(loop_now() - began < 20000, "and is not waited for long");
	stop(pid);
	close(s);
}

int
main(int argc, char *argv[])
{
	char name[64];
	size_t i;
	pid_t pid;

	log_init("unit-resolve", 1, 0);
	if (argc != 2)
		fatalx("usage: unit-resolve port");
	test_wire();
	pid = start(atoi(argv[1]));
	for (i = 0; i < nitems(table); i++) {
		union { const void *c; void *v; } u = { &table[i] };

		ask(table[i].op, table[i].name, answered, u.v);
	}
	loop_run(loop);
	nanswers = 0;
	for (i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "h%zu.wild.test", i);
		ask("txt", name, many, NULL);
	}
	loop_run(loop);
	is_int(nmany, 500, "500 at once are all answered");
	stop(pid);
	test_silence();
	return done_testing();
}
