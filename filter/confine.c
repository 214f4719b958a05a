/* SPDX-License-Identifier: ISC */

#include <unistd.h>

#include "confine.h"
#include "base/log.h"

static void
promise(const char *promises)
{
#ifdef __OpenBSD__
	if (pledge(promises, NULL) == -1)
		log_warn("pledge");
#else
	log_debug("no pledge(2) here for: %s", promises);
#endif
}

void
confine_filter(void)
{
	promise("stdio rpath wpath cpath unix");
}

void
confine_table(void)
{
	promise("stdio rpath wpath cpath unix");
}
