/* SPDX-License-Identifier: ISC */

#ifndef SGE_STORE_COPY_H
#define SGE_STORE_COPY_H

#include <jansson.h>

#include "store/store.h"

/*
 * A day as a fleet's other hosts get it (lib/fleet_table.h), read over a
 * connection of its own, so that what is counted meanwhile is not in it; and
 * the table copied, which tells how far that went.
 */
struct store_copy;

/* NULL with a log line.  Until it is closed the database's log only grows. */
struct store_copy *store_copy_open(const char *path, int64_t day);
void	store_copy_close(struct store_copy *);
/*
 * What tells this state of the day's rows from another: sums of what they
 * hold.  0 or -1 with a log line.
 */
int	store_copy_digest(struct store_copy *, char out[], size_t outsz);
/*
 * The next rows, of one table, max bytes of JSON, or one row that is longer:
 * *rows is the caller's.  Returns 1, 0 at the end, -1 with a log line.
 */
int	store_copy_rows(struct store_copy *, size_t max, const char **table,
	    json_t **rows);

struct store_copied {
	char		 digest[512];	/* "": not copied */
	int		 closed;
};

/* 0 or -1; a day that is not there has no digest and is not closed. */
int	store_copied_get(struct store *, int64_t day, struct store_copied *);
int	store_copied_set(struct store *, int64_t day,
	    const struct store_copied *, int64_t now);
/* Rows changed over this connection since it was opened. */
int64_t	store_changes(struct store *);

#endif
