/* SPDX-License-Identifier: ISC */

#ifndef SGE_SEGMENT_H
#define SGE_SEGMENT_H

#include <sys/queue.h>

#include <time.h>

#include "base/compat.h"
#include "count/tally.h"
#include "store/store_segment.h"

/* A file of SPOOL/sessions. */
struct segment {
	TAILQ_ENTRY(segment) entry;
	char		*name;
	struct segment_state saved;	/* as in the database */
	struct segment_state now;	/* with what is not committed yet */
	int64_t		 scanned;	/* offset, and a line without end */
	int64_t		 size;
	int64_t		 mtime;
	struct timespec	 changed;	/* st_ctim */
	int		 done;		/* grows no more */
	int		 waits;		/* its next line, until the next look */
	int		 dirty;		/* now is to be saved */
	int		 said;		/* a complaint was logged */
	int		 seen;		/* in this listing */
};

/* Bytes read at once: longer than the longest line. */
#define SEGMENT_SLICE (1024 * 1024)

/*
 * Reads the next SEGMENT_SLICE bytes into buf (one byte longer) and counts the
 * whole lines, up to one that waits (tally_record).  Returns the bytes read, 0 at
 * the end, or where the first line waits; -1 with a log line, once for each
 * file; -2: it is another by now.
 */
ssize_t	segment_read(struct segment *, int dirfd, char *buf, struct tally *);
/*
 * Which file it is: its inode, and a hash of its first line once that is
 * whole.  -1 if it is gone, or no file.
 */
int	segment_identify(const char *name, int dirfd, int64_t *ino,
	    int64_t *head);
/* Its size now, and no line waits; -1 if it is gone, or another file by now. */
int	segment_stat(struct segment *, int dirfd);
/* Whether there is something that was not read yet. */
int	segment_more(const struct segment *);
/* What was read is read again: the database did not take it. */
void	segment_rewind(struct segment *);
/* It is done; a last line without end is a bad one. */
void	segment_finish(struct segment *);

#endif
