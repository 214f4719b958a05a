/* SPDX-License-Identifier: ISC */

/*
 * The DNS process (world.h): questions over the socket to libunbound, which
 * works in a thread of its own, so nothing here waits.
 */

#include <sys/queue.h>

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unbound.h>

#include "base/bounds.h"
#include "base/domain.h"
#include "base/log.h"
#include "helper/resolve.h"
#include "helper/resolve_answer.h"
#include "lib/sandbox.h"
#include "helper/dns_rdata.h"
#include "helper/helper.h"
#include "lib/xalloc.h"

#define CLASS_IN	1
#define RCODE_NXDOMAIN	3

/*
 * A question is over after this time.  libunbound itself would go on for
 * minutes, when a learner has long answered without it.
 */
#define DNS_SECONDS 10

struct dns_question;

/* One question to libunbound; at most two stand for one of ours. */
struct lookup {
	struct dns_question	*question;
	int		 type;
	int		 pending;
	int		 id;		/* libunbound's */
};

enum outcome {			/* in order: what says more is greater */
	OUT_NODATA,
	OUT_NXDOMAIN,
	OUT_SERVFAIL,
	OUT_TIMEOUT,
	OUT_OK
};

struct dns_question {
	TAILQ_ENTRY(dns_question) entry;
	struct resolver	*resolver;
	json_t		*id;		/* theirs */
	json_t		*answer;
	int		 mx;		/* asked for MX */
	int		 secure;
	int64_t		 ttl;
	enum outcome	 outcome;
	char		 name[DOMAIN_MAX];
	struct lookup	 lookups[2];
	struct loop_timer *deadline;
};

struct resolver {
	struct loop	*loop;
	struct ipc	*ipc;
	struct ub_ctx	*ub;
	TAILQ_HEAD(, dns_question) questions;
};

static const char *const outcome_names[] = {
	"nodata", "nxdomain", "servfail", "timeout", "ok"
};

static void
question_free(struct dns_question *q)
{
	size_t i;

	for (i = 0; i < nitems(q->lookups); i++)
		if (q->lookups[i].pending)
			(void)ub_cancel(q->resolver->ub, q->lookups[i].id);
	TAILQ_REMOVE(&q->resolver->questions, q, entry);
	loop_timer_remove(q->resolver->loop, q->deadline);
	json_decref(q->id);
	json_decref(q->answer);
	free(q);
}

static void
question_answer(struct dns_question *q)
{
	json_t *answer = q->answer;

	if (json_object_set_new(answer, "status",
	    json_string(outcome_names[q->outcome])) == -1 ||
	    json_object_set_new(answer, "ttl", json_integer(q->ttl == -1 ?
	    0 : q->ttl)) == -1 ||
	    json_object_set_new(answer, "secure",
	    json_boolean(q->secure == 1)) == -1 ||
	    json_object_set(answer, "id", q->id) == -1)
		fatalx("json_object_set");
	q->answer = NULL;
	if (ipc_send(q->resolver->ipc, answer, -1) == -1) {
		/* Bounds are such that it can't be; say so, not nothing. */
		log_warnx("answer about %s is too long", q->name);
		answer = json_pack("{s:O, s:s}", "id", q->id, "status",
		    "servfail");
		if (answer == NULL || ipc_send(q->resolver->ipc, answer, -1)
		    == -1)
			fatalx("ipc_send");
	}
	question_free(q);
}

static void
question_late(void *arg)
{
	struct dns_question *q = arg;

	q->deadline = NULL;
	/* Addresses that stand in for MX records have not done so yet. */
	if (q->outcome != OUT_OK || q->mx)
		q->outcome = OUT_TIMEOUT;
	question_answer(q);
}

static void	lookup_done(void *, int, struct ub_result *);

static void
lookup_start(struct dns_question *q, size_t slot, int type)
{
	struct lookup *l = &q->lookups[slot];
	int error;

	l->question = q;
	l->type = type;
	error = ub_resolve_async(q->resolver->ub, q->name, type, CLASS_IN, l,
	    lookup_done, &l->id);
	if (error != 0)
		fatalx("ub_resolve_async: %s", ub_strerror(error));
	l->pending = 1;
}

static void
set_canon(struct dns_question *q, const struct ub_result *result)
{
	char canon[DOMAIN_MAX];

	if (result->canonname == NULL || domain_normal(result->canonname,
	    strlen(result->canonname), canon, sizeof(canon)) == -1)
		return;
	if (json_object_set_new(q->answer, "canon", json_string(canon)) == -1)
		fatalx("json_object_set");
}

static enum outcome
take_result(struct dns_question *q, int type, int error,
    const struct ub_result *result)
{
	size_t i;

	if (error != 0 || result == NULL || result->bogus)
		return OUT_SERVFAIL;
	if (result->ttl >= 0 && (q->ttl == -1 || result->ttl < q->ttl))
		q->ttl = result->ttl;
	/* Secure only if all that the answer rests on is. */
	if (!result->secure)
		q->secure = 0;
	else if (q->secure == -1)
		q->secure = 1;
	set_canon(q, result);
	if (result->rcode == RCODE_NXDOMAIN)
		return OUT_NXDOMAIN;
	if (result->rcode != 0)
		return OUT_SERVFAIL;
	if (!result->havedata)
		return OUT_NODATA;
	for (i = 0; result->data[i] != NULL; i++)
		answer_record(q->answer, type,
		    (const unsigned char *)result->data[i],
		    (size_t)result->len[i]);
	return OUT_OK;
}

/* Whether one of the MX records is the null MX. */
static int
has_null_mx(const struct ub_result *result)
{
	int i;

	for (i = 0; result->data[i] != NULL; i++)
		if (wire_mx_null((const unsigned char *)result->data[i],
		    (size_t)result->len[i]))
			return 1;
	return 0;
}

/* The answer to MX; addresses stand in for missing MX (RFC 5321 5.1). */
static void
mx_done(struct dns_question *q, enum outcome outcome,
    const struct ub_result *result)
{
	if (outcome == OUT_NODATA) {
		q->outcome = OUT_NODATA;
		lookup_start(q, 0, TYPE_A);
		lookup_start(q, 1, TYPE_AAAA);
		return;
	}
	q->outcome = outcome;
	if (outcome == OUT_OK && answer_is_empty(q->answer)) {
		if (result->data[1] == NULL && has_null_mx(result))
			answer_true(q->answer, "null");
		q->outcome = OUT_NODATA;
	} else if (outcome == OUT_OK && has_null_mx(result))
		answer_true(q->answer, "nullbeside");
	question_answer(q);
}

/* Both of A and AAAA are there; MX asked for: the domain is its own host. */
static void
addr_done(struct dns_question *q)
{
	json_t *list;

	if (q->outcome == OUT_OK && answer_is_empty(q->answer))
		q->outcome = OUT_NODATA;
	if (q->mx && q->outcome == OUT_OK) {
		(void)json_object_del(q->answer, "addr");
		list = answer_list(q->answer, "mx");
		if (json_array_append_new(list, json_pack("[i, s]", 0,
		    q->name)) == -1)
			fatalx("json_array_append");
		answer_true(q->answer, "implicit");
	}
	question_answer(q);
}

static void
lookup_done(void *arg, int error, struct ub_result *result)
{
	struct lookup *l = arg;
	struct dns_question *q = l->question;
	enum outcome outcome;

	l->pending = 0;
	outcome = take_result(q, l->type, error, result);
	if (l->type == TYPE_MX)
		mx_done(q, outcome, result);
	else {
		if (outcome > q->outcome)
			q->outcome = outcome;
		if (!q->lookups[0].pending && !q->lookups[1].pending) {
			if (l->type == TYPE_TXT || l->type == TYPE_TLSA) {
				if (q->outcome == OUT_OK &&
				    answer_is_empty(q->answer))
					q->outcome = OUT_NODATA;
				question_answer(q);
			} else
				addr_done(q);
		}
	}
	ub_resolve_free(result);
}

/* What needs no look-up: a name that can't be, a ping. */
static void
answer_now(struct resolver *r, json_t *id, const char *status)
{
	json_t *answer;

	answer = json_pack("{s:O, s:s, s:i, s:b}", "id", id, "status", status,
	    "ttl", 0, "secure", 0);
	if (answer == NULL || ipc_send(r->ipc, answer, -1) == -1)
		fatalx("ipc_send");
}

static void
on_question(struct ipc *ipc __unused, json_t *obj, int fd __unused, void *arg)
{
	struct resolver *r = arg;
	struct dns_question *q;
	const char *op = ipc_string(obj, "op", "");
	const char *name = ipc_string(obj, "name", "");
	json_t *id = json_object_get(obj, "id");

	if (id == NULL)
		fatalx("question without id");
	if (strcmp(op, "ping") == 0) {
		answer_now(r, id, "ok");
		return;
	}
	q = xcalloc(1, sizeof(*q));
	if (domain_normal(name, strlen(name), q->name, sizeof(q->name)) == -1) {
		answer_now(r, id, "nxdomain");
		free(q);
		return;
	}
	q->resolver = r;
	q->id = json_incref(id);
	q->secure = -1;
	q->ttl = -1;
	if ((q->answer = json_object()) == NULL)
		fatalx("json_object");
	TAILQ_INSERT_TAIL(&r->questions, q, entry);
	q->deadline = loop_timer_add(r->loop, DNS_SECONDS * 1000,
	    question_late, q);
	if (strcmp(op, "txt") == 0)
		lookup_start(q, 0, TYPE_TXT);
	else if (strcmp(op, "tlsa") == 0)
		lookup_start(q, 0, TYPE_TLSA);
	else if (strcmp(op, "mx") == 0) {
		q->mx = 1;
		lookup_start(q, 0, TYPE_MX);
	} else if (strcmp(op, "addr") == 0) {
		lookup_start(q, 0, TYPE_A);
		lookup_start(q, 1, TYPE_AAAA);
	} else
		fatalx("unknown question");
}

static void
on_closed(struct ipc *ipc __unused, void *arg)
{
	struct resolver *r = arg;

	loop_stop(r->loop);
}

static void
on_unbound(int fd __unused, short revents __unused, void *arg)
{
	struct resolver *r = arg;
	int error;

	if ((error = ub_process(r->ub)) != 0)
		fatalx("ub_process: %s", ub_strerror(error));
}

__dead void
resolve_main(const struct conf *conf, int fd)
{
	struct resolver r = { 0 };
	struct dns_question *q;
	struct loop_fd *watch;

	log_procname("resolve");
	TAILQ_INIT(&r.questions);
	json_object_seed(0);
	if ((r.ub = resolve_context(conf)) == NULL)
		exit(1);
	sandbox_drop_empty(SGE_NET_USER);
	sandbox_resolve();

	r.loop = loop_new();
	r.ipc = ipc_new(r.loop, fd, on_question, on_closed, &r);
	watch = loop_fd_add(r.loop, ub_fd(r.ub), POLLIN, on_unbound, &r);
	loop_run(r.loop);

	loop_fd_remove(r.loop, watch);
	while ((q = TAILQ_FIRST(&r.questions)) != NULL)
		question_free(q);
	ipc_free(r.ipc);
	loop_free(r.loop);
	ub_ctx_delete(r.ub);
	exit(0);
}
