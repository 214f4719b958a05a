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
	enum {
		OF_SGED,		/* of tables that it makes if need be */
		WITHIN,			/* what "begin", or "look", began */
		OF_PEOPLE		/* of tables as they are */
	}		 kind;
} ops[] = {
	{ "ping", share_ping, WITHIN },
	{ "beat", share_beat, OF_SGED },
	{ "begin", share_begin, OF_SGED },
	{ "rows", share_rows, WITHIN },
	{ "end", share_end, WITHIN },
	{ "trim", share_trim, OF_SGED },
	{ "open", share_open, OF_SGED },
	{ "claim", share_claim, OF_SGED },
	{ "held", share_held, OF_SGED },
	{ "sums", share_sums, OF_SGED },
	{ "note", share_note, OF_SGED },
	{ "look", share_look, OF_PEOPLE },
	{ "seen", share_seen, WITHIN },
};

/* A connection whose tables are there: 0, 1 with *why, or -1. */
static int
share_ready(struct share *s, int make, const char **why)
{
	int rc;

	if (pq_up(s->pq) == -1)
		return -1;
	if (s->ready)
		return 0;
	if (!make)
		return fleet_schema_is(s->pq, why);
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
	if (ops[op].kind != WITHIN && s->begun) {
		s->begun = 0;
		pq_down(s->pq);
	}
	if (ops[op].kind == WITHIN && !s->begun) {
		*why = "nothing was begun";
		return 1;
	}
	if (!s->begun && (rc = share_ready(s, ops[op].kind == OF_SGED,
	    why)) != 0)
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
		s->begun = 0;
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
