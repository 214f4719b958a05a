/* SPDX-License-Identifier: ISC */

/*
 * send: has sged build and send a day's reports now; or sends a copy of one
 * report to someone.
 */

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/bounds.h"
#include "base/log.h"
#include "command/command.h"
#include "ctl/sged_ask.h"
#include "lib/date.h"
#include "lib/ipc.h"
#include "report/report.h"
#include "store/store_report.h"

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
	const char *error, *text;
	char about[16] = "";
	json_t *answer;
	int rc;

	answer = talk(v->conf->socket, request(day, domain), SEND_SECONDS);
	if (answer == NULL) {
		warn("sged does not answer at %s", v->conf->socket);
		return 1;
	}
	error = ipc_string(answer, "error", NULL);
	text = error == NULL ? ipc_string(answer, "text", "done") : error;
	/* Most of what sged says has the day. */
	if (strstr(text, view_day(day)) == NULL)
		(void)snprintf(about, sizeof(about), "%s: ", view_day(day));
	rc = error != NULL || !ipc_bool(answer, "ok", 0);
	if (v->form != FORM_TEXT)
		view_row(v, "send", "dttt", "day", day, "domain", domain,
		    "error", error, "text", ipc_string(answer, "text", NULL));
	else if (error != NULL)
		warnx("%s%s", about, view_clean(error, 300));
	else
		fprintf(v->out, "%s%s\n", about, view_clean(text, 300));
	json_decref(answer);
	return rc;
}

/* NULL after a message. */
static struct report *
find_report(struct store *st, const char *arg)
{
	struct store_report row;
	struct report *report;
	const char *error;
	unsigned char *body;
	size_t len;
	int64_t id;

	id = strtonum(arg, 1, INT64_MAX, &error);
	if (error != NULL || store_report_get(st, id, &row) != 1) {
		warnx("%s: not the number of a report; see sgectl show sent",
		    arg);
		return NULL;
	}
	if (store_report_body(st, id, &body, &len) != 1) {
		warnx("report %s was not built yet", arg);
		return NULL;
	}
	report = report_load(row.domain, row.day, row.report_id, body, len);
	free(body);
	return report;
}

/* The same mail as was, or will be, sent, but to that address. */
static int
send_copy(const struct view *v, const char *to, const char *arg)
{
	struct report *report = NULL;
	struct store *st;
	FILE *f = NULL;
	int kept, rc = 1;

	if (*to == '-' || strchr(to, '@') == NULL || to[strcspn(to,
	    " \t\r\n<>,")] != '\0') {
		warnx("%s: not an address", to);
		return 1;
	}
	if ((st = store_open(v->conf->database, STORE_READ)) == NULL)
		return 1;
	if ((report = find_report(st, arg)) == NULL)
		goto out;
	if ((f = tmpfile()) == NULL ||
	    mail_write(fileno(f), v->conf, report, to, v->now) == -1)
		goto out;
	if ((kept = ctl_sendmail(v->conf, f, to)) == -1)
		warnx("%s did not take it", v->conf->report_sendmail);
	else {
		fprintf(v->out, "report %s: a copy %s %s\n", arg, kept ?
		    "will go when smtpd runs again, to" : "is on its way to",
		    view_clean(to, 0));
		rc = 0;
	}
out:
	if (f != NULL)
		fclose(f);
	report_free(report);
	store_close(st);
	return rc;
}

int
cmd_send(struct ctl *ctl, int argc, char *argv[])
{
	const struct view *v = &ctl->view;
	char domain[DOMAIN_MAX];
	int64_t day;
	int rc = 0;

	if (ctl_flag(ctl, 't')) {
		if (argc == 1)
			return send_copy(v, ctl_value(ctl, 't'), argv[0]);
		ctl_usage(ctl->command, stderr);
		return 1;
	}
	if (argc > 0 && view_normal(argv[0], domain, sizeof(domain)) == -1)
		return 1;
	for (day = v->first; day <= v->last && rc == 0; day++)
		rc = send_day(v, day, argc > 0 ? domain : NULL);
	return rc;
}
