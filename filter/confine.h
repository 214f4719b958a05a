/* SPDX-License-Identifier: ISC */

#ifndef SGE_CONFINE_H
#define SGE_CONFINE_H

#include "conf/conf.h"

/*
 * What smtpd's children give up: pledge(2) and unveil(2) on OpenBSD, landlock(7)
 * and seccomp(2) on Linux where the kernel has them.  Both go on reading
 * sge.conf and the files it names, wherever they are; they write below the
 * folder that SPOOL stands in, so that a SPOOL made anew is found.  A refusal
 * is a log line: smtpd stops when we do.
 */

/* Records are written, the daemon is asked. */
void	confine_filter(const struct conf *);
/* The processes that write for them: the spool, and nobody is asked. */
void	confine_writer(const char *spool);
/* A filter of others is run, which gives up what it likes. */
void	confine_keeper(void);
/* Routes are read, attempts noted. */
void	confine_table(const struct conf *);

#endif
