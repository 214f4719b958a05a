/* SPDX-License-Identifier: ISC */

#ifndef SGE_RECEIVED_H
#define SGE_RECEIVED_H

#include <stdint.h>

#include "base/compat.h"
#include "conf/conf.h"
#include "rfc/received.h"
#include "store/store.h"

/*
 * Reports received, in the database: evidence, kept as it came.  A session
 * that a report counts under two policies of a domain counts once in all of
 * these.  Texts are good during the callback.  domain: reported on, or the
 * reporter's; NULL: all.
 */
enum received_result {
	RECEIVED_NEW,
	RECEIVED_KNOWN,		/* the very same was there */
	RECEIVED_OVER,		/* more than is kept; counted as such */
	RECEIVED_ERROR		/* said in the log */
};

/*
 * Only the very same report is known; another one under a report-id that is
 * used gets a number behind it, and nothing takes the place of anything.
 * bounded: within what is kept of a sender and a day, and in all.
 */
enum received_result received_add(struct store *, const struct rd_report *,
	    int64_t now, int bounded);
/* Reports that were over the bounds since a day, or -1. */
int64_t	received_over(struct store *, int64_t since);

/* What is believed of a report. */
enum received_standing {
	RECEIVED_PROVED,	/* signed by whom it names */
	RECEIVED_UNJUDGED,	/* no verifier of ours said anything */
	/* Not signed, signed by others, or a proved one has its report-id. */
	RECEIVED_UNPROVED
};

/*
 * Tells the store which domains are ours, by local and hostname of conf, which
 * must outlive it; no local: all are.  Before any query below.  0, or -1 with
 * a log line.
 */
int	received_ours(struct store *, const struct conf *);
/* Commits reach the disk before they return: for who answers for a mail. */
int	received_durable(struct store *);

struct received_failure {
	int64_t		 day;
	const char	*reporter;
	const char	*domain;
	const char	*type;
	const char	*sip;
	const char	*rip;
	const char	*mx;
	const char	*reason;
	int64_t		 count;
	enum received_standing standing;
	int		 ours;		/* domain is */
	unsigned int	 under;		/* UNDER_*, of rfc/result.h */
};

struct received_total {
	int64_t		 day;
	const char	*reporter;
	const char	*domain;
	int64_t		 sessions;
	int64_t		 failed;
	int64_t		 unexplained;	/* failed, without a detail */
	int		 sts;		/* policies it was judged by */
	int		 tlsa;
	int		 other;
	const char	*mode;		/* of the MTA-STS policy */
	int64_t		 reports;
	enum received_standing standing;
	int		 ours;		/* domain is */
};

struct received_report {
	int64_t		 day;
	const char	*org;
	const char	*id;
	const char	*reporter;
	const char	*contact;
	const char	*dkim;
	const char	*oddities;
	int64_t		 stored;
	enum received_standing standing;
};

struct received_count {
	int64_t		 reports;	/* on domains of ours, or on domain */
	int64_t		 foreign;	/* on others */
	int64_t		 unproved;
	int64_t		 judged;	/* our host said what DKIM told */
	int64_t		 passed;	/* for the sender's domain */
	int64_t		 reporters;
	int64_t		 domains;
};

/* All return 0, or -1 with a log line.  first, last: days, both included. */
int	received_count(struct store *, int64_t first, int64_t last,
	    const char *domain, struct received_count *);
int	received_failures(struct store *, int64_t first, int64_t last,
	    void (*)(const struct received_failure *, void *), void *);
/* In the order of reporters. */
int	received_totals(struct store *, int64_t first, int64_t last,
	    void (*)(const struct received_total *, void *), void *);
int	received_reports(struct store *, int64_t first, int64_t last,
	    const char *domain,
	    void (*)(const struct received_report *, void *), void *);
/*
 * Every policy under which a reporter had successes with domain that day; not
 * of reports that are unproved.
 */
int	received_successes(struct store *, int64_t day, const char *domain,
	    void (*)(const char *reporter, const char *mx,
	    const char *strings, void *), void *);
/* Our own records: incoming sessions of that day that had TLS. */
int64_t	received_own_tls(struct store *, int64_t day);

#endif
