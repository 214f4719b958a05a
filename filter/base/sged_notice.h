/* SPDX-License-Identifier: ISC */

#ifndef SGE_NOTICE_H
#define SGE_NOTICE_H

#include <stdint.h>

#include "base/compat.h"

/*
 * Tells sged of a domain that mail goes to: one datagram, its text the name in
 * normal form, to a socket beside the daemon's own.  Whoever may write there
 * can say this and nothing else, and hears nothing.
 */

/* In front of the name: its route is known, and mail will go to its host. */
#define NOTICE_KNOWN '='

/* Behind the path of "socket". */
#define NOTICE_SUFFIX ".notice"

struct notice;

/* socket: as in sge.conf; copied.  NULL without memory. */
struct notice *notice_new(const char *socket);
void	notice_free(struct notice *);
/* For a new configuration; without memory the old path stays. */
void	notice_path(struct notice *, const char *socket);
/*
 * text: the name, or NOTICE_KNOWN and the name.
 * Never blocks or fails: what sged does not take is said again when there is
 * reason to.  The same domain at once again is not (bounds.h).  now: monotonic
 * milliseconds.
 */
void	notice_send(struct notice *, const char *text, int64_t now);

#endif
