/* SPDX-License-Identifier: ISC */

#include <sys/stat.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "conftext.h"
#include "deliver_bench.h"
#include "lib/date.h"

/* What the DNS says of _smtp._tls.DOMAIN, and the status of the look-up. */
static const struct {
	const char	*domain;
	const char	*status;
	const char	*txt[3];
} zone[] = {
	{ "mail.nz", "ok", { "v=TLSRPTv1; rua=mailto:tls@mail.nz" } },
	{ "two.nz", "ok", { "v=TLSRPTv1; rua=mailto:a@two.nz, "
	    "mailto:b@two.nz" } },
	{ "both.nz", "ok", { "v=spf1 -all", "v=TLSRPTv1;rua="
	    "https://r.nz/500,mailto:tls@both.nz" } },
	{ "many.nz", "ok", { "v=TLSRPTv1; rua=mailto:a@many.nz",
	    "v=TLSRPTv1; rua=mailto:a@many.nz" } },
	{ "bad.nz", "ok", { "v=TLSRPTv1; rua=tls@bad.nz" } },
	{ "hex.nz", "ok", { "v=TLSRPTv1; rua=mailto:a%zz@hex.nz" } },
	{ "useless.nz", "ok", { "v=TLSRPTv1; rua=ftp://useless.nz/" } },
	{ "zero.nz", "ok", { "v=TLSRPTv1; rua=mailto:0" } },
	{ "quoted.nz", "ok", { "v=TLSRPTv1; rua=mailto:%22a%20b%22@q.nz" } },
	{ "comma.nz", "ok", { "v=TLSRPTv1; rua=mailto:%22a%2Cb%22@q.nz,"
	    "mailto:a@q.nz" } },
	{ "long.nz", "nodata", { NULL } },
	{ "syntax.nz", "ok", { "v=TLSRPTv1; rua=mailto:syntax@s.nz" } },
	{ "spf.nz", "ok", { "v=spf1 -all" } },
	{ "nodata.nz", "nodata", { NULL } },
	{ "nx.nz", "nxdomain", { NULL } },
	{ "servfail.nz", "servfail", { NULL } },
	{ "timeout.nz", "timeout", { NULL } },
	{ "except.nz", "ok", { "v=TLSRPTv1; rua=mailto:a@except.nz" } },
	{ "full.nz", "ok", { "v=TLSRPTv1; rua=mailto:full@full.nz" } },
	{ "nouser.nz", "ok", { "v=TLSRPTv1; rua=mailto:nouser@nouser.nz" } },
	{ "rested.nz", "ok", { "v=TLSRPTv1; rua=mailto:tls@rested.nz" } },
	{ "nowhere.nz", "ok", { "v=TLSRPTv1; rua=https://nx.nz/200" } },
	{ "over.nz", "ok", { "v=TLSRPTv1; rua=mailto:a@o.nz,mailto:b@o.nz,"
	    "mailto:c@o.nz,mailto:d@o.nz,mailto:e@o.nz,mailto:f@o.nz,"
	    "mailto:g@o.nz,mailto:h@o.nz,mailto:i@o.nz,x:y" } },
	{ "nine.nz", "ok", { "v=TLSRPTv1; rua=mailto:a@n.nz,mailto:b@n.nz,"
	    "mailto:c@n.nz,mailto:d@n.nz,mailto:e@n.nz,mailto:f@n.nz,"
	    "mailto:g@n.nz,mailto:h@n.nz,mailto:i@n.nz" } },
};

void		(*bench_share)(struct bench *, const json_t *);

static char	 dir[] = "/tmp/unit-deliver.XXXXXXXXXX";

char *
slurp(int fd, size_t *len)
{
	struct stat sb;
	char *text;

	if (fstat(fd, &sb) == -1 ||
	    (text = calloc(1, (size_t)sb.st_size + 1)) == NULL)
		fatal("test");
	if (read(fd, text, (size_t)sb.st_size) != sb.st_size)
		fatalx("test: short read");
	*len = (size_t)sb.st_size;
	return text;
}

void
reply(struct bench *b, enum world_part part, const json_t *request,
    json_t *answer)
{
	json_object_set(answer, "id", json_object_get(request, "id"));
	if (ipc_send(b->peer[part], answer, -1) == -1)
		fatalx("test: no answer");
}

void
release(struct bench *b, enum world_part part, json_t *answer)
{
	for (; b->nheld > 0; b->nheld--) {
		reply(b, part, b->held[b->nheld - 1], json_copy(answer));
		json_decref(b->held[b->nheld - 1]);
	}
	b->flying = 0;
	json_decref(answer);
}

int
has(const char *text, const char *what)
{
	return text != NULL && strstr(text, what) != NULL;
}

static void
play_address(struct bench *b, const json_t *q)
{
	const char *name = ipc_string(q, "name", "");
	char addr[32];
	size_t i, j;

	if (strncmp(name, "1dead", 5) == 0) {
		b->unasked++;
		return;
	}
	/* All "never*" stand at one address, others each at its own. */
	for (i = j = 0; name[i] != '\0'; i++)
		j = j * 31 + (unsigned char)name[i];
	(void)snprintf(addr, sizeof(addr), "%s198.51.%zu.%zu",
	    has(name, "nat64") ? "64:ff9b::" : "", j / 256 % 256, j % 256);
	if (strcmp(name, "nx.nz") == 0)
		reply(b, WORLD_RESOLVE, q, json_pack("{s:s}", "status",
		    "nxdomain"));
	else if (has(name, "twin"))	/* two in one network */
		reply(b, WORLD_RESOLVE, q, json_pack("{s:s, s:[s, s]}",
		    "status", "ok", "addr", "2001:db8:7::1", "2001:db8:7::2"));
	else if (has(name, "next"))	/* the network beside */
		reply(b, WORLD_RESOLVE, q, json_pack("{s:s, s:[s]}", "status",
		    "ok", "addr", "2001:db8:7:1::1"));
	else if (has(name, "pair"))	/* one of its own, and "*flood*" */
		reply(b, WORLD_RESOLVE, q, json_pack("{s:s, s:[s, s]}",
		    "status", "ok", "addr", addr, "192.0.2.8"));
	else
		reply(b, WORLD_RESOLVE, q, json_pack("{s:s, s:[s]}", "status",
		    "ok", "addr", strncmp(name, "never", 5) == 0 ?
		    "192.0.2.7" : has(name, "flood") ? "192.0.2.8" : addr));
}

static void
play_resolve(struct ipc *ipc, json_t *q, int fd, void *arg)
{
	struct bench *b = arg;
	const char *name = ipc_string(q, "name", "");
	json_t *txts;
	size_t i, j;
	char hex[8] = "";

	(void)ipc;
	(void)fd;
	if (strcmp(ipc_string(q, "op", ""), "addr") == 0) {
		play_address(b, q);
		return;
	}
	b->lookups++;
	if (has(name, ".1mute")) {
		b->unasked++;
		return;
	}
	txts = json_array();
	if (sscanf(name, "_smtp._tls.v6-%7[0-9a-f]", hex) != 1)
		hex[0] = '\0';
	for (i = 0; i < sizeof(zone) / sizeof(zone[0]); i++)
		if (strncmp(name, "_smtp._tls.", 11) == 0 &&
		    strcmp(name + 11, zone[i].domain) == 0)
			break;
	if (b->servfail)
		reply(b, WORLD_RESOLVE, q, json_pack("{s:s}", "status",
		    "servfail"));
	else if (i < sizeof(zone) / sizeof(zone[0])) {
		for (j = 0; j < 3 && zone[i].txt[j] != NULL; j++)
			json_array_append_new(txts, json_string(
			    zone[i].txt[j]));
		reply(b, WORLD_RESOLVE, q, json_pack("{s:s, s:O, s:b}",
		    "status", zone[i].status, "txt", txts, "toolong",
		    strcmp(zone[i].domain, "long.nz") == 0));
	} else if (hex[0] != '\0')	/* v6-N.nz: https://[2001:db8::N]/x */
		reply(b, WORLD_RESOLVE, q, json_pack("{s:s, s:[s++]}",
		    "status", "ok", "txt", "v=TLSRPTv1; rua=https://["
		    "2001:db8::", hex, "]/x"));
	else	/* NAME.https.*: its own host; others: https://r.nz/NAME */
		reply(b, WORLD_RESOLVE, q, json_pack("{s:s, s:[s++]}",
		    "status", "ok", "txt", has(name, ".https.") ?
		    "v=TLSRPTv1; rua=https://" : "v=TLSRPTv1; rua=https://r.nz/",
		    strlen(name) > 11 ? name + 11 : "",
		    has(name, ".https.") ? "/x" : ""));
	json_decref(txts);
}

/* The host or path says what to answer: a number of HTTP, or a status. */
static void
play_net(struct ipc *ipc, json_t *q, int fd, void *arg)
{
	struct bench *b = arg;
	char word[64];
	const char *host = ipc_string(q, "host", "");
	int code;

	(void)ipc;
	(void)strlcpy(word, strcmp(host, "r.nz") == 0 ?
	    ipc_string(q, "path", "/") + 1 : host, sizeof(word));
	word[strcspn(word, ".")] = '\0';
	b->posts++;
	b->verify = ipc_bool(q, "verify", -1);
	if (++b->flying > b->crowd)
		b->crowd = b->flying;
	free(b->body);
	b->body = slurp(fd, &b->bodylen);
	close(fd);
	if (b->mute || strncmp(word, "never", 5) == 0) {
		b->held[b->nheld++] = json_incref(q);
		return;
	}
	b->flying--;
	code = atoi(word);
	reply(b, WORLD_NET, q, code != 0 ? json_pack("{s:s, s:i, s:s}",
	    "status", "ok", "http", code, "cert", code == 202 ? "expired" :
	    "ok") : json_pack("{s:s, s:s}", "status", word, "text", "why"));
}

static void
answer_slowly(void *arg)
{
	struct bench *b = arg;

	reply(b, WORLD_MAILER, b->slow_mail, json_pack("{s:s}", "status",
	    "ok"));
	json_decref(b->slow_mail);
}

static void
play_mailer(struct ipc *ipc, json_t *q, int fd, void *arg)
{
	struct bench *b = arg;
	const char *to = json_string_value(json_array_get(json_object_get(q,
	    "to"), 0));
	size_t len;

	(void)ipc;
	if (b->nmails == MAILS_KEPT)
		fatalx("test: too many mails");
	b->mails[b->nmails++] = slurp(fd, &len);
	close(fd);
	if (b->die) {
		FILE *fp = fopen("first-mail", "w");

		fputs(b->mails[b->nmails - 1], fp);
		fclose(fp);
		kill(getpid(), SIGKILL);
	}
	if (b->hold) {
		b->held[b->nheld++] = json_incref(q);
		return;
	}
	if (b->slow) {
		b->slow_mail = json_incref(q);
		loop_timer_add(b->e.loop, 100, answer_slowly, b);
		return;
	}
	if (strncmp(to, "full", 4) == 0)
		reply(b, WORLD_MAILER, q, json_pack("{s:s, s:i, s:s}",
		    "status", "error", "exit", 75, "text", "disk full"));
	else if (strncmp(to, "nouser", 6) == 0)
		reply(b, WORLD_MAILER, q, json_pack("{s:s, s:i, s:s}",
		    "status", "error", "exit", 67, "text", "no such user"));
	else if (strncmp(to, "syntax", 6) == 0)
		reply(b, WORLD_MAILER, q, json_pack("{s:s, s:i, s:s}",
		    "status", "error", "exit", 70, "text", "sendmail: command"
		    " failed: 501 5.1.3 Recipient address syntax error"));
	else
		reply(b, WORLD_MAILER, q, json_pack("{s:s}", "status", "ok"));
}

static void
play_share(struct ipc *ipc, json_t *q, int fd, void *arg)
{
	(void)ipc;
	(void)fd;
	bench_share(arg, q);
}

static void
peer_closed(struct ipc *ipc, void *arg)
{
	(void)ipc;
	(void)arg;
	fatalx("test: the engine hung up");
}

static void
tick(void *arg)
{
	struct bench *b = arg;

	b->timer = NULL;
	if (b->done(b) || b->ticks-- == 0) {
		loop_stop(b->e.loop);
		return;
	}
	b->timer = loop_timer_add(b->e.loop, 2, tick, b);
}

/* Runs until done says so; 0 when it never did. */
int
run(struct bench *b, int (*done)(struct bench *))
{
	b->done = done;
	b->ticks = DEADLINE_MS / 2;
	b->timer = loop_timer_add(b->e.loop, 0, tick, b);
	loop_run(b->e.loop);
	loop_timer_remove(b->e.loop, b->timer);
	return done(b);
}

void
start(struct bench *b, const struct conf *conf)
{
	static void (*const play[])(struct ipc *, json_t *, int, void *) = {
		[WORLD_RESOLVE] = play_resolve,
		[WORLD_NET] = play_net,
		[WORLD_MAILER] = play_mailer,
		[WORLD_SHARE] = play_share
	};
	int fds[WORLD_PARTS], pair[2], i;

	memset(b, 0, sizeof(*b));
	b->e.conf = conf;
	b->e.loop = loop_new();
	b->e.store = store_open("db", STORE_WRITE);
	b->e.ingest = &b->ingest;
	b->ingest.caught_up = INT64_MAX / 2;
	if (b->e.store == NULL)
		fatalx("test: no database");
	for (i = 0; i < WORLD_PARTS; i++) {
		fds[i] = -1;
		if (i == WORLD_SHARE && bench_share == NULL)
			continue;
		if (ipc_pair(pair) == -1)
			fatal("test");
		fds[i] = pair[0];
		b->peer[i] = ipc_new(b->e.loop, pair[1], play[i], peer_closed,
		    b);
	}
	b->e.world = world_new(b->e.loop, fds, NULL, NULL);
	deliver_start(&b->e);
}

void
stop(struct bench *b)
{
	size_t i;

	deliver_stop(&b->e);
	for (i = 0; i < WORLD_PARTS; i++)
		ipc_free(b->peer[i]);
	world_free(b->e.world);
	loop_free(b->e.loop);
	store_close(b->e.store);
	for (i = 0; i < b->nmails; i++)
		free(b->mails[i]);
	for (i = 0; i < b->nheld; i++)
		json_decref(b->held[i]);
	free(b->body);
}

void
fresh(void)
{
	unlink("db");
	unlink("db-wal");
	unlink("db-shm");
}

struct conf *
bench_begin(const char *name)
{
	struct conf *conf;
	char *said;

	log_init(name, 1, 0);
	if (mkdtemp(dir) == NULL || chdir(dir) == -1)
		fatal("%s", dir);
	conf = conf_text("organization \"Minties\"\n"
	    "contact \"tls-reports@minties.govt.nz\"\n"
	    "local { \"minties.govt.nz\" }\n"
	    "report from \"noreply@minties.govt.nz\"\n"
	    "report except { \"except.nz\" }\n"
	    "report retry 1h\n", &said);
	if (conf == NULL)
		fatalx("test: %s", said);
	free(said);
	conf->report_spread = 0;
	free(conf->spool);
	conf->spool = strdup(dir);
	return conf;
}

void
bench_end(struct conf *conf)
{
	conf_free(conf);
	fresh();
	(void)unlink("report.key");
	(void)unlink("first-mail");
	(void)unlink("announced");
	if (chdir("/") == -1 || rmdir(dir) == -1)
		fatal("%s", dir);
}

/* Tallied yesterday, or the given number of days ago. */
void
tally(struct bench *b, const char *domain, int ago)
{
	sql(b, "INSERT INTO tally VALUES (%lld, '%s', 0, 2, 1)",
	    (long long)day_of(time(NULL)) - ago, domain);
}

/* Nothing is under way. */
int
calm(struct bench *b)
{
	return b->e.deliver->count[0] + b->e.deliver->count[1] +
	    b->e.deliver->count[2] + b->e.deliver->count[3] == 0 &&
	    !b->e.deliver->pass.active && store_report_next_due(b->e.store,
	    INT64_MAX) > time(NULL) && strcmp(rows(b, "SELECT count(*) FROM"
	    " tally t WHERE NOT EXISTS (SELECT 1 FROM report r WHERE r.day ="
	    " t.day AND r.domain = t.domain)"), "0") == 0;
}

int
one_sent(struct bench *b)
{
	return strcmp(rows(b, "SELECT count(*) FROM report WHERE state ="
	    " 'sent'"), "1") == 0 && b->e.deliver->count[JOB_MAIL] == 0;
}

const char *
state_of(struct bench *b, const char *domain)
{
	return rows(b, "SELECT r.state || ':' || coalesce((SELECT"
	    " group_concat(d.state) FROM delivery d WHERE d.report = r.id), '')"
	    " FROM report r WHERE domain = '%s' ORDER BY day", domain);
}

/* A line of a mail, from its name up to the line's end. */
const char *
line_of(const char *mail, const char *name)
{
	static char out[4][512];
	static unsigned int n;
	char *line = out[n++ % 4];
	const char *p = mail == NULL ? NULL : strstr(mail, name);

	(void)snprintf(line, 512, "%.*s", p == NULL ? 0 :
	    (int)strcspn(p, "\n"), p == NULL ? "" : p);
	return line;
}

static void (*its_round)(void *);
static struct bench *counting;

static void
counted(void *arg)
{
	counting->rounds++;
	its_round(arg);
}

void
count_rounds(struct bench *b)
{
	counting = b;
	its_round = b->e.deliver->round;
	b->e.deliver->round = counted;
	b->rounds = 0;
}
