/* SPDX-License-Identifier: ISC */

#ifndef SGE_BUDGET_H
#define SGE_BUDGET_H

#include <stdint.h>

#include "base/compat.h"

/*
 * What one mail or file may cost, whatever is nested in it: work is charged
 * before it is done, also where it then fails.
 */
struct budget {
	int64_t		 bytes;		/* to go through, and to expand */
	int64_t		 members;	/* parts, packed files, reports */
	int64_t		 kept;		/* of what is handed on */
	int64_t		 cpu_until;	/* ms of the process's CPU time */
	int		 spent;		/* for good */
};

/* A new one, as READ_*_MAX of bounds.h say. */
void	budget_start(struct budget *);
/*
 * Charges so many bytes and members; NULL: nothing is counted.  0, or -1 where
 * there is not so much left: from then on always.
 */
int	budget_take(struct budget *, int64_t bytes, int64_t members);
/* Charges bytes of a report that will be kept; 0, or -1: leave it out. */
int	budget_keep(struct budget *, int64_t bytes);

#endif
