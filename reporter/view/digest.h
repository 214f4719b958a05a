/* SPDX-License-Identifier: ISC */

#ifndef SGE_DIGEST_H
#define SGE_DIGEST_H

#include "ctl/print.h"

/*
 * What wants the operator's eye in the view's period, most pressing first.
 */
struct digest_item {
	int		 fix;		/* else: watch */
	char		*text;		/* one or two plain sentences */
	char		*command;	/* that shows more, or NULL */
};

struct digest {
	const struct view *view;
	struct digest_item *item;
	size_t		 n;
	size_t		 nfix;
	size_t		 nwatch;
};

/* Fills digest; what can't be read is a finding.  digest_free after it. */
void	digest_find(const struct view *, struct digest *);
void	digest_free(struct digest *);

/* digest_item.c: adds one; command NULL: none.  For digest_*.c. */
void	digest_add(struct digest *, int fix, const char *command,
	    const char *, ...) __attribute__((__format__(printf, 4, 5)));
/*
 * "BASE DOMAIN", to be pasted into a shell: where the domain is none (reports
 * and HELO names hold what others like), BASE without its last word.
 */
void	digest_command(char out[], size_t outsz, const char *base,
	    const char *domain);
/* The parts: what we saw, what others saw, our own state. */
void	digest_seen(struct digest *);
void	digest_heard(struct digest *);
void	digest_own(struct digest *);

#endif
