/* SPDX-License-Identifier: ISC */

#include <sys/queue.h>
#include <sys/tree.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bounds.h"
#include "client.h"
#include "learn.h"
#include "log.h"

struct waiting {
	TAILQ_ENTRY(waiting)	 all;		/* by deadline */
	TAILQ_ENTRY(waiting)	 same;		/* of one question */
	struct question		*question;
	int64_t			 deadline;
	struct learn_wait	 wait;
};
TAILQ_HEAD(waitings, waiting);

struct question {
	RB_ENTRY(question)	 entry;
	TAILQ_ENTRY(question)	 unsent;
	struct waitings		 waits;
	int			 sent;
	char			 domain[];
};
RB_HEAD(questions, question);
TAILQ_HEAD(unsent, question);

struct learn {
	char			*path;
	learn_done		*done;
	void			*arg;
	int			 fd;
	int64_t			 tried;
	int			 said;		/* that sged is away */
	struct questions	 questions;
	struct unsent		 unsent;
	struct waitings		 waits;
	size_t			 nwaits;
};

static int	 question_cmp(struct question *, struct question *);
static struct question *find(struct learn *, const char *);
static void	 drop(struct learn *, struct question *);
static void	 end(struct learn *, struct waiting *, int);
static void	 hang_up(struct learn *);
static void	 connect_again(struct learn *, int64_t);
static void	 send_questions(struct learn *);
static void	 receive(struct learn *);

RB_PROTOTYPE(questions, question, entry, question_cmp)
RB_GENERATE(questions, question, entry, question_cmp)

static int
question_cmp(struct question *a, struct question *b)
{
	return strcmp(a->domain, b->domain);
}

struct learn *
learn_new(const char *path, learn_done *done, void *arg)
{
	struct learn *l;

	if ((l = calloc(1, sizeof(*l))) == NULL)
		return NULL;
	l->fd = -1;
	l->tried = -LEARN_CONNECT_MS;
	l->done = done;
	l->arg = arg;
	RB_INIT(&l->questions);
	TAILQ_INIT(&l->unsent);
	TAILQ_INIT(&l->waits);
	if ((l->path = strdup(path)) == NULL) {
		free(l);
		return NULL;
	}
	return l;
}

void
learn_free(struct learn *l)
{
	struct waiting *w;

	while ((w = TAILQ_FIRST(&l->waits)) != NULL)
		end(l, w, 0);
	hang_up(l);
	free(l->path);
	free(l);
}

void
learn_path(struct learn *l, const char *path)
{
	char *copy;

	if (strcmp(l->path, path) == 0 || (copy = strdup(path)) == NULL)
		return;
	free(l->path);
	l->path = copy;
	hang_up(l);
}

static struct question *
find(struct learn *l, const char *domain)
{
	struct question *q = RB_ROOT(&l->questions);
	int cmp;

	while (q != NULL && (cmp = strcmp(domain, q->domain)) != 0)
		q = cmp < 0 ? RB_LEFT(q, entry) : RB_RIGHT(q, entry);
	return q;
}

static void
drop(struct learn *l, struct question *q)
{
	RB_REMOVE(questions, &l->questions, q);
	if (!q->sent)
		TAILQ_REMOVE(&l->unsent, q, unsent);
	free(q);
}

static void
end(struct learn *l, struct waiting *w, int learned)
{
	struct question *q = w->question;

	TAILQ_REMOVE(&l->waits, w, all);
	TAILQ_REMOVE(&q->waits, w, same);
	l->nwaits--;
	if (TAILQ_EMPTY(&q->waits))
		drop(l, q);
	l->done(&w->wait, learned, l->arg);
	free(w);
}

/* What was asked there is asked again elsewhere. */
static void
hang_up(struct learn *l)
{
	struct question *q;

	if (l->fd == -1)
		return;
	close(l->fd);
	l->fd = -1;
	RB_FOREACH(q, questions, &l->questions)
		if (q->sent) {
			q->sent = 0;
			TAILQ_INSERT_TAIL(&l->unsent, q, unsent);
		}
}

static void
connect_again(struct learn *l, int64_t now)
{
	if (l->fd != -1 || now - l->tried < LEARN_CONNECT_MS)
		return;
	l->tried = now;
	if ((l->fd = client_connect(l->path)) != -1) {
		if (l->said)
			log_info("sged answers again at %s", l->path);
		l->said = 0;
	} else if (!l->said) {
		log_warn("sged does not answer at %s", l->path);
		l->said = 1;
	}
}

static void
send_questions(struct learn *l)
{
	struct question *q;

	while (l->fd != -1 && (q = TAILQ_FIRST(&l->unsent)) != NULL) {
		if (client_learn(l->fd, q->domain) == -1) {
			if (errno != EAGAIN && errno != EWOULDBLOCK &&
			    errno != ENOBUFS && errno != EINTR)
				hang_up(l);
			return;
		}
		TAILQ_REMOVE(&l->unsent, q, unsent);
		q->sent = 1;
	}
}

static void
receive(struct learn *l)
{
	struct question *q;
	struct waiting *w, *next;
	char domain[DOMAIN_MAX];
	int got;

	while ((got = client_learned(l->fd, domain, sizeof(domain))) == 1) {
		if ((q = find(l, domain)) == NULL)
			continue;
		/* The last one takes the question with it. */
		for (w = TAILQ_FIRST(&q->waits); w != NULL; w = next) {
			next = TAILQ_NEXT(w, same);
			end(l, w, 1);
		}
	}
	if (got == -1)
		hang_up(l);
}

int
learn_ask(struct learn *l, const char *domain, const struct learn_wait *wait,
    int64_t ms, int64_t now)
{
	struct question *q;
	struct waiting *w;
	size_t len = strlen(domain) + 1;

	if (l->nwaits >= LEARN_WAITING_MAX ||
	    (w = malloc(sizeof(*w))) == NULL)
		return -1;
	if ((q = find(l, domain)) == NULL) {
		if ((q = malloc(sizeof(*q) + len)) == NULL) {
			free(w);
			return -1;
		}
		memcpy(q->domain, domain, len);
		TAILQ_INIT(&q->waits);
		q->sent = 0;
		RB_INSERT(questions, &l->questions, q);
		TAILQ_INSERT_TAIL(&l->unsent, q, unsent);
	}
	w->wait = *wait;
	w->question = q;
	w->deadline = now + ms;
	TAILQ_INSERT_TAIL(&q->waits, w, same);
	TAILQ_INSERT_TAIL(&l->waits, w, all);
	l->nwaits++;
	connect_again(l, now);
	send_questions(l);
	return 0;
}

void
learn_give_up(struct learn *l, uint64_t session)
{
	struct waiting *w, *next;

	for (w = TAILQ_FIRST(&l->waits); w != NULL; w = next) {
		next = TAILQ_NEXT(w, all);
		if (w->wait.session == session)
			end(l, w, 0);
	}
}

size_t
learn_waiting(const struct learn *l)
{
	return l->nwaits;
}

int
learn_fd(const struct learn *l)
{
	return l->fd;
}

short
learn_events(const struct learn *l)
{
	return POLLIN | (TAILQ_EMPTY(&l->unsent) ? 0 : POLLOUT);
}

int64_t
learn_next(const struct learn *l)
{
	const struct waiting *w = TAILQ_FIRST(&l->waits);
	int64_t next;

	if (w == NULL)
		return -1;
	next = w->deadline;
	if (l->fd == -1 && l->tried + LEARN_CONNECT_MS < next)
		next = l->tried + LEARN_CONNECT_MS;
	return next;
}

void
learn_run(struct learn *l, short revents, int64_t now)
{
	struct waiting *w;

	if (l->fd != -1 && (revents & (POLLIN | POLLHUP | POLLERR)))
		receive(l);
	if (l->nwaits > 0)
		connect_again(l, now);
	send_questions(l);
	while ((w = TAILQ_FIRST(&l->waits)) != NULL && w->deadline <= now)
		end(l, w, 0);
}
