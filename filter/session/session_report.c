/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <string.h>

#include "base/mail_path.h"
#include "base/sged_client.h"
#include "session/session.h"

void
session_report_sender(const struct sessions *ss, struct session *s,
    const struct text *sender)
{
	struct mail_path m;

	s->flags &= ~S_REPORT;
	if (ss->conf->report_from == NULL)
		return;
	/* What goes out was let in: sged writes it in full, nobody else. */
	if (s->flags & S_OUT) {
		if (text_is(sender, ss->conf->report_from))
			s->flags |= S_REPORT;
		return;
	}
	mail_path_read(sender->s, sender->len, &m);
	if (mail_path_is(&m, ss->conf->report_from))
		s->flags |= S_REPORT;
}

static void
refuse(const struct sessions *ss, enum refusal why, struct flow_answer *a)
{
	a->why = why;
	a->verdict = ss->conf->mode == MODE_TESTING ? VERDICT_TESTING :
	    VERDICT_REJECT;
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

int
session_report_rcpt(const struct sessions *ss, const struct session *s,
    const struct text *rcpt, enum learned learned, struct flow_answer *a,
    struct decision *d)
{
	const char *from = ss->conf->report_from;

	a->verdict = VERDICT_PASS;
	a->why = REFUSAL_NONE;
	a->reply[0] = '\0';
	/* smtpd counts what an alias makes of strangers' mail as local. */
	if (!(s->flags & S_TRUSTED)) {
		refuse(ss, REFUSAL_OTHER_ADDRESS, a);
		(void)snprintf(a->reply, sizeof(a->reply), "550 5.7.1 %s "
		    "sends TLS reports alone, and only from here: use an "
		    "address of your own", from);
		return 0;
	}
	switch (learned) {
	case LEARNED_YES:
		return 0;
	case LEARNED_NOT_ASKED:
		if (question(rcpt, d) == 0)
			return 1;
		/* FALLTHROUGH */
	case LEARNED_NO:
		refuse(ss, REFUSAL_NOT_ANNOUNCED, a);
		(void)snprintf(a->reply, sizeof(a->reply), "550 5.7.1 %s "
		    "sends TLS reports alone, and none goes to this "
		    "recipient: use an address of your own", from);
		return 0;
	case LEARNED_TIMEOUT:
		break;
	}
	refuse(ss, REFUSAL_NOT_ANNOUNCED, a);
	(void)snprintf(a->reply, sizeof(a->reply), "451 4.7.1 %s sends TLS "
	    "reports alone, and sged, which knows of them, does not answer: "
	    "try again later", from);
	return 0;
}

int
session_is_report(const struct session *s, const struct flow_answer *a)
{
	if (!(s->flags & S_REPORT))
		return 0;
	return (s->flags & S_OUT) != 0 || a->why == REFUSAL_NONE;
}
