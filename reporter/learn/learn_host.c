/* SPDX-License-Identifier: ISC */

/*
 * MX hosts that go back and come forward again, for every domain that has
 * them.
 */

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "learn/lesson.h"
#include "base/log.h"

static int
reorder(const char *domain, void *arg)
{
	return route_order(arg, domain, time(NULL));
}

int
host_back(struct learn *l, const char *host, int64_t now)
{
	struct store *st = l->engine->store;
	int64_t failures = store_mx_failures(st, host), wait = BACK_MIN;
	int back = store_mx_is_back(st, host, now);

	if (failures == -1 || back == -1)
		return -1;
	/* A session and a look that failed together are one failure. */
	if (back)
		return 0;
	for (; failures > 0 && wait < BACK_MAX; failures--)
		wait *= 2;
	if (wait > BACK_MAX)
		wait = BACK_MAX;
	if (store_mx_failed(st, host, now + wait) == -1)
		return -1;
	return store_mx_domains(st, host, reorder, l);
}

int
host_forward(struct learn *l, const char *host)
{
	struct store *st = l->engine->store;
	int64_t failures = store_mx_failures(st, host);

	if (failures <= 0)
		return (int)failures;
	log_info("%s works again", host);
	if (store_mx_works(st, host) == -1)
		return -1;
	return store_mx_domains(st, host, reorder, l);
}

/* What is sure: it has addresses ("" said), or none. */
static int
is_said(struct learn *l, const char *host, const char *said)
{
	struct store *st = l->engine->store;
	int changed = store_mx_noaddr(st, host, said);

	if (changed <= 0)
		return changed;
	/* There is nothing to ask whether it works. */
	if (*said != '\0' && store_mx_works(st, host) == -1)
		return -1;
	return store_mx_domains(st, host, reorder, l);
}

/*
 * The look-up failed.  Of a host whose addresses are known sessions and looks
 * tell whether it works; nobody else tells of the others.
 */
static int
is_silent(struct lesson *lesson, const char *host, int64_t now)
{
	struct learn *l = lesson->learn;
	char addr[1][64];
	size_t n = nitems(addr);

	if (store_mxaddr_of(l->engine->store, lesson->domain, host, addr,
	    &n) == -1)
		return -1;
	return n > 0 ? 0 : host_back(l, host, now);
}

int
host_addresses(struct lesson *lesson, int64_t now)
{
	const struct lesson_addr *a = lesson->addrs, *last = NULL;
	size_t i;
	int rc;

	for (i = 0; i < lesson->naddrs; i++, last = a++) {
		/* Those of one host stand together. */
		if (last != NULL && strcmp(last->host, a->host) == 0)
			continue;
		if (*a->addr != '\0' || *a->said != '\0')
			rc = is_said(lesson->learn, a->host, a->said);
		else
			rc = is_silent(lesson, a->host, now);
		if (rc == -1)
			return -1;
	}
	return 0;
}
