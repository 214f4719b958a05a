/* SPDX-License-Identifier: ISC */

/*
 * The lessons themselves: begun, asked about, written and freed.  What is
 * asked, and what follows from the answers, the files above this one know.
 */

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/domain.h"
#include "base/log.h"
#include "learn/lesson.h"
#include "lib/hash.h"
#include "lib/xalloc.h"

#define FLUSH_MS	20	/* lessons that end together are one write */

static int
lesson_cmp(struct lesson *a, struct lesson *b)
{
	return strcmp(a->domain, b->domain);
}

RB_GENERATE(lessons, lesson, entry, lesson_cmp)

struct lesson *
lesson_find(struct learn *l, const char *domain)
{
	struct lesson *lesson = RB_ROOT(&l->lessons);
	int cmp;

	while (lesson != NULL && (cmp = strcmp(domain, lesson->domain)) != 0)
		lesson = cmp < 0 ? RB_LEFT(lesson, entry) :
		    RB_RIGHT(lesson, entry);
	return lesson;
}

void
learn_soon(struct learn *l)
{
	if (l->flush == NULL && !l->engine->stopping)
		l->flush = loop_timer_add(l->engine->loop, FLUSH_MS, l->run, l);
}

/* The count of lessons that are of the same two last labels. */
static int64_t *
zone_of(struct learn *l, const char *domain)
{
	struct lesson *lesson;
	struct key key;

	/* Names of long ago are not kept, however busy it is. */
	if (hash_count(l->zones) > 2 * LEARN_WAITING_MAX) {
		hash_clear(l->zones);
		RB_FOREACH(lesson, lessons, &l->lessons)
			++*zone_of(l, lesson->domain);
	}
	key_start(&key);
	key_text(&key, domain_last_labels(domain, 2));
	return hash_get(l->zones, key.buf, key.len, NULL);
}

/* Whose turn it is, out of its queue; NULL: nobody's. */
static struct lesson *
lesson_next(struct learn *l)
{
	struct lesson *lesson = TAILQ_FIRST(&l->queue), *many;

	if ((many = TAILQ_FIRST(&l->crowd)) != NULL &&
	    l->crowd_active < LEARN_CROWD_ACTIVE_MAX &&
	    (lesson == NULL || ++l->turn % LEARN_CROWD_TURN == 0))
		lesson = many;
	if (lesson != NULL)
		TAILQ_REMOVE(lesson->crowded ? &l->crowd : &l->queue, lesson,
		    next);
	return lesson;
}

void
lesson_begin_queued(struct learn *l)
{
	struct lesson *lesson;

	while (l->active < LEARN_ACTIVE_MAX &&
	    (lesson = lesson_next(l)) != NULL) {
		lesson->queued = 0;
		lesson->active = 1;
		l->active++;
		l->crowd_active += (size_t)lesson->crowded;
		l->begin(lesson);
	}
}

struct lesson *
lesson_new(struct learn *l, const char *domain)
{
	struct lesson *lesson;
	int64_t *zone;
	int crowded;

	if ((lesson = lesson_find(l, domain)) != NULL)
		return lesson;
	zone = zone_of(l, domain);
	crowded = *zone >= LEARN_ZONE_MAX;
	if (l->nlessons >= LEARN_WAITING_MAX ||
	    (crowded && l->ncrowd >= LEARN_CROWD_WAITING_MAX))
		return NULL;
	++*zone;
	lesson = xcalloc(1, sizeof(*lesson));
	lesson->learn = l;
	lesson->began = time(NULL);
	strlcpy(lesson->domain, domain, sizeof(lesson->domain));
	TAILQ_INIT(&lesson->askers);
	TAILQ_INIT(&lesson->asks);
	RB_INSERT(lessons, &l->lessons, lesson);
	l->nlessons++;
	lesson->queued = 1;
	lesson->crowded = crowded;
	l->ncrowd += (size_t)crowded;
	TAILQ_INSERT_TAIL(crowded ? &l->crowd : &l->queue, lesson, next);
	lesson_begin_queued(l);
	return lesson;
}

int64_t
lesson_oldest(const struct engine *e)
{
	struct lesson *lesson;
	int64_t oldest = INT64_MAX;

	RB_FOREACH(lesson, lessons, &e->learn->lessons)
		if (lesson->began < oldest)
			oldest = lesson->began;
	return oldest;
}

void
lesson_idle(struct lesson *lesson)
{
	if (!lesson->active)
		return;
	lesson->active = 0;
	lesson->learn->active--;
	lesson->learn->crowd_active -= (size_t)lesson->crowded;
	learn_soon(lesson->learn);
}

void
lesson_ready(struct lesson *lesson)
{
	struct learn *l = lesson->learn;

	if (lesson->ready)
		return;
	lesson->ready = 1;
	TAILQ_INSERT_TAIL(&l->ready, lesson, next);
	learn_soon(l);
}

static void
on_answer(json_t *answer, void *arg)
{
	struct ask *ask = arg;
	struct lesson *lesson = ask->lesson;
	struct learn *l = lesson->learn;

	ask->number = 0;
	ask->cb(lesson, ask, answer);
	ask_free(l, ask);
	/* The last address. */
	if (lesson->final && TAILQ_EMPTY(&lesson->asks))
		lesson_ready(lesson);
}

void
lesson_ask(struct lesson *lesson, enum world_part part, json_t *request,
    const char *host, void (*cb)(struct lesson *, struct ask *, json_t *))
{
	struct ask *ask;

	if (request == NULL)
		fatalx("json_pack");
	ask = xcalloc(1, sizeof(*ask));
	ask->lesson = lesson;
	ask->cb = cb;
	strlcpy(ask->host, host, sizeof(ask->host));
	TAILQ_INSERT_TAIL(&lesson->asks, ask, entry);
	ask->number = world_ask(lesson->learn->engine->world, part, request,
	    -1, on_answer, ask);
}

void
ask_free(struct learn *l, struct ask *ask)
{
	TAILQ_REMOVE(&ask->lesson->asks, ask, entry);
	if (ask->number != 0)
		world_forget(l->engine->world, ask->number);
	free(ask);
}

void
lesson_free(struct lesson *lesson)
{
	struct learn *l = lesson->learn;
	struct lesson_asker *asker;
	struct ask *ask;

	lesson_idle(lesson);
	if (lesson->queued)
		TAILQ_REMOVE(lesson->crowded ? &l->crowd : &l->queue, lesson,
		    next);
	if (lesson->ready)
		TAILQ_REMOVE(&l->ready, lesson, next);
	while ((ask = TAILQ_FIRST(&lesson->asks)) != NULL)
		ask_free(l, ask);
	/* What could not be learned is not told. */
	while ((asker = TAILQ_FIRST(&lesson->askers)) != NULL) {
		TAILQ_REMOVE(&lesson->askers, asker, entry);
		free(asker);
	}
	--*zone_of(l, lesson->domain);
	RB_REMOVE(lessons, &l->lessons, lesson);
	l->nlessons--;
	l->ncrowd -= (size_t)lesson->crowded;
	store_sts_clear(&lesson->held);
	sts_policy_free(lesson->fetched);
	free(lesson->mxs);
	free(lesson->addrs);
	free(lesson);
}
