/* SPDX-License-Identifier: ISC */

/*
 * The net process against servers of ours; t/net.t starts the polite ones, the
 * hostile ones are made here.
 *
 *	unit-net ca port out
 */

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <netinet/in.h>

#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "helper/helper.h"
#include "net/net.h"
#include "tap.h"

struct get {
	const char	*host;
	const char	*path;
	const char	*status;
	const char	*cert;
	int		 http;
	const char	*type;
	const char	*body;
};

static const struct get gets[] = {
	{ "good.test", "/ok", "ok", "ok", 200, "text/plain",
	    "version: STSv1\n" },
	{ "good.test", "/missing", "ok", "ok", 404, "", "" },
	{ "good.test", "/moved", "ok", "ok", 302, "", "" },
	{ "good.test", "/chunked", "ok", "ok", 200, "text/plain",
	    "hello, world" },
	{ "good.test", "/close", "ok", "ok", 200, "text/html", "to the end" },
	{ "good.test", "/continue", "ok", "ok", 200, "text/plain", "after" },
	{ "good.test", "/bytes", "ok", "ok", 200, "", NULL },
	{ "good.test", "/big", "size", "ok", 0, NULL, NULL },
	{ "good.test", "/endless", "size", "ok", 0, NULL, NULL },
	{ "good.test", "/short", "http", "ok", 0, NULL, NULL },
	{ "good.test", "/garbage", "http", "ok", 0, NULL, NULL },
	{ "good.test", "/hang-up", "http", "ok", 0, NULL, NULL },
	{ "good.test", "/never", "timeout", "ok", 0, NULL, NULL },
	{ "good.test", "/drip", "timeout", "ok", 0, NULL, NULL },
	{ "good.test", "/bad path", "http", "unknown", 0, NULL, NULL },
	{ "wrong.test", "/ok", "tls", "host-mismatch", 0, NULL, NULL },
	{ "expired.test", "/ok", "tls", "expired", 0, NULL, NULL },
	{ "unknown.test", "/ok", "tls", "not-trusted", 0, NULL, NULL },
	{ "cnonly.test", "/ok", "tls", "host-mismatch", 0, NULL, NULL },
	{ "a.wild.test", "/ok", "ok", "ok", 200, "text/plain",
	    "version: STSv1\n" },
	{ "a.b.wild.test", "/ok", "tls", "host-mismatch", 0, NULL, NULL },
};

struct probe {
	int		 port;		/* beyond the first */
	const char	*host;
	const char	*status;
	const char	*starttls;
	const char	*cert;
	int		 handshake;
	const char	*offers;
};

static const struct probe probes[] = {
	{ 1, "good.test", "ok", "offered", "ok", 1, "[\"1.2\", \"1.3\"]" },
	{ 1, "other.test", "ok", "offered", "host-mismatch", 1,
	    "[\"1.2\", \"1.3\"]" },
	{ 2, "expired.test", "ok", "offered", "expired", 1, NULL },
	{ 3, "unknown.test", "ok", "offered", "not-trusted", 1, NULL },
	{ 4, "good.test", "ok", "absent", "unknown", 0, NULL },
	{ 5, "good.test", "ok", "refused", "unknown", 0, NULL },
	{ 6, "good.test", "ok", "offered", "other", 0, NULL },
	{ 7, "good.test", "ok", "offered", "other", 0, NULL },
	{ 8, "good.test", "smtp", NULL, "unknown", 0, NULL },
	{ 9, "good.test", "ok", "offered", "other", 0, "[\"1.0\", \"1.1\"]" },
	{ 10, "good.test", "ok", "offered", "ok", 1, "[\"1.3\"]" },
	{ 99, "good.test", "connect", NULL, "unknown", 0, NULL },
};

static struct loop *loop;
static struct world *world;
static int	 base, left;

static void
finished(void)
{
	if (--left == 0)
		loop_stop(loop);
}

static void
got(json_t *answer, void *arg)
{
	const struct get *g = arg;
	const char *body = ipc_string(answer, "body", NULL);

	if (!ok(strcmp(ipc_string(answer, "status", "?"), g->status) == 0 &&
	    strcmp(ipc_string(answer, "cert", "?"), g->cert) == 0,
	    "https://%s%s: %s %s", g->host, g->path, g->status, g->cert))
		printf("# got %s\n", json_dumps(answer, 0));
	if (strcmp(g->status, "ok") != 0)
		ok(ipc_string(answer, "text", "")[0] != '\0', "it says why");
	else {
		is_int(ipc_int(answer, "http", 0), g->http, "code");
		is_str(ipc_string(answer, "type", "?"), g->type, "type");
		if (g->body != NULL)
			is_str(body, g->body, "body");
		else
			is_str(ipc_string(answer, "body64", NULL), "YQD/",
			    "body that is no text");
	}
	finished();
}

static void
probed(json_t *answer, void *arg)
{
	const struct probe *p = arg;
	const char *starttls = ipc_string(answer, "starttls", NULL);
	char *text, *offers;

	text = json_dumps(answer, 0);
	offers = json_dumps(json_object_get(answer, "offers"), 0);
	if (!ok(strcmp(ipc_string(answer, "status", "?"), p->status) == 0 &&
	    strcmp(ipc_string(answer, "cert", "?"), p->cert) == 0 &&
	    (p->starttls == NULL ? starttls == NULL : starttls != NULL &&
	    strcmp(starttls, p->starttls) == 0) &&
	    ipc_bool(answer, "handshake", -1) == p->handshake,
	    "probe of %s at %d", p->host, p->port))
		printf("# got %s\n", text);
	if (p->offers != NULL)
		is_str(offers, p->offers, "versions offered at %d", p->port);
	if (p->handshake) {
		ok(ipc_int(answer, "notafter", 0) > 1000000000,
		    "end of the certificate");
		ok(json_array_size(json_object_get(answer, "names")) > 0,
		    "names in it");
	}
	free(text);
	free(offers);
	finished();
}

static void
gone(enum world_part part __unused, void *arg __unused)
{
	fatalx("the process is gone");
}

static pid_t
start(const char *ca, int allowed)
{
	struct conf conf = { 0 };
	struct cidr loopback;
	int fds[2], parts[WORLD_PARTS] = { -1, -1, -1, -1 };
	char hostname[] = "us.test";
	pid_t pid;

	if ((conf.ca = strdup(ca)) == NULL || ipc_pair(fds) == -1 ||
	    cidr_parse("127.0.0.0/8", &loopback) == -1)
		fatal("ipc_pair");
	conf.hostname = hostname;
	conf.network = &loopback;
	conf.nnetwork = allowed ? 1 : 0;
	fflush(stdout);
	switch (pid = fork()) {
	case -1:
		fatal("fork");
	case 0:
		close(fds[0]);
		/* Root would have to become a user that may not be there. */
		if (geteuid() == 0 && setuid(65534) == -1)
			fatal("setuid");
		net_main(&conf, fds[1]);
	}
	free(conf.ca);
	close(fds[1]);
	parts[WORLD_NET] = fds[0];
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
ask(json_t *request, int fd, void (*cb)(json_t *, void *), const void *arg)
{
	union { const void *c; void *v; } u = { arg };

	left++;
	world_ask(world, WORLD_NET, request, fd, cb, u.v);
}

static json_t *
get(const char *host, const char *path, int seconds)
{
	return json_pack("{s:s, s:s, s:i, s:s, s:[s], s:i, s:i}", "op", "get",
	    "host", host, "port", base, "path", path, "addrs", "127.0.0.1",
	    "max", 65536, "seconds", seconds);
}

static json_t *
probe(const char *host, int port, int versions, int seconds)
{
	return json_pack("{s:s, s:s, s:s, s:i, s:b, s:i}", "op", "probe",
	    "host", host, "addr", "127.0.0.1", "port", port, "versions",
	    versions, "seconds", seconds);
}

struct status {
	const char	*name;
	const char	*status;
	const char	*cert;
	int		 http;
};

static void
simple(json_t *answer, void *arg)
{
	const struct status *s = arg;
	char *text = json_dumps(answer, 0);

	if (!ok(strcmp(ipc_string(answer, "status", "?"), s->status) == 0 &&
	    strcmp(ipc_string(answer, "cert", "?"), s->cert) == 0 &&
	    ipc_int(answer, "http", 0) == s->http, "%s: %s %s", s->name,
	    s->status, s->cert))
		printf("# got %s\n", text);
	free(text);
	finished();
}

static int
body_of(size_t len)
{
	char path[] = "/tmp/unit-net.XXXXXXXXXX", block[1000];
	int fd = mkstemp(path);

	memset(block, 'b', sizeof(block));
	if (fd == -1 || unlink(path) == -1)
		fatal("mkstemp");
	for (; len >= sizeof(block); len -= sizeof(block))
		if (write(fd, block, sizeof(block)) != sizeof(block))
			fatal("write");
	return fd;
}

static void
post(const char *host, const char *path, int verify, size_t len,
    const struct status *want)
{
	ask(json_pack("{s:s, s:s, s:i, s:s, s:[s], s:s, s:b, s:i}", "op",
	    "post", "host", host, "port", base, "path", path, "addrs",
	    "127.0.0.1", "type", "application/tlsrpt+gzip", "verify", verify,
	    "seconds", 20), body_of(len), simple, want);
}

static void
test_post(const char *out)
{
	static const struct status good = { "POST", "ok", "ok", 201 };
	static const struct status big = { "big POST", "ok", "ok", 201 };
	static const struct status full = { "refused POST", "ok", "ok", 413 };
	static const struct status lax = { "POST, unverified", "ok",
	    "not-trusted", 201 };
	static const struct status strict = { "POST, verified", "tls",
	    "not-trusted", 0 };
	char pattern[1024];
	struct stat st;
	glob_t g;

	post("good.test", "/post", 1, 3000, &good);
	post("good.test", "/post-413", 1, 5000, &full);
	post("unknown.test", "/post", 0, 4000, &lax);
	post("unknown.test", "/post", 1, 6000, &strict);
	loop_run(loop);
	snprintf(pattern, sizeof(pattern), "%s/unknown.test.*.body", out);
	if (ok(glob(pattern, 0, NULL, &g) == 0 && g.gl_pathc == 1 &&
	    stat(g.gl_pathv[0], &st) == 0, "one body arrived"))
		is_int(st.st_size, 4000, "it is whole");
	globfree(&g);
	post("big.test", "/post", 1, 3000000, &big);
	loop_run(loop);
	snprintf(pattern, sizeof(pattern), "%s/big.test.*.body", out);
	if (ok(glob(pattern, 0, NULL, &g) == 0 && g.gl_pathc == 1 &&
	    stat(g.gl_pathv[0], &st) == 0, "the big body arrived"))
		is_int(st.st_size, 3000000, "it is whole");
	globfree(&g);
}

static uint64_t	 hung[100];	/* asked for, not answered yet */

static void
unexpected(json_t *answer, void *arg __unused)
{
	ok(0, "one that hangs is answered: %s", ipc_string(answer, "status",
	    "?"));
	left--;
}

/* Those that hang would do so for minutes. */
static void
beside(json_t *answer, void *arg)
{
	size_t i;

	for (i = 0; i < nitems(hung); i++)
		world_forget(world, hung[i]);
	left -= (int)nitems(hung);
	simple(answer, arg);
}

/* A hundred hosts hang; one more is not kept waiting by them. */
static void
test_many(void)
{
	static const struct status quick = { "beside a hundred that hang",
	    "ok", "ok", 200 };
	size_t i;

	for (i = 0; i < nitems(hung); i++) {
		hung[i] = world_ask(world, WORLD_NET, get("good.test",
		    "/never", 300), -1, unexpected, NULL);
		left++;
	}
	ask(get("good.test", "/ok", 200), -1, beside, &quick);
	loop_run(loop);
}

static void
test_addresses(void)
{
	static const struct status mixed = { "a private address beside",
	    "ok", "ok", 200 };
	static const struct status private = { "nothing but private ones",
	    "refused", "unknown", 0 };
	static const struct status none = { "no address", "connect",
	    "unknown", 0 };
	static const struct status second = { "the first address is dead",
	    "ok", "ok", 200 };
	json_t *request;

	request = get("good.test", "/ok", 8);
	json_array_insert_new(json_object_get(request, "addrs"), 0,
	    json_string("10.0.0.1"));
	ask(request, -1, simple, &mixed);
	request = get("good.test", "/ok", 8);
	json_array_clear(json_object_get(request, "addrs"));
	json_array_append_new(json_object_get(request, "addrs"),
	    json_string("10.0.0.1"));
	json_array_append_new(json_object_get(request, "addrs"),
	    json_string("fe80::1"));
	ask(request, -1, simple, &private);
	request = get("good.test", "/ok", 8);
	json_array_clear(json_object_get(request, "addrs"));
	ask(request, -1, simple, &none);
	request = get("good.test", "/ok", 8);
	json_array_insert_new(json_object_get(request, "addrs"), 0,
	    json_string("127.0.0.99"));
	ask(request, -1, simple, &second);
	loop_run(loop);
}

static void
test_refusal(const char *ca)
{
	static const struct status refused = { "loopback not allowed",
	    "refused", "unknown", 0 };
	pid_t pid = start(ca, 0);
	int i;

	ask(get("good.test", "/ok", 8), -1, simple, &refused);
	ask(probe("good.test", base + 1, 0, 8), -1, simple, &refused);
	/* Many that end as they begin. */
	for (i = 0; i < 1000; i++)
		ask(get("good.test", "/ok", 8), -1, simple, &refused);
	loop_run(loop);
	stop(pid);
}

/* A server that says something, over and over or slowly, whatever it hears. */
static int
hostile(const char *text, int again, int slowly)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);
	int s, fd;
	size_t i;

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if ((s = socket(AF_INET, SOCK_STREAM, 0)) == -1 ||
	    bind(s, (struct sockaddr *)&sin, sizeof(sin)) == -1 ||
	    getsockname(s, (struct sockaddr *)&sin, &len) == -1 ||
	    listen(s, 10) == -1)
		fatal("socket");
	fflush(stdout);
	if (fork() == 0) {
		alarm(60);
		signal(SIGPIPE, SIG_DFL);
		if ((fd = accept(s, NULL, NULL)) == -1)
			_exit(1);
		do
			for (i = 0; i < strlen(text); i += slowly ? 1 : i + 1) {
				if (write(fd, text + (slowly ? i : 0),
				    slowly ? 1 : strlen(text)) == -1)
					_exit(0);
				usleep(slowly ? 200000 : 0);
			}
		while (again);
		while (read(fd, &i, 1) == 1)
			continue;
		_exit(0);
	}
	close(s);
	return ntohs(sin.sin_port);
}

static void
test_hostile(void)
{
	static const struct status smtp = { "no SMTP", "smtp", "unknown", 0 };
	static const struct status late = { "slow", "timeout", "unknown", 0 };
	static const struct status refused = { "reset", "tls", "other", 0 };

	ask(probe("a.test", hostile("220-more\r\n", 1, 0), 0, 20), -1, simple,
	    &smtp);
	ask(probe("a.test", hostile("no end of the line", 1, 0), 0, 20), -1,
	    simple, &smtp);
	ask(probe("a.test", hostile("\001\002\003\r\n", 0, 0), 0, 20), -1,
	    simple, &smtp);
	ask(probe("a.test", hostile("220 as slow as can be, and "
	    "slower\r\n", 0, 1), 0, 2), -1, simple, &late);
	ask(probe("a.test", hostile("554 go away\r\n", 0, 0), 0, 20), -1,
	    simple, &smtp);
	ask(json_pack("{s:s, s:s, s:i, s:s, s:[s], s:i}", "op", "get", "host",
	    "a.test", "port", hostile("HTTP/1.1 400 no TLS here\r\n\r\n", 0,
	    0), "path", "/", "addrs", "127.0.0.1", "seconds", 20), -1, simple,
	    &refused);
	loop_run(loop);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		continue;
}

int
main(int argc, char *argv[])
{
	size_t i;
	pid_t pid;

	log_init("unit-net", 1, 0);
	if (argc != 4)
		fatalx("usage: unit-net ca port out");
	base = atoi(argv[2]);
	pid = start(argv[1], 1);
	for (i = 0; i < nitems(gets); i++)
		ask(get(gets[i].host, gets[i].path, 5), -1, got, &gets[i]);
	for (i = 0; i < nitems(probes); i++)
		ask(probe(probes[i].host, base + probes[i].port, 1, 20), -1,
		    probed, &probes[i]);
	loop_run(loop);
	test_addresses();
	test_post(argv[3]);
	test_hostile();
	test_many();
	stop(pid);
	test_refusal(argv[1]);
	return done_testing();
}
