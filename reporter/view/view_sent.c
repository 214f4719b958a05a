/* SPDX-License-Identifier: ISC */

/*
 * show sent: each report's state: due, waiting, sent, given up, without rua.
 */

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "lib/date.h"
#include "report/report.h"
#include "rfc/rua.h"
#include "store/query_sent.h"
#include "store/store_report.h"
#include "view/view.h"

struct list {
	const struct view *view;
	int64_t		 rows;
	int64_t		 more;
	int64_t		 sent;
	int64_t		 pending;
	int64_t		 given_up;
	int64_t		 without;	/* no rua, excepted, nothing to say */
	const struct told_report *now;
	int		 deliveries;
};

/* "03:40Z", with the day where it is another than that of the view. */
static const char *
instant(const struct view *v, int64_t when)
{
	static char buf[32];

	if (when == 0)
		return "-";
	(void)snprintf(buf, sizeof(buf), "%s%s%s",
	    day_of(when) == day_of(v->now) ? "" : view_day(day_of(when)) + 5,
	    day_of(when) == day_of(v->now) ? "" : " ", view_clock(when));
	return buf;
}

static void
state_words(const struct view *v, const char *state, int64_t tries,
    int64_t next, int64_t code, char out[], size_t outsz)
{
	if (strcmp(state, "sent") == 0 && code != 0)
		(void)snprintf(out, outsz, "sent %lld", (long long)code);
	else if (strcmp(state, "given-up") == 0)
		(void)strlcpy(out, "given up", outsz);
	else if (strcmp(state, "no-rua") == 0)
		(void)strlcpy(out, "no rua", outsz);
	else if (strcmp(state, "due") == 0)
		(void)snprintf(out, outsz, "%s %s", tries > 0 ? "wait" :
		    "due", instant(v, next));
	else
		(void)strlcpy(out, state, outsz);
}

static void
print_line(const struct view *v, const struct told_report *r, const char *to,
    int64_t tries, const char *state)
{
	int scheme;

	fprintf(v->out, "%5lld %.5s ", (long long)r->id,
	    view_day(r->day) + 5);
	if (strlen(r->domain) > 18)
		fprintf(v->out, "%s\n%30s", view_clean(r->domain, 0), "");
	else
		fprintf(v->out, "%-18s", view_clean(r->domain, 18));
	/* What is too long gets a line of its own, behind its scheme. */
	to = view_clean(to, 0);
	scheme = strlen(to) > 25 ? (int)strcspn(to, ":") : 25;
	fprintf(v->out, " %-25.*s %5lld %s\n", scheme > 25 ? 25 : scheme, to,
	    (long long)tries, state);
	if (strlen(to) > 25)
		view_say(v, "        %s", to);
}

static void
machine_row(const struct view *v, const struct told_report *r,
    const struct told_delivery *d)
{
	view_row(v, "sent", "idtttttiiteeit", "id", r->id, "day", r->day,
	    "domain", r->domain, "report_id", r->report_id, "state", r->state,
	    "uri", d == NULL ? NULL : d->uri, "delivery", d == NULL ? NULL :
	    d->state, "tries", d == NULL ? (int64_t)0 : d->tries, "code",
	    d == NULL ? (int64_t)0 : d->code, "text", d != NULL ? d->text :
	    v->hosts == NULL ? r->note : NULL, "next", d == NULL ? r->due :
	    d->next, "last", d == NULL ? r->done : d->last, "fail", r->fail,
	    "host", v->hosts == NULL ? v->whose : *r->note == '\0' ? NULL :
	    r->note);
}

static void
delivery(const struct told_delivery *d, void *arg)
{
	struct list *list = arg;
	const struct view *v = list->view;
	char state[96];

	list->deliveries++;
	if (v->form != FORM_TEXT) {
		machine_row(v, list->now, d);
		return;
	}
	state_words(v, d->state, d->tries, d->next, d->code, state,
	    sizeof(state));
	print_line(v, list->now, d->uri, d->tries, state);
	if (*d->text != '\0' && strcmp(d->state, "sent") != 0)
		view_wrap(v->out, "        ", "        ",
		    view_clean(d->text, 300));
}

/* What of the record was not used. */
static void
print_unused(const struct view *v, const struct told_report *r)
{
	const char *txts[1], *why;
	struct rua rua;
	size_t where;
	int record;

	txts[0] = r->record;
	if (*r->record == '\0' ||
	    rua_parse(txts, 1, &rua, &record, &why, &where) != RUA_OK)
		return;
	if (rua.nover > 0)
		fprintf(v->out, "        %zu more %s of its record not used: "
		    "we take %d\n", rua.nover, view_plural((int64_t)rua.nover,
		    "address", "addresses"), RUA_URIS_MAX);
	if (rua.nunknown > 0 && rua.nuris > 0)
		fprintf(v->out, "        %zu %s of its record not usable "
		    "(%s: %s)\n", rua.nunknown,
		    view_plural((int64_t)rua.nunknown, "address",
		    "addresses"), view_clean(rua.unusable, 60),
		    rua.unusable_why);
	rua_free(&rua);
}

static void
count(struct list *list, const char *state)
{
	if (strcmp(state, "sent") == 0)
		list->sent++;
	else if (strcmp(state, "given-up") == 0)
		list->given_up++;
	else if (strcmp(state, "due") == 0 || strcmp(state, "sending") == 0 ||
	    strcmp(state, "claimed") == 0)
		list->pending++;
	else
		list->without++;
}

static int
is_wanted(const struct view *v, const struct told_report *r)
{
	if (v->domain != NULL && strcasecmp(v->domain, r->domain) != 0)
		return 0;
	return v->class == NULL || strcmp(v->class, conf_class_name(v->conf,
	    conf_class(v->conf, r->domain))) == 0;
}

static void
report(const struct told_report *r, void *arg)
{
	struct list *list = arg;
	const struct view *v = list->view;
	char state[96];

	if (!is_wanted(v, r))
		return;
	count(list, r->state);
	if (v->top != 0 && ++list->rows > v->top) {
		list->more++;
		return;
	}
	list->now = r;
	list->deliveries = 0;
	if (told_deliveries(v->store, r->id, delivery, list) == -1)
		return;
	if (v->form != FORM_TEXT) {
		if (list->deliveries == 0)
			machine_row(v, r, NULL);
		return;
	}
	/* Of the fleet is known who sends it, not where. */
	if (v->hosts != NULL) {
		state_words(v, r->state, 0, r->due, 0, state, sizeof(state));
		print_line(v, r, *r->note == '\0' ? "-" : r->note, 0, state);
		return;
	}
	if (list->deliveries == 0) {
		state_words(v, r->state, 0, r->due, 0, state, sizeof(state));
		print_line(v, r, "-", 0, state);
	}
	if (*r->note != '\0')
		view_wrap(v->out, "        ", "        ",
		    view_clean(r->note, 300));
	print_unused(v, r);
}

static void
bounce(const struct told_bounce *b, void *arg)
{
	const struct list *list = arg;
	const struct view *v = list->view;

	if (v->form != FORM_TEXT) {
		view_row(v, "bounce", "tieet", "address", b->address, "count",
		    b->count, "last", b->last, "until", b->until, "text",
		    b->text);
		return;
	}
	if (b->until > v->now)
		view_say(v, "Rested until %s: %s bounced %lld times",
		    view_day(day_of(b->until)), view_clean(b->address, 0),
		    (long long)b->count);
}

int
view_sent(const struct view *v)
{
	struct list list;

	memset(&list, 0, sizeof(list));
	list.view = v;
	if (v->form == FORM_TEXT)
		fprintf(v->out, "Reports to others, %s%s%s\n%5s %-5s %-18s "
		    "%-25s %s %s\n", view_period(v), v->hosts == NULL ? "" :
		    ", ", v->hosts == NULL ? "" : v->whose, "id", "day",
		    "domain", v->hosts == NULL ? "to" : "sent by", "tries",
		    "state");
	if (told_reports(v->store, v->first, v->last, report, &list) == -1 ||
	    told_bounces(v->store, bounce, &list) == -1)
		return 1;
	if (v->form != FORM_TEXT)
		return 0;
	if (list.more > 0)
		fprintf(v->out, "+ %lld more (-n 0 for all)\n",
		    (long long)list.more);
	fprintf(v->out, "sent %lld, pending %lld, given up %lld, not to be "
	    "sent %lld\n", (long long)list.sent, (long long)list.pending,
	    (long long)list.given_up, (long long)list.without);
	/* The table has no room for both. */
	if (*view_local(v, v->now) != '\0')
		fprintf(v->out, "Times are UTC; now it is %s%s.\n",
		    view_clock(v->now), view_local(v, v->now));
	view_unknown(v, "whether anyone reads them.  Mail counts as sent "
	    "once sendmail took it.");
	if (v->hosts == NULL)
		return 0;
	view_unknown(v, "where they went, and what was answered: the host "
	    "that sends one knows.");
	view_unknown_hosts(v);
	return 0;
}

int
view_sent_one(const struct view *v, const char *arg)
{
	struct store_report row;
	struct report *report = NULL;
	const char *error;
	unsigned char *body = NULL;
	char *text = NULL;
	int64_t id;
	size_t len;
	int rc;

	id = strtonum(arg, 1, INT64_MAX, &error);
	if (error != NULL) {
		warnx("%s: not the number of a report: %s", arg, error);
		return 1;
	}
	if ((rc = store_report_get(v->store, id, &row)) != 1) {
		if (rc == 0)
			warnx("no report has the number %s", arg);
		return 1;
	}
	if ((rc = store_report_body(v->store, id, &body, &len)) == 1 &&
	    (report = report_load(row.domain, row.day, row.report_id, body,
	    len)) != NULL && (text = report_text(report, 1)) != NULL)
		fprintf(v->out, "%s\n", text);
	else if (rc == 0)
		warnx("report %s was not built yet: sgectl report -d %s %s "
		    "shows what it would say", arg, view_day(row.day),
		    row.domain);
	rc = text == NULL;
	free(text);
	report_free(report);
	free(body);
	return rc;
}
