/* SPDX-License-Identifier: ISC */

#include <sys/stat.h>

#include <stdlib.h>
#include <unistd.h>

#include "engine/engine.h"
#include "base/log.h"
#include "lib/sandbox.h"

static void
engine_end(struct engine *e)
{
	e->stopping = 1;
	loop_stop(e->loop);
}

/* The parent sees its end as well, and says so. */
static void
part_gone(enum world_part part __unused, void *arg)
{
	engine_end(arg);
}

static void
parent_message(struct ipc *ipc __unused, json_t *obj __unused, int fd,
    void *arg __unused)
{
	if (fd != -1)
		close(fd);
}

/* It wants us to stop, or is dead. */
static void
parent_closed(struct ipc *ipc __unused, void *arg)
{
	engine_end(arg);
}

__dead void
engine_main(const struct conf *conf, const int world[WORLD_PARTS],
    int listener, int notices, int parent, const struct engine_part *parts,
    size_t nparts)
{
	struct engine e = { 0 };
	struct ipc *ipc;
	size_t i;

	/* With the group of those who write sessions/. */
	sandbox_drop(SGE_USER, SGE_FILTER_USER);
	e.conf = conf;
	e.listener = listener;
	e.notices = notices;
	/* Counts of who writes to whom are nobody else's business. */
	(void)umask(027);
	if ((e.store = store_open(conf->database, STORE_OWN)) == NULL)
		fatalx("can't go on without %s", conf->database);
	/* SPOOL/routes is read by table-sge, which runs as smtpd's user. */
	(void)umask(022);
	sandbox_engine(conf);

	e.loop = loop_new();
	e.world = world_new(e.loop, world, part_gone, &e);
	ipc = ipc_new(e.loop, parent, parent_message, parent_closed, &e);
	for (i = 0; i < nparts; i++)
		parts[i].start(&e);
	log_debug("ready");
	loop_run(e.loop);

	/* What is not committed is read, or done, again. */
	while (i-- > 0)
		parts[i].stop(&e);
	ipc_free(ipc);
	world_free(e.world);
	loop_free(e.loop);
	store_close(e.store);
	exit(0);
}
