/* SPDX-License-Identifier: ISC */

/*
 * Open addressing over a string arena.  The hash of a name is taken from its
 * end to its start, so that one pass gives the hash of every parent too.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "base/domain.h"

#define FNV_BASIS 2166136261U
#define FNV_PRIME 16777619U

struct slot {
	uint32_t	 hash;
	uint32_t	 off;		/* in the arena, plus 1; 0: free */
};

/*
 * In the arena before each name: the value (4 bytes) and the length (1);
 * behind it a NUL.
 */
#define HEAD 5

struct domset {
	struct slot	*slots;
	size_t		 nslots;	/* a power of 2, or 0 */
	size_t		 count;
	/* A bit for each length, modulo 64: of names, and of ".parents". */
	uint64_t	 lengths[2];
	size_t		 longest;	/* ".parent" */
	unsigned char	*arena;
	size_t		 used;
	size_t		 size;
};

/* One name that is looked for, and how far from its end it is hashed. */
struct walk {
	const char	*name;
	size_t		 len;
	size_t		 hashed;
	uint32_t	 hash;
	int		 best;
};

struct domset *
domset_new(void)
{
	return calloc(1, sizeof(struct domset));
}

void
domset_free(struct domset *ds)
{
	if (ds == NULL)
		return;
	free(ds->slots);
	free(ds->arena);
	free(ds);
}

size_t
domset_count(const struct domset *ds)
{
	return ds->count;
}

static uint32_t
step(uint32_t hash, char c)
{
	return (hash ^ (unsigned char)c) * FNV_PRIME;
}

static uint32_t
hash_name(const char *name, size_t len)
{
	uint32_t hash = FNV_BASIS;

	while (len > 0)
		hash = step(hash, name[--len]);
	return hash;
}

/* FNV's low bits alone are weak for names read backwards. */
static size_t
home(uint32_t hash, size_t nslots)
{
	hash ^= hash >> 15;
	hash *= 0x2c1b3c6dU;
	hash ^= hash >> 12;
	return hash & (nslots - 1);
}

/* The slot that holds the name, or the free one where it belongs. */
static struct slot *
find_slot(const struct domset *ds, const char *name, size_t len, uint32_t hash)
{
	const unsigned char *e;
	size_t i;

	for (i = home(hash, ds->nslots);; i = (i + 1) & (ds->nslots - 1)) {
		if (ds->slots[i].off == 0)
			return &ds->slots[i];
		if (ds->slots[i].hash != hash)
			continue;
		e = ds->arena + ds->slots[i].off - 1;
		if (e[4] == len && memcmp(e + HEAD, name, len) == 0)
			return &ds->slots[i];
	}
}

static int
value_of(const struct domset *ds, const struct slot *s)
{
	int32_t v;

	memcpy(&v, ds->arena + s->off - 1, sizeof(v));
	return v;
}

/* Room for one more: three of four slots at most are taken. */
static int
grow_slots(struct domset *ds)
{
	struct slot *old = ds->slots, *new;
	size_t n = ds->nslots, i, j;

	if (n != 0 && ds->count + 1 <= n / 4 * 3)
		return 0;
	ds->nslots = n == 0 ? 16 : n * 2;
	if ((new = calloc(ds->nslots, sizeof(*new))) == NULL) {
		ds->nslots = n;
		return -1;
	}
	for (i = 0; i < n; i++) {
		if (old[i].off == 0)
			continue;
		j = home(old[i].hash, ds->nslots);
		while (new[j].off != 0)
			j = (j + 1) & (ds->nslots - 1);
		new[j] = old[i];
	}
	free(old);
	ds->slots = new;
	return 0;
}

static int
grow_arena(struct domset *ds, size_t more)
{
	unsigned char *p;
	size_t size = ds->size;

	if (size - ds->used >= more)
		return 0;
	/* By half: at 100,000 names twice would waste megabytes. */
	size = size + size / 2 + 1024;
	if (size >= UINT32_MAX || (p = realloc(ds->arena, size)) == NULL)
		return -1;
	ds->arena = p;
	ds->size = size;
	return 0;
}

int
domset_add(struct domset *ds, const char *name, int value)
{
	struct slot *s;
	size_t len = strlen(name);
	uint32_t hash = hash_name(name, len);
	int32_t v = value;

	if (len > DOMAIN_MAX || grow_slots(ds) == -1 ||
	    grow_arena(ds, HEAD + len + 1) == -1)
		return -1;
	s = find_slot(ds, name, len, hash);
	if (s->off != 0)
		return 1;
	s->hash = hash;
	s->off = (uint32_t)ds->used + 1;
	memcpy(ds->arena + ds->used, &v, sizeof(v));
	ds->arena[ds->used + 4] = (unsigned char)len;
	memcpy(ds->arena + ds->used + HEAD, name, len + 1);
	ds->used += HEAD + len + 1;
	ds->lengths[name[0] == '.'] |= (uint64_t)1 << len % 64;
	if (name[0] == '.' && len > ds->longest)
		ds->longest = len;
	ds->count++;
	return 0;
}

const char *
domset_next(const struct domset *ds, size_t *pos)
{
	const unsigned char *e;

	if (*pos >= ds->used)
		return NULL;
	e = ds->arena + *pos;
	*pos += HEAD + e[4] + 1;
	return (const char *)e + HEAD;
}

/* What begins there in the name. */
static inline void
consider(const struct domset *ds, struct walk *w, size_t from)
{
	const char *name = w->name + from;
	size_t len = w->len - from;
	const struct slot *s;
	int v;

	/* Most parents need not be looked for: none is as long. */
	if ((ds->lengths[name[0] == '.'] >> len % 64 & 1) == 0)
		return;
	while (w->hashed > from)
		w->hash = step(w->hash, w->name[--w->hashed]);
	s = find_slot(ds, name, len, w->hash);
	if (s->off != 0 && ((v = value_of(ds, s)) < w->best || w->best == -1))
		w->best = v;
}

int
domset_find(const struct domset *ds, const char *name)
{
	struct walk w = { name, strlen(name), 0, FNV_BASIS, -1 };
	size_t i, last;

	if (ds->count == 0 || w.len > DOMAIN_MAX)
		return -1;
	i = w.hashed = w.len;
	last = w.len > ds->longest ? w.len - ds->longest : 0;
	while (i > last)
		if (name[--i] == '.')
			consider(ds, &w, i);
	consider(ds, &w, 0);
	return w.best;
}
