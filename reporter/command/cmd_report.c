/* SPDX-License-Identifier: ISC */

/*
 * report: one domain's report of a day on standard output, as it would be
 * sent, or of today so far.
 */

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "command/command.h"
#include "lib/date.h"
#include "report/report.h"

int
cmd_report(struct ctl *ctl, int argc __unused, char *argv[])
{
	const struct view *v = &ctl->view;
	char domain[DOMAIN_MAX];
	struct report *report;
	char *text;
	int64_t day;
	int n = 0, rc;

	if (view_normal(argv[0], domain, sizeof(domain)) == -1)
		return 1;
	/* One object a day: with -j each is one line. */
	for (day = v->first; day <= v->last; day++) {
		if ((rc = report_build(v->store, v->conf, domain, day,
		    &report)) == -1)
			return 1;
		if (rc == 0)
			continue;
		text = report_text(report, v->form == FORM_TEXT);
		if (text != NULL) {
			fprintf(v->out, "%s\n", text);
			n++;
		}
		free(text);
		report_free(report);
	}
	if (n == 0)
		warnx("no session with %s was tallied, %s", domain,
		    view_period(v));
	return n == 0 ? 1 : 0;
}
