/* SPDX-License-Identifier: ISC */

#ifndef SGE_RUALINT_H
#define SGE_RUALINT_H

#include "check/lint.h"
#include "ctl/print.h"

/*
 * What is to be said of a TLSRPT record (RFC 8460 3), beyond whether it
 * parses: which faults it has, and which senders would stumble.  domain: whose
 * it is, or NULL.  lint_free after it; lint_add for what is found around the
 * record.
 */
void	lint_record(const char *text, const char *domain, struct lint *);
/* The record with its faults marked, then the findings, worst first. */
void	lint_print(const struct view *, const char *name, const char *text,
	    const struct lint *);

#endif
