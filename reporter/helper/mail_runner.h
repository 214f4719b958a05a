/* SPDX-License-Identifier: ISC */

#ifndef SGE_MAIL_RUNNER_H
#define SGE_MAIL_RUNNER_H

#include <sys/types.h>

/*
 * A process that runs sendmail(8), one after the other, waits for each and
 * writes down how it ended; see mail_result.h.  It outlives the mailer as long
 * as a sendmail of its runs, and does nothing of its own.
 */

/* What it says of each that ended: so many bytes. */
#define RUNNER_SAYS 1

/*
 * Starts one: its pid, or -1.  *fd is where it is told what to run, and says
 * that this has ended; closing it ends the process, once it has nothing to do.
 */
pid_t	runner_start(int *fd);
/*
 * Has it run argv, with the message as input and its words to result: 0, or -1
 * where it is gone.  It has descriptors of its own, and with result's its lock.
 * Not before it has said that the one before has ended.
 */
int	runner_give(int fd, char *const argv[], int message, int result);

#endif
