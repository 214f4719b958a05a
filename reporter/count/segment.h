/* SPDX-License-Identifier: ISC */

#ifndef SGE_SEGMENT_H
#define SGE_SEGMENT_H

#include <sys/queue.h>

#include "base/compat.h"
#include "store/store.h"
#include "count/tally.h"

/*
 * A file of SPOOL/sessions: what was counted of it, and what was read.
 */
struct segment_state {
	int64_t		 offset;	/* behind the last line counted */
	int64_t		 lines;
	int64_t		 bad;		/* no records: passed over */
	int64_t		 newer;		/* of a newer version: the same */
};

struct segment {
	TAILQ_ENTRY(segment) entry;
	char		*name;
	struct segment_state saved;	/* as in the database */
	struct segment_state now;	/* with what is not committed yet */
	int64_t		 scanned;	/* offset, and a line without end */
	int64_t		 size;
	int64_t		 mtime;
	int		 done;		/* grows no more */
	int		 dirty;		/* now is to be saved */
	int		 said;		/* a complaint was logged */
	int		 seen;		/* in this listing */
};

/* Bytes read at once: longer than the longest line. */
#define SEGMENT_SLICE (1024 * 1024)

/*
 * Reads the next SEGMENT_SLICE bytes into buf (one byte longer) and counts the
 * whole lines.  Returns the bytes read, 0 at the end; -1 with a log line, once
 * for each file.
 */
ssize_t	segment_read(struct segment *, int dirfd, char *buf, struct tally *);
/* Its size now; -1 if it is gone, or no file. */
int	segment_stat(struct segment *, int dirfd);
/* Whether there is something that was not read yet. */
int	segment_more(const struct segment *);
/* What was read is read again: the database did not take it. */
void	segment_rewind(struct segment *);
/* It is done; a last line without end is a bad one. */
void	segment_finish(struct segment *);

/* store_segment.c: fills saved, now, scanned, done; 0 or -1. */
int	store_segment_load(struct store *, struct segment *);
int	store_segment_save(struct store *, const struct segment *, int64_t now);
/* Forgets those that did not grow since then. */
int	store_segment_trim(struct store *, int64_t before);

#endif
