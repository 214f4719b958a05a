/* SPDX-License-Identifier: ISC */

#ifndef SGE_LEARN_H
#define SGE_LEARN_H

#include <stdint.h>

#include "compat.h"

/*
 * Recipients that wait until sged has learned where their domain's mail must
 * go.  Many of one domain make one question.  sged may be away: then it is
 * looked for every LEARN_CONNECT_MS while somebody waits.
 */
#define LEARN_CONNECT_MS 250

struct learn;

/* One who waits; copied. */
struct learn_wait {
	uint64_t	 session;
	char		 id[16];	/* as smtpd wrote them */
	char		 token[16];
	struct str	*rcpt;		/* the callee's, see learn_done */
};

/*
 * Called once for each who waits, from the functions below; takes wait->rcpt
 * over.  learned: 0 if its time is over, or was given up.
 */
typedef void learn_done(const struct learn_wait *, int learned, void *arg);

/* NULL without memory. */
struct learn *learn_new(const char *path, learn_done *, void *arg);
/* Gives all up. */
void	learn_free(struct learn *);
/* For a new configuration; a connection to another path is closed. */
void	learn_path(struct learn *, const char *path);

/*
 * domain in normal form; ms: how long to wait from now (monotonic
 * milliseconds).  0, or -1: too many wait, or no memory.
 */
int	learn_ask(struct learn *, const char *domain,
	    const struct learn_wait *, int64_t ms, int64_t now);
/* Gives up what that session waits for. */
void	learn_give_up(struct learn *, uint64_t session);
size_t	learn_waiting(const struct learn *);

/* For poll(2): -1 if there is none; what to wait for; when (or -1). */
int	learn_fd(const struct learn *);
short	learn_events(const struct learn *);
int64_t	learn_next(const struct learn *);
/* What poll said of learn_fd, and the time. */
void	learn_run(struct learn *, short revents, int64_t now);

#endif
