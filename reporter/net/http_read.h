/* SPDX-License-Identifier: ISC */

#ifndef SGE_HTTPREAD_H
#define SGE_HTTPREAD_H

#include <stdint.h>

#include "base/bounds.h"
#include "base/compat.h"

/*
 * An HTTP/1 answer (RFC 9112) read as it comes.
 */
enum httpread_state {
	HTTP_STATUS,
	HTTP_HEAD,
	HTTP_BODY,		/* so many bytes */
	HTTP_BODY_END,		/* up to the end of the connection */
	HTTP_CHUNK_SIZE,
	HTTP_CHUNK,
	HTTP_CHUNK_END,
	HTTP_TRAILER,
	HTTP_DONE
};

struct httpread {
	enum httpread_state state;
	int		 http;		/* final status code */
	char		 type[HTTP_TYPE_MAX];	/* media type, lower */
	char		 date[HTTP_DATE_MAX];	/* the server's clock */
	char		*body;
	size_t		 bodylen;
	size_t		 max;		/* of the body */
	const char	*wrong;		/* a static text, or NULL */
	int		 too_large;
	/* Private. */
	int		 chunked;
	int		 has_length;
	uint64_t	 left;
	size_t		 head;		/* bytes of heads and chunk lines */
	char		 line[HTTP_HEAD_MAX];
	size_t		 linelen;
};

void	httpread_init(struct httpread *, size_t max);
void	httpread_free(struct httpread *);
/*
 * Returns 1 when the answer is complete, 0 if there is to be more, -1 if it is
 * malformed or too large (wrong, too_large).  No memory is fatal.
 */
int	httpread_feed(struct httpread *, const char *data, size_t len);
/* The connection has ended properly: 1 if the answer is complete, else -1. */
int	httpread_eof(struct httpread *);

#endif
