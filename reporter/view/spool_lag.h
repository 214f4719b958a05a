/* SPDX-License-Identifier: ISC */

#ifndef SGE_LAG_H
#define SGE_LAG_H

#include "ctl/print.h"

/*
 * What lies in SPOOL/sessions beyond what the database says was read.
 */
struct lag {
	int		 readable;
	int64_t		 segments;
	int64_t		 bytes;
	char		 oldest[64];	/* segment not yet read to its end */
};

void	lag_measure(const struct view *, struct lag *);

#endif
