/* SPDX-License-Identifier: ISC */

#ifndef SGE_REPORT_H
#define SGE_REPORT_H

#include <jansson.h>

#include "conf/conf.h"
#include "store/store.h"

/*
 * One domain's report of one UTC day (RFC 8460 4.4) from the tallies.
 */
struct report {
	int64_t		 day;
	char		*domain;
	char		*id;		/* left of Subject's Report-ID */
	json_t		*json;
	int64_t		 ok;		/* sessions, each once */
	int64_t		 failed;
	unsigned char	*gz;		/* to send; NULL: report_pack */
	size_t		 gzlen;
};

/*
 * Returns 1 with a report; 0 if nothing was tallied for it that day; -1 with a
 * log line: the tallies can't be read.
 */
int	report_build(struct store *, const struct conf *, const char *domain,
	    int64_t day, struct report **);
void	report_free(struct report *);
/*
 * A report that was stored: gz is copied, so what is sent again is the same
 * byte for byte.  NULL with a log line if it is none of ours.
 */
struct report *report_load(const char *domain, int64_t day, const char *id,
	    const unsigned char *gz, size_t gzlen);
/* Fills gz if it is not there.  0 or -1 with a log line. */
int	report_pack(struct report *);
/* The JSON text, compact (or indented); the caller frees. */
char	*report_text(const struct report *, int indented);
/* RFC 1952; *outlen bytes the caller frees, or NULL. */
unsigned char *report_gzip(const char *text, size_t len, size_t *outlen);
/* RFC 8460 5.1, without the extension. */
char	*report_filename(const struct conf *, const struct report *);

/*
 * The whole message (RFC 8460 5.3) to one address, LF line ends, on fd (a
 * regular file, or memory), rewound.  0 or -1 with a log line.
 */
int	mail_write(int fd, const struct conf *, const struct report *,
	    const char *to, int64_t now);

/*
 * The left side of the Message-ID: the report's id, '.', and eight digits that
 * stand for the address, so that a bounce tells which report came back from
 * where.
 */
void	mail_id(const char *report_id, const char *to, char out[],
	    size_t outsz);

/*
 * Text of others as JSON: at most max bytes, UTF-8, without what RFC 7493
 * forbids and without control characters.
 */
json_t	*report_string(const char *, size_t max);
/*
 * The policies and failures of a domain's day as RFC 8460 4.4 wants them;
 * summed: failures only by type.  NULL with a log line; *nothing 1: nothing
 * was tallied.
 */
json_t	*report_policies(struct store *, const char *domain, int64_t day,
	    int summed, int64_t *ok, int64_t *failed, int *nothing);

#endif
