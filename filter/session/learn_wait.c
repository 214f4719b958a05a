/* SPDX-License-Identifier: ISC */

#include <sys/queue.h>
#include <sys/tree.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/recent.h"
#include "base/sged_client.h"
#include "session/learn_wait.h"
#include "session/pace.h"
#include "session/patience.h"
#include "base/log.h"

struct waiting {
	TAILQ_ENTRY(waiting)	 all;		/* by deadline */
	TAILQ_ENTRY(waiting)	 same;		/* of one question */
	struct awaited		*question;
	int64_t			 asked;
	int64_t			 deadline;
	int			 chance;	/* a short wait */
	struct waiter	 wait;
};
TAILQ_HEAD(waitings, waiting);

struct awaited {
	RB_ENTRY(awaited)	 entry;
	TAILQ_ENTRY(awaited)	 unsent;
	struct waitings		 waits;
	int			 sent;
	int			 vain;		/* somebody waited so */
	int64_t			 asked;		/* when it was first */
	char			 text[];
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
	struct recent		 vain;		/* questions */
	struct patience		 patience;	/* of sessions */
	int64_t			 pinged;	/* unanswered; 0 */
	int64_t			 due;		/* and waited for until; 0 */
	struct pace		 pace;		/* of what it answers at once */
	int64_t			 silent;	/* nobody waits until then */
	int			 unfound;	/* domains in vain, none found */
	int64_t			 slow;		/* for a domain not long */
	char			*untold[WAITS_TELL_MAX];
	size_t			 nuntold;
};

static int	 question_cmp(struct awaited *, struct awaited *);
static struct awaited *find(struct waits *, const char *);
static void	 drop(struct waits *, struct awaited *);
static void	 end(struct waits *, struct waiting *, enum waited);
static void	 end_all(struct waits *);
static void	 hang_up(struct waits *);
static void	 connect_again(struct waits *, int64_t);
static int	 send_questions(struct waits *);
static void	 receive(struct waits *, int64_t);
static struct awaited *question_new(struct waits *, const char *,
		    int64_t);
static void	 is_silent(struct waits *, int64_t);
static void	 in_vain(struct waits *, struct waiting *, int64_t);

RB_PROTOTYPE(waits_asked, awaited, entry, question_cmp)
RB_GENERATE(waits_asked, awaited, entry, question_cmp)

static int
question_cmp(struct awaited *a, struct awaited *b)
{
	return strcmp(a->text, b->text);
}

struct waits *
waits_new(const char *path, waits_done *done, void *arg)
{
	struct waits *l;

	if ((l = calloc(1, sizeof(*l))) == NULL)
		return NULL;
	l->fd = -1;
	l->tried = -WAITS_CONNECT_MS;
	pace_init(&l->pace);
	recent_init(&l->vain);
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
	hang_up(l);
	end_all(l);
	while (l->nuntold > 0)
		free(l->untold[--l->nuntold]);
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
find(struct waits *l, const char *text)
{
	struct awaited *q = RB_ROOT(&l->questions);
	int cmp;

	while (q != NULL && (cmp = strcmp(text, q->text)) != 0)
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
end(struct waits *l, struct waiting *w, enum waited waited)
{
	struct awaited *q = w->question;

	TAILQ_REMOVE(&l->waits, w, all);
	TAILQ_REMOVE(&q->waits, w, same);
	l->nwaits--;
	if (TAILQ_EMPTY(&q->waits))
		drop(l, q);
	l->done(&w->wait, waited, l->arg);
	free(w);
}

static void
end_all(struct waits *l)
{
	struct waiting *w;

	while ((w = TAILQ_FIRST(&l->waits)) != NULL)
		end(l, w, WAITED_VAIN);
}

/* Nobody waits for one who is not there. */
static void
hang_up(struct waits *l)
{
	if (l->fd == -1)
		return;
	close(l->fd);
	l->fd = -1;
	l->pinged = l->due = 0;
	end_all(l);
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

/* Whether what was not sent only has to wait: there is no room. */
static int
is_full(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS ||
	    errno == EINTR;
}

/* 0; -1: there is no connection any more. */
static int
send_questions(struct waits *l)
{
	struct awaited *q;

	while (l->fd != -1 && (q = TAILQ_FIRST(&l->unsent)) != NULL) {
		if (client_ask(l->fd, q->text) == -1)
			return is_full() ? 0 : -1;
		TAILQ_REMOVE(&l->unsent, q, unsent);
		q->sent = 1;
	}
	return 0;
}

static int
is_domain(const char *question)
{
	return strchr(question, '@') == NULL;
}

/*
 * One domain may have trouble of its own; where a second one has, and none was
 * found out between them, it is the DNS, or sged, and nobody waits long.
 */
static void
note_vain(struct waits *l, struct awaited *q, int64_t now)
{
	if (!is_domain(q->text) || q->vain)
		return;
	q->vain = 1;
	if (++l->unfound > 1)
		l->slow = now + WAITS_VAIN_MS;
}

/* Who waited for nothing waits less for the next domain. */
static void
end_vain(struct waits *l, struct waiting *w, int64_t now)
{
	if (is_domain(w->question->text) && (w->chance || w->question->vain))
		patience_spend(&l->patience, w->wait.session, now - w->asked,
		    w->chance, now + WAITS_VAIN_MS, now);
	end(l, w, WAITED_VAIN);
}

static void
answered(struct waits *l, const char *text, enum client_said said, int64_t now)
{
	struct awaited *q = find(l, text);
	struct waiting *w, *next;
	int late = q != NULL && now - q->asked >= WAITS_SLOW_MS;

	/* What can't be looked up can't be at once again. */
	recent_put(&l->vain, text, said == CLIENT_FAILED && is_domain(text) ?
	    now + WAITS_VAIN_MS : 0);
	if (is_domain(text) && *text != '\0' && (said != CLIENT_FAILED ||
	    (q != NULL && !late))) {
		l->unfound = 0;
		l->slow = 0;
	}
	if (q == NULL)
		return;
	if (said == CLIENT_FAILED && late)
		note_vain(l, q, now);
	/* The last one takes the question with it. */
	for (w = TAILQ_FIRST(&q->waits); w != NULL; w = next) {
		next = TAILQ_NEXT(w, same);
		if (said == CLIENT_YES || said == CLIENT_NO)
			end(l, w, said == CLIENT_YES ? WAITED_YES : WAITED_NO);
		else
			end_vain(l, w, now);
	}
}

static void
receive(struct waits *l, int64_t now)
{
	char text[QUESTION_MAX];
	enum client_said said = CLIENT_NOTHING;
	int i;

	for (i = 0; i < WAITS_ROUND && (said = client_answer(l->fd, text,
	    sizeof(text))) > CLIENT_NOTHING; i++) {
		if (l->pinged != 0)
			pace_note(&l->pace, now - l->pinged, now);
		l->pinged = l->due = l->silent = 0;
		if (said != CLIENT_OTHER)
			answered(l, text, said, now);
	}
	if (said == CLIENT_GONE)
		hang_up(l);
}

/* For who comes later: nobody waits for the answer. */
static void
ask_only(struct waits *l, const char *text, int64_t now)
{
	if (!recent_has(&l->vain, text, now) && client_ask(l->fd, text) == 0)
		recent_put(&l->vain, text, now + WAITS_VAIN_MS);
}

/* It answers this at once; or what it was asked before, if that is much. */
static void
ping(struct waits *l, int64_t now)
{
	if (l->due != 0 || (client_ask(l->fd, "") == -1 && !is_full()))
		return;
	l->pinged = now;
	l->due = now + pace_ms(&l->pace, now);
}

/* How long that session is to wait for it; 0: not at all. */
static int64_t
may_wait(const struct waits *l, const char *text, const struct waiter *wait,
    int64_t ms, int64_t now)
{
	if (now < l->silent || recent_has(&l->vain, text, now))
		return 0;
	if (!is_domain(text))
		return ms;
	if (now < l->slow && ms > WAITS_CHANCE_MS)
		ms = WAITS_CHANCE_MS;
	return patience_ms(&l->patience, wait->session, ms, now);
}

static struct awaited *
question_new(struct waits *l, const char *text, int64_t now)
{
	struct awaited *q;
	size_t len = strlen(text) + 1;

	if ((q = malloc(sizeof(*q) + len)) == NULL)
		return NULL;
	memcpy(q->text, text, len);
	TAILQ_INIT(&q->waits);
	q->sent = q->vain = 0;
	q->asked = now;
	RB_INSERT(waits_asked, &l->questions, q);
	TAILQ_INSERT_TAIL(&l->unsent, q, unsent);
	return q;
}

int
waits_ask(struct waits *l, const char *text, const struct waiter *wait,
    int64_t ms, int64_t now)
{
	struct awaited *q;
	struct waiting *w, *before;
	int64_t most;

	/* That it went away may not have been seen yet. */
	if (l->fd != -1)
		receive(l, now);
	connect_again(l, now);
	if (l->fd == -1)
		return -1;
	if ((most = may_wait(l, text, wait, ms, now)) == 0) {
		if (now >= l->silent)
			ask_only(l, text, now);
		return -1;
	}
	if (l->nwaits >= LEARN_WAITING_MAX || (w = malloc(sizeof(*w))) == NULL)
		return -1;
	if ((q = find(l, text)) == NULL &&
	    (q = question_new(l, text, now)) == NULL) {
		free(w);
		return -1;
	}
	if (send_questions(l) == -1) {
		if (TAILQ_EMPTY(&q->waits))
			drop(l, q);
		free(w);
		hang_up(l);
		return -1;
	}
	ping(l, now);
	w->wait = *wait;
	w->question = q;
	w->asked = now;
	w->deadline = now + most;
	w->chance = most <= WAITS_CHANCE_MS;
	TAILQ_INSERT_TAIL(&q->waits, w, same);
	/* Who waits for least stands first. */
	TAILQ_FOREACH_REVERSE(before, &l->waits, waitings, all)
		if (before->deadline <= w->deadline)
			break;
	if (before == NULL)
		TAILQ_INSERT_HEAD(&l->waits, w, all);
	else
		TAILQ_INSERT_AFTER(&l->waits, before, w, all);
	l->nwaits++;
	return 0;
}

void
waits_give_up(struct waits *l, uint64_t session)
{
	struct waiting *w, *next;

	for (w = TAILQ_FIRST(&l->waits); w != NULL; w = next) {
		next = TAILQ_NEXT(w, all);
		if (w->wait.session == session)
			end(l, w, WAITED_VAIN);
	}
}

void
waits_tell(struct waits *l, const char *question)
{
	if (l->nuntold < nitems(l->untold) &&
	    (l->untold[l->nuntold] = strdup(question)) != NULL)
		l->nuntold++;
}

static void
tell(struct waits *l, int64_t now)
{
	if (l->nuntold > 0 && now - l->tried >= WAITS_TELL_MS)
		connect_again(l, now);
	while (l->fd != -1 && l->nuntold > 0 &&
	    client_ask(l->fd, l->untold[l->nuntold - 1]) == 0)
		free(l->untold[--l->nuntold]);
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
	return POLLIN | (TAILQ_EMPTY(&l->unsent) && l->nuntold == 0 ? 0 :
	    POLLOUT);
}

int64_t
waits_next(const struct waits *l)
{
	const struct waiting *w = TAILQ_FIRST(&l->waits);
	int64_t next, told = -1;

	if (l->fd == -1 && l->nuntold > 0)
		told = l->tried + WAITS_TELL_MS;
	if (w == NULL)
		return told;
	next = w->deadline;
	if (told != -1 && told < next)
		next = told;
	if (l->due != 0 && l->due < next)
		next = l->due;
	return next;
}

/* Nobody waits until it says something. */
static void
is_silent(struct waits *l, int64_t now)
{
	if (now - l->due >= WAITS_LATE_MS && now - l->pinged < PACE_MOST_MS) {
		l->due = now + pace_ms(&l->pace, now);
		return;
	}
	log_warnx("sged is silent: nobody waits for it");
	l->silent = now + WAITS_VAIN_MS;
	/* It may be asked once more then. */
	l->due = 0;
	end_all(l);
}

/*
 * Who names it next need not wait as well, nor the others of that question: but
 * where this one had a short chance alone, they have their time.
 */
static void
in_vain(struct waits *l, struct waiting *first, int64_t now)
{
	struct awaited *q = first->question;
	struct waiting *w, *next;
	int all = !first->chance;

	recent_put(&l->vain, q->text, now + WAITS_VAIN_MS);
	note_vain(l, q, now);
	/* The last one takes the question with it. */
	for (w = TAILQ_FIRST(&q->waits); w != NULL; w = next) {
		next = TAILQ_NEXT(w, same);
		if (all || w->deadline <= now)
			end_vain(l, w, now);
	}
}

void
waits_run(struct waits *l, short revents, int64_t now)
{
	struct waiting *w;

	if (l->fd != -1 && (revents & (POLLIN | POLLHUP | POLLERR)))
		receive(l, now);
	if (send_questions(l) == -1)
		hang_up(l);
	tell(l, now);
	if (l->due != 0 && l->due <= now && !TAILQ_EMPTY(&l->waits))
		is_silent(l, now);
	while ((w = TAILQ_FIRST(&l->waits)) != NULL && w->deadline <= now)
		in_vain(l, w, now);
}
