/* SPDX-License-Identifier: ISC */

#include <sys/queue.h>

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"
#include "base/log.h"
#include "lib/xalloc.h"

#define CHUNK_SIZE 65536

/*
 * Key and length are compared together, so they lie together; the value, which
 * is aligned, is behind them.
 */
struct entry {
	size_t		 len;
	unsigned char	 key[];
};

/* Most of those that are another's are passed without a look at the entry. */
struct slot {
	uint64_t	 hash;
	struct entry	*entry;		/* NULL: free */
};

struct chunk {
	SLIST_ENTRY(chunk) next;
	size_t		 used;
	size_t		 size;
	_Alignas(16) unsigned char data[];
};

struct hash {
	struct slot	*slots;		/* open addressing, a power of two */
	size_t		 nslots;
	size_t		 n;
	size_t		 valuesize;
	size_t		 bytes;
	uint64_t	 seed;
	SLIST_HEAD(, chunk) chunks;
};

static size_t
round_up(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

struct hash *
hash_new(size_t valuesize)
{
	struct hash *h;

	h = xcalloc(1, sizeof(*h));
	h->valuesize = round_up(valuesize);
	arc4random_buf(&h->seed, sizeof(h->seed));
	SLIST_INIT(&h->chunks);
	hash_clear(h);
	return h;
}

void
hash_clear(struct hash *h)
{
	struct chunk *c;

	while ((c = SLIST_FIRST(&h->chunks)) != NULL) {
		SLIST_REMOVE_HEAD(&h->chunks, next);
		free(c);
	}
	/* A table that was large once need not stay so. */
	if (h->slots == NULL || h->nslots > 8192) {
		free(h->slots);
		h->nslots = 64;
		h->slots = xcalloc(h->nslots, sizeof(*h->slots));
	} else if (h->n > 0)
		memset(h->slots, 0, h->nslots * sizeof(*h->slots));
	h->n = 0;
	h->bytes = h->nslots * sizeof(*h->slots);
}

void
hash_free(struct hash *h)
{
	if (h == NULL)
		return;
	hash_clear(h);
	free(h->slots);
	free(h);
}

static uint64_t
mix(uint64_t h)
{
	h ^= h >> 32;
	h *= 0xd6e8feb86659fd93ull;
	h ^= h >> 32;
	return h;
}

static uint64_t
hash_of(const struct hash *h, const unsigned char *key, size_t len)
{
	uint64_t sum = h->seed ^ len, word;

	for (; len >= 8; key += 8, len -= 8) {
		memcpy(&word, key, 8);
		sum = mix(sum ^ word) * 0x9e3779b97f4a7c15ull;
	}
	if (len > 0) {
		word = 0;
		memcpy(&word, key, len);
		sum = mix(sum ^ word) * 0x9e3779b97f4a7c15ull;
	}
	return mix(sum);
}

static void *
entry_value(struct entry *e)
{
	return e->key + round_up(e->len);
}

static struct slot *
slot_find(const struct hash *h, uint64_t sum, const void *key, size_t len)
{
	size_t i = (size_t)sum & (h->nslots - 1);
	struct slot *slot;

	for (; (slot = &h->slots[i])->entry != NULL;
	    i = (i + 1) & (h->nslots - 1))
		if (slot->hash == sum && slot->entry->len == len &&
		    memcmp(slot->entry->key, key, len) == 0)
			break;
	return slot;
}

static void
hash_grow(struct hash *h)
{
	struct slot *old = h->slots;
	size_t nold = h->nslots, i, j;

	h->nslots *= 2;
	h->slots = xcalloc(h->nslots, sizeof(*h->slots));
	for (i = 0; i < nold; i++) {
		if (old[i].entry == NULL)
			continue;
		j = (size_t)old[i].hash & (h->nslots - 1);
		while (h->slots[j].entry != NULL)
			j = (j + 1) & (h->nslots - 1);
		h->slots[j] = old[i];
	}
	h->bytes += (h->nslots - nold) * sizeof(*h->slots);
	free(old);
}

static struct entry *
entry_new(struct hash *h, const void *key, size_t len)
{
	size_t size = sizeof(struct entry) + round_up(len) + h->valuesize;
	size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE;
	struct chunk *c = SLIST_FIRST(&h->chunks);
	struct entry *e;

	if (c == NULL || c->size - c->used < size) {
		c = xmalloc(sizeof(*c) + room);
		c->used = 0;
		c->size = room;
		h->bytes += sizeof(*c) + room;
		SLIST_INSERT_HEAD(&h->chunks, c, next);
	}
	e = (struct entry *)(void *)(c->data + c->used);
	c->used += size;
	e->len = len;
	memcpy(e->key, key, len);
	memset(entry_value(e), 0, h->valuesize);
	return e;
}

void *
hash_get(struct hash *h, const void *key, size_t len, int *is_new)
{
	uint64_t sum = hash_of(h, key, len);
	struct slot *slot = slot_find(h, sum, key, len);
	struct entry *e;

	if (is_new != NULL)
		*is_new = slot->entry == NULL;
	if (slot->entry != NULL)
		return entry_value(slot->entry);
	if (h->n * 2 >= h->nslots) {
		hash_grow(h);
		slot = slot_find(h, sum, key, len);
	}
	e = entry_new(h, key, len);
	slot->hash = sum;
	slot->entry = e;
	h->n++;
	return entry_value(e);
}

void *
hash_find(const struct hash *h, const void *key, size_t len)
{
	struct entry *e = slot_find(h, hash_of(h, key, len), key, len)->entry;

	return e == NULL ? NULL : entry_value(e);
}

size_t
hash_count(const struct hash *h)
{
	return h->n;
}

size_t
hash_bytes(const struct hash *h)
{
	return h->bytes;
}

/*
 * For qsort(3).  Most keys differ soon behind what all have in common: head is
 * the eight bytes there, so that few keys are looked at.
 */
struct sorted {
	uint64_t	 head;
	struct entry	*entry;
};

static int
sorted_cmp(const void *va, const void *vb)
{
	const struct sorted *a = va, *b = vb;
	size_t na, nb;
	int rc;

	if (a->head != b->head)
		return a->head < b->head ? -1 : 1;
	na = a->entry->len;
	nb = b->entry->len;
	rc = memcmp(a->entry->key, b->entry->key, na < nb ? na : nb);
	return rc != 0 ? rc : na < nb ? -1 : na > nb;
}

/* How many bytes all keys begin with. */
static size_t
in_common(const struct sorted *all, size_t n)
{
	const struct entry *first = all[0].entry, *e;
	size_t i, k, common = first->len;

	for (i = 1; i < n; i++) {
		e = all[i].entry;
		if (e->len < common)
			common = e->len;
		if (memcmp(first->key, e->key, common) == 0)
			continue;
		for (k = 0; first->key[k] == e->key[k]; k++)
			;
		common = k;
	}
	return common;
}

static void
sort(struct sorted *all, size_t n)
{
	size_t i, len, common = in_common(all, n);
	uint64_t word;

	for (i = 0; i < n; i++) {
		len = all[i].entry->len - common;
		word = 0;
		memcpy(&word, all[i].entry->key + common,
		    len < sizeof(word) ? len : sizeof(word));
		all[i].head = be64toh(word);
	}
	qsort(all, n, sizeof(*all), sorted_cmp);
}

int
hash_each(struct hash *h, int (*cb)(const void *, size_t, void *, void *),
    void *arg)
{
	struct sorted *all;
	size_t i, n = 0;
	int rc = 0;

	if (h->n == 0)
		return 0;
	all = xreallocarray(NULL, h->n, sizeof(*all));
	for (i = 0; i < h->nslots; i++)
		if (h->slots[i].entry != NULL)
			all[n++].entry = h->slots[i].entry;
	sort(all, n);
	for (i = 0; i < n && rc == 0; i++)
		rc = cb(all[i].entry->key, all[i].entry->len,
		    entry_value(all[i].entry), arg);
	free(all);
	return rc;
}

void
key_start(struct key *k)
{
	k->len = 0;
}

void
key_int(struct key *k, int64_t value)
{
	/* The sign bit turned over: negative numbers sort first. */
	uint64_t u = htobe64((uint64_t)value ^ (uint64_t)1 << 63);

	if (sizeof(k->buf) - k->len < sizeof(u))
		fatalx("key too long");
	memcpy(k->buf + k->len, &u, sizeof(u));
	k->len += sizeof(u);
}

void
key_text(struct key *k, const char *s)
{
	size_t len = strlen(s), room = sizeof(k->buf) - k->len;

	if (room == 0)
		fatalx("key too long");
	if (len > room - 1)
		len = room - 1;
	memcpy(k->buf + k->len, s, len);
	k->len += len;
	k->buf[k->len++] = '\0';
}

int64_t
key_read_int(const unsigned char **p)
{
	uint64_t u;

	memcpy(&u, *p, sizeof(u));
	*p += sizeof(u);
	return (int64_t)(be64toh(u) ^ (uint64_t)1 << 63);
}

const char *
key_read_text(const unsigned char **p)
{
	const char *s = (const char *)*p;

	*p += strlen(s) + 1;
	return s;
}
