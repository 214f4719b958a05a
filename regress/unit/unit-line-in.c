/* SPDX-License-Identifier: ISC */

/*
 * Lines of a pipe, in pieces of every size: whole ones, one as long as may be,
 * ones longer, one with a NUL, and what is left without an end.
 */

#include <err.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/line_in.h"
#include "tap.h"

#define MOST 8

static const char text[] =
    "one\n\n12345678\n123456789\nan\0d\n"
    "1234567890123456789012345678901234567890\nlast\n12345678";
static const char meant[] = "[one][][12345678](12345678)[an.d](12345678)[last]";

/* All lines that are there: [whole], or (the beginning of one too long). */
static size_t
take(struct line_in *in, char *out, size_t used, size_t size)
{
	enum line_kind kind;
	char *line;
	size_t i, len;

	while ((kind = line_in_next(in, &line, &len)) != LINE_NONE &&
	       used + len + 3 < size) {
		out[used++] = kind == LINE_WHOLE ? '[' : '(';
		for (i = 0; i < len; i++)
			out[used++] = line[i] == '\0' ? '.' : line[i];
		out[used++] = kind == LINE_WHOLE ? ']' : ')';
	}
	out[used] = '\0';
	return used;
}

static void
test_pieces(size_t piece, size_t size)
{
	char buf[64], out[256];
	const char *p = text;
	struct line_in in;
	size_t left = sizeof(text) - 1, n, used = 0;
	ssize_t got = 1;
	int fd[2];

	if (pipe(fd) == -1)
		err(1, "pipe");
	line_in_init(&in, buf, size, MOST);
	out[0] = '\0';
	while (left > 0 && got > 0) {
		n = left < piece ? left : piece;
		if (write(fd[1], p, n) != (ssize_t)n)
			err(1, "write");
		p += n;
		left -= n;
		while (n > 0 && (got = line_in_fill(&in, fd[0])) > 0) {
			n -= (size_t)got;
			used = take(&in, out, used, sizeof(out));
		}
	}
	ok(strcmp(out, meant) == 0, "pieces of %zu bytes, room for %zu: %s",
	    piece, size, out);
	close(fd[1]);
	ok(line_in_fill(&in, fd[0]) == 0, "and its end is read(2)'s");
	close(fd[0]);
}

int
main(void)
{
	size_t piece;

	for (piece = 1; piece <= 33; piece++) {
		test_pieces(piece, MOST + 1);
		test_pieces(piece, 64);
	}
	return done_testing();
}
