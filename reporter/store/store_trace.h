/* SPDX-License-Identifier: ISC */

#ifndef SGE_STORE_TRACE_H
#define SGE_STORE_TRACE_H

#include "store/store_flow.h"
#include "store/store_report.h"
#include "store/store_route.h"

/*
 * Table trace: the sessions behind each row of table detail, and those of
 * table unseen, which may become such rows.  It is changed as they are.
 * Functions return 0, or -1 with a log line.
 */

/* row.pending as in detail; where unseen is not 0, it is a row of unseen. */
struct trace_row {
	struct detail_row row;
	int64_t		 unseen;	/* enum unseen */
	int64_t		 time;		/* the session's end, epoch seconds */
	const char	*session;	/* smtpd's id of it */
	const char	*remote;	/* also where the row has no address */
};

int	store_trace_add(struct store *, const struct trace_row *);
int64_t	store_trace_rows(struct store *, int64_t day, const char *domain,
	    int64_t policy);

/* What became of rows; see store_route.h and store_fetch.c. */
int	store_trace_settle(struct store *, const char *addr, const char *host,
	    const struct store_waits *, const char *type, const char *reason);
int	store_trace_drop(struct store *, const char *addr, const char *host,
	    const struct store_waits *);
int	store_trace_bad(struct store *, const char *addr, const char *host,
	    int64_t unseen, const char *type, const char *reason);
int	store_trace_good(struct store *, const char *addr, const char *host);
int	store_trace_failed(struct store *, const char *domain,
	    const char *type, const char *error);
int	store_trace_fetched(struct store *, const char *domain);

/*
 * The sessions of a report's row, oldest first, for a row that sums others of
 * its type those.  They are fewer than its count where the bound was reached,
 * or older than what is kept.
 */
int	store_trace_of(struct store *, const char *domain, int64_t day,
	    int64_t policy, const struct store_detail *,
	    int (*)(int64_t time, const char *session, const char *remote,
	    void *), void *arg);

#endif
