/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/recent.h"
#include "base/sged_client.h"
#include "session/awaited.h"
#include "session/learn_wait.h"
#include "session/pace.h"
#include "session/patience.h"
#include "base/log.h"

struct waits {
	char			*path;
	waits_done		*done;
	void			*arg;
	int			 fd;
	int64_t			 tried;
	int			 said;		/* that sged is away */
	struct awaited_list	 list;
	struct recent		 vain;		/* questions */
	struct patience		 patience;	/* of sessions */
	int64_t			 pinged;	/* unanswered; 0 */
	int64_t			 due;		/* waited for until; 0 */
	struct pace		 pace;		/* of what it answers at once */
	int64_t			 silent;	/* nobody waits until then */
	int			 unfound;	/* domains; none found since */
	int64_t			 slow;		/* for a domain not long */
	char			*untold[WAITS_TELL_MAX];
	size_t			 nuntold;
};

static void	 end(struct waits *, struct waiting *, enum waited);
static void	 end_all(struct waits *);
static void	 hang_up(struct waits *);
static void	 connect_again(struct waits *, int64_t);
static int	 send_questions(struct waits *);
static void	 receive(struct waits *, int64_t);
static void	 is_silent(struct waits *, int64_t);
static void	 in_vain(struct waits *, struct waiting *, int64_t);

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
	awaited_init(&l->list);
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

static void
end(struct waits *l, struct waiting *w, enum waited waited)
{
	awaited_end(&l->list, w);
	l->done(&w->wait, waited, l->arg);
	free(w);
}

static void
end_all(struct waits *l)
{
	struct waiting *w;

	while ((w = TAILQ_FIRST(&l->list.waits)) != NULL)
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

	while (l->fd != -1 && (q = TAILQ_FIRST(&l->list.unsent)) != NULL) {
		if (client_ask(l->fd, q->text) == -1)
			return is_full() ? 0 : -1;
		TAILQ_REMOVE(&l->list.unsent, q, unsent);
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
	struct awaited *q = awaited_find(&l->list, text);
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

int
waits_ask(struct waits *l, const char *text, const struct waiter *wait,
    int64_t ms, int64_t now)
{
	struct awaited *q;
	struct waiting *w;
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
	if (l->list.nwaits >= LEARN_WAITING_MAX ||
	    (w = malloc(sizeof(*w))) == NULL)
		return -1;
	if ((q = awaited_find(&l->list, text)) == NULL &&
	    (q = awaited_new(&l->list, text, now)) == NULL) {
		free(w);
		return -1;
	}
	if (send_questions(l) == -1) {
		if (TAILQ_EMPTY(&q->waits))
			awaited_drop(&l->list, q);
		free(w);
		hang_up(l);
		return -1;
	}
	ping(l, now);
	w->wait = *wait;
	w->asked = now;
	w->deadline = now + most;
	w->chance = most <= WAITS_CHANCE_MS;
	awaited_add(&l->list, q, w);
	return 0;
}

void
waits_give_up(struct waits *l, uint64_t session)
{
	struct waiting *w, *next;

	for (w = TAILQ_FIRST(&l->list.waits); w != NULL; w = next) {
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
	return l->list.nwaits;
}

int
waits_fd(const struct waits *l)
{
	return l->fd;
}

short
waits_events(const struct waits *l)
{
	return POLLIN | (TAILQ_EMPTY(&l->list.unsent) && l->nuntold == 0 ? 0 :
	    POLLOUT);
}

int64_t
waits_next(const struct waits *l)
{
	const struct waiting *w = TAILQ_FIRST(&l->list.waits);
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
	if (l->due != 0 && l->due <= now && !TAILQ_EMPTY(&l->list.waits))
		is_silent(l, now);
	while ((w = TAILQ_FIRST(&l->list.waits)) != NULL && w->deadline <= now)
		in_vain(l, w, now);
}
