/* SPDX-License-Identifier: ISC */

#include <sys/queue.h>
#include <sys/tree.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/log.h"
#include "helper/helper.h"
#include "helper/helper_answer.h"
#include "lib/xalloc.h"

/* A process that answers nonsense is named once in so long. */
#define NONSENSE_MS 60000
/* As the parent's of the engine: turns, not time. */
#define PING_MS 30000
#define PINGS_MAX 10

struct world_question {
	RB_ENTRY(world_question) entry;
	TAILQ_ENTRY(world_question) lost;	/* while world->lost holds it */
	uint64_t	 number;
	struct helper_asked asked;
	int		 is_lost;
	int		 refused;	/* lost, since it may not be asked */
	void		(*answered)(json_t *, void *);
	void		*arg;
};

struct part {
	struct world	*world;
	enum world_part	 which;
	struct ipc	*ipc;		/* NULL: gone */
	size_t		 pending;
	size_t		 nonsense;	/* answers, since that was said */
	int64_t		 said;		/* loop's time; 0: not yet */
	int		 pings;		/* turns without an answer */
};

struct world {
	struct loop	*loop;
	const struct conf *conf;	/* of what may be contacted, or NULL */
	struct part	 parts[WORLD_PARTS];
	RB_HEAD(questions, world_question) questions;
	/* Those that nobody will answer. */
	TAILQ_HEAD(, world_question) lost;
	struct loop_timer *timer;
	struct loop_timer *watch;
	uint64_t	 number;
	void		(*gone)(enum world_part, void *);
	void		*arg;
};

static void	world_lost(void *);

static int
question_cmp(struct world_question *a, struct world_question *b)
{
	return a->number < b->number ? -1 : a->number > b->number;
}

RB_PROTOTYPE(questions, world_question, entry, question_cmp)
RB_GENERATE(questions, world_question, entry, question_cmp)

static struct world_question *
question_find(struct world *w, uint64_t number)
{
	struct world_question key;

	key.number = number;
	return RB_FIND(questions, &w->questions, &key);
}

static void
question_free(struct world *w, struct world_question *q)
{
	RB_REMOVE(questions, &w->questions, q);
	if (q->is_lost)
		TAILQ_REMOVE(&w->lost, q, lost);
	w->parts[q->asked.part].pending--;
	free(q);
}

/* Its callback runs from the loop, not from within world_ask. */
static void
question_lose(struct world *w, struct world_question *q)
{
	if (q->is_lost)
		return;
	q->is_lost = 1;
	TAILQ_INSERT_TAIL(&w->lost, q, lost);
	if (w->timer == NULL)
		w->timer = loop_timer_add(w->loop, 0, world_lost, w);
}

static void
question_answer(struct world *w, struct world_question *q, json_t *answer)
{
	void (*answered)(json_t *, void *) = q->answered;
	void *arg = q->arg;

	question_free(w, q);
	answered(answer, arg);
}

static void
world_lost(void *arg)
{
	struct world *w = arg;
	struct world_question *q;
	json_t *gone, *refused;

	w->timer = NULL;
	gone = json_pack("{ss}", "status", "gone");
	refused = json_pack("{ssss}", "status", "refused", "text",
	    "its address is not a global one");
	if (gone == NULL || refused == NULL)
		fatalx("world: no memory");
	while ((q = TAILQ_FIRST(&w->lost)) != NULL)
		question_answer(w, q, q->refused ? refused : gone);
	json_decref(gone);
	json_decref(refused);
}

static const char *const names[WORLD_PARTS] = {
	[WORLD_RESOLVE] = "resolve",
	[WORLD_NET] = "net",
	[WORLD_MAILER] = "mailer",
	[WORLD_SHARE] = "share"
};

/* Such an answer is a broken process's, or one in others' hands. */
static void
part_nonsense(struct part *part, const struct helper_asked *q,
    const char *member)
{
	int64_t now = loop_now();

	part->nonsense++;
	if (part->said != 0 && now - part->said < NONSENSE_MS)
		return;
	log_warnx("%s: an answer that can't be, left out: \"%s\" of %s %s"
	    " (%zu such)", names[part->which], member, q->op,
	    log_clean(q->name), part->nonsense);
	part->said = now;
	part->nonsense = 0;
}

static void
part_message(struct ipc *ipc __unused, json_t *obj, int fd, void *arg)
{
	struct part *part = arg;
	struct world_question *q;
	int64_t id = ipc_int(obj, "id", 0);
	const char *odd;
	json_t *answer;

	if (fd != -1)
		close(fd);
	q = question_find(part->world, (uint64_t)id);
	/* Forgotten meanwhile, or not that part's to answer. */
	if (q == NULL || q->asked.part != part->which || q->is_lost)
		return;
	answer = helper_answer(&q->asked, obj, &odd);
	if (odd != NULL)
		part_nonsense(part, &q->asked, odd);
	question_answer(part->world, q, answer);
	json_decref(answer);
}

static void
part_closed(struct ipc *ipc, void *arg)
{
	struct part *part = arg;
	struct world *w = part->world;
	struct world_question *q;

	ipc_free(ipc);
	part->ipc = NULL;
	RB_FOREACH(q, questions, &w->questions)
		if (q->asked.part == part->which)
			question_lose(w, q);
	if (w->gone != NULL)
		w->gone(part->which, w->arg);
}

struct world *
world_new(struct loop *loop, const int fds[WORLD_PARTS],
    void (*gone)(enum world_part, void *), void *arg)
{
	struct world *w;
	struct part *part;
	int i;

	w = xcalloc(1, sizeof(*w));
	w->loop = loop;
	w->gone = gone;
	w->arg = arg;
	RB_INIT(&w->questions);
	TAILQ_INIT(&w->lost);
	for (i = 0; i < WORLD_PARTS; i++) {
		part = &w->parts[i];
		part->world = w;
		part->which = (enum world_part)i;
		if (fds[i] != -1)
			part->ipc = ipc_new(loop, fds[i], part_message,
			    part_closed, part);
	}
	return w;
}

void
world_free(struct world *w)
{
	struct world_question *q;
	int i;

	if (w == NULL)
		return;
	loop_timer_remove(w->loop, w->timer);
	loop_timer_remove(w->loop, w->watch);
	while ((q = RB_MIN(questions, &w->questions)) != NULL)
		question_free(w, q);
	for (i = 0; i < WORLD_PARTS; i++)
		ipc_free(w->parts[i].ipc);
	free(w);
}

static int
may_contact(const struct conf *conf, const json_t *value)
{
	const char *text = json_string_value(value);
	struct addr addr;

	return text != NULL && addr_parse(text, strlen(text), &addr) == 0 &&
	    conf_may_contact(conf, &addr);
}

/*
 * Leaves of a request's addresses those that may be contacted; 0 if there were
 * some, and none is left.  net looks again: this is for when it does not.
 */
static int
addresses_left(const struct conf *conf, json_t *request)
{
	json_t *list = json_object_get(request, "addrs"), *left, *item;
	const json_t *one = json_object_get(request, "addr");
	size_t i;

	if (one != NULL && !may_contact(conf, one))
		return 0;
	if (json_array_size(list) == 0)
		return 1;
	if ((left = json_array()) == NULL)
		fatalx("world: no memory");
	json_array_foreach(list, i, item)
		if (may_contact(conf, item) &&
		    json_array_append(left, item) == -1)
			fatalx("world: no memory");
	i = json_array_size(left);
	if (json_object_set_new(request, "addrs", left) == -1)
		fatalx("world: no memory");
	return i > 0;
}

void
world_restrict(struct world *w, const struct conf *conf)
{
	w->conf = conf;
}

uint64_t
world_ask(struct world *w, enum world_part which, json_t *request, int fd,
    void (*answered)(json_t *, void *), void *arg)
{
	struct part *part = &w->parts[which];
	struct world_question *q;

	if (request == NULL || (q = calloc(1, sizeof(*q))) == NULL)
		fatalx("world: no memory");
	/* 0 is nobody's number. */
	q->number = ++w->number;
	helper_asked(&q->asked, which, request);
	q->answered = answered;
	q->arg = arg;
	RB_INSERT(questions, &w->questions, q);
	part->pending++;
	if (json_object_set_new(request, "id",
	    json_integer((json_int_t)q->number)) == -1)
		fatalx("world: no memory");
	q->refused = which == WORLD_NET && w->conf != NULL &&
	    !addresses_left(w->conf, request);
	if (part->ipc == NULL || q->refused) {
		json_decref(request);
		if (fd != -1)
			close(fd);
		question_lose(w, q);
	} else if (ipc_send(part->ipc, request, fd) == -1)
		question_lose(w, q);
	return q->number;
}

static void
part_pong(json_t *answer __unused, void *arg)
{
	struct part *part = arg;

	part->pings = 0;
}

static void
world_ping(void *arg)
{
	struct world *w = arg;
	struct part *part, *hung = NULL;
	int i;

	w->watch = loop_timer_add(w->loop, PING_MS, world_ping, w);
	for (i = 0; i < WORLD_PARTS; i++) {
		part = &w->parts[i];
		if (part->ipc == NULL)
			continue;
		if (part->pings++ == 0) {
			(void)world_ask(w, part->which, json_pack("{ss}",
			    "op", "ping"), -1, part_pong, part);
		} else if (part->pings > PINGS_MAX) {
			log_warnx("%s does not answer", names[i]);
			hung = part;
		}
	}
	/* Of all that hang is known then that they do. */
	if (hung != NULL)
		w->gone(hung->which, w->arg);
}

void
world_watch(struct world *w)
{
	w->watch = loop_timer_add(w->loop, PING_MS, world_ping, w);
}

int
world_hangs(const struct world *w, enum world_part which)
{
	return w->parts[which].ipc != NULL &&
	    w->parts[which].pings > PINGS_MAX;
}

void
world_forget(struct world *w, uint64_t number)
{
	struct world_question *q;

	if ((q = question_find(w, number)) != NULL)
		question_free(w, q);
}

size_t
world_pending(const struct world *w, enum world_part which)
{
	return w->parts[which].pending;
}
