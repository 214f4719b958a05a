/* SPDX-License-Identifier: ISC */

#ifndef SGE_PROCESS_H
#define SGE_PROCESS_H

#include <sys/types.h>

#include "base/compat.h"

/* How long sendmail may take to queue a mail. */
#define SENDMAIL_MS (60 * 1000)

/*
 * fork(2) for a process of ours: signals that end the daemon do nothing in it
 * (it ends when its descriptors close), so that a signal to the whole group
 * leaves the order of things to the parent.  Returns as fork does.
 */
pid_t	process_fork(void);
/*
 * In the child: the n descriptors of fds become 3, 4, ... (-1 stays so), all
 * others above 2 are closed, and the name of the process is set.
 */
void	process_enter(const char *name, int *fds, size_t n);
/*
 * So many files may be open, or as many as the system lets us have: for this
 * process and those that it begins.
 */
void	process_files(size_t wanted);
/* In a child about to exec another program; also one of vfork(2). */
void	process_signals_default(void);
/*
 * Waits for a child that called setpgid(0, 0), for ms milliseconds; after that
 * it is killed, with all that it began.  0 and its status, or -1.  SIGCHLD of
 * other children is not seen meanwhile.
 */
int	process_wait(pid_t, int ms, int *status);

#endif
