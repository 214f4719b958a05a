/* SPDX-License-Identifier: ISC */

/*
 * Nobody is flooded, whoever's record names him: how many reports go to one
 * mail address or https host a day, and how many at once to one address; and
 * nobody waits for others' name servers.
 */

#include <sys/types.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/addr.h"
#include "base/domain.h"
#include "base/log.h"
#include "deliver/deliver_job.h"
#include "lib/date.h"
#include "lib/hash.h"

/*
 * What met a full host waits so long, and up to twice as long again; less
 * where only the address is the same, which many good hosts may share.
 */
#define CROWDED_SECONDS 5
#define CROWDED_ADDRESS_SECONDS 1
/* Of IPv6, one holder's addresses agree in so many bits. */
#define HOLDER_BITS 64
/*
 * A name server that does not answer keeps a look-up for seconds, and all
 * names of a zone have the same: so many are looked up at once that agree in
 * their last two labels, and in their last three; of records and of addresses.
 */
#define ZONE_MAX 24
#define SUBZONE_MAX 8
/*
 * Where one waits for longer, others must not wait behind it: then those for
 * which there is no room are put off, and whatever is due is looked at.
 */
#define STUCK_MS 2000

/* IPv4 stands in one /64 as a whole, and in that of NAT64. */
static int
is_ipv4(const struct addr *addr)
{
	return memcmp(addr->ip, "\0\0\0\0\0\0\0\0", 8) == 0 ||
	    addr_is_nat64(addr);
}

static int
is_same_holder(const struct addr *a, const struct addr *b)
{
	struct cidr net;

	net.addr = *a;
	net.bits = is_ipv4(a) ? 128 : HOLDER_BITS;
	return cidr_match(&net, b);
}

/* As they are counted: an address, or of IPv6 its holder's network. */
static size_t
holder_key(const struct addr *addr)
{
	return is_ipv4(addr) ? sizeof(addr->ip) : HOLDER_BITS / 8;
}

/* Posts to that one's address number i today; NULL: counted before it. */
static int *
posts_of(const struct job *job, size_t i, int64_t now)
{
	struct deliver *d = job->deliver;
	const char *text = json_string_value(json_array_get(job->addrs, i));
	struct addr addr, other;
	size_t j;

	if (day_of(now) != d->posted_day)
		hash_clear(d->posted);
	d->posted_day = day_of(now);
	if (text == NULL || addr_parse(text, strlen(text), &addr) == -1)
		return NULL;
	for (j = 0; j < i; j++) {
		text = json_string_value(json_array_get(job->addrs, j));
		if (text != NULL && addr_parse(text, strlen(text),
		    &other) == 0 && is_same_holder(&addr, &other))
			return NULL;
	}
	return hash_get(d->posted, addr.ip, holder_key(&addr), NULL);
}

static void
count_post(const struct job *job, int64_t now, int by)
{
	size_t i;
	int *n;

	for (i = 0; i < json_array_size(job->addrs); i++)
		if ((n = posts_of(job, i, now)) != NULL && *n + by >= 0)
			*n += by;
}

/* Many names may stand at one address: whoever has that is not flooded. */
static int
is_spent(const struct job *job, int64_t now)
{
	size_t i;
	int *n;

	for (i = 0; i < json_array_size(job->addrs); i++)
		if ((n = posts_of(job, i, now)) != NULL &&
		    *n >= job->deliver->engine->conf->report_limit)
			return 1;
	return 0;
}

static int
hold(struct job *job, const char *where, int64_t now)
{
	struct engine *e = job->deliver->engine;
	char text[128];

	(void)snprintf(text, sizeof(text), "held back: %d reports went %s"
	    " this UTC day already (report limit)", e->conf->report_limit,
	    where);
	log_info("report=%lld to=%s state=held text=\"%s\"",
	    (long long)job->report, log_clean(job->place), text);
	if (store_delivery_note(e->store, job->delivery, "held", now, 0, 0,
	    text) == -1 ||
	    store_delivery_settle(e->store, job->report, now) == -1)
		return -1;
	return 1;
}

int
send_held_address(struct job *job, int64_t now)
{
	/* One that is tried again was counted. */
	if (job->counted || job->tries > 1)
		return 0;
	if (is_spent(job, now))
		return hold(job, "to its address", now);
	count_post(job, now, 1);
	job->counted = 1;
	return 0;
}

void
send_uncount(struct job *job)
{
	if (job->counted)
		count_post(job, time(NULL), -1);
	job->counted = 0;
}

int
send_held(struct job *job, const struct store_delivery *row, int64_t now)
{
	if (row->target[0] != '\0' &&
	    row->today >= job->deliver->engine->conf->report_limit)
		return hold(job, "there", now);
	return job->stage == JOB_POST ? send_held_address(job, now) : 0;
}

static int
count_host(const struct jobs *jobs, const char *host)
{
	const struct job *job;
	int n = 0;

	TAILQ_FOREACH(job, jobs, entry)
		if ((job->stage == JOB_ADDRESS || job->stage == JOB_POST) &&
		    strcmp(job->rua.uris[0].host, host) == 0)
			n++;
	return n;
}

/* What is looked up, of a JOB_LOOKUP or a JOB_ADDRESS. */
static const char *
name_asked(const struct job *job)
{
	return job->stage == JOB_LOOKUP ? job->domain : job->rua.uris[0].host;
}

static int
count_zone(const struct jobs *jobs, const struct job *job, int labels)
{
	const char *zone = domain_last_labels(name_asked(job), labels);
	const struct job *other;
	int n = 0;

	TAILQ_FOREACH(other, jobs, entry)
		if (other->stage == job->stage && strcmp(zone,
		    domain_last_labels(name_asked(other), labels)) == 0)
			n++;
	return n;
}

/* Look-ups under way, or about to be, whose name servers may be that one's. */
static int
is_zone_crowded(const struct job *job, const struct jobs *claimed)
{
	const struct jobs *asked = &job->deliver->asked;

	return count_zone(asked, job, 2) + (claimed == NULL ? 0 :
	    count_zone(claimed, job, 2)) >= ZONE_MAX ||
	    count_zone(asked, job, 3) + (claimed == NULL ? 0 :
	    count_zone(claimed, job, 3)) >= SUBZONE_MAX;
}

/*
 * While those that wait for their zone go on, the others need not be put off:
 * what is not claimed costs nothing, and has its turn as soon as there is room.
 */
int
lookup_room(const struct deliver *d)
{
	const struct job *first = TAILQ_FIRST(&d->waiting);
	int room = LOOKUPS_MAX - (int)d->count[JOB_LOOKUP];
	int left = WAITING_MAX - (int)d->nwaiting;

	if (first == NULL || loop_now() - first->waits >= STUCK_MS)
		return room;
	return room < left ? room : left;
}

int
lookup_crowded(struct job *job, int64_t now, const struct jobs *claimed)
{
	struct deliver *d = job->deliver;

	if (!is_zone_crowded(job, claimed))
		return 0;
	d->moved++;
	if (d->nwaiting < WAITING_MAX) {
		job->waits = loop_now();
		TAILQ_INSERT_TAIL(&d->waiting, job, entry);
		d->nwaiting++;
		return 1;
	}
	if (store_report_release(d->engine->store, job->report, now +
	    CROWDED_SECONDS + arc4random_uniform(2 * CROWDED_SECONDS)) == -1)
		return -1;
	job_free(job);
	return 1;
}

int
lookup_is_known(const struct deliver *d, int64_t report, const char *domain)
{
	const struct jobs *lists[] = { &d->waiting, &d->asked,
	    &d->answered };
	const struct job *job;
	size_t i;

	for (i = 0; i < nitems(lists); i++)
		TAILQ_FOREACH(job, lists[i], entry)
			if (job->stage == JOB_LOOKUP && job->report ==
			    report && strcmp(job->domain, domain) == 0)
				return 1;
	return 0;
}

struct job *
lookup_waiting(struct deliver *d, const char *like)
{
	const char *zone = like == NULL ? NULL : domain_last_labels(like, 2);
	struct job *job;

	if (d->count[JOB_LOOKUP] >= LOOKUPS_MAX)
		return NULL;
	TAILQ_FOREACH(job, &d->waiting, entry)
		if ((zone == NULL ||
		    strcmp(zone, domain_last_labels(job->domain, 2)) == 0) &&
		    !is_zone_crowded(job, NULL))
			break;
	if (job != NULL) {
		TAILQ_REMOVE(&d->waiting, job, entry);
		d->nwaiting--;
	}
	return job;
}

static int
wait_a_while(struct job *job, int64_t now, uint32_t seconds)
{
	job->deliver->moved++;
	return store_delivery_unclaim(job->deliver->engine->store,
	    job->delivery, now + seconds + arc4random_uniform(2 * seconds)) ==
	    -1 ? -1 : 1;
}

/* Whether one of the addresses a POST goes to is that one's holder's. */
static int
goes_to(const struct job *job, const struct addr *addr)
{
	const char *text;
	struct addr other;
	json_t *item;
	size_t i;

	json_array_foreach(job->addrs, i, item) {
		text = json_string_value(item);
		if (text != NULL && addr_parse(text, strlen(text),
		    &other) == 0 && is_same_holder(addr, &other))
			return 1;
	}
	return 0;
}

/* POSTs of a list to one address of that one's, whatever their names. */
static int
most_to_one(const struct job *job, const struct jobs *jobs)
{
	const struct job *other;
	const char *text;
	struct addr addr;
	json_t *item;
	size_t i;
	int n, most = 0;

	json_array_foreach(job->addrs, i, item) {
		text = json_string_value(item);
		if (text == NULL || addr_parse(text, strlen(text), &addr) ==
		    -1)
			continue;
		n = 0;
		TAILQ_FOREACH(other, jobs, entry)
			if (other->stage == JOB_POST && goes_to(other, &addr))
				n++;
		if (n > most)
			most = n;
	}
	return most;
}

static int
count_posts(const struct jobs *jobs)
{
	const struct job *job;
	int n = 0;

	TAILQ_FOREACH(job, jobs, entry)
		n += job->stage == JOB_POST;
	return n;
}

/* Whether there is no room for a POST to these addresses. */
static int
is_full(const struct job *job, const struct jobs *claimed)
{
	const struct jobs *asked = &job->deliver->asked;

	if (count_posts(asked) + (claimed == NULL ? 0 : count_posts(claimed))
	    >= POSTS_MAX)
		return 1;
	return most_to_one(job, asked) + (claimed == NULL ? 0 :
	    most_to_one(job, claimed)) >= POSTS_HOST_MAX;
}

int
send_crowded(struct job *job, int64_t now, const struct jobs *claimed)
{
	struct deliver *d = job->deliver;
	const char *host;

	/* What comes there is taken for the one that is in doubt. */
	if (job->stage == JOB_MAIL)
		return doubt_holds(d, job_mail_address(job)) ?
		    wait_a_while(job, now, CROWDED_SECONDS) : 0;
	host = job->rua.uris[0].host;
	if (count_host(&d->asked, host) + count_host(&d->answered, host) +
	    count_host(claimed, host) >= POSTS_HOST_MAX)
		return wait_a_while(job, now, CROWDED_SECONDS);
	if (job->stage == JOB_POST && is_full(job, claimed))
		return wait_a_while(job, now, CROWDED_ADDRESS_SECONDS);
	if (job->stage == JOB_ADDRESS && is_zone_crowded(job, claimed))
		return wait_a_while(job, now, CROWDED_SECONDS);
	return 0;
}

int
send_crowded_address(struct job *job, int64_t now)
{
	return is_full(job, NULL) ?
	    wait_a_while(job, now, CROWDED_ADDRESS_SECONDS) : 0;
}
