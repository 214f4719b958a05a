/* SPDX-License-Identifier: ISC */

#ifndef SGE_REPORT_H
#define SGE_REPORT_H

#include <jansson.h>

#include "conf.h"
#include "store.h"

/*
 * One domain's report of one UTC day (RFC 8460 4.4) from the tallies.
 */
struct report {
	int64_t		 day;
	char		*domain;
	char		*id;		/* left side of the Subject's Report-ID */
	json_t		*json;
	int64_t		 ok;		/* sessions, each once */
	int64_t		 failed;
};

/* NULL: nothing was tallied for it that day, or (with a log line) no memory. */
struct report *report_build(struct store *, const struct conf *,
	    const char *domain, int64_t day);
void	report_free(struct report *);
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

/* One plain sentence for a result type, or NULL if it is none of RFC 8460. */
const char *result_sentence(const char *type);

#endif
