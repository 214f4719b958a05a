/* SPDX-License-Identifier: ISC */

/*
 * The reader of strangers' mail, behind a wall: whatever a mail does to it
 * ends with it, and the mail is kept unread.
 */

#include <sys/resource.h>
#include <sys/wait.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/log.h"
#include "base/monotonic.h"
#include "command/deliver_parse.h"
#include "lib/sandbox.h"
#include "lib/write_all.h"
#include "lib/xalloc.h"

static void
say(json_t *obj)
{
	if (json_dumpf(obj, stdout, JSON_COMPACT) == -1)
		fatal("json_dumpf");
	json_decref(obj);
	putchar('\n');
}

static void
found_report(struct rd_report *r, void *arg __unused)
{
	say(answer_report(r));
	rd_report_free(r);
}

static void
found_problem(const char *text, void *arg __unused)
{
	say(answer_problem(text));
}

static void
limit(int what, rlim_t most)
{
	struct rlimit limit = { most, most };

	/* Only ever less than what we were given. */
	if (setrlimit(what, &limit) == -1 && errno != EPERM)
		fatal("setrlimit");
}

/* What no mail can get around; READ_CPU_SECONDS is what it is told before. */
static void
set_limits(void)
{
	limit(RLIMIT_CPU, READ_CPU_SECONDS + 3);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_FSIZE, 0);
	/* One for landlock(7) to be told by. */
	limit(RLIMIT_NOFILE, 3);
#if defined(RLIMIT_AS) && !defined(__SANITIZE_ADDRESS__)
	limit(RLIMIT_AS, READ_MEMORY_MAX);
#elif !defined(RLIMIT_AS)
	limit(RLIMIT_DATA, READ_MEMORY_MAX);
#endif
	(void)signal(SIGALRM, SIG_DFL);
	(void)alarm(READ_WALL_SECONDS);
}

/* Reads all of it before it says anything. */
static char *
read_all(size_t *len)
{
	size_t n, size = READ_MAIL_MAX;
	char *mail;

	mail = xmalloc(size + 1);
	*len = 0;
	while (*len < size &&
	    (n = fread(mail + *len, 1, size - *len, stdin)) > 0)
		*len += n;
	mail[*len] = '\0';
	return mail;
}

static __dead void
child(const struct conf *conf, int64_t now, int in, int out)
{
	struct reader reader;
	struct nature nature;
	struct dsn dsn;
	char *mail;
	size_t len;

	/* Standard error goes too: nobody reads what is said here. */
	if (dup2(in, STDIN_FILENO) == -1 || dup2(out, STDOUT_FILENO) == -1)
		_exit(1);
	closefrom(STDERR_FILENO);
	log_init("sgectl", 1, 0);
	set_limits();
	/* Learning, which mail waits for, and smtpd go first. */
	(void)!nice(READ_NICE);
	sandbox_parser();
	mail = read_all(&len);
	/* One of our own reports comes back: it may be in it too. */
	if (bounce_parse(mail, len, &dsn))
		say(answer_bounce(&dsn));
	nature_of(mail, len, conf, &nature);
	say(answer_nature(&nature));
	memset(&reader, 0, sizeof(reader));
	reader.conf = conf;
	reader.now = now;
	reader.report = found_report;
	reader.problem = found_problem;
	(void)reader_read(&reader, "", (const unsigned char *)mail, len);
	say(answer_end());
	_exit(fflush(stdout) == EOF ? 1 : 0);
}

/*
 * All that the process says, the caller frees; NULL where that is too much, or
 * takes too long: its own alarm(3) rings before.
 */
static char *
hear(int fd, size_t *len)
{
	int64_t until = monotonic_ms() + (READ_WALL_SECONDS + 5) * 1000, left;
	struct pollfd pfd = { fd, POLLIN, 0 };
	char *said = NULL, *p;
	ssize_t n = 0;
	size_t size = 0;

	*len = 0;
	for (;;) {
		if (*len == size) {
			size += 1024 * 1024;
			if (size > READ_ANSWER_MAX ||
			    (p = realloc(said, size)) == NULL)
				break;
			said = p;
		}
		if ((left = until - monotonic_ms()) <= 0)
			break;
		if (poll(&pfd, 1, (int)left) <= 0)
			continue;
		if ((n = read(fd, said + *len, size - *len)) == 0)
			return said;
		if (n == -1 && errno != EINTR)
			break;
		if (n > 0)
			*len += (size_t)n;
	}
	free(said);
	return NULL;
}

/* Whether all lines are as they must be. */
static int
understand(struct answer *a, const char *said, size_t len)
{
	const char *nl;
	size_t n;

	for (; len > 0; said += n + 1, len -= n + 1) {
		if ((nl = memchr(said, '\n', len)) == NULL)
			return -1;
		n = (size_t)(nl - said);
		if (answer_read(a, said, n) == -1)
			return -1;
	}
	return 0;
}

/* Ends the process if it has not, and says how it ended where that was bad. */
static const char *
reap(pid_t pid, int bad)
{
	int status;

	if (bad)
		(void)kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return "what reads it can't be waited for";
	if (WIFSIGNALED(status) && !bad)
		return WTERMSIG(status) == SIGXCPU ||
		    WTERMSIG(status) == SIGALRM ||
		    WTERMSIG(status) == SIGKILL ?
		    "reading it takes too long" : "reading it fails";
	if (bad || status != 0)
		return "reading it fails";
	return NULL;
}

static pid_t
start(const struct conf *conf, int64_t now, int *in, int *out)
{
	int to[2], from[2];
	pid_t pid;

	if (pipe(to) == -1) {
		log_warn("pipe");
		return -1;
	}
	if (pipe(from) == -1) {
		log_warn("pipe");
		close(to[0]);
		close(to[1]);
		return -1;
	}
	/* It has no way to a source of chance. */
	json_object_seed(0);
	if ((pid = fork()) == 0) {
		close(to[1]);
		close(from[0]);
		child(conf, now, to[0], from[1]);
	}
	if (pid == -1)
		log_warn("fork");
	close(to[0]);
	close(from[1]);
	*in = to[1];
	*out = from[0];
	if (pid == -1) {
		close(*in);
		close(*out);
	}
	return pid;
}

int
deliver_parse(const struct conf *conf, int64_t now, const char *mail,
    size_t len, struct answer *answer)
{
	const char *why;
	char *said;
	size_t n;
	pid_t pid;
	int in, out, bad = 1;

	memset(answer, 0, sizeof(*answer));
	(void)signal(SIGPIPE, SIG_IGN);
	if ((pid = start(conf, now, &in, &out)) == -1)
		return -1;
	/* A reader that is gone already is no error here. */
	(void)write_all(in, mail, len);
	close(in);
	if ((said = hear(out, &n)) != NULL)
		bad = understand(answer, said, n) == -1;
	close(out);
	free(said);
	if ((why = reap(pid, bad)) == NULL && answer->ended)
		return 0;
	/* Half of what a mail says may be what it wants believed. */
	answer_free(answer);
	answer->why = xstrdup(why != NULL ? why : "reading it came to no end");
	return 0;
}
