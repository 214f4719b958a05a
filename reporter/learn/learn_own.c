/* SPDX-License-Identifier: ISC */

/*
 * Looks at the MX hosts of our own domains once a day: what others will find
 * there, and when the certificates end.  No route comes of it.
 */

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "learn/lesson.h"
#include "base/log.h"
#include "lib/xalloc.h"

#define OWN_TICKS	(4 * 3600)	/* seconds between rounds */
#define OWN_MISSED	30		/* where one could not be written */
#define OWN_FIRST	20		/* smtpd may start after us */
#define OWN_ACTIVE_MAX	32		/* questions under way */
/* Rounds come a little early or late: still one look a day. */
#define OWN_AGE		(LOOK_DAILY - OWN_TICKS / 2)
#define OWN_ADDRS_MAX	8		/* of a host */

struct own {
	TAILQ_ENTRY(own) entry;
	struct learn	*learn;
	uint64_t	 number;
	char		 name[DOMAIN_MAX];	/* domain or host */
};

static void
own_free(struct own *own)
{
	struct learn *l = own->learn;

	if (own->number != 0)
		world_forget(l->engine->world, own->number);
	TAILQ_REMOVE(&l->owns, own, entry);
	l->nowns--;
	free(own);
}

static void
own_ask(struct learn *l, const char *op, const char *name,
    void (*answered)(json_t *, void *))
{
	struct own *own;
	json_t *request;

	own = xcalloc(1, sizeof(*own));
	own->learn = l;
	strlcpy(own->name, name, sizeof(own->name));
	TAILQ_INSERT_TAIL(&l->owns, own, entry);
	l->nowns++;
	if ((request = json_pack("{s:s, s:s}", "op", op, "name", name)) ==
	    NULL)
		fatalx("json_pack");
	own->number = world_ask(l->engine->world, WORLD_RESOLVE, request, -1,
	    answered, own);
}

/* A host that did not answer is tried again in the next round. */
static int64_t
age_of(struct own *own, const char *addr)
{
	struct store_probe p;

	return store_probe_load(own->learn->engine->store, own->name, addr,
	    &p) == 0 && p.probed > 0 && strcmp(p.status, "ok") != 0 ?
	    LOOK_FAILURE : OWN_AGE;
}

static void
on_addr(json_t *answer, void *arg)
{
	struct own *own = arg;
	const json_t *list = json_object_get(answer, "addr"), *item;
	const char *addr;
	size_t i;

	own->number = 0;
	json_array_foreach(list, i, item)
		if (i < OWN_ADDRS_MAX &&
		    (addr = json_string_value(item)) != NULL)
			look_at_own(own->learn, own->name, addr,
			    age_of(own, addr));
	own_free(own);
}

static void
on_mx(json_t *answer, void *arg)
{
	struct own *own = arg;
	struct learn *l = own->learn;
	struct store *st = l->engine->store;
	const json_t *list = json_object_get(answer, "mx"), *item;
	struct store_mx *mxs;
	const char *host;
	size_t i, n = 0;

	own->number = 0;
	mxs = xcalloc(MX_HOSTS_MAX, sizeof(*mxs));
	json_array_foreach(list, i, item) {
		host = json_string_value(json_array_get(item, 1));
		if (host == NULL || n == MX_HOSTS_MAX)
			break;
		strlcpy(mxs[n].host, host, sizeof(mxs[n].host));
		mxs[n].matches = 1;
		mxs[n++].pref = json_integer_value(json_array_get(item, 0));
	}
	/* Without an answer, what is known stays. */
	if (n > 0 && (store_begin(st) == -1 || store_end(st,
	    store_mx_set(st, own->name, mxs, n, time(NULL))) == -1))
		l->owns_missed = 1;
	for (i = 0; i < n; i++)
		own_ask(l, "addr", mxs[i].host, on_addr);
	free(mxs);
	own_free(own);
}

void
own_start(struct learn *l)
{
	TAILQ_INIT(&l->owns);
	l->own = SIZE_MAX;
}

void
own_stop(struct learn *l)
{
	struct own *own;

	while ((own = TAILQ_FIRST(&l->owns)) != NULL)
		own_free(own);
}

void
own_tick(struct learn *l)
{
	const struct conf *conf = l->engine->conf;
	const char *domain;

	if (l->ticks % OWN_TICKS == OWN_FIRST || (l->owns_missed &&
	    l->ticks % OWN_MISSED == 0)) {
		l->own = 0;
		l->owns_missed = 0;
	}
	while (l->nowns < OWN_ACTIVE_MAX &&
	    (domain = domset_next(conf->local, &l->own)) != NULL) {
		/* Which subdomains there are is not known. */
		if (*domain != '.')
			own_ask(l, "mx", domain, on_mx);
	}
}
