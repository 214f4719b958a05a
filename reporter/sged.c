/* SPDX-License-Identifier: ISC */

/*
 * The parent of sged's processes: reads the configuration, starts them, and
 * sees to it that all of them run, or none; and that they run again when one
 * of them ended, or hangs.
 */

#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control.h"
#include "copy/copy.h"
#include "count/ingest.h"
#include "deliver/deliver.h"
#include "engine/engine.h"
#include "learn/learn.h"
#include "base/log.h"
#include "base/version.h"
#include "lib/process.h"
#include "lib/sandbox.h"
#include "setup.h"
#include "store/store.h"
#include "lib/xalloc.h"

/* How long children may take to end, and another sged before us. */
#define STOP_MS 15000
#define LOCK_SECONDS 10
/* After that it is said who is waited for. */
#define STOP_SAID_MS 3000
/*
 * Those that ended unasked are started again after a pause, twice as long each
 * time but where they had run for a while.
 */
#define PAUSE_MIN_MS 1000
#define PAUSE_MAX_MS 60000
#define PAUSE_FORGET_MS (10 * 60 * 1000)
/* The engine is asked whether it goes on, and may be as late with an answer. */
#define PING_MS 30000
#define PONG_MS 300000

#define CHILDREN (WORLD_PARTS + 1)
#define ENGINE WORLD_PARTS

struct parent {
	const char	*file;
	struct conf	*conf;
	struct conf	*next;		/* after a reload, once all ended */
	struct loop	*loop;
	int		 lock;		/* beside the database */
	int		 spool_lock;
	int		 listener;
	int		 notices;
	struct ipc	*engine;	/* closing it stops the engine */
	pid_t		 pids[CHILDREN];
	int		 stopping;
	int		 asked;		/* to end, not to start again */
	int		 ready;		/* the engine ran, once */
	int		 status;
	int64_t		 began;		/* the loop's time */
	int64_t		 pause;		/* before the next start, ms */
	int64_t		 heard;		/* of the engine */
	struct loop_timer *ping;
	/* Unasked ends: whether the cause was said, else who was first. */
	int		 named;
	const char	*first;
	struct loop_timer *timer;
};

static const char *const names[CHILDREN] = { "resolve", "net", "mailer",
    "share", "engine" };

/* Who takes in stands before who asks of it. */
static const struct engine_part parts[] = {
	{ ingest_start, ingest_stop },
	{ learn_start, learn_stop },
	{ notice_start, notice_stop },
	{ deliver_start, deliver_stop },
	{ copy_start, copy_stop },
	{ control_start, control_stop }
};

__dead static void
usage(void)
{
	fprintf(stderr, "usage: sged [-dnVv] [-f file]\n");
	exit(1);
}

static int
children_left(const struct parent *p)
{
	int i, n = 0;

	for (i = 0; i < CHILDREN; i++)
		n += p->pids[i] != 0;
	return n;
}

static void
children_kill(void *arg)
{
	struct parent *p = arg;
	int i;

	p->timer = NULL;
	for (i = 0; i < CHILDREN; i++) {
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

	for (i = 0; i < CHILDREN; i++)
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

static void
engine_said(struct ipc *ipc __unused, json_t *obj __unused, int fd, void *arg)
{
	struct parent *p = arg;

	if (fd != -1)
		close(fd);
	p->heard = loop_now();
	p->ready = 1;
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
	if (loop_now() - p->heard > PONG_MS) {
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

static void
engine_fork(struct parent *p, int world[WORLD_PARTS])
{
	int pair[2], fds[WORLD_PARTS + 5], i;

	if (ipc_pair(pair) == -1)
		fatal("socketpair");
	if ((p->pids[ENGINE] = process_fork()) == -1)
		fatal("fork");
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
		    fds[WORLD_PARTS + 1], fds[WORLD_PARTS + 2], parts,
		    nitems(parts));
	}
	close(pair[1]);
	p->engine = ipc_new(p->loop, pair[0], engine_said, engine_closed, p);
	p->heard = loop_now();
	p->ping = loop_timer_add(p->loop, PING_MS, engine_ping, p);
}

static void
children_start(struct parent *p)
{
	unsigned int which = (1U << WORLD_PARTS) - 1;
	int world[WORLD_PARTS], i;
	pid_t pids[WORLD_PARTS];

	if (p->conf->fleet == NULL)
		which &= ~(1U << WORLD_SHARE);
	if (world_start(p->conf, which, world, pids) == -1)
		fatalx("can't start");
	for (i = 0; i < WORLD_PARTS; i++)
		p->pids[i] = pids[i];
	engine_fork(p, world);
	for (i = 0; i < WORLD_PARTS; i++)
		if (world[i] != -1)
			close(world[i]);
	p->began = loop_now();
	p->stopping = 0;
	p->named = 0;
	p->first = NULL;
}

static void
children_again(void *arg)
{
	struct parent *p = arg;

	p->timer = NULL;
	children_start(p);
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
		/* One that never ran is the operator's to look at. */
		if (!p->asked && p->ready)
			children_pause(p);
		else
			loop_stop(p->loop);
		return;
	}
	if (strcmp(p->conf->socket, p->next->socket) != 0) {
		setup_unlisten(p->conf, p->listener, p->notices);
		p->listener = setup_listen(p->next);
		p->notices = setup_notices(p->next);
	}
	if (strcmp(p->conf->database, p->next->database) != 0) {
		close(p->lock);
		p->lock = setup_lock(p->next->database, LOCK_SECONDS);
	}
	if (strcmp(p->conf->spool, p->next->spool) != 0) {
		close(p->spool_lock);
		p->spool_lock = setup_lock_spool(p->next, LOCK_SECONDS);
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
	children_start(p);
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
		if (WIFSIGNALED(status))
			log_warnx("%s was ended by signal %d", name,
			    WTERMSIG(status));
		else
			log_warnx("%s ended with status %d", name,
			    WEXITSTATUS(status));
	}
	if (was_asked)
		return;
	if (!p->ready)
		p->status = 1;
	children_stop(p);
}

static void
on_child(int signo __unused, void *arg)
{
	struct parent *p = arg;
	int i, status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (i = 0; i < CHILDREN && p->pids[i] != pid; i++)
			;
		if (i == CHILDREN)
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
	if ((conf = conf_read_logged(p->file)) == NULL || setup_dirs(conf) == -1) {
		log_warnx("not reloaded: going on as before");
		conf_free(conf);
		return;
	}
	conf_free(p->next);
	p->next = conf;
	children_stop(p);
}

/* hangup: what was held back until now, to be seen by the loop. */
static int
sged_run(struct parent *p, const sigset_t *hangup)
{
	p->loop = loop_new();
	loop_signal(p->loop, SIGCHLD, on_child, p);
	loop_signal(p->loop, SIGTERM, on_stop, p);
	loop_signal(p->loop, SIGINT, on_stop, p);
	loop_signal(p->loop, SIGHUP, on_reload, p);
	(void)sigprocmask(SIG_UNBLOCK, hangup, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	sandbox_missing();
	sandbox_all();
	children_start(p);
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

/* -n: the configuration, then the database where there is one. */
static int
check(const char *file, int noaction)
{
	struct conf *conf;
	struct store *st = NULL;
	char text[256];
	int rc;

	if ((rc = conf_main_check(file, noaction)) != 0 || noaction > 1 ||
	    (conf = conf_read(file, stderr)) == NULL)
		return rc;
	if (access(conf->database, R_OK) == 0) {
		if ((st = store_open(conf->database, STORE_READ)) == NULL)
			rc = 1;
		else if (store_whole(st, text, sizeof(text)) == 0) {
			log_warnx("%s is damaged: %s: sgectl check config "
			    "says how to go on", conf->database, text);
			rc = 1;
		}
		store_close(st);
	}
	conf_free(conf);
	return rc;
}

int
main(int argc, char *argv[])
{
	struct parent p = { .file = CONF_PATH, .lock = -1,
	    .spool_lock = -1, .listener = -1, .notices = -1 };
	sigset_t hangup;
	int ch, debug = 0, verbose = 0, noaction = 0;

	while ((ch = getopt(argc, argv, "df:nVv")) != -1) {
		switch (ch) {
		case 'd':
			debug = 1;
			break;
		case 'f':
			p.file = optarg;
			break;
		case 'n':
			noaction++;
			break;
		case 'V':
			puts("sged " SGE_VERSION);
			return 0;
		case 'v':
			verbose = 1;
			break;
		default:
			usage();
		}
	}
	if (argc != optind)
		usage();
	log_init("sged", 1, verbose);
	xalloc_json();
	if (noaction)
		return check(p.file, noaction);
	if ((p.conf = conf_read(p.file, stderr)) == NULL)
		return 1;
	if (!debug && geteuid() != 0)
		errx(1, "need root privileges, or -d");
	if (setup_users() == -1)
		return 1;
	/* daemon(3) goes to /: what is read again must be found from there. */
	if (!debug && (p.file = realpath(p.file, NULL)) == NULL)
		err(1, "realpath");
	/* One that comes while we wait for the lock is for what we read. */
	sigemptyset(&hangup);
	sigaddset(&hangup, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &hangup, NULL);
	if (setup_dirs(p.conf) == -1 ||
	    (p.lock = setup_lock(p.conf->database, LOCK_SECONDS)) == -1 ||
	    (p.spool_lock = setup_lock_spool(p.conf, LOCK_SECONDS)) == -1 ||
	    (p.listener = setup_listen(p.conf)) == -1 ||
	    (p.notices = setup_notices(p.conf)) == -1)
		return 1;
	if (!debug && daemon(0, 0) == -1)
		err(1, "daemon");
	log_init("parent", debug, verbose);
	return sged_run(&p, &hangup);
}
