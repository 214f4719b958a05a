/* SPDX-License-Identifier: ISC */

#ifndef SGE_LOG_H
#define SGE_LOG_H

#include "base/compat.h"

/*
 * Where messages go: stderr (filter, table, sgectl, sged -d) or syslog's mail
 * facility (sged).  errno is preserved by all of these.  None blocks on peers.
 */
void	log_init(const char *process, int to_stderr, int verbose);
void	log_procname(const char *process);
int	log_verbose(void);
/* Connects to syslog anew, after its descriptor was closed. */
void	log_reopen(void);

/* With the text of errno. */
void	log_warn(const char *, ...) __attribute__((__format__(printf, 1, 2)));
void	log_warnx(const char *, ...) __attribute__((__format__(printf, 1, 2)));
void	log_info(const char *, ...) __attribute__((__format__(printf, 1, 2)));
/* Only with -v. */
void	log_debug(const char *, ...) __attribute__((__format__(printf, 1, 2)));

/*
 * To stderr as it is, len bytes with their newline: a line on one of smtpd's
 * sessions, its id first.  It leaves with the next log_flush, or in front of
 * the next message.
 */
void	log_event(const char *line, size_t len);
/*
 * Has all of these leave, as many in one write(2) as a pipe takes whole.  What
 * stderr does not take now stays for the next time, but in a child of fork(2);
 * of what comes then whole lines are lost, where there is no room for them.
 */
void	log_flush(void);
/*
 * Whether something stayed, a message or a line: who has made stderr not wait,
 * or has started others who may, calls log_flush again in a while.
 */
int	log_waiting(void);
/* The last one, which waits a second at most for who reads slowly. */
void	log_end(void);

/* What fatal and fatalx exit with from now on, instead of 1. */
void	log_fatal(int status);
/*
 * Our own bug or no memory: says it and exits.  Never used in filter-sge or
 * table-sge after their handshake, since smtpd stops when they do.
 */
__dead void fatal(const char *, ...)
    __attribute__((__format__(printf, 1, 2)));
__dead void fatalx(const char *, ...)
    __attribute__((__format__(printf, 1, 2)));

/*
 * Text of others, made safe for a log line or a terminal: strnvis(3) with
 * VIS_SAFE into one of a few static buffers, good until a few calls later.
 */
const char *log_clean(const char *);
/* The same into out, at least two bytes, with flags of vis(3). */
void	log_vis(char out[], size_t outsz, const char *, int flags);

#endif
