/* SPDX-License-Identifier: ISC */

#ifndef SGE_RECEIVED_H
#define SGE_RECEIVED_H

#include <stdint.h>

#include "base/compat.h"
#include "reader/reader.h"
#include "store/store.h"

/*
 * Reports received, in the database.  A session that a report counts under two
 * policies of a domain counts once in all of these.  Texts are good during the
 * callback.  domain: reported on, or the reporter's; NULL: all.
 */
enum received_result {
	RECEIVED_NEW,
	RECEIVED_KNOWN,		/* organisation and report-id were there */
	RECEIVED_ERROR		/* said in the log */
};

/*
 * The same report again is known.  One that passed DKIM takes the place of one
 * that did not; another report under a used report-id gets a number behind it.
 */
enum received_result received_add(struct store *, const struct rd_report *,
	    int64_t now);
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
};

struct received_count {
	int64_t		 reports;
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
/* Every policy under which a reporter had successes with domain that day. */
int	received_successes(struct store *, int64_t day, const char *domain,
	    void (*)(const char *reporter, const char *mx,
	    const char *strings, void *), void *);
/* Our own records: incoming sessions of that day that had TLS. */
int64_t	received_own_tls(struct store *, int64_t day);

#endif
