/* SPDX-License-Identifier: ISC */

#ifndef SGE_STORE_ATTEMPT_H
#define SGE_STORE_ATTEMPT_H

#include <sys/types.h>

#include "base/bounds.h"
#include "store/store.h"

/*
 * Table attempt: when smtpd was about to send to a domain, and to which host,
 * as table-sge noted it (spool/attempts.h).  Times are in milliseconds.
 */

/* 1: new, 0: it is there, -1 with a log line.  url "": it has to wait. */
int	store_attempt_add(struct store *, const char *domain, int64_t at,
	    const char *url);
/* How many there are, which reads them all; -1 with a log line. */
int64_t	store_attempt_count(struct store *);
/* Whether there is one of any domain: 1, 0, or -1 with a log line. */
int	store_attempt_any(struct store *);
/* Whether there is one from then on, before then: the same. */
int	store_attempt_within(struct store *, const char *domain, int64_t from,
	    int64_t before);
/*
 * Whether there is one behind after, until then, at a host of the domain's
 * that has the address; its name.  1, 0, or -1 with a log line.
 */
int	store_attempt_at(struct store *, const char *domain, const char *addr,
	    int64_t after, int64_t until, char host[], size_t hostsz);
/*
 * Hosts that mail may be sent to and whose TLS was seen to fail, each with an
 * address that another such host has, too, by address: at most max.  attempt:
 * the last one of a domain of that host, 0 none; alone: it is its only address.
 * cb must not change the database.
 */
int	store_turns(struct store *, int64_t max, void (*cb)(const char *host,
	    const char *addr, int64_t attempt, int alone, void *arg),
	    void *arg);
/*
 * How far a user's file of SPOOL/attempts was read, in bytes; -1: it is gone.
 * 0, or -1 with a log line.
 */
int	store_attempts_read(struct store *, const char *name, uid_t uid,
	    int64_t offset);
/* Each of these, until cb returns -1: 0, or -1. */
int	store_attempts_each(struct store *, int (*cb)(const char *name,
	    uid_t uid, int64_t offset, void *arg), void *arg);
/* Whether MX hosts of the domain are known, and its policy allows none; -1. */
int	store_mx_none_matches(struct store *, const char *domain);

#endif
