/* SPDX-License-Identifier: ISC */

#ifndef SGE_RECORD_H
#define SGE_RECORD_H

#include <stdint.h>

#include "bounds.h"
#include "compat.h"
#include "flow.h"

/*
 * The session record: one connection attempt, one line of JSON.  Strings are
 * NULL where the JSON has null.
 */

enum record_dir {
	DIR_IN,
	DIR_OUT
};

enum starttls {
	STARTTLS_UNKNOWN,	/* null */
	STARTTLS_OFFERED,
	STARTTLS_ABSENT,
	STARTTLS_REFUSED,
	STARTTLS_IMPLICIT
};

enum failure {
	FAILURE_NONE,
	FAILURE_NOT_SUPPORTED,	/* starttls-not-supported */
	FAILURE_VALIDATION	/* validation-failure */
};

struct record_tx {
	const char	*from;		/* domain; with -v the address */
	const char	*to;
	const char	*flow;		/* "government>public" */
	enum verdict	 verdict;
	uint32_t	 messages;
	uint32_t	 rcpts;
	int		 report;	/* one of our own TLS reports */
};

struct record {
	int64_t		 time;		/* epoch seconds, end of connection */
	const char	*host;
	enum record_dir	 dir;
	const char	*session;
	const char	*local;
	const char	*remote;
	const char	*rdns;
	const char	*helo;
	enum starttls	 starttls;
	const char	*tls;
	const char	*cipher;
	enum failure	 failure;
	struct record_tx tx[RECORD_TX_MAX];
	size_t		 ntx;
};

/*
 * Writes the line with its newline to buf.  Bytes of others that are not
 * UTF-8 become U+FFFD.  Returns its length, or -1 if it does not fit.
 */
ssize_t	record_format(const struct record *, char buf[], size_t bufsz);

enum record_result {
	RECORD_OK,
	RECORD_NEWER,		/* a "v" newer than ours: kept, not counted */
	RECORD_BAD
};

/*
 * Reads one line (without newline, NUL-terminated, changed in place: the
 * record's strings point into it).  Unknown keys are passed over.  Takes no
 * memory; keys may stand in any order.
 */
enum record_result record_parse(char *line, size_t len, struct record *);

const char *starttls_name(enum starttls);	/* NULL for null */
const char *failure_name(enum failure);		/* NULL for none */

#endif
