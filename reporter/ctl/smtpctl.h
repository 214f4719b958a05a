/* SPDX-License-Identifier: ISC */

#ifndef SGE_SMTPCTL_H
#define SGE_SMTPCTL_H

#include <stdint.h>
#include <stdio.h>

/*
 * smtpd's queue, as smtpctl(8) shows it: one envelope for each recipient that
 * is still to be had.  Each function waits for smtpctl, a minute at most, whose
 * own messages go to standard error; only root may do this.
 */

#define EVPID_SIZE 17		/* sixteen hexadecimal digits */

struct smtpctl_queued {
	char		 id[EVPID_SIZE];
	int		 busy;		/* tried now, or held for it */
	int		 offline;	/* smtpd does not run */
	int		 suspended;	/* "smtpctl pause envelope" */
	int64_t		 next;		/* seconds until it is tried */
};

/*
 * An envelope as it lies in the queue.  The action is the one that was chosen
 * when the mail came: smtpd never asks its rules again.
 */
struct smtpctl_envelope {
	char		 action[256];
	char		 sender[330];	/* "" for the null sender */
	char		 rcpt[330];	/* the recipient as he was named */
	char		 dest[330];	/* aliases followed */
	int		 remote;	/* not by sendmail of this host */
	char		 address[64];	/* then: whose it was, as smtpd has it */
	int		 authenticated;	/* all that sendmail hands over is */
};

/*
 * Calls each with every envelope to be relayed that seems to be for that domain
 * (in normal form); smtpctl_envelope tells.  0, what each returned if not 0, or
 * -1 if the queue could not be seen.
 */
int	smtpctl_queue(const char *domain,
	    int (*each)(const struct smtpctl_queued *, void *), void *arg);
/* 1; 0: it is not there any more, or can't be read. */
int	smtpctl_envelope(const char *id, struct smtpctl_envelope *);
/* 1: removed; 0: it was not there any more; -1: it could not be asked for. */
int	smtpctl_remove(const char *id);
/*
 * smtpd takes a message that was put into its queue, with all its envelopes,
 * of which id is one; their number, or -1 if it could not be asked for.
 */
int	smtpctl_discover(const char *id);

#endif
