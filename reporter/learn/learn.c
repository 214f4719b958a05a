/* SPDX-License-Identifier: ISC */

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/domain.h"
#include "learn/learn.h"
#include "learn/lesson.h"
#include "base/log.h"
#include "lib/hash.h"
#include "lib/xalloc.h"

#define TICK_MS		1000
#define TRIM_TICKS	600	/* seconds between steps of forgetting */
#define TRIM_AGAIN_TICKS 60	/* where the database can't be had */
/* Who asks waits so long for a host's look, and for room to begin one. */
#define LOOKING_MS	3000
#define LOOK_ROOM_MS	500
/* Where more ask at once, nobody waits for it. */
#define LOOKING_MAX	8
/* What another process keeps from being written waits for it, and is tried. */
#define LOCKED_MS	10000
#define LOCKED_AGAIN_MS	250
#define SAID_MS		60000
/* Renewals leave room for questions. */
#define RENEWALS_MAX	(LEARN_ACTIVE_MAX / 2)

static int
waits_for_look(struct learn *l, struct lesson_asker *asker)
{
	int64_t waited = loop_now() - asker->since;

	if (waited >= LOOKING_MS)
		return 0;
	/* Its addresses are asked for. */
	if (lesson_find(l, asker->normal) != NULL)
		return 1;
	/* Many may wait: nothing is new as long as no look ended. */
	if (asker->looked == l->looked)
		return 1;
	asker->looked = l->looked;
	switch (look_awaited(l, asker->normal)) {
	case LOOK_BEGUN:
		return 1;
	case LOOK_WANTED:
		return waited < LOOK_ROOM_MS;
	case LOOK_NONE:
		break;
	}
	return 0;
}

/*
 * Who asked first about a domain with a verified host hears of it once its first
 * host was seen, so that the first mail goes to one that works; but soon.
 */
static void
tell_looked(struct learn *l)
{
	struct lesson_asker *asker, *next;

	for (asker = TAILQ_FIRST(&l->looking); asker != NULL; asker = next) {
		next = TAILQ_NEXT(asker, entry);
		if (waits_for_look(l, asker))
			continue;
		TAILQ_REMOVE(&l->looking, asker, entry);
		TAILQ_INSERT_TAIL(&l->answers, asker, entry);
	}
}

static void
tell(struct learn *l)
{
	struct lesson_asker *asker;

	tell_looked(l);
	/* An asker may ask again from within. */
	while ((asker = TAILQ_FIRST(&l->answers)) != NULL) {
		TAILQ_REMOVE(&l->answers, asker, entry);
		asker->learned(asker->domain, asker->route, asker->arg);
		free(asker);
	}
}

/* Writes one lesson's facts; 0, or -1 with a log line. */
static int
apply(struct lesson *lesson, int64_t now)
{
	if (lesson->final)
		return host_addresses(lesson, now) == -1 ? -1 :
		    route_addresses(lesson, now);
	if (policy_apply(lesson, now) == -1)
		return -1;
	return route_apply(lesson, now);
}

static int
is_crowded(const struct learn *l)
{
	const struct lesson_asker *asker;
	int n = 0;

	TAILQ_FOREACH(asker, &l->looking, entry)
		if (++n >= LOOKING_MAX)
			return 1;
	return 0;
}

/* Those who asked will hear. */
static void
answer(struct lesson *lesson)
{
	struct learn *l = lesson->learn;
	struct lesson_asker *asker;
	struct askers *to;
	int looks = !lesson->final && lesson->told != NULL &&
	    (strcmp(lesson->told, "enforce") == 0 ||
	    is_verified(l->engine->conf, lesson->domain));

	while ((asker = TAILQ_FIRST(&lesson->askers)) != NULL) {
		TAILQ_REMOVE(&lesson->askers, asker, entry);
		asker->route = lesson->told;
		asker->since = loop_now();
		strlcpy(asker->normal, lesson->domain, sizeof(asker->normal));
		to = looks && !is_crowded(l) ? &l->looking : &l->answers;
		TAILQ_INSERT_TAIL(to, asker, entry);
	}
}

/* Behind the transaction: those who asked will hear, and what comes next. */
static void
after(struct lesson *lesson)
{
	/* A fetch may still tell more than that nothing is known. */
	if (lesson->told != NULL || (lesson->fetch != FETCH_ADDRESS &&
	    lesson->fetch != FETCH_POLICY))
		answer(lesson);
	if (lesson->final) {
		look_domain(lesson);
		lesson_free(lesson);
	} else if (lesson->fetch != FETCH_ADDRESS &&
	    lesson->fetch != FETCH_POLICY) {
		lesson->final = 1;
		lesson_addresses(lesson);
	}
}

static void
on_unlocked(void *arg)
{
	struct learn *l = arg;

	l->unlocked = NULL;
	learn_soon(l);
}

/*
 * Whether what is learned is kept, since another process has the database: so
 * long as it would be waited for otherwise.
 */
static int
is_kept(struct learn *l)
{
	int64_t now = loop_now();

	if (!l->engine->store->locked)
		return 0;
	if (l->locked == 0)
		l->locked = now;
	if (now - l->locked >= LOCKED_MS)
		return 0;
	if (l->unlocked == NULL)
		l->unlocked = loop_timer_add(l->engine->loop, LOCKED_AGAIN_MS,
		    on_unlocked, l);
	return 1;
}

/* All that is ready becomes rows, and lines of the file. */
static void
write_ready(struct learn *l)
{
	struct lesson_queue done = TAILQ_HEAD_INITIALIZER(done);
	struct lesson *lesson;
	struct store *st = l->engine->store;
	int64_t now = time(NULL);
	int rc = store_begin(st), began = rc == 0, written = 0;

	if (!began && is_kept(l))
		return;
	if (began)
		l->locked = 0;
	while ((lesson = TAILQ_FIRST(&l->ready)) != NULL) {
		TAILQ_REMOVE(&l->ready, lesson, next);
		lesson->ready = 0;
		TAILQ_INSERT_TAIL(&done, lesson, next);
		if (rc == 0)
			rc = apply(lesson, now);
	}
	if (began)
		rc = store_end(st, rc);
	if (rc == 0)
		written = file_flush(l) == 0;
	else
		file_forget(l);
	while ((lesson = TAILQ_FIRST(&done)) != NULL) {
		TAILQ_REMOVE(&done, lesson, next);
		/* Who was told would find no route there, and go without. */
		if (!written)
			lesson->told = NULL;
		/* Asked again, it is learned again. */
		if (rc == -1) {
			answer(lesson);
			lesson_free(lesson);
		} else
			after(lesson);
	}
}

static void
on_flush(void *arg)
{
	struct learn *l = arg;

	l->flush = NULL;
	if (!TAILQ_EMPTY(&l->ready))
		write_ready(l);
	tell(l);
	lesson_begin_queued(l);
}

static int
renew(const char *domain, void *arg)
{
	struct learn *l = arg;
	struct store *st = l->engine->store;
	int64_t now = time(NULL), used;

	if ((used = store_route_last_used(st, domain, now)) == -1)
		return -1;
	if (now - used > USED_POLICY)
		/* Nobody writes there: what is known may end. */
		return store_route_renew(st, domain, INT64_MAX);
	/* Its own time is set when it ends; a policy host may take long. */
	if (store_route_renew(st, domain, now + 2 * STS_FETCH_SECONDS) == -1)
		return -1;
	(void)lesson_new(l, domain);
	return 0;
}

static void
renew_due(struct learn *l, int64_t max)
{
	struct store *st = l->engine->store;

	if (store_begin(st) == -1)
		return;
	/* Those begun go on if it fails; the others are due again. */
	(void)store_end(st, store_route_due(st, time(NULL), max, renew, l));
}

static void
on_tick(void *arg)
{
	struct learn *l = arg;
	int64_t room;

	l->tick = loop_timer_add(l->engine->loop, TICK_MS, on_tick, l);
	if (l->engine->stopping)
		return;
	l->ticks++;
	l->looked++;
	tell(l);
	room = RENEWALS_MAX - (int64_t)l->active;
	if (room > 0 && TAILQ_EMPTY(&l->queue))
		renew_due(l, room);
	if (l->ticks >= l->trim_at)
		l->trim_at = l->ticks + (store_route_trim(l->engine->store,
		    time(NULL) - USED_POLICY) == 0 ? TRIM_TICKS :
		    TRIM_AGAIN_TICKS);
	look_tick(l);
	policy_tick(l);
	own_tick(l);
}

void
learn_start(struct engine *e)
{
	struct learn *l;
	int64_t now = time(NULL);

	l = xcalloc(1, sizeof(*l));
	l->engine = e;
	RB_INIT(&l->lessons);
	TAILQ_INIT(&l->queue);
	TAILQ_INIT(&l->crowd);
	l->zones = hash_new(sizeof(int64_t));
	TAILQ_INIT(&l->ready);
	TAILQ_INIT(&l->looking);
	TAILQ_INIT(&l->answers);
	l->looked = 1;
	l->trim_at = TRIM_TICKS;
	l->run = on_flush;
	l->begin = lesson_begin;
	e->learn = l;
	e->learning = lesson_oldest;
	/* What changed while we were away is seen at once. */
	(void)store_route_all_due(e->store, now, now - USED_AT_ALL);
	file_start(l);
	look_start(l);
	own_start(l);
	on_tick(l);
}

void
learn_stop(struct engine *e)
{
	struct learn *l = e->learn;
	struct lesson *lesson;
	struct lesson_asker *asker;

	if (l == NULL)
		return;
	loop_timer_remove(e->loop, l->tick);
	while ((lesson = RB_MIN(lessons, &l->lessons)) != NULL)
		lesson_free(lesson);
	loop_timer_remove(e->loop, l->flush);
	loop_timer_remove(e->loop, l->unlocked);
	TAILQ_CONCAT(&l->answers, &l->looking, entry);
	while ((asker = TAILQ_FIRST(&l->answers)) != NULL) {
		TAILQ_REMOVE(&l->answers, asker, entry);
		free(asker);
	}
	own_stop(l);
	look_stop(l);
	file_stop(l);
	hash_free(l->zones);
	free(l);
	e->learn = NULL;
	e->learning = NULL;
}

static struct lesson_asker *
asker_new(const char *domain, void (*learned)(const char *, const char *,
    void *), void *arg)
{
	struct lesson_asker *asker;

	asker = xcalloc(1, sizeof(*asker));
	strlcpy(asker->domain, domain, sizeof(asker->domain));
	asker->learned = learned;
	asker->arg = arg;
	return asker;
}

/*
 * What is known already: the route is told, and written again, since who asks
 * did not find it in the file.  NULL if it is not known.
 */
static const char *
known(struct learn *l, const char *domain)
{
	struct store_route route;
	struct store *st = l->engine->store;
	int64_t now = time(NULL);

	if (store_route_load(st, domain, &route) == -1 || route.until <= now)
		return NULL;
	file_add(l, domain, route.kind, route.until, route.urls);
	if (file_flush(l) == -1)
		return NULL;
	(void)store_route_used(st, domain, now);
	/* Asked about: it may be looked at again soon, not now. */
	if (now - route.learned > RENEW_MIN)
		(void)lesson_new(l, domain);
	return strcmp(route.kind, "enforce") == 0 ? "enforce" : "none";
}

/* More than can be: said once a minute. */
static void
not_learned(struct learn *l, const char *domain)
{
	int64_t now = loop_now();

	log_debug("%s: too many domains to learn", domain);
	l->refused++;
	if (l->refused_said != 0 && now - l->refused_at < SAID_MS)
		return;
	log_warnx("%lld domains were not learned: %zu are waited for already: "
	    "the last was %s", (long long)(l->refused - l->refused_said),
	    l->nlessons, domain);
	l->refused_said = l->refused;
	l->refused_at = now;
}

int64_t
learn_refused(const struct engine *e)
{
	return e->learn->refused;
}

void
learn_ask(struct engine *e, const char *name,
    void (*learned)(const char *, const char *, void *), void *arg)
{
	struct learn *l = e->learn;
	struct lesson *lesson;
	struct lesson_asker *asker;
	char domain[DOMAIN_MAX];
	const char *route = "none";

	/* The asker knows it by the name it asked about. */
	asker = asker_new(name, learned, arg);
	/* No policy for address literals and what else is no domain. */
	if (domain_normal(name, strlen(name), domain, sizeof(domain)) == -1 ||
	    conf_is_local(e->conf, domain) ||
	    conf_connector(e->conf, domain) != NULL ||
	    (route = known(l, domain)) != NULL) {
		asker->route = route;
		TAILQ_INSERT_TAIL(&l->answers, asker, entry);
		learn_soon(l);
		return;
	}
	if ((lesson = lesson_new(l, domain)) == NULL) {
		not_learned(l, domain);
		asker->route = NULL;
		TAILQ_INSERT_TAIL(&l->answers, asker, entry);
		learn_soon(l);
		return;
	}
	TAILQ_INSERT_TAIL(&lesson->askers, asker, entry);
}

static void
forget(struct askers *askers, const void *arg)
{
	struct lesson_asker *asker, *next;

	for (asker = TAILQ_FIRST(askers); asker != NULL; asker = next) {
		next = TAILQ_NEXT(asker, entry);
		if (asker->arg == arg) {
			TAILQ_REMOVE(askers, asker, entry);
			free(asker);
		}
	}
}

void
learn_forget(struct engine *e, void *arg)
{
	struct lesson *lesson;

	if (e->learn == NULL)
		return;
	forget(&e->learn->looking, arg);
	forget(&e->learn->answers, arg);
	RB_FOREACH(lesson, lessons, &e->learn->lessons)
		forget(&lesson->askers, arg);
}
