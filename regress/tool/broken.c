/* SPDX-License-Identifier: ISC */

/*
 * Has a process do what it would not: takes hold of it by ptrace(2), as root,
 * and has it make one system call.  Prints "yes" where that is done, "no" where
 * it is refused, and "ended" where it ends the process.
 *
 *	broken PID read|append|make|connect|run PATH
 *	broken PID tcp ADDRESS PORT
 *	broken PID udp|root
 *	broken PID signal PID
 *	broken PID hold SECONDS		its end is not seen by its parent
 */

#if defined(__linux__) && defined(__x86_64__)

#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Below what the stack's owner uses, and its red zone. */
#define ROOM 4096
#define ENDED 1000

static pid_t pid;
static struct user_regs_struct saved;

static void
put(unsigned long to, const void *data, size_t len)
{
	long word;
	size_t i;

	for (i = 0; i < len; i += sizeof(word)) {
		word = 0;
		memcpy(&word, (const char *)data + i, len - i < sizeof(word) ?
		    len - i : sizeof(word));
		if (ptrace(PTRACE_POKEDATA, pid, to + i, word) == -1)
			err(1, "poke");
	}
}

/* By which signal; 0: it has ended. */
static int
stopped(void)
{
	int status;

	if (waitpid(pid, &status, __WALL) == -1)
		err(1, "waitpid");
	return WIFSTOPPED(status) ? WSTOPSIG(status) : 0;
}

/*
 * Its answer, or minus an error; -ENDED.  The instruction is put where it
 * stands, and taken away again.  A file that it makes is its own.
 */
static long
call(long nr, unsigned long a, unsigned long b, unsigned long c)
{
	struct user_regs_struct regs = saved;
	long word;
	int sig;

	errno = 0;
	word = ptrace(PTRACE_PEEKTEXT, pid, saved.rip, NULL);
	if (errno != 0 || ptrace(PTRACE_POKETEXT, pid, saved.rip,
	    (word & ~0xffffL) | 0x050f) == -1)
		err(1, "its program");
	regs.orig_rax = (unsigned long)-1;
	regs.rax = (unsigned long)nr;
	regs.rdi = a;
	regs.rsi = b;
	regs.rdx = c;
	regs.r10 = 0600;
	if (ptrace(PTRACE_SETREGS, pid, NULL, &regs) == -1)
		err(1, "registers");
	/* One that was stopped before has the signal of it to come. */
	do {
		if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) == -1)
			err(1, "step");
	} while ((sig = stopped()) == SIGSTOP);
	if (sig != SIGTRAP)
		return -ENDED;
	if (ptrace(PTRACE_POKETEXT, pid, saved.rip, word) == -1 ||
	    ptrace(PTRACE_GETREGS, pid, NULL, &regs) == -1)
		err(1, "registers");
	return (long)regs.rax;
}

static long
connected(int domain, const void *addr, size_t len)
{
	unsigned long at = saved.rsp - ROOM;
	long s = call(SYS_socket, (unsigned long)domain,
	    domain == AF_UNIX ? SOCK_SEQPACKET : SOCK_STREAM, 0), rc;

	if (s < 0)
		return s;
	put(at, addr, len);
	rc = call(SYS_connect, (unsigned long)s, at, len);
	if (rc != -ENDED)
		(void)call(SYS_close, (unsigned long)s, 0, 0);
	/* Refused by the host, not here. */
	return rc == -ECONNREFUSED ? 0 : rc;
}

static long
to_path(long nr, const char *path, int flags)
{
	unsigned long at = saved.rsp - ROOM;
	long rc;

	put(at, path, strlen(path) + 1);
	if (nr == SYS_execve)
		return call(nr, at, 0, 0);
	rc = call(SYS_openat, (unsigned long)AT_FDCWD, at,
	    (unsigned long)flags);
	if (rc >= 0)
		(void)call(SYS_close, (unsigned long)rc, 0, 0);
	return rc;
}

static long
attempt(char *argv[])
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct sockaddr_in sin = { .sin_family = AF_INET };
	const char *what = argv[0];
	long rc;

	if (strcmp(what, "root") == 0)
		return call(SYS_setuid, 0, 0, 0);
	if (strcmp(what, "udp") == 0) {
		rc = call(SYS_socket, AF_INET, SOCK_DGRAM, 0);
		if (rc >= 0)
			(void)call(SYS_close, (unsigned long)rc, 0, 0);
		return rc;
	}
	if (argv[1] == NULL)
		errx(1, "%s: of what?", what);
	if (strcmp(what, "signal") == 0)
		return call(SYS_kill, strtoul(argv[1], NULL, 10), 0, 0);
	if (strcmp(what, "read") == 0)
		return to_path(SYS_openat, argv[1], O_RDONLY);
	if (strcmp(what, "append") == 0)
		return to_path(SYS_openat, argv[1], O_WRONLY | O_APPEND);
	if (strcmp(what, "make") == 0)
		return to_path(SYS_openat, argv[1], O_WRONLY | O_CREAT |
		    O_EXCL);
	if (strcmp(what, "run") == 0) {
		rc = to_path(SYS_execve, argv[1], 0);
		/* There is none such, but it looked. */
		return rc == -ENOENT ? 0 : rc;
	}
	if (strcmp(what, "connect") == 0) {
		(void)snprintf(sun.sun_path, sizeof(sun.sun_path), "%s",
		    argv[1]);
		return connected(AF_UNIX, &sun, sizeof(sun));
	}
	if (strcmp(what, "tcp") != 0 || argv[2] == NULL ||
	    inet_pton(AF_INET, argv[1], &sin.sin_addr) != 1)
		errx(1, "%s: what is that?", what);
	sin.sin_port = htons((uint16_t)strtoul(argv[2], NULL, 10));
	return connected(AF_INET, &sin, sizeof(sin));
}

int
main(int argc, char *argv[])
{
	long rc;

	if (argc < 3)
		errx(1, "usage: broken pid what [of what]");
	pid = (pid_t)strtol(argv[1], NULL, 10);
	if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) == -1)
		err(1, "%s", argv[1]);
	if (stopped() == 0 || ptrace(PTRACE_GETREGS, pid, NULL, &saved) == -1)
		errx(1, "%s: not held", argv[1]);
	if (strcmp(argv[2], "hold") == 0 && argc == 4) {
		if (ptrace(PTRACE_CONT, pid, NULL, NULL) == -1)
			err(1, "%s", argv[1]);
		puts("held");
		(void)fflush(stdout);
		(void)sleep((unsigned int)strtol(argv[3], NULL, 10));
		return 0;
	}
	rc = attempt(argv + 2);
	if (rc != -ENDED) {
		if (ptrace(PTRACE_SETREGS, pid, NULL, &saved) == -1 ||
		    ptrace(PTRACE_DETACH, pid, NULL, NULL) == -1)
			err(1, "let go");
	}
	puts(rc == -ENDED ? "ended" : rc < 0 ? "no" : "yes");
	if (rc < 0 && rc != -ENDED)
		warnx("%s", strerror((int)-rc));
	return 0;
}

#else

#include <stdio.h>

int
main(void)
{
	puts("needs Linux on x86-64");
	return 77;
}

#endif
