/* SPDX-License-Identifier: ISC */

/*
 * One delivery: by mail, handed to sendmail, or by https, a look-up of the
 * host's addresses and a POST (RFC 8460 5.3, 5.4).
 */

#include <sys/types.h>
#include <sys/mman.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/bounds.h"
#include "lib/date.h"
#include "lib/write_all.h"
#include "deliver/deliver.h"
#include "deliver/deliver_job.h"
#include "base/log.h"
#include "lib/xalloc.h"

/* How long what met a process that is gone waits. */
#define GONE_SECONDS 60

enum outcome {
	TOOK,
	AGAIN,
	NEVER,
	GONE			/* not tried: a process of ours is gone */
};

/*
 * A file without a name: in memory where the system has such, else in the
 * spool, which the engine may write to anyway.  The other process gets no
 * more than its descriptor.
 */
static int
nameless(const struct conf *conf)
{
	char *path;
	int fd;

#ifdef MFD_CLOEXEC
	if ((fd = memfd_create("report", MFD_CLOEXEC)) != -1)
		return fd;
#endif
	xasprintf(&path, "%s/.report.XXXXXXXXXX", conf->spool);
	if ((fd = mkstemp(path)) == -1)
		log_warn("%s", path);
	else if (unlink(path) == -1)
		log_warn("%s", path);
	free(path);
	return fd;
}

int
deliver_announces(const struct engine *e, const char *address)
{
	const struct job *job;

	if (e->deliver == NULL)
		return 0;
	doubt_seen(e->deliver, address);
	TAILQ_FOREACH(job, &e->deliver->asked, entry)
		if (job->stage == JOB_MAIL &&
		    strcasecmp(job_mail_address(job), address) == 0)
			return 1;
	return store_delivery_since(e->store, address,
	    time(NULL) - ANNOUNCED_KEPT_SECONDS);
}

/* A descriptor of what is to be sent, or -1 with a log line. */
static int
open_body(struct job *job)
{
	struct engine *e = job->deliver->engine;
	struct store_report row;
	struct report *re = NULL;
	unsigned char *gz = NULL;
	size_t len;
	int fd = -1, rc;

	if (store_report_get(e->store, job->report, &row) != 1 ||
	    store_report_body(e->store, job->report, &gz, &len) != 1 ||
	    (fd = nameless(e->conf)) == -1)
		goto bad;
	if (job->stage == JOB_POST) {
		if ((rc = write_all(fd, gz, len)) == -1)
			log_warn("report");
		else if (lseek(fd, 0, SEEK_SET) == -1)
			rc = -1;
	} else if ((re = report_load(row.domain, row.day, row.report_id, gz,
	    len)) == NULL)
		rc = -1;
	else
		rc = mail_write(fd, e->conf, re, job_mail_address(job),
		    time(NULL));
	if (rc == -1)
		goto bad;
	report_free(re);
	free(gz);
	return fd;
bad:
	report_free(re);
	free(gz);
	if (fd != -1)
		close(fd);
	return -1;
}

static json_t *
post_request(struct job *job)
{
	const struct rua_uri *u = &job->rua.uris[0];

	return json_pack("{s:s, s:s, s:i, s:s, s:O, s:s, s:b, s:i}",
	    "op", "post", "host", u->host, "port", u->port, "path", u->path,
	    "addrs", job->addrs, "type", "application/tlsrpt+gzip", "verify",
	    job->deliver->engine->conf->report_https_verify,
	    "seconds", HTTP_POST_SECONDS);
}

static json_t *
request_of(struct job *job)
{
	const struct conf *conf = job->deliver->engine->conf;

	switch (job->stage) {
	case JOB_MAIL:
		return json_pack("{s:s, s:I, s:s, s:[s]}", "op", "mail",
		    "delivery", (json_int_t)job->delivery, "from",
		    conf->report_from, "to", job_mail_address(job));
	case JOB_ADDRESS:
		return json_pack("{s:s, s:s}", "op", "addr", "name",
		    job->rua.uris[0].host);
	case JOB_POST:
		return post_request(job);
	case JOB_LOOKUP:
		break;
	}
	fatalx("deliver: no delivery");
}

/* As if a process had answered; from the loop, as ever. */
static void
answer_later(struct job *job, const char *status)
{
	json_t *answer;

	if ((answer = json_pack("{s:s}", "status", status)) == NULL)
		fatalx("deliver: no memory");
	job_answered(answer, job);
	json_decref(answer);
}

void
send_start(struct job *job)
{
	static const enum world_part parts[] = {
		[JOB_LOOKUP] = WORLD_RESOLVE,
		[JOB_ADDRESS] = WORLD_RESOLVE,
		[JOB_POST] = WORLD_NET,
		[JOB_MAIL] = WORLD_MAILER
	};
	struct engine *e = job->deliver->engine;
	json_t *request;
	int fd = -1;

	if (job->stage != JOB_ADDRESS && (fd = open_body(job)) == -1) {
		answer_later(job, "unreadable");
		return;
	}
	if ((request = request_of(job)) == NULL)
		fatalx("deliver: no memory");
	json_decref(job->answer);
	job->answer = NULL;
	job->question = world_ask(e->world, parts[job->stage], request, fd,
	    job_answered, job);
}

/*
 * Whether sendmail says that this address will never do: as sysexits(3) has
 * it, or in smtpd's words of one that it can't read (RFC 5321 4.2.3: 501).
 */
static int
is_no_address(int64_t code, const char *said)
{
	return code == EX_NOUSER || code == EX_NOHOST || (code ==
	    EX_SOFTWARE && strstr(said, "command failed: 501 ") != NULL);
}

/* sendmail's other troubles are ours, and may end. */
static enum outcome
mail_outcome(const json_t *answer, int64_t *code, char text[], size_t textsz)
{
	const char *message = ipc_string(answer, "message", "");

	if (strcmp(ipc_string(answer, "status", ""), "ok") == 0) {
		(void)snprintf(text, textsz, "handed to sendmail%s%s%s",
		    message[0] == '\0' ? "" : ", message ", message,
		    ipc_bool(answer, "kept", 0) ?
		    ", which keeps it until smtpd runs" : "");
		return TOOK;
	}
	*code = ipc_int(answer, "exit", -1);
	(void)snprintf(text, textsz, "sendmail: exit %lld: %s",
	    (long long)*code, ipc_string(answer, "text", ""));
	return is_no_address(*code, ipc_string(answer, "text", "")) ? NEVER :
	    AGAIN;
}

/*
 * RFC 8460 5.4: a status of "successful" takes it.  A redirect is not
 * followed, since whoever answers would choose where we connect to; what the
 * server says of the request itself will not change by sending it again.
 */
static enum outcome
http_outcome(const json_t *answer, int64_t *code, char text[], size_t textsz)
{
	const char *cert = ipc_string(answer, "cert", "ok");

	*code = ipc_int(answer, "http", 0);
	(void)snprintf(text, textsz, "HTTP %lld%s%s%s", (long long)*code,
	    *code >= 300 && *code <= 399 ? ", a redirect is not followed" : "",
	    strcmp(cert, "ok") == 0 ? "" : ", certificate: ",
	    strcmp(cert, "ok") == 0 ? "" : cert);
	if (*code >= 200 && *code <= 299)
		return TOOK;
	if (*code == 408 || *code == 425 || *code == 429 || *code >= 500 ||
	    *code < 300)
		return AGAIN;
	return NEVER;
}

static enum outcome
post_outcome(const json_t *answer, int64_t *code, char text[], size_t textsz)
{
	const char *status = ipc_string(answer, "status", "");
	const char *more = ipc_string(answer, "text", "");

	if (strcmp(status, "ok") == 0)
		return http_outcome(answer, code, text, textsz);
	if (strcmp(status, "refused") == 0) {
		(void)strlcpy(text, "its address is not one that may be"
		    " contacted (network allow)", textsz);
		return NEVER;
	}
	(void)snprintf(text, textsz, "failed: %s%s%s", status,
	    more[0] == '\0' ? "" : ": ", more);
	return AGAIN;
}

static enum outcome
address_outcome(struct job *job, char text[], size_t textsz)
{
	const char *status = ipc_string(job->answer, "status", "");

	if (strcmp(status, "ok") == 0 &&
	    json_array_size(json_object_get(job->answer, "addr")) > 0) {
		json_decref(job->addrs);
		job->addrs = json_incref(json_object_get(job->answer, "addr"));
		job->on = 1;
		return AGAIN;
	}
	(void)snprintf(text, textsz, "no address of %s: %s",
	    job->rua.uris[0].host, strcmp(status, "ok") == 0 ? "nodata" :
	    status);
	return AGAIN;
}

/* What the answer means, noted in the database and in the log. */
static int
note(struct job *job, enum outcome outcome, int64_t code, const char *text,
    int64_t now)
{
	struct engine *e = job->deliver->engine;
	const char *state = outcome == TOOK ? "sent" : "given-up";
	json_t *clean;
	int64_t next = 0;
	int rc;

	if (outcome == AGAIN && (next = deliver_backoff(e->conf, job->first,
	    job->tries, now)) != 0)
		state = "due";
	/* Servers' words end up in the database: UTF-8, and not too many. */
	clean = report_string(text, REPORT_TEXT_MAX);
	rc = store_delivery_note(e->store, job->delivery, state, now, next,
	    code, json_string_value(clean));
	json_decref(clean);
	if (rc == -1)
		return -1;
	log_info("report=%lld to=%s tries=%lld state=%s text=\"%s\"",
	    (long long)job->report, log_clean(job->place),
	    (long long)job->tries, state, log_clean(text));
	return store_delivery_settle(e->store, job->report, now);
}

int
send_settle(struct job *job, int64_t now)
{
	struct store *st = job->deliver->engine->store;
	const char *status = ipc_string(job->answer, "status", "");
	enum outcome outcome = AGAIN;
	char text[1024] = "";
	int64_t code = 0;
	int rc;

	job->on = 0;
	if (ipc_bool(job->answer, "unknown", 0) && doubt_is(job)) {
		job->doubt = 1;
		return 0;
	}
	/* A mail that was begun goes on: it is asked for at the next start. */
	if (strcmp(status, "gone") == 0 && job->stage == JOB_MAIL)
		return 0;
	if (strcmp(status, "gone") == 0)
		return store_delivery_unclaim(st, job->delivery,
		    now + GONE_SECONDS);
	if (strcmp(status, "unreadable") == 0)
		(void)strlcpy(text, "not readable, or not written out",
		    sizeof(text));
	else if (job->stage == JOB_ADDRESS)
		outcome = address_outcome(job, text, sizeof(text));
	else if (job->stage == JOB_POST)
		outcome = post_outcome(job->answer, &code, text, sizeof(text));
	else
		outcome = mail_outcome(job->answer, &code, text, sizeof(text));
	if (job->on && (rc = send_held_address(job, now)) != 0) {
		job->on = 0;
		return rc == -1 ? -1 : 0;
	}
	if (job->on)
		return 0;
	return note(job, outcome, code, text, now);
}
