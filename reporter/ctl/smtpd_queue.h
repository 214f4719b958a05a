/* SPDX-License-Identifier: ISC */

#ifndef SGE_SMTPD_QUEUE_H
#define SGE_SMTPD_QUEUE_H

#include "ctl/smtpctl.h"

/*
 * The folders of smtpd's queue: an envelope is the file XX/MSGID/EVPID, its
 * mail XX/MSGID/message (XX: the first two digits of MSGID, which are the first
 * eight of EVPID).  What was put there by hand smtpd takes at "smtpctl
 * discover", as it is: no filter sees it, no line of the mail changes.
 */

/*
 * An envelope's id with its halves exchanged: the id of its copy, the same
 * whenever one is made.  0, or -1 where smtpd would not have that.
 */
int	smtpdq_copy_id(const char *id, char copy[EVPID_SIZE]);
/*
 * Makes that copy of an envelope, with its mail, under spool (smtpd's): all of
 * it as it is but for the action, and as if it had never been tried.  One that
 * is there already stays.  0, or -1 after a message.
 */
int	smtpdq_copy(const char *spool, const char *id, const char *action);

#endif
