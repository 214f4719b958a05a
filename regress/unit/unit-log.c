/* SPDX-License-Identifier: ISC */

#include <sys/socket.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
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

/* A pipe with no room, but for some when so many bytes have been read. */
static int
begin_full(int p[2], int *saved, size_t room)
{
	static char nothing[65536];
	int fd;

	memset(nothing, '\n', sizeof(nothing));
	if (pipe(p) == -1 || (fd = begin(p, saved)) == -1)
		fatal("pipe");
	while (write(STDERR_FILENO, nothing, 512) > 0)
		;
	while (room > 0 && read(fd, nothing, 512) > 0)
		room -= 512;
	return fd;
}

/* How many lines of what is there are this one; *last: the last byte. */
static int
count(int fd, const char *line, char *last)
{
	static char all[256 * 1024];
	size_t len = 0;
	char *p;
	ssize_t n;
	int found = 0;

	while ((n = read(fd, all + len, sizeof(all) - 1 - len)) > 0)
		len += (size_t)n;
	all[len] = '\0';
	*last = len > 0 ? all[len - 1] : '\0';
	for (p = all; (p = strstr(p, line)) != NULL; p += strlen(line))
		found += p == all || p[-1] == '\n';
	return found;
}

/* filter-keep and the filter that it keeps have one standard error. */
static void
test_shared(void)
{
	char line[64], last;
	int p[2], fd, saved, i, n, found;

	fd = begin_full(p, &saved, 4096);
	for (i = 0; i < 150; i++) {
		n = snprintf(line, sizeof(line), "%07d a line of some "
		    "length\n", i);
		log_event(line, (size_t)n);
	}
	log_flush();
	found = count(fd, "0000000 a line of some length\n", &last);
	ok(found == 1 && last == '\n' && log_waiting(),
	    "what a full pipe takes ends with a line");
	n = (int)write(STDERR_FILENO, "another's\n", 10);
	log_flush();
	found = count(fd, "another's\n", &last);
	ok(n == 10 && found == 1 && last == '\n' && !log_waiting(),
	    "and another's is one of its own");
	end(fd, saved);
}

static void
test_fork(void)
{
	int p[2], fd, saved, status = -1;
	char last;
	pid_t pid;

	fd = begin_full(p, &saved, 0);
	log_warnx("mine");
	(void)count(fd, "\n", &last);
	if ((pid = fork()) == 0) {
		log_warnx("its child's");
		_exit(0);
	}
	if (pid == -1 || waitpid(pid, &status, 0) == -1)
		fatal("fork");
	log_flush();
	ok(status == 0 && count(fd, "unit: mine\n", &last) == 1,
	    "what waits is not said by a child as well");
	end(fd, saved);
}

static void
test_end(void)
{
	struct pollfd pfd = { .events = POLLIN };
	int p[2], saved, status = -1, found = 0;
	char last;
	pid_t pid;

	pfd.fd = begin_full(p, &saved, 0);
	log_warnx("the last one");
	if ((pid = fork()) == 0) {
		while (found == 0 && poll(&pfd, 1, 10000) == 1)
			found = count(pfd.fd, "unit: the last one\n", &last);
		_exit(found == 1 ? 0 : 1);
	}
	log_end();
	if (log_waiting())
		kill(pid, SIGKILL);
	if (pid == -1 || waitpid(pid, &status, 0) == -1)
		fatal("fork");
	ok(status == 0 && !log_waiting(), "at the end, it is waited for");
	end(pfd.fd, saved);
}

int
main(void)
{
	log_init("unit", 1, 0);
	test_together();
	test_slow();
	test_shared();
	test_fork();
	test_end();
	return done_testing();
}
