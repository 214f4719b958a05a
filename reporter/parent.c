/* SPDX-License-Identifier: ISC */

/*
 * The parent of sged's processes: starts them, sees to it that all of them
 * run, or none, and that they run again when one of them ended, or hangs; and
 * hands them the configuration anew.
 */

#include <sys/wait.h>

#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "lib/process.h"
#include "lib/sandbox.h"
#include "parent.h"
#include "setup.h"

/* How long children may take to end. */
#define STOP_MS 15000
/* After that it is said who is waited for. */
#define STOP_SAID_MS 3000
/*
 * Those that ended unasked are started again after a pause, twice as long each
 * time but where they had run for a while.
 */
#define PAUSE_MIN_MS 1000
#define PAUSE_MAX_MS 60000
#define PAUSE_FORGET_MS (10 * 60 * 1000)
/*
 * The engine is asked whether it goes on, and may leave so many turns without
 * an answer.  Turns, not time: a host or a container that was asleep finds much
 * of it gone at once.
 */
#define PING_MS 30000
#define PINGS_MAX 10
/* But until it is ready: a large database may come to a newer format. */
#define PINGS_FIRST_MAX 120
/*
 * Each mail under way is a file that the mailer has open, and so is what is on
 * its way there; OpenBSD gives a daemon 128 at first.
 */
#define FILES_MAX 512

#define ENGINE WORLD_PARTS

static const char *const names[PARENT_CHILDREN] = { "resolve", "net", "mailer",
    "share", "engine" };

static int
children_left(const struct parent *p)
{
	int i, n = 0;

	for (i = 0; i < PARENT_CHILDREN; i++)
		n += p->pids[i] != 0;
	return n;
}

static void
children_kill(void *arg)
{
	struct parent *p = arg;
	int i;

	p->timer = NULL;
	for (i = 0; i < PARENT_CHILDREN; i++) {
		if (p->pids[i] == 0)
			continue;
		log_warnx("%s did not end in time", names[i]);
		p->named = 1;
		(void)kill(p->pids[i], SIGKILL);
	}
}

static void
children_late(void *arg)
{
	struct parent *p = arg;
	int i;

	for (i = 0; i < PARENT_CHILDREN; i++)
		if (p->pids[i] != 0)
			log_info("waiting for %s (pid %ld) to end, at most "
			    "%d s", names[i], (long)p->pids[i],
			    (STOP_MS - STOP_SAID_MS) / 1000);
	p->timer = loop_timer_add(p->loop, STOP_MS - STOP_SAID_MS,
	    children_kill, p);
}

static void	children_ended(struct parent *);

/* The engine ends, closes what leads to the others, and they end. */
static void
children_stop(struct parent *p)
{
	if (p->stopping)
		return;
	p->stopping = 1;
	/* Which of the others hangs: it may have ended before we saw that. */
	ipc_read(p->engine);
	ipc_free(p->engine);
	p->engine = NULL;
	loop_timer_remove(p->loop, p->ping);
	p->ping = NULL;
	/* That of the pause before the next start. */
	loop_timer_remove(p->loop, p->timer);
	p->timer = NULL;
	if (children_left(p) == 0)
		children_ended(p);
	else
		p->timer = loop_timer_add(p->loop, STOP_SAID_MS,
		    children_late, p);
}

/*
 * That it goes on, or which of the others does not: what hangs does not see
 * that it is to end, and all would wait for it.
 */
static void
engine_said(struct ipc *ipc __unused, json_t *obj, int fd, void *arg)
{
	struct parent *p = arg;
	int64_t hangs = ipc_int(obj, "hangs", 0);
	int i;

	if (fd != -1)
		close(fd);
	for (i = 0; i < WORLD_PARTS; i++)
		if ((hangs >> i & 1) != 0 && p->pids[i] != 0)
			(void)kill(p->pids[i], SIGKILL);
	p->pings = 0;
	p->ready = p->up = 1;
}

/* Its end is seen by SIGCHLD. */
static void
engine_closed(struct ipc *ipc, void *arg)
{
	struct parent *p = arg;

	ipc_free(ipc);
	p->engine = NULL;
}

static void
engine_ping(void *arg)
{
	struct parent *p = arg;
	json_t *ping;

	p->ping = loop_timer_add(p->loop, PING_MS, engine_ping, p);
	if (p->engine == NULL)
		return;
	if (p->pings++ == (p->up ? PINGS_MAX : PINGS_FIRST_MAX)) {
		log_warnx("%s does not answer: it is ended", names[ENGINE]);
		(void)kill(p->pids[ENGINE], SIGKILL);
		return;
	}
	if ((ping = json_pack("{sb}", "ping", 1)) == NULL)
		fatalx("no memory");
	if (ipc_queued(p->engine) == 0)
		(void)ipc_send(p->engine, ping, -1);
	else
		json_decref(ping);
}

static int
engine_fork(struct parent *p, int world[WORLD_PARTS])
{
	int pair[2], fds[WORLD_PARTS + 5], i;

	if (ipc_pair(pair) == -1) {
		log_warn("socketpair");
		return -1;
	}
	if ((p->pids[ENGINE] = process_fork()) == -1) {
		log_warn("fork");
		p->pids[ENGINE] = 0;
		close(pair[0]);
		close(pair[1]);
		return -1;
	}
	if (p->pids[ENGINE] == 0) {
		for (i = 0; i < WORLD_PARTS; i++)
			fds[i] = world[i];
		fds[i++] = p->listener;
		fds[i++] = p->notices;
		fds[i++] = pair[1];
		/* Held as long as anybody writes to what they are of. */
		fds[i++] = p->lock;
		fds[i++] = p->spool_lock;
		process_enter(names[ENGINE], fds, (size_t)i);
		engine_main(p->conf, fds, fds[WORLD_PARTS],
		    fds[WORLD_PARTS + 1], fds[WORLD_PARTS + 2], p->since,
		    p->parts, p->nparts);
	}
	close(pair[1]);
	p->engine = ipc_new(p->loop, pair[0], engine_said, engine_closed, p);
	p->pings = 0;
	p->ping = loop_timer_add(p->loop, PING_MS, engine_ping, p);
	return 0;
}

/* 0, or -1: not all could be, and those that were are told to end. */
static int
children_start(struct parent *p)
{
	unsigned int which = (1U << WORLD_PARTS) - 1;
	int world[WORLD_PARTS], i, rc, killed = p->killed;
	pid_t pids[WORLD_PARTS];

	p->began = loop_now();
	p->stopping = p->up = 0;
	p->named = p->killed = 0;
	p->first = NULL;
	if (p->conf->fleet == NULL)
		which &= ~(1U << WORLD_SHARE);
	rc = world_start(p->conf, which, world, pids);
	for (i = 0; i < WORLD_PARTS; i++)
		p->pids[i] = pids[i];
	if (rc == 0)
		rc = engine_fork(p, world);
	for (i = 0; i < WORLD_PARTS; i++)
		if (world[i] != -1)
			close(world[i]);
	if (rc == -1) {
		/* Why they are started again stays so. */
		p->killed = killed;
		children_stop(p);
	}
	return rc;
}

static void
children_again(void *arg)
{
	struct parent *p = arg;

	p->timer = NULL;
	if (children_start(p) == 0)
		log_info("started again");
}

/* What they had done stands in the database; the sockets stay open. */
static void
children_pause(struct parent *p)
{
	if (loop_now() - p->began > PAUSE_FORGET_MS || p->pause == 0)
		p->pause = PAUSE_MIN_MS;
	else if ((p->pause *= 2) > PAUSE_MAX_MS)
		p->pause = PAUSE_MAX_MS;
	log_warnx("all processes are started again in %lld s",
	    (long long)p->pause / 1000);
	p->stopping = 0;
	p->timer = loop_timer_add(p->loop, p->pause, children_again, p);
}

/* All have ended: the end, or the new configuration's turn. */
static void
children_ended(struct parent *p)
{
	loop_timer_remove(p->loop, p->timer);
	p->timer = NULL;
	if (p->first != NULL && !p->named)
		log_warnx("%s ended unasked", p->first);
	if (p->next == NULL) {
		/*
		 * One that ended by itself before it ever ran has said why, to
		 * the operator; one that was ended has not.
		 */
		if (!p->asked && (p->ready || p->killed))
			children_pause(p);
		else {
			p->status |= !p->asked;
			loop_stop(p->loop);
		}
		return;
	}
	if (strcmp(p->conf->socket, p->next->socket) != 0) {
		setup_unlisten(p->conf, p->listener, p->notices);
		p->listener = setup_listen(p->next);
		p->notices = setup_notices(p->next);
	}
	if (strcmp(p->conf->database, p->next->database) != 0) {
		close(p->lock);
		p->lock = setup_lock(p->next->database, PARENT_LOCK_SECONDS);
	}
	if (strcmp(p->conf->spool, p->next->spool) != 0) {
		close(p->spool_lock);
		p->spool_lock = setup_lock_spool(p->next, PARENT_LOCK_SECONDS);
	}
	conf_free(p->conf);
	p->conf = p->next;
	p->next = NULL;
	if (p->listener == -1 || p->notices == -1 || p->lock == -1 ||
	    p->spool_lock == -1) {
		p->status = 1;
		loop_stop(p->loop);
		return;
	}
	if (children_start(p) == 0)
		log_info("reloaded %s", p->file);
}

/*
 * One ended.  Those that lose the one they work for end in good order, with
 * status 0, and may be seen here before it: the cause is the first that did
 * not end so.
 */
static void
child_ended(struct parent *p, const char *name, int status)
{
	int was_asked = p->stopping && p->first == NULL;

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		if (!was_asked && p->first == NULL)
			p->first = name;
	} else if (!was_asked && !p->named) {
		if (p->first == NULL)
			p->first = name;
		p->named = 1;
		if ((p->killed = WIFSIGNALED(status)))
			log_warnx("%s was ended by signal %d", name,
			    WTERMSIG(status));
		else
			log_warnx("%s ended with status %d", name,
			    WEXITSTATUS(status));
	}
	if (!was_asked)
		children_stop(p);
}

static void
on_child(int signo __unused, void *arg)
{
	struct parent *p = arg;
	int i, status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (i = 0; i < PARENT_CHILDREN && p->pids[i] != pid; i++)
			;
		if (i == PARENT_CHILDREN)
			continue;
		p->pids[i] = 0;
		child_ended(p, names[i], status);
	}
	if (p->stopping && children_left(p) == 0)
		children_ended(p);
}

static void
on_stop(int signo __unused, void *arg)
{
	struct parent *p = arg;

	conf_free(p->next);
	p->next = NULL;
	p->asked = 1;
	children_stop(p);
}

static void
on_reload(int signo __unused, void *arg)
{
	struct parent *p = arg;
	struct conf *conf;

	/* The end of the daemon is not to be undone. */
	if (p->asked)
		return;
	if ((conf = conf_read_logged(p->file)) == NULL ||
	    setup_dirs(conf) == -1) {
		log_warnx("not reloaded: going on as before");
		conf_free(conf);
		return;
	}
	conf_free(p->next);
	p->next = conf;
	children_stop(p);
}

int
parent_run(struct parent *p, const sigset_t *hangup)
{
	p->loop = loop_new();
	loop_signal(p->loop, SIGCHLD, on_child, p);
	loop_signal(p->loop, SIGTERM, on_stop, p);
	loop_signal(p->loop, SIGINT, on_stop, p);
	loop_signal(p->loop, SIGHUP, on_reload, p);
	(void)sigprocmask(SIG_UNBLOCK, hangup, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	/* A file at its limit is as a full disk. */
	(void)signal(SIGXFSZ, SIG_IGN);
	process_files(FILES_MAX);
	sandbox_missing();
	sandbox_all();
	p->since = time(NULL);
	if (children_start(p) == -1)
		fatalx("can't start");
	log_info("started");
	setup_tell("READY=1");
	loop_run(p->loop);
	setup_tell("STOPPING=1");
	setup_unlisten(p->conf, p->listener, p->notices);
	log_info("stopped");
	loop_free(p->loop);
	conf_free(p->conf);
	close(p->lock);
	close(p->spool_lock);
	return p->status;
}
