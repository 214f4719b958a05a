/* SPDX-License-Identifier: ISC */

#ifndef SGE_DELIVER_BOUNCE_H
#define SGE_DELIVER_BOUNCE_H

#include "base/bounds.h"
#include "store/store.h"

/* What a notification (RFC 3464) says of one recipient. */
struct dsn {
	int	 told;			/* there was an Action */
	int	 failed;		/* "Action: failed" */
	char	 recipient[READ_TEXT_MAX];
	char	 text[READ_TEXT_MAX];
	char	 status[READ_TEXT_MAX];
	char	 message_id[READ_TEXT_MAX];	/* of what came back */
	char	 report_id[READ_TEXT_MAX];	/* from its Subject */
	char	*words;			/* the part for people; NULL after */
};

/* Whether the mail is one that names what came back; then *dsn is set. */
int	bounce_parse(const char *mail, size_t len, struct dsn *);
/*
 * Notes it where a report of ours came back: 1; 0: it is of none of ours; -1
 * with a log line.  Of dsn, failed and the texts but status count.
 */
int	bounce_take(struct store *, const struct dsn *);

#endif
