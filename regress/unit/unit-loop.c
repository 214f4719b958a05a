/* SPDX-License-Identifier: ISC */

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "lib/loop.h"
#include "tap.h"

static struct loop *loop;
static char	 order[64];
static int	 turns;
static struct loop_timer *victim;
static struct loop_fd *ends[2];

static void
stop(void *arg __unused)
{
	loop_stop(loop);
}

static void
note(void *arg)
{
	strlcat(order, arg, sizeof(order));
}

static char letters[][2] = { "a", "b", "c", "d" };

static void
kill_victim(void *arg)
{
	note(arg);
	loop_timer_remove(loop, victim);
}

static void
check_timers(void)
{
	int64_t begin = loop_now();

	loop_timer_add(loop, 30, note, letters[2]);
	loop_timer_add(loop, 10, note, letters[0]);
	loop_timer_add(loop, 10, kill_victim, letters[1]);
	victim = loop_timer_add(loop, 10, note, letters[3]);
	loop_timer_add(loop, 50, stop, NULL);
	loop_timer_remove(loop, NULL);
	loop_run(loop);
	is_str(order, "abc", "in order; a removed one does not run");
	ok(loop_now() - begin >= 50, "not too early");
}

/* A timer that adds itself with 0 ms must not starve the rest. */
static void
again(void *arg)
{
	if (++turns < 1000000)
		loop_timer_add(loop, 0, again, arg);
}

static void
readable(int fd, short revents, void *arg __unused)
{
	char byte;

	ok(revents & POLLIN, "readable");
	ok(read(fd, &byte, 1) == 1, "the byte is there");
	loop_stop(loop);
}

static void
check_fairness(void)
{
	struct loop_fd *fd;
	int fds[2];

	if (pipe(fds) == -1 || write(fds[1], "x", 1) != 1)
		fatal("pipe");
	fd = loop_fd_add(loop, fds[0], POLLIN, readable, NULL);
	loop_timer_add(loop, 0, again, NULL);
	loop_run(loop);
	ok(turns < 1000, "a timer of 0 ms does not starve descriptors");
	turns = 1000000;
	loop_fd_remove(loop, fd);
	close(fds[0]);
	close(fds[1]);
}

static void
remove_both(int fd __unused, short revents __unused, void *arg)
{
	note(arg);
	loop_fd_remove(loop, ends[0]);
	loop_fd_remove(loop, ends[1]);
	loop_fd_remove(loop, ends[0]);
}

static void
check_removal(void)
{
	int fds[2];

	order[0] = '\0';
	if (pipe(fds) == -1)
		fatal("pipe");
	ends[0] = loop_fd_add(loop, fds[1], POLLOUT, remove_both, letters[0]);
	ends[1] = loop_fd_add(loop, fds[1], POLLOUT, remove_both, letters[1]);
	loop_timer_add(loop, 20, stop, NULL);
	loop_run(loop);
	is_str(order, "a", "an entry removed in the same round is not called");
	close(fds[0]);
	close(fds[1]);
}

static void
caught(int signo, void *arg)
{
	is_int(signo, SIGUSR1, "the signal");
	note(arg);
	loop_stop(loop);
}

static void
raise_it(void *arg __unused)
{
	kill(getpid(), SIGUSR1);
	kill(getpid(), SIGUSR1);
}

int
main(void)
{
	log_init("unit-loop", 1, 0);
	loop = loop_new();
	check_timers();
	check_fairness();
	check_removal();
	order[0] = '\0';
	loop_signal(loop, SIGUSR1, caught, letters[3]);
	loop_timer_add(loop, 0, raise_it, NULL);
	loop_run(loop);
	is_str(order, "d", "two signals in one round are one call");
	loop_free(loop);
	return done_testing();
}
