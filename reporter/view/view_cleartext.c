/* SPDX-License-Identifier: ISC */

/*
 * show cleartext: who gets postcards (the TLS guide's section 4.4).
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/domain.h"
#include "base/log.h"
#include "lib/date.h"
#include "store/query_flow.h"
#include "view/view.h"

struct list {
	const struct view *view;
	int64_t		 rows;
	int64_t		 more;		/* not shown: rows, sessions */
	int64_t		 more_sessions;
	int64_t		 recent;	/* seen on the last day */
	int64_t		 sessions[2];	/* of all rows: in, out */
	/* Reasons that were shown, for the legend. */
	const char	*why[8];
	size_t		 nwhy;
};

static int
is_wanted(const struct view *v, const struct seen_incident *row)
{
	if (v->domain != NULL && strcasecmp(v->domain, row->domain) != 0)
		return 0;
	return v->class == NULL || strcmp(v->class, conf_class_name(v->conf,
	    conf_class(v->conf, row->domain))) == 0;
}

static void
remember_why(struct list *list, const char *why)
{
	const char *text = seen_why(why);
	size_t i;

	for (i = 0; i < list->nwhy; i++)
		if (strcmp(list->why[i], text) == 0)
			return;
	/* Only those of the table: their text is static. */
	if (list->nwhy < nitems(list->why) && text != why)
		list->why[list->nwhy++] = text;
}

static void
print_row(const struct list *list, const struct seen_incident *row)
{
	const struct view *v = list->view;

	view_name(v, 24, seen_name(row->domain));
	fprintf(v->out, " %-3s %-10s %6lld %4lld %s %.5s %s\n",
	    seen_dir(row->dir), view_clean(conf_class_name(v->conf,
	    conf_class(v->conf, row->domain)), 10), (long long)row->sessions,
	    (long long)row->days, view_day(day_of(row->first)),
	    view_day(day_of(row->last)) + 5, seen_why(row->why));
}

static void
each(const struct seen_incident *row, void *arg)
{
	struct list *list = arg;
	const struct view *v = list->view;

	if (!is_wanted(v, row))
		return;
	list->rows++;
	list->sessions[row->dir == 1] += row->sessions;
	if (v->top != 0 && list->rows > v->top) {
		list->more++;
		list->more_sessions += row->sessions;
		return;
	}
	if (v->form != FORM_TEXT) {
		view_row(v, "clear", "tttiieeti", "domain", row->domain,
		    "dir", seen_dir(row->dir), "class",
		    conf_class_name(v->conf, conf_class(v->conf,
		    row->domain)), "sessions", row->sessions, "days",
		    row->days, "first", row->first, "last", row->last,
		    "why", row->why, "addresses", row->addrs);
		return;
	}
	if (list->rows == 1)
		fprintf(v->out, "%-24s dir %-10s %6s %4s %-10s %-5s why\n",
		    "domain", "class", "count", "days", "since", "last");
	remember_why(list, row->why);
	print_row(list, row);
}

static void
print_shares(const struct list *list)
{
	const struct view *v = list->view;
	struct seen_counts in, out;

	if (seen_total(v->store, v->first, v->last, 0, &in) == -1 ||
	    seen_total(v->store, v->first, v->last, 1, &out) == -1)
		return;
	fprintf(v->out, "In: %lld of %lld sessions (%s).  Out: %lld of %lld "
	    "(%s).\n", (long long)in.clear, (long long)seen_sum(&in),
	    view_share(in.clear, seen_sum(&in)), (long long)out.clear,
	    (long long)seen_sum(&out), view_share(out.clear, seen_sum(&out)));
	if (v->domain == NULL && v->class == NULL &&
	    (list->sessions[0] != in.clear || list->sessions[1] != out.clear))
		view_say(v, "The rows have %lld in and %lld out: a session "
		    "counts for each of its domains, and for none where it "
		    "named none.", (long long)list->sessions[0],
		    (long long)list->sessions[1]);
}

static void
print_addresses(const struct seen_incident *row, void *arg)
{
	const struct list *list = arg;
	const struct view *v = list->view;

	if (v->form == FORM_TEXT)
		view_say(v, "  %-3s %-12s %6lld  %s [%s]",
		    seen_dir(row->dir), seen_why(row->why),
		    (long long)row->sessions, *row->host == '\0' ? "-" :
		    view_clean(row->host, 40), *row->addr == '\0' ? "-" :
		    view_clean(row->addr, 46));
}

static void
print_end(const struct list *list)
{
	static const char *const whys[] = { "not-offered", "refused",
	    "handshake", "not-asked", "legacy" };
	const struct view *v = list->view;
	size_t i, j;
	char first[32];

	if (list->more > 0)
		fprintf(v->out, "+ %lld more, %lld sessions (-n 0 for all)\n",
		    (long long)list->more, (long long)list->more_sessions);
	print_shares(list);
	for (i = 0; i < nitems(whys); i++)
		for (j = 0; j < list->nwhy; j++)
			if (strcmp(list->why[j], seen_why(whys[i])) == 0) {
				(void)snprintf(first, sizeof(first), "%s: ",
				    list->why[j]);
				view_wrap(v->out, first, "  ",
				    seen_why_sentence(whys[i]));
			}
	if (v->hosts == NULL)
		view_unknown(v, "whether mail was read on its way, and what "
		    "hosts of yours other than %s sent.", v->whose);
	else {
		view_unknown(v, "whether mail was read on its way.");
		view_unknown_hosts(v);
	}
}

int
view_cleartext(const struct view *v)
{
	struct list list;

	if (v->letter != NULL)
		return view_letter(v);
	memset(&list, 0, sizeof(list));
	list.view = v;
	if (v->form == FORM_TEXT)
		view_say(v, "Cleartext correspondents, %s, %s",
		    view_period(v), v->whose);
	if (seen_clear(v->store, v->first, v->last, 0, each, &list) == -1)
		return 1;
	if (v->form != FORM_TEXT)
		return 0;
	if (list.rows == 0)
		fprintf(v->out, "None is on record.\n");
	else if (v->verbose && v->domain != NULL &&
	    seen_incidents(v->store, v->first, v->last, v->domain,
	    print_addresses, &list) == -1)
		return 1;
	print_end(&list);
	return 0;
}
