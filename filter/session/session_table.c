/* SPDX-License-Identifier: ISC */

/*
 * The open sessions by id: a hash table with open addressing, which grows with
 * them, and the order in which they began.
 */

#include <stdlib.h>
#include <string.h>

#include "session/session.h"

/* Session ids are random, but for a part that all of an hour share. */
static size_t
slot_of(const struct sessions *ss, uint64_t id)
{
	id *= 0x9e3779b97f4a7c15ULL;
	return (id ^ id >> 32) & ss->mask;
}

struct session *
session_find(const struct sessions *ss, uint64_t id)
{
	size_t i;

	for (i = slot_of(ss, id); ss->slots[i].session != NULL;
	    i = (i + 1) & ss->mask)
		if (ss->slots[i].id == id)
			return ss->slots[i].session;
	return NULL;
}

void
session_prefetch(const struct sessions *ss, uint64_t id, enum prefetch what)
{
	const struct slot *slot = &ss->slots[slot_of(ss, id)];
	const struct session *s;

	if (what == PREFETCH_SLOT) {
		__builtin_prefetch(slot);
		return;
	}
	if ((s = slot->session) == NULL || slot->id != id)
		return;
	if (what == PREFETCH_SESSION) {
		__builtin_prefetch(s);
		__builtin_prefetch((const char *)s + 64);
		return;
	}
	__builtin_prefetch(s->rows);
	__builtin_prefetch(s->from);
	__builtin_prefetch(s->helo);
	__builtin_prefetch(s->rdns);
	__builtin_prefetch(s->entry.tqe_next);
	__builtin_prefetch(s->entry.tqe_prev);
}

static int
slots_grow(struct sessions *ss)
{
	struct slot *old = ss->slots, *slots;
	size_t i, j, n = ss->mask + 1;

	if ((slots = calloc(n * 2, sizeof(*slots))) == NULL)
		return -1;
	ss->slots = slots;
	ss->mask = n * 2 - 1;
	for (i = 0; i < n; i++) {
		if (old[i].session == NULL)
			continue;
		for (j = slot_of(ss, old[i].id); slots[j].session != NULL;
		    j = (j + 1) & ss->mask)
			;
		slots[j] = old[i];
	}
	free(old);
	return 0;
}

/* The oldest gives way: smtpd has long forgotten such a one. */
struct session *
session_add(struct sessions *ss, uint64_t id)
{
	struct session *s;
	size_t i;

	if (ss->count >= ss->max) {
		s = TAILQ_FIRST(&ss->order);
		session_finish(ss, s);
		session_remove(ss, s);
		ss->evicted++;
	}
	if (ss->count >= (ss->mask + 1) / 4 * 3 && slots_grow(ss) == -1 &&
	    ss->count >= ss->mask)
		goto nomem;
	if ((s = pool_get(ss->open, sizeof(*s))) == NULL)
		goto nomem;
	memset(s, 0, sizeof(*s));
	s->id = id;
	for (i = slot_of(ss, id); ss->slots[i].session != NULL;
	    i = (i + 1) & ss->mask)
		;
	ss->slots[i].id = id;
	ss->slots[i].session = s;
	ss->count++;
	TAILQ_INSERT_TAIL(&ss->order, s, entry);
	return s;
nomem:
	ss->nomem++;
	return NULL;
}

/* Moves up what probing would no longer find across the gap. */
static void
slot_remove(struct sessions *ss, size_t i)
{
	size_t j = i, home;

	for (;;) {
		ss->slots[i].session = NULL;
		do {
			j = (j + 1) & ss->mask;
			if (ss->slots[j].session == NULL)
				return;
			home = slot_of(ss, ss->slots[j].id);
		} while (i <= j ? i < home && home <= j :
		    i < home || home <= j);
		ss->slots[i] = ss->slots[j];
		i = j;
	}
}

/* Of the connection, all but what it held. */
void
session_clear(struct sessions *ss, struct session *s)
{
	size_t i;

	if ((s->flags & S_OUT) && (s->flags & S_REMOTE))
		busy_end(ss->busy, &s->remote, s->time);
	str_put(ss->pool, s->rdns);
	str_put(ss->pool, s->helo);
	str_put(ss->pool, s->tls);
	str_put(ss->pool, s->from);
	str_put(ss->pool, s->local);
	s->rdns = s->helo = s->tls = s->from = s->local = NULL;
	for (i = 0; i < s->nrows; i++) {
		str_put(ss->pool, s->rows[i].from);
		str_put(ss->pool, s->rows[i].to);
	}
	pool_put(ss->pool, s->rows, s->rowcap * sizeof(*s->rows));
	s->rows = NULL;
	s->nrows = s->rowcap = 0;
	s->flags &= S_WAITS;
	s->tlsver = TLSVER_NONE;
}

void
session_remove(struct sessions *ss, struct session *s)
{
	struct session *held;
	size_t i;

	while ((held = s->held) != NULL) {
		s->held = held->held;
		session_clear(ss, held);
		pool_put(ss->open, held, sizeof(*held));
	}
	for (i = slot_of(ss, s->id); ss->slots[i].session != s;
	    i = (i + 1) & ss->mask)
		;
	slot_remove(ss, i);
	ss->count--;
	TAILQ_REMOVE(&ss->order, s, entry);
	session_clear(ss, s);
	pool_put(ss->open, s, sizeof(*s));
}
