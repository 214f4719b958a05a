/* SPDX-License-Identifier: ISC */

#ifndef SGE_AWAITED_H
#define SGE_AWAITED_H

#include <sys/queue.h>
#include <sys/tree.h>

#include <stddef.h>
#include <stdint.h>

#include "session/learn_wait.h"

/*
 * Questions to sged that are open, and who waits for the answer of each.
 * Nothing here blocks.
 */

struct waiting {
	TAILQ_ENTRY(waiting)	 all;		/* by deadline */
	TAILQ_ENTRY(waiting)	 same;		/* of one question */
	struct awaited		*question;
	int64_t			 asked;		/* as deadline, monotonic ms */
	int64_t			 deadline;
	int			 chance;	/* a short wait */
	struct waiter		 wait;
};
TAILQ_HEAD(waitings, waiting);

struct awaited {
	RB_ENTRY(awaited)	 entry;
	TAILQ_ENTRY(awaited)	 unsent;
	struct waitings		 waits;
	int			 sent;
	int			 vain;		/* somebody waited so */
	int64_t			 asked;		/* when it was first */
	char			 text[];
};
RB_HEAD(awaited_tree, awaited);
TAILQ_HEAD(unsent, awaited);

struct awaited_list {
	struct awaited_tree	 questions;	/* by text */
	struct unsent		 unsent;	/* oldest first */
	struct waitings		 waits;		/* who waits for least first */
	size_t			 nwaits;
};

void	awaited_init(struct awaited_list *);
/* NULL: nobody waits for that. */
struct awaited *awaited_find(struct awaited_list *, const char *text);
/*
 * A question that is not there yet, to be sent; for who is added to it at once,
 * or drop it.  NULL without memory.
 */
struct awaited *awaited_new(struct awaited_list *, const char *text,
		    int64_t now);
/* Nobody may wait for it any more. */
void	awaited_drop(struct awaited_list *, struct awaited *);
/*
 * w is the list's until awaited_end; asked, deadline, chance and wait of it are
 * filled in.
 */
void	awaited_add(struct awaited_list *, struct awaited *, struct waiting *w);
/* w is the caller's again; the last one of a question takes that with it. */
void	awaited_end(struct awaited_list *, struct waiting *w);

#endif
