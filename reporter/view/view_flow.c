/* SPDX-License-Identifier: ISC */

/*
 * show flow: connections by class, direction and TLS version, and what was
 * refused (the TLS guide's section 5).
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/date.h"
#include "lib/xalloc.h"
#include "store/query_flow.h"
#include "view/view.h"

#define CLASS_WIDTH 16
/* With two columns of time before it, within 80. */
#define CLASS_WIDTH_HOURS 12

struct row {
	int64_t		 step;
	int		 dir;
	char		 class[64];
	struct seen_counts counts;
};

struct rows {
	struct row	*row;
	size_t		 n;
	const struct view *view;
};

static void
collect(const struct seen_flow *flow, void *arg)
{
	struct rows *rows = arg;
	struct row *row;

	if (strcmp(flow->class, "*") != 0 && rows->view->class != NULL &&
	    strcmp(flow->class, rows->view->class) != 0)
		return;
	rows->row = xreallocarray(rows->row, rows->n + 1, sizeof(*row));
	row = &rows->row[rows->n++];
	row->step = flow->step;
	row->dir = flow->dir;
	(void)strlcpy(row->class, flow->class, sizeof(row->class));
	row->counts = flow->counts;
}

/* As in sge.conf, then classes it no longer has, public, all. */
static int
class_rank(const struct conf *conf, const char *class)
{
	int n;

	if (strcmp(class, "*") == 0)
		return CLASS_MAX + 3;
	if ((n = conf_class_by_name(conf, class)) == -1)
		return CLASS_MAX + 1;
	return n == CLASS_PUBLIC ? CLASS_MAX + 2 : n;
}

/* Insertion sort: some dozens of rows, and qsort has no argument. */
static void
sort(struct rows *rows)
{
	const struct conf *conf = rows->view->conf;
	struct row row, *r = rows->row;
	size_t i, j;
	int a, b;

	for (i = 1; i < rows->n; i++) {
		row = r[i];
		a = class_rank(conf, row.class);
		for (j = i; j > 0; j--) {
			b = class_rank(conf, r[j - 1].class);
			if (r[j - 1].step != row.step) {
				if (r[j - 1].step < row.step)
					break;
			} else if (b != a) {
				if (b < a)
					break;
			} else if (strcmp(r[j - 1].class, row.class) != 0) {
				if (strcmp(r[j - 1].class, row.class) < 0)
					break;
			} else if (r[j - 1].dir >= row.dir)
				break;
			r[j] = r[j - 1];
		}
		r[j] = row;
	}
}

static void
print_counts(FILE *out, const struct seen_counts *c)
{
	fprintf(out, " %9lld %8lld %8lld %6lld %6lld %8lld\n",
	    (long long)seen_sum(c), (long long)c->tls13, (long long)c->tls12,
	    (long long)c->older, (long long)c->clear, (long long)c->refused);
}

/*
 * What stands before each row of -h: the UTC hour, and the local time where
 * that is another, whose zone the heading names; hour -1: the heading, -2:
 * the last row.
 */
static void
print_hour(const struct view *v, int64_t hour)
{
	time_t t = (time_t)(v->last * DAY_SECONDS + (hour > 0 ? hour : 0) *
	    HOUR_SECONDS);
	char local[16] = "";
	struct tm tm;

	if (localtime_r(&t, &tm) != NULL && tm.tm_gmtoff != 0 &&
	    strftime(local, sizeof(local), hour == -1 ? "%Z" : "%H:%M",
	    &tm) == 0)
		local[0] = '\0';
	if (hour < 0)
		fprintf(v->out, "%-5s", hour == -1 ? "hour" : "");
	else
		fprintf(v->out, "%02lldZ  ", (long long)hour);
	if (local[0] != '\0')
		fprintf(v->out, "%-7s", hour == -2 ? "" : local);
}

static void
print_text(const struct rows *rows)
{
	const struct view *v = rows->view;
	int width = v->hours ? CLASS_WIDTH_HOURS : CLASS_WIDTH;
	struct seen_counts all;
	const struct row *row;
	size_t i;

	memset(&all, 0, sizeof(all));
	if (v->hours)
		print_hour(v, -1);
	fprintf(v->out, "%-*s dir %9s %8s %8s %6s %6s %8s\n", width, "class",
	    "sessions", "TLSv1.3", "TLSv1.2", "older", "clear", "refused");
	for (i = 0; i < rows->n; i++) {
		row = &rows->row[i];
		if (strcmp(row->class, "*") == 0) {
			seen_add(&all, &row->counts);
			continue;
		}
		if (v->hours)
			print_hour(v, row->step);
		fprintf(v->out, "%-*s %-3s", width, view_clean(row->class,
		    width), seen_dir(row->dir));
		print_counts(v->out, &row->counts);
	}
	if (v->hours)
		print_hour(v, -2);
	fprintf(v->out, "%-*s %-3s", width, v->class == NULL ? "total" :
	    "all classes", "");
	print_counts(v->out, &all);
}

static void
print_rows(const struct rows *rows)
{
	const struct view *v = rows->view;
	const struct seen_counts *c;
	const struct row *row;
	size_t i;

	for (i = 0; i < rows->n; i++) {
		row = &rows->row[i];
		c = &row->counts;
		if (v->class != NULL && strcmp(row->class, "*") == 0)
			continue;
		view_row(v, "flow", v->hours ? "dttiiiiiiii" : "dttiiiiiii",
		    "day", v->last, "class", row->class, "dir",
		    seen_dir(row->dir), "sessions", seen_sum(c),
		    "tls13", c->tls13, "tls12", c->tls12, "older", c->older,
		    "clear", c->clear, "refused", c->refused,
		    "days", v->last - v->first + 1, "hour", row->step);
	}
}

/* What the framework forbids, in so many words. */
static void
print_notes(const struct rows *rows)
{
	const struct view *v = rows->view;
	struct seen_counts sum, all;
	const struct row *row;
	int64_t older = 0, unknown;
	size_t i;

	memset(&sum, 0, sizeof(sum));
	memset(&all, 0, sizeof(all));
	for (i = 0; i < rows->n; i++) {
		row = &rows->row[i];
		if (strcmp(row->class, "*") == 0) {
			seen_add(&all, &row->counts);
			continue;
		}
		seen_add(&sum, &row->counts);
		older += row->counts.older;
		if (!v->hours && row->counts.clear > 0 &&
		    conf_class_by_name(v->conf, row->class) != CLASS_PUBLIC)
			view_say(v, "%s %s, clear: %lld %s"
			    " (see show cleartext -c %s)",
			    view_clean(row->class, 0), seen_dir(row->dir),
			    (long long)row->counts.clear,
			    view_plural(row->counts.clear, "session",
			    "sessions"), view_clean(row->class, 0));
	}
	if (older > 0)
		fprintf(v->out, "older: TLSv1.1 and before, which the "
		    "framework forbids between government.\n");
	if (v->class == NULL && seen_sum(&sum) != seen_sum(&all))
		fprintf(v->out, "total: each session once; one with mail of "
		    "two classes is in both rows,\n  one without mail in "
		    "none.\n");
	if (v->verbose)
		fprintf(v->out, "left out: %lld submissions of this host "
		    "itself.\n", (long long)seen_local(v->store, v->first,
		    v->last));
	unknown = seen_unknown(v->store, v->first, v->last);
	if (unknown > 0)
		view_unknown(v, "the domain of %lld failed outbound %s "
		    "(smtpd names none).", (long long)unknown,
		    view_plural(unknown, "session", "sessions"));
	if (unknown == 0 || v->missing != NULL)
		view_unknown_hosts(v);
}

/* On a host's first day, what it is asked for without -d is over. */
static void
print_none(const struct view *v)
{
	int64_t today = day_of(v->now);
	struct seen_counts in, out;

	fprintf(v->out, "No sessions are on record.\n");
	if (v->last < today &&
	    seen_total(v->store, today, today, 0, &in) != -1 &&
	    seen_total(v->store, today, today, 1, &out) != -1 &&
	    seen_sum(&in) + seen_sum(&out) > 0)
		fprintf(v->out, "There are some of today: -d today\n");
}

int
view_flow(const struct view *v)
{
	struct rows rows;
	int rc;

	if (v->domain != NULL)
		return view_correspondent(v);
	memset(&rows, 0, sizeof(rows));
	rows.view = v;
	rc = seen_flows(v->store, v->first, v->last,
	    v->hours ? SEEN_BY_HOUR : SEEN_WHOLE, collect, &rows);
	if (rc == 0) {
		sort(&rows);
		if (v->form != FORM_TEXT)
			print_rows(&rows);
		else {
			fprintf(v->out, "Flows %s, %s\n", view_period(v),
			    v->whose);
			if (rows.n == 0)
				print_none(v);
			else {
				print_text(&rows);
				print_notes(&rows);
			}
		}
	}
	free(rows.row);
	return rc == 0 ? 0 : 1;
}
