/* SPDX-License-Identifier: ISC */

/*
 * send: has sged build and send a day's reports now.
 */

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "bounds.h"
#include "ctl.h"
#include "day.h"
#include "ipc.h"
#include "log.h"
#include "talk.h"

/* It answers once the day's records are read: the spool may be long. */
#define SEND_SECONDS 120

static json_t *
request(int64_t day, const char *domain)
{
	json_t *send;

	send = json_pack("{s:s}", "day", view_day(day));
	if (send == NULL || (domain != NULL && json_object_set_new(send,
	    "domain", json_string(domain)) == -1))
		fatalx("send");
	return json_pack("{s:o}", "send", send);
}

static int
send_day(const struct view *v, int64_t day, const char *domain)
{
	const char *error;
	json_t *answer;
	int rc;

	answer = talk(v->conf->socket, request(day, domain), SEND_SECONDS);
	if (answer == NULL) {
		warn("sged does not answer at %s", v->conf->socket);
		return 1;
	}
	error = ipc_string(answer, "error", NULL);
	rc = error != NULL || !ipc_bool(answer, "ok", 0);
	if (v->form != FORM_TEXT)
		view_row(v, "send", "dttt", "day", day, "domain", domain,
		    "error", error, "text", ipc_string(answer, "text", NULL));
	else if (error != NULL)
		warnx("%s: %s", view_day(day), view_clean(error, 300));
	else
		fprintf(v->out, "%s: %s\n", view_day(day),
		    view_clean(ipc_string(answer, "text", "done"), 300));
	json_decref(answer);
	return rc;
}

int
cmd_send(struct ctl *ctl, int argc, char *argv[])
{
	const struct view *v = &ctl->view;
	char domain[DOMAIN_MAX];
	int64_t day;
	int rc = 0;

	if (argc > 0 && view_normal(argv[0], domain, sizeof(domain)) == -1)
		return 1;
	for (day = v->first; day <= v->last && rc == 0; day++)
		rc = send_day(v, day, argc > 0 ? domain : NULL);
	return rc;
}
