/* SPDX-License-Identifier: ISC */

#ifndef SGE_MONOTONIC_H
#define SGE_MONOTONIC_H

#include <stdint.h>

/* Milliseconds of the clock that nobody sets; -1 with errno. */
int64_t	monotonic_ms(void);
/*
 * The same, which goes on while the host is suspended, where the system has
 * such a clock: for what others measure too.
 */
int64_t	boottime_ms(void);

#endif
