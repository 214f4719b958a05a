/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/date.h"
#include "lib/xalloc.h"
#include "store/store_received.h"
#include "view/view.h"

/* The periods of the trend, in days. */
#define PERIODS 3
static const int64_t periods[PERIODS] = { 2, 14, 90 };
/* A reporter is silent that has not written for so many days. */
#define SILENT_DAYS 14
#define NAME_WIDTH 16

struct reporter {
	char		*name;
	int64_t		 sessions[PERIODS];
	int64_t		 failed[PERIODS];
	int64_t		 last;
};

struct trend {
	const struct view *view;
	struct reporter	*list;
	size_t		 n;
	size_t		 size;
	struct reporter	 all;
	char		 domain[128];	/* the one all are about */
	int		 many;		/* several domains */
	int64_t		 unproved;	/* reports left out */
};

static int
is_wanted(const struct view *v, const char *name, const char *domain)
{
	if (v->domain != NULL && strcmp(v->domain, name) != 0 &&
	    strcmp(v->domain, domain) != 0)
		return 0;
	if (v->class == NULL || v->conf == NULL)
		return 1;
	return strcmp(conf_class_name(v->conf, conf_class(v->conf, name)),
	    v->class) == 0;
}

/* The reporter of that name; rows come in the order of names. */
static struct reporter *
find(struct trend *t, const char *name)
{
	if (t->n > 0 && strcmp(t->list[t->n - 1].name, name) == 0)
		return &t->list[t->n - 1];
	if (t->n == t->size) {
		t->size = t->size == 0 ? 64 : t->size * 2;
		t->list = xreallocarray(t->list, t->size, sizeof(*t->list));
	}
	memset(&t->list[t->n], 0, sizeof(*t->list));
	t->list[t->n].name = xstrdup(name);
	return &t->list[t->n++];
}

static void
add(struct reporter *r, const struct received_total *total, int64_t age)
{
	int i;

	for (i = 0; i < PERIODS; i++) {
		if (age >= periods[i])
			continue;
		r->sessions[i] += total->sessions;
		r->failed[i] += total->failed;
	}
	if (total->day > r->last)
		r->last = total->day;
}

static void
total(const struct received_total *total, void *arg)
{
	struct trend *t = arg;

	if (!is_wanted(t->view, total->reporter, total->domain) ||
	    !total->ours)
		return;
	if (total->standing == RECEIVED_UNPROVED) {
		t->unproved += total->reports;
		return;
	}
	if (t->domain[0] == '\0')
		strlcpy(t->domain, total->domain, sizeof(t->domain));
	else if (strcmp(t->domain, total->domain) != 0)
		t->many = 1;
	add(find(t, total->reporter), total, t->view->last - total->day);
	add(&t->all, total, t->view->last - total->day);
}

/* Who saw the most sessions comes first. */
static int
by_sessions(const void *a, const void *b)
{
	const struct reporter *ra = a, *rb = b;
	int64_t sa = ra->sessions[PERIODS - 1], sb = rb->sessions[PERIODS - 1];

	return sa != sb ? (sa < sb ? 1 : -1) : strcmp(ra->name, rb->name);
}

static void
machine_row(const struct view *v, const struct reporter *r)
{
	view_row(v, "reporters", "dtiiiiiid", "day", v->last, "reporter",
	    r->name, "failed2", r->failed[0], "sessions2", r->sessions[0],
	    "failed14", r->failed[1], "sessions14", r->sessions[1],
	    "failed90", r->failed[2], "sessions90", r->sessions[2],
	    "last", r->last);
}

static void
text_row(const struct view *v, const struct reporter *r, const char *name,
    int is_all)
{
	char cell[40], day[16];
	int i;

	view_name(v, NAME_WIDTH, name);
	for (i = 0; i < PERIODS; i++) {
		if (r->sessions[i] == 0) {
			fprintf(v->out, "%16s", "-        ");
			continue;
		}
		snprintf(cell, sizeof(cell), "%s of %6lld",
		    view_share(r->failed[i], r->sessions[i]),
		    (long long)r->sessions[i]);
		fprintf(v->out, " %15s", cell);
	}
	if (!is_all) {
		day_print(r->last, day, sizeof(day));
		fprintf(v->out, "  %s%s", day,
		    v->last - r->last > SILENT_DAYS ? " *" : "");
	}
	fputc('\n', v->out);
}

static void
text(struct trend *t)
{
	const struct view *v = t->view;
	char day[16], about[160];
	size_t i, shown = t->n;
	int64_t silent = 0;

	if (v->top > 0 && (size_t)v->top < shown)
		shown = v->top;
	if (t->many)
		strlcpy(about, "all domains", sizeof(about));
	else
		strlcpy(about, view_clean(t->domain[0] != '\0' ? t->domain :
		    v->domain != NULL ? v->domain : "any domain", 100),
		    sizeof(about));
	day_print(v->last, day, sizeof(day));
	view_say(v, "Failed share of sessions reported for %s to %s UTC",
	    about, day);
	if (t->n == 0) {
		fprintf(v->out, "No report in %lld days.\n",
		    (long long)periods[PERIODS - 1]);
	} else {
		fprintf(v->out, "%-*s%16s%16s%16s  %s\n", NAME_WIDTH,
		    "reporter", "2 days", "14 days", "90 days",
		    "last report");
		for (i = 0; i < t->n; i++) {
			if (v->last - t->list[i].last > SILENT_DAYS &&
			    v->last - t->list[i].last > silent)
				silent = v->last - t->list[i].last;
			if (i < shown)
				text_row(v, &t->list[i], t->list[i].name, 0);
		}
		if (shown < t->n)
			fprintf(v->out, "+ %zu more (-n 0 for all)\n",
			    t->n - shown);
		text_row(v, &t->all, "all", 1);
		if (silent > 0)
			fprintf(v->out, "* silent for more than %d days, the "
			    "longest for %lld.\n", SILENT_DAYS,
			    (long long)silent);
	}
	if (t->unproved > 0)
		view_say(v, "%lld %s that nothing proves to be of %s sender "
		    "%s left out (show received lists them).",
		    (long long)t->unproved, view_plural(t->unproved,
		    "report", "reports"), view_plural(t->unproved, "its",
		    "their"), view_plural(t->unproved, "is", "are"));
	fprintf(v->out, "Many reporters write only when something failed, and "
	    "senders without TLS\nreports never do: silence is no proof that "
	    "all went well.\n");
}

int
view_reporters(const struct view *v)
{
	struct trend t;
	size_t i;
	int rc;

	memset(&t, 0, sizeof(t));
	t.view = v;
	rc = received_totals(v->store, v->last - periods[PERIODS - 1] + 1,
	    v->last, total, &t);
	if (rc == 0) {
		if (t.n > 0)
			qsort(t.list, t.n, sizeof(*t.list), by_sessions);
		if (v->form == FORM_TEXT)
			text(&t);
		else
			for (i = 0; i < t.n && (v->top == 0 ||
			    (int64_t)i < v->top); i++)
				machine_row(v, &t.list[i]);
	}
	for (i = 0; i < t.n; i++)
		free(t.list[i].name);
	free(t.list);
	return rc == 0 ? 0 : 1;
}
