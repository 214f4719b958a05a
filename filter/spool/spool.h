/* SPDX-License-Identifier: ISC */

#ifndef SGE_SPOOL_H
#define SGE_SPOOL_H

#include <stdint.h>

#include "spool/record.h"

/*
 * SPOOL/sessions: segments of session records, one for each hour of UTC,
 * written by filter-sge alone.  While they can't be written (a full disk),
 * records stay in memory, SPOOL_BACKLOG_MAX bytes at most.  Never fatal, waits
 * for nothing but the disk.
 */
struct spool;

/* The directory need not exist yet.  NULL without memory. */
struct spool *spool_new(const char *dir);
/* Writes what it can, then forgets the rest, and says how much that was. */
void	spool_free(struct spool *);
/* From now on records go there; NULL of it means no memory: the old stays. */
void	spool_move(struct spool *, const char *dir);

/*
 * Appends one record with one write(2), or keeps it.  now: epoch seconds.
 * r->lost is set here: how many could not be kept before this one.
 */
void	spool_put(struct spool *, struct record *, int64_t now);
/* Tries again to write what was kept; call it each second while it is so. */
void	spool_retry(struct spool *, int64_t now);
int	spool_waiting(const struct spool *);

#endif
