/* SPDX-License-Identifier: ISC */

#include <sys/socket.h>
#include <sys/un.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "conftext.h"
#include "session_bench.h"

struct sessions *ss;

const char conf_lines[] =
    "organization \"M\"\n"
    "contact \"tls@minties.govt.nz\"\n"
    "hostname \"mail.minties.govt.nz\"\n"
    "report from \"noreply@minties.govt.nz\"\n"
    "local { \"minties.govt.nz\" }\n"
    "class member { \"minties.govt.nz\" \"dia.govt.nz\" \"aa.govt.nz\"\n"
    "    \"bb.govt.nz\" }\n"
    "class government { \".govt.nz\" }\n"
    "flow from member to member require connector\n"
    "flow from any to { member government } require tls\n"
    "flow from government to any require tls\n"
    "flow from any to any prefer tls\n"
    "connector \"dia.govt.nz\" to \"smtp+tls://mx.dia.govt.nz\""
    " from { 192.0.2.0/24 }\n"
    "legacy { 10.1.2.3 } until 2099-01-01 \"UPS\"\n";

static char	 dir[] = "/tmp/unit-session.XXXXXXXXXX";
static struct spool *spool;

struct conf *
bench_begin(const char *name)
{
	struct conf *conf;
	char *said;

	if (mkdtemp(dir) == NULL || chdir(dir) == -1 ||
	    freopen("said", "w+", stderr) == NULL)
		fatal("%s", dir);
	log_init(name, 1, 0);
	if ((conf = conf_text(conf_lines, &said)) == NULL)
		fatalx("test: %s", said);
	free(said);
	return conf;
}

void
bench_end(struct conf *conf)
{
	conf_free(conf);
	(void)unlink("said");
	(void)rmdir("sessions");
	if (chdir("/") == 0)
		(void)rmdir(dir);
}

void
event(const char *fmt, ...)
{
	struct event ev;
	char rest[1024], line[1200];
	va_list ap;
	int n;

	va_start(ap, fmt);
	(void)vsnprintf(rest, sizeof(rest), fmt, ap);
	va_end(ap);
	n = snprintf(line, sizeof(line), "report|0.7|%d.5|%s", T0, rest);
	if (event_parse(line, (size_t)n, &ev) != EVENT_OK)
		fatalx("test: %s", line);
	sessions_event(ss, &ev);
}

static struct decision decision;

const char *
rcpt_at(const char *id, const char *address, enum learned learned)
{
	static char out[600];
	struct text t = { address, strlen(address) };
	char taken[1024];

	if (session_rcpt(ss, strtoull(id, NULL, 16), id, &t, learned,
	    &decision) == 1)
		snprintf(out, sizeof(out), "learn %s", decision.ask);
	else
		strlcpy(out, decision.reply, sizeof(out));
	/* smtpd takes what is not refused, and says so. */
	if (out[0] == '\0') {
		snprintf(taken, sizeof(taken), "smtp-in|tx-rcpt|%s|12345678|"
		    "ok|%s", id, address);
		event("%s", taken);
	}
	return out;
}

const char *
rcpt(const char *id, const char *address)
{
	return rcpt_at(id, address, LEARNED_NOT_ASKED);
}

void
begin(const struct conf *conf, int verbose)
{
	spool = spool_new(dir);
	if (spool == NULL || (ss = sessions_new(conf, spool, verbose)) == NULL)
		fatalx("test: no memory");
	ss->now = T0;
	log_flush();
	rewind(stderr);
	if (ftruncate(STDERR_FILENO, 0) == -1)
		fatal("test");
}

const char *
end(void)
{
	static char out[200000];
	char path[256];
	size_t n;
	FILE *f;

	sessions_free(ss);
	spool_free(spool);
	snprintf(path, sizeof(path), "%s/sessions/20261122T03Z.jsonl", dir);
	out[0] = '\0';
	if ((f = fopen(path, "r")) != NULL) {
		n = fread(out, 1, sizeof(out) - 1, f);
		out[n] = '\0';
		fclose(f);
	}
	(void)unlink(path);
	return out;
}

const char *
logged(void)
{
	static char out[8192];
	ssize_t n;

	log_flush();
	if ((n = pread(STDERR_FILENO, out, sizeof(out) - 1, 0)) == -1)
		fatal("test");
	out[n] = '\0';
	return out;
}

int
count(const char *text, const char *what)
{
	int n = 0;

	for (; (text = strstr(text, what)) != NULL; text++)
		n++;
	return n;
}

void
connect_in(const char *id, const char *from, const char *tls)
{
	event("smtp-in|link-connect|%s|mx.a.nz|pass|%s:4000|192.0.2.250:25",
	    id, from);
	event("smtp-in|link-identify|%s|EHLO|mx.a.nz", id);
	if (tls != NULL)
		event("smtp-in|link-tls|%s|%s:AES:256", id, tls);
}

void
mail(const char *id, const char *sender)
{
	event("smtp-in|tx-mail|%s|ce53f15f|ok|%s", id, sender);
}

void
command(const char *text)
{
	event("smtp-out|protocol-client|" OUT "|%s", text);
}

void
connect_out(const char *to, const char *tls)
{
	event("smtp-out|link-connect|" OUT "|mx.b.nz|pass|192.0.2.250:1|%s:25",
	    to);
	command("EHLO mail.minties.govt.nz");
	if (tls == NULL)
		return;
	command("STARTTLS");
	event("smtp-out|link-tls|" OUT "|%s:AES:256", tls);
	command("EHLO mail.minties.govt.nz");
}

void
write_routes(const char *text)
{
	FILE *f;

	if ((f = fopen("routes", "w")) == NULL)
		fatal("test");
	fputs(text, f);
	fclose(f);
	if ((ss->routes = routes_open("routes")) == NULL)
		fatalx("test: no memory");
}

void
drop_routes(void)
{
	routes_free(ss->routes);
	ss->routes = NULL;
	(void)unlink("routes");
}

int
notices_begin(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd;

	(void)strlcpy(sun.sun_path, "sock" NOTICE_SUFFIX,
	    sizeof(sun.sun_path));
	if ((fd = socket(AF_UNIX, SOCK_DGRAM, 0)) == -1 ||
	    bind(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1)
		fatal("test");
	return fd;
}

void
notices_end(int fd)
{
	close(fd);
	(void)unlink("sock" NOTICE_SUFFIX);
}
