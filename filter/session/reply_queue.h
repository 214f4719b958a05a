/* SPDX-License-Identifier: ISC */

#ifndef SGE_ANSWERS_H
#define SGE_ANSWERS_H

#include "base/compat.h"

/*
 * What smtpd is still to be told.  An answer is never dropped.
 */
struct answers {
	char	*buf;
	size_t	 size;
	size_t	 head;
	size_t	 tail;
	int	 gone;		/* nobody reads any more */
	int	 trouble;	/* the last write failed, and need not again */
};

/* 0, or -1 without memory. */
int	answers_init(struct answers *);
/*
 * reply: "" lets the recipient pass; id and token are 16 characters each, as
 * smtpd wrote them.  Waits for smtpd to read only where there is no memory.
 */
void	answers_add(struct answers *, const char *id, const char *token,
	    const char *reply);
/* Writes what standard output takes. */
void	answers_flush(struct answers *);
size_t	answers_waiting(const struct answers *);

#endif
