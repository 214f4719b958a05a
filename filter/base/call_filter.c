/* SPDX-License-Identifier: ISC */

#include "base/compat.h"
#include "base/call_filter.h"

#include <errno.h>

/* The compiler's checker of memory makes calls of its own. */
#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__) && \
    (defined(__x86_64__) || defined(__aarch64__))

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include <fcntl.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

/*
 * The program is written here, without memory: libseccomp's generator goes
 * round for ever where malloc(3) fails, and smtpd waits for its filter.
 */

#ifdef __x86_64__
#define ARCH AUDIT_ARCH_X86_64
#else
#define ARCH AUDIT_ARCH_AARCH64
#endif

/* Bit of the calls of another size of pointers on x86-64. */
#define X32 0x40000000U
/* landlock_restrict_self: the last call that the lists here know of. */
#define LAST_KNOWN 446

#ifndef SECCOMP_RET_KILL_PROCESS
#define SECCOMP_RET_KILL_PROCESS 0x80000000U
#endif
#define ALLOW SECCOMP_RET_ALLOW
#define KILL SECCOMP_RET_KILL_PROCESS
/* What is asked for may be refused: a library goes on without. */
#define REFUSE (SECCOMP_RET_ERRNO | EACCES)
#define UNKNOWN (SECCOMP_RET_ERRNO | ENOSYS)

#define CALLS(name, ...) static const int name[] = { __VA_ARGS__ }
#define C(call) SYS_ ## call
/* Those of which a younger machine has only what came after them. */
#ifdef __x86_64__
#define OLD(call) SYS_ ## call,
#else
#define OLD(call)
#endif

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
    C(restart_syscall), C(sched_yield), C(sched_getaffinity),
    C(set_tid_address), C(set_robust_list), C(get_robust_list), C(rseq),
    C(futex), OLD(arch_prctl) C(memfd_create),
    C(prctl), C(seccomp), C(landlock_create_ruleset),	/* to give up more */
    C(landlock_add_rule), C(landlock_restrict_self),
    C(getrandom), C(uname), C(sysinfo), C(getrusage),
    C(getrlimit), C(setrlimit), C(prlimit64),
    C(getpid), C(getppid), C(gettid), OLD(getpgrp) C(getpgid), C(umask),
    C(getuid), C(geteuid), C(getgid), C(getegid), C(getgroups),
    C(getresuid), C(getresgid), C(getcwd),
    C(wait4), C(waitid));		/* without a child: ECHILD */

/* Clocks and waiting. */
CALLS(stdio_time,
    C(clock_gettime), C(clock_getres), C(gettimeofday),
    OLD(time) C(times), C(nanosleep), C(clock_nanosleep), OLD(alarm)
    C(setitimer), C(getitimer), OLD(poll) C(ppoll), OLD(select) C(pselect6),
    OLD(epoll_create) C(epoll_create1), C(epoll_ctl),
    OLD(epoll_wait) C(epoll_pwait), C(eventfd2), C(timerfd_create),
    C(timerfd_settime));

/*
 * Descriptors that are open, and what stat(2) tells.  Messages may hold
 * descriptors: no filter can look into them.
 */
CALLS(stdio_open,
    C(read), C(readv), C(pread64), C(preadv), C(write), C(writev),
    C(pwrite64), C(pwritev), C(close), C(close_range), C(dup), OLD(dup2)
    C(dup3), OLD(pipe) C(pipe2), C(fcntl), C(lseek),
    C(ftruncate), C(fsync), C(fdatasync), C(fadvise64), C(fstatfs), C(fstat),
    OLD(stat) OLD(lstat) C(newfstatat),
    C(statx), C(sendto), C(sendmsg), C(sendmmsg), C(recvfrom), C(recvmsg),
    C(recvmmsg), C(shutdown), C(socketpair), C(getsockname), C(getpeername),
    C(getsockopt), C(setsockopt),
    C(connect));			/* syslog(3) does, any time */

CALLS(rpath, OLD(access) C(faccessat), C(faccessat2), OLD(readlink)
    C(readlinkat), OLD(getdents) C(getdents64), C(chdir), C(fchdir),
    C(statfs));
CALLS(wpath, C(truncate), C(fallocate));
CALLS(cpath, OLD(rename) C(renameat), C(renameat2), OLD(link) C(linkat),
    OLD(unlink) C(unlinkat), OLD(mkdir) OLD(rmdir) C(mkdirat));
CALLS(fattr, OLD(chmod) C(fchmod), C(fchmodat), OLD(chown) C(fchown),
    OLD(lchown) C(fchownat), OLD(utime) OLD(utimes) C(utimensat));
CALLS(flock, C(flock));
CALLS(unix_, C(bind), C(listen), C(accept), C(accept4));
CALLS(inet, C(bind));			/* for UDP; nobody calls us */
CALLS(proc, OLD(fork) OLD(vfork) C(clone), C(kill), C(tkill), C(tgkill),
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
static const uint32_t ioctls[] = {
	TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIOCLEX
};

struct program {
	struct sock_filter code[1024];
	unsigned short	 n;
	int		 failed;	/* the lists have outgrown it */
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

static void
add(struct program *p, uint16_t code, uint32_t k, uint8_t yes, uint8_t no)
{
	const struct sock_filter one = { code, yes, no, k };

	if (p->n == nitems(p->code))
		p->failed = 1;
	else
		p->code[p->n++] = one;
}

static void
load(struct program *p, size_t at)
{
	add(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)at, 0, 0);
}

static void
verdict(struct program *p, uint32_t what)
{
	add(p, BPF_RET | BPF_K, what, 0, 0);
}

/* The first that fits counts. */
static void
always(struct program *p, uint32_t what, int call)
{
	add(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 1);
	verdict(p, what);
}

/* Where the lower half of an argument has these of the bits in mask. */
static void
where(struct program *p, uint32_t what, int call, int arg, uint32_t mask,
    uint32_t bits)
{
	/* Both machines have the lower half first. */
	size_t at = offsetof(struct seccomp_data, args[arg]);

	add(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 5);
	load(p, at);
	add(p, BPF_ALU | BPF_AND | BPF_K, mask, 0, 0);
	add(p, BPF_JMP | BPF_JEQ | BPF_K, bits, 0, 1);
	verdict(p, what);
	load(p, offsetof(struct seccomp_data, nr));
}

/* Memory is not run that can be written, nor files by dlopen(3). */
static void
memory(struct program *p)
{
	static const int calls[] = { C(mmap), C(mprotect) };
	size_t i;

	for (i = 0; i < nitems(calls); i++) {
		where(p, ALLOW, calls[i], 2, PROT_EXEC, 0);
		always(p, REFUSE, calls[i]);
	}
}

static void
sockets(struct program *p, const char *promises)
{
	uint32_t ip = has(promises, "inet") ? ALLOW : REFUSE;

	where(p, ALLOW, C(socket), 0, UINT32_MAX, AF_UNIX);
	where(p, ip, C(socket), 0, UINT32_MAX, AF_INET);
	where(p, ip, C(socket), 0, UINT32_MAX, AF_INET6);
	/* getifaddrs(3) and getaddrinfo(3) try. */
	where(p, REFUSE, C(socket), 0, UINT32_MAX, AF_NETLINK);
}

/* arg: where its flags stand. */
static void
opens(struct program *p, const char *promises, int call, int arg)
{
	where(p, has(promises, "rpath") ? ALLOW : REFUSE, call, arg, O_ACCMODE,
	    O_RDONLY);
	always(p, has(promises, "wpath") ? ALLOW : REFUSE, call);
}

/* A thread is no process; of the newer call no filter sees which it is. */
static void
processes(struct program *p)
{
	where(p, ALLOW, C(clone), 0, CLONE_THREAD, CLONE_THREAD);
	/* abort(3) */
	where(p, ALLOW, C(tgkill), 0, UINT32_MAX, (uint32_t)getpid());
	always(p, UNKNOWN, C(clone3));
}

static void
permit(struct program *p, const char *promises)
{
	const struct promise *of;
	size_t i, n;

	for (i = 0; i < nitems(promises_of); i++) {
		of = &promises_of[i];
		for (n = 0; has(promises, of->word) && n < of->n; n++)
			always(p, ALLOW, of->calls[n]);
	}
	for (i = 0; i < nitems(rpath); i++)
		always(p, REFUSE, rpath[i]);
	for (i = 0; i < nitems(ioctls); i++)
		where(p, ALLOW, C(ioctl), 1, UINT32_MAX, ioctls[i]);
	memory(p);
	sockets(p, promises);
#ifdef SYS_open
	opens(p, promises, C(open), 1);
#endif
	opens(p, promises, C(openat), 2);
	processes(p);
}

int
call_filter(const char *promises)
{
	struct program p = { .n = 0, .failed = 0 };
	struct sock_fprog prog;
	size_t i;
	int any = has(promises, "any");

	load(&p, offsetof(struct seccomp_data, arch));
	add(&p, BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0);
	verdict(&p, KILL);
	load(&p, offsetof(struct seccomp_data, nr));
	add(&p, BPF_JMP | BPF_JGE | BPF_K, X32, 0, 1);
	verdict(&p, KILL);
	for (i = 0; i < nitems(never); i++)
		always(&p, KILL, never[i]);
	if (!any) {
		for (i = 0; !has(promises, "exec") && i < nitems(exec); i++)
			always(&p, KILL, exec[i]);
		/* What came later: a newer libc goes on with what was before. */
		add(&p, BPF_JMP | BPF_JGT | BPF_K, LAST_KNOWN, 0, 1);
		verdict(&p, UNKNOWN);
		permit(&p, promises);
	}
	verdict(&p, any ? ALLOW : has(promises, "error") ? UNKNOWN : KILL);
	if (p.failed) {
		errno = E2BIG;
		return -1;
	}
	prog.len = p.n;
	prog.filter = p.code;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0);
}

#else

int
call_filter(const char *promises __unused)
{
	errno = 0;
	return 0;
}

#endif
