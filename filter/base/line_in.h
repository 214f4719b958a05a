/* SPDX-License-Identifier: ISC */

#ifndef SGE_LINE_IN_H
#define SGE_LINE_IN_H

#include <sys/types.h>

/*
 * Lines of a descriptor, in a buffer of the caller's.  One that is longer than
 * most bytes is met once, by its beginning; the rest of it is passed over.
 */
struct line_in {
	char	*buf;
	size_t	 size;		/* bytes; more than most */
	size_t	 most;		/* bytes of a line, its end not counted */
	size_t	 head;		/* what was not taken yet begins here */
	size_t	 tail;
	int	 skip;		/* the rest of a line too long */
};

enum line_kind {
	LINE_NONE,		/* no whole one is there: fill */
	LINE_WHOLE,
	LINE_LONG		/* the beginning of one, most bytes */
};

void	line_in_init(struct line_in *, char *buf, size_t size, size_t most);
/*
 * One read(2), which may block as the descriptor does: its value and errno.
 * The lines taken before it are no longer in the buffer.  Only after
 * LINE_NONE: then there is room.
 */
ssize_t	line_in_fill(struct line_in *, int fd);
/* The next line, of len bytes; where its end stood the caller may write. */
enum line_kind line_in_next(struct line_in *, char **line, size_t *len);

#endif
