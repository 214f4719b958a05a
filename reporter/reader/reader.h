/* SPDX-License-Identifier: ISC */

#ifndef SGE_READER_H
#define SGE_READER_H

#include <jansson.h>
#include <stdint.h>

#include "base/bounds.h"
#include "base/compat.h"
#include "conf/conf.h"
#include "reader/budget.h"
#include "reader/mime.h"

/*
 * Reports received (RFC 8460 4), read with every tolerance: what is odd is
 * named, nothing is dropped for it.  No string of these is NULL; all are valid
 * UTF-8 without control characters, and at most READ_TEXT_MAX bytes, but
 * still text of others.
 */
struct rd_detail {
	char		*type;
	char		*sip;
	char		*rip;
	char		*mx;
	char		*helo;
	char		*reason;
	char		*info;
	int64_t		 count;
};

struct rd_policy {
	char		*domain;	/* "" where not said */
	char		*type;
	char		*mode;		/* of MTA-STS, "" where not said */
	char		*strings;	/* JSON array */
	char		*mx;		/* JSON array */
	int64_t		 ok;
	int64_t		 fail;
	struct rd_detail *details;
	size_t		 ndetails;
};

struct rd_report {
	char		*org;
	char		*id;
	char		*contact;
	char		*submitter;	/* the reporter's domain */
	char		*dkim;		/* see reader_mark; "" not known */
	int64_t		 day;		/* of start */
	int64_t		 start;
	int64_t		 finish;
	struct rd_policy *policies;
	size_t		 npolicies;
	size_t		 ndetails;	/* of all policies */
	const char	*odd[READ_ODDITIES_MAX];	/* static texts */
	size_t		 nodd;
	char		*oddities;	/* instead of odd, or NULL */
};

/*
 * Sessions of one policy domain of a report, each counted once: policies of a
 * type are summed (one changed at noon, two MX hosts have two TLSA sets); sts
 * and tlsa are the same sessions, so the larger counts; others are added.
 */
struct rd_total {
	const char	*domain;
	int64_t		 sessions;
	int64_t		 failed;
};

/* What a verifier of ours said of a mail's signatures. */
struct rd_dkim {
	char		 signer[RD_SIGNERS_MAX][DOMAIN_MAX]; /* that passed */
	size_t		 nsigners;
	char		 result[32];	/* of the first; "": nobody's */
};

/* What is known from around the JSON; members may be NULL. */
struct rd_hint {
	const char	*filename;	/* RFC 8460 5.1 */
	const char	*domain;	/* TLS-Report-Domain */
	const char	*submitter;	/* TLS-Report-Submitter */
	const char	*id;		/* the Subject's Report-ID */
	const char	*from;		/* the From field's domain */
	const struct rd_dkim *dkim;
	struct budget	*budget;
	const char	*odd;		/* of the packing */
	int64_t		 now;
};

/*
 * One report from its JSON.  *used: how many bytes it took, more may follow.
 * NULL with *why, a static text.
 */
struct rd_report *reader_json(const char *text, size_t len,
	    const struct rd_hint *, size_t *used, const char **why);
void	rd_report_free(struct rd_report *);
/* What a failure holds, not it itself. */
void	rd_detail_free(struct rd_detail *);
/* Adds an oddity, a static text, once. */
void	rd_odd(struct rd_report *, const char *);
/* "a; b", the caller frees. */
char	*rd_oddities(const struct rd_report *);
/*
 * One row for each policy domain, in the report's order; returns how many,
 * *out the caller frees.
 */
size_t	rd_totals(const struct rd_report *, struct rd_total **out);
/* The same values as an object. */
json_t	*rd_report_json(const struct rd_report *);

/* reader_text.c: text of others made fit to be kept.  The caller frees. */
char	*reader_clean(const char *, size_t len, int *cut);
/* A name in normal form, or the cleaned text where it is none. */
char	*reader_domain(const char *);
/* Tolerant date and time; 0 or -1. */
int	reader_time(const char *, int64_t *epoch);

/*
 * reader_scan.c: makes JSON that jansson takes of what came: UTF-8 mended,
 * numbers bounded, one value only.  Depth and number of values are bounded.
 * Returns the text to parse, or NULL with *why; the caller frees *copy (NULL
 * if text itself was good).  odd is called with static texts.
 */
const char *reader_scan(const char *text, size_t len, char **copy,
	    size_t *outlen, size_t *used, void (*odd)(const char *, void *),
	    void *arg, const char **why);
/* UTF-16 with or without its mark into UTF-8; NULL if it is not that. */
char	*reader_utf16(const unsigned char *, size_t len, size_t *outlen);

/*
 * What Authentication-Results of a mail say of its DKIM signatures, by the
 * topmost field of those that conf names (dkim verified by; RFC 8601 5: others
 * may be forged).
 */
void	reader_dkim(const struct mime *, const struct conf *,
	    struct rd_dkim *);
/* The From field's domain, "" where it can't be told. */
void	reader_from(const struct mime *, char out[], size_t outsz);
/*
 * "pass D" where a signature of D passed and D is each of the names or its
 * parent; "other D" where only others' passed; else the result ("fail",
 * "none"); "" where nobody judges.  The caller frees.
 */
char	*reader_mark(const struct rd_dkim *, const char *const names[],
	    size_t n);

/*
 * Whatever may hold reports: JSON, gzip, zip, or a mail with any of them.
 * Calls report for each found, which the callee frees; problem for each thing
 * that looked like one and can't be read, or is of another kind ("DMARC,
 * skipped").  All of it within one budget.
 */
struct reader {
	const struct conf *conf;	/* NULL: no host is trusted */
	int64_t		 now;
	void		(*report)(struct rd_report *, void *arg);
	void		(*problem)(const char *text, void *arg);
	void		*arg;
	/* Counted by reader_read; the caller sets them to 0. */
	int64_t		 reports;
	int64_t		 problems;
	int64_t		 skipped;	/* of the problems: another kind */
};

/* Returns how many reports there were. */
int	reader_read(struct reader *, const char *name,
	    const unsigned char *data, size_t len);

/* view_explain.c: what others' words mean. */
struct explanation {
	const char	*name;		/* the result type or reason code */
	const char	*kind;		/* for columns: "certificate" */
	const char	*short_text;	/* "expired" */
	char		 tls;		/* 'N' none, or not accepted; '?' */
	const char	*saw;		/* sentences */
	const char	*delivered;
	const char	*fix;
	const char	*test;
};
/* NULL if it is none of RFC 8460's. */
const struct explanation *explain_type(const char *);
/* A failure-reason-code of senders' software that is known, or NULL. */
const struct explanation *explain_reason(const char *);

#endif
