/* SPDX-License-Identifier: ISC */

#ifndef SGE_UNREAD_H
#define SGE_UNREAD_H

#include <stdint.h>
#include <stdio.h>

#include "conf/conf.h"

/*
 * The folder "unread" beside the database: mails that came as reports and
 * could not be read.  A mail is in it whole and on disk, or not at all.
 */

/*
 * Keeps data and, if rest is not NULL, what still can be read from it.  Writes
 * the file's path to out.  Returns 0, or -1 with a log line.
 */
int	unread_keep(const struct conf *, const char *data, size_t len,
	    FILE *rest, char out[], size_t outsz);

/* How many are there; -1: that can't be seen.  out: the folder's path. */
int64_t	unread_count(const struct conf *, char out[], size_t outsz);

#endif
