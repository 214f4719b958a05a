/* SPDX-License-Identifier: ISC */

#include <sys/queue.h>
#include <sys/tree.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/sged_client.h"
#include "session/learn_wait.h"
#include "base/log.h"

struct waiting {
	TAILQ_ENTRY(waiting)	 all;		/* by deadline */
	TAILQ_ENTRY(waiting)	 same;		/* of one question */
	struct awaited		*question;
	int64_t			 deadline;
	struct waiter	 wait;
};
TAILQ_HEAD(waitings, waiting);

struct awaited {
	RB_ENTRY(awaited)	 entry;
	TAILQ_ENTRY(awaited)	 unsent;
	struct waitings		 waits;
	int			 sent;
	char			 domain[];
};
RB_HEAD(waits_asked, awaited);
TAILQ_HEAD(unsent, awaited);

struct waits {
	char			*path;
	waits_done		*done;
	void			*arg;
	int			 fd;
	int64_t			 tried;
	int			 said;		/* that sged is away */
	struct waits_asked		 questions;
	struct unsent		 unsent;
	struct waitings		 waits;
	size_t			 nwaits;
};

static int	 question_cmp(struct awaited *, struct awaited *);
static struct awaited *find(struct waits *, const char *);
static void	 drop(struct waits *, struct awaited *);
static void	 end(struct waits *, struct waiting *, int);
static void	 hang_up(struct waits *);
static void	 connect_again(struct waits *, int64_t);
static void	 send_questions(struct waits *);
static void	 receive(struct waits *);

RB_PROTOTYPE(waits_asked, awaited, entry, question_cmp)
RB_GENERATE(waits_asked, awaited, entry, question_cmp)

static int
question_cmp(struct awaited *a, struct awaited *b)
{
	return strcmp(a->domain, b->domain);
}

struct waits *
waits_new(const char *path, waits_done *done, void *arg)
{
	struct waits *l;

	if ((l = calloc(1, sizeof(*l))) == NULL)
		return NULL;
	l->fd = -1;
	l->tried = -WAITS_CONNECT_MS;
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
waits_free(struct waits *l)
{
	struct waiting *w;

	while ((w = TAILQ_FIRST(&l->waits)) != NULL)
		end(l, w, 0);
	hang_up(l);
	free(l->path);
	free(l);
}

void
waits_path(struct waits *l, const char *path)
{
	char *copy;

	if (strcmp(l->path, path) == 0 || (copy = strdup(path)) == NULL)
		return;
	free(l->path);
	l->path = copy;
	hang_up(l);
}

static struct awaited *
find(struct waits *l, const char *domain)
{
	struct awaited *q = RB_ROOT(&l->questions);
	int cmp;

	while (q != NULL && (cmp = strcmp(domain, q->domain)) != 0)
		q = cmp < 0 ? RB_LEFT(q, entry) : RB_RIGHT(q, entry);
	return q;
}

static void
drop(struct waits *l, struct awaited *q)
{
	RB_REMOVE(waits_asked, &l->questions, q);
	if (!q->sent)
		TAILQ_REMOVE(&l->unsent, q, unsent);
	free(q);
}

static void
end(struct waits *l, struct waiting *w, int learned)
{
	struct awaited *q = w->question;

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
hang_up(struct waits *l)
{
	struct awaited *q;

	if (l->fd == -1)
		return;
	close(l->fd);
	l->fd = -1;
	RB_FOREACH(q, waits_asked, &l->questions)
		if (q->sent) {
			q->sent = 0;
			TAILQ_INSERT_TAIL(&l->unsent, q, unsent);
		}
}

static void
connect_again(struct waits *l, int64_t now)
{
	if (l->fd != -1 || now - l->tried < WAITS_CONNECT_MS)
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
send_questions(struct waits *l)
{
	struct awaited *q;

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
receive(struct waits *l)
{
	struct awaited *q;
	struct waiting *w, *next;
	char domain[DOMAIN_MAX];
	int got = 0, i;

	for (i = 0; i < WAITS_ROUND && (got = client_learned(l->fd, domain,
	    sizeof(domain))) == 1; i++) {
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
waits_ask(struct waits *l, const char *domain, const struct waiter *wait,
    int64_t ms, int64_t now)
{
	struct awaited *q;
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
		RB_INSERT(waits_asked, &l->questions, q);
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
waits_give_up(struct waits *l, uint64_t session)
{
	struct waiting *w, *next;

	for (w = TAILQ_FIRST(&l->waits); w != NULL; w = next) {
		next = TAILQ_NEXT(w, all);
		if (w->wait.session == session)
			end(l, w, 0);
	}
}

size_t
waits_waiting(const struct waits *l)
{
	return l->nwaits;
}

int
waits_fd(const struct waits *l)
{
	return l->fd;
}

short
waits_events(const struct waits *l)
{
	return POLLIN | (TAILQ_EMPTY(&l->unsent) ? 0 : POLLOUT);
}

int64_t
waits_next(const struct waits *l)
{
	const struct waiting *w = TAILQ_FIRST(&l->waits);
	int64_t next;

	if (w == NULL)
		return -1;
	next = w->deadline;
	if (l->fd == -1 && l->tried + WAITS_CONNECT_MS < next)
		next = l->tried + WAITS_CONNECT_MS;
	return next;
}

void
waits_run(struct waits *l, short revents, int64_t now)
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
