/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/trouble.h"
#include "keep/line_out.h"

void
line_out_put(struct line_out *o, const char *line, size_t len)
{
	char *grown;
	size_t size = o->size == 0 ? LINE_OUT_HIGH : o->size;

	if (o->fd == -1)
		return;
	memmove(o->buf, o->buf + o->head, o->tail - o->head);
	o->tail -= o->head;
	o->head = 0;
	while (size - o->tail < len + 1)
		size *= 2;
	if (size != o->size) {
		if ((grown = realloc(o->buf, size)) == NULL) {
			o->fd = -1;
			return;
		}
		o->buf = grown;
		o->size = size;
	}
	memcpy(o->buf + o->tail, line, len);
	o->buf[o->tail + len] = '\n';
	o->tail += len + 1;
}

void
line_out_flush(struct line_out *o)
{
	ssize_t n;

	while (o->fd != -1 && o->head < o->tail) {
		n = write(o->fd, o->buf + o->head, o->tail - o->head);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && trouble_passes(errno)) {
			if (!trouble_is_none(errno))
				trouble_wait();
			return;
		}
		if (n <= 0)
			o->fd = -1;
		else {
			o->head += n;
			o->gone += n;
		}
	}
}

size_t
line_out_waiting(const struct line_out *o)
{
	return o->fd == -1 ? 0 : o->tail - o->head;
}
