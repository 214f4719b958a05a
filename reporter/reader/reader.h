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
#include "rfc/received.h"

/*
 * Reads reports of others, with every tolerance.
 */

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
/*
 * reader_field.c: a field, printable: its bytes need not be UTF-8, names that
 * count are.  NULL where the mail has none; the caller frees.
 */
char	*reader_field(const struct mime *, const char *name);
/*
 * id-left@id-right of the Subject's "Report-ID: <...>" (RFC 8460 5.3).  NULL
 * where it has none; the caller frees.
 */
char	*reader_report_id(const struct mime *);
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

/* What problem is called with where nothing looked like a report; of DMARC. */
#define READER_NOTHING "no report in it"
#define READER_DMARC "DMARC, skipped"

/* Returns how many reports there were. */
int	reader_read(struct reader *, const char *name,
	    const unsigned char *data, size_t len);

#endif
