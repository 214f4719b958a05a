/* SPDX-License-Identifier: ISC */

#ifndef SGE_EVENT_AHEAD_H
#define SGE_EVENT_AHEAD_H

#include <stdint.h>

#include "session/event.h"

struct sessions;

#define AHEAD_MAX 32

/*
 * With a hundred thousand sessions open most of the time would go into waiting
 * for memory, and some of it with a thousand, since what comes in and goes out
 * pushes them out of the processor's own: some events are read ahead, and what
 * they need is fetched.
 */
struct ahead {
	struct sessions	*sessions;
	struct event	 events[AHEAD_MAX];
	size_t		 n;
	uint64_t	 bad;		/* lines not understood */
	void		(*take)(const struct event *, void *);
	void		*arg;
};

/* What comes is handed to take, in its order; sessions stay the caller's. */
void	ahead_init(struct ahead *, struct sessions *,
	    void (*take)(const struct event *, void *), void *arg);
/* One line of smtpd, without its newline; it must stay until the flush. */
void	ahead_line(struct ahead *, const char *line, size_t len);
/* Hands on what was read and not yet handed on. */
void	ahead_flush(struct ahead *);

#endif
