/* SPDX-License-Identifier: ISC */

/*
 * report: one domain's report of a day on standard output, as it would be
 * sent, or of today so far; -v: the sessions behind each of its failures.
 */

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "command/command.h"
#include "lib/date.h"
#include "report/report.h"
#include "store/store_trace.h"

struct tracing {
	const struct view *view;
	const char	*domain;
	int64_t		 day;
	int64_t		 policy;
	const struct store_detail *detail;
	int64_t		 n;		/* sessions of the detail */
	int		 printed;	/* details */
};

static int
print_session(int64_t time, const char *session, const char *remote, void *arg)
{
	struct tracing *t = arg;

	t->n++;
	if (t->view->form == FORM_TEXT)
		fprintf(t->view->out, "  %s  %-16s  %s\n",
		    view_instant(t->view, time), view_clean(session, 0),
		    remote);
	else
		view_row(t->view, "session", "dtttett", "day", t->day,
		    "domain", t->domain, "type", t->detail->type, "reason",
		    t->detail->reason, "time", time, "session", session,
		    "address", remote);
	return 0;
}

static int
print_detail(const struct store_detail *d, void *arg)
{
	struct tracing *t = arg;
	const struct view *v = t->view;

	t->detail = d;
	t->n = 0;
	t->printed = 1;
	if (v->form == FORM_TEXT) {
		view_say(v, "%s, %lld %s%s%s%s%s", d->type,
		    (long long)d->count, view_plural(d->count, "session",
		    "sessions"), *d->mx != '\0' ? ", " : "", view_clean(d->mx,
		    0), *d->reason != '\0' ? ": " : "", view_clean(d->reason,
		    0));
	}
	if (store_trace_of(v->store, t->domain, t->day, t->policy, d,
	    print_session, t) == -1)
		return -1;
	if (v->form == FORM_TEXT && t->n < d->count)
		view_say(v, "  %lld more, of which no more is kept",
		    (long long)(d->count - t->n));
	return 0;
}

static int
print_policy(const struct store_policy *p, void *arg)
{
	struct tracing *t = arg;

	t->policy = p->id;
	return p->fail == 0 ? 0 : store_report_details(t->view->store,
	    t->domain, t->day, p->id, print_detail, t);
}

/* 1: something was printed; 0; -1 with a log line. */
static int
print_traces(const struct view *v, const char *domain, int64_t day)
{
	struct tracing t = { .view = v, .domain = domain, .day = day };

	if (store_report_policies(v->store, domain, day, print_policy, &t) ==
	    -1)
		return -1;
	return t.printed;
}

static int
print_report(const struct view *v, const char *domain, int64_t day)
{
	struct report *report;
	char *text;
	int rc;

	if ((rc = report_build(v->store, v->conf, domain, day, &report)) != 1)
		return rc;
	if ((text = report_text(report, v->form == FORM_TEXT)) != NULL)
		fprintf(v->out, "%s\n", text);
	rc = text != NULL;
	free(text);
	report_free(report);
	return rc;
}

int
cmd_report(struct ctl *ctl, int argc __unused, char *argv[])
{
	const struct view *v = &ctl->view;
	char domain[DOMAIN_MAX];
	int64_t day;
	int n = 0, rc;

	if (view_normal(argv[0], domain, sizeof(domain)) == -1)
		return 1;
	/* One object a day: with -j each is one line. */
	for (day = v->first; day <= v->last; day++) {
		rc = v->verbose ? print_traces(v, domain, day) :
		    print_report(v, domain, day);
		if (rc == -1)
			return 1;
		n += rc;
	}
	if (n == 0)
		warnx(v->verbose ? "no session with %s failed, %s" :
		    "no session with %s was tallied, %s", domain,
		    view_period(v));
	return n == 0 ? 1 : 0;
}
