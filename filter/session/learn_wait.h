/* SPDX-License-Identifier: ISC */

#ifndef SGE_WAITS_H
#define SGE_WAITS_H

#include <stdint.h>

#include "base/compat.h"

/*
 * Recipients that wait for what sged knows: where mail of their domain must go,
 * or whether a report of ours goes to them.  Many of one question make one.
 * Nobody waits where sged is not there, nor for WAITS_VAIN_MS after somebody
 * did in vain: for that question; for anything where sged, which answers some
 * things at once, said nothing for much longer than usual (see pace.h).  For as
 * long, other domains get a short chance where it is the same session (see
 * patience.h), or where it was the second domain and none was found out
 * between.  Only sessions that may relay wait: what a stranger names is
 * nobody's to look up.
 */
#define WAITS_CONNECT_MS 250
#define WAITS_VAIN_MS 30000
/* Where this process is so late itself, sged may be, too: it has more time. */
#define WAITS_LATE_MS 20
/* What can't be found out within this was waited for in vain. */
#define WAITS_SLOW_MS 1000
/* For what sged knows without asking anybody, however short "learn timeout". */
#define WAITS_ANNOUNCED_MS 5000
/* Messages read at once: whatever sged sends, smtpd is not kept waiting. */
#define WAITS_ROUND 64
/* What sged is to hear of once it is back: so many, tried so often. */
#define WAITS_TELL_MAX 64
#define WAITS_TELL_MS 1000

struct waits;

/* One who waits; copied. */
struct waiter {
	uint64_t	 session;
	char		 id[16];	/* as smtpd wrote them */
	char		 token[16];
	char		*rcpt;		/* the callee's, see waits_done */
	size_t		 rcptlen;
};

enum waited {
	WAITED_YES,		/* it is known now; a report goes there */
	WAITED_NO,		/* no report goes there */
	WAITED_VAIN		/* it can't be found out, or nobody said */
};

/*
 * Called once for each who waits, from the functions below; takes wait->rcpt
 * over.
 */
typedef void waits_done(const struct waiter *, enum waited, void *arg);

/* NULL without memory. */
struct waits *waits_new(const char *path, waits_done *, void *arg);
/* Gives all up. */
void	waits_free(struct waits *);
/* For a new configuration; a connection to another path is closed. */
void	waits_path(struct waits *, const char *path);

/*
 * question: see client_ask; ms: how long to wait from now (monotonic
 * milliseconds).  0: done will be called; -1: there is nothing to wait for,
 * too many wait, or no memory.
 */
int	waits_ask(struct waits *, const char *question,
	    const struct waiter *, int64_t ms, int64_t now);
/*
 * Asks it once sged is there, for who is not here to wait any more: so sged
 * hears of a report that went while it was away.
 */
void	waits_tell(struct waits *, const char *question);
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
