/* SPDX-License-Identifier: ISC */

#include <unistd.h>

#include "base/log.h"
#include "fleet/fleet.h"
#include "helper/helper.h"
#include "lib/ipc.h"
#include "lib/process.h"
#include "net/net.h"

static const struct {
	const char	*name;
	void		(*run)(const struct conf *, int);
} parts[WORLD_PARTS] = {
	{ "resolve", resolve_main },
	{ "net", net_main },
	{ "mailer", mailer_main },
	{ "share", share_main },
};

int
world_start(const struct conf *conf, unsigned int which, int fds[WORLD_PARTS],
    pid_t pids[WORLD_PARTS])
{
	int i, pair[2];

	for (i = 0; i < WORLD_PARTS; i++) {
		fds[i] = -1;
		pids[i] = 0;
	}
	for (i = 0; i < WORLD_PARTS; i++) {
		if (!(which & 1U << i))
			continue;
		if (ipc_pair(pair) == -1) {
			log_warn("socketpair");
			return -1;
		}
		if ((pids[i] = process_fork()) == -1) {
			log_warn("fork");
			pids[i] = 0;
			close(pair[0]);
			close(pair[1]);
			return -1;
		}
		if (pids[i] == 0) {
			process_enter(parts[i].name, &pair[1], 1);
			parts[i].run(conf, pair[1]);
		}
		close(pair[1]);
		fds[i] = pair[0];
	}
	return 0;
}
