/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/trouble.h"
#include "session/reply_queue.h"

#define SIZE_MIN (64 * 1024)
#define SIZE_MAX_BYTES (64 * 1024 * 1024)

static void	 make_room(struct answers *, size_t);

int
answers_init(struct answers *a)
{
	memset(a, 0, sizeof(*a));
	if ((a->buf = malloc(SIZE_MIN)) == NULL)
		return -1;
	a->size = SIZE_MIN;
	return 0;
}

void
answers_flush(struct answers *a)
{
	ssize_t n;

	a->trouble = 0;
	while (a->head < a->tail) {
		n = write(STDOUT_FILENO, a->buf + a->head, a->tail - a->head);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && trouble_passes(errno)) {
			a->trouble = !trouble_is_none(errno);
			return;
		}
		if (n <= 0) {
			a->gone = 1;
			break;
		}
		a->head += n;
	}
	a->head = a->tail = 0;
}

static void
make_room(struct answers *a, size_t need)
{
	struct pollfd pfd = { .fd = STDOUT_FILENO, .events = POLLOUT };
	char *grown;

	while (a->size - a->tail < need && !a->gone) {
		if (a->head > 0) {
			memmove(a->buf, a->buf + a->head, a->tail - a->head);
			a->tail -= a->head;
			a->head = 0;
			continue;
		}
		if (a->size < SIZE_MAX_BYTES &&
		    (grown = realloc(a->buf, a->size * 2)) != NULL) {
			a->buf = grown;
			a->size *= 2;
			continue;
		}
		(void)poll(&pfd, 1, 1000);
		answers_flush(a);
	}
}

void
answers_add(struct answers *a, const char *id, const char *token,
    const char *reply)
{
	size_t len = strlen(reply);
	char *p;

	make_room(a, len + 64);
	if (a->gone)
		return;
	p = a->buf + a->tail;
	memcpy(p, "filter-result|", 14);
	memcpy(p + 14, id, 16);
	p[30] = '|';
	memcpy(p + 31, token, 16);
	p += 47;
	if (len == 0) {
		memcpy(p, "|proceed\n", 9);
		p += 9;
	} else {
		memcpy(p, "|reject|", 8);
		memcpy(p + 8, reply, len);
		p[8 + len] = '\n';
		p += 9 + len;
	}
	a->tail = p - a->buf;
}

size_t
answers_waiting(const struct answers *a)
{
	return a->tail - a->head;
}
