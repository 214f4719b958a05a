/* SPDX-License-Identifier: ISC */

#ifndef SGE_STORE_SEGMENT_H
#define SGE_STORE_SEGMENT_H

#include "store/store.h"

/*
 * A file of SPOOL/sessions: which it is, what was counted of it, and whether it
 * grows no more (done).  All return 0, or -1 with a log line.
 */
struct segment_state {
	int64_t		 offset;	/* behind the last line counted */
	int64_t		 lines;
	int64_t		 bad;		/* no records: passed over */
	int64_t		 newer;		/* of a newer version: the same */
	int64_t		 ino;		/* 0: not known */
	int64_t		 head;		/* of its first line; 0: not known */
};

/* 1; 0 and zeros where it is not known. */
int	store_segment_load(struct store *, const char *name,
	    struct segment_state *, int *done);
int	store_segment_save(struct store *, const char *name,
	    const struct segment_state *, int done, int64_t now);
/* The name of the one with that inode and first line: 1, 0, or -1. */
int	store_segment_find(struct store *, int64_t ino, int64_t head,
	    char name[], size_t namesz);
int	store_segment_rename(struct store *, const char *from, const char *to);
/* Forgets those that did not grow since then. */
int	store_segment_trim(struct store *, int64_t before);

#endif
