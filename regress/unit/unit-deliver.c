/* SPDX-License-Identifier: ISC */

/*
 * When reports go, to whom, and again: the engine's part as it is, with this
 * test in the place of the other processes.
 */

#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "conftext.h"
#include "lib/date.h"
#include "deliver/deliver.h"
#include "deliver/deliver_job.h"
#include "count/ingest.h"
#include "base/log.h"
#include "tap.h"

#define DEADLINE_MS 60000
#define MAILS_KEPT 64

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
};

struct bench {
	struct engine	 e;
	struct ingest	 ingest;
	struct ipc	*peer[WORLD_PARTS];
	struct loop_timer *timer;
	int		(*done)(struct bench *);
	int		 ticks;		/* at most, of 2 ms */
	int		 lookups;
	int		 posts;
	int		 flying;	/* posts now, and at most */
	int		 crowd;
	int		 mute;		/* posts get no answer */
	int		 die;		/* at the first mail */
	int		 slow;		/* mail is answered after a while */
	json_t		*slow_mail;
	int		 servfail;	/* whatever is asked */
	int		 verify;	/* of the last post */
	char		*body;		/* of the last post */
	size_t		 bodylen;
	char		*mails[MAILS_KEPT];
	size_t		 nmails;
	json_t		*held[512];	/* posts not answered yet */
	size_t		 nheld;
};

static char	 dir[] = "/tmp/unit-deliver.XXXXXXXXXX";

static void
sql(struct bench *b, const char *fmt, ...)
    __attribute__((__format__(printf, 2, 3)));

static void
sql(struct bench *b, const char *fmt, ...)
{
	char *text, *err = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) == -1)
		fatal("test");
	va_end(ap);
	if (sqlite3_exec(b->e.store->db, text, NULL, NULL, &err) != SQLITE_OK)
		ok(0, "%s: %s", text, err);
	free(text);
}

/* Rows of one text column, joined by '|'. */
static const char *
rows(struct bench *b, const char *fmt, ...)
    __attribute__((__format__(printf, 2, 3)));

static const char *
rows(struct bench *b, const char *fmt, ...)
{
	static char out[4096];
	sqlite3_stmt *stmt = NULL;
	char *text;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) == -1)
		fatal("test");
	va_end(ap);
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
	free(text);
	return out;
}

static char *
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

static void
reply(struct bench *b, enum world_part part, const json_t *request,
    json_t *answer)
{
	json_object_set(answer, "id", json_object_get(request, "id"));
	if (ipc_send(b->peer[part], answer, -1) == -1)
		fatalx("test: no answer");
}

static int
has(const char *text, const char *what)
{
	return text != NULL && strstr(text, what) != NULL;
}

static void
play_resolve(struct ipc *ipc, json_t *q, int fd, void *arg)
{
	struct bench *b = arg;
	const char *name = ipc_string(q, "name", "");
	json_t *txts = json_array();
	size_t i, j;
	char addr[32];

	(void)ipc;
	(void)fd;
	if (strcmp(ipc_string(q, "op", ""), "addr") == 0) {
		/* All "never*" stand at one address, others each at its own. */
		for (i = j = 0; name[i] != '\0'; i++)
			j = j * 31 + (unsigned char)name[i];
		(void)snprintf(addr, sizeof(addr), "198.51.%zu.%zu",
		    j / 256 % 256, j % 256);
		reply(b, WORLD_RESOLVE, q, strcmp(name, "nx.nz") == 0 ?
		    json_pack("{s:s}", "status", "nxdomain") :
		    json_pack("{s:s, s:[s]}", "status", "ok", "addr",
		    strncmp(name, "never", 5) == 0 ? "192.0.2.7" : addr));
		json_decref(txts);
		return;
	}
	b->lookups++;
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
	} else	/* NAME.https.nz: its own host; others: https://r.nz/NAME */
		reply(b, WORLD_RESOLVE, q, json_pack("{s:s, s:[s++]}",
		    "status", "ok", "txt", has(name, ".https.nz") ?
		    "v=TLSRPTv1; rua=https://" : "v=TLSRPTv1; rua=https://r.nz/",
		    strlen(name) > 11 ? name + 11 : "",
		    has(name, ".https.nz") ? "/x" : ""));
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
static int
run(struct bench *b, int (*done)(struct bench *))
{
	b->done = done;
	b->ticks = DEADLINE_MS / 2;
	b->timer = loop_timer_add(b->e.loop, 0, tick, b);
	loop_run(b->e.loop);
	loop_timer_remove(b->e.loop, b->timer);
	return done(b);
}

static void
start(struct bench *b, const struct conf *conf)
{
	static void (*const play[])(struct ipc *, json_t *, int, void *) = {
		[WORLD_RESOLVE] = play_resolve,
		[WORLD_NET] = play_net,
		[WORLD_MAILER] = play_mailer
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
		if (ipc_pair(pair) == -1)
			fatal("test");
		fds[i] = pair[0];
		b->peer[i] = ipc_new(b->e.loop, pair[1], play[i], peer_closed,
		    b);
	}
	b->e.world = world_new(b->e.loop, fds, NULL, NULL);
	deliver_start(&b->e);
}

static void
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

static void
fresh(void)
{
	unlink("db");
	unlink("db-wal");
	unlink("db-shm");
}

/* Tallied yesterday, or the given number of days ago. */
static void
tally(struct bench *b, const char *domain, int ago)
{
	sql(b, "INSERT INTO tally VALUES (%lld, '%s', 0, 2, 1)",
	    (long long)day_of(time(NULL)) - ago, domain);
}

/* Nothing is under way. */
static int
calm(struct bench *b)
{
	return b->e.deliver->count[0] + b->e.deliver->count[1] +
	    b->e.deliver->count[2] + b->e.deliver->count[3] == 0 &&
	    !b->e.deliver->pass.active && store_report_next_due(b->e.store,
	    INT64_MAX) > time(NULL) && strcmp(rows(b, "SELECT count(*) FROM"
	    " tally t WHERE NOT EXISTS (SELECT 1 FROM report r WHERE r.day ="
	    " t.day AND r.domain = t.domain)"), "0") == 0;
}

static const char *
state_of(struct bench *b, const char *domain)
{
	return rows(b, "SELECT r.state || ':' || coalesce((SELECT"
	    " group_concat(d.state) FROM delivery d WHERE d.report = r.id), '')"
	    " FROM report r WHERE domain = '%s' ORDER BY day", domain);
}

/* A line of a mail, from its name up to the line's end. */
static const char *
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

static void
records(const struct conf *conf)
{
	static const struct {
		const char	*domain;
		const char	*state;
		const char	*note;
	} want[] = {
		{ "mail.nz", "sent:sent", "" },
		{ "two.nz", "sent:sent,sent", "" },
		{ "both.nz", "sent:due,sent", "" },
		{ "many.nz", "no-rua:",
		  "more than one TLSRPT record, which counts as none" },
		{ "bad.nz", "no-rua:", "malformed record: not a URI:"
		  " it begins with mailto: or https: (at character 17)" },
		{ "useless.nz", "no-rua:",
		  "no URI of the record can be used: ftp://useless.nz/:"
		  " neither mailto: nor https:" },
		{ "zero.nz", "no-rua:", "no URI of the record can be used:"
		  " mailto:0: not an address: no '@' in it" },
		{ "quoted.nz", "no-rua:", "no URI of the record can be used:"
		  " mailto:%22a%20b%22@q.nz:"
		  " a blank or control character in it" },
		{ "comma.nz", "sent:sent", "URIs not used: 1 unusable"
		  " (mailto:%22a%2Cb%22@q.nz:"
		  " OpenSMTPD sends to no quoted local part)" },
		{ "long.nz", "no-rua:", "a TXT record of more than 8192"
		  " bytes, which is not read" },
		{ "spf.nz", "no-rua:", "no TLSRPT record" },
		{ "nodata.nz", "no-rua:", "no TLSRPT record" },
		{ "nx.nz", "no-rua:", "no TLSRPT record" },
		{ "servfail.nz", "due:", "look-up failed: servfail" },
		{ "timeout.nz", "due:", "look-up failed: timeout" },
		{ "except.nz", "excepted:", "report except" },
		{ "full.nz", "sending:due", "" },
		{ "nouser.nz", "given-up:given-up", "" },
		{ "syntax.nz", "given-up:given-up", "" },
		{ "rested.nz", "given-up:rested", "" },
		{ "nowhere.nz", "sending:due", "" },
		{ "over.nz", "sent:sent,sent,sent,sent,sent,sent,sent,sent",
		  "URIs not used: 1 beyond the first 8, 1 unusable (x:y:"
		  " neither mailto: nor https:)" },
	};
	struct bench b;
	size_t i, n;

	fresh();
	start(&b, conf);
	sql(&b, "INSERT INTO bounce VALUES ('tls@rested.nz', 3, 1, %lld, '')",
	    (long long)time(NULL) + 1000);
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		tally(&b, want[i].domain, 1);
	ok(run(&b, calm), "every report was looked at");
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		is_str(state_of(&b, want[i].domain), want[i].state, "%s",
		    want[i].domain);
		is_str(rows(&b, "SELECT coalesce(note, '') FROM report"
		    " WHERE domain = '%s'", want[i].domain), want[i].note,
		    "%s: its note", want[i].domain);
	}
	sql(&b, "INSERT INTO tally VALUES (%lld, 'd.https.nz', 0, 7, 0)",
	    (long long)day_of(time(NULL)) - 1);
	sql(&b, "DELETE FROM meta");
	deliver_soon(b.e.deliver, 0);
	ok(run(&b, calm) && b.posts > 1, "a day without failures is told, too");
	ok(has(rows(&b, "SELECT text FROM delivery WHERE state = 'rested'"),
	    "rested until 20"), "a rested address says until when");
	is_str(rows(&b, "SELECT uri FROM delivery d, report r WHERE"
	    " d.report = r.id AND domain = 'two.nz' ORDER BY uri"),
	    "mailto:a@two.nz|mailto:b@two.nz",
	    "a blank behind the comma belongs to no URI");
	is_str(rows(&b, "SELECT count(*) FROM report WHERE state IN ('due',"
	    " 'sending') AND domain <> 'both.nz' AND id NOT IN (SELECT report"
	    " FROM delivery) AND due <= %lld + 2", (long long)time(NULL) +
	    3600), "2", "failed look-ups are asked again, later");
	for (i = n = 0; i < b.nmails; i++)
		n += has(b.mails[i], "To: <tls@mail.nz>\n");
	is_int((long long)n, 1, "one mail to the one address");
	stop(&b);
}

/* HTTP and network answers, each by its kind. */
static void
answers(const struct conf *conf)
{
	static const struct {
		const char	*word;
		const char	*state;
		const char	*text;
	} want[] = {
		{ "200", "sent:sent", "HTTP 200" },
		{ "201", "sent:sent", "HTTP 201" },
		{ "202", "sent:sent", "HTTP 202, certificate: expired" },
		{ "299", "sent:sent", "HTTP 299" },
		{ "301", "given-up:given-up",
		  "HTTP 301, a redirect is not followed" },
		{ "400", "given-up:given-up", "HTTP 400" },
		{ "404", "given-up:given-up", "HTTP 404" },
		{ "408", "sending:due", "HTTP 408" },
		{ "413", "given-up:given-up", "HTTP 413" },
		{ "429", "sending:due", "HTTP 429" },
		{ "500", "sending:due", "HTTP 500" },
		{ "503", "sending:due", "HTTP 503" },
		{ "refused", "given-up:given-up", "its address is not one"
		  " that may be contacted (network allow)" },
		{ "connect", "sending:due", "failed: connect: why" },
		{ "timeout", "sending:due", "failed: timeout: why" },
		{ "tls", "sending:due", "failed: tls: why" },
		{ "http", "sending:due", "failed: http: why" },
		{ "gone", "sending:due", "" },
	};
	struct bench b;
	char domain[64];
	size_t i;

	fresh();
	start(&b, conf);
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		(void)snprintf(domain, sizeof(domain), "%s.https.nz",
		    want[i].word);
		tally(&b, domain, 1);
	}
	ok(run(&b, calm), "every post was answered");
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		(void)snprintf(domain, sizeof(domain), "%s.https.nz",
		    want[i].word);
		is_str(state_of(&b, domain), want[i].state, "%s: state",
		    want[i].word);
		is_str(rows(&b, "SELECT coalesce(text, '') FROM delivery"
		    " WHERE uri = 'https://%s/x'", domain), want[i].text,
		    "%s: text", want[i].word);
	}
	is_str(rows(&b, "SELECT tries FROM delivery WHERE uri LIKE '%%gone%%'"),
	    "0", "a process that is gone costs no try");
	stop(&b);

	fresh();
	start(&b, conf);
	tally(&b, "200.https.nz", 1);
	run(&b, calm);
	is_str(rows(&b, "SELECT length(body) FROM report WHERE length(body) ="
	    " %zu", b.bodylen), rows(&b, "SELECT length(body) FROM report"),
	    "what is posted has the length of what is stored");
	ok(b.bodylen > 20 && memcmp(b.body, "\037\213\010", 3) == 0,
	    "and is gzip");
	stop(&b);
}

static int
good_ones_sent(struct bench *b)
{
	return strcmp(rows(b, "SELECT count(*) FROM delivery WHERE state ="
	    " 'sent'"), "20") == 0;
}

/* 130 names at one address that never answers, and good hosts beside them. */
static void
hanging(const struct conf *conf)
{
	struct bench b;
	char domain[64];
	int64_t began;
	size_t i;

	fresh();
	start(&b, conf);
	for (i = 0; i < 150; i++) {
		(void)snprintf(domain, sizeof(domain), i % 15 < 2 ?
		    "200-%zu.https.nz" : "never%zu.https.nz", i);
		tally(&b, domain, 1);
	}
	began = loop_now();
	ok(run(&b, good_ones_sent), "the good ones are sent");
	ok(loop_now() - began < 4000, "nobody waits for the hanging one");
	is_int((long long)b.nheld, POSTS_HOST_MAX,
	    "which has no more than a host may have");
	stop(&b);
}

/* A host, or an address, that many domains name gets so many a day. */
static void
limit(const struct conf *conf)
{
	struct conf few = *conf;
	struct bench b;
	char domain[64];
	size_t i;

	few.report_limit = 3;
	fresh();
	start(&b, &few);
	for (i = 0; i < 10; i++) {
		(void)snprintf(domain, sizeof(domain), "200.%zu.nz", i);
		tally(&b, domain, 1);
	}
	tally(&b, "mail.nz", 1);
	tally(&b, "two.nz", 1);
	while (strcmp(rows(&b, "SELECT count(*) FROM delivery WHERE state ="
	    " 'due' OR state = 'sending'"), "0") != 0 || b.posts == 0) {
		sql(&b, "UPDATE delivery SET next = 0 WHERE state = 'due'");
		deliver_soon(b.e.deliver, 0);
		if (!run(&b, calm) && b.posts > 20)
			break;
	}
	is_int(b.posts, 3, "three are posted");
	is_str(rows(&b, "SELECT state || ' ' || count(*) FROM delivery"
	    " WHERE target = 'r.nz' GROUP BY state"), "held 7|sent 3",
	    "the others are held");
	is_str(rows(&b, "SELECT DISTINCT text FROM delivery WHERE state ="
	    " 'held'"), "held back: 3 reports went there this UTC day already"
	    " (report limit)", "with the reason");
	is_str(rows(&b, "SELECT state || ' ' || count(*) FROM report"
	    " GROUP BY state"), "given-up 7|sent 5", "and so their reports");
	is_int((long long)b.nmails, 3, "other addresses get theirs");
	sql(&b, "UPDATE delivery SET last = last - 86400");
	tally(&b, "200.0.nz", 2);
	deliver_soon(b.e.deliver, 0);
	sql(&b, "DELETE FROM meta");
	ok(run(&b, calm), "another day");
	is_int(b.posts, 4, "it begins anew");
	stop(&b);
}

/* Asked at RCPT for the reports' sender: yes, no, or that nobody can say. */
static void
announced(const struct conf *conf)
{
	static const char plan[] = "EXPLAIN QUERY PLAN SELECT EXISTS (SELECT 1"
	    " FROM delivery WHERE target = lower('a') AND kind = 0 AND"
	    " last >= 1) OR EXISTS (SELECT 1 FROM delivery INDEXED BY"
	    " delivery_copy WHERE target IS NULL AND uri COLLATE NOCASE IN"
	    " ('mailto:a', 'copy:a'))";
	struct bench b;
	sqlite3_stmt *stmt = NULL;

	fresh();
	start(&b, conf);
	sql(&b, "INSERT INTO report (id, day, domain, state, due) VALUES"
	    " (1, 1, 'a.nz', 'sent', 0)");
	sql(&b, "INSERT INTO delivery (report, uri, state, tries, next, last,"
	    " kind, target) VALUES (1, 'mailto:TLS%%2Bx@A.nz!1m', 'sent', 1,"
	    " 0, unixepoch(), 0, 'tls+x@a.nz'), (1, 'copy:Us@b.nz', 'sent', 1,"
	    " 0, unixepoch(), 0, NULL), (1, 'mailto:old@c.nz', 'sent', 1, 0,"
	    " unixepoch(), 0, NULL), (1, 'mailto:late@d.nz', 'sent', 1, 0,"
	    " unixepoch() - 500000, 0, 'late@d.nz')");
	is_int(deliver_announces(&b.e, "Tls+X@a.nz"), 1, "an address it went "
	    "to, however it stands in the record");
	is_int(deliver_announces(&b.e, "us@B.nz"), 1, "a copy's");
	is_int(deliver_announces(&b.e, "OLD@c.nz"), 1, "of an older format");
	is_int(deliver_announces(&b.e, "late@d.nz"), 0, "too long ago");
	is_int(deliver_announces(&b.e, "x@a.nz"), 0, "none");
	if (sqlite3_prepare_v2(b.e.store->db, plan, -1, &stmt, NULL) !=
	    SQLITE_OK)
		fatalx("test: %s", sqlite3_errmsg(b.e.store->db));
	while (sqlite3_step(stmt) == SQLITE_ROW)
		ok(strncmp((const char *)sqlite3_column_text(stmt, 3), "SCAN d",
		    6) != 0, "no scan: %s", sqlite3_column_text(stmt, 3));
	sqlite3_finalize(stmt);
	sql(&b, "ALTER TABLE delivery RENAME TO lost");
	is_int(deliver_announces(&b.e, "x@a.nz"), -1,
	    "a database that can't say says so");
	sql(&b, "ALTER TABLE lost RENAME TO delivery");
	stop(&b);
}

static int
some_held(struct bench *b)
{
	return b->nheld >= POSTS_HOST_MAX && strcmp(rows(b, "SELECT count(*)"
	    " FROM delivery WHERE tries = 0"), "16") == 0;
}

/* One host gets only so many connections at once, and all in the end. */
static void
crowd(const struct conf *conf)
{
	struct bench b;
	char domain[64];
	size_t i;

	fresh();
	start(&b, conf);
	b.mute = 1;
	for (i = 0; i < 20; i++) {
		(void)snprintf(domain, sizeof(domain), "200.%zu.nz", i);
		tally(&b, domain, 1);
	}
	ok(run(&b, some_held), "posts to one host wait for each other");
	is_int(b.crowd, POSTS_HOST_MAX, "so many at once");
	b.mute = 0;
	for (i = 0; i < b.nheld; i++)
		reply(&b, WORLD_NET, b.held[i], json_pack("{s:s, s:i}",
		    "status", "ok", "http", 200));
	sql(&b, "UPDATE delivery SET next = 0 WHERE state = 'due'");
	while (strcmp(rows(&b, "SELECT count(*) FROM delivery WHERE state ="
	    " 'sent'"), "20") != 0 && b.posts < 60) {
		sql(&b, "UPDATE delivery SET next = 0 WHERE state = 'due'");
		deliver_soon(b.e.deliver, 0);
		if (!run(&b, calm))
			break;
	}
	is_str(rows(&b, "SELECT count(*) FROM delivery WHERE state = 'sent'"
	    " AND tries = 1"), "20", "and each is sent in the end, once");
	stop(&b);
}

/* sged is killed between sending a report and noting it. */
static void
crash(const struct conf *conf)
{
	struct bench b;
	char *first;
	size_t len;
	int status, fd;
	FILE *fp;
	pid_t pid;

	fresh();
	fflush(stdout);
	if ((pid = fork()) == 0) {
		start(&b, conf);
		tally(&b, "mail.nz", 1);
		b.die = 1;
		run(&b, calm);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	ok(WIFSIGNALED(status), "killed when the mail was out");
	if ((fp = fopen("first-mail", "r")) == NULL) {
		ok(0, "a first mail");
		return;
	}
	fd = fileno(fp);
	first = slurp(fd, &len);
	fclose(fp);

	start(&b, conf);
	ok(run(&b, calm), "started again");
	is_int((long long)b.nmails, 1, "one copy more");
	is_str(line_of(b.mails[0], " Report-ID:"),
	    line_of(first, " Report-ID:"), "with the same report-id");
	is_str(line_of(b.mails[0], "Message-ID:"),
	    line_of(first, "Message-ID:"), "and Message-ID");
	is_str(line_of(b.mails[0], "H4sI"), line_of(first, "H4sI"),
	    "and the same report");
	is_str(state_of(&b, "mail.nz"), "sent:sent", "noted");
	stop(&b);

	start(&b, conf);
	ok(run(&b, calm), "and again");
	is_int((long long)b.nmails, 0, "no other copy");
	is_int(b.lookups, 0, "no look-up");
	stop(&b);
	free(first);
}

static int
mail_out(struct bench *b)
{
	return b->nmails == 1;
}

static int
one_sent(struct bench *b)
{
	return strcmp(rows(b, "SELECT count(*) FROM report WHERE state ="
	    " 'sent'"), "1") == 0 && b->e.deliver->count[JOB_MAIL] == 0;
}

static int
troubled(struct bench *b)
{
	return b->lookups > 0 && b->e.deliver->mute;
}

/* What can't be read for a while is no day without sessions. */
static void
tallies_away(const struct conf *conf)
{
	struct bench b;

	fresh();
	start(&b, conf);
	tally(&b, "mail.nz", 1);
	sql(&b, "ALTER TABLE detail RENAME TO elsewhere");
	ok(run(&b, troubled), "the tallies can't be read");
	is_str(state_of(&b, "mail.nz"), "due:", "the report waits");
	sql(&b, "ALTER TABLE elsewhere RENAME TO detail");
	deliver_soon(b.e.deliver, 0);
	ok(run(&b, one_sent), "they can again");
	is_str(state_of(&b, "mail.nz"), "sent:sent", "it is sent");
	stop(&b);
}

/* A database as it is when sged was killed with a mail at sendmail. */
static void
killed(const struct conf *conf)
{
	struct bench b;
	int status;
	pid_t pid;

	fresh();
	fflush(stdout);
	if ((pid = fork()) == 0) {
		start(&b, conf);
		tally(&b, "mail.nz", 1);
		b.die = 1;
		run(&b, calm);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	if (!WIFSIGNALED(status))
		fatalx("test: not killed");
}

static int
written(const char *said)
{
	int fd;

	if ((fd = open("mailed.1", O_RDWR | O_CREAT | O_TRUNC, 0600)) == -1 ||
	    write(fd, said, strlen(said)) != (ssize_t)strlen(said))
		fatal("mailed.1");
	return fd;
}

static int
a_while(struct bench *b)
{
	return b->ticks < DEADLINE_MS / 2 - 500;
}

/* sged was killed while sendmail ran: its file says what became of it. */
static void
recovered(const struct conf *conf)
{
	static const struct {
		const char	*said;
		const char	*state;
		const char	*text;
		int		 mails;
	} cases[] = {
		{ "\nexit 0\n", "sent:sent", "handed to sendmail", 0 },
		{ "\nexit 75\n", "sent:sent", "handed to sendmail, which keeps"
		    " it until smtpd runs", 0 },
		{ ">>> .\n<<< 250 2.0.0 12ab34cd Message accepted for delivery"
		    "\n", "sent:sent", "handed to sendmail, message 12ab34cd",
		    0 },
		{ "sendmail: write error\n\nexit 75\n", "sending:due",
		    "sendmail: exit 75: sendmail: write error", 0 },
		{ "<<< 220 mail ESMTP\n>>> EHLO localhost\n", "sending:due",
		    "sendmail: exit 75: sendmail was killed", 0 },
		{ "\nexit 0\nexit 0\nexit 70\n", "sending:due",
		    "sendmail: exit 70: ", 0 },
		{ "sendmail: command failed: 501 5.1.3 Recipient address"
		    " syntax error\n\nexit 70\n", "given-up:given-up",
		    "sendmail: exit 70: sendmail: command failed: 501 5.1.3"
		    " Recipient address syntax error", 0 },
		/* None: it was not begun. */
		{ NULL, "sent:sent", "handed to sendmail", 1 },
	};
	struct bench b;
	size_t i;
	int fd;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		killed(conf);
		if (cases[i].said != NULL)
			close(written(cases[i].said));
		start(&b, conf);
		ok(run(&b, calm), "started again");
		is_str(state_of(&b, "mail.nz"), cases[i].state, "%s",
		    cases[i].text);
		is_str(rows(&b, "SELECT text FROM delivery"), cases[i].text,
		    "and that is noted");
		is_int((long long)b.nmails, cases[i].mails, "mails");
		ok(access("mailed.1", F_OK) == -1, "its file is gone");
		stop(&b);
	}
	killed(conf);
	fd = written("");
	if (flock(fd, LOCK_EX) == -1)
		fatal("flock");
	start(&b, conf);
	ok(run(&b, a_while), "sendmail still runs");
	is_str(state_of(&b, "mail.nz"), "sending:sending", "it is waited for");
	if (write(fd, "\nexit 0\n", 8) != 8)
		fatal("mailed.1");
	close(fd);
	ok(run(&b, one_sent), "it ends");
	is_int((long long)b.nmails, 0, "and no other began");
	stop(&b);
}

/* A reload while a mail is with sendmail: it is waited for. */
static void
reload(const struct conf *conf)
{
	struct bench b;

	fresh();
	start(&b, conf);
	tally(&b, "mail.nz", 1);
	b.slow = 1;
	ok(run(&b, mail_out), "a mail is with sendmail");
	is_str(state_of(&b, "mail.nz"), "sending:sending", "not yet taken");
	stop(&b);
	start(&b, conf);
	ok(run(&b, calm), "reloaded");
	is_str(state_of(&b, "mail.nz"), "sent:sent", "its end was noted");
	is_int((long long)b.nmails, 0, "there is no second one");
	stop(&b);
}

/* sged was off for three days: three reports, each of its own day. */
static void
downtime(const struct conf *conf)
{
	struct bench b;
	char want[64], date[11];
	int i, j, n;

	fresh();
	start(&b, conf);
	for (i = 1; i <= 3; i++)
		tally(&b, "mail.nz", i);
	ok(run(&b, calm), "three days later");
	is_int((long long)b.nmails, 3, "three reports");
	for (i = 1; i <= 3; i++) {
		day_print(day_of(time(NULL)) - i, date, sizeof(date));
		(void)snprintf(want, sizeof(want), "on %s", date);
		for (j = n = 0; j < (int)b.nmails; j++)
			n += has(b.mails[j], date);
		is_int(n, 1, "one of %s", date);
	}
	is_str(rows(&b, "SELECT count(DISTINCT report_id) FROM report"), "3",
	    "each with an id of its own");
	/* Nothing is opened twice, nor the day that is not over. */
	tally(&b, "mail.nz", 0);
	is_str(rows(&b, "SELECT count(*) FROM report"), "3", "not today's");
	stop(&b);

	/* Records of a day are still being read. */
	fresh();
	start(&b, conf);
	b.ingest.caught_up = (day_of(time(NULL)) - 1) * 86400LL;
	tally(&b, "mail.nz", 1);
	tally(&b, "two.nz", 2);
	sql(&b, "UPDATE tally SET day = day - 1 WHERE domain = 'two.nz'");
	ok(run(&b, one_sent), "the day before is done");
	is_str(rows(&b, "SELECT domain FROM report"), "two.nz",
	    "a day that is not read to its end is not closed");
	stop(&b);
}

static int
given_up(struct bench *b)
{
	return calm(b) && strcmp(rows(b, "SELECT count(*) FROM report WHERE"
	    " state = 'given-up'"), "2") == 0;
}

static void
retries(const struct conf *conf)
{
	struct conf day = *conf;
	struct bench b;
	int64_t first = 1000000, now = first, next, last = 0;
	int n, doubled = 0;

	day.report_retry = 86400;
	for (n = 1; (next = deliver_backoff(&day, first, n, now)) != 0; n++) {
		if (n == 1)
			ok(next - now >= 150 && next - now <= 450,
			    "the second attempt comes within minutes");
		if (n > 1 && n < 7 && next - now > last / 2)
			doubled++;
		last = next - now;
		now = next;
	}
	is_int(now, first + 86400, "the last one a day after the first");
	ok(n >= 6 && n <= 20, "%d attempts", n);
	is_int(doubled, 5, "with longer and longer pauses");

	fresh();
	start(&b, conf);
	tally(&b, "full.nz", 1);
	tally(&b, "servfail.nz", 1);
	ok(run(&b, calm), "both failed");
	sql(&b, "UPDATE report SET due = 0, first = first - 100000"
	    " WHERE state = 'due'");
	sql(&b, "UPDATE delivery SET next = 0, first = first - 100000");
	deliver_soon(b.e.deliver, 0);
	ok(run(&b, given_up), "both are given up when their time is over");
	is_str(rows(&b, "SELECT tries FROM delivery"), "2",
	    "after one more attempt");
	stop(&b);

	fresh();
	start(&b, conf);
	b.servfail = 1;
	tally(&b, "mail.nz", 1);
	run(&b, calm);
	is_str(state_of(&b, "mail.nz"), "due:", "no DNS, no verdict");
	b.servfail = 0;
	sql(&b, "UPDATE report SET due = 0");
	deliver_soon(b.e.deliver, 0);
	run(&b, calm);
	is_str(state_of(&b, "mail.nz"), "sent:sent", "until there is one");
	stop(&b);
}

/* sgectl send */
static void
on_demand(const struct conf *conf)
{
	struct conf slow = *conf;
	struct bench b;
	char text[256], date[11];
	int64_t today = day_of(time(NULL));

	fresh();
	slow.report_spread = 14400;
	start(&b, &slow);
	tally(&b, "mail.nz", 1);
	tally(&b, "two.nz", 1);
	tally(&b, "except.nz", 1);
	b.ingest.caught_up = 0;		/* the day is not closed by itself */
	b.ingest.dirfd = -1;
	b.ingest.path = strdup("/nonexistent");
	TAILQ_INIT(&b.ingest.segments);
	b.ingest.engine = &b.e;

	is_int(deliver_now(&b.e, today - 1, "mail.nz", text, sizeof(text)), 0,
	    "send one: %s", text);
	ok(run(&b, one_sent), "it goes");
	is_str(state_of(&b, "mail.nz"), "sent:sent", "it is sent at once");
	is_str(state_of(&b, "two.nz"), "", "others are not");
	is_int(deliver_now(&b.e, today - 1, "mail.nz", text, sizeof(text)), -1,
	    "not twice");
	ok(has(text, "taken already"), "said: %s", text);
	is_int(deliver_now(&b.e, today - 1, "nobody.nz", text, sizeof(text)),
	    -1, "nothing known");
	is_int(deliver_now(&b.e, today, "mail.nz", text, sizeof(text)), -1,
	    "not before the day is over: %s", text);
	is_int(deliver_now(&b.e, today - 4000, "mail.nz", text, sizeof(text)),
	    -1, "not what may have been sent: %s", text);
	is_int(deliver_now(&b.e, today - 2, NULL, text, sizeof(text)), -1,
	    "a day without sessions: %s", text);
	is_int(deliver_now(&b.e, today - 1, NULL, text, sizeof(text)), 0,
	    "all of the day: %s", text);
	run(&b, calm);
	is_str(state_of(&b, "two.nz"), "sent:sent,sent", "the others");
	is_str(state_of(&b, "except.nz"), "excepted:", "but not that one");
	is_int((long long)b.nmails, 3, "and nobody twice");
	day_print(today - 1, date, sizeof(date));
	free(b.ingest.path);
	stop(&b);
}

static void
copies(const struct conf *conf)
{
	struct conf more = *conf;
	char address[] = "me@minties.govt.nz";
	struct bench b;

	fresh();
	more.report_copy = address;
	start(&b, &more);
	tally(&b, "mail.nz", 1);
	tally(&b, "nouser.nz", 1);
	tally(&b, "spf.nz", 1);
	run(&b, calm);
	is_str(rows(&b, "SELECT uri || d.state FROM delivery d, report r WHERE"
	    " d.report = r.id AND domain = 'mail.nz' ORDER BY 1"),
	    "copy:me@minties.govt.nzsent|mailto:tls@mail.nzsent",
	    "a copy goes to our own address");
	is_str(state_of(&b, "nouser.nz"), "given-up:sent,given-up",
	    "which does not make a report delivered");
	is_str(state_of(&b, "spf.nz"), "no-rua:", "no rua, no copy");
	stop(&b);
}

/* "report https verify": the net process has to insist. */
static void
verify(const struct conf *conf)
{
	struct conf strict = *conf;
	struct bench b;

	fresh();
	start(&b, conf);
	tally(&b, "200.https.nz", 1);
	run(&b, calm);
	is_int(b.verify, 0, "a certificate need not be right");
	stop(&b);
	fresh();
	strict.report_https_verify = 1;
	start(&b, &strict);
	tally(&b, "200.https.nz", 1);
	run(&b, calm);
	is_int(b.verify, 1, "but where that is wanted");
	stop(&b);
}

/* What can't be read any more is not sent as something else. */
static void
unreadable(const struct conf *conf)
{
	struct bench b;

	fresh();
	start(&b, conf);
	sql(&b, "INSERT INTO report (id, day, domain, report_id, state, due,"
	    " body) VALUES (1, 1, 'torn.nz', 'r.torn.nz', 'sending', 0,"
	    " x'1f8b08'), (2, 1, 'lost.nz', 'r.lost.nz', 'sending', 0, NULL)");
	sql(&b, "INSERT INTO delivery (report, uri, state, tries, next, first,"
	    " kind) VALUES (1, 'mailto:tls@torn.nz', 'due', 0, 0, %lld, 0),"
	    " (2, 'https://200.https.nz/x', 'due', 0, 0, %lld, 1)",
	    (long long)time(NULL), (long long)time(NULL));
	deliver_soon(b.e.deliver, 0);
	ok(run(&b, calm), "two reports whose body is no good");
	is_int((long long)b.nmails + b.posts, 0, "are not sent");
	is_str(rows(&b, "SELECT state || ':' || text FROM delivery"),
	    "due:not readable, or not written out|"
	    "due:not readable, or not written out", "nor taken for sent");
	stop(&b);
}

static int
opened(struct bench *b)
{
	return store_meta(b->e.store, "report_opened", -1) != -1 &&
	    !b->e.deliver->pass.active;
}

static void
spread(const struct conf *conf)
{
	struct conf slow = *conf;
	struct bench b;
	int64_t now = time(NULL);
	char q[512];
	int i;

	fresh();
	slow.report_spread = 14400;
	start(&b, &slow);
	sql(&b, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM"
	    " n WHERE i < 5000) INSERT INTO tally SELECT %lld, printf("
	    "'d%%05d.nz', i), 0, 1, 0 FROM n", (long long)day_of(now) - 1);
	ok(run(&b, opened), "5000 domains");
	for (i = 0; i < 4; i++) {
		(void)snprintf(q, sizeof(q), "SELECT count(*) BETWEEN 1240 AND"
		    " 1260 FROM report WHERE due - created >= %d AND"
		    " due - created < %d", i * 3600, (i + 1) * 3600);
		is_str(rows(&b, "%s", q), "1", "evenly in hour %d", i + 1);
	}
	is_str(rows(&b, "SELECT count(*) BETWEEN 2200 AND 2800 FROM report a,"
	    " report b WHERE b.id = a.id + 1 AND b.due > a.due"), "1",
	    "in no order of names");
	stop(&b);
}

int
main(void)
{
	struct conf *conf;
	char *said;

	log_init("unit-deliver", 1, 0);
	if (mkdtemp(dir) == NULL || chdir(dir) == -1)
		return 1;
	conf = conf_text("organization \"Minties\"\n"
	    "contact \"tls-reports@minties.govt.nz\"\n"
	    "local { \"minties.govt.nz\" }\n"
	    "report from \"noreply@minties.govt.nz\"\n"
	    "report except { \"except.nz\" }\n"
	    "report retry 1h\n", &said);
	if (!ok(conf != NULL, "a configuration: %s", said))
		return done_testing();
	conf->report_spread = 0;
	free(conf->spool);
	conf->spool = strdup(dir);
	records(conf);
	answers(conf);
	crowd(conf);
	hanging(conf);
	limit(conf);
	announced(conf);
	crash(conf);
	recovered(conf);
	tallies_away(conf);
	reload(conf);
	downtime(conf);
	retries(conf);
	on_demand(conf);
	copies(conf);
	verify(conf);
	unreadable(conf);
	spread(conf);
	conf_free(conf);
	free(said);
	fresh();
	unlink("first-mail");
	if (chdir("/") == 0)
		rmdir(dir);
	return done_testing();
}
