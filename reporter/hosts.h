/* SPDX-License-Identifier: ISC */

#ifndef SGE_HOSTS_H
#define SGE_HOSTS_H

#include "ctl/ctl.h"

/*
 * -H: what the views read, of a host of the fleet or of all, in the place of
 * this host's own database.  Asks PostgreSQL by a process share of its own, and
 * waits: a minute, where it is slow.  0, or -1 after a message.
 */
int	hosts_read(struct ctl *);

#endif
