/* SPDX-License-Identifier: ISC */

/*
 * Preloaded, it makes the time of day stand still at SGE_CLOCK (epoch
 * seconds), so that what a program prints of "now" is the same on any day; or
 * go SGE_CLOCK_AHEAD seconds ahead, for a daemon that lives on another day.
 * With SGE_HURRY who sleeps in poll(2) sleeps a hundredth of that.
 *
 * With SGE_CLOCK_FILE the clocks are moved while the program runs: the file
 * holds two numbers of 19 characters and what is between them.  So many seconds
 * more have gone by, by every clock; a program takes them over in poll(2), as
 * if it had slept so long.  So many seconds is the time of day wrong besides.
 */

#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FIELD 20			/* with its end */
#define SLICE_MS 20

static const volatile char *moved;
static int64_t passed;

/* It may be written meanwhile: read until it is the same twice. */
static int64_t
moved_read(int which)
{
	char text[2][FIELD] = { "", "-" };
	int i, n;

	for (n = 0; strcmp(text[0], text[1]) != 0; n ^= 1)
		for (i = 0; i < FIELD - 1; i++)
			text[n][i] = moved[which * FIELD + i];
	return strtoll(text[0], NULL, 10);
}

__attribute__((constructor)) static void
begin(void)
{
	const char *path;
	void *map;
	int fd;

	if ((path = getenv("SGE_CLOCK_FILE")) == NULL)
		return;
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1 ||
	    (map = mmap(NULL, 2 * FIELD, PROT_READ, MAP_SHARED, fd, 0)) ==
	    MAP_FAILED)
		abort();
	close(fd);
	moved = map;
	passed = moved_read(0);
}

static void
now(struct timespec *out)
{
	const char *text;

	if (moved != NULL) {
		syscall(SYS_clock_gettime, CLOCK_REALTIME, out);
		out->tv_sec += passed + moved_read(1);
		return;
	}
	if ((text = getenv("SGE_CLOCK_AHEAD")) != NULL) {
		syscall(SYS_clock_gettime, CLOCK_REALTIME, out);
		out->tv_sec += (time_t)strtoll(text, NULL, 10);
		return;
	}
	text = getenv("SGE_CLOCK");
	out->tv_sec = text == NULL ? 0 : (time_t)strtoll(text, NULL, 10);
	out->tv_nsec = 0;
}

time_t
time(time_t *out)
{
	struct timespec ts;

	now(&ts);
	if (out != NULL)
		*out = ts.tv_sec;
	return ts.tv_sec;
}

int
clock_gettime(clockid_t clock, struct timespec *out)
{
	int rc;

	if (clock != CLOCK_REALTIME) {
		rc = (int)syscall(SYS_clock_gettime, clock, out);
		if (clock == CLOCK_MONOTONIC || clock == CLOCK_BOOTTIME)
			out->tv_sec += passed;
		return rc;
	}
	now(out);
	return 0;
}

int
gettimeofday(struct timeval *restrict out, void *restrict zone)
{
	struct timespec ts;

	(void)zone;
	now(&ts);
	out->tv_sec = ts.tv_sec;
	out->tv_usec = ts.tv_nsec / 1000;
	return 0;
}

static int64_t
steady_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Looks now and then whether time has gone by. */
static int
poll_moved(struct pollfd *fds, nfds_t n, int ms)
{
	int64_t left, end = steady_ms() + ms;
	struct timespec ts = { 0, 0 };
	int ready;

	for (;;) {
		left = ms < 0 ? SLICE_MS : end - steady_ms();
		if (left > SLICE_MS)
			left = SLICE_MS;
		ts.tv_nsec = left < 0 ? 0 : left * 1000000;
		ready = (int)syscall(SYS_ppoll, fds, n, &ts, NULL, 0);
		passed = moved_read(0);
		if (ready != 0 || (ms >= 0 && steady_ms() >= end))
			return ready;
	}
}

int
poll(struct pollfd *fds, nfds_t n, int ms)
{
	struct timespec ts;

	if (moved != NULL)
		return poll_moved(fds, n, ms);
	if (n == 0 && getenv("SGE_HURRY") != NULL)
		ms *= 10;	/* microseconds */
	else if (ms >= 0)
		ms *= 1000;
	ts.tv_sec = ms / 1000000;
	ts.tv_nsec = ms % 1000000 * 1000L;
	return (int)syscall(SYS_ppoll, fds, n, ms < 0 ? NULL : &ts, NULL, 0);
}
