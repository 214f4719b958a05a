/* SPDX-License-Identifier: ISC */

#ifndef SGE_CHILD_H
#define SGE_CHILD_H

#include <sys/types.h>

#include <signal.h>

#include "base/compat.h"

/* How many that were killed, and have not ended, there may be beside it. */
#define CHILD_LEFT_MAX 8

/* The filter that filter-keep runs, as a process. */
struct child {
	pid_t		 pid;		/* -1: it does not run */
	int		 feed;		/* its standard input */
	int		 said;		/* its standard output */
	pid_t		 left[CHILD_LEFT_MAX];	/* killed, and not ended yet */
	size_t		 nleft;
};

/* Before all else: ends of children interrupt ppoll(2), and nothing else. */
void	child_watch(void);
/* For ppoll(2). */
const sigset_t *child_signals(void);
/*
 * Runs it, in a process group of its own, with pipes that do not block on our
 * side; a name without '/' is looked for beside self, as smtpd does.  0, or -1
 * after a log line.
 */
int	child_start(struct child *, char *const argv[], const char *self);
/*
 * Whether it has ended, so that child_end would not wait, while its pipes may
 * be open.
 */
int	child_has_ended(const struct child *);
/* Whether it has ended; it is waited for then. */
int	child_is_gone(struct child *);
/*
 * Ends it and its group, closes the pipes, and says how it ended, in a static
 * buffer.  Blocks for a second at most: in a call on a disk that hangs no
 * signal ends it, nor one that runs as another user; it is left then.
 */
const char *child_end(struct child *);
/* Whether no other may be started, since so many were left. */
int	child_many_left(struct child *);

#endif
