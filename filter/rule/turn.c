/* SPDX-License-Identifier: ISC */

#include <stdlib.h>
#include <string.h>

#include "base/compat.h"
#include "rule/turn.h"

/* Times are epoch seconds, 0: never. */
struct entry {
	char		 host[DOMAIN_MAX];
	int64_t		 given;		/* it had its turn */
	int64_t		 since;		/* it is kept waiting */
	int64_t		 asked;		/* and asked last */
};

struct turn_book {
	struct entry	 v[TURNS_MAX];
	size_t		 n;
};

struct turn_book *
turn_book_new(void)
{
	return calloc(1, sizeof(struct turn_book));
}

void
turn_book_free(struct turn_book *book)
{
	free(book);
}

static struct entry *
entry_find(struct turn_book *book, const char *host)
{
	size_t i;

	for (i = 0; i < book->n; i++)
		if (strcmp(book->v[i].host, host) == 0)
			return &book->v[i];
	return NULL;
}

/* In place of the one that was heard of longest ago, if need be. */
static struct entry *
entry_get(struct turn_book *book, const char *host)
{
	struct entry *e, *oldest = NULL;

	if ((e = entry_find(book, host)) != NULL)
		return e;
	if (book->n < TURNS_MAX)
		oldest = &book->v[book->n++];
	else
		for (e = book->v; e < book->v + book->n; e++)
			if (oldest == NULL || e->given + e->asked <
			    oldest->given + oldest->asked)
				oldest = e;
	memset(oldest, 0, sizeof(*oldest));
	strlcpy(oldest->host, host, sizeof(oldest->host));
	return oldest;
}

static int
is_listed(const struct turn *v, size_t n, const char *host)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(v[i].host, host) == 0)
			return 1;
	return 0;
}

/* A clock that was set back keeps nobody waiting. */
static int
is_within(int64_t when, int64_t now, int64_t seconds)
{
	return when != 0 && llabs(now - when) < seconds;
}

/* smtpd may be trying it: it was told the host, and that is not over. */
static int
is_tried(const struct turn *t, const struct entry *e, int64_t now)
{
	int64_t tried = t->tried;

	if (e != NULL && e->given > tried)
		tried = e->given;
	/* All of that second. */
	if (tried == 0 || tried < t->over)
		return 0;
	return is_within(tried, now, TURN_QUIET) ||
	    is_within(t->used, now, TURN_QUIET);
}

/* It is to be tried before the host of e. */
static int
is_next(const struct entry *other, const struct entry *e, int64_t now)
{
	return other != NULL && other->since != 0 &&
	    other->given < e->given && is_within(other->asked, now, TURN_ASKS);
}

/* Whether another of the host's address a comes first. */
static int
is_taken(struct turn_book *book, const struct turn *v, size_t n,
    const char *addr, const struct entry *e, int64_t now)
{
	const struct entry *other;
	size_t i;

	for (i = 0; i < n; i++) {
		if (strcmp(v[i].addr, addr) != 0 ||
		    strcmp(v[i].host, e->host) == 0)
			continue;
		other = entry_find(book, v[i].host);
		if (is_tried(&v[i], other, now) || is_next(other, e, now))
			return 1;
	}
	return 0;
}

int
turn_take(struct turn_book *book, const struct turn *v, size_t n,
    const char *host, int64_t now)
{
	struct entry *e;
	size_t i;

	if (!is_listed(v, n, host))
		return 1;
	e = entry_get(book, host);
	for (i = 0; i < n; i++) {
		if (strcmp(v[i].host, host) != 0 ||
		    !is_taken(book, v, n, v[i].addr, e, now))
			continue;
		if (e->since == 0)
			e->since = now;
		e->asked = now;
		if (llabs(now - e->since) < TURN_WAIT_MAX)
			return 0;
		break;
	}
	e->given = now;
	e->since = e->asked = 0;
	return 1;
}
