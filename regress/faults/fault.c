/* SPDX-License-Identifier: ISC */

/*
 * Has a call of the program under test fail, by LD_PRELOAD.
 *
 *	FAULT_CALLS=a,b	these calls are counted: malloc stands for calloc and
 *			realloc too, fsync for fdatasync, open for openat
 *	FAULT_AT=n	the n-th of them fails, from 1
 *	FAULT_FOR=n	and so many in all (default 1)
 *	FAULT_ERRNO=n	with that; of malloc always ENOMEM
 *	FAULT_COUNT=f	at the end how many there were goes into f
 *
 * Counting begins in main(), and goes on in children, each for itself.
 */

#include <sys/socket.h>
#include <sys/types.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* glibc's own, which dlsym(3) may need before it has found them. */
void	*__libc_malloc(size_t);
void	*__libc_calloc(size_t, size_t);
void	*__libc_realloc(void *, size_t);

static char calls[256];
static long at, count, length = 1;
static int error = EIO, begun, mallocs;
static const char *count_file;

__attribute__((constructor)) static void
begin(void)
{
	const char *s;

	if ((s = getenv("FAULT_CALLS")) != NULL)
		(void)snprintf(calls, sizeof(calls), ",%s,", s);
	mallocs = strstr(calls, ",malloc,") != NULL;
	if ((s = getenv("FAULT_AT")) != NULL)
		at = atol(s);
	if ((s = getenv("FAULT_FOR")) != NULL)
		length = atol(s);
	if ((s = getenv("FAULT_ERRNO")) != NULL)
		error = atoi(s);
	count_file = getenv("FAULT_COUNT");
	/* What the program runs is not under test. */
	(void)unsetenv("LD_PRELOAD");
	begun = 1;
}

__attribute__((destructor)) static void
end(void)
{
	char text[32];
	int fd, n;

	begun = 0;
	if (count_file == NULL ||
	    (fd = open(count_file, O_WRONLY | O_CREAT | O_TRUNC, 0600)) == -1)
		return;
	n = snprintf(text, sizeof(text), "%ld\n", count);
	if (write(fd, text, (size_t)n) != n)
		abort();
	close(fd);
}

static int
fails(const char *name)
{
	char want[40];

	if (!begun)
		return 0;
	(void)snprintf(want, sizeof(want), ",%s,", name);
	if (strstr(calls, want) == NULL)
		return 0;
	count++;
	if (at == 0 || count < at || count >= at + length)
		return 0;
	errno = error;
	return 1;
}

static int
malloc_fails(void)
{
	if (!begun || !mallocs)
		return 0;
	count++;
	if (at == 0 || count < at || count >= at + length)
		return 0;
	errno = ENOMEM;
	return 1;
}

void *
malloc(size_t size)
{
	return malloc_fails() ? NULL : __libc_malloc(size);
}

void *
calloc(size_t n, size_t size)
{
	return malloc_fails() ? NULL : __libc_calloc(n, size);
}

void *
realloc(void *p, size_t size)
{
	return malloc_fails() ? NULL : __libc_realloc(p, size);
}

#define REAL(name)							\
	static __typeof__(&name) real;					\
	if (real == NULL)						\
		real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

#define CALL(type, name, as, params, args)				\
type name params							\
{									\
	REAL(name);							\
	return fails(as) ? (type)-1 : real args;			\
}

CALL(ssize_t, write, "write", (int fd, const void *b, size_t n), (fd, b, n))
CALL(ssize_t, pwrite, "write", (int fd, const void *b, size_t n, off_t o),
    (fd, b, n, o))
CALL(ssize_t, pwrite64, "write", (int fd, const void *b, size_t n, off64_t o),
    (fd, b, n, o))
CALL(ssize_t, read, "read", (int fd, void *b, size_t n), (fd, b, n))
CALL(ssize_t, send, "send", (int fd, const void *b, size_t n, int f),
    (fd, b, n, f))
CALL(ssize_t, recv, "recv", (int fd, void *b, size_t n, int f), (fd, b, n, f))
CALL(int, fsync, "fsync", (int fd), (fd))
CALL(int, fdatasync, "fsync", (int fd), (fd))
CALL(int, rename, "rename", (const char *a, const char *b), (a, b))
CALL(int, unlink, "unlink", (const char *a), (a))
CALL(int, link, "link", (const char *a, const char *b), (a, b))
CALL(pid_t, fork, "fork", (void), ())
CALL(int, socketpair, "socketpair", (int d, int t, int p, int v[2]),
    (d, t, p, v))
CALL(int, pipe, "pipe", (int v[2]), (v))

int
open(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	REAL(open);
	va_start(ap, flags);
	mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return fails("open") ? -1 : real(path, flags, mode);
}

int
openat(int dir, const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	REAL(openat);
	va_start(ap, flags);
	mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return fails("open") ? -1 : real(dir, path, flags, mode);
}
