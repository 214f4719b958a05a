/* SPDX-License-Identifier: ISC */

/*
 * The page's sections on reports: sent by us, received about us.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "store/query_policy.h"
#include "view/html.h"
#include "base/log.h"
#include "store/query_sent.h"

enum {
	SENT,
	PENDING,
	GIVEN_UP,
	WITHOUT,
	STATES
};

enum {
	GOOD,
	FAILED,
	RESULTS
};

struct reports {
	const struct html *html;
	struct html_series sent[STATES];
	struct html_series heard[RESULTS];
	int64_t		 received;
	int64_t		 sessions;
	int64_t		 failed;
	int64_t		 made;
};

static int
state_number(const char *state)
{
	if (strcmp(state, "sent") == 0)
		return SENT;
	if (strcmp(state, "due") == 0 || strcmp(state, "sending") == 0 ||
	    strcmp(state, "claimed") == 0)
		return PENDING;
	return strcmp(state, "given-up") == 0 ? GIVEN_UP : WITHOUT;
}

static void
add_sent(int64_t day, const char *state, int64_t n, void *arg)
{
	struct reports *r = arg;
	int column = html_column(r->html, day);

	if (column == -1)
		return;
	r->sent[state_number(state)].value[column] += n;
	r->made += n;
}

static void
add_heard(const struct heard_day *row, void *arg)
{
	struct reports *r = arg;
	int column = html_column(r->html, row->day);

	if (column == -1)
		return;
	r->heard[GOOD].value[column] += row->sessions - row->failed;
	r->heard[FAILED].value[column] += row->failed;
	r->received += row->reports;
	r->sessions += row->sessions;
	r->failed += row->failed;
}

static void
print_heard(const struct reports *r)
{
	const struct html *h = r->html;
	char text[256];

	(void)snprintf(text, sizeof(text), "%lld reports about %lld sessions, "
	    "%lld failed (%s).  A session under two policies counts once.",
	    (long long)r->received, (long long)r->sessions,
	    (long long)r->failed, view_share(r->failed, r->sessions));
	html_section(h, "received", "Reports received about us", text);
	if (r->received > 0)
		html_stack(h, "sessions that others reported over time",
		    r->heard, RESULTS);
	html_section_end(h);
}

int
html_reports(const struct html *h)
{
	static const struct {
		const char	*name;
		const char	*css;
	} states[STATES] = { { "sent", "t13" }, { "pending", "t12" },
	    { "given up", "clear" }, { "no rua or excepted", "refused" } };
	const struct view *v = h->view;
	struct reports r;
	size_t i;
	int rc;

	memset(&r, 0, sizeof(r));
	r.html = h;
	for (i = 0; i < STATES; i++) {
		r.sent[i].name = states[i].name;
		r.sent[i].css = states[i].css;
		r.sent[i].value = xcalloc(h->columns, sizeof(int64_t));
	}
	for (i = 0; i < RESULTS; i++) {
		r.heard[i].name = i == GOOD ? "fine" : "failed";
		r.heard[i].css = i == GOOD ? "t13" : "clear";
		r.heard[i].value = xcalloc(h->columns, sizeof(int64_t));
	}
	rc = told_days(v->store, v->first, v->last, add_sent, &r);
	/* Each host has those that came to it. */
	if (rc == 0 && v->hosts == NULL)
		rc = heard_days(v->store, v->first, v->last, add_heard, &r);
	if (rc == 0) {
		html_section(h, "sent", "Reports sent to others", "By the day "
		    "that they are about.");
		if (r.made > 0)
			html_stack(h, "reports by state over time", r.sent,
			    STATES);
		else
			fprintf(h->out, "<p>None in this period.</p>\n");
		html_section_end(h);
		if (v->hosts == NULL)
			print_heard(&r);
	}
	for (i = 0; i < STATES; i++)
		free(r.sent[i].value);
	for (i = 0; i < RESULTS; i++)
		free(r.heard[i].value);
	return rc;
}
