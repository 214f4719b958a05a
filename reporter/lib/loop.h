/* SPDX-License-Identifier: ISC */

#ifndef SGE_LOOP_H
#define SGE_LOOP_H

#include <stdint.h>

#include "base/compat.h"

/*
 * A poll(2) loop: descriptors, timers, signals seen through a pipe.  One a
 * process.  No memory is fatal.  Callbacks may add and remove anything,
 * themselves included.
 */
struct loop;
struct loop_fd;
struct loop_timer;

struct loop *loop_new(void);
void	loop_free(struct loop *);
/* Runs until loop_stop. */
void	loop_run(struct loop *);
void	loop_stop(struct loop *);

/* events: POLLIN, POLLOUT; cb gets what came. */
struct loop_fd *loop_fd_add(struct loop *, int fd, short events,
	    void (*cb)(int fd, short revents, void *arg), void *arg);
void	loop_fd_events(struct loop_fd *, short events);
/* Does not close the descriptor. */
void	loop_fd_remove(struct loop *, struct loop_fd *);

/* Runs cb once, ms milliseconds from now (monotonic clock). */
struct loop_timer *loop_timer_add(struct loop *, int64_t ms,
	    void (*cb)(void *arg), void *arg);
/* NULL is allowed.  A timer that ran is gone: drop the pointer in cb. */
void	loop_timer_remove(struct loop *, struct loop_timer *);

/* Monotonic milliseconds. */
int64_t	loop_now(void);

/* Calls cb from the loop, not from the signal handler. */
void	loop_signal(struct loop *, int signo, void (*cb)(int signo, void *arg),
	    void *arg);

#endif
