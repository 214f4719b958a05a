/* SPDX-License-Identifier: ISC */

#ifndef SGE_RECEIVEDTABLE_H
#define SGE_RECEIVEDTABLE_H

#include "view/view_received.h"

/* What "show received" shows. */
struct received_table {
	const struct view *view;
	struct recv_rows list;
	int64_t		 sessions;
	int64_t		 failed;
	int64_t		 detailed;	/* sum of the failures' details */
	int64_t		 apart;		/* sessions of what is not proved */
	int64_t		 apart_failed;
	char		 domain[256];	/* the one they are about */
	int		 many;
};

/*
 * What stands in the table, what stands apart since nothing proves that it is
 * the sender's, and what is none of our business.
 */
enum received_group {
	GROUP_COUNTED,
	GROUP_UNPROVED,
	GROUP_FOREIGN
};

/*
 * Fills one that is zero but for view: one row of each kind for people, by day
 * and domain for machines; recv_rows_free after it.  0, or -1 with a log line.
 */
int	received_table_fill(struct received_table *);
/* Which of them a row is. */
enum received_group received_group(const struct recv_row *);
/* 'Y', 'N', or '?' where it never came to a session, or is not known. */
char	received_tls(const struct recv_row *);
/* -D: either domain, which may be NULL; -c: the reporter's class. */
int	received_is_wanted(const struct view *, const char *reporter,
	    const char *domain);
/* received_text.c: all of it, for people.  0, or -1 with a log line. */
int	received_text(const struct received_table *,
	    const struct received_count *);

#endif
