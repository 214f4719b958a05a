/* SPDX-License-Identifier: ISC */

#ifndef SGE_UNREAD_H
#define SGE_UNREAD_H

#include <stdint.h>
#include <stdio.h>

#include "conf/conf.h"

/*
 * Folders beside the database: "unread" has mails that came as reports and
 * could not be read, "test" those that "sgectl check config -t" sent.  A mail
 * is in it whole and on disk, or not at all.  No more than UNREAD_MAX of them
 * (UNREAD_TEST_MAX), and of UNREAD_SIZE_MAX bytes, are kept: the oldest go.
 */
#define UNREAD_BOX "unread"
#define UNREAD_TEST "test"
/* The Subject of such a test begins so, with a token behind it. */
#define UNREAD_TEST_SUBJECT "sgectl check config "

/*
 * Keeps data in the folder and, if rest is not NULL, what still can be read
 * from it.  Writes the file's path to out.  Returns 0, or -1 with a log line.
 */
int	unread_keep(const struct conf *, const char *box, const char *data,
	    size_t len, FILE *rest, char out[], size_t outsz);
/* The folder's path; 0, or -1 with a log line. */
int	unread_path(const struct conf *, const char *box, char out[],
	    size_t outsz);

struct unread {
	char	 path[900];		/* of the folder */
	int64_t	 count;
	int64_t	 fresh;			/* since when was asked */
	int64_t	 bytes;
};

/* What is there; 0, or -1: that can't be seen.  None: it is as good as empty. */
int	unread_look(const struct conf *, int64_t since, struct unread *);

#endif
