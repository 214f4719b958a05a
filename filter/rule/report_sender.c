/* SPDX-License-Identifier: ISC */

#include <stdio.h>

#include "base/mail_path.h"
#include "rule/report_sender.h"

int
report_sender_is(const struct conf *conf, const char *path, size_t len)
{
	struct mail_path m;

	if (conf->report_from == NULL)
		return 0;
	mail_path_read(path, len, &m);
	return mail_path_is(&m, conf->report_from);
}

void
report_sender_decide(const struct conf *conf, int trusted,
    enum announced announced, struct flow_answer *a)
{
	const char *from = conf->report_from;

	a->verdict = VERDICT_PASS;
	a->why = REFUSAL_NONE;
	a->reply[0] = '\0';
	/* smtpd counts what an alias makes of strangers' mail as local. */
	if (!trusted) {
		a->why = REFUSAL_OTHER_ADDRESS;
		(void)snprintf(a->reply, sizeof(a->reply), "550 5.7.1 %s "
		    "sends TLS reports alone, and only from here: use an "
		    "address of your own", from);
	} else if (announced == ANNOUNCED_CAME_BACK) {
		a->why = REFUSAL_NOT_ANNOUNCED;
		(void)snprintf(a->reply, sizeof(a->reply), "550 5.4.6 %s: a "
		    "TLS report came back, the MX of its recipient is this "
		    "host", from);
	} else if (announced == ANNOUNCED_NO) {
		a->why = REFUSAL_NOT_ANNOUNCED;
		(void)snprintf(a->reply, sizeof(a->reply), "550 5.7.1 %s "
		    "sends TLS reports alone, and none goes to this "
		    "recipient: use an address of your own", from);
	} else if (announced == ANNOUNCED_UNKNOWN) {
		a->why = REFUSAL_NOT_ANNOUNCED;
		(void)snprintf(a->reply, sizeof(a->reply), "451 4.7.1 %s "
		    "sends TLS reports alone, and sged, which knows of them, "
		    "does not answer: try again later", from);
	} else
		return;
	a->verdict = conf->mode == MODE_TESTING ? VERDICT_TESTING :
	    VERDICT_REJECT;
}
