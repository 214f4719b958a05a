/* SPDX-License-Identifier: ISC */

#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <unistd.h>

#include "base/call_filter.h"
#include "base/log.h"
#include "confine.h"

/*
 * "error": a call that a list does not have is refused and does not end the
 * process: a library of tomorrow may try one, and smtpd ends with its filter.
 */
static void
promise(const char *promises)
{
#ifdef __OpenBSD__
	if (pledge(promises, NULL) == -1)
		log_warn("pledge");
#elif defined(__linux__)
	/* Without either mail goes on; sged says what the kernel lacks. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    call_filter(promises) == -1)
		log_debug("no seccomp(2) here for: %s", promises);
#else
	log_debug("no pledge(2) here for: %s", promises);
#endif
}

void
confine_filter(void)
{
	promise("stdio rpath wpath cpath unix error");
}

void
confine_writer(void)
{
	promise("stdio rpath wpath cpath error");
}

void
confine_keeper(void)
{
	/* On Linux what is run would be held to it as well. */
#ifdef __OpenBSD__
	promise("stdio proc exec");
#endif
}

void
confine_table(void)
{
	promise("stdio rpath wpath cpath unix error");
}
