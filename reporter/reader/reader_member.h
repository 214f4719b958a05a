/* SPDX-License-Identifier: ISC */

#ifndef SGE_READER_MEMBER_H
#define SGE_READER_MEMBER_H

#include "reader/reader.h"

/*
 * Members of a report's objects, of whatever type they were written; what is
 * odd is noted in the report.
 */

/* Counts above this are nonsense, and sums of it must not overflow. */
#define RD_COUNT_MAX 1000000000000LL

/* A member, under its name or one like it; NULL for null too. */
json_t	*rd_member(struct rd_report *, json_t *obj, const char *name);
/* Cleaned text of a string, or of a number; "" for others.  Caller frees. */
char	*rd_text(struct rd_report *, json_t *obj, const char *name);
/* A session count, 0 to RD_COUNT_MAX; -1 where there is none. */
int64_t	rd_count(struct rd_report *, json_t *obj, const char *name);
/*
 * policy-string or (strip: without "mx:") mx-host as a list of strings.  The
 * caller releases it.
 */
json_t	*rd_strings(struct rd_report *, json_t *, int strip);
/* reader_policy.c: what root holds as "policies". */
void	reader_policies(struct rd_report *, json_t *root,
	    const struct rd_hint *);

#endif
