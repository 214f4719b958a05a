/* SPDX-License-Identifier: ISC */

#ifndef SGE_RECORD_H
#define SGE_RECORD_H

#include <stdint.h>

#include "base/bounds.h"
#include "base/compat.h"

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

enum verdict {
	VERDICT_PASS,
	VERDICT_REJECT,
	VERDICT_TESTING,	/* would be refused, "mode testing" */
	VERDICT_LEGACY		/* would be refused, but for its entry */
};

/* What a verdict other than "pass" was for; "why" of the record. */
enum refusal {
	REFUSAL_NONE,		/* null; also what older records have */
	REFUSAL_NO_TLS,
	REFUSAL_OLD_TLS,
	REFUSAL_NO_CONNECTOR,	/* of the sender's or the recipient's domain */
	REFUSAL_OTHER_ADDRESS,	/* not one that the sender's mail comes from */
	REFUSAL_NOT_LEARNED,	/* the route that the flow needs is not known */
	REFUSAL_NOT_ANNOUNCED	/* the reports' sender, and no report of ours */
};

struct record_tx {
	/*
	 * Domains; with -v addresses.  From "": the null sender.  Both NULL:
	 * the sum of what came when the rows of a connection were used up.
	 */
	const char	*from;
	const char	*to;
	const char	*flow;		/* "government>public" */
	enum verdict	 verdict;
	enum refusal	 why;
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
	uint64_t	 lost;		/* records lost just before this one */
	const char	*mail;		/* MAIL FROM, where no RCPT TO came */
	int		 report;	/* that of one of our own TLS reports */
	/*
	 * Out, where no RCPT TO came: when the connection began, and since how
	 * many seconds there had been others with that address, one upon
	 * another: 0 none, -1 not known.
	 */
	int64_t		 began;		/* 0: not known */
	int64_t		 busy;
	struct record_tx tx[RECORD_TX_MAX];
	size_t		 ntx;
};

/*
 * Writes the line with its newline to buf.  Bytes of others that are not
 * UTF-8 become U+FFFD.  "lost", "mail", "report", "began" and "busy" are
 * written only where they say something.  Returns its length, or -1 if it does
 * not fit.  Takes no memory.
 */
ssize_t	record_format(const struct record *, char buf[], size_t bufsz);

enum record_result {
	RECORD_OK,
	RECORD_NEWER,		/* a "v" newer than ours: kept, not counted */
	RECORD_BAD
};

/*
 * Reads one line (without newline, line[len] is NUL, changed in place: the
 * record's strings point into it).  Unknown keys are passed over.  Takes no
 * memory; keys may stand in any order.  BAD: not JSON (RFC 8259), not UTF-8, a
 * value of another type, or one of "v", "time", "dir", "session" is missing.
 */
enum record_result record_parse(char *line, size_t len, struct record *);

const char *starttls_name(enum starttls);	/* NULL for null */
const char *failure_name(enum failure);		/* NULL for none */
const char *verdict_name(enum verdict);
const char *refusal_name(enum refusal);		/* NULL for none */

#endif
