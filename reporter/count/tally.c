/* SPDX-License-Identifier: ISC */

#include <stdlib.h>
#include <string.h>

#include "count/tally.h"
#include "engine/engine.h"
#include "lib/date.h"
#include "lib/text.h"
#include "lib/xalloc.h"

/* Addresses remembered. */
#define ADDRS_MAX 100000
/* What a session's mail lets learn is begun within so many of its end. */
#define NOTICED_SECONDS 5

struct tally *
tally_new(struct store *st, const struct conf *conf)
{
	struct tally *t;

	t = xcalloc(1, sizeof(*t));
	t->store = st;
	t->conf = conf;
	t->judge = judge_new(st, conf);
	t->past = whose_past_new();
	t->flow = hash_new(sizeof(struct flow_count));
	t->correspondent = hash_new(sizeof(struct correspondent_count));
	t->incident = hash_new(sizeof(struct incident_count));
	t->waiting = hash_new(sizeof(struct waiting_count));
	t->session = hash_new(sizeof(struct tally_count));
	t->detail = hash_new(sizeof(int64_t));
	t->unseen = hash_new(sizeof(int64_t));
	t->trace = hash_new(sizeof(int64_t));
	t->ndetails = hash_new(sizeof(int64_t));
	t->unknown = hash_new(sizeof(struct unknown_count));
	t->named = hash_new(sizeof(struct named));
	t->rows = hash_new(sizeof(int64_t));
	return t;
}

void
tally_free(struct tally *t)
{
	if (t == NULL)
		return;
	judge_free(t->judge);
	whose_past_free(t->past);
	hash_free(t->flow);
	hash_free(t->correspondent);
	hash_free(t->incident);
	hash_free(t->waiting);
	hash_free(t->session);
	hash_free(t->detail);
	hash_free(t->unseen);
	hash_free(t->trace);
	hash_free(t->ndetails);
	hash_free(t->unknown);
	hash_free(t->named);
	hash_free(t->rows);
	free(t);
}

void
tally_clear(struct tally *t)
{
	hash_clear(t->flow);
	hash_clear(t->correspondent);
	hash_clear(t->incident);
	hash_clear(t->waiting);
	hash_clear(t->session);
	hash_clear(t->detail);
	hash_clear(t->unseen);
	hash_clear(t->trace);
	hash_clear(t->ndetails);
	hash_clear(t->unknown);
	hash_clear(t->named);
	t->last = NULL;
	memset(t->recent, 0, sizeof(t->recent));
	t->lost = 0;
}

size_t
tally_bytes(const struct tally *t)
{
	return hash_bytes(t->flow) + hash_bytes(t->correspondent) +
	    hash_bytes(t->incident) + hash_bytes(t->waiting) +
	    hash_bytes(t->session) + hash_bytes(t->detail) +
	    hash_bytes(t->unseen) + hash_bytes(t->trace) +
	    hash_bytes(t->ndetails) + hash_bytes(t->unknown) +
	    hash_bytes(t->named);
}

static enum bucket
bucket_of_tls(const struct record *r)
{
	if (r->tls == NULL)
		return BUCKET_CLEAR;
	switch (tlsver_parse(r->tls, strlen(r->tls))) {
	case TLSVER_1_3:
		return BUCKET_TLS13;
	case TLSVER_1_2:
		return BUCKET_TLS12;
	default:
		return BUCKET_OLDER;
	}
}

static void
add_flow(struct tally *t, const struct record *r, enum record_dir dir,
    const char *class, enum bucket bucket)
{
	tally_flow(t, r->time, dir, class)->buckets[bucket]++;
}

static int
same_class(const struct side *a, const struct side *b)
{
	return a->dir == b->dir && strcmp(a->class, b->class) == 0;
}

/* A class once, however many of its domains the connection served. */
static void
add_classes(struct tally *t, const struct record *r, enum bucket tls)
{
	const struct side *sides = t->sides;
	enum bucket bucket;
	size_t i, j;

	for (i = 0; i < t->nsides; i++) {
		for (j = 0; j < i && !same_class(&sides[i], &sides[j]); j++)
			;
		if (j < i)
			continue;
		bucket = tls;
		for (; j < t->nsides; j++)
			if (sides[j].refused &&
			    same_class(&sides[i], &sides[j]))
				bucket = BUCKET_REFUSED;
		add_flow(t, r, sides[i].dir, sides[i].class, bucket);
	}
}

static void
add_correspondent(struct tally *t, const struct record *r,
    const struct side *side, enum bucket bucket)
{
	struct correspondent_count *count;
	int is_new;

	count = tally_correspondent(t, day_of(r->time), side->dir,
	    side->domain, &is_new);
	count->buckets[bucket]++;
	count->legacy += side->legacy;
	count->testing += side->testing;
	count->messages += side->messages;
	count->rcpts += side->rcpts;
	if (is_new || r->time < count->first)
		count->first = r->time;
	if (is_new || r->time >= count->last) {
		count->last = r->time;
		if (strcmp(count->class, side->class) != 0)
			strlcpy(count->class, side->class,
			    sizeof(count->class));
	}
}

/* Table incident's "why", or NULL: all is well, or nothing was tried. */
static const char *
why_of(const struct record *r, const struct side *side, enum bucket bucket)
{
	/*
	 * In "mode testing" mail of others in clear went through: how that came
	 * is said instead.
	 */
	if (side->refused || (side->testing && (bucket != BUCKET_CLEAR ||
	    side->ours || side->why != REFUSAL_NO_TLS)))
		return side->why == REFUSAL_NONE ? "not-said" :
		    refusal_name(side->why);
	if (bucket == BUCKET_REFUSED)
		return "forced";
	if (bucket != BUCKET_CLEAR)
		return NULL;
	if (side->legacy)
		return "legacy";
	switch (r->starttls) {
	case STARTTLS_ABSENT:
		return "not-offered";
	case STARTTLS_REFUSED:
		return "refused";
	case STARTTLS_OFFERED:
		return "handshake";
	default:
		return "not-asked";
	}
}

static void
add_incident(struct tally *t, const struct record *r, const struct side *side,
    enum bucket bucket)
{
	const char *why = why_of(r, side, bucket);
	char addr[64];
	struct incident_count *count;
	struct key key;
	int is_new;

	if (why == NULL)
		return;
	/* Of our own users' mail neither is theirs. */
	text_cut(side->ours ? NULL : r->remote, addr, sizeof(addr));
	key_start(&key);
	key_int(&key, day_of(r->time));
	key_int(&key, side->dir);
	key_text(&key, side->domain);
	key_text(&key, why);
	key_text(&key, addr);
	count = hash_get(t->incident, key.buf, key.len, &is_new);
	count->sessions++;
	count->testing += side->testing && !side->refused;
	if (is_new || r->time < count->first)
		count->first = r->time;
	if (is_new || r->time >= count->last) {
		count->last = r->time;
		text_cut(side->ours ? NULL : r->rdns != NULL ? r->rdns :
		    r->helo, count->host, sizeof(count->host));
	}
}

/*
 * Which domains mail waits for tells whose a failed session was that names
 * none.
 */
static void
add_waiting(struct tally *t, const struct record *r)
{
	char domain[DOMAIN_MAX];
	struct waiting_count *count;
	size_t i;

	for (i = 0; i < r->ntx; i++) {
		if (r->tx[i].messages == 0 ||
		    r->tx[i].verdict == VERDICT_REJECT)
			continue;
		tally_domain(r->tx[i].to, domain, sizeof(domain));
		if (*domain == '*' || *domain == '<' ||
		    conf_is_local(t->conf, domain))
			continue;
		count = tally_waiting(t, domain);
		if (r->dir == DIR_OUT) {
			if (r->time > count->last_out)
				count->last_out = r->time;
			if (count->last_in <= count->last_out)
				count->first_in = 0;
			continue;
		}
		if (r->time > count->last_out && (count->first_in == 0 ||
		    r->time < count->first_in))
			count->first_in = r->time;
		if (r->time > count->last_in)
			count->last_in = r->time;
	}
}

/* What the database has of it, and what this batch adds. */
static int64_t
waits_now(const char *domain, int64_t last, void *arg)
{
	const struct tally *t = arg;
	const struct waiting_count *count;
	struct key key;

	key_start(&key);
	key_text(&key, domain);
	if ((count = hash_find(t->waiting, key.buf, key.len)) == NULL)
		return last;
	if (count->last_in > last)
		last = count->last_in;
	return last > count->last_out ? last : 0;
}

/*
 * No recipient was named, though TLS was tried: it failed and nothing was sent,
 * or MAIL FROM was refused.
 */
static int
is_nameless(const struct tally *t, const struct record *r)
{
	return r->dir == DIR_OUT && r->ntx == 0 && !r->report &&
	    t->nsides == 0 && (r->failure != FAILURE_NONE || r->mail != NULL);
}

/*
 * Whether it is of the last minutes, and whose it was may show in what is being
 * learned.
 */
static int
may_show(const struct tally *t, const struct record *r)
{
	int64_t age = t->looked - r->time;

	/* It may have ended since, or the clock was set back by as much. */
	return age >= -NOTICED_SECONDS && age < TALLY_WAIT_SECONDS &&
	    (age < NOTICED_SECONDS ||
	    t->learning <= r->time + NOTICED_SECONDS);
}

/* A side for each domain that it is found to be of; 1: that may show later. */
static int
sides_find(struct tally *t, const struct record *r)
{
	struct side *side;
	size_t i;

	whose_session(t->judge, t->past, r, waits_now, t, &t->whose);
	if (t->whose.is != WHOSE_FOUND && may_show(t, r))
		return 1;
	for (i = 0; i < t->whose.n; i++) {
		side = tally_side(t, DIR_OUT, t->whose.domain[i], NULL);
		strlcpy(side->class, conf_class_name(t->conf,
		    conf_class(t->conf, side->domain)), sizeof(side->class));
		side->mail = 1;
	}
	if (t->whose.is == WHOSE_UNKNOWN && r->failure != FAILURE_NONE)
		tally_unknown(t, r);
	return 0;
}

/*
 * TLS failed, and the mail went by the connection after it: one session, of
 * which only the second half is a flow.
 */
static int
is_first_half(const struct record *r)
{
	size_t i;

	if (r->dir != DIR_OUT || r->failure != FAILURE_VALIDATION ||
	    r->tls != NULL)
		return 0;
	for (i = 0; i < r->ntx; i++)
		if (r->tx[i].rcpts != 0)
			return 0;
	return r->ntx > 0 || r->mail != NULL;
}

/*
 * Connected, and no more: the host was busy, blocks us, or went away, and no
 * TLS was forced.  That is no session without TLS.
 */
static int
is_nothing(const struct tally *t, const struct record *r, int nameless)
{
	if (r->dir != DIR_OUT || r->ntx > 0 || r->mail != NULL ||
	    r->tls != NULL)
		return 0;
	if (tally_is_smarthost(t, r))
		return r->failure != FAILURE_VALIDATION;
	return r->failure == FAILURE_NONE ||
	    (nameless && t->whose.is == WHOSE_NOBODYS);
}

static void
add_sides(struct tally *t, const struct record *r, enum bucket tls)
{
	enum record_dir dir = r->dir;
	enum bucket bucket;
	struct side *side;
	size_t i;
	int refused = tls == BUCKET_REFUSED, theirs = 0;

	for (i = 0; i < t->nsides; i++) {
		side = &t->sides[i];
		refused |= side->refused;
		theirs |= !side->ours;
		bucket = side->refused ? BUCKET_REFUSED : tls;
		add_correspondent(t, r, side, bucket);
		add_incident(t, r, side, bucket);
	}
	if (t->nsides > 0 && !theirs)
		dir = DIR_OUT;
	add_flow(t, r, dir, CLASS_ALL, refused ? BUCKET_REFUSED : tls);
	if (tally_is_local(r) && t->nsides == 0)
		add_flow(t, r, dir, CLASS_LOCAL, tls);
	add_classes(t, r, tls);
}

/* Addresses that sessions failed at, and what became of those after that. */
static void
addr_note(struct tally *t, const struct record *r)
{
	struct addr_seen *seen;
	struct key key;

	if (t->addrs == NULL || r->dir != DIR_OUT || r->remote == NULL)
		return;
	if (hash_count(t->addrs) >= ADDRS_MAX)
		hash_clear(t->addrs);
	key_start(&key);
	key_text(&key, r->remote);
	seen = r->failure != FAILURE_NONE ?
	    hash_get(t->addrs, key.buf, key.len, NULL) :
	    hash_find(t->addrs, key.buf, key.len);
	if (seen == NULL)
		return;
	if (r->time > seen->used)
		seen->used = r->time;
	seen->over = whose_over_by(t->past, r->remote);
}

int
tally_record(struct tally *t, const struct record *r)
{
	enum bucket tls = bucket_of_tls(r);
	int nameless;

	tally_sides(t, r);
	if ((nameless = is_nameless(t, r)) && sides_find(t, r))
		return 1;
	t->lost += r->lost;
	if (r->dir == DIR_OUT && r->ntx == 0 && r->mail == NULL)
		whose_over(t->past, r);
	addr_note(t, r);
	if (is_first_half(r)) {
		tally_session(t, r);
		return 0;
	}
	if (is_nothing(t, r, nameless))
		return 0;
	/* Forced TLS failed: nothing was sent. */
	if (r->dir == DIR_OUT && r->ntx == 0 && r->mail == NULL &&
	    r->failure != FAILURE_NONE)
		tls = BUCKET_REFUSED;
	add_sides(t, r, tls);
	add_waiting(t, r);
	if (r->dir == DIR_OUT)
		tally_session(t, r);
	return 0;
}
