/* SPDX-License-Identifier: ISC */

#ifndef SGE_SCAN_H
#define SGE_SCAN_H

#include <stdint.h>

#include "base/compat.h"

/*
 * JSON (RFC 8259) read in place, for lines that come by the million: nothing
 * is allocated, strings stay where they are.  The text ends with a NUL.
 */
struct scan {
	char	*p;
};

/* A value of another type is passed over, so that the rest can be read. */
enum scanned {
	SCAN_SYNTAX = -1,	/* not JSON; p is somewhere */
	SCAN_OTHER,		/* JSON, but not what was asked for */
	SCAN_OK
};

void	scan_blanks(struct scan *);
/* That character, blanks before it; 0 or -1. */
int	scan_expect(struct scan *, char);
/* Unescaped in place and ended with a NUL; 0 or -1. */
int	scan_string(struct scan *, char **start);
/* Any value; 0 or -1. */
int	scan_skip(struct scan *);

/* A string, or NULL for null. */
enum scanned scan_text(struct scan *, const char **);
/* A whole number from 0 to max; a greater one is max. */
enum scanned scan_number(struct scan *, uint64_t max, uint64_t *);
enum scanned scan_bool(struct scan *, int *);
/*
 * One of n names, by its index.  null is the index of a NULL among them.
 */
enum scanned scan_name(struct scan *, const char *const names[], size_t n,
	    unsigned int *);

#endif
