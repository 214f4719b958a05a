/* SPDX-License-Identifier: ISC */

#ifndef SGE_KEPT_LINE_H
#define SGE_KEPT_LINE_H

#include <stddef.h>

/*
 * Lines between smtpd and a filter (smtpd-filters(7)): what they say, and
 * whether smtpd could read them.  Texts are not ended by a NUL.
 */

#define KEPT_HEX_LEN 16			/* a session, a token */
#define KEPT_EVENT_MAX 100		/* "report|smtp-out|link-disconnect" */

/* One line of smtpd's; fields point into it. */
struct asked {
	const char	*line;
	size_t		 len;
	size_t		 event;		/* bytes in front of the session */
	char		 id[KEPT_HEX_LEN + 1];
	char		 token[KEPT_HEX_LEN + 1];	/* of a question */
	const char	*text;		/* behind these */
	size_t		 textlen;
};

/* The next 16 digits up to a '|' or the end; NULL if it is none. */
const char *kept_hex(const char *p, const char *end,
	    char out[KEPT_HEX_LEN + 1]);
/* A line of smtpd.  0, or -1: it is none about a session. */
int	kept_parse(const char *line, size_t len, struct asked *);
/* Whether its event is that one, as "data-line". */
int	kept_is_event(const struct asked *, const char *event);
/* Whether a mail's line is its last. */
int	kept_is_last(const char *text, size_t len);
/*
 * Whether smtpd can read that of a filter's registration: it ends at any other.
 * Which events there are it knows itself; of questions there is no "*".
 */
int	kept_is_registration(const char *text, size_t len);
/*
 * Whether smtpd can read that answer: it ends at any other, at one that is too
 * long for its own messages, and at "junk" of a mail that is whole (commit).
 */
int	kept_is_answer(const char *text, size_t len, int commit);

#endif
