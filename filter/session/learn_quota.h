/* SPDX-License-Identifier: ISC */

#ifndef SGE_OUTSIDE_H
#define SGE_OUTSIDE_H

#include <stdint.h>

#include "base/bounds.h"

/*
 * Any stranger can name recipients of any domain, and smtpd refuses to relay
 * only after the filter was asked: what sged is asked on behalf of sessions
 * that are not trusted has bounds of its own (bounds.h), so that it has time
 * for the others, and that SPOOL/routes does not grow at their will.
 */
struct outside {
	struct {
		char	 domain[DOMAIN_MAX];
		int64_t	 until;		/* 0: free */
	}		 open[OUTSIDE_OPEN_MAX];
	int64_t		 left;		/* questions */
	int64_t		 filled;	/* when it grew last */
};

void	outside_init(struct outside *, int64_t now);
/* Whether sged may be asked that; now: monotonic milliseconds.  0 or -1. */
int	outside_ask(struct outside *, const char *domain, int64_t now);
/* sged has answered. */
void	outside_learned(struct outside *, const char *domain);
/* It is not there any more. */
void	outside_gone(struct outside *);

#endif
