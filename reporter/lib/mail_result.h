/* SPDX-License-Identifier: ISC */

#ifndef SGE_MAIL_RESULT_H
#define SGE_MAIL_RESULT_H

#include <stdint.h>

#include "conf/conf.h"

/*
 * What sendmail(8) said of one message: SPOOL/mailed.N, N the number of its
 * delivery.  It holds sendmail's output and, last, "exit N" of whoever ran it;
 * both keep it locked (flock(2)) as long as they run.  So what became of a
 * message is known even if the mailer or all of sged was killed meanwhile.
 */
#define MAIL_RESULT_PREFIX "mailed."
/* Kept of what sendmail says. */
#define MAIL_SAID_MAX 512

struct mail_result {
	int		 code;		/* sysexits(3); 0: taken */
	int		 kept;		/* taken for when smtpd runs again */
	int		 unknown;	/* who ran it was killed; it is mute */
	char		 message[9];	/* smtpd's number of it, or "" */
	char		 said[MAIL_SAID_MAX];	/* one line, printable ASCII */
};

/* Its path, which the caller frees. */
char	*mail_result_path(const struct conf *, int64_t delivery);
/* From a descriptor of it, at any offset. */
void	mail_result_read(int fd, struct mail_result *);

#endif
