/* SPDX-License-Identifier: ISC */

/* "show received" for people: the guide's table. */

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "lib/date.h"
#include "rfc/result.h"
#include "view/received_table.h"
#include "view/view.h"

/* Width of the columns, and where the second line of a row begins. */
#define NAME_WIDTH 18
#define REASON_WIDTH 16
#define INDENT "                     "

/* What stands below a row: where from and to, and what speaks for it. */
static void
second_line(const struct view *v, const struct recv_row *r, int with_sip,
    int with_reason)
{
	char line[1200];
	size_t n = 0;

	line[0] = '\0';
#define ADD(...) do {							\
	snprintf(line + n, sizeof(line) - n, __VA_ARGS__);		\
	n += strlen(line + n);						\
} while (0)
	if (with_sip)
		ADD("from %s ", view_clean(r->sip, 80));
	if (r->mx[0] != '\0' || r->rip[0] != '\0')
		ADD("to %s", view_clean(r->mx, 120));
	if (r->rip[0] != '\0')
		ADD("%s[%s]", r->mx[0] != '\0' ? " " : "",
		    view_clean(r->rip, 80));
	if (r->downgrade) {
		if (r->others > 0)
			ADD("; %d other reporter%s had TLS%s", r->others,
			    r->others == 1 ? "" : "s", r->certain ? " there" :
			    ", none missed it there");
		if (r->own > 0)
			ADD("; %lld sessions here had TLS by our own records",
			    (long long)r->own);
	}
	if (with_reason)
		ADD("%s\"%s\"", n > 0 ? ": " : "",
		    view_clean(r->reason, 240));
#undef ADD
	if (n > 0)
		view_wrap(v->out, INDENT, INDENT, line);
}

static void
text_row(const struct view *v, const struct recv_row *r)
{
	const struct result *e = result_type(r->type), *code;
	const char *kind, *reason;
	int with_sip = strlen(r->sip) > 15, with_reason = 0;
	char tls = received_tls(r);

	if (r->type[0] == '\0') {
		kind = "-";
		reason = r->reason;
	} else {
		code = result_reason(r->reason);
		kind = r->downgrade ? "DOWNGRADE?" : e != NULL ? e->kind :
		    strcmp(r->type, "not-said") == 0 ? "not said" : r->type;
		reason = e != NULL ? e->short_text : "-";
		if (code != NULL && !r->downgrade)
			reason = code->short_text;
		/* The sender's own words, if they are short, say more. */
		else if (r->reason[0] != '\0' && !r->downgrade &&
		    strlen(r->reason) <= REASON_WIDTH)
			reason = r->reason;
		with_reason = r->reason[0] != '\0' && reason != r->reason;
	}
	view_name(v, NAME_WIDTH, r->reporter[0] != '\0' ? r->reporter : "-");
	fprintf(v->out, " %-15s %6lld  %-3s  %-16s %s\n",
	    r->sip[0] == '\0' ? "-" : with_sip ? "(below)" :
	    view_clean(r->sip, 15), (long long)r->count,
	    tls == 'Y' ? "Yes" : tls == 'N' ? "No" : "?",
	    view_clean(kind, 16), view_clean(reason, REASON_WIDTH + 2));
	second_line(v, r, with_sip, with_reason);
	if (v->verbose && e != NULL) {
		(void)result_delivered(r->type, r->under, &reason);
		view_wrap(v->out, INDENT "delivered? ", INDENT, reason);
	}
}

static void
report_row(const struct received_report *r, void *arg)
{
	const struct view *v = arg;
	char day[16], mark[500];

	if (v->class != NULL && !received_is_wanted(v, r->reporter, v->domain))
		return;
	day_print(r->day, day, sizeof(day));
	view_say(v, "%s %s id %s", day, view_clean(r->reporter, 100),
	    view_clean(r->id, 200));
	(void)snprintf(mark, sizeof(mark), "%s%s", r->dkim[0] == '\0' ?
	    "not known" : view_clean(strncmp(r->dkim, "pass ", 5) == 0 ||
	    strncmp(r->dkim, "other ", 6) == 0 ?
	    strchr(r->dkim, ' ') + 1 : r->dkim, 300),
	    strncmp(r->dkim, "other ", 6) == 0 ? ", which is not whom From, "
	    "contact-info and TLS-Report-Submitter name: not believed" :
	    r->standing != RECEIVED_UNPROVED ? "" : r->dkim[0] != '\0' ?
	    ": not believed" :
	    ": not believed, as a signed one has its report-id");
	view_wrap(v->out, "  dkim=", "    ", mark);
	if (r->oddities[0] != '\0')
		view_wrap(v->out, "  oddities: ", "    ",
		    view_clean(r->oddities, 0));
}

static void
text_head(const struct received_table *t, const struct received_count *c)
{
	const struct view *v = t->view;
	char about[128];

	if (v->domain != NULL)
		strlcpy(about, view_clean(v->domain, 100), sizeof(about));
	else if (c->domains > 1)
		snprintf(about, sizeof(about), "%lld domains",
		    (long long)c->domains);
	else
		strlcpy(about, c->reports > 0 && t->domain[0] != '\0' ?
		    view_clean(t->domain, 100) : "our domains",
		    sizeof(about));
	view_say(v, "TLS reports for %s, %s, %lld %s, %lld %s", about,
	    view_period(v), (long long)c->reports,
	    view_plural(c->reports, "report", "reports"),
	    (long long)c->reporters,
	    view_plural(c->reporters, "reporter", "reporters"));
}

static void
text_foot(const struct received_table *t, const struct received_count *c)
{
	const struct view *v = t->view;

	view_say(v, "Failed %lld of %lld sessions (%s).  A session under "
	    "two policies counts once.", (long long)t->failed,
	    (long long)t->sessions, view_share(t->failed, t->sessions));
	if (t->detailed > t->failed)
		view_say(v, "The failures' details add up to %lld: a session "
		    "may fail in several ways.", (long long)t->detailed);
	if (c->unproved > 0)
		view_say(v, "%lld of %lld %s %s: not counted, with %lld of "
		    "%lld sessions failed (%s); -v shows which.",
		    (long long)c->unproved, (long long)c->reports,
		    view_plural(c->reports, "report", "reports"),
		    view_plural(c->unproved, "is not proved to be of whom it "
		    "names", "are not proved to be of whom they name"),
		    (long long)t->apart_failed, (long long)t->apart,
		    view_share(t->apart_failed, t->apart));
	if (c->foreign > 0)
		view_say(v, "%lld %s on no domain of ours: not counted.",
		    (long long)c->foreign, view_plural(c->foreign,
		    "report is", "reports are"));
	fprintf(v->out, "Reports give no address for sessions that "
	    "succeeded.  Senders without TLS\nreports, and those that had "
	    "no session, are not seen here.\n");
}

int
received_text(const struct received_table *t, const struct received_count *c)
{
	const struct view *v = t->view;
	const struct recv_row *r;
	size_t i, shown = t->list.n;
	int64_t rest = 0;

	if (v->top > 0 && (size_t)v->top < shown)
		shown = v->top;
	text_head(t, c);
	if (c->reports == 0)
		view_say(v, "No report.  That proves little: many senders "
		    "report only failures, or never.");
	if (t->list.n == 0)
		return 0;
	fprintf(v->out, "%-*s %-15s %6s  TLS  %-16s %s\n", NAME_WIDTH,
	    "Sending domain", "Sending IP", "Count", "Failure type", "Reason");
	for (i = 0; i < t->list.n; i++) {
		r = &t->list.rows[i];
		if (i >= shown) {
			rest += r->count;
			continue;
		}
		if (i == 0 ? received_group(r) != GROUP_COUNTED :
		    received_group(r) != received_group(r - 1))
			view_say(v, received_group(r) == GROUP_FOREIGN ?
			    "On domains that are not ours, not counted:" :
			    "Not proved to be of whom they name, not "
			    "counted:");
		text_row(v, r);
	}
	if (rest > 0)
		fprintf(v->out, "+ %zu more, %lld sessions (-n 0 for all)\n",
		    t->list.n - shown, (long long)rest);
	text_foot(t, c);
	if (!v->verbose)
		return 0;
	fputc('\n', v->out);
	/* The callback's argument is not const; the view stays as it is. */
	return received_reports(v->store, v->first, v->last, v->domain,
	    report_row, (void *)(uintptr_t)v);
}
