/* SPDX-License-Identifier: ISC */

#ifndef SGE_CONFINE_H
#define SGE_CONFINE_H

/*
 * What smtpd's children give up, pledge(2) on OpenBSD and nothing elsewhere:
 * both go on reading sge.conf and the files it names, wherever they are, so
 * nothing is unveiled.  A refusal is a log line: smtpd stops when we do.
 */

/* Records are written, the daemon is asked. */
void	confine_filter(void);
/* The processes that write for them: the spool, and nobody is asked. */
void	confine_writer(void);
/* A filter of others is run, which gives up what it likes. */
void	confine_keeper(void);
/* Routes are read, attempts noted. */
void	confine_table(void);

#endif
