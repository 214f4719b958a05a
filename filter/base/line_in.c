/* SPDX-License-Identifier: ISC */

#include <string.h>
#include <unistd.h>

#include "base/line_in.h"

void
line_in_init(struct line_in *in, char *buf, size_t size, size_t most)
{
	memset(in, 0, sizeof(*in));
	in->buf = buf;
	in->size = size;
	in->most = most;
}

ssize_t
line_in_fill(struct line_in *in, int fd)
{
	ssize_t n;

	in->tail -= in->head;
	memmove(in->buf, in->buf + in->head, in->tail);
	in->head = 0;
	n = read(fd, in->buf + in->tail, in->size - in->tail);
	if (n > 0)
		in->tail += (size_t)n;
	return n;
}

enum line_kind
line_in_next(struct line_in *in, char **line, size_t *len)
{
	char *nl;
	size_t left;
	int skipped;

	for (;;) {
		*line = in->buf + in->head;
		left = in->tail - in->head;
		nl = memchr(*line, '\n', left);
		*len = nl == NULL ? left : (size_t)(nl - *line);
		skipped = in->skip;
		if (nl == NULL && !skipped && *len <= in->most)
			return LINE_NONE;
		in->head += nl == NULL ? *len : *len + 1;
		in->skip = nl == NULL;
		if (!skipped)
			break;
		if (nl == NULL)
			return LINE_NONE;
	}
	if (nl != NULL && *len <= in->most)
		return LINE_WHOLE;
	*len = in->most;
	return LINE_LONG;
}
