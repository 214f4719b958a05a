/* SPDX-License-Identifier: ISC */

#ifndef SGE_MATCHFOUND_H
#define SGE_MATCHFOUND_H

#include "host/match_fault.h"

/* One fault of one statement, with all the mail that meets it. */
struct finding {
	const struct smtpd_line *match;
	const struct smtpd_line *action;
	enum fault	 fault;
	unsigned int	 sources;	/* bits of enum mail_source */
	enum mail_need	 need;
	const char	*domain;	/* NULL: any of that need */
	int		 drawn;		/* one of many under a wildcard */
	int		 others;	/* other domains meet it as well */
	int		 some;		/* of such mail only some does */
};

struct findings {
	struct finding	*v;
	size_t		 n;
};

/*
 * Adds a copy of one, or unites it with one that says the same.  What it
 * points to must last until findings_free.
 */
void	findings_add(struct findings *, const struct finding *);
/* A line of the check for each, with FILE:LINE and what to write. */
void	findings_say(const struct findings *, struct check *);
void	findings_free(struct findings *);
/* Which domains have that need. */
const char *need_text(enum mail_need);

#endif
