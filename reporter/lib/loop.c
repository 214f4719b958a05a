/* SPDX-License-Identifier: ISC */

#include <sys/queue.h>
#include <sys/tree.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/monotonic.h"
#include "lib/loop.h"
#include "lib/xalloc.h"

struct loop_fd {
	TAILQ_ENTRY(loop_fd) entry;
	int		 fd;
	short		 events;
	int		 removed;	/* freed at the end of the round */
	int		 slot;		/* in this round's pollfds, or -1 */
	void		(*cb)(int, short, void *);
	void		*arg;
};

struct loop_timer {
	RB_ENTRY(loop_timer) entry;
	int64_t		 when;
	uint64_t	 number;	/* in order of loop_timer_add */
	void		(*cb)(void *);
	void		*arg;
};

struct loop_handler {
	void		(*cb)(int, void *);
	void		*arg;
};

struct loop {
	TAILQ_HEAD(, loop_fd) fds;
	RB_HEAD(timers, loop_timer) timers;
	struct pollfd	*pollfds;
	size_t		 npollfds;
	size_t		 nfds;
	uint64_t	 number;
	int		 stopped;
	int		 nremoved;
	int		 signals[2];
	struct loop_fd	*signal_fd;
	struct loop_handler handlers[NSIG];
};

/* A signal handler has no argument: where it writes to must be global. */
static volatile sig_atomic_t signal_pipe = -1;

static int
timer_cmp(struct loop_timer *a, struct loop_timer *b)
{
	if (a->when != b->when)
		return a->when < b->when ? -1 : 1;
	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	return 0;
}

RB_PROTOTYPE(timers, loop_timer, entry, timer_cmp)
RB_GENERATE(timers, loop_timer, entry, timer_cmp)

struct loop *
loop_new(void)
{
	struct loop *loop;

	loop = xcalloc(1, sizeof(*loop));
	TAILQ_INIT(&loop->fds);
	RB_INIT(&loop->timers);
	loop->signals[0] = loop->signals[1] = -1;
	return loop;
}

void
loop_free(struct loop *loop)
{
	struct loop_fd *fd;
	struct loop_timer *timer;
	int i;

	if (loop == NULL)
		return;
	for (i = 1; i < NSIG; i++)
		if (loop->handlers[i].cb != NULL)
			signal(i, SIG_DFL);
	if (loop->signals[0] != -1) {
		signal_pipe = -1;
		close(loop->signals[0]);
		close(loop->signals[1]);
	}
	while ((fd = TAILQ_FIRST(&loop->fds)) != NULL) {
		TAILQ_REMOVE(&loop->fds, fd, entry);
		free(fd);
	}
	while ((timer = RB_MIN(timers, &loop->timers)) != NULL) {
		RB_REMOVE(timers, &loop->timers, timer);
		free(timer);
	}
	free(loop->pollfds);
	free(loop);
}

void
loop_stop(struct loop *loop)
{
	loop->stopped = 1;
}

int64_t
loop_now(void)
{
	int64_t now = monotonic_ms();

	if (now == -1)
		fatal("clock_gettime");
	return now;
}

struct loop_fd *
loop_fd_add(struct loop *loop, int fd, short events,
    void (*cb)(int, short, void *), void *arg)
{
	struct loop_fd *entry;

	entry = xcalloc(1, sizeof(*entry));
	entry->fd = fd;
	entry->events = events;
	entry->slot = -1;
	entry->cb = cb;
	entry->arg = arg;
	TAILQ_INSERT_TAIL(&loop->fds, entry, entry);
	loop->nfds++;
	return entry;
}

void
loop_fd_events(struct loop_fd *entry, short events)
{
	entry->events = events;
}

void
loop_fd_remove(struct loop *loop, struct loop_fd *entry)
{
	if (entry == NULL || entry->removed)
		return;
	/* The round that may be going on still walks over it. */
	entry->removed = 1;
	loop->nremoved++;
}

static void
fd_sweep(struct loop *loop)
{
	struct loop_fd *entry, *next;

	if (loop->nremoved == 0)
		return;
	for (entry = TAILQ_FIRST(&loop->fds); entry != NULL; entry = next) {
		next = TAILQ_NEXT(entry, entry);
		if (!entry->removed)
			continue;
		TAILQ_REMOVE(&loop->fds, entry, entry);
		free(entry);
		loop->nfds--;
	}
	loop->nremoved = 0;
}

struct loop_timer *
loop_timer_add(struct loop *loop, int64_t ms, void (*cb)(void *), void *arg)
{
	struct loop_timer *timer;

	timer = xcalloc(1, sizeof(*timer));
	timer->when = loop_now() + (ms < 0 ? 0 : ms);
	timer->number = loop->number++;
	timer->cb = cb;
	timer->arg = arg;
	RB_INSERT(timers, &loop->timers, timer);
	return timer;
}

void
loop_timer_remove(struct loop *loop, struct loop_timer *timer)
{
	if (timer == NULL)
		return;
	RB_REMOVE(timers, &loop->timers, timer);
	free(timer);
}

/* Timers that are due; those added meanwhile have to wait a round. */
static void
timers_run(struct loop *loop)
{
	uint64_t end = loop->number;
	int64_t now = loop_now();
	struct loop_timer *timer;
	void (*cb)(void *);
	void *arg;

	while (!loop->stopped &&
	    (timer = RB_MIN(timers, &loop->timers)) != NULL &&
	    timer->when <= now && timer->number < end) {
		RB_REMOVE(timers, &loop->timers, timer);
		cb = timer->cb;
		arg = timer->arg;
		free(timer);
		cb(arg);
	}
}

static int
poll_timeout(struct loop *loop)
{
	struct loop_timer *timer;
	int64_t ms;

	if ((timer = RB_MIN(timers, &loop->timers)) == NULL)
		return -1;
	if ((ms = timer->when - loop_now()) <= 0)
		return 0;
	return ms > INT_MAX ? INT_MAX : (int)ms;
}

static size_t
pollfds_fill(struct loop *loop)
{
	struct loop_fd *entry;
	size_t n = 0;

	if (loop->npollfds < loop->nfds) {
		loop->pollfds = xreallocarray(loop->pollfds, loop->nfds * 2,
		    sizeof(*loop->pollfds));
		loop->npollfds = loop->nfds * 2;
	}
	TAILQ_FOREACH(entry, &loop->fds, entry) {
		loop->pollfds[n].fd = entry->fd;
		loop->pollfds[n].events = entry->events;
		loop->pollfds[n].revents = 0;
		entry->slot = (int)n++;
	}
	return n;
}

static void
fds_run(struct loop *loop)
{
	struct loop_fd *entry;
	short revents;

	/* Entries added by a callback stand at the tail, without a slot. */
	TAILQ_FOREACH(entry, &loop->fds, entry) {
		if (entry->slot == -1 || entry->removed || loop->stopped)
			continue;
		if ((revents = loop->pollfds[entry->slot].revents) != 0)
			entry->cb(entry->fd, revents, entry->arg);
	}
}

void
loop_run(struct loop *loop)
{
	size_t n;
	int ready;

	loop->stopped = 0;
	while (!loop->stopped) {
		fd_sweep(loop);
		n = pollfds_fill(loop);
		ready = poll(loop->pollfds, (nfds_t)n, poll_timeout(loop));
		if (ready == -1 && errno != EINTR && errno != EAGAIN)
			fatal("poll");
		if (ready > 0)
			fds_run(loop);
		timers_run(loop);
	}
	fd_sweep(loop);
}

static void
signal_caught(int signo)
{
	int saved = errno;
	unsigned char byte = (unsigned char)signo;

	/* A full pipe has this signal, or another, waiting in it already. */
	if (signal_pipe != -1)
		(void)!write((int)signal_pipe, &byte, 1);
	errno = saved;
}

static void
signals_read(int fd, short revents __unused, void *arg)
{
	struct loop *loop = arg;
	unsigned char buf[64], seen[NSIG];
	ssize_t n, i;
	int signo;

	memset(seen, 0, sizeof(seen));
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		for (i = 0; i < n; i++)
			if (buf[i] < NSIG)
				seen[buf[i]] = 1;
	for (signo = 1; signo < NSIG; signo++)
		if (seen[signo] && loop->handlers[signo].cb != NULL)
			loop->handlers[signo].cb(signo,
			    loop->handlers[signo].arg);
}

static void
signals_start(struct loop *loop)
{
	int i, flags;

	if (pipe(loop->signals) == -1)
		fatal("pipe");
	for (i = 0; i < 2; i++) {
		if (fcntl(loop->signals[i], F_SETFD, FD_CLOEXEC) == -1 ||
		    (flags = fcntl(loop->signals[i], F_GETFL)) == -1 ||
		    fcntl(loop->signals[i], F_SETFL, flags | O_NONBLOCK) == -1)
			fatal("fcntl");
	}
	signal_pipe = loop->signals[1];
	loop->signal_fd = loop_fd_add(loop, loop->signals[0], POLLIN,
	    signals_read, loop);
}

void
loop_signal(struct loop *loop, int signo, void (*cb)(int, void *), void *arg)
{
	struct sigaction sa;

	if (loop->signals[0] == -1)
		signals_start(loop);
	loop->handlers[signo].cb = cb;
	loop->handlers[signo].arg = arg;
	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = signal_caught;
	sa.sa_flags = SA_RESTART;
	sigemptyset(&sa.sa_mask);
	if (sigaction(signo, &sa, NULL) == -1)
		fatal("sigaction");
}
