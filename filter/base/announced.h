/* SPDX-License-Identifier: ISC */

#ifndef SGE_ANNOUNCED_H
#define SGE_ANNOUNCED_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/sged_client.h"

/*
 * SPOOL/announced: to whom sged hands mail of reports over, a line
 * "EPOCH|ADDRESS" for each; written before sendmail(8) runs.  filter-sge reads
 * it while sged does not answer, so that what sendmail kept for when smtpd runs
 * again goes whoever of them is back first: smtpd brings it once alone.
 */
#define ANNOUNCED_FILE "announced"
/* With its end and NUL. */
#define ANNOUNCED_LINE_MAX (20 + 1 + QUESTION_MAX + 1)

/* One line; its length, or -1: it does not fit. */
int	announced_line(char out[], size_t outsz, int64_t when,
	    const char *address);
/*
 * Of a line, which is changed in place, the address; NULL: it is none, is cut
 * off, or is from more than ANNOUNCED_KEPT_SECONDS ago, or as far ahead.
 */
const char *announced_parse(char *line, int64_t now);
/* The list for reading, or NULL with errno; EPERM: what is there is none. */
FILE	*announced_open(const char *path);
/* Whether the list names that address: 1, 0, or -1 with errno. */
int	announced_has(const char *spool, const char *address, int64_t now);

#endif
