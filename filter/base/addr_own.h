/* SPDX-License-Identifier: ISC */

#ifndef SGE_ADDROWN_H
#define SGE_ADDROWN_H

#include "base/addr.h"

/* The addresses of this host's interfaces. */
struct addr_own {
	struct addr	*addr;
	size_t		 n;
};

/*
 * As they are now, which is when smtpd, too, looks for what "from local" of
 * smtpd.conf(5) holds: at its start.  Returns 0; -1 with errno, and no
 * address.  addr is the caller's to free.
 */
int	addr_own(struct addr_own *);
int	addr_is_own(const struct addr_own *, const struct addr *);

#endif
