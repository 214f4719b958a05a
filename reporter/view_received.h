/* SPDX-License-Identifier: ISC */

#ifndef SGE_VIEW_RECEIVED_H
#define SGE_VIEW_RECEIVED_H

#include "received.h"
#include "view.h"

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
	/* Set by downgrade_mark. */
	int		 downgrade;
	int		 others;	/* reporters that had TLS there */
	int		 certain;	/* at this very host */
	int64_t		 own;		/* our own sessions with TLS there */
};

/*
 * Marks the rows where STARTTLS was missing though others had TLS at the same
 * MX on the same day.  Sorts them.  Returns 0, or -1 with a log line.
 */
int	downgrade_mark(const struct view *, struct recv_row *, size_t n);

#endif
