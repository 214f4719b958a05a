/* SPDX-License-Identifier: ISC */

#ifndef SGE_SMTPREAD_H
#define SGE_SMTPREAD_H

#include "base/bounds.h"
#include "base/compat.h"

/*
 * One SMTP reply (RFC 5321 4.2) read as it comes: all its lines.
 */
struct smtpread {
	int		 code;
	char		 text[SMTP_LINE_MAX];	/* behind the first code */
	int		 starttls;		/* a line was "STARTTLS" */
	/* Private. */
	char		 line[SMTP_LINE_MAX];
	size_t		 linelen;
	size_t		 total;
	int		 lines;
};

void	smtpread_init(struct smtpread *);
/*
 * Returns 1 when the reply is complete (*used bytes were it), 0 if there is to
 * be more, -1 if it is no SMTP reply or too long.
 */
int	smtpread_feed(struct smtpread *, const char *data, size_t len,
	    size_t *used);

#endif
