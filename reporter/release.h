/* SPDX-License-Identifier: ISC */

#ifndef SGE_RELEASE_H
#define SGE_RELEASE_H

#include "ctl/ctl.h"

/*
 * release: mail that waits in smtpd's queue for a verified host, to a domain
 * that needs none any more, goes through smtpd's rules once more.  See
 * sgectl.c's table.
 */
int	cmd_release(struct ctl *, int, char *[]);

#endif
