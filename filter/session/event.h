/* SPDX-License-Identifier: ISC */

#ifndef SGE_EVENT_H
#define SGE_EVENT_H

#include <stdint.h>

#include "base/compat.h"

/*
 * One line of smtpd-filters(7), protocol 0.5 to 0.7.  Nothing is copied: all
 * texts point into the line and are not ended by a NUL.
 */
struct text {
	const char	*s;
	size_t		 len;
};

/* Each costs smtpd: only those without which something would be unknown. */
enum event_kind {
	EVENT_CONNECT,		/* rdns, "pass"..., source, destination */
	EVENT_GREETING,		/* host name */
	EVENT_IDENTIFY,		/* method, name */
	EVENT_TLS,		/* "TLSv1.3:CIPHER:256" */
	EVENT_AUTH,		/* result, user */
	EVENT_MAIL,		/* message, result, address */
	EVENT_RCPT,		/* message, result, address */
	EVENT_COMMIT,
	EVENT_COMMAND,		/* a client's line */
	EVENT_DISCONNECT,
	EVENT_RCPT_TO		/* token, address: to be answered */
};

#define EVENT_FIELDS_MAX 4

struct event {
	enum event_kind	 kind;
	int		 out;		/* smtp-out */
	int64_t		 time;		/* epoch seconds; 0 if unreadable */
	uint64_t	 session;
	const char	*id;		/* the session's 16 digits as sent */
	struct text	 field[EVENT_FIELDS_MAX];
};

enum event_result {
	EVENT_OK,
	EVENT_OTHER,		/* one that was not registered */
	EVENT_BAD
};

/*
 * Reads one line, without its newline.  Fields come in 0.7's order whatever
 * the version, which stands in each line (6.8 announces none).
 */
enum event_result event_parse(const char *line, size_t len, struct event *);

/* The lines that register all of it, with "register|ready"; a constant. */
const char *event_registration(void);

/* Whether it is that, in whatever case. */
int	text_is(const struct text *, const char *);
/* Of "a@b> PARAMETERS": what comes before '>', quoted ones apart. */
size_t	text_path(const struct text *);

#endif
