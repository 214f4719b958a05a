/* SPDX-License-Identifier: ISC */

/*
 * What each role can still do on Linux with landlock and seccomp.  (Elsewhere
 * trying would end the process.)
 */

#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/landlock.h"
#include "base/log.h"
#include "confine.h"
#include "lib/sandbox.h"
#include "tap.h"

static char	 dir[] = "/tmp/unit-sandbox.XXXXXXXXXX";
static char	 parent[64], spool[80], db[64], other[64];
static struct conf conf;

static int
can(const char *path, int flags)
{
	return open(path, flags, 0600) != -1;
}

static int
can_write(const char *where)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/new", where);
	return can(path, O_WRONLY | O_CREAT) && unlink(path) == 0;
}

static int
reads(void)
{
	return can("/etc/passwd", O_RDONLY);
}

static int
spools(void)
{
	return can_write(spool);
}

static int
stores(void)
{
	return can_write(db);
}

static int
writes(void)
{
	return can_write(other);
}

/* Nobody listens there: refused is as good as connected. */
static int
connects(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
	    .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int s = socket(AF_INET, SOCK_STREAM, 0);

	return s != -1 && (connect(s, (struct sockaddr *)&sin,
	    sizeof(sin)) == 0 || errno == ECONNREFUSED);
}

/* UDP goes past what landlock knows. */
static int
sends(void)
{
	return socket(AF_INET, SOCK_DGRAM, 0) != -1;
}

static int
packets(void)
{
	return socket(AF_PACKET, SOCK_RAW, 0) != -1 || errno == EPERM;
}

/* As root would: the program is not there, so all that is asked is whether. */
static int
runs(void)
{
	return execl("/nonexistent", "nonexistent", (char *)NULL) == -1 &&
	    errno == ENOENT;
}

static int
traces(void)
{
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0;
}

static int
forks(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid != -1;
}

static int
signals(void)
{
	return kill(getppid(), 0) == 0;
}

static int
executes(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE |
	    MAP_ANONYMOUS, -1, 0);

	return p != MAP_FAILED && mprotect(p, 4096, PROT_READ | PROT_EXEC) == 0;
}

static int
listens(void)
{
	int s = socket(AF_UNIX, SOCK_STREAM, 0);

	return s != -1 && listen(s, 1) == -1 && errno == EINVAL;
}

static int
changes_mode(void)
{
	return chmod(db, 0700) == 0;
}

/* Descriptors of the keyring and the like. */
static int
holds_keys(void)
{
	return syscall(SYS_keyctl, 0, 0, 0, 0, 0) != -1 || errno != ENOSYS;
}

static const struct {
	char	 letter;
	int	(*does)(void);
} things[] = {
	{ 'p', reads },		/* /etc/passwd */
	{ 's', spools },
	{ 'd', stores },
	{ 'o', writes },	/* elsewhere */
	{ 'c', connects },
	{ 'u', sends },
	{ 'r', packets },
	{ 'l', listens },
	{ 'x', runs },
	{ 't', traces },
	{ 'f', forks },
	{ 'k', signals },
	{ 'm', executes },
	{ 'a', changes_mode },
	{ 'y', holds_keys },
};

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
filter(void)
{
	confine_filter(&conf);
}

static void
table(void)
{
	confine_table(&conf);
}

static void
writer(void)
{
	confine_writer(conf.spool);
}

static void
nothing(void)
{
}

/* One letter for each thing that is still possible, in a process each. */
static const char *
role(void (*enter)(void))
{
	static char letters[nitems(things) + 1];
	size_t i, n = 0;
	int status;
	pid_t pid;

	for (i = 0; i < nitems(things); i++) {
		if ((pid = fork()) == -1)
			fatal("fork");
		if (pid == 0) {
			enter();
			_exit(things[i].does() ? 0 : 1);
		}
		if (waitpid(pid, &status, 0) != pid)
			fatal("waitpid");
		if (status == 0)
			letters[n++] = things[i].letter;
		else if (WIFSIGNALED(status) && WTERMSIG(status) != SIGSYS)
			return "died";
	}
	letters[n] = '\0';
	return letters;
}

int
main(void)
{
	static char database[80], cmd[128];

	log_init("unit-sandbox", 1, 1);
	if (landlock_version() < 4) {
		printf("1..0 # SKIP this landlock knows no network\n");
		return 0;
	}
	if (mkdtemp(dir) == NULL)
		fatal("%s", dir);
	snprintf(parent, sizeof(parent), "%s/parent", dir);
	snprintf(spool, sizeof(spool), "%s/spool", parent);
	snprintf(db, sizeof(db), "%s/db", dir);
	snprintf(other, sizeof(other), "%s/other", dir);
	snprintf(database, sizeof(database), "%s/sged.db", db);
	if (mkdir(parent, 0700) == -1 || mkdir(spool, 0700) == -1 ||
	    mkdir(db, 0700) == -1 || mkdir(other, 0700) == -1)
		fatal("%s", dir);
	conf.spool = spool;
	conf.database = database;
	is_str(role(nothing), geteuid() == 0 ? "psdocurlxtfkmay" :
	    "psdoculxtfkmay", "before: everything");
	is_str(role(engine), "sdla", "engine: spool and database, no network");
	is_str(role(sandbox_resolve), "cu", "resolve: no files");
	is_str(role(sandbox_net), "cu", "net: no files");
	is_str(role(sandbox_parser), "", "the parser: nothing");
	is_str(role(view), "dla", "a view: the database alone");
	is_str(role(reader), landlock_version() < 6 ? "psdfka" : "psdfa",
	    "a reader: reads files, writes to spool and database");
	/* Their users keep them from reading what is not theirs. */
	is_str(role(filter), "psl",
	    "filter-sge: reads files, writes to spool, no network, no program");
	is_str(role(table), "psl", "table-sge: the same");
	is_str(role(writer), "ps", "who writes for them: files");
	if (geteuid() == 0)
		is_str(role(sandbox_all), "psdocurlxfkma",
		    "all: no hold of others, or of the kernel");
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd) != 0 || done_testing();
}
