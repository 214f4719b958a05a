/* SPDX-License-Identifier: ISC */

#ifndef SGE_LINE_OUT_H
#define SGE_LINE_OUT_H

#include <stdint.h>

#include "base/compat.h"

/* Nothing is read while so much waits to be written to the other side. */
#define LINE_OUT_HIGH (256 * 1024)

/* Lines on their way to a descriptor that does not block, which is not ours. */
struct line_out {
	int		 fd;		/* -1: nobody reads */
	char		*buf;
	size_t		 size;
	size_t		 head;
	size_t		 tail;
	uint64_t	 gone;		/* bytes, since the start */
};

/*
 * Adds a line, and its newline.  What does not fit any more, without memory, is
 * as if nobody had read it.
 */
void	line_out_put(struct line_out *, const char *line, size_t len);
/* Writes what the other side takes now; without a reader, fd is -1 then. */
void	line_out_flush(struct line_out *);
/* Bytes that wait. */
size_t	line_out_waiting(const struct line_out *);

#endif
