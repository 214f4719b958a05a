/* SPDX-License-Identifier: ISC */

#ifndef SGE_REPORT_KEY_H
#define SGE_REPORT_KEY_H

#include <stdint.h>

/*
 * SPOOL/report.key, 32 bytes that nobody else knows: with them nobody can tell
 * a report's id who was not sent the report, and so make it look as if it had
 * come back.  Not in the database: one that was lost, or is of last week, must
 * not make another report of the same day.
 */
#define REPORT_KEY_FILE "report.key"

/* Makes it where it is missing, once for all.  0, or -1 with a log line. */
int	report_key_make(const char *spool);
/*
 * What stands for the text under the key.  0, or -1: there is no key, or it
 * can't be read, errno says why.
 */
int	report_key_digest(const char *spool, const char *text, uint64_t *out);

#endif
