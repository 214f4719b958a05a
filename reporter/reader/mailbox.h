/* SPDX-License-Identifier: ISC */

#ifndef SGE_MAILBOX_H
#define SGE_MAILBOX_H

#include <stdio.h>

#include "base/compat.h"

/*
 * Where mails and reports lie: files, mboxes, Maildirs, folders, a stream.
 * One is held in memory at a time.
 */
struct mailbox {
	/*
	 * For each mail or file.  data has a NUL behind its len bytes and is
	 * good during the call; it is NULL where error says why it could not be
	 * read.  Returns 0, or -1 to stop.
	 */
	int		(*item)(const char *name, const unsigned char *data,
			    size_t len, const char *error, void *arg);
	void		*arg;
	/* Used within. */
	unsigned char	*buf;
	size_t		 len;
	size_t		 size;
};

/*
 * Reads a file (of any kind), a Maildir (new and cur), or a folder with all
 * that is below it, in the order of their names.  Returns 0, or -1 if item
 * wanted to stop.
 */
int	mailbox_path(struct mailbox *, const char *path);
/* Reads a stream to its end: an mbox, or one mail or file. */
int	mailbox_stream(struct mailbox *, FILE *, const char *name);
void	mailbox_free(struct mailbox *);

#endif
