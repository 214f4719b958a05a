/* SPDX-License-Identifier: ISC */

#ifndef SGE_SANDBOX_H
#define SGE_SANDBOX_H

#include "conf/conf.h"

/*
 * What each process gives up, in one place: pledge(2) and unveil(2) on
 * OpenBSD, landlock(7), seccomp(2) and no_new_privs on Linux where the kernel
 * has them.
 * All are fatal when what the system has does not work.
 */

/*
 * Becomes the user, or nobody where there is none; a no-op unless root.  Leaves
 * the groups too, but that one, unless it is NULL or there is none.
 */
void	sandbox_drop(const char *user, const char *group);
/* The same, and into an empty directory. */
void	sandbox_drop_empty(const char *user);
/* A log line on what this kernel lacks of these, if it does. */
void	sandbox_missing(void);
/*
 * Root's: what no process of ours needs, nor sendmail that the mailer runs.
 * Its children are held to it as well.
 */
void	sandbox_all(void);
void	sandbox_engine(const struct conf *);
void	sandbox_resolve(void);
void	sandbox_net(void);
void	sandbox_mailer(const struct conf *);
/* What its connection reads: certificates, a password, whom to ask for names. */
void	sandbox_share(const struct conf *);
/* sgectl: views read the database only. */
void	sandbox_view(const struct conf *);
/* What reads strangers' mail for deliver: its open descriptors, no more. */
void	sandbox_parser(void);
/* sgectl read, deliver: the database and the given files. */
void	sandbox_reader(const struct conf *);

#endif
