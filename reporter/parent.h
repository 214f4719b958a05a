/* SPDX-License-Identifier: ISC */

#ifndef SGE_PARENT_H
#define SGE_PARENT_H

#include <sys/types.h>

#include <signal.h>
#include <stdint.h>

#include "engine/engine.h"
#include "helper/helper.h"

/* For what another sged may still hold. */
#define PARENT_LOCK_SECONDS 10

/* The processes that ask the world, and the engine. */
#define PARENT_CHILDREN (WORLD_PARTS + 1)

/* Down to notices the starter's; what follows begins as zeros. */
struct parent {
	const char	*file;		/* to read again */
	struct conf	*conf;
	const struct engine_part *parts;
	size_t		 nparts;
	int		 lock;		/* beside the database */
	int		 spool_lock;
	int		 listener;
	int		 notices;
	struct conf	*next;		/* after a reload, once all ended */
	struct loop	*loop;
	struct ipc	*engine;	/* closing it stops the engine */
	pid_t		 pids[PARENT_CHILDREN];
	int		 stopping;
	int		 asked;		/* to end, not to start again */
	int		 ready;		/* the engine ran, once */
	int		 up;		/* and does since this start */
	int		 status;
	int64_t		 since;		/* epoch seconds */
	int64_t		 began;		/* the loop's time */
	int64_t		 pause;		/* before the next start, ms */
	int		 pings;		/* turns without the engine's answer */
	struct loop_timer *ping;
	/* Unasked ends: whether the cause was said, else who was first. */
	int		 named;
	int		 killed;	/* it was by a signal */
	const char	*first;
	struct loop_timer *timer;
};

/*
 * Starts the processes, and again those that end, until a signal asks for the
 * end; SIGHUP has file read again.  Takes conf and the descriptors over.
 * hangup: the signals that were held back until now, for the loop to see.
 * Returns the exit status.
 */
int	parent_run(struct parent *, const sigset_t *hangup);

#endif
