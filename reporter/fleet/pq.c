/* SPDX-License-Identifier: ISC */

#include <sys/socket.h>

#include <dlfcn.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/log.h"
#include "fleet/pq.h"
#include "lib/loop.h"

#ifdef SGE_LIBPQ

#include <libpq-fe.h>

/* Of a list of hosts one that does not answer; all of them; a statement. */
#define HOST_MS 10000
#define CONNECT_MS 120000
#define STATEMENT_MS 60000
/* Statements that a connection keeps planned. */
#define AGAIN_MAX 8

#ifdef __OpenBSD__
#define LIBRARY "libpq.so"
#else
#define LIBRARY "libpq.so.5"
#endif

/* What is used of it: a program without a fleet runs without it. */
#define CALLS(CALL) \
	CALL(PQclear) CALL(PQcmdTuples) CALL(PQconnectPoll) \
	CALL(PQconnectStartParams) CALL(PQconsumeInput) CALL(PQerrorMessage) \
	CALL(PQfinish) CALL(PQflush) CALL(PQgetResult) CALL(PQgetisnull) \
	CALL(PQgetvalue) CALL(PQisBusy) CALL(PQntuples) CALL(PQresultStatus) \
	CALL(PQsendPrepare) CALL(PQsendQuery) CALL(PQsendQueryParams) \
	CALL(PQsendQueryPrepared) \
	CALL(PQsetNoticeProcessor) CALL(PQsetnonblocking) CALL(PQsocket) \
	CALL(PQstatus)

#define FIELD(name) __typeof__(name) *name;
#define ENTRY(name) { #name, offsetof(struct library, name) },

struct library {
	CALLS(FIELD)
};

static const struct {
	const char	*name;
	size_t		 at;
} calls[] = { CALLS(ENTRY) };

struct pq {
	const struct conf *conf;
	int		 hangup;
	int64_t		 until;		/* pq_limit's, loop_now */
	void		*handle;
	struct library	 lib;
	PGconn		*conn;
	PGresult	*result;
	const char	*again[AGAIN_MAX];
	char		 why[FLEET_TEXT_MAX];
};

static int
fail(struct pq *pq, const char *why)
{
	char text[FLEET_TEXT_MAX];
	size_t n = 0;

	/* libpq says much, on several lines; the rest goes by its look. */
	for (; *why != '\0' && n + 1 < sizeof(text); why++)
		if (*why != '\n' && *why != '\t')
			text[n++] = *why;
		else if (n > 0 && text[n - 1] != ' ')
			text[n++] = ' ';
	while (n > 0 && text[n - 1] == ' ')
		n--;
	text[n] = '\0';
	(void)strlcpy(pq->why, log_clean(text), sizeof(pq->why));
	pq_down(pq);
	return -1;
}

static int
library_load(struct pq *pq)
{
	void *call;
	size_t i;

	if ((pq->handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL)) == NULL)
		return fail(pq, LIBRARY " is not there: install libpq5 "
		    "(OpenBSD: pkg_add postgresql-client)");
	for (i = 0; i < nitems(calls); i++) {
		if ((call = dlsym(pq->handle, calls[i].name)) == NULL) {
			dlclose(pq->handle);
			pq->handle = NULL;
			return fail(pq, LIBRARY " is too old");
		}
		memcpy((char *)&pq->lib + calls[i].at, &call, sizeof(call));
	}
	return 0;
}

struct pq *
pq_new(const struct conf *conf, int hangup)
{
	struct pq *pq;

	if ((pq = calloc(1, sizeof(*pq))) == NULL)
		fatal("share");
	pq->conf = conf;
	pq->hangup = hangup;
	if (library_load(pq) == -1)
		log_warnx("fleet postgresql: %s", pq->why);
	return pq;
}

/* poll(2)'s events on the connection; 0: so long nothing came. */
static short
await(struct pq *pq, short events, int64_t ms)
{
	struct pollfd fds[2] = {
		{ .fd = pq->lib.PQsocket(pq->conn), .events = events },
		{ .fd = pq->hangup }
	};

	if (ms > pq->until - loop_now())
		ms = pq->until - loop_now();
	if (ms < 0)
		ms = 0;
	if (poll(fds, 2, (int)ms) <= 0)
		return 0;
	/* What was not committed is asked again. */
	if (fds[1].revents != 0)
		exit(0);
	return fds[0].revents;
}

static void
notice(void *arg __unused, const char *text __unused)
{
}

static int
connect_wait(struct pq *pq)
{
	PostgresPollingStatusType st = PGRES_POLLING_WRITING;
	int64_t host = loop_now() + HOST_MS, end = loop_now() + CONNECT_MS;
	int fd = pq->lib.PQsocket(pq->conn);
	short got;

	if (end > pq->until)
		end = pq->until;
	while (st != PGRES_POLLING_OK) {
		if (st == PGRES_POLLING_FAILED)
			return fail(pq, pq->lib.PQerrorMessage(pq->conn));
		got = await(pq, st == PGRES_POLLING_READING ? POLLIN :
		    POLLOUT, (host < end ? host : end) - loop_now());
		if (got == 0 && loop_now() >= end)
			return fail(pq, "no answer to a connection");
		/* libpq then tries the next of its hosts. */
		if (got == 0)
			(void)shutdown(pq->lib.PQsocket(pq->conn), SHUT_RDWR);
		st = pq->lib.PQconnectPoll(pq->conn);
		if (got == 0 || pq->lib.PQsocket(pq->conn) != fd)
			host = loop_now() + HOST_MS;
		fd = pq->lib.PQsocket(pq->conn);
	}
	return 0;
}

int
pq_up(struct pq *pq)
{
	/* What stands behind others holds: the operator's own words. */
	const char *const keys[] = { "sslmode", "sslrootcert",
	    "application_name", "client_encoding", "keepalives_idle",
	    "dbname", NULL };
	const char *const values[] = { "verify-full", pq->conf->ca, "sged",
	    "UTF8", "30", pq->conf->fleet, NULL };

	if (pq->conn != NULL && pq->lib.PQstatus(pq->conn) == CONNECTION_OK)
		return 0;
	pq_down(pq);
	/* Said when it was to be loaded. */
	if (pq->handle == NULL)
		return -1;
	if ((pq->conn = pq->lib.PQconnectStartParams(keys, values, 1)) == NULL)
		fatalx("share: no memory");
	if (pq->lib.PQstatus(pq->conn) == CONNECTION_BAD)
		return fail(pq, pq->lib.PQerrorMessage(pq->conn));
	if (connect_wait(pq) == -1)
		return -1;
	(void)pq->lib.PQsetNoticeProcessor(pq->conn, notice, NULL);
	if (pq->lib.PQsetnonblocking(pq->conn, 1) == -1)
		return fail(pq, pq->lib.PQerrorMessage(pq->conn));
	/* A host that is gone must not hold what others wait for. */
	return pq_run(pq, "SET statement_timeout = '50s';"
	    "SET lock_timeout = '20s';"
	    "SET idle_in_transaction_session_timeout = '60s';"
	    "SET standard_conforming_strings = on", 0, NULL);
}

void
pq_limit(struct pq *pq, int64_t ms)
{
	pq->until = loop_now() + ms;
}

static void
result_clear(struct pq *pq)
{
	if (pq->result != NULL)
		pq->lib.PQclear(pq->result);
	pq->result = NULL;
}

void
pq_down(struct pq *pq)
{
	result_clear(pq);
	if (pq->conn != NULL)
		pq->lib.PQfinish(pq->conn);
	pq->conn = NULL;
	memset(pq->again, 0, sizeof(pq->again));
}

void
pq_free(struct pq *pq)
{
	if (pq == NULL)
		return;
	pq_down(pq);
	if (pq->handle != NULL)
		dlclose(pq->handle);
	free(pq);
}

static int
send_all(struct pq *pq, int64_t end)
{
	short got;
	int rc;

	while ((rc = pq->lib.PQflush(pq->conn)) == 1) {
		if ((got = await(pq, POLLIN | POLLOUT, end - loop_now())) == 0)
			return fail(pq, "the database takes nothing");
		if (got & POLLIN && !pq->lib.PQconsumeInput(pq->conn))
			return fail(pq, pq->lib.PQerrorMessage(pq->conn));
	}
	return rc == 0 ? 0 : fail(pq, pq->lib.PQerrorMessage(pq->conn));
}

/* The last result of what was sent, all of which must be good. */
static int
take_results(struct pq *pq, int64_t end)
{
	PGresult *result;
	ExecStatusType status;

	for (;;) {
		while (pq->lib.PQisBusy(pq->conn)) {
			if (await(pq, POLLIN, end - loop_now()) == 0)
				return fail(pq, "no answer to a statement");
			if (!pq->lib.PQconsumeInput(pq->conn))
				return fail(pq,
				    pq->lib.PQerrorMessage(pq->conn));
		}
		if ((result = pq->lib.PQgetResult(pq->conn)) == NULL)
			return 0;
		result_clear(pq);
		pq->result = result;
		status = pq->lib.PQresultStatus(result);
		if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
			return fail(pq, pq->lib.PQerrorMessage(pq->conn));
	}
}

/* What libpq was given leaves, and is answered. */
static int
finish(struct pq *pq, int given)
{
	int64_t end = loop_now() + STATEMENT_MS;

	if (!given)
		return fail(pq, pq->lib.PQerrorMessage(pq->conn));
	return send_all(pq, end) == -1 || take_results(pq, end) == -1 ? -1 : 0;
}

int
pq_run(struct pq *pq, const char *sql, size_t n, const char *const params[])
{
	result_clear(pq);
	if (pq->conn == NULL)
		return fail(pq, "not connected");
	return finish(pq, n == 0 ? pq->lib.PQsendQuery(pq->conn, sql) :
	    pq->lib.PQsendQueryParams(pq->conn, sql, (int)n, NULL, params,
	    NULL, NULL, 0));
}

int
pq_again(struct pq *pq, const char *sql, size_t n, const char *const params[])
{
	char name[16];
	size_t i;

	for (i = 0; i < AGAIN_MAX && pq->again[i] != NULL &&
	    pq->again[i] != sql; i++)
		continue;
	if (pq->conn == NULL || i == AGAIN_MAX)
		return pq_run(pq, sql, n, params);
	(void)snprintf(name, sizeof(name), "again%zu", i);
	result_clear(pq);
	if (pq->again[i] == NULL && finish(pq, pq->lib.PQsendPrepare(pq->conn,
	    name, sql, (int)n, NULL)) == -1)
		return -1;
	pq->again[i] = sql;
	result_clear(pq);
	return finish(pq, pq->lib.PQsendQueryPrepared(pq->conn, name, (int)n,
	    params, NULL, NULL, 0));
}

int
pq_rows(const struct pq *pq)
{
	return pq->result == NULL ? 0 : pq->lib.PQntuples(pq->result);
}

const char *
pq_text(const struct pq *pq, int row, int column)
{
	return pq->lib.PQgetvalue(pq->result, row, column);
}

int
pq_is_null(const struct pq *pq, int row, int column)
{
	return pq->lib.PQgetisnull(pq->result, row, column);
}

int64_t
pq_changed(const struct pq *pq)
{
	const char *error;
	long long n;

	n = strtonum(pq->lib.PQcmdTuples(pq->result), 0, INT64_MAX, &error);
	return error == NULL ? n : 0;
}

const char *
pq_why(const struct pq *pq)
{
	return pq->why;
}

#endif

int64_t
pq_number(const struct pq *pq, int row, int column)
{
	const char *error;
	long long n;

	n = strtonum(pq_text(pq, row, column), INT64_MIN, INT64_MAX, &error);
	return error == NULL ? n : 0;
}
