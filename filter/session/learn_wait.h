/* SPDX-License-Identifier: ISC */

#ifndef SGE_WAITS_H
#define SGE_WAITS_H

#include <stdint.h>

#include "base/compat.h"

/*
 * Recipients that wait until sged has learned where their domain's mail must
 * go.  Many of one domain make one question.  sged may be away: then it is
 * looked for every WAITS_CONNECT_MS while somebody waits.  Only sessions that
 * may relay wait: what a stranger names is nobody's to look up.
 */
#define WAITS_CONNECT_MS 250
/* Messages read at once: whatever sged sends, smtpd is not kept waiting. */
#define WAITS_ROUND 64

struct waits;

/* One who waits; copied. */
struct waiter {
	uint64_t	 session;
	char		 id[16];	/* as smtpd wrote them */
	char		 token[16];
	struct str	*rcpt;		/* the callee's, see waits_done */
};

/*
 * Called once for each who waits, from the functions below; takes wait->rcpt
 * over.  learned: 0 if its time is over, or was given up.
 */
typedef void waits_done(const struct waiter *, int learned, void *arg);

/* NULL without memory. */
struct waits *waits_new(const char *path, waits_done *, void *arg);
/* Gives all up. */
void	waits_free(struct waits *);
/* For a new configuration; a connection to another path is closed. */
void	waits_path(struct waits *, const char *path);

/*
 * domain in normal form; ms: how long to wait from now (monotonic
 * milliseconds).  0, or -1: too many wait, or no memory.
 */
int	waits_ask(struct waits *, const char *domain,
	    const struct waiter *, int64_t ms, int64_t now);
/* Gives up what that session waits for. */
void	waits_give_up(struct waits *, uint64_t session);
size_t	waits_waiting(const struct waits *);

/* For poll(2): -1 if there is none; what to wait for; when (or -1). */
int	waits_fd(const struct waits *);
short	waits_events(const struct waits *);
int64_t	waits_next(const struct waits *);
/* What poll said of waits_fd, and the time. */
void	waits_run(struct waits *, short revents, int64_t now);

#endif
