/* SPDX-License-Identifier: ISC */

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bounds.h"
#include "lib/ipc.h"
#include "base/log.h"
#include "tap.h"

static struct loop *loop;
static int	 got, want, in_order = 1, is_closed, byte_seen, give_up;
static int	 free_in_message, ndescriptors;
static size_t	 longest;

static void
message(struct ipc *ipc, json_t *obj, int fd, void *arg __unused)
{
	const char *text = ipc_string(obj, "text", "");
	char byte = 0;

	if (ipc_int(obj, "n", -1) != got)
		in_order = 0;
	got++;
	if (strlen(text) > longest)
		longest = strlen(text);
	if (fd != -1) {
		ndescriptors++;
		if (read(fd, &byte, 1) == 1)
			byte_seen = byte;
		close(fd);
	}
	if (free_in_message)
		ipc_free(ipc);
	if (got == want)
		loop_stop(loop);
}

static void
closed(struct ipc *ipc, void *arg __unused)
{
	is_closed++;
	ipc_free(ipc);
	loop_stop(loop);
}

static void
late(void *arg __unused)
{
	give_up = 1;
	loop_stop(loop);
}

static void
run(void)
{
	struct loop_timer *timer = loop_timer_add(loop, 120000, late, NULL);

	give_up = 0;
	loop_run(loop);
	ok(!give_up, "in time");
	if (!give_up)
		loop_timer_remove(loop, timer);
}

static json_t *
numbered(int n, size_t len)
{
	char *text = malloc(len + 1);
	json_t *obj;

	memset(text, 'x', len);
	text[len] = '\0';
	obj = json_pack("{siss}", "n", n, "text", text);
	free(text);
	return obj;
}

static void
check_many(void)
{
	struct ipc *a, *b;
	int fds[2], pipefds[2], i;

	if (ipc_pair(fds) == -1 || pipe(pipefds) == -1 ||
	    write(pipefds[1], "!", 1) != 1)
		fatal("pair");
	a = ipc_new(loop, fds[0], message, closed, NULL);
	b = ipc_new(loop, fds[1], message, closed, NULL);
	want = 2000;
	for (i = 0; i < want; i++)
		is_closed |= ipc_send(a, numbered(i, (size_t)i * 50 % 100000),
		    i == 7 ? pipefds[0] : -1);
	is_int(is_closed, 0, "all are taken");
	ok(ipc_queued(a) > 0, "more than the socket holds is queued");
	run();
	is_int(got, want, "all arrive");
	ok(in_order, "in order");
	is_int(ipc_queued(a), 0, "nothing is left");
	is_int(byte_seen, '!', "a descriptor goes along");
	ok(fcntl(pipefds[0], F_GETFD) == -1, "the sender's copy is closed");
	is_int(ipc_send(a, numbered(0, IPC_MESSAGE_MAX), -1), -1,
	    "one too long is refused");
	is_int(ipc_send(a, numbered(want, IPC_MESSAGE_MAX - 100), -1), 0,
	    "the longest is taken");
	want++;
	run();
	is_int(longest, IPC_MESSAGE_MAX - 100, "and arrives");
	is_int(is_closed, 0, "nobody was closed");
	ipc_free(b);
	run();
	is_int(is_closed, 1, "the other end sees the close");
	close(pipefds[1]);
}

static void
check_nonsense(const char *what, size_t len)
{
	int fds[2];

	if (ipc_pair(fds) == -1)
		fatal("pair");
	is_closed = 0;
	got = 0;
	ipc_new(loop, fds[0], message, closed, NULL);
	if (send(fds[1], what, len, 0) == -1)
		fatal("send");
	run();
	is_int(is_closed, 1, "closed by '%.20s'", what);
	is_int(got, 0, "which was not passed on");
	close(fds[1]);
}

static void
check_freed_within(void)
{
	struct ipc *a;
	int fds[2];

	if (ipc_pair(fds) == -1)
		fatal("pair");
	a = ipc_new(loop, fds[0], message, closed, NULL);
	ipc_new(loop, fds[1], message, closed, NULL);
	is_closed = got = 0;
	want = -1;
	free_in_message = 1;
	ipc_send(a, numbered(0, 10), -1);
	ipc_send(a, numbered(1, 10), -1);
	run();
	is_int(got, 1, "freed by its own message: no more of it");
	is_int(is_closed, 1, "only the other end hears of it");
}

/* A peer in others' hands that says as much as it can. */
static __dead void
flood(int fd)
{
	static char text[100 * 1024] = "{\"n\":[0";
	size_t i;

	/* What takes a reader long. */
	for (i = strlen(text); i < sizeof(text) - 4; i += 3)
		memcpy(text + i, ",[]", 3);
	memcpy(text + i, "]}", 2);
	for (;;)
		if (send(fd, text, i + 2, 0) == -1)
			_exit(1);
}

static int in_round, most_in_round, rounds;

static void
flooded(struct ipc *ipc __unused, json_t *obj __unused, int fd __unused,
    void *arg __unused)
{
	in_round++;
}

static void
round_over(void *arg)
{
	if (in_round > most_in_round)
		most_in_round = in_round;
	rounds += in_round > 0;
	in_round = 0;
	if (rounds == 50)
		loop_stop(loop);
	else
		loop_timer_add(loop, 0, round_over, arg);
}

static void
check_flood(void)
{
	struct ipc *a;
	int fds[2], status;
	pid_t pid;

	if (ipc_pair(fds) == -1 || (pid = fork()) == -1)
		fatal("fork");
	if (pid == 0) {
		close(fds[0]);
		flood(fds[1]);
	}
	close(fds[1]);
	a = ipc_new(loop, fds[0], flooded, closed, NULL);
	loop_timer_add(loop, 0, round_over, NULL);
	loop_run(loop);
	is_int(most_in_round, 1, "of a flood one long message in a turn");
	ipc_free(a);
	(void)waitpid(pid, &status, 0);
}

/*
 * Linux has a user's descriptors on their way be no more than he may have open,
 * of anybody but root: what goes then is sent once some were taken.
 */
static int
many_descriptors(void)
{
	struct rlimit limit;
	struct ipc *a;
	int fds[2], null, i;

	if (ipc_pair(fds) == -1 || (null = open("/dev/null", O_RDONLY)) == -1 ||
	    getrlimit(RLIMIT_NOFILE, &limit) == -1)
		fatal("pair");
	a = ipc_new(loop, fds[0], message, closed, NULL);
	ipc_new(loop, fds[1], message, closed, NULL);
	got = ndescriptors = is_closed = free_in_message = 0;
	in_order = 1;
	want = 150;
	limit.rlim_cur = 100;
	if (setrlimit(RLIMIT_NOFILE, &limit) == -1)
		fatal("setrlimit");
	for (i = 0; i < want; i++)
		(void)ipc_send(a, numbered(i, 10), dup(null));
	give_up = 0;
	loop_timer_add(loop, 60000, late, NULL);
	loop_run(loop);
	return !give_up && in_order && !is_closed && ndescriptors == want;
}

static void
check_descriptors(void)
{
	int status = -1;
	pid_t pid;

	(void)fflush(stdout);
	if ((pid = fork()) == -1)
		fatal("fork");
	if (pid == 0) {
		if (geteuid() == 0 && (setgid(60321) == -1 ||
		    setuid(60321) == -1))
			_exit(2);
		_exit(many_descriptors() ? 0 : 1);
	}
	(void)waitpid(pid, &status, 0);
	is_int(status, 0, "what the system has no room for now goes later");
}

/* Whose questions are short. */
static void
check_accept(void)
{
	struct ipc *a;
	int fds[2];

	if (ipc_pair(fds) == -1)
		fatal("pair");
	a = ipc_new(loop, fds[0], message, closed, NULL);
	ipc_accept(ipc_new(loop, fds[1], message, closed, NULL), 100);
	is_closed = got = free_in_message = 0;
	want = -1;
	ipc_send(a, numbered(0, 10), -1);
	ipc_send(a, numbered(1, 200), -1);
	run();
	is_int(got, 1, "a short one is taken");
	while (is_closed < 2)
		run();
	is_int(is_closed, 2, "a long one is the end, for both");
}

int
main(void)
{
	static char big[IPC_MESSAGE_MAX + 100];
	json_t *obj = json_pack("{sisssb}", "i", 5, "s", "x", "b", 1);

	log_init("unit-ipc", 1, 0);
	loop = loop_new();
	check_many();
	check_nonsense("[1]", 3);
	check_nonsense("{\"a\":", 5);
	check_nonsense("", 0);
	memset(big, ' ', sizeof(big));
	memcpy(big, "{\"n\":0}", 7);
	check_nonsense(big, sizeof(big));
	check_freed_within();
	check_accept();
	check_flood();
	check_descriptors();
	is_int(ipc_int(obj, "i", 1), 5, "ipc_int");
	is_int(ipc_int(obj, "s", 1), 1, "ipc_int of a string");
	is_str(ipc_string(obj, "s", "no"), "x", "ipc_string");
	is_str(ipc_string(obj, "none", "no"), "no", "ipc_string of nothing");
	is_int(ipc_bool(obj, "b", 0), 1, "ipc_bool");
	is_int(ipc_bool(obj, "i", 0), 0, "ipc_bool of a number");
	json_decref(obj);
	loop_free(loop);
	return done_testing();
}
