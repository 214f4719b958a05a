/* SPDX-License-Identifier: ISC */

/*
 * What each role can still do on Linux with landlock and seccomp, each in a process of its
 * own.  (Elsewhere trying would end the process.)
 */

#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "confine.h"
#include "lib/sandbox.h"
#include "tap.h"

static char	 dir[] = "/tmp/unit-sandbox.XXXXXXXXXX";
static char	 spool[64], db[64], other[64];
static struct conf conf;

static int
can(const char *path, int flags)
{
	int fd = open(path, flags, 0600);

	if (fd != -1)
		close(fd);
	return fd != -1;
}

static int
can_write(const char *where)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/new", where);
	return can(path, O_WRONLY | O_CREAT) && unlink(path) == 0;
}

/* Nobody listens there: refused is as good as connected. */
static int
can_connect(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
	    .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int s = socket(AF_INET, SOCK_STREAM, 0);

	return s != -1 && (connect(s, (struct sockaddr *)&sin,
	    sizeof(sin)) == 0 || errno == ECONNREFUSED);
}

/* UDP goes past what landlock knows. */
static int
can_send(void)
{
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	if (s != -1)
		close(s);
	return s != -1;
}

static void
run_other(void)
{
	(void)execl("/nonexistent", "nonexistent", (char *)NULL);
}

static void
trace(void)
{
	(void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

/* Whether a process that does this lives on. */
static int
lives(void (*act)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		act();
		_exit(0);
	}
	return pid != -1 && waitpid(pid, &status, 0) == pid &&
	    WIFEXITED(status);
}

static void
engine(void)
{
	sandbox_engine(&conf);
}

static void
reader(void)
{
	sandbox_reader(&conf);
}

static void
view(void)
{
	sandbox_view(&conf);
}

static void
nothing(void)
{
}

/* One letter for each thing that is still possible. */
static const char *
role(void (*enter)(void))
{
	static char letters[16];
	int fds[2], n = 0;
	char buf[16];
	pid_t pid;

	memset(letters, 0, sizeof(letters));
	if (pipe(fds) == -1 || (pid = fork()) == -1)
		fatal("fork");
	if (pid == 0) {
		enter();
		if (can("/etc/passwd", O_RDONLY))
			buf[n++] = 'p';
		if (can_write(spool))
			buf[n++] = 's';
		if (can_write(db))
			buf[n++] = 'd';
		if (can_write(other))
			buf[n++] = 'o';
		if (can_connect())
			buf[n++] = 'c';
		if (can_send())
			buf[n++] = 'u';
		if (lives(run_other))
			buf[n++] = 'x';
		if (lives(trace))
			buf[n++] = 't';
		buf[n++] = '.';
		_exit(write(fds[1], buf, (size_t)n) == n ? 0 : 1);
	}
	close(fds[1]);
	if (read(fds[0], letters, sizeof(letters) - 1) <= 0)
		strlcpy(letters, "died", sizeof(letters));
	close(fds[0]);
	(void)waitpid(pid, NULL, 0);
	return letters;
}

static int
has_landlock(void)
{
#ifdef SYS_landlock_create_ruleset
	/* Its version; -1 where the kernel has none. */
	return syscall(SYS_landlock_create_ruleset, NULL, 0, 1U) > 0;
#else
	return 0;
#endif
}

int
main(void)
{
	static char database[80], cmd[128];

	log_init("unit-sandbox", 1, 1);
	if (!has_landlock()) {
		printf("1..0 # SKIP no landlock here\n");
		return 0;
	}
	if (mkdtemp(dir) == NULL)
		fatal("%s", dir);
	snprintf(spool, sizeof(spool), "%s/spool", dir);
	snprintf(db, sizeof(db), "%s/db", dir);
	snprintf(other, sizeof(other), "%s/other", dir);
	snprintf(database, sizeof(database), "%s/sged.db", db);
	if (mkdir(spool, 0700) == -1 || mkdir(db, 0700) == -1 ||
	    mkdir(other, 0700) == -1)
		fatal("%s", dir);
	conf.spool = spool;
	conf.database = database;
	is_str(role(nothing), "psdocuxt.", "before: everything");
	is_str(role(engine), "sd.", "engine: spool and database, no network");
	is_str(role(sandbox_resolve), "cu.", "resolve: no files");
	is_str(role(sandbox_net), "cu.", "net: no files");
	is_str(role(sandbox_parser), ".", "the parser: nothing");
	is_str(role(view), "d.", "a view: the database alone");
	is_str(role(reader), "psd.",
	    "a reader: reads files, writes to spool and database");
	/* Their users keep them from what is not theirs. */
	is_str(role(confine_filter), "psdo.",
	    "filter-sge: no network, no program");
	is_str(role(confine_table), "psdo.", "table-sge: the same");
	is_str(role(confine_writer), "psdo.", "who writes for them: the same");
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd) != 0 || done_testing();
}
