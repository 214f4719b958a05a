/* SPDX-License-Identifier: ISC */

#ifndef SGE_LINT_H
#define SGE_LINT_H

#include "base/compat.h"

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

/* Its words are cut at the end of text. */
void	lint_add(struct lint *, enum lint_level, size_t where,
	    const char *, ...) __attribute__((__format__(printf, 4, 5)));
void	lint_free(struct lint *);

const char *lint_level_name(enum lint_level);

#endif
