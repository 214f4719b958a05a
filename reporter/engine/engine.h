/* SPDX-License-Identifier: ISC */

#ifndef SGE_ENGINE_H
#define SGE_ENGINE_H

#include "base/system.h"
#include "conf/conf.h"
#include "lib/ipc.h"
#include "lib/loop.h"
#include "lib/steady.h"
#include "store/store.h"
#include "helper/helper.h"

/* Of an address that sessions failed at: epoch seconds. */
struct addr_seen {
	int64_t		 used;		/* a session there ended */
	int64_t		 over;		/* attempts by then came to nothing */
};

/* What the parts of the engine process share. */
struct engine {
	const struct conf *conf;
	struct loop	*loop;
	struct store	*store;
	struct world	*world;
	struct ipc	*parent;
	int		 listener;	/* control's */
	int		 notices;	/* learn's, see sged_notice.h */
	uid_t		 smtpd[SMTPD_USERS_MAX];	/* who writes attempts */
	size_t		 nsmtpd;
	int64_t		 since;		/* when sged started */
	int		 stopping;	/* start nothing new */
	struct steady	 clock;		/* count's; who acts on dates asks */
	struct ingest	*ingest;	/* segments -> tallies */
	struct hash	*addrs;		/* struct addr_seen; count's, or NULL */
	struct learn	*learn;		/* policies, routes, probes */
	/*
	 * learn's, or NULL: when the oldest of what is being learned was begun,
	 * epoch seconds; INT64_MAX: nothing is.
	 */
	int64_t		(*learning)(const struct engine *);
	struct deliver	*deliver;	/* reports: when, to whom, again */
	/* deliver's, or NULL: much was counted, and nothing is left of it. */
	void		(*counted)(struct engine *);
	struct copy	*copy;		/* tallies -> the fleet, or NULL */
	/* In a fleet: what it claimed is this host's until then, boottime_ms. */
	int64_t		 claimed_until;
	struct control	*control;	/* the socket */
};

/* Each is started once, in this order, and stopped in the opposite one. */
struct engine_part {
	void		(*start)(struct engine *);
	void		(*stop)(struct engine *);
};

/*
 * The engine process: runs these parts until the parent closes its end, or
 * another process is gone, and exits.  since: when the parent started.
 */
__dead void engine_main(const struct conf *, const int world[WORLD_PARTS],
    int listener, int notices, int parent, int64_t since,
    const struct engine_part *, size_t nparts);

#endif
