/* SPDX-License-Identifier: ISC */

/*
 * Names chosen so that hashes without a seed put all of them in one place, in
 * the tables that strangers fill.  What is counted are steps, not time.
 */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "tap.h"

#include "../../filter/session/pool.c"
#include "../../filter/spool/routes.c"

#define LEVELS 15
#define NAMES (1 << LEVELS)
#define TRIES (1 << 20)

/* The reference vectors, of the authors' own program. */
static void
test_vectors(void)
{
	static const uint64_t want[] = { 0x726fdb47dd0e0e31ULL,
	    0x74f839c593dc67fdULL, 0x0d6c8009d9a94f5aULL,
	    0x85676696d7fb7e2dULL, 0xcf2794e0277187b7ULL,
	    0x18765564cd99a68dULL, 0xcbc9466e58fee3ceULL,
	    0xab0200f58b01d137ULL, 0x93f5f5799a932462ULL };
	struct sip_seed seed = { { 0x0706050403020100ULL,
	    0x0f0e0d0c0b0a0908ULL } }, other;
	unsigned char data[16];
	size_t i;

	for (i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)i;
	for (i = 0; i < nitems(want); i++)
		ok(sip_hash(&seed, data, i) == want[i], "of %zu bytes", i);
	ok(sip_hash(&seed, data, 15) == 0xa129ca6149be45e5ULL,
	    "of 15 bytes");
	/* SipHash-1-3: what Python 3.11 says, with PYTHONHASHSEED=0. */
	memset(&seed, 0, sizeof(seed));
	ok(sip_place(&seed, data, 7) == 0x2f098ab0c751325aULL &&
	    sip_place(&seed, data, 8) == 0xead411e67ebe2eeaULL &&
	    sip_place(&seed, data, 15) == 0xf30eb725bb91c9eaULL,
	    "the faster one, of 7, 8 and 15 bytes");
	sip_seed(&seed);
	sip_seed(&other);
	ok(memcmp(&seed, &other, sizeof(seed)) != 0, "each has its own seed");
}

/*
 * Of a hash that multiplies each word of eight bytes: a topmost bit changed in
 * one word is taken back by two bits of the next.
 */
static void
test_pool(void)
{
	struct pool *p = pool_new();
	pool_ref *all = calloc(NAMES, sizeof(*all)), ref;
	size_t i, k, n, longest = 0;
	char text[16 * LEVELS + 1];

	if (p == NULL || all == NULL)
		fatal("calloc");
	for (i = 0; i < NAMES; i++) {
		memset(text, 'a', sizeof(text));
		for (k = 0; k < LEVELS; k++)
			if (i & (size_t)1 << k) {
				text[16 * k + 7] ^= (char)0x80;
				text[16 * k + 11] ^= (char)0x80;
				text[16 * k + 15] ^= (char)0x80;
			}
		all[i] = str_get(p, text, sizeof(text));
	}
	is_int((long long)pool_strings(p), NAMES, "each is one of its own");
	for (i = 0; i < p->nbuckets; i++) {
		for (n = 0, ref = p->buckets[i]; ref != 0;
		    ref = str_at(p, ref)->next)
			n++;
		if (n > longest)
			longest = n;
	}
	ok(longest < 64, "the longest chain has %zu", longest);
	for (i = 0; i < NAMES; i++)
		str_put(p, all[i]);
	free(all);
	pool_free(p);
}

static uint32_t
fnv(uint32_t h, const char *s)
{
	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 16777619U;
	return h;
}

/* Two labels that leave FNV-1a of 32 bits as each other do. */
static uint32_t
find_pair(uint32_t h, char pair[2][16])
{
	uint32_t *seen = calloc(TRIES, sizeof(*seen)), sum, i, other;

	if (seen == NULL)
		fatal("calloc");
	for (i = 1;; i++) {
		(void)snprintf(pair[0], 16, "%06x.", i);
		sum = fnv(h, pair[0]);
		if ((other = seen[sum % TRIES]) != 0) {
			(void)snprintf(pair[1], 16, "%06x.", other);
			if (fnv(h, pair[1]) == sum)
				break;
		}
		seen[sum % TRIES] = i;
	}
	free(seen);
	return sum;
}

static void
test_routes(void)
{
	char pairs[LEVELS][2][16], name[8 * LEVELS], path[] = "routes.XXXXXX";
	uint32_t h = 2166136261U, first = 0;
	size_t i, k, same = 0, found = 0, steps = 0;
	struct routes *r;
	struct route route;
	FILE *f;
	int fd;

	for (k = 0; k < LEVELS; k++)
		h = find_pair(h, pairs[k]);
	if ((fd = mkstemp(path)) == -1 || (f = fdopen(fd, "w")) == NULL)
		fatal("%s", path);
	for (i = 0; i < NAMES; i++) {
		name[0] = '\0';
		for (k = 0; k < LEVELS; k++)
			strlcat(name, pairs[k][i >> k & 1], sizeof(name));
		strlcat(name, "nz", sizeof(name));
		if (i == 0)
			first = fnv(2166136261U, name);
		same += fnv(2166136261U, name) == first;
		fprintf(f, "%s|none|9999999999|\n", name);
	}
	fclose(f);
	is_int((long long)same, NAMES, "all have one hash of the old kind");
	if ((r = routes_open(path)) == NULL)
		fatal("routes_open");
	for (i = 0; i < r->map.nslots; i++)
		if (r->map.slots[i] != 0)
			steps += (i - r->map.entries[r->map.slots[i] - 1].hash)
			    & (r->map.nslots - 1);
	routes_find(r, name, 0, &route);
	found = route.kind == ROUTE_NONE;
	is_int((long long)found, 1, "the last one is found");
	is_int((long long)r->map.count, NAMES, "all are there");
	ok(steps < (size_t)8 * NAMES, "%zu steps to all of them", steps);
	routes_free(r);
	(void)unlink(path);
}

int
main(void)
{
	char dir[] = "/tmp/unit-collide.XXXXXXXXXX";

	log_init("unit-collide", 1, 0);
	if (mkdtemp(dir) == NULL || chdir(dir) == -1)
		fatal("%s", dir);
	test_vectors();
	test_pool();
	test_routes();
	(void)rmdir(dir);
	return done_testing();
}
