/* SPDX-License-Identifier: ISC */

/*
 * Preloaded, it makes the time of day stand still at SGE_CLOCK (epoch
 * seconds), so that what a program prints of "now" is the same on any day; or
 * go SGE_CLOCK_AHEAD seconds ahead, for a daemon that lives on another day.
 * With SGE_HURRY who sleeps in poll(2) sleeps a hundredth of that.
 */

#include <sys/syscall.h>
#include <sys/time.h>

#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void
now(struct timespec *out)
{
	const char *text;

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
	if (clock != CLOCK_REALTIME)
		return (int)syscall(SYS_clock_gettime, clock, out);
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

int
poll(struct pollfd *fds, nfds_t n, int ms)
{
	struct timespec ts;

	if (n == 0 && getenv("SGE_HURRY") != NULL)
		ms *= 10;	/* microseconds */
	else if (ms >= 0)
		ms *= 1000;
	ts.tv_sec = ms / 1000000;
	ts.tv_nsec = ms % 1000000 * 1000L;
	return (int)syscall(SYS_ppoll, fds, n, ms < 0 ? NULL : &ts, NULL, 0);
}
