/* SPDX-License-Identifier: ISC */

#ifndef SGE_TOLD_H
#define SGE_TOLD_H

#include <stdint.h>

#include "store/store.h"

/*
 * What the views read of the reports that we make: store_told.c.  Strings of a
 * row are good inside its callback only.  All return 0, or -1 with a log line.
 */

struct told_report {
	int64_t		 id;
	int64_t		 day;
	const char	*domain;
	const char	*report_id;
	const char	*state;
	int64_t		 due;
	const char	*record;
	const char	*note;
	int64_t		 ok;
	int64_t		 fail;
	int64_t		 done;
};

/* Newest day first, unfinished ones first within it. */
int	told_reports(struct store *, int64_t first, int64_t last,
	    void (*)(const struct told_report *, void *), void *);
/* How many of each state a day has. */
int	told_days(struct store *, int64_t first, int64_t last,
	    void (*)(int64_t day, const char *state, int64_t n, void *),
	    void *);

struct told_delivery {
	int64_t		 report;
	const char	*uri;
	const char	*state;
	int64_t		 tries;
	int64_t		 next;
	int64_t		 last;
	int64_t		 code;
	const char	*text;
};

int	told_deliveries(struct store *, int64_t report,
	    void (*)(const struct told_delivery *, void *), void *);

/* Deliveries, or reports without any, by state. */
int	told_states(struct store *, int64_t first, int64_t last,
	    void (*)(const char *state, int64_t n, int64_t next, void *),
	    void *);

struct told_bounce {
	const char	*address;
	int64_t		 count;
	int64_t		 last;
	int64_t		 until;
	const char	*text;
};

int	told_bounces(struct store *, void (*)(const struct told_bounce *,
	    void *), void *);

/* One domain and policy in the tallies. */
struct told_tally {
	const char	*domain;
	const char	*type;		/* "sts", "no-policy-found" */
	const char	*mode;
	int64_t		 ok;
	int64_t		 fail;
};

/* Most failures first. */
int	told_tallies(struct store *, int64_t first, int64_t last,
	    void (*)(const struct told_tally *, void *), void *);
/* All of them together. */
int	told_sums(struct store *, int64_t first, int64_t last, int64_t *ok,
	    int64_t *fail);

struct told_detail {
	const char	*type;
	const char	*sip;
	const char	*rip;
	const char	*mx;
	const char	*helo;
	const char	*reason;
	int		 pending;
	int64_t		 count;
};

/* What failed for one domain under one policy type, most first. */
int	told_details(struct store *, int64_t first, int64_t last,
	    const char *domain, const char *type,
	    void (*)(const struct told_detail *, void *), void *);

/* What became of the newest report of that domain in the period. */
int	told_latest(struct store *, int64_t first, int64_t last,
	    const char *domain,
	    void (*)(const struct told_report *, void *), void *);

#endif
