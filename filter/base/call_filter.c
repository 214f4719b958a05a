/* SPDX-License-Identifier: ISC */

#include "base/compat.h"
#include "base/call_filter.h"

#include <errno.h>

/* The compiler's checker of memory makes calls of its own. */
#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__)

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of one family of calls: x86 and arm have not all of them. */
#define CALLS(name, ...) static const int name[] = { __VA_ARGS__ }
#define C(call) SCMP_SYS(call)

/* A way out of what the other walls hold; no library of ours asks. */
CALLS(never,
    C(ptrace), C(process_vm_readv), C(process_vm_writev),  /* others' memory */
    C(perf_event_open), C(userfaultfd),
    C(bpf), C(init_module), C(finit_module), C(delete_module),	/* kernel */
    C(kexec_load), C(add_key), C(request_key), C(keyctl),
    C(mount), C(umount2), C(pivot_root), C(setns), C(unshare),	/* its files */
    C(open_by_handle_at),
    C(io_uring_setup));			/* calls that no filter sees */

/* What the C library and malloc(3) do by themselves. */
CALLS(stdio_self,
    C(brk), C(munmap), C(mremap), C(madvise), C(membarrier),
    C(exit), C(exit_group), C(rt_sigaction), C(rt_sigprocmask),
    C(rt_sigreturn), C(rt_sigsuspend), C(rt_sigtimedwait), C(sigaltstack),
    C(sigreturn), C(restart_syscall), C(sched_yield), C(sched_getaffinity),
    C(set_tid_address), C(set_robust_list), C(get_robust_list), C(rseq),
    C(futex), C(futex_time64), C(arch_prctl), C(memfd_create),
    C(prctl), C(seccomp), C(landlock_create_ruleset),	/* to give up more */
    C(landlock_add_rule), C(landlock_restrict_self),
    C(getrandom), C(uname), C(sysinfo), C(getrusage),
    C(getrlimit), C(ugetrlimit), C(setrlimit), C(prlimit64),
    C(getpid), C(getppid), C(gettid), C(getpgrp), C(getpgid), C(umask),
    C(getuid), C(geteuid), C(getgid), C(getegid), C(getgroups),
    C(getresuid), C(getresgid), C(getcwd),
    C(wait4), C(waitid));		/* without a child: ECHILD */

/* Clocks and waiting. */
CALLS(stdio_time,
    C(clock_gettime), C(clock_gettime64), C(clock_getres), C(gettimeofday),
    C(time), C(times), C(nanosleep), C(clock_nanosleep), C(alarm),
    C(setitimer), C(getitimer), C(poll), C(ppoll), C(select), C(pselect6),
    C(_newselect), C(epoll_create), C(epoll_create1), C(epoll_ctl),
    C(epoll_wait), C(epoll_pwait), C(eventfd2), C(timerfd_create),
    C(timerfd_settime));

/*
 * Descriptors that are open, and what stat(2) tells.  Messages may hold
 * descriptors: no filter can look into them.
 */
CALLS(stdio_open,
    C(read), C(readv), C(pread64), C(preadv), C(write), C(writev),
    C(pwrite64), C(pwritev), C(close), C(close_range), C(dup), C(dup2),
    C(dup3), C(pipe), C(pipe2), C(fcntl), C(fcntl64), C(lseek), C(_llseek),
    C(ftruncate), C(fsync), C(fdatasync), C(fadvise64), C(fstatfs), C(fstat),
    C(stat), C(lstat), C(fstat64), C(stat64), C(lstat64), C(newfstatat),
    C(statx), C(sendto), C(sendmsg), C(sendmmsg), C(recvfrom), C(recvmsg),
    C(recvmmsg), C(shutdown), C(socketpair), C(getsockname), C(getpeername),
    C(getsockopt), C(setsockopt),
    C(connect));			/* syslog(3) does, any time */

CALLS(rpath, C(access), C(faccessat), C(faccessat2), C(readlink),
    C(readlinkat), C(getdents), C(getdents64), C(chdir), C(fchdir),
    C(statfs));
CALLS(wpath, C(truncate), C(fallocate));
CALLS(cpath, C(rename), C(renameat), C(renameat2), C(link), C(linkat),
    C(unlink), C(unlinkat), C(mkdir), C(mkdirat), C(rmdir));
CALLS(fattr, C(chmod), C(fchmod), C(fchmodat), C(chown), C(fchown),
    C(lchown), C(fchownat), C(utime), C(utimes), C(utimensat));
CALLS(flock, C(flock));
CALLS(unix_, C(bind), C(listen), C(accept), C(accept4));
CALLS(inet, C(bind));			/* UDP ports by chance; nobody calls us */
CALLS(proc, C(fork), C(vfork), C(clone), C(kill), C(tkill), C(tgkill),
    C(setpgid), C(setsid), C(setpriority), C(getpriority));
CALLS(exec, C(execve), C(execveat));

static const struct promise {
	const char	*word;
	const int	*calls;
	size_t		 n;
} promises_of[] = {
	{ "stdio", stdio_self, nitems(stdio_self) },
	{ "stdio", stdio_time, nitems(stdio_time) },
	{ "stdio", stdio_open, nitems(stdio_open) },
	{ "rpath", rpath, nitems(rpath) },
	{ "wpath", wpath, nitems(wpath) },
	{ "cpath", cpath, nitems(cpath) },
	{ "fattr", fattr, nitems(fattr) },
	{ "flock", flock, nitems(flock) },
	{ "unix", unix_, nitems(unix_) },
	{ "inet", inet, nitems(inet) },
	{ "proc", proc, nitems(proc) },
	{ "exec", exec, nitems(exec) },
};

/* Terminals are asked whether they are one, and how wide. */
static const unsigned int ioctls[] = {
	TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIOCLEX
};

/* What is asked for may be refused: a library goes on without. */
#define REFUSE SCMP_ACT_ERRNO(EACCES)

struct rules {
	scmp_filter_ctx	 ctx;
	uint32_t	 otherwise;	/* of what no rule names */
	int		 failed;
};

static int
has(const char *promises, const char *word)
{
	const char *at;
	size_t len = strlen(word);

	for (at = promises; (at = strstr(at, word)) != NULL; at += len)
		if ((at == promises || at[-1] == ' ') &&
		    (at[len] == '\0' || at[len] == ' '))
			return 1;
	return 0;
}

/* An action that is the same as "otherwise" is none. */
static void
always(struct rules *r, uint32_t action, int call)
{
	if (action != r->otherwise &&
	    seccomp_rule_add(r->ctx, action, call, 0) < 0)
		r->failed = 1;
}

static void
where(struct rules *r, uint32_t action, int call, struct scmp_arg_cmp arg)
{
	if (action != r->otherwise &&
	    seccomp_rule_add(r->ctx, action, call, 1, arg) < 0)
		r->failed = 1;
}

/* Memory is not run that can be written, nor files by dlopen(3). */
static void
memory(struct rules *r)
{
	static const int calls[] = { C(mmap), C(mmap2), C(mprotect) };
	size_t i;

	for (i = 0; i < nitems(calls); i++) {
		where(r, SCMP_ACT_ALLOW, calls[i],
		    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
		where(r, REFUSE, calls[i],
		    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC));
	}
}

static void
sockets(struct rules *r, const char *promises)
{
	uint32_t ip = has(promises, "inet") ? SCMP_ACT_ALLOW : REFUSE;

	where(r, SCMP_ACT_ALLOW, C(socket), SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
	where(r, ip, C(socket), SCMP_A0(SCMP_CMP_EQ, AF_INET));
	where(r, ip, C(socket), SCMP_A0(SCMP_CMP_EQ, AF_INET6));
	/* getifaddrs(3) and getaddrinfo(3) try. */
	where(r, REFUSE, C(socket), SCMP_A0(SCMP_CMP_EQ, AF_NETLINK));
}

/* open and openat, the flags of which are in another argument. */
static void
files(struct rules *r, const char *promises)
{
	uint32_t read = has(promises, "rpath") ? SCMP_ACT_ALLOW : REFUSE;
	uint32_t written = has(promises, "wpath") ? SCMP_ACT_ALLOW : REFUSE;
	const scmp_datum_t mask = O_ACCMODE;

	where(r, read, C(open), SCMP_A1(SCMP_CMP_MASKED_EQ, mask, O_RDONLY));
	where(r, written, C(open), SCMP_A1(SCMP_CMP_MASKED_EQ, mask, O_WRONLY));
	where(r, written, C(open), SCMP_A1(SCMP_CMP_MASKED_EQ, mask, O_RDWR));
	where(r, read, C(openat), SCMP_A2(SCMP_CMP_MASKED_EQ, mask, O_RDONLY));
	where(r, written, C(openat), SCMP_A2(SCMP_CMP_MASKED_EQ, mask,
	    O_WRONLY));
	where(r, written, C(openat), SCMP_A2(SCMP_CMP_MASKED_EQ, mask, O_RDWR));
}

/* A thread is no process; of the newer call no filter sees which it is. */
static void
processes(struct rules *r, const char *promises)
{
	if (!has(promises, "proc")) {
		where(r, SCMP_ACT_ALLOW, C(clone),
		    SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
		/* abort(3) */
		where(r, SCMP_ACT_ALLOW, C(tgkill),
		    SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
	}
	always(r, SCMP_ACT_ERRNO(ENOSYS), C(clone3));
}

/* What came after this library: a newer libc goes on with what was before. */
static void
unheard(struct rules *r)
{
	int call;
	char *name;

	for (call = 0; call < 600; call++) {
		name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, call);
		if (name == NULL)
			always(r, SCMP_ACT_ERRNO(ENOSYS), call);
		free(name);
	}
}

static void
permit(struct rules *r, const char *promises)
{
	const struct promise *p;
	size_t i, n;

	for (i = 0; i < nitems(promises_of); i++) {
		p = &promises_of[i];
		for (n = 0; has(promises, p->word) && n < p->n; n++)
			always(r, SCMP_ACT_ALLOW, p->calls[n]);
	}
	for (i = 0; !has(promises, "rpath") && i < nitems(rpath); i++)
		always(r, REFUSE, rpath[i]);
	for (i = 0; i < nitems(ioctls); i++)
		where(r, SCMP_ACT_ALLOW, C(ioctl), SCMP_A1(SCMP_CMP_EQ,
		    ioctls[i]));
	memory(r);
	sockets(r, promises);
	files(r, promises);
	processes(r, promises);
	unheard(r);
}

int
call_filter(const char *promises)
{
	struct rules r = { .failed = 0 };
	size_t i;
	int any = has(promises, "any");

	r.otherwise = any ? SCMP_ACT_ALLOW : has(promises, "error") ?
	    SCMP_ACT_ERRNO(ENOSYS) : SCMP_ACT_KILL_PROCESS;
	if ((r.ctx = seccomp_init(r.otherwise)) == NULL) {
		errno = ENOSYS;
		return -1;
	}
	for (i = 0; i < nitems(never); i++)
		always(&r, SCMP_ACT_KILL_PROCESS, never[i]);
	if (!any && !has(promises, "exec"))
		for (i = 0; i < nitems(exec); i++)
			always(&r, SCMP_ACT_KILL_PROCESS, exec[i]);
	if (!any)
		permit(&r, promises);
	/* Whether the process has no_new_privs is its own affair. */
	if (r.failed || seccomp_attr_set(r.ctx, SCMP_FLTATR_CTL_NNP, 0) < 0 ||
	    seccomp_attr_set(r.ctx, SCMP_FLTATR_ACT_BADARCH,
	    SCMP_ACT_KILL_PROCESS) < 0 || seccomp_load(r.ctx) < 0)
		r.failed = 1;
	seccomp_release(r.ctx);
	errno = r.failed ? ENOSYS : 0;
	return r.failed ? -1 : 0;
}

#else

int
call_filter(const char *promises __unused)
{
	errno = 0;
	return 0;
}

#endif
