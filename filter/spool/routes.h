/* SPDX-License-Identifier: ISC */

#ifndef SGE_ROUTES_H
#define SGE_ROUTES_H

#include <stdint.h>

#include "base/compat.h"

/*
 * SPOOL/routes: what sged has learned, "domain|requirement|valid-until|urls",
 * the last line of a domain holds; beneath it, what was learned before
 * (routes_base.h).  The lines are kept in memory; each look first asks fstat(2)
 * whether there is more to read, or a shorter file to open anew.
 */

enum route_kind {
	ROUTE_UNKNOWN,		/* no line, or "enforce" and its time is over */
	ROUTE_NONE,
	ROUTE_ENFORCE
};

/*
 * A "none" line whose time is over holds on until another says more: stale.
 * until and urls stand also where the time is over: mail that was queued
 * under that route still needs its host.
 */
struct route {
	enum route_kind	 kind;
	int		 stale;		/* sged should be told of it */
	int64_t		 until;		/* epoch seconds, the first it's over */
	const char	*urls;		/* comma-separated, "" if none */
};

struct routes;

/* The file need not exist yet.  NULL without memory. */
struct routes *routes_open(const char *path);
/* The spool's own. */
struct routes *routes_open_in(const char *spool);
void	routes_free(struct routes *);
/*
 * domain in normal form.  Fills out; out->urls is good until the next call.
 * Never fails: what can't be read is not known; that a file can't be opened
 * is logged once.
 */
void	routes_find(struct routes *, const char *domain, int64_t now,
	    struct route *out);
/*
 * Every line that holds, for compaction and for the operator; kind is the
 * line's own, whether or not its time is over.
 */
void	routes_each(struct routes *,
	    void (*)(const char *domain, const struct route *, void *), void *);

#endif
