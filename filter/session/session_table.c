/* SPDX-License-Identifier: ISC */

/*
 * The open sessions by id: a hash table with open addressing, which grows with
 * them, and the order in which they began.
 */

#include <stdlib.h>
#include <string.h>

#include "session/session.h"

uint32_t
session_time(int64_t t)
{
	return t < 0 ? 0 : t > UINT32_MAX ? UINT32_MAX : (uint32_t)t;
}

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
	struct session *s;
	size_t i;

	for (i = slot_of(ss, id); (s = session_at(ss, ss->slots[i])) != NULL;
	    i = (i + 1) & ss->mask)
		if (s->id == id)
			return s;
	return NULL;
}

void
session_prefetch(const struct sessions *ss, uint64_t id, enum prefetch what)
{
	const pool_ref *slot = &ss->slots[slot_of(ss, id)];
	const struct session *s;

	if (what == PREFETCH_SLOT) {
		__builtin_prefetch(slot);
		return;
	}
	if ((s = session_at(ss, *slot)) == NULL)
		return;
	if (what == PREFETCH_SESSION) {
		__builtin_prefetch(s);
		__builtin_prefetch((const char *)s + 64);
		return;
	}
	__builtin_prefetch(session_row(ss, s->rows));
	__builtin_prefetch(str_at(ss->pool, s->from));
	__builtin_prefetch(str_at(ss->pool, s->helo));
	__builtin_prefetch(str_at(ss->pool, s->rdns));
	__builtin_prefetch(session_at(ss, s->older));
	__builtin_prefetch(session_at(ss, s->newer));
}

static int
slots_grow(struct sessions *ss)
{
	pool_ref *old = ss->slots, *slots;
	size_t i, j, n = ss->mask + 1;

	if ((slots = calloc(n * 2, sizeof(*slots))) == NULL)
		return -1;
	ss->slots = slots;
	ss->mask = n * 2 - 1;
	for (i = 0; i < n; i++) {
		if (old[i] == 0)
			continue;
		for (j = slot_of(ss, session_at(ss, old[i])->id);
		    slots[j] != 0; j = (j + 1) & ss->mask)
			;
		slots[j] = old[i];
	}
	free(old);
	return 0;
}

struct session *
session_add(struct sessions *ss, uint64_t id)
{
	struct session *s, *before;
	pool_ref ref;
	size_t i;

	if (ss->count >= (ss->mask + 1) / 4 * 3 && slots_grow(ss) == -1 &&
	    ss->count >= ss->mask)
		goto nomem;
	ref = pool_get(ss->open, sizeof(*s));
	if ((s = session_at(ss, ref)) == NULL)
		goto nomem;
	memset(s, 0, sizeof(*s));
	s->id = id;
	for (i = slot_of(ss, id); ss->slots[i] != 0; i = (i + 1) & ss->mask)
		;
	ss->slots[i] = ref;
	ss->count++;
	s->older = ss->newest;
	if ((before = session_at(ss, ss->newest)) != NULL)
		before->newer = ref;
	else
		ss->oldest = ref;
	ss->newest = ref;
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
		ss->slots[i] = 0;
		do {
			j = (j + 1) & ss->mask;
			if (ss->slots[j] == 0)
				return;
			home = slot_of(ss, session_at(ss, ss->slots[j])->id);
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
	struct row *row;
	pool_ref ref;

	if ((s->flags & S_OUT) && (s->flags & S_REMOTE))
		busy_end(ss->busy, &s->remote, s->time);
	str_put(ss->pool, s->rdns);
	str_put(ss->pool, s->helo);
	str_put(ss->pool, s->tls);
	str_put(ss->pool, s->from);
	str_put(ss->pool, s->local);
	s->rdns = s->helo = s->tls = s->from = s->local = 0;
	while ((row = session_row(ss, ref = s->rows)) != NULL) {
		s->rows = row->next;
		str_put(ss->pool, row->from);
		str_put(ss->pool, row->to);
		pool_put(ss->pool, ref, sizeof(*row));
	}
	s->nrows = 0;
	s->flags &= S_WAITS;
	s->tlsver = TLSVER_NONE;
}

static void
order_remove(struct sessions *ss, const struct session *s)
{
	if (s->older != 0)
		session_at(ss, s->older)->newer = s->newer;
	else
		ss->oldest = s->newer;
	if (s->newer != 0)
		session_at(ss, s->newer)->older = s->older;
	else
		ss->newest = s->older;
}

void
session_remove(struct sessions *ss, struct session *s)
{
	struct session *held;
	pool_ref ref;
	size_t i;

	while ((held = session_at(ss, ref = s->held)) != NULL) {
		s->held = held->held;
		session_clear(ss, held);
		pool_put(ss->open, ref, sizeof(*held));
	}
	for (i = slot_of(ss, s->id); session_at(ss, ss->slots[i]) != s;
	    i = (i + 1) & ss->mask)
		;
	ref = ss->slots[i];
	slot_remove(ss, i);
	ss->count--;
	order_remove(ss, s);
	session_clear(ss, s);
	pool_put(ss->open, ref, sizeof(*s));
}
