/* SPDX-License-Identifier: ISC */

#ifndef SGE_SETUP_H
#define SGE_SETUP_H

#include "conf/conf.h"

/*
 * What sged needs of the file system before it starts: as root all of it
 * belongs to SGE_USER.  -1 with a log line.
 */

/* The spool with sessions/, the database's directory. */
int	setup_dirs(const struct conf *);
/*
 * A lock beside the database, which another sged may give up within that many
 * seconds.  Returns its descriptor.
 */
int	setup_lock(const struct conf *, int seconds);
/* The socket, mode 0660; its path is free, or a dead one's. */
int	setup_listen(const struct conf *);
/* Closes and removes it. */
void	setup_unlisten(const struct conf *, int listener);

#endif
