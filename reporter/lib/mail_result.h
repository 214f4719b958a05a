/* SPDX-License-Identifier: ISC */

#ifndef SGE_MAIL_RESULT_H
#define SGE_MAIL_RESULT_H

#include <stdint.h>

#include "conf/conf.h"

/*
 * What sendmail(8) said of one message: SPOOL/mailed.N, N the number of its
 * delivery.  It holds sendmail's output and, last, "exit N" of whoever ran it;
 * both keep it locked (flock(2)) as long as they run.  So what became of a
 * message is known even if the mailer or all of sged was killed meanwhile.
 */
#define MAIL_RESULT_PREFIX "mailed."
/* Behind the name of one: a folder that stood in its place. */
#define MAIL_ASIDE ".aside."
/*
 * One that is of no use any more is taken for another mail: a file system may
 * look at all that were deleted in the last minute before it makes one (ext4
 * does), which ten thousand mails would wait for.
 */
#define MAIL_SPARE_PREFIX "mailed-spare."
/* More than are in use at once. */
#define MAIL_SPARES 256
/* Kept of what sendmail says. */
#define MAIL_SAID_MAX 512

struct mail_result {
	int		 code;		/* sysexits(3); 0: taken */
	int		 kept;		/* taken for when smtpd runs again */
	int		 over;		/* who ran it has said so, last */
	int		 unknown;	/* who ran it was killed; it is mute */
	char		 message[9];	/* smtpd's number of it, or "" */
	char		 said[MAIL_SAID_MAX];	/* one line, printable ASCII */
};

/* Its path, which the caller frees. */
char	*mail_result_path(const struct conf *, int64_t delivery);
/*
 * An empty one, with room in it and a lock of it, for a mail that is to be sent; -1: *why says
 * what is in the way.  One process calls this at a time.
 */
int	 mail_result_new(const struct conf *, int64_t delivery,
	    const char **why);
/* One that is there, with its lock; -1 likewise. */
int	 mail_result_open(const struct conf *, int64_t delivery,
	    const char **why);
/* To be read alone, whoever has its lock; or -1. */
int	 mail_result_look(const struct conf *, int64_t delivery);
/* What stands in it is known to the database. */
void	 mail_result_forget(const struct conf *, int64_t delivery);
/*
 * Whether what can't be opened for that reason was put there by somebody else:
 * no file that we can read.
 */
int	 mail_result_is_strange(int error);
/*
 * Takes one away, or what lies in its place; a folder that is not empty has
 * another name then, which is logged: 0, or -1 with errno.
 */
int	 mail_result_remove(const char *path);
/* Takes the spare ones away. */
void	 mail_result_tidy(const struct conf *);
/* From a descriptor of it, at any offset. */
void	mail_result_read(int fd, struct mail_result *);

#endif
