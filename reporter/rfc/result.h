/* SPDX-License-Identifier: ISC */

#ifndef SGE_RESULT_H
#define SGE_RESULT_H

#include "base/compat.h"

/*
 * RFC 8460's result types (4.3, 6.6), and the reason codes that senders'
 * software is known to put beside them: what each means to whoever reads it.
 */
struct result {
	const char	*name;		/* the result type or reason code */
	const char	*kind;		/* for columns: "certificate" */
	const char	*short_text;	/* "expired" */
	char		 tls;		/* 'N' none, or not accepted; '?' */
	const char	*sentence;	/* of our reports; NULL for a code */
	const char	*saw;		/* sentences to who is reported on */
	const char	*delivered;
	const char	*fix;
	const char	*test;
};

/* NULL if it is none of RFC 8460's. */
const struct result *result_type(const char *type);
/* A failure-reason-code of senders' software that is known, or NULL. */
const struct result *result_reason(const char *code);
/* All of either, from 0; NULL behind the last. */
const struct result *result_type_at(size_t);
const struct result *result_reason_at(size_t);

#endif
