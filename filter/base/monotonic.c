/* SPDX-License-Identifier: ISC */

#include <time.h>

#include "base/monotonic.h"

#ifndef CLOCK_BOOTTIME
#define CLOCK_BOOTTIME CLOCK_MONOTONIC
#endif

static int64_t
clock_ms(clockid_t clock)
{
	struct timespec ts;

	if (clock_gettime(clock, &ts) == -1)
		return -1;
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t
monotonic_ms(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

int64_t
boottime_ms(void)
{
	return clock_ms(CLOCK_BOOTTIME);
}
