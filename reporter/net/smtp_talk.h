/* SPDX-License-Identifier: ISC */

#ifndef SGE_SMTP_TALK_H
#define SGE_SMTP_TALK_H

#include "net/net.h"
#include "net/smtp_read.h"
#include "net/tls_hello.h"

/*
 * The client's side of an SMTP conversation over a connection (RFC 5321): a
 * line out, a reply in.  Nothing here blocks: what has to be waited for is
 * returned, as by conn_read.
 */
struct smtp_talk {
	struct conn	*conn;
	/* What is to be sent before an answer is read. */
	unsigned char	 out[TLS_HELLO_MAX];
	size_t		 outlen;
	size_t		 outsent;
	struct smtpread	 reply;
};

/* For a new connection, which stays the caller's: its banner comes first. */
void	talk_start(struct smtp_talk *, struct conn *);
/* verb and what are the next line. */
void	talk_say(struct smtp_talk *, const char *verb, const char *what);
/* Sends what is to be sent: WANT_NEXT when it is out. */
enum want talk_send(struct smtp_talk *);
/*
 * Sends it, and reads a reply as a whole: WANT_NEXT when it is in t->reply;
 * WANT_FAIL with conn->text where the peer is no SMTP server, or is gone.
 */
enum want talk_reply(struct smtp_talk *);

#endif
