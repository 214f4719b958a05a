/* SPDX-License-Identifier: ISC */

#ifndef SGE_LINT_H
#define SGE_LINT_H

#include "base/compat.h"
#include "ctl/print.h"

/*
 * What is to be said of a TLSRPT record (RFC 8460 3), beyond whether it
 * parses: which faults it has, and which senders would stumble.
 */
enum lint_level {
	LINT_OK,
	LINT_INFO,
	LINT_WARN,		/* valid, and yet some senders report nothing */
	LINT_BAD		/* no sender reports anything */
};

#define LINT_NOWHERE ((size_t)-1)

struct lint_finding {
	enum lint_level	 level;
	size_t		 where;		/* offset in the record, or NOWHERE */
	char		 text[320];
};

struct lint {
	struct lint_finding *finding;
	size_t		 n;
	int		 count[LINT_BAD + 1];
	enum lint_level	 worst;
};

/* One TXT record; domain: whose it is, or NULL.  lint_free after it. */
void	lint_record(const char *text, const char *domain, struct lint *);
void	lint_free(struct lint *);
/* For what is found around the record. */
void	lint_add(struct lint *, enum lint_level, size_t where,
	    const char *, ...) __attribute__((__format__(printf, 4, 5)));

const char *lint_level_name(enum lint_level);
/* The record with its faults marked, then the findings, worst first. */
void	lint_print(const struct view *, const char *name, const char *text,
	    const struct lint *);

#endif
