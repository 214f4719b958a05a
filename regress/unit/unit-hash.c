/* SPDX-License-Identifier: ISC */

#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"
#include "base/log.h"
#include "tap.h"

static int64_t	 last[2];
static int	 unordered, seen;

static int
each(const void *buf, size_t len __unused, void *value, void *arg __unused)
{
	const unsigned char *p = buf;
	int64_t a = key_read_int(&p);
	int64_t b = strtoll(key_read_text(&p), NULL, 10);

	if (seen > 0 && (a < last[0] || (a == last[0] && b <= last[1])))
		unordered++;
	if (*(int64_t *)value != a * 1000 + b)
		unordered++;
	last[0] = a;
	last[1] = b;
	return ++seen == 5000 ? 7 : 0;
}

static void
key_make(struct key *key, int64_t a, int64_t b)
{
	char text[32];

	snprintf(text, sizeof(text), "%06lld", (long long)b);
	key_start(key);
	key_int(key, a);
	key_text(key, text);
}

static unsigned char before[16];
static size_t	 nbefore;

static int
each_bytes(const void *buf, size_t len, void *value __unused, void *arg)
{
	int rc = memcmp(before, buf, nbefore < len ? nbefore : len);

	if (rc > 0 || (rc == 0 && nbefore >= len && seen > 0))
		unordered++;
	seen++;
	memcpy(before, buf, len);
	nbefore = len;
	return arg == NULL ? 0 : 1;
}

/* Some begin as others end, and differ behind more bytes than are compared. */
static void
test_bytes(size_t common)
{
	struct hash *h = hash_new(1);
	unsigned char key[16];
	size_t len, i;
	unsigned int n;

	memset(key, 'c', sizeof(key));
	for (n = 0; n < 4096; n++) {
		for (i = common; i < common + 6; i++)
			key[i] = (n >> (i - common) * 2 & 3) * 85;
		for (len = common; len <= common + 6; len++)
			(void)hash_get(h, key, len, NULL);
	}
	seen = unordered = 0;
	nbefore = 0;
	is_int(hash_each(h, each_bytes, NULL), 0, "keys of bytes");
	is_int(seen, (int)hash_count(h), "each once");
	is_int(unordered, 0, "in their order, the shorter first");
	hash_free(h);
}

int
main(void)
{
	struct hash *h = hash_new(sizeof(int64_t));
	struct key key;
	int64_t a, b, *value, *first = NULL;
	int is_new, wrong = 0, i;
	size_t small = hash_bytes(h);
	const unsigned char *p;

	log_init("unit-hash", 1, 0);
	for (i = 0; i < 2; i++)
		for (a = -50; a < 50; a++)
			for (b = 0; b < 200; b++) {
				key_make(&key, a, b);
				value = hash_get(h, key.buf, key.len, &is_new);
				if (first == NULL)
					first = value;
				wrong += is_new != (i == 0);
				wrong += *value != (is_new ? 0 : a * 1000 + b);
				*value = a * 1000 + b;
			}
	is_int(wrong, 0, "20,000 keys, each found again");
	is_int(hash_count(h), 20000, "counted once");
	is_int(*first, -50000, "values do not move");
	is_int(hash_each(h, each, NULL), 7, "a walk stops when told to");
	is_int(seen, 5000, "there");
	is_int(unordered, 0, "in order of numbers, negative ones first");
	key_make(&key, 51, 0);
	ok(hash_find(h, key.buf, key.len) == NULL, "what is not there");
	ok(hash_bytes(h) > 20000 * 24, "memory is told");
	hash_clear(h);
	is_int(hash_count(h), 0, "cleared");
	is_int(hash_bytes(h), small, "and small again");
	key_make(&key, 1, 1);
	ok(hash_find(h, key.buf, key.len) == NULL, "nothing is left");
	hash_free(h);

	test_bytes(0);
	test_bytes(10);
	key_start(&key);
	key_text(&key, "");
	key_int(&key, INT64_MIN);
	key_text(&key, "x");
	key_int(&key, INT64_MAX);
	p = key.buf;
	is_str(key_read_text(&p), "", "an empty text");
	ok(key_read_int(&p) == INT64_MIN, "the smallest number");
	is_str(key_read_text(&p), "x", "a text");
	ok(key_read_int(&p) == INT64_MAX, "the largest");
	return done_testing();
}
