/* SPDX-License-Identifier: ISC */

#ifndef SGE_STORE_STS_H
#define SGE_STORE_STS_H

#include <stdint.h>

#include "base/bounds.h"
#include "store/store.h"
#include "rfc/sts.h"

/*
 * MTA-STS as held: tables sts, sts_history, policy (schema.c).  All return 0,
 * or -1 with a log line, unless said otherwise.
 */

#define STS_ID_SIZE 33

/* What is held for a domain, and what was last tried. */
struct store_sts {
	struct sts_policy *policy;	/* NULL: none was ever fetched */
	int64_t		 policy_id;	/* table policy */
	char		 id[STS_ID_SIZE];
	int64_t		 fetched;
	int64_t		 expires;
	int64_t		 refresh;
	int64_t		 tried;		/* 0: never */
	char		 tried_id[STS_ID_SIZE];
	char		 error[REPORT_TEXT_MAX + 1];
	char		 error_type[40];	/* RFC 8460's */
};

/* Zeros where the domain has no row.  store_sts_clear when done. */
int	store_sts_load(struct store *, const char *domain, struct store_sts *);
void	store_sts_clear(struct store_sts *);

/*
 * A policy was fetched: it is held from now on, in the table of applied
 * policies and in the history.  *policy_id: its row in table policy.
 */
int	store_sts_hold(struct store *, const char *domain, const char *id,
	    const struct sts_policy *, int64_t now, int64_t refresh,
	    int64_t *policy_id);
/* A fetch failed; what is held stays. */
int	store_sts_failed(struct store *, const char *domain, const char *id,
	    const char *type, const char *error, int64_t now,
	    int64_t refresh);
/* The TXT record was looked at. */
int	store_sts_checked(struct store *, const char *domain, int64_t now);
/*
 * It could not be looked at: status says how.  Returns 1 if that is new, 0, or
 * -1.  Forgotten once it can be, or nobody tries for a day.
 */
int	store_sts_broken(struct store *, const char *domain,
	    const char *status, int64_t now);
/* So many seconds already; 0 if it is not. */
int64_t	store_sts_broken_for(struct store *, const char *domain, int64_t now);
/* Returns 1 if it was broken before, 0, or -1. */
int	store_sts_mended(struct store *, const char *domain);
/* What was held is over, since then. */
int	store_sts_over(struct store *, const char *domain, int64_t since);

/* How many policies the domain had since then, or -1. */
int64_t	store_sts_changes(struct store *, const char *domain, int64_t since);

/* What was in force at some time. */
struct store_sts_at {
	int64_t		 policy;	/* table policy; 0: none */
	enum sts_mode	 mode;		/* STS_NONE where policy is 0 */
	int64_t		 since;		/* the same holds from then */
	int64_t		 until;		/* to before then */
};

int	store_sts_at(struct store *, const char *domain, int64_t when,
	    struct store_sts_at *);
/*
 * Whether a host matches the mx patterns of a row of table policy.  1, 0, or
 * -1 with a log line.
 */
int	store_policy_matches(struct store *, int64_t policy, const char *host);

/*
 * store_fetch.c: times in which a domain announced a policy and none could be
 * had, so that mail went without.
 */
struct store_sts_error {
	int		 without;	/* the rest: only where it is so */
	int64_t		 since;		/* the same holds from then */
	int64_t		 until;		/* to before then */
	char		 type[40];	/* RFC 8460's; "": it is being fetched */
	char		 text[REPORT_TEXT_MAX + 1];
};

/* A fetch begins, with none held. */
int	store_sts_fetching(struct store *, const char *domain, int64_t now);
/* It failed; what went since its beginning went without. */
int	store_sts_without(struct store *, const char *domain, int64_t now,
	    const char *type, const char *error);
/* There is one now, or none is announced any more. */
int	store_sts_with(struct store *, const char *domain, int64_t now);
int	store_sts_error_at(struct store *, const char *domain, int64_t when,
	    struct store_sts_error *);

/*
 * Sessions while a policy was being fetched are counted as failed, pending 2,
 * until it is known what came of that.
 */
int	store_fetching(struct store *, int64_t max,
	    int (*cb)(const char *domain, void *arg), void *arg);
int	store_fetching_failed(struct store *, const char *domain,
	    const char *type, const char *error);
int	store_fetching_good(struct store *, const char *domain);

/*
 * One failure that is no session's: a domain whose MX hosts all are forbidden.
 * Counts in the day's tally and details.
 */
int	store_sts_count(struct store *, const char *domain, int64_t policy,
	    int64_t when, const char *type, const char *mx,
	    const char *reason);

#endif
