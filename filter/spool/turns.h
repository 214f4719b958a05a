/* SPDX-License-Identifier: ISC */

#ifndef SGE_TURNS_H
#define SGE_TURNS_H

#include <stdint.h>

#include "base/bounds.h"

/*
 * SPOOL/turns: hosts whose TLS fails now, and that share an address with other
 * such hosts, "host|address|tried|over|used" a line.  sged makes it anew and
 * swaps it by rename(2), at least every TURNS_AGAIN seconds; one of TURNS_OLD
 * is none, since nobody looks any more whether these hosts fail.
 */
#define TURNS_FILE	"turns"
#define TURNS_AGAIN	120
#define TURNS_OLD	600

/* A line with its newline. */
#define TURN_LINE_MAX (DOMAIN_MAX + 64 + 3 * 24)

/* Times are epoch seconds, 0: not known. */
struct turn {
	char		 host[DOMAIN_MAX];
	char		 addr[64];
	int64_t		 tried;		/* smtpd was told the host */
	int64_t		 over;		/* what it was told by then is over */
	int64_t		 used;		/* a session there ended, any host's */
};

struct turns;

/* spool: the directory above.  NULL without memory. */
struct turns *turns_open(const char *spool);
void	turns_free(struct turns *);
/*
 * The lines as they are now, *n of them, good until the next call.  What can't
 * be read is not there; never fails, one stat(2) where nothing changed.
 */
const struct turn *turns_now(struct turns *, int64_t now, size_t *n);
/* Writes a line; its length, or -1 where it does not fit. */
int	turn_line(char out[], size_t outsz, const struct turn *);

#endif
