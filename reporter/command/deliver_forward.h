/* SPDX-License-Identifier: ISC */

#ifndef SGE_DELIVER_FORWARD_H
#define SGE_DELIVER_FORWARD_H

#include "conf/conf.h"

/*
 * "forward unread to": mail of people that reached the mailbox of reports goes
 * to a person.  A process that hands it to sendmail is started before the
 * sandbox, which sendmail (set-group-id) could not leave.
 */
struct forward {
	pid_t	 pid;		/* 0: nothing is handed on */
	int	 fd;
};

/* Starts it where conf names an address; trouble is logged, and nothing is. */
void	forward_start(const struct conf *, struct forward *);
/*
 * Hands the mail on and ends the process; mail NULL: only that.  Returns 0 when
 * sendmail took it; 1: it took too long (and is gone), so try later; or -1:
 * keep it.  What was handed on once comes back as -1.
 */
int	forward_end(struct forward *, const char *mail, size_t len);

#endif
