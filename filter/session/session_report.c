/* SPDX-License-Identifier: ISC */

#include <string.h>

#include "base/sged_client.h"
#include "rule/report_sender.h"
#include "session/session.h"

void
session_report_sender(const struct sessions *ss, struct session *s,
    const struct text *sender)
{
	int is;

	/* What goes out was let in: sged writes it in full, nobody else. */
	if (s->flags & S_OUT)
		is = ss->conf->report_from != NULL &&
		    text_is(sender, ss->conf->report_from);
	else
		is = report_sender_is(ss->conf, sender->s, sender->len);
	if (is)
		s->flags |= S_REPORT;
	else
		s->flags &= ~S_REPORT;
}

/* The whole address, as sged is asked; -1 if it can't be one of a report's. */
static int
question(const struct text *rcpt, struct decision *d)
{
	if (rcpt->len >= sizeof(d->ask))
		return -1;
	memcpy(d->ask, rcpt->s, rcpt->len);
	d->ask[rcpt->len] = '\0';
	return strlen(d->ask) == rcpt->len && strchr(d->ask, '@') != NULL &&
	    client_can_ask(d->ask) ? 0 : -1;
}

/*
 * smtpd brings it back by an address of this host: the MX of its recipient is
 * this host.  By loopback it may come from what smtpd had sign it.
 */
static int
came_back(const struct sessions *ss, const struct session *s)
{
	return (s->flags & S_REMOTE) && ss->own != NULL &&
	    addr_is_own(ss->own, &s->remote) && !addr_is_loopback(&s->remote);
}

int
session_report_rcpt(const struct sessions *ss, const struct session *s,
    const struct text *rcpt, enum learned learned, struct flow_answer *a,
    struct decision *d)
{
	enum announced announced = learned == LEARNED_YES ? ANNOUNCED_YES :
	    learned == LEARNED_TIMEOUT ? ANNOUNCED_UNKNOWN : ANNOUNCED_NO;
	int trusted = (s->flags & S_TRUSTED) != 0;

	if (trusted && came_back(ss, s))
		announced = ANNOUNCED_CAME_BACK;
	else if (trusted && learned == LEARNED_NOT_ASKED &&
	    question(rcpt, d) == 0)
		return 1;
	report_sender_decide(ss->conf, trusted, announced, a);
	return 0;
}

int
session_is_report(const struct session *s, const struct flow_answer *a)
{
	if (!(s->flags & S_REPORT))
		return 0;
	return (s->flags & S_OUT) != 0 || a->why == REFUSAL_NONE;
}
