/* SPDX-License-Identifier: ISC */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "lib/date.h"
#include "lib/xalloc.h"
#include "rfc/result.h"
#include "view/view.h"
#include "view/view_received.h"

struct table {
	const struct view *view;
	struct recv_rows list;
	int64_t		 sessions;
	int64_t		 failed;
	int64_t		 detailed;	/* sum of the failures' details */
	int64_t		 apart;		/* sessions of what is not proved */
	int64_t		 apart_failed;
	char		 domain[256];	/* the one they are about */
	int		 many;
};

/* Width of the columns, and where the second line of a row begins. */
#define NAME_WIDTH 18
#define REASON_WIDTH 16
#define INDENT "                     "

/* -D: either domain; -c: the reporter's class. */
static int
is_wanted(const struct view *v, const char *reporter, const char *domain)
{
	if (v->domain != NULL && strcmp(v->domain, reporter) != 0 &&
	    (domain == NULL || strcmp(v->domain, domain) != 0))
		return 0;
	if (v->class == NULL || v->conf == NULL)
		return 1;
	return strcmp(conf_class_name(v->conf, conf_class(v->conf, reporter)),
	    v->class) == 0;
}

/*
 * What stands in the table, what stands apart since nothing proves that it is
 * the sender's, and what is none of our business.
 */
enum group {
	GROUP_COUNTED,
	GROUP_UNPROVED,
	GROUP_FOREIGN
};

static enum group
group_of(const struct recv_row *r)
{
	return !r->ours ? GROUP_FOREIGN : r->standing == RECEIVED_UNPROVED ?
	    GROUP_UNPROVED : GROUP_COUNTED;
}

static struct recv_row *
add_row(struct table *t, const struct received_total *total, const char *type,
    int64_t count)
{
	struct recv_row *r;

	r = recv_rows_add(&t->list, total->day, total->reporter,
	    total->domain, type);
	r->count = count;
	r->standing = total->standing;
	r->ours = total->ours;
	return r;
}

/* "sts testing", "tlsa + sts", "no policy": scripts know these. */
static char *
policy_text(const struct received_total *total)
{
	char *s;

	if (total->sts && total->tlsa)
		s = xstrdup("tlsa + sts");
	else if (total->sts)
		xasprintf(&s, "sts%s%s", total->mode[0] != '\0' ? " " : "",
		    total->mode);
	else
		s = xstrdup(total->tlsa ? "tlsa" : total->other ?
		    "other policy" : "no policy");
	return s;
}

static void
total(const struct received_total *total, void *arg)
{
	struct table *t = arg;
	struct recv_row *r;

	if (!is_wanted(t->view, total->reporter, total->domain))
		return;
	if (t->domain[0] == '\0')
		strlcpy(t->domain, total->domain, sizeof(t->domain));
	else if (strcmp(t->domain, total->domain) != 0)
		t->many = 1;
	if (total->ours && total->standing != RECEIVED_UNPROVED) {
		t->sessions += total->sessions;
		t->failed += total->failed;
	} else if (total->ours) {
		t->apart += total->sessions;
		t->apart_failed += total->failed;
	}
	if (total->unexplained > 0)
		(void)add_row(t, total, "not-said", total->unexplained);
	if (total->sessions > total->failed) {
		r = add_row(t, total, "", total->sessions - total->failed);
		free(r->reason);
		r->reason = policy_text(total);
	}
}

/* 'Y', 'N', or '?' where it never came to a session, or is not known. */
static char
tls_of(const struct recv_row *r)
{
	const struct result *e;

	if (r->type[0] == '\0')
		return 'Y';
	e = result_type(r->type);
	return e == NULL ? '?' : e->tls;
}

/* Whether two rows are one when days do not matter. */
static int
by_kind(const void *x, const void *y)
{
	const struct recv_row *a = x, *b = y;
	int c;

	if ((c = (int)group_of(a) - (int)group_of(b)) != 0 ||
	    (c = b->downgrade - a->downgrade) != 0 ||
	    (c = strcmp(a->type, b->type)) != 0 ||
	    (c = strcmp(a->reporter, b->reporter)) != 0 ||
	    (c = strcmp(a->sip, b->sip)) != 0 ||
	    (c = strcmp(a->mx, b->mx)) != 0 ||
	    (c = strcmp(a->rip, b->rip)) != 0)
		return c;
	return strcmp(a->reason, b->reason);
}

/* Failures first, suspicions before them, then by number. */
static int
by_weight(const void *x, const void *y)
{
	const struct recv_row *a = x, *b = y;
	int fa = a->type[0] != '\0', fb = b->type[0] != '\0', c;

	if ((c = (int)group_of(a) - (int)group_of(b)) != 0)
		return c;
	if (a->downgrade != b->downgrade)
		return b->downgrade - a->downgrade;
	if (fa != fb)
		return fb - fa;
	if (a->count != b->count)
		return a->count < b->count ? 1 : -1;
	return by_kind(x, y);
}

/* Days and domains of one kind of row together. */
static void
merge_days(struct table *t)
{
	struct recv_row *to, *r;
	size_t i, n = 0;

	if (t->list.n == 0)
		return;
	qsort(t->list.rows, t->list.n, sizeof(*t->list.rows), by_kind);
	for (i = 1; i < t->list.n; i++) {
		to = &t->list.rows[n];
		r = &t->list.rows[i];
		if (by_kind(to, r) == 0) {
			to->count += r->count;
			to->own += r->own;
			to->certain |= r->certain;
			to->under |= r->under;
			if (r->others > to->others)
				to->others = r->others;
			recv_row_free(r);
		} else
			t->list.rows[++n] = *r;
	}
	t->list.n = n + 1;
}

/* Only now: all of them were evidence. */
static void
drop_unwanted(struct table *t)
{
	struct recv_row *r;
	size_t i, n = 0;

	for (i = 0; i < t->list.n; i++) {
		r = &t->list.rows[i];
		if (is_wanted(t->view, r->reporter, r->domain)) {
			if (group_of(r) == GROUP_COUNTED)
				t->detailed += r->count;
			t->list.rows[n++] = *r;
		} else
			recv_row_free(r);
	}
	t->list.n = n;
}

static const char *
standing_name(const struct recv_row *r)
{
	switch (group_of(r)) {
	case GROUP_UNPROVED:
		return "unproved";
	case GROUP_FOREIGN:
		return "foreign";
	case GROUP_COUNTED:
		break;
	}
	return r->standing == RECEIVED_PROVED ? "proved" : "unjudged";
}

static void
machine_row(const struct view *v, const struct recv_row *r)
{
	char tls = tls_of(r);
	int ok = r->type[0] == '\0';
	const char *why;

	view_row(v, v->form == FORM_PIPE ? "recv" : "received",
	    "dttitttttttitt", "day", r->day, "reporter", r->reporter,
	    "sender", r->sip[0] != '\0' ? r->sip : NULL, "count", r->count,
	    "tls", tls == 'Y' ? "yes" : tls == 'N' ? "no" : "unknown",
	    "type", ok ? NULL : r->type,
	    "mx", r->mx[0] != '\0' ? r->mx : NULL,
	    "receiver", r->rip[0] != '\0' ? r->rip : NULL,
	    "reason", ok || r->reason[0] == '\0' ? NULL : r->reason,
	    "domain", r->domain[0] != '\0' ? r->domain : NULL,
	    "policy", ok ? r->reason : NULL,
	    "downgrade", (int64_t)r->downgrade, "standing", standing_name(r),
	    "delivered", ok ? NULL : result_delivered(r->type, r->under,
	    &why));
}

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
	char tls = tls_of(r);

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

	if (v->class != NULL && !is_wanted(v, r->reporter, v->domain))
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
text_head(const struct table *t, const struct received_count *c)
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
text_foot(const struct table *t, const struct received_count *c)
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

static int
text(const struct table *t, const struct received_count *c)
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
		if (i == 0 ? group_of(r) != GROUP_COUNTED :
		    group_of(r) != group_of(r - 1))
			view_say(v, group_of(r) == GROUP_FOREIGN ?
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

int
view_received(const struct view *v)
{
	struct received_count c;
	struct table t;
	size_t i;
	int rc = 1;

	memset(&t, 0, sizeof(t));
	t.view = v;
	if (received_count(v->store, v->first, v->last, v->domain, &c) == -1 ||
	    recv_rows_failures(v, &t.list) == -1)
		goto out;
	drop_unwanted(&t);
	if (received_totals(v->store, v->first, v->last, total, &t) == -1)
		goto out;
	if (v->form == FORM_TEXT)
		merge_days(&t);
	if (t.list.n > 0)
		qsort(t.list.rows, t.list.n, sizeof(*t.list.rows), by_weight);
	rc = 0;
	if (v->form == FORM_TEXT)
		rc = text(&t, &c) == -1;
	else
		for (i = 0; i < t.list.n && (v->top == 0 ||
		    (int64_t)i < v->top); i++)
			machine_row(v, &t.list.rows[i]);
out:
	recv_rows_free(&t.list);
	return rc;
}
