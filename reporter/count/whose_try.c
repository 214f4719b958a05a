/* SPDX-License-Identifier: ISC */

/*
 * What smtpd makes of attempts.  It knows an address as a whole, whatever
 * hosts have it.  Where it was quiet there, the first session decides: if that
 * fails, all mail for hosts of that address is given up at once, and what comes
 * in the next fifteen seconds, too.  If it went well, a host whose own session
 * fails is tried again every five seconds, as long as there are sessions.  The
 * order of hosts that wait shows in no event, so where two are left it is not
 * known whose session it was; to take the first would be a guess.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "count/whose_try.h"
#include "lib/hash.h"
#include "lib/xalloc.h"
#include "store/store_attempt.h"
#include "store/store_route.h"

/* smtpd needs so long at most to find a host's addresses. */
#define LOOKUP_SECONDS 60
/* It leaves an address alone so long, less one for the rest of a second. */
#define DISABLED_SECONDS 14
/* What a look said, or a session that went well, holds so long. */
#define GOOD_SECONDS 3600
/* Domains and addresses remembered. */
#define PAST_MAX 100000

struct over {
	int64_t	 until;		/* attempts until then are; milliseconds */
	int64_t	 before;	/* what "until" was before */
	int64_t	 at;		/* end of the session that did it; seconds */
};

struct whose_past {
	struct hash	*done;		/* domain -> milliseconds */
	struct hash	*over;		/* address -> struct over */
	struct hash	*good;		/* "host address" -> seconds */
};

struct whose_past *
whose_past_new(void)
{
	struct whose_past *past;

	past = xcalloc(1, sizeof(*past));
	past->done = hash_new(sizeof(int64_t));
	past->over = hash_new(sizeof(struct over));
	past->good = hash_new(sizeof(int64_t));
	return past;
}

void
whose_past_free(struct whose_past *past)
{
	hash_free(past->done);
	hash_free(past->over);
	hash_free(past->good);
	free(past);
}

static void *
past_find(struct hash *h, const char *name)
{
	struct key key;

	key_start(&key);
	key_text(&key, name);
	return hash_find(h, key.buf, key.len);
}

static void *
past_get(struct hash *h, const char *name)
{
	struct key key;

	if (hash_count(h) >= PAST_MAX)
		hash_clear(h);
	key_start(&key);
	key_text(&key, name);
	return hash_get(h, key.buf, key.len, NULL);
}

/* Where smtpd verified the host of that address. */
static int64_t *
good_at(struct whose_past *past, const char *host, const char *addr)
{
	char name[DOMAIN_MAX + 64];

	(void)snprintf(name, sizeof(name), "%s %s", host, addr);
	return past_get(past->good, name);
}

void
whose_went(struct judge *j, struct whose_past *past, const struct record *r,
    const char *domain)
{
	char host[DOMAIN_MAX];
	int64_t *done, *good;

	if (r->remote == NULL)
		return;
	done = past_get(past->done, domain);
	if (r->time * 1000 + 999 > *done)
		*done = r->time * 1000 + 999;
	if (store_mxaddr_host(judge_store(j), r->remote, domain, host,
	    sizeof(host)) == -1 || host[0] == '\0')
		return;
	good = good_at(past, host, r->remote);
	if (r->time > *good)
		*good = r->time;
}

void
whose_over(struct whose_past *past, const struct record *r)
{
	struct over *over;

	if (r->remote == NULL || r->busy < 0)
		return;
	if (r->busy > 0) {
		/* A session where there could be none: it was not given up. */
		if ((over = past_find(past->over, r->remote)) != NULL &&
		    r->began >= over->at &&
		    r->began < over->at + DISABLED_SECONDS)
			over->until = over->before;
		return;
	}
	over = past_get(past->over, r->remote);
	over->before = over->until;
	over->at = r->time;
	over->until = (r->time + DISABLED_SECONDS) * 1000;
}

int64_t
whose_over_by(struct whose_past *past, const char *addr)
{
	const struct over *over = past_find(past->over, addr);

	return over == NULL ? 0 : over->until / 1000;
}

/* Milliseconds: attempts until then can't have led to the session. */
static int64_t
over_until(struct store *st, struct whose_past *past, const struct record *r,
    const char *domain)
{
	const int64_t *done = past_find(past->done, domain);
	const struct over *over = past_find(past->over, r->remote);
	int64_t after = done == NULL ? 0 : *done;

	if (r->busy >= 0 && (r->began - r->busy - LOOKUP_SECONDS) * 1000 >
	    after)
		after = (r->began - r->busy - LOOKUP_SECONDS) * 1000;
	/* A host of several addresses is tried at the others. */
	if (over != NULL && over->until > after &&
	    store_mxaddr_alone(st, domain, r->remote) == 1)
		after = over->until;
	return after;
}

void
tries_add(struct tries *tries, struct judge *j, struct whose_past *past,
    const struct record *r, const char *domain)
{
	struct store *st = judge_store(j);
	int64_t until = (r->began != 0 ? r->began : r->time) * 1000 + 999;
	struct try *try;
	int found;

	tries->past = past;
	tries->v = xreallocarray(tries->v, tries->n + 1, sizeof(*tries->v));
	try = &tries->v[tries->n];
	found = store_attempt_at(st, domain, r->remote, over_until(st, past, r,
	    domain), until, try->host, sizeof(try->host));
	if (found == 1) {
		strlcpy(try->domain, domain, sizeof(try->domain));
		tries->n++;
	}
}

void
tries_free(struct tries *tries)
{
	free(tries->v);
}

/* Its TLS was as it should be, about then. */
static int
is_good(const struct tries *tries, struct judge *j, const struct record *r,
    const struct try *try)
{
	const int64_t *good = good_at(tries->past, try->host, r->remote);
	struct store_probe p;

	if (llabs(*good - r->time) < GOOD_SECONDS)
		return 1;
	return store_probe_load(judge_store(j), try->host, r->remote, &p) ==
	    0 && llabs(p.probed - r->time) < GOOD_SECONDS &&
	    strcmp(p.status, "ok") == 0 && p.type[0] == '\0';
}

/*
 * The host that is left when those are passed over that are known to be good,
 * which did not fail; NULL where there are several.
 */
static const char *
only_host(const struct tries *tries, struct judge *j, const struct record *r)
{
	const char *only = NULL, *good = NULL, **host;
	int goods = 0;
	size_t i;

	for (i = 0; i < tries->n; i++) {
		/* Nothing was wrong with its TLS if it got to MAIL FROM. */
		host = r->failure != FAILURE_NONE &&
		    is_good(tries, j, r, &tries->v[i]) ? &good : &only;
		if (*host != NULL && strcmp(*host, tries->v[i].host) == 0)
			continue;
		if (host == &only && only != NULL)
			return NULL;
		goods += host == &good;
		*host = tries->v[i].host;
	}
	return only != NULL ? only : goods == 1 ? good : NULL;
}

void
tries_take(const struct tries *tries, struct judge *j, const struct record *r,
    struct whose *out)
{
	const char *host = only_host(tries, j, r);
	size_t i;

	for (i = 0; host != NULL && i < tries->n && out->n < WHOSE_MAX; i++) {
		if (strcmp(tries->v[i].host, host) != 0)
			continue;
		strlcpy(out->domain[out->n++], tries->v[i].domain,
		    sizeof(out->domain[0]));
		out->is = WHOSE_FOUND;
	}
}
