/* SPDX-License-Identifier: ISC */

/*
 * Which of the fleet's reports this host sends.  What it claims is its own for
 * a minute, and a minute more each time that it is heard of; it begins to send
 * only while it is sure of that (engine's claimed_until).
 */

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "copy/copy_job.h"

/* Of the minute that PostgreSQL gives, so much is counted on. */
#define SURE_MS 40000
/* Claimed at once, and waiting to be looked up. */
#define CLAIM_MAX 64
#define WAITING_MAX 256
/* The next turn, while there are reports under way, go, or are to be had. */
#define BUSY_MS 1000
#define GOING_MS 200
#define MORE_MS 10

static void
claim_end(struct copy *c)
{
	int64_t waiting = store_claim_waiting(c->engine->store);

	copy_again(c, c->more ? MORE_MS : waiting == 0 && c->nended == 0 ?
	    BEAT_MS : waiting < c->waiting ? GOING_MS : BUSY_MS);
	c->waiting = waiting;
}

/*
 * Of the fleet's reports that are this host's, those that are not here are to
 * be built.  Those that are go on, and are told again as they ended: a
 * database that took another's place may have lost that.
 */
static int
take(struct copy *c, json_t *answer)
{
	struct store_claim claim;
	const char *id;
	json_t *one;
	size_t i;
	int rc;

	json_array_foreach(json_object_get(answer, "reports"), i, one) {
		claim_read(one, &claim, &id);
		rc = store_claim_see(c->engine->store, &claim);
		if (rc == 0 && json_array_append(c->claims, one) == -1)
			fatalx("copy: no memory");
		if (rc == -1) {
			copy_again(c, BEAT_MS);
			return -1;
		}
	}
	return 0;
}

static void
claims_begin(struct copy *c)
{
	json_decref(c->claims);
	if ((c->claims = json_array()) == NULL)
		fatalx("copy: no memory");
}

static void
claimed(json_t *answer, void *arg)
{
	struct copy *c = arg;

	if (!copy_good(c, answer))
		return;
	claims_begin(c);
	if (take(c, answer) == -1)
		return;
	c->more |= json_array_size(c->claims) == CLAIM_MAX;
	claim_build(c, claim_end);
}

static void
opened(json_t *answer, void *arg)
{
	struct copy *c = arg;
	int64_t room;

	if (!copy_good(c, answer))
		return;
	room = WAITING_MAX - store_claim_waiting(c->engine->store);
	if (room <= 0 || room > WAITING_MAX)
		claim_end(c);
	else
		copy_ask(c, json_pack("{s:s, s:I}", "op", "claim", "room",
		    (json_int_t)(room < CLAIM_MAX ? room : CLAIM_MAX)),
		    claimed);
}

static void
claim_open(struct copy *c)
{
	copy_ask(c, json_pack("{s:s, s:i}", "op", "open", "spread",
	    c->engine->conf->report_spread), opened);
}

static void	ask_held(struct copy *, int64_t);
static void	claim_note(struct copy *);

/* What ended was told: on to what the fleet has as this host's, or has due. */
static void
claim_told(struct copy *c)
{
	if (c->synced) {
		claim_open(c);
		return;
	}
	if (store_claim_doubt(c->engine->store) == -1) {
		copy_again(c, BEAT_MS);
		return;
	}
	claims_begin(c);
	ask_held(c, 0);
}

/*
 * What ended as this host's is so for good, also where it was killed before it
 * heard that the fleet knows.  Another host's is let go of by the next sync.
 */
static void
noted(json_t *answer, void *arg)
{
	struct copy *c = arg;
	struct store *st = c->engine->store;
	const json_t *own, *one;
	json_int_t n;
	size_t i;
	int rc;

	if (!copy_good(c, answer))
		return;
	own = json_object_get(answer, "own");
	rc = store_begin(st);
	json_array_foreach(own, i, one) {
		n = json_integer_value(one);
		if (rc == 0 && n >= 0 && n < c->nended)
			rc = store_claim_noted(st, &c->ended[n]);
	}
	if (store_end(st, rc) == -1) {
		copy_again(c, BEAT_MS);
		return;
	}
	if ((size_t)c->nended > json_array_size(own))
		c->synced = 0;
	else if (c->nended == FLEET_ENDED_MAX && !c->synced) {
		claim_note(c);
		return;
	}
	claim_told(c);
}

static void
claim_note(struct copy *c)
{
	struct store *st = c->engine->store;
	json_t *list, *one;
	int i;

	if (c->ended == NULL && (c->ended = calloc(FLEET_ENDED_MAX,
	    sizeof(*c->ended))) == NULL)
		fatal("copy");
	c->nended = store_claim_ended(st, c->ended, FLEET_ENDED_MAX);
	if (c->nended <= 0) {
		c->nended = 0;
		claim_told(c);
		return;
	}
	if ((list = json_array()) == NULL)
		fatalx("copy: no memory");
	for (i = 0; i < c->nended; i++) {
		one = json_pack("[I, s, I, s]", (json_int_t)c->ended[i].day,
		    c->ended[i].domain, (json_int_t)c->ended[i].part,
		    c->ended[i].state);
		if (one == NULL || json_array_append_new(list, one) == -1)
			fatalx("copy: no memory");
	}
	copy_ask(c, json_pack("{s:s, s:o}", "op", "note", "ended", list),
	    noted);
}

/* What others send by now, but for what was being sent as that came out. */
static int
let_go(struct copy *c)
{
	int n = store_claim_drop(c->engine->store);

	if (n == -1)
		copy_again(c, BEAT_MS);
	else if (n > 0)
		log_info("fleet: %d reports are sent by other hosts", n);
	return n == -1 ? -1 : 0;
}

/* All that the fleet has as this host's is here, and nothing else. */
static void
synced(struct copy *c)
{
	if (let_go(c) == -1)
		return;
	c->synced = 1;
	c->engine->claimed_until = c->asked + SURE_MS;
	claim_note(c);
}

static void
held(json_t *answer, void *arg)
{
	struct copy *c = arg;
	int64_t next;

	if (!copy_good(c, answer) || take(c, answer) == -1)
		return;
	if ((next = ipc_int(answer, "next", -1)) > 0)
		ask_held(c, next);
	else
		claim_build(c, synced);
}

static void
ask_held(struct copy *c, int64_t from)
{
	copy_ask(c, json_pack("{s:s, s:I}", "op", "held", "from",
	    (json_int_t)from), held);
}

void
claim_turn(struct copy *c)
{
	struct engine *e = c->engine;

	/* Another host may have taken over what is no longer sure. */
	if (c->asked >= e->claimed_until)
		c->synced = 0;
	if (c->synced) {
		if (let_go(c) == -1)
			return;
		e->claimed_until = c->asked + SURE_MS;
	}
	claim_note(c);
}
