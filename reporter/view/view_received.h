/* SPDX-License-Identifier: ISC */

#ifndef SGE_VIEW_RECEIVED_H
#define SGE_VIEW_RECEIVED_H

#include "store/store_received.h"
#include "ctl/print.h"

/* A row of the guide's table (TLS-RPT guide, "Sample TLS Report"). */
struct recv_row {
	int64_t		 day;
	char		*reporter;
	char		*domain;
	char		*type;		/* "" for sessions that succeeded */
	char		*sip;
	char		*rip;
	char		*mx;
	char		*reason;	/* of successes: the policy */
	int64_t		 count;
	enum received_standing standing;
	int		 ours;		/* domain is one of ours */
	unsigned int	 under;		/* UNDER_*, of rfc/result.h */
	/* Set by downgrade_mark. */
	int		 downgrade;
	int		 others;	/* reporters that had TLS there */
	int		 certain;	/* at this very host */
	int64_t		 own;		/* our own sessions with TLS there */
};

struct recv_rows {
	struct recv_row	*rows;
	size_t		 n;
	size_t		 size;
};

/* Strings are copied; those not given are "". */
struct recv_row *recv_rows_add(struct recv_rows *, int64_t day,
	    const char *reporter, const char *domain, const char *type);
void	recv_row_free(struct recv_row *);
void	recv_rows_free(struct recv_rows *);
/*
 * The failures of the view's days, those marked where STARTTLS was missing
 * though others had TLS at the same MX on the same day.  All reporters and
 * domains: each is evidence.  Returns 0, or -1 with a log line.
 */
int	recv_rows_failures(const struct view *, struct recv_rows *);
/*
 * How many others had TLS at an MX host where that reporter missed STARTTLS,
 * by the same evidence; 0: nothing speaks for a downgrade.
 */
int64_t	recv_others_with_tls(const struct view *, const char *reporter,
	    const char *mx);

#endif
