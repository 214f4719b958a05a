/* SPDX-License-Identifier: ISC */

#ifndef SGE_RFC_RECEIVED_H
#define SGE_RFC_RECEIVED_H

#include <jansson.h>
#include <stdint.h>

#include "base/bounds.h"
#include "base/compat.h"

/*
 * Reports received (RFC 8460 4), read with every tolerance: what is odd is
 * named, nothing is dropped for it.  No string of these is NULL; all are valid
 * UTF-8 without control characters, and at most READ_TEXT_MAX bytes, but
 * still text of others.
 */
struct rd_detail {
	char		*type;
	char		*sip;
	char		*rip;
	char		*mx;
	char		*helo;
	char		*reason;
	char		*info;
	int64_t		 count;
};

struct rd_policy {
	char		*domain;	/* "" where not said */
	char		*type;
	char		*mode;		/* of MTA-STS, "" where not said */
	char		*strings;	/* JSON array */
	char		*mx;		/* JSON array */
	int64_t		 ok;
	int64_t		 fail;
	struct rd_detail *details;
	size_t		 ndetails;
};

struct rd_report {
	char		*org;
	char		*id;
	char		*contact;
	char		*submitter;	/* the reporter's domain */
	char		*dkim;		/* see reader_mark; "" not known */
	int64_t		 day;		/* of start */
	int64_t		 start;
	int64_t		 finish;
	struct rd_policy *policies;
	size_t		 npolicies;
	size_t		 ndetails;	/* of all policies */
	const char	*odd[READ_ODDITIES_MAX];	/* static texts */
	size_t		 nodd;
	char		*oddities;	/* instead of odd, or NULL */
};

/*
 * Sessions of one policy domain of a report, each counted once: policies of a
 * type are summed (one changed at noon, two MX hosts have two TLSA sets); sts
 * and tlsa are the same sessions, so the larger counts; others are added.
 */
struct rd_total {
	const char	*domain;
	int64_t		 sessions;
	int64_t		 failed;
};

/* What a verifier of ours said of a mail's signatures. */
struct rd_dkim {
	char		 signer[RD_SIGNERS_MAX][DOMAIN_MAX]; /* that passed */
	size_t		 nsigners;
	char		 result[32];	/* of the first; "": nobody's */
};

void	rd_report_free(struct rd_report *);
/* What a failure holds, not it itself. */
void	rd_detail_free(struct rd_detail *);
/* Adds an oddity, a static text, once. */
void	rd_odd(struct rd_report *, const char *);
/* "a; b", the caller frees. */
char	*rd_oddities(const struct rd_report *);
/*
 * One row for each policy domain, in the report's order; returns how many,
 * *out the caller frees.
 */
size_t	rd_totals(const struct rd_report *, struct rd_total **out);
/*
 * Whether anything failed: the summary says so, or a failure that it names;
 * there are reports where the two contradict each other.
 */
int	rd_policy_failed(const struct rd_policy *);
/* The same values as an object. */
json_t	*rd_report_json(const struct rd_report *);

#endif
