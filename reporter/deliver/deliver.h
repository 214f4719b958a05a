/* SPDX-License-Identifier: ISC */

#ifndef SGE_DELIVER_H
#define SGE_DELIVER_H

#include <stddef.h>
#include <stdint.h>

/*
 * The engine's part that builds a day's reports once it is over, and sends
 * them (RFC 8460 3, 5).  Nothing blocks, but for what deliver_stop waits.
 */
struct engine;

void	deliver_start(struct engine *);
/* What is being sent is waited for, some seconds. */
void	deliver_stop(struct engine *);
/* There are reports that are due, or much was counted: begins what it can. */
void	deliver_due(struct engine *);
/*
 * Whether a mail of ours is being handed to sendmail for that address, or was
 * in the last ANNOUNCED_KEPT_SECONDS: sendmail may have kept it meanwhile;
 * -1 if the database can't say.
 */
int	deliver_announces(const struct engine *, const char *address);
/*
 * Build and send now; domain NULL: all of that day.  What a URI took already
 * is not sent to it again.  Returns 0, or -1 if there is nothing to do; text
 * says, on one line, what was begun or why not.
 */
int	deliver_now(struct engine *, int64_t day, const char *domain,
	    char text[], size_t textsz);

#endif
