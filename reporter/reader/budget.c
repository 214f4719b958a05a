/* SPDX-License-Identifier: ISC */

#include <string.h>
#include <time.h>

#include "base/bounds.h"
#include "reader/budget.h"

static int64_t
cpu_ms(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts) == -1)
		return 0;
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void
budget_start(struct budget *b)
{
	memset(b, 0, sizeof(*b));
	b->bytes = READ_WORK_MAX;
	b->members = READ_MEMBERS_MAX;
	b->kept = READ_KEPT_MAX;
	b->cpu_until = cpu_ms() + READ_CPU_SECONDS * 1000;
}

int
budget_take(struct budget *b, int64_t bytes, int64_t members)
{
	if (b == NULL)
		return 0;
	if (!b->spent && bytes <= b->bytes && members <= b->members &&
	    cpu_ms() < b->cpu_until) {
		b->bytes -= bytes;
		b->members -= members;
		return 0;
	}
	b->spent = 1;
	return -1;
}

int
budget_keep(struct budget *b, int64_t bytes)
{
	if (b == NULL)
		return 0;
	if (b->spent || bytes > b->kept)
		return -1;
	b->kept -= bytes;
	return 0;
}
