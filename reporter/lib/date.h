/* SPDX-License-Identifier: ISC */

#ifndef SGE_DAY_H
#define SGE_DAY_H

#include <stdint.h>

#include "base/compat.h"

/* UTC days as days since 1970-01-01. */
#define DAY_SECONDS 86400
#define HOUR_SECONDS 3600

int64_t	day_of(int64_t epoch);
/* "2026-03-05"; returns 0 or -1. */
int	day_parse(const char *, int64_t *day);
/* "2026-03-05" into a buffer of 11 bytes or more. */
void	day_print(int64_t day, char out[], size_t outsz);
/* "2026-03-05T03:04:05Z", 21 bytes or more. */
void	time_print(int64_t epoch, char out[], size_t outsz);
/*
 * RFC 3339, and what is seen in the wild: no zone (taken as UTC), a fraction,
 * only a date, an offset.  Returns 0 or -1.
 */
int	time_parse(const char *, int64_t *epoch);
/* "Sun, 22 Nov 2026 02:03:04 +0000" (RFC 5322 3.3), 32 bytes or more. */
void	time_print_mail(int64_t epoch, char out[], size_t outsz);

#endif
