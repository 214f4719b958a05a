/* SPDX-License-Identifier: ISC */

#include <sys/stat.h>

#include <stdlib.h>
#include <unistd.h>

#include "deliver/deliver.h"
#include "engine/engine.h"
#include "learn/learn.h"
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
    int listener, int parent)
{
	struct engine e = { 0 };
	struct ipc *ipc;

	sandbox_drop(SGE_USER);
	e.conf = conf;
	/* Counts of who writes to whom are nobody else's business. */
	(void)umask(027);
	if ((e.store = store_open(conf->database, STORE_WRITE)) == NULL)
		fatalx("can't go on without %s", conf->database);
	/* SPOOL/routes is read by table-sge, which runs as smtpd's user. */
	(void)umask(022);
	sandbox_engine(conf);

	e.loop = loop_new();
	e.world = world_new(e.loop, world, part_gone, &e);
	ipc = ipc_new(e.loop, parent, parent_message, parent_closed, &e);
	ingest_start(&e);
	learn_start(&e);
	deliver_start(&e);
	control_start(&e, listener);
	log_debug("ready");
	loop_run(e.loop);

	/* What is not committed is read, or done, again. */
	control_stop(&e);
	deliver_stop(&e);
	learn_stop(&e);
	ingest_stop(&e);
	ipc_free(ipc);
	world_free(e.world);
	loop_free(e.loop);
	store_close(e.store);
	exit(0);
}
