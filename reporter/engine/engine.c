/* SPDX-License-Identifier: ISC */

#include <sys/stat.h>

#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/engine.h"
#include "base/log.h"
#include "lib/sandbox.h"

/* How often a database that can't be written to is tried. */
#define DATABASE_MS 10000

static void
engine_end(struct engine *e)
{
	e->stopping = 1;
	loop_stop(e->loop);
}

static void
parent_tell(struct ipc *ipc, const char *what, int value)
{
	json_t *obj;

	if ((obj = json_pack("{si}", what, value)) == NULL)
		fatalx("engine: no memory");
	(void)ipc_send(ipc, obj, -1);
}

/*
 * The parent sees its end as well, and says so.  Those that hang only the parent
 * can end.
 */
static void
part_gone(enum world_part part __unused, void *arg)
{
	struct engine *e = arg;
	int i, hang = 0;

	for (i = 0; i < WORLD_PARTS; i++)
		if (world_hangs(e->world, i))
			hang |= 1 << i;
	/* In one message: it reads no other once one of them has ended. */
	if (hang != 0)
		parent_tell(e->parent, "hangs", hang);
	engine_end(e);
}

/* It asks whether we go on. */
static void
parent_message(struct ipc *ipc, json_t *obj __unused, int fd,
    void *arg __unused)
{
	if (fd != -1)
		close(fd);
	parent_tell(ipc, "pong", 1);
}

/* It wants us to stop, or is dead. */
static void
parent_closed(struct ipc *ipc __unused, void *arg)
{
	engine_end(arg);
}

/*
 * What is locked, or mounted for reading only, may be had later; until then
 * nothing is counted, nor lost.  The parent hanging up is the end.
 */
static struct store *
database_open(const char *path, int parent)
{
	/* Its pings wait until we can answer them. */
	struct pollfd pfd = { .fd = parent, .events = 0 };
	struct store *st;

	while ((st = store_open(path, STORE_OWN)) == NULL) {
		if (errno != EAGAIN)
			fatalx("can't go on without %s", path);
		log_warnx("%s: tried again in %d s", path,
		    DATABASE_MS / 1000);
		if (poll(&pfd, 1, DATABASE_MS) == 1 &&
		    pfd.revents & (POLLHUP | POLLERR))
			exit(0);
	}
	return st;
}

/* While files can be read. */
static void
smtpd_find(struct engine *e)
{
	static const char *const users[] = { SMTPD_USERS };
	const struct passwd *pw;
	size_t i;

	for (i = 0; i < nitems(users); i++)
		if ((pw = getpwnam(users[i])) != NULL)
			e->smtpd[e->nsmtpd++] = pw->pw_uid;
}

__dead void
engine_main(const struct conf *conf, const int world[WORLD_PARTS],
    int listener, int notices, int parent, int64_t since,
    const struct engine_part *parts, size_t nparts)
{
	struct engine e = { 0 };
	size_t i;

	/* With the group of those who write sessions/. */
	sandbox_drop(SGE_USER, SGE_FILTER_USER);
	e.conf = conf;
	e.listener = listener;
	e.notices = notices;
	e.since = since;
	smtpd_find(&e);
	/* Counts of who writes to whom are nobody else's business. */
	(void)umask(027);
	e.store = database_open(conf->database, parent);
	/* SPOOL/routes is read by table-sge, which runs as smtpd's user. */
	(void)umask(022);
	sandbox_engine(conf);

	e.loop = loop_new();
	e.world = world_new(e.loop, world, part_gone, &e);
	world_restrict(e.world, conf);
	world_watch(e.world);
	e.parent = ipc_new(e.loop, parent, parent_message, parent_closed, &e);
	for (i = 0; i < nparts; i++)
		parts[i].start(&e);
	parent_tell(e.parent, "ready", 1);
	log_debug("ready");
	/* Who asks is answered, whoever has the database. */
	store_hurry(e.store, 1);
	loop_run(e.loop);
	store_hurry(e.store, 0);

	/* What is not committed is read, or done, again. */
	while (i-- > 0)
		parts[i].stop(&e);
	ipc_free(e.parent);
	world_free(e.world);
	loop_free(e.loop);
	store_close(e.store);
	exit(0);
}
