/* SPDX-License-Identifier: ISC */

#ifndef SGE_READ_TEXT_H
#define SGE_READ_TEXT_H

#include "ctl/print.h"
#include "rfc/received.h"

/*
 * A report in words, as "sgectl read" prints it; file: where it was; of its
 * policies those only that failed, if that is asked for.
 */
void	read_text(const struct view *, const char *file,
	    const struct rd_report *, int only_failed);
/* One row for each failure, and for each policy's total. */
void	read_pipe(const struct view *, const char *file,
	    const struct rd_report *, int only_failed);

#endif
