/* SPDX-License-Identifier: ISC */

/*
 * Nobody is flooded, whoever's record names him: how many reports go to one
 * mail address or https host a day, and how many at once to one address.
 */

#include <sys/types.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/log.h"
#include "deliver/deliver_job.h"

/*
 * What met a full host waits so long, and up to twice as long again; less
 * where only the address is the same, which many good hosts may share.
 */
#define CROWDED_SECONDS 5
#define CROWDED_ADDRESS_SECONDS 1
/* Of IPv6, one holder's addresses agree in so many bits. */
#define HOLDER_BITS 64

int
send_held(struct job *job, const struct store_delivery *row, int64_t now)
{
	struct engine *e = job->deliver->engine;
	char text[128];

	if (row->target[0] == '\0' || row->today < e->conf->report_limit)
		return 0;
	(void)snprintf(text, sizeof(text), "held back: %d reports went there"
	    " this UTC day already (report limit)", e->conf->report_limit);
	log_info("report=%lld to=%s state=held text=\"%s\"",
	    (long long)job->report, log_clean(job->place), text);
	if (store_delivery_note(e->store, job->delivery, "held", now, 0, 0,
	    text) == -1 ||
	    store_delivery_settle(e->store, job->report, now) == -1)
		return -1;
	return 1;
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

static int
wait_a_while(struct job *job, int64_t now, uint32_t seconds)
{
	return store_delivery_unclaim(job->deliver->engine->store,
	    job->delivery, now + seconds + arc4random_uniform(2 * seconds)) ==
	    -1 ? -1 : 1;
}

int
send_crowded(struct job *job, int64_t now, const struct jobs *claimed)
{
	struct deliver *d = job->deliver;
	const char *host;

	if (job->stage == JOB_MAIL)
		return 0;
	host = job->rua.uris[0].host;
	if (count_host(&d->asked, host) + count_host(&d->answered, host) +
	    count_host(claimed, host) < POSTS_HOST_MAX)
		return 0;
	return wait_a_while(job, now, CROWDED_SECONDS);
}

static int
is_same_holder(const struct addr *a, const struct addr *b)
{
	struct cidr net;

	net.addr = *a;
	net.bits = HOLDER_BITS;
	/* IPv4 stands in one /64 as a whole. */
	if (memcmp(a->ip, "\0\0\0\0\0\0\0\0", 8) == 0)
		net.bits = 128;
	return cidr_match(&net, b);
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

/* POSTs under way to one address of that one's, whatever their names. */
static int
most_to_one(const struct job *job)
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
		TAILQ_FOREACH(other, &job->deliver->asked, entry)
			if (other->stage == JOB_POST && goes_to(other, &addr))
				n++;
		if (n > most)
			most = n;
	}
	return most;
}

int
send_crowded_address(struct job *job, int64_t now)
{
	return most_to_one(job) < POSTS_HOST_MAX ? 0 :
	    wait_a_while(job, now, CROWDED_ADDRESS_SECONDS);
}
