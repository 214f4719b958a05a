/* SPDX-License-Identifier: ISC */

#ifndef SGE_KEPT_H
#define SGE_KEPT_H

#include <stdint.h>

#include "base/compat.h"

/*
 * What passes between smtpd and a filter that may end at any time
 * (smtpd-filters(7)): which sessions that filter knows, and what smtpd still
 * waits for.  smtpd ends when a filter does, and when it says what was not
 * asked: neither gets through here.  Nothing here reads, writes or waits.
 */
struct kept;

/*
 * A line to be written, without its newline.  Either may be called for each
 * line that comes in, more than once for one.
 */
typedef void (*kept_line)(const char *line, size_t len, void *arg);

/* NULL without memory. */
struct kept *kept_new(kept_line to_smtpd, kept_line to_filter, void *arg);
void	kept_free(struct kept *);

/* One line of smtpd's, or of the filter's, without its newline. */
void	kept_smtpd(struct kept *, const char *line, size_t len);
void	kept_filter(struct kept *, const char *line, size_t len);
/*
 * The filter was started: it is told what smtpd said at its start.  It has
 * ended: what it owed is answered, mails in its hands are refused, one that was
 * there alone for good, but where the filter had hung: that may be the fault of
 * whom it asks.  Returns how many there were.
 */
void	kept_started(struct kept *);
size_t	kept_ended(struct kept *, int hung);
/*
 * A look at what smtpd waits for: at how many, this one included, the answer
 * that is owed for longest was; 0: smtpd waits for none.
 */
int	kept_look(struct kept *);
/* Whether it made more of a mail than any filter does, and is to be ended. */
int	kept_talks_on(const struct kept *);
/* Whether it has ever said which events it wants; since its last start. */
int	kept_ready(const struct kept *);
int	kept_came_up(const struct kept *);
/* Lines of the filter that were let through, and that were not. */
uint64_t kept_passed(const struct kept *);
uint64_t kept_dropped(const struct kept *);

#endif
