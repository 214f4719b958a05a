/* SPDX-License-Identifier: ISC */

/*
 * The share process (fleet.h): takes questions and sees to it that there is a
 * connection, of which nothing outlives an error.
 */

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "fleet/fleet_schema.h"
#include "fleet/share.h"
#include "lib/sandbox.h"

/* The engine takes who does not answer for five minutes for dead. */
#define QUESTION_MS 180000

extern char **environ;

static int
share_ping(struct share *s __unused, const json_t *question __unused,
    json_t *answer __unused, const char **why __unused)
{
	return 0;
}

static const struct {
	const char	*op;
	share_op	*run;
	int		 within;	/* what "begin" began */
} ops[] = {
	{ "ping", share_ping, 1 },
	{ "beat", share_beat, 0 },
	{ "begin", share_begin, 0 },
	{ "rows", share_rows, 1 },
	{ "end", share_end, 1 },
	{ "trim", share_trim, 0 },
	{ "open", share_open, 0 },
	{ "claim", share_claim, 0 },
	{ "held", share_held, 0 },
	{ "sums", share_sums, 0 },
	{ "note", share_note, 0 },
};

/* A connection whose tables are there: 0, 1 with *why, or -1. */
static int
share_ready(struct share *s, const char **why)
{
	int rc;

	if (pq_up(s->pq) == -1)
		return -1;
	if (s->ready)
		return 0;
	if ((rc = fleet_schema(s->pq)) == 1)
		*why = "its tables are of a newer version of this program";
	s->ready = rc == 0;
	return rc;
}

static int
ask(struct share *s, size_t op, const json_t *question, json_t *answer,
    const char **why)
{
	int rc;

	if (ops[op].run == share_ping)
		return 0;
	pq_limit(s->pq, QUESTION_MS);
	/* What an earlier question left half done. */
	if (!ops[op].within && s->copying) {
		s->copying = 0;
		pq_down(s->pq);
	}
	if (ops[op].within && !s->copying) {
		*why = "nothing was begun";
		return 1;
	}
	if (!s->copying && (rc = share_ready(s, why)) != 0)
		return rc;
	return ops[op].run(s, question, answer, why);
}

static void
on_question(struct ipc *ipc, json_t *question, int fd, void *arg)
{
	const char *op = ipc_string(question, "op", ""), *why = NULL;
	struct share *s = arg;
	json_t *answer;
	size_t i;
	int rc;

	if (fd != -1)
		close(fd);
	for (i = 0; i < nitems(ops) && strcmp(ops[i].op, op) != 0; i++)
		continue;
	if (i == nitems(ops))
		fatalx("unknown request");
	if ((answer = json_pack("{s:O, s:s}", "id", json_object_get(question,
	    "id"), "status", "ok")) == NULL)
		fatalx("share: no memory");
	if ((rc = ask(s, i, question, answer, &why)) != 0) {
		s->copying = 0;
		if (rc == -1) {
			s->ready = 0;
			why = pq_why(s->pq);
		} else
			pq_down(s->pq);
		share_set(answer, "status", json_string(rc == -1 ? "away" :
		    "refused"));
		share_set(answer, "text", json_string(why));
	}
	if (ipc_send(ipc, answer, -1) == -1)
		fatalx("an answer too long");
}

static void
on_closed(struct ipc *ipc __unused, void *arg)
{
	struct share *s = arg;

	loop_stop(s->loop);
}

__dead void
share_main(const struct conf *conf, int fd)
{
	struct share s = { .conf = conf };

	log_procname("share");
	json_object_seed(0);
	(void)signal(SIGPIPE, SIG_IGN);
	/* What libpq would read of it is the operator's who started us. */
	*environ = NULL;
	if (setenv("HOME", "/nonexistent", 1) == -1)
		fatal("setenv");
	s.pq = pq_new(conf, fd);
	sandbox_drop(SGE_NET_USER, NULL);
	sandbox_share(conf);

	s.loop = loop_new();
	s.ipc = ipc_new(s.loop, fd, on_question, on_closed, &s);
	loop_run(s.loop);
	pq_free(s.pq);
	exit(0);
}
