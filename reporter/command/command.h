/* SPDX-License-Identifier: ISC */

#ifndef SGE_COMMAND_H
#define SGE_COMMAND_H

#include "ctl/ctl.h"

/* The commands; see sgectl.c's table. */
int	cmd_report(struct ctl *, int, char *[]);
int	cmd_send(struct ctl *, int, char *[]);
/* Files, mboxes, Maildirs, folders, or standard input. */
int	cmd_read(struct ctl *, int, char *[]);
/* A mail on standard input; the status is one of sysexits(3). */
int	cmd_deliver(struct ctl *, int, char *[]);

#endif
