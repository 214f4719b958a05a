/* SPDX-License-Identifier: ISC */

#include <sys/socket.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "tap.h"

#define LINES 20000

/* Standard error is the one end of it, not to be waited for. */
static int
begin(int fd[2], int *saved)
{
	*saved = dup(STDERR_FILENO);
	if (*saved == -1 || dup2(fd[1], STDERR_FILENO) == -1 ||
	    fcntl(STDERR_FILENO, F_SETFL, O_NONBLOCK) == -1 ||
	    fcntl(fd[0], F_SETFL, O_NONBLOCK) == -1)
		return -1;
	close(fd[1]);
	return fd[0];
}

static void
end(int fd, int saved)
{
	(void)dup2(saved, STDERR_FILENO);
	close(saved);
	close(fd);
}

/* A datagram is what one write(2) wrote. */
static void
test_together(void)
{
	char got[256] = "";
	int sp[2], fd, saved;
	ssize_t n, again;

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, sp) == -1 ||
	    (fd = begin(sp, &saved)) == -1)
		fatal("socketpair");
	log_event("one\n", 4);
	log_event("two\n", 4);
	n = read(fd, got, sizeof(got) - 1);
	log_flush();
	again = read(fd, got, sizeof(got) - 1);
	got[again > 0 ? again : 0] = '\0';
	ok(n == -1 && strcmp(got, "one\ntwo\n") == 0 && !log_waiting(),
	    "lines leave together");
	log_event("three\n", 6);
	log_warnx("four");
	again = read(fd, got, sizeof(got) - 1);
	got[again > 0 ? again : 0] = '\0';
	ok(strcmp(got, "three\nunit: four\n") == 0,
	    "and before a message, which waits for nothing");
	end(fd, saved);
}

/* Reads up to most bytes; counts lines that are not what was written. */
static int
take(int fd, size_t most, int *last, int *whole)
{
	static char buf[65536];
	static size_t len;
	char want[64], *p, *nl;
	int i, bad = 0;
	ssize_t n;

	if (most > sizeof(buf) - len)
		most = sizeof(buf) - len;
	if ((n = read(fd, buf + len, most)) > 0)
		len += (size_t)n;
	for (p = buf; (nl = memchr(p, '\n', len - (size_t)(p - buf))) != NULL;
	    p = nl + 1) {
		*nl = '\0';
		i = atoi(p);
		(void)snprintf(want, sizeof(want), "%07d a line of some "
		    "length", i);
		bad += strcmp(p, want) != 0 || i <= *last;
		*last = i;
		++*whole;
	}
	len -= (size_t)(p - buf);
	memmove(buf, p, len);
	return bad;
}

/* Who reads too slowly misses some, whole ones. */
static void
test_slow(void)
{
	char line[64];
	int p[2], fd, saved, i, n, bad = 0, last = -1, whole = 0;
	int before;

	if (pipe(p) == -1 || (fd = begin(p, &saved)) == -1)
		fatal("pipe");
	for (i = 0; i < LINES; i++) {
		n = snprintf(line, sizeof(line), "%07d a line of some "
		    "length\n", i);
		log_event(line, (size_t)n);
		if (i % 170 != 0)
			continue;
		log_flush();
		bad += take(fd, 3001, &last, &whole);
	}
	ok(log_waiting(), "what is not taken stays");
	do {
		before = whole;
		bad += take(fd, 65536, &last, &whole);
		log_flush();
	} while (log_waiting() || whole != before);
	ok(bad == 0 && whole > 1000 && whole < LINES,
	    "who reads slowly gets whole lines, in order: %d of %d, %d bad",
	    whole, LINES, bad);
	ok(!log_waiting(), "and the last one");
	end(fd, saved);
}

int
main(void)
{
	log_init("unit", 1, 0);
	test_together();
	test_slow();
	return done_testing();
}
