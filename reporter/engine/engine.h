/* SPDX-License-Identifier: ISC */

#ifndef SGE_ENGINE_H
#define SGE_ENGINE_H

#include "conf/conf.h"
#include "lib/ipc.h"
#include "lib/loop.h"
#include "store/store.h"
#include "helper/helper.h"

/*
 * What the parts of the engine process share.  Each part has X_start(engine),
 * called once, and X_stop(engine), in their order in engine.c.
 */
struct engine {
	const struct conf *conf;
	struct loop	*loop;
	struct store	*store;
	struct world	*world;
	int		 stopping;	/* start nothing new */
	struct ingest	*ingest;	/* segments -> tallies */
	struct learn	*learn;		/* policies, routes, probes */
	struct deliver	*deliver;	/* reports: when, to whom, again */
	struct control	*control;	/* the socket */
};

__dead void engine_main(const struct conf *, const int world[WORLD_PARTS],
    int listener, int parent);

/* Reads what was appended, on a timer; see ingest.c for "exactly once". */
void	ingest_start(struct engine *);
void	ingest_stop(struct engine *);
/* Whether every record of that day that is on disk was counted. */
int	ingest_day_complete(struct engine *, int64_t day);
/* Reads until there is nothing more (sgectl send, tests). */
void	ingest_now(struct engine *);

void	control_start(struct engine *, int listener);
void	control_stop(struct engine *);

#endif
