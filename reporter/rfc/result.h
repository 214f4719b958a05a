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

/*
 * The policies that a failure was counted under, a bit each, as they bear on
 * what became of the mail.
 */
#define UNDER_ENFORCE	0x01	/* sts */
#define UNDER_TESTING	0x02	/* sts, or mode none */
#define UNDER_STS	0x04	/* sts, mode not said */
#define UNDER_DANE	0x08	/* tlsa */
#define UNDER_NONE	0x10	/* no-policy-found, and what is unknown */

/* The bit of a policy-type and, of sts, its mode. */
unsigned int result_under(const char *policy_type, const char *mode);
/*
 * Whether the mail was delivered: "yes", "no" (not by that session; the sender
 * tries others, and again) or "unknown", and a sentence that says why.
 */
const char *result_delivered(const char *type, unsigned int under,
	    const char **sentence);

/* NULL if it is none of RFC 8460's. */
const struct result *result_type(const char *type);
/* A failure-reason-code of senders' software that is known, or NULL. */
const struct result *result_reason(const char *code);
/* All of either, from 0; NULL behind the last. */
const struct result *result_type_at(size_t);
const struct result *result_reason_at(size_t);

#endif
