/* SPDX-License-Identifier: ISC */

/*
 * TAP for unit tests in C: no plan in advance, done_testing() at the end of
 * main returns the exit status.
 */

#ifndef SGE_TAP_H
#define SGE_TAP_H

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int tap_run;
static int tap_failed;

/* What ok, is_str and is_int call; the place is said where it failed. */
__attribute__((__format__(printf, 4, 5), __unused__)) static int
tap_ok(const char *file, int line, int cond, const char *fmt, ...)
{
	va_list ap;

	printf("%sok %d - ", cond ? "" : "not ", ++tap_run);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	if (!cond) {
		printf("# %s:%d\n", file, line);
		tap_failed++;
	}
	fflush(stdout);
	return cond;
}

#define ok(...) tap_ok(__FILE__, __LINE__, __VA_ARGS__)

#define is_str(got, want, ...) do {					\
	const char *tap_g = (got), *tap_w = (want);			\
	if (!ok(tap_g != NULL && tap_w != NULL &&			\
	    strcmp(tap_g, tap_w) == 0, __VA_ARGS__))			\
		printf("# got '%s', want '%s'\n", tap_g == NULL ? "(null)" : tap_g,		\
		    tap_w == NULL ? "(null)" : tap_w);			\
} while (0)

#define is_int(got, want, ...) do {					\
	long long tap_g = (got), tap_w = (want);			\
	if (!ok(tap_g == tap_w, __VA_ARGS__))				\
		printf("# got %lld, want %lld\n", tap_g, tap_w);	\
} while (0)

/* How many descriptors are open, of the first hundred. */
__attribute__((__unused__)) static int
tap_descriptors(void)
{
	int fd, n = 0;

	for (fd = 0; fd < 100; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

__attribute__((__unused__)) static int
done_testing(void)
{
	printf("1..%d\n", tap_run);
	return tap_failed != 0 || tap_run == 0;
}

#endif
