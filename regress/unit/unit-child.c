/* SPDX-License-Identifier: ISC */

/*
 * The end of a filter is noticed though there is always something to read, as
 * where what it has started goes on writing.
 */

#include <err.h>
#include <poll.h>
#include <unistd.h>

#include "base/monotonic.h"
#include "keep/child.h"
#include "tap.h"

#define LONG_MS 60000

int
main(void)
{
	char *argv[] = { "/bin/sh", "-c", "exit 3", NULL };
	struct child child = { .pid = -1, .feed = -1, .said = -1 };
	struct timespec ts = { .tv_nsec = 1000000 };
	int64_t until = monotonic_ms() + LONG_MS;
	struct pollfd pfd;
	int ended, full[2];

	if (pipe(full) == -1 || write(full[1], "x", 1) != 1)
		err(1, "pipe");
	child_watch();
	if (child_start(&child, argv, "unit-child") == -1)
		errx(1, "no child");
	while (!(ended = child_has_ended(&child)) && monotonic_ms() < until) {
		pfd.fd = full[0];
		pfd.events = POLLIN;
		if (ppoll(&pfd, 1, &ts, child_signals()) != 1)
			errx(1, "nothing to read");
	}
	is_int(ended, 1, "it has ended, while something is there to read");
	is_str(child_end(&child), "status 3", "and how is said");
	is_int(child_has_ended(&child), 0, "once");
	return done_testing();
}
