/* SPDX-License-Identifier: ISC */

#ifndef SGE_MATCHFAULT_H
#define SGE_MATCHFAULT_H

#include "host/check_config.h"
#include "host/smtpd_match.h"

/* What is wrong with the way that a kind of mail takes. */
enum fault {
	FAULT_NONE,
	FAULT_CLEAR,		/* may go without TLS */
	FAULT_NO_TLS,		/* never uses it */
	FAULT_UNVERIFIED,
	FAULT_UNROUTED,		/* not to the host of sge-routes */
	FAULT_WAITS,		/* sge-routes has no host for it */
	FAULT_FORCED,		/* mail to hosts without TLS stays */
	FAULT_SMARTHOST,	/* in clear to the smart host */
	FAULT_UNNAMED,		/* a smart host that sge.conf does not know */
	FAULT_STRICT,		/* certificates where only TLS is asked */
	FAULT_POLICY,		/* before sge-verify is asked */
	FAULT_OLDER,		/* by TLS 1.2, where 1.3 is required */
	FAULT_LENT,		/* may be sent by a session of another action */
	FAULT_NEWER,		/* by TLS 1.3 only, where 1.2 does */
	FAULT_NEWER_CLEAR,	/* the same, and then in clear */
	FAULT_HERE,		/* delivered, where it should be relayed */
	FAULT_OPEN,		/* strangers may relay */
	FAULT_WIDE,		/* to all under a wildcard */
	FAULT_STRANGER,		/* to one domain of others */
	FAULT_REPORT		/* our reports under forced TLS */
};

enum check_level fault_level(enum fault);
/* What it means, and what to write. */
const char *fault_text(enum fault);
/* What a relay action does to mail of that need. */
enum fault fault_of(const struct conf *, const struct smtpd_line *action,
	    const struct mail *);

#endif
