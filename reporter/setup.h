/* SPDX-License-Identifier: ISC */

#ifndef SGE_SETUP_H
#define SGE_SETUP_H

#include "conf/conf.h"

/*
 * What sged needs of the system before it starts.  -1 with a log line that
 * says what to write.
 */

/* As SGE_OWN, of what filter-sge writes. */
#define SETUP_SESSIONS "chmod 770, and chown -R " SGE_FILTER_USER ":" \
	SGE_FILTER_USER

/* As root: whether those exist who its processes, and filter-sge, run as. */
int	setup_users(void);
/*
 * The spool with sessions/, the database's directory.  Those that others can
 * write to are refused; those of another owner only said.
 */
int	setup_dirs(const struct conf *);
/*
 * The lock of that path and ".lock", which another sged may give up within
 * that many seconds.  Returns its descriptor.
 */
int	setup_lock(const char *of, int seconds);
/* The lock in the spool: two databases must not count the same sessions. */
int	setup_lock_spool(const struct conf *, int seconds);
/*
 * The socket, mode 0660, of SGE_USER and SGE_FILTER_USER's group; its path is
 * free, or a dead one's.
 */
int	setup_listen(const struct conf *);
/* The one beside it that anybody may write to: sged_notice.h. */
int	setup_notices(const struct conf *);
/* Closes and removes both. */
void	setup_unlisten(const struct conf *, int listener, int notices);
/*
 * Tells who started us, if it asked by NOTIFY_SOCKET (sd_notify(3) of systemd),
 * a line like "READY=1".
 */
void	setup_tell(const char *state);

#endif
