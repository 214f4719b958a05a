/* SPDX-License-Identifier: ISC */

#ifndef SGE_COPY_H
#define SGE_COPY_H

#include <jansson.h>

/*
 * The engine's part that copies this host's tallies into the fleet's database,
 * by the share process.  Nothing waits for it: a database that is away is
 * caught up with when it is back.
 */
struct engine;

void	copy_start(struct engine *);
void	copy_stop(struct engine *);
/*
 * For people: {"state":"starting"|"ok"|"away"|"refused","text":"..",
 * "since":epoch of that state,"done":epoch when all was copied, or 0,
 * "behind":days that are over and not copied whole,"now":epoch by the
 * database, "members":[["host",seen,"version",closed]..]}; NULL: no fleet.
 */
json_t	*copy_status(const struct engine *);

#endif
