/* SPDX-License-Identifier: ISC */

#ifndef SGE_MAIL_TEXT_H
#define SGE_MAIL_TEXT_H

#include <stdio.h>

#include "base/compat.h"
#include "report/report.h"

/* The part of a report's mail that people read, as UTF-8, lines under 77. */
void	mail_text(FILE *, const struct conf *, const struct report *);

/* Whether it is ASCII only, and no line longer than a mail's may be. */
int	mail_is_plain(const char *text);
/* RFC 2045 6.7, a whole text. */
void	mail_quoted_printable(FILE *, const char *text);
/* RFC 2045 6.8, lines of 76 characters. */
void	mail_base64(FILE *, const unsigned char *, size_t len);
/*
 * A display name (RFC 5322 3.4): quoted, or as encoded words (RFC 2047),
 * folded; at is the column that it begins at.  Returns that behind it.
 */
size_t	mail_phrase(FILE *, const char *name, size_t at);

#endif
