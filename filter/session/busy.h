/* SPDX-License-Identifier: ISC */

#ifndef SGE_BUSY_H
#define SGE_BUSY_H

#include <stdint.h>

#include "base/addr.h"

/*
 * Since when smtpd has had sessions with an address, one upon another.  It
 * takes an address that was quiet for a new one, gives up all mail that waits
 * for it when the first session fails, and tries again and again when one went
 * well: so whose a failed session was can't be told without this.  Takes no
 * memory but that of busy_new; what does not fit is not known.
 */
struct busy;

#define BUSY_UNKNOWN (-1)

/* NULL without memory. */
struct busy *busy_new(void);
void	busy_free(struct busy *);
/*
 * A connection begins (epoch seconds).  Since how many seconds there were
 * others before it: 0, it was quiet, or BUSY_UNKNOWN.
 */
int64_t	busy_begin(struct busy *, const struct addr *, int64_t now);
void	busy_end(struct busy *, const struct addr *, int64_t now);

#endif
