/* SPDX-License-Identifier: ISC */

/*
 * The table that smtpd asks where a destination must go (smtpd-tables(7)).
 * smtpd waits for each answer, and stops when a table ends: all answers come
 * from memory, and after the handshake only the end of input ends this.
 */

#include <sys/stat.h>

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "rule/table_answer.h"
#include "rule/turn.h"
#include "base/bounds.h"
#include "base/line_in.h"
#include "base/sged_notice.h"
#include "base/trouble.h"
#include "confine.h"
#include "base/log.h"
#include "base/monotonic.h"
#include "spool/attempts.h"
#include "base/version.h"

enum table_kind {
	TABLE_VERIFY,
	TABLE_ENCRYPT,
	TABLE_ROUTES,
	TABLE_VERIFY13,
	TABLE_ENCRYPT13,
	TABLE_NOWHERE,
	TABLE_UNKNOWN
};

static const char *const table_names[] = {
	"sge-verify", "sge-encrypt", "sge-routes", "sge-verify13",
	"sge-encrypt13", "sge-nowhere"
};

struct table {
	const char	*path;		/* sge.conf */
	enum table_kind	 kind;
	int		 named;		/* config|tablename came */
	int		 ready;		/* the handshake is over */
	struct conf	*conf;
	uint64_t	 stamp;		/* of what was read or tried last */
	struct routes	*routes;
	struct notice	*notice;
	struct attempts	*attempts;
	struct turns	*turns;
	struct turn_book *book;
	time_t		 looked;	/* at the configuration's files */
	unsigned long	 ignored;	/* lines that made no sense */
	time_t		 complained;
	struct line_in	 in;
	char		 buf[EVENT_LINE_MAX];
};

static __dead void
usage(void)
{
	fprintf(stderr, "usage: table-sge [-V] file\n");
	exit(1);
}

/*
 * Where smtpd became a daemon, what a table writes to stderr is lost: then
 * syslog takes it.
 */
static int
stderr_is_read(void)
{
	struct stat err, null;

	return fstat(STDERR_FILENO, &err) == 0 &&
	    (stat("/dev/null", &null) == -1 || err.st_rdev != null.st_rdev ||
	    !S_ISCHR(err.st_mode));
}

static struct conf *
read_conf(const char *path)
{
	return stderr_is_read() ? conf_read(path, stderr) :
	    conf_read_logged(path);
}

/* The configuration as it is now, where it is good; else the old one stays. */
static void
reload(struct table *t, uint64_t stamp)
{
	struct attempts *attempts = NULL;
	struct routes *routes = NULL;
	struct turns *turns = NULL;
	struct conf *conf;

	t->stamp = stamp;
	if ((conf = read_conf(t->path)) == NULL) {
		log_warnx("%s is wrong: the old configuration stays", t->path);
		return;
	}
	if (strcmp(conf->spool, t->conf->spool) != 0 &&
	    ((routes = routes_open_in(conf->spool)) == NULL ||
	    (turns = turns_open(conf->spool)) == NULL ||
	    (attempts = attempts_new(conf->spool)) == NULL)) {
		log_warnx("no memory: the old configuration stays");
		routes_free(routes);
		turns_free(turns);
		conf_free(conf);
		return;
	}
	if (routes != NULL) {
		routes_free(t->routes);
		t->routes = routes;
		turns_free(t->turns);
		t->turns = turns;
		attempts_free(t->attempts);
		/* No process is begun any more: the disk is waited for. */
		t->attempts = attempts;
	}
	notice_path(t->notice, conf->socket);
	conf_free(t->conf);
	t->conf = conf;
	t->stamp = conf->stamp;
	log_info("%s read again", t->path);
}

/* Once a second: stat(2) of every file for every answer would cost more. */
static void
look(struct table *t, time_t now)
{
	uint64_t stamp;

	if (now == t->looked)
		return;
	t->looked = now;
	if ((stamp = conf_stamp(t->conf)) != t->stamp)
		reload(t, stamp);
}

/* A call failed that is to be made again: when, errno says. */
static void
again(int fd, short events)
{
	struct pollfd pfd = { fd, events, 0 };

	/* The descriptors are smtpd's: they may be non-blocking. */
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		(void)poll(&pfd, 1, -1);
	else if (errno != EINTR)
		trouble_wait();
}

/* smtpd not reading any more is its end; ours is the end of input. */
static void
say(const char *line, size_t len)
{
	ssize_t n;

	while (len > 0) {
		if ((n = write(STDOUT_FILENO, line, len)) == -1) {
			if (!trouble_passes(errno))
				return;
			again(STDOUT_FILENO, POLLOUT);
			continue;
		}
		line += n;
		len -= (size_t)n;
	}
}

static void
reply(const char *kind, const char *id, const char *result, const char *value)
{
	char line[EVENT_LINE_MAX];
	int n;

	n = snprintf(line, sizeof(line), "%s|%s|%s%s%s\n", kind, id, result,
	    value == NULL ? "" : "|", value == NULL ? "" : value);
	if (n > 0 && (size_t)n < sizeof(line))
		say(line, (size_t)n);
}

static void
ignore(struct table *t)
{
	time_t now = time(NULL);

	t->ignored++;
	if (now - t->complained < 60)
		return;
	t->complained = now;
	log_warnx("%lu lines of smtpd made no sense so far", t->ignored);
}

static int
holds(enum table_kind kind, const struct answer *a)
{
	switch (kind) {
	case TABLE_VERIFY:
		return a->verify;
	case TABLE_ENCRYPT:
		return a->encrypt;
	case TABLE_VERIFY13:
		return a->verify && a->newest;
	case TABLE_ENCRYPT13:
		return a->encrypt && a->newest;
	case TABLE_NOWHERE:
		return answer_is_nowhere(a);
	case TABLE_ROUTES:
	case TABLE_UNKNOWN:
		break;
	}
	return a->url[0] != '\0';
}

static void
check_domain(struct table *t, const char *id, const char *query)
{
	char domain[DOMAIN_MAX];
	struct answer a;
	time_t now = time(NULL);

	look(t, now);
	/* What is no name, "[192.0.2.1]", is of the class of all others. */
	if (domain_normal(query, strlen(query), domain, sizeof(domain)) == -1)
		domain[0] = '\0';
	answer_find(t->conf, t->routes, domain, (int64_t)now, &a);
	reply("check-result", id, holds(t->kind, &a) ? "found" : "not-found",
	    NULL);
}

/*
 * smtpd asks this only for mail that it has in its queue.  What it checks
 * ("for domain <...>") proves nothing: it looks at who may relay later, also
 * where a stranger names the domain.
 */
static void
tell_sged(struct table *t, const char *domain, const struct answer *a)
{
	int64_t now = monotonic_ms();

	if ((a->route.kind != ROUTE_UNKNOWN && !a->route.stale) ||
	    a->why == WHY_LOCAL || a->why == WHY_CONNECTOR ||
	    now == -1)
		return;
	notice_send(t->notice, domain, now);
}

/* Whether it is the turn of the host, of those that fail at its address. */
static int
is_its_turn(struct table *t, const struct answer *a, time_t now)
{
	char host[DOMAIN_MAX];
	const struct turn *v;
	size_t n;

	if (a->url[0] == '\0' || a->why == WHY_CONNECTOR)
		return 1;
	v = turns_now(t->turns, (int64_t)now, &n);
	return n == 0 || answer_host(a, host, sizeof(host)) == -1 ||
	    turn_take(t->book, v, n, host, (int64_t)now);
}

static void
lookup_relayhost(struct table *t, const char *id, const char *query)
{
	char domain[DOMAIN_MAX];
	struct answer a;
	time_t now = time(NULL);

	look(t, now);
	a.url[0] = domain[0] = '\0';
	if (t->kind == TABLE_ROUTES && domain_normal(query, strlen(query),
	    domain, sizeof(domain)) == 0) {
		answer_find(t->conf, t->routes, domain, (int64_t)now, &a);
		tell_sged(t, domain, &a);
		if (!is_its_turn(t, &a, now))
			a.url[0] = '\0';
	}
	if (a.url[0] == '\0')
		reply("lookup-result", id, "not-found", NULL);
	else
		reply("lookup-result", id, "found", a.url);
	/* smtpd has its answer, and need not wait for the disk. */
	if (t->kind == TABLE_ROUTES && domain[0] != '\0')
		attempts_note(t->attempts, domain, a.url);
}

/* What may stand in an answer: smtpd's own are hexadecimal. */
static int
id_ok(const char *id)
{
	const char *p;

	for (p = id; *p != '\0'; p++)
		if (!isgraph((unsigned char)*p))
			return 0;
	return p != id && p - id <= TABLE_ID_MAX;
}

/* "table|0.1|TIME|NAME|OPERATION|..." */
static void
request(struct table *t, char *line)
{
	char *field[5], *service = NULL, *id;
	char kind[32];
	size_t i;

	for (i = 0; i < nitems(field); i++)
		field[i] = strsep(&line, "|");
	if (field[4] == NULL || strcmp(field[0], "table") != 0 ||
	    (strcmp(field[4], "update") != 0 &&
	    strcmp(field[4], "check") != 0 &&
	    strcmp(field[4], "lookup") != 0 &&
	    strcmp(field[4], "fetch") != 0)) {
		ignore(t);
		return;
	}
	if (strcmp(field[4], "update") != 0)
		service = strsep(&line, "|");
	if ((id = strsep(&line, "|")) == NULL || !id_ok(id)) {
		ignore(t);
		return;
	}
	(void)snprintf(kind, sizeof(kind), "%s-result", field[4]);
	if (service == NULL) {
		t->looked = 0;
		look(t, time(NULL));
		reply(kind, id, "ok", NULL);
	} else if (strcmp(field[4], "fetch") == 0)
		reply(kind, id, "not-found", NULL);
	else if (line == NULL)
		reply(kind, id, "error", "no query");
	else if (strcmp(field[4], "check") == 0 &&
	    strcmp(service, "domain") == 0)
		check_domain(t, id, line);
	else if (strcmp(field[4], "lookup") == 0 &&
	    strcmp(service, "relayhost") == 0)
		lookup_relayhost(t, id, line);
	else
		reply(kind, id, "error", "not a service of this table");
}

/*
 * "config|KEY|VALUE" up to "config|ready".  Until then a mistake may, and
 * should, keep smtpd from starting.
 */
static void
handshake(struct table *t, char *line)
{
	static const char answer[] =
	    "register|domain\nregister|relayhost\nregister|ready\n";
	char *key;
	size_t i;

	key = strsep(&line, "|");
	if (strcmp(key, "config") != 0 || (key = strsep(&line, "|")) == NULL) {
		ignore(t);
		return;
	}
	if (strcmp(key, "tablename") == 0 && line != NULL) {
		for (i = 0; i < nitems(table_names); i++)
			if (strcmp(line, table_names[i]) == 0)
				break;
		t->kind = (enum table_kind)i;
		t->named = 1;
		if (t->kind == TABLE_UNKNOWN)
			fatalx("there is no table \"%s\": in smtpd.conf name it"
			    " sge-verify, sge-encrypt, sge-routes, "
			    "sge-verify13, sge-encrypt13 or sge-nowhere",
			    log_clean(line));
	}
	if (strcmp(key, "ready") != 0)
		return;
	if (!t->named)
		fatalx("smtpd did not tell the table's name: OpenSMTPD 7.6 or "
		    "later is needed");
	t->ready = 1;
	say(answer, sizeof(answer) - 1);
}

static void
lines(struct table *t)
{
	enum line_kind kind;
	char *line;
	size_t len;

	while ((kind = line_in_next(&t->in, &line, &len)) != LINE_NONE) {
		if (kind == LINE_LONG || memchr(line, '\0', len) != NULL) {
			ignore(t);
			continue;
		}
		line[len] = '\0';
		if (t->ready)
			request(t, line);
		else
			handshake(t, line);
	}
}

int
main(int argc, char *argv[])
{
	struct table t;
	ssize_t n;
	int ch;

	log_init("table-sge", stderr_is_read(), 0);
	while ((ch = getopt(argc, argv, "V")) != -1) {
		if (ch != 'V')
			usage();
		puts("table-sge " SGE_VERSION);
		return 0;
	}
	argc -= optind;
	argv += optind;
	if (argc != 1)
		usage();
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	memset(&t, 0, sizeof(t));
	t.path = argv[0];
	line_in_init(&t.in, t.buf, sizeof(t.buf), sizeof(t.buf) - 1);
	if ((t.conf = read_conf(t.path)) == NULL)
		return 1;
	t.stamp = t.conf->stamp;
	if ((t.attempts = attempts_new(t.conf->spool)) == NULL)
		fatalx("no memory");
	/* Now: it would hold what is open later, after that is replaced. */
	if (attempts_start(t.attempts, confine_writer, t.conf->spool) == -1)
		log_warn("a disk that hangs will be waited for");
	if ((t.routes = routes_open_in(t.conf->spool)) == NULL ||
	    (t.notice = notice_new(t.conf->socket)) == NULL ||
	    (t.turns = turns_open(t.conf->spool)) == NULL ||
	    (t.book = turn_book_new()) == NULL)
		fatalx("no memory");
	confine_table(t.conf);

	for (;;) {
		n = line_in_fill(&t.in, STDIN_FILENO);
		if (n == -1 && trouble_passes(errno)) {
			again(STDIN_FILENO, POLLIN);
			continue;
		}
		if (n <= 0)
			break;
		lines(&t);
	}
	notice_free(t.notice);
	attempts_free(t.attempts);
	turns_free(t.turns);
	turn_book_free(t.book);
	routes_free(t.routes);
	conf_free(t.conf);
	return 0;
}
