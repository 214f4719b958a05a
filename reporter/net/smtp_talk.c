/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "net/smtp_talk.h"

void
talk_start(struct smtp_talk *t, struct conn *conn)
{
	t->conn = conn;
	t->outlen = t->outsent = 0;
	smtpread_init(&t->reply);
}

void
talk_say(struct smtp_talk *t, const char *verb, const char *what)
{
	int n;

	n = snprintf((char *)t->out, sizeof(t->out), "%s%s\r\n", verb, what);
	if (n < 0 || (size_t)n >= sizeof(t->out))
		fatalx("snprintf");
	t->outlen = (size_t)n;
	t->outsent = 0;
	smtpread_init(&t->reply);
}

enum want
talk_send(struct smtp_talk *t)
{
	enum want want;
	ssize_t n;

	while (t->outsent < t->outlen) {
		n = conn_write(t->conn, t->out + t->outsent,
		    t->outlen - t->outsent, &want);
		if (n == -1)
			return want;
		t->outsent += (size_t)n;
	}
	return WANT_NEXT;
}

enum want
talk_reply(struct smtp_talk *t)
{
	char buf[2048];
	enum want want;
	ssize_t n;
	size_t used;
	int rc;

	if ((want = talk_send(t)) != WANT_NEXT)
		return want;
	do {
		n = conn_read(t->conn, buf, sizeof(buf), &want);
		if (n == -1)
			return want;
		if (n == 0) {
			strlcpy(t->conn->text, "connection closed",
			    sizeof(t->conn->text));
			return WANT_FAIL;
		}
		/* What comes behind a reply was not asked for: dropped. */
		rc = smtpread_feed(&t->reply, buf, (size_t)n, &used);
		if (rc == -1) {
			strlcpy(t->conn->text, "not an SMTP reply",
			    sizeof(t->conn->text));
			return WANT_FAIL;
		}
	} while (rc == 0);
	return WANT_NEXT;
}
