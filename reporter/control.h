/* SPDX-License-Identifier: ISC */

#ifndef SGE_CONTROL_H
#define SGE_CONTROL_H

/*
 * The engine's part that answers on sged's socket (sged_client.h): filter-sge
 * and table-sge, who ask for routes, and sgectl.  Nothing blocks.
 */
struct engine;

void	control_start(struct engine *);
void	control_stop(struct engine *);

#endif
