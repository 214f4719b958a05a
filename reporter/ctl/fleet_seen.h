/* SPDX-License-Identifier: ISC */

#ifndef SGE_FLEET_SEEN_H
#define SGE_FLEET_SEEN_H

#include <jansson.h>
#include <stdint.h>

/* A host of the fleet, as sged tells of it; strings are the answer's. */
struct fleet_seen {
	const char	*host;
	const char	*version;
	int64_t		 seen;
	int64_t		 closed;	/* the last day it copied whole, or -1 */
	int		 silent;	/* not seen for minutes */
};

/* The n-th of "fleet" in sged's status.  1, or 0: there are no more. */
int	fleet_seen(const json_t *fleet, size_t n, struct fleet_seen *);

#endif
