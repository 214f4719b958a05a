/* SPDX-License-Identifier: ISC */

#include "base/compat.h"
#include "base/call_filter.h"

#ifdef __linux__

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#endif

#ifdef ARCH

/* Bit of the calls of another size of pointers on x86-64. */
#define X32 0x40000000U

#ifndef SECCOMP_RET_KILL_PROCESS
#define SECCOMP_RET_KILL_PROCESS 0x80000000U
#endif

/* Each is a way out of what the other walls hold; no library of ours asks. */
static const int never[] = {
#ifndef __SANITIZE_ADDRESS__		/* it looks for leaks that way */
	SYS_ptrace,			/* others' memory */
#endif
	SYS_process_vm_readv,
	SYS_process_vm_writev,
	SYS_perf_event_open,
	SYS_userfaultfd,
	SYS_bpf,			/* the kernel's insides */
	SYS_init_module,
	SYS_finit_module,
	SYS_delete_module,
	SYS_kexec_load,
	SYS_add_key,
	SYS_request_key,
	SYS_keyctl,
	SYS_mount,			/* other views of the files */
	SYS_umount2,
	SYS_pivot_root,
	SYS_setns,
	SYS_unshare,
	SYS_open_by_handle_at,
	425				/* io_uring_setup: calls unseen */
};

struct program {
	/* All the rest are 20; a list that grew is no overflow. */
	struct sock_filter code[2 * nitems(never) + 24];
	unsigned short	 n;
};

static void
add(struct program *p, uint16_t code, uint32_t k, uint8_t yes, uint8_t no)
{
	const struct sock_filter one = { code, yes, no, k };

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

/* What was loaded being k, the answer is what. */
static void
answer(struct program *p, uint32_t k, uint32_t what)
{
	add(p, BPF_JMP | BPF_JEQ | BPF_K, k, 0, 1);
	verdict(p, what);
}

int
call_filter(const char *promises)
{
	const size_t low = offsetof(struct seccomp_data, args[0]);
	struct program p = { .n = 0 };
	struct sock_fprog prog;
	size_t i;

	load(&p, offsetof(struct seccomp_data, arch));
	add(&p, BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0);
	verdict(&p, SECCOMP_RET_KILL_PROCESS);
	load(&p, offsetof(struct seccomp_data, nr));
	add(&p, BPF_JMP | BPF_JGE | BPF_K, X32, 0, 1);
	verdict(&p, SECCOMP_RET_KILL_PROCESS);
	for (i = 0; i < nitems(never); i++)
		answer(&p, (uint32_t)never[i], SECCOMP_RET_KILL_PROCESS);
	if (strstr(promises, "exec") == NULL) {
		answer(&p, SYS_execve, SECCOMP_RET_KILL_PROCESS);
		answer(&p, SYS_execveat, SECCOMP_RET_KILL_PROCESS);
	}
	add(&p, BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 1, 0);
	verdict(&p, SECCOMP_RET_ALLOW);
	load(&p, low);
	answer(&p, AF_UNIX, SECCOMP_RET_ALLOW);
	if (strstr(promises, "inet") != NULL) {
		answer(&p, AF_INET, SECCOMP_RET_ALLOW);
		answer(&p, AF_INET6, SECCOMP_RET_ALLOW);
	}
	/* A library that tries others goes on without. */
	verdict(&p, SECCOMP_RET_ERRNO | EACCES);
	prog.len = p.n;
	prog.filter = p.code;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0);
}

#else

int
call_filter(const char *promises __unused)
{
	errno = ENOSYS;
	return -1;
}

#endif

#else

int
call_filter(const char *promises __unused)
{
	return 0;
}

#endif
