/* SPDX-License-Identifier: ISC */

#ifndef SGE_REPORTSENDER_H
#define SGE_REPORTSENDER_H

#include "rule/flow.h"

/*
 * The sender of our reports, for whose mail no TLS is required (RFC 8460 3).
 * It may write to whom a report goes now, which sged alone knows, and from
 * here; so nobody gets around the flows in its name.
 */
enum announced {
	ANNOUNCED_NO,
	ANNOUNCED_YES,
	ANNOUNCED_CAME_BACK,	/* it was, and is here again */
	ANNOUNCED_UNKNOWN	/* sged does not answer */
};

/* Whether smtpd.conf may take a path of MAIL FROM, len bytes, for it. */
int	report_sender_is(const struct conf *, const char *path, size_t len);
/*
 * The answer to a recipient of it, whatever the flow says: all of a but its
 * classes and its rule.  trusted: local submission, authenticated.
 */
void	report_sender_decide(const struct conf *, int trusted, enum announced,
	    struct flow_answer *a);

#endif
