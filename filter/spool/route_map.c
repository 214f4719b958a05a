/* SPDX-License-Identifier: ISC */

#include <stdlib.h>
#include <string.h>

#include "base/compat.h"
#include "spool/route_map.h"

/* Who sends mail to domains of his own chooses their names. */
static uint32_t
hash_name(const struct route_map *m, const char *s)
{
	return (uint32_t)sip_place(&m->seed, s, strlen(s));
}

void
route_map_free(struct route_map *m)
{
	free(m->slots);
	free(m->entries);
	free(m->arena);
	memset(m, 0, sizeof(*m));
}

static uint32_t *
map_slot(const struct route_map *m, const char *name, uint32_t hash)
{
	const struct route_entry *e;
	size_t i;

	for (i = hash & (m->nslots - 1);; i = (i + 1) & (m->nslots - 1)) {
		if (m->slots[i] == 0)
			return &m->slots[i];
		e = &m->entries[m->slots[i] - 1];
		if (e->hash == hash && strcmp(m->arena + e->name, name) == 0)
			return &m->slots[i];
	}
}

struct route_entry *
route_map_find(const struct route_map *m, const char *name)
{
	uint32_t *slot;

	if (m->count == 0)
		return NULL;
	slot = map_slot(m, name, hash_name(m, name));
	return *slot == 0 ? NULL : &m->entries[*slot - 1];
}

/* Three of four slots at most are taken. */
static int
map_grow(struct route_map *m)
{
	struct route_entry *e;
	uint32_t *slots;
	size_t n, i, j;

	if (m->count == m->room) {
		n = m->room + m->room / 2 + 16;
		e = reallocarray(m->entries, n, sizeof(*e));
		if (n > UINT32_MAX || e == NULL)
			return -1;
		m->entries = e;
		m->room = n;
	}
	if (m->nslots != 0 && m->count + 1 <= m->nslots / 4 * 3)
		return 0;
	n = m->nslots == 0 ? 16 : m->nslots * 2;
	if ((slots = calloc(n, sizeof(*slots))) == NULL)
		return -1;
	for (i = 0; i < m->count; i++) {
		j = m->entries[i].hash & (n - 1);
		while (slots[j] != 0)
			j = (j + 1) & (n - 1);
		slots[j] = (uint32_t)i + 1;
	}
	free(m->slots);
	m->slots = slots;
	m->nslots = n;
	return 0;
}

/* Copies s into the arena; -1 without memory. */
static int
map_text(struct route_map *m, const char *s, uint32_t *off)
{
	size_t len = strlen(s) + 1, size = m->size;
	char *p;

	if (size - m->used < len) {
		size += size / 2 + len + 4096;
		if (size > UINT32_MAX || (p = realloc(m->arena, size)) == NULL)
			return -1;
		m->arena = p;
		m->size = size;
	}
	*off = (uint32_t)m->used;
	memcpy(m->arena + m->used, s, len);
	m->used += len;
	return 0;
}

int
route_map_put(struct route_map *m, const char *name, enum route_kind kind,
    int64_t until, const char *urls)
{
	struct route_entry *e, new;
	size_t len = strlen(urls);
	int is_new = 0;

	if ((e = route_map_find(m, name)) == NULL) {
		memset(&new, 0, sizeof(new));
		new.hash = hash_name(m, name);
		if (map_grow(m) == -1 || map_text(m, name, &new.name) == -1 ||
		    map_text(m, urls, &new.urls) == -1)
			return -1;
		new.room = (uint16_t)len;
		e = &m->entries[m->count];
		*e = new;
		*map_slot(m, name, e->hash) = (uint32_t)++m->count;
		is_new = 1;
	} else if (len <= e->room)
		/* A route renewed takes no more memory. */
		memcpy(m->arena + e->urls, urls, len + 1);
	else {
		if (map_text(m, urls, &e->urls) == -1)
			return -1;
		m->wasted += (size_t)e->room + 1;
		e->room = (uint16_t)len;
	}
	if (!is_new && e->kind == ROUTE_UNKNOWN)
		m->dropped--;
	e->reading = m->reading;
	e->kind = (uint8_t)kind;
	e->until = until;
	return 0;
}

void
route_map_sweep(struct route_map *m)
{
	struct route_entry *e;
	size_t i;

	for (i = 0; i < m->count; i++) {
		e = &m->entries[i];
		if (e->reading == m->reading || e->kind == ROUTE_UNKNOWN)
			continue;
		e->kind = ROUTE_UNKNOWN;
		e->until = 0;
		m->arena[e->urls] = '\0';
		m->wasted += e->room;
		m->dropped++;
	}
}

void
route_map_tidy(struct route_map *m)
{
	struct route_map new;
	const struct route_entry *e;

	if (m->wasted < 65536 + m->used / 2 && m->dropped < 1000 + m->count / 2)
		return;
	memset(&new, 0, sizeof(new));
	new.reading = m->reading;
	new.seed = m->seed;
	for (e = m->entries; e < m->entries + m->count; e++)
		if (e->kind != ROUTE_UNKNOWN &&
		    route_map_put(&new, m->arena + e->name,
			(enum route_kind)e->kind, e->until,
			m->arena + e->urls) == -1) {
			route_map_free(&new);
			return;
		}
	route_map_free(m);
	*m = new;
}
