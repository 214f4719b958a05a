/* SPDX-License-Identifier: ISC */

#ifndef SGE_STS_H
#define SGE_STS_H

#include <stdint.h>

#include "base/bounds.h"
#include "base/compat.h"

#define STS_AGE_DIGITS 10	/* of max_age, RFC 8461 3.2: 1*10(DIGIT) */

/*
 * MTA-STS record and policy (RFC 8461 3.1, 3.2, 4.1).
 */
enum sts_mode {
	STS_NONE,
	STS_TESTING,
	STS_ENFORCE
};

struct sts_policy {
	enum sts_mode	 mode;
	int64_t		 max_age;	/* seconds, at most STS_MAX_AGE_MAX */
	char		**mx;		/* patterns, lower case */
	size_t		 nmx;
	char		**lines;	/* as received, for policy-string */
	size_t		 nlines;
};

enum sts_result {
	STS_OK,
	STS_ABSENT,		/* no record */
	STS_AMBIGUOUS,		/* more than one: as if there was none */
	STS_INVALID
};

/*
 * id (33 bytes or more) from all TXT records at _mta-sts.DOMAIN.  *why: a
 * static text unless STS_OK.
 */
enum sts_result sts_record_parse(const char *const txts[], size_t ntxts,
	    char id[], size_t idsz, const char **why);
/*
 * NULL where malformed, with *why a static text.  sts_policy_free.  No memory
 * is fatal.
 */
struct sts_policy *sts_policy_parse(const char *body, size_t len,
	    const char **why);
void	sts_policy_free(struct sts_policy *);
/* Whether an MX record's name matches (RFC 8461 4.1). */
int	sts_policy_matches(const struct sts_policy *, const char *mx);
/* The same for one pattern, "mx.d" or "*.d". */
int	sts_pattern_matches(const char *pattern, const char *mx);
const char *sts_mode_name(enum sts_mode);
/* 0, or -1 if there is no such mode. */
int	sts_mode_parse(const char *name, enum sts_mode *);

#endif
