/* SPDX-License-Identifier: ISC */

#ifndef SGE_DELIVER_NATURE_H
#define SGE_DELIVER_NATURE_H

#include <stddef.h>

#include "conf/conf.h"

/* Whether somebody wrote a mail, as its header says. */
struct nature {
	/*
	 * What else it is, a static text: a bounce, an automatic answer (RFC
	 * 3834), one of a list, a report.  NULL: a person's.
	 */
	const char	*automatic;
	int		 answer;	/* it answers another mail */
	int		 words;		/* text that is no report stands in it */
	int		 own_test;	/* "sgectl check config -t" sent it */
};

/* Fills in nature; of conf, the sender of reports counts. */
void	nature_of(const char *mail, size_t len, const struct conf *,
	    struct nature *);

#endif
