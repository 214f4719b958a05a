/* SPDX-License-Identifier: ISC */

/*
 * What OpenBSD's libc has and other systems lack.  Elsewhere the BSD functions
 * come from libbsd's overlay headers; pledge and unveil live in sandbox.c.
 */

#ifndef SGE_COMPAT_H
#define SGE_COMPAT_H

#include <sys/types.h>

#include <stddef.h>

#ifndef __dead
#define __dead __attribute__((__noreturn__))
#endif
#ifndef __unused
#define __unused __attribute__((__unused__))
#endif
#ifndef nitems
#define nitems(a) (sizeof(a) / sizeof((a)[0]))
#endif

#endif
