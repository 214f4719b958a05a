/* SPDX-License-Identifier: ISC */

#ifndef SGE_FLEET_SCHEMA_H
#define SGE_FLEET_SCHEMA_H

#include "fleet/pq.h"

/*
 * Makes the tables, or the newest format of an older one, in one transaction
 * under a lock; hosts that start at once wait for each other.  0; 1: the
 * format is newer than this program's; -1: pq_why.
 */
int	fleet_schema(struct pq *);
/* Whether they are as this program makes them: 0, 1 with *why, -1: pq_why. */
int	fleet_schema_is(struct pq *, const char **why);
/* The format that this program makes. */
int	fleet_format(void);

#endif
