/* SPDX-License-Identifier: ISC */

#ifndef SGE_CLIENT_H
#define SGE_CLIENT_H

#include "base/compat.h"

/*
 * The daemon's socket: SOCK_SEQPACKET, one JSON object a message.
 */

/* A non-blocking descriptor, or -1 with errno. */
int	client_connect(const char *path);

/* A domain, or an address as SMTP has them (RFC 5321 4.5.3.1); with NUL. */
#define QUESTION_MAX (64 + 1 + 255 + 1)

/*
 * A domain in normal form: {"learn":"DOMAIN"}, answered once its route is
 * known by {"learned":"DOMAIN","route":"enforce"} or "none", or by
 * {"failed":"DOMAIN"}.  An address, or "": {"announced":"ADDRESS"}, whether a
 * report of ours goes there now, answered by the same, by
 * {"unannounced":"ADDRESS"}, or by {"failed":"ADDRESS"}.  Returns 0, or -1
 * with errno (EAGAIN: the socket is full; EINVAL: it can't be asked).
 */
int	client_ask(int fd, const char *question);
/* Whether it has only what JSON takes as it is, and is short enough. */
int	client_can_ask(const char *question);

enum client_said {
	CLIENT_GONE = -1,	/* the connection is over */
	CLIENT_NOTHING,		/* now */
	CLIENT_YES,
	CLIENT_NO,
	CLIENT_FAILED,		/* it can't find out */
	CLIENT_OTHER		/* what is no answer */
};

/* One message; with YES, NO and FAILED the question into out. */
enum client_said client_answer(int fd, char out[], size_t outsz);

#endif
