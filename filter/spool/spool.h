/* SPDX-License-Identifier: ISC */

#ifndef SGE_SPOOL_H
#define SGE_SPOOL_H

#include <stdint.h>

#include "spool/record.h"

/*
 * SPOOL/sessions: segments of session records, one for each hour of UTC,
 * written by filter-sge alone.  While they can't be written (a full disk, a
 * frozen one), records stay in memory, SPOOL_BACKLOG_MAX bytes at most.  Never
 * fatal.
 */
struct spool;

/* The directory need not exist yet.  NULL without memory. */
struct spool *spool_new(const char *dir);
/*
 * From now on a process of its own writes, which first calls confine, so that
 * nobody waits for a disk which hangs.  0, or -1 with errno: then, as without
 * this, writing waits for the disk.
 */
int	spool_start(struct spool *, void (*confine)(const char *dir));
/* Writes what it can, then forgets the rest, and says how much that was. */
void	spool_free(struct spool *);
/* From now on records go there; NULL of it means no memory: the old stays. */
void	spool_move(struct spool *, const char *dir);

/*
 * One record, to be appended with the next spool_flush.  now: epoch seconds.
 * r->lost is set here: how many could not be kept before this one.
 */
void	spool_put(struct spool *, struct record *, int64_t now);
/*
 * Has what was put since appended with one write(2), or keeps it; call it at
 * the end of each turn, when spool_fd can be read, and each second while
 * something waits.  Then the record is in the hands of a process that writes it
 * even if this one dies.  Waits, for a quarter of a second, only where much is
 * to be written.
 */
void	spool_flush(struct spool *, int64_t now);
/* More waits for what is being written, which this tells the end of; or -1. */
int	spool_fd(const struct spool *);
int	spool_waiting(const struct spool *);

#endif
