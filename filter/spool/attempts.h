/* SPDX-License-Identifier: ISC */

#ifndef SGE_ATTEMPTS_H
#define SGE_ATTEMPTS_H

#include <stdint.h>

/*
 * SPOOL/attempts: which domain smtpd was about to send to, and where, since a
 * session that fails before any recipient is named names no domain.  Lines
 * "seconds.milliseconds domain url", url "-" where the mail has to wait.  Each
 * table-sge appends to files of its own, a new one each hour, with names that
 * nobody else can guess: others may write to the folder, but not list it.
 * Never fatal.
 */
struct attempts;

/* spool: the directory above.  NULL without memory. */
struct attempts *attempts_new(const char *spool);
/*
 * Writes what was handed over, for three seconds at most where the disk hangs.
 */
void	attempts_free(struct attempts *);
/*
 * From now on a process of its own writes, which first calls confine, so that
 * nobody waits for the disk: what it does not take is dropped, and said.  0, or
 * -1 with errno: then, as without this, writing waits.
 */
int	attempts_start(struct attempts *, void (*confine)(const char *spool),
	    const char *spool);
/* domain in normal form; url "": none. */
void	attempts_note(struct attempts *, const char *domain, const char *url);

/* Of one line, for who reads them.  0, or -1: it is none. */
struct attempt {
	int64_t		 at;		/* milliseconds since 1970 */
	const char	*domain;	/* in normal form */
	const char	*url;		/* "": none */
};

/* line ends with NUL, and is changed in place. */
int	attempt_parse(char *line, struct attempt *);

#endif
