/* SPDX-License-Identifier: ISC */

#ifndef SGE_TURN_H
#define SGE_TURN_H

#include "spool/turns.h"

/*
 * Failing hosts of one address take turns: where smtpd tries several at once,
 * no event says whose session it was that failed, and none of them gets a
 * report that says so.  Mail for the others waits, as it does anyway when the
 * host fails; it is also what smtpd does to all mail for an address when the
 * first session there fails.
 *
 * The host that had its turn longest ago is next; one that was kept waiting for
 * TURN_WAIT_MAX seconds goes.
 */
struct turn_book;

/*
 * smtpd has done with a host when its address was not used for so long; it
 * tries those that wait for one every five seconds, and needs a minute at most
 * to look up addresses.
 */
#define TURN_QUIET	75
/* Others wait so long for one that was kept waiting to come back. */
#define TURN_ASKS	900
/* No sender has heard of a delay by then. */
#define TURN_WAIT_MAX	(4 * 3600)

/* NULL without memory. */
struct turn_book *turn_book_new(void);
void	turn_book_free(struct turn_book *);
/*
 * Whether smtpd may be told that host now, which is noted; always where it is
 * not in the list.
 */
int	turn_take(struct turn_book *, const struct turn *, size_t n,
	    const char *host, int64_t now);

#endif
