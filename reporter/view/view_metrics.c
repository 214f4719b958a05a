/* SPDX-License-Identifier: ISC */

/*
 * show metrics: an OpenMetrics text for node_exporter's textfile collector.
 * Counts are gauges of one UTC day: what is stored grows and is then whole.
 */

#include <stdio.h>
#include <string.h>

#include "store/query_policy.h"
#include "base/log.h"
#include "store/query_flow.h"
#include "store/query_sent.h"
#include "store/unread_box.h"
#include "ctl/print.h"

#define LABELS_MAX 3

/* Samples of one family, as text or as rows. */
struct metric {
	const struct view *view;
	const char	*name;
	/* The last is the one that value() names; unused ones are NULL. */
	const char	*label[LABELS_MAX];
	const char	*value[LABELS_MAX];
};

static void
escaped(FILE *out, const char *text)
{
	text = view_clean(text, 200);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
}

static void
family(struct metric *m, const struct view *v, const char *name,
    const char *help)
{
	memset(m, 0, sizeof(*m));
	m->view = v;
	m->name = name;
	if (v->form == FORM_TEXT)
		fprintf(v->out, "# TYPE %s gauge\n# HELP %s %s\n", name, name,
		    help);
}

/* A machine form has all labels that there are, each in its place. */
static void
row(const struct metric *m, int64_t n)
{
	static const char *const names[] = { "class", "direction", "tls",
	    "result", "state" };
	const char *values[nitems(names)] = { NULL };
	size_t i, j;

	for (i = 0; i < nitems(names); i++)
		for (j = 0; j < LABELS_MAX; j++)
			if (m->label[j] != NULL &&
			    strcmp(m->label[j], names[i]) == 0)
				values[i] = m->value[j];
	view_row(m->view, "metric", "dttttt" "ti", "day", m->view->last,
	    "name", m->name, names[0], values[0], names[1], values[1],
	    names[2], values[2], names[3], values[3], names[4], values[4],
	    "value", n);
}

static void
sample(const struct metric *m, int64_t n)
{
	FILE *out = m->view->out;
	const char *before = "{";
	size_t i;

	if (m->view->form != FORM_TEXT) {
		row(m, n);
		return;
	}
	fputs(m->name, out);
	for (i = 0; i < LABELS_MAX; i++) {
		if (m->label[i] == NULL)
			continue;
		fprintf(out, "%s%s=\"", before, m->label[i]);
		escaped(out, m->value[i]);
		fputc('"', out);
		before = ",";
	}
	fprintf(out, "%s %lld\n", *before == ',' ? "}" : "", (long long)n);
}

/* With one label: what it is called was said before. */
static void
value(struct metric *m, const char *label, const char *text, int64_t n)
{
	m->label[LABELS_MAX - 1] = label;
	m->value[LABELS_MAX - 1] = text;
	sample(m, n);
}

static void
flow(const struct seen_flow *flow, void *arg)
{
	struct metric *m = arg;

	/* "*" is the sum without doubles: a family of its own. */
	if (strcmp(flow->class, "*") == 0)
		return;
	m->label[0] = "class";
	m->value[0] = flow->class;
	m->label[1] = "direction";
	m->value[1] = seen_dir(flow->dir);
	value(m, "tls", "1.3", flow->counts.tls13);
	value(m, "tls", "1.2", flow->counts.tls12);
	value(m, "tls", "older", flow->counts.older);
	value(m, "tls", "none", flow->counts.clear);
	value(m, "tls", "refused", flow->counts.refused);
}

static int
sessions(const struct view *v)
{
	struct seen_counts c[2];
	struct metric m;
	int dir;

	family(&m, v, "sge_sessions", "Sessions of the day by class, "
	    "direction and TLS version.");
	if (seen_flows(v->store, v->first, v->last, SEEN_WHOLE, flow,
	    &m) == -1)
		return -1;
	for (dir = 0; dir < 2; dir++)
		if (seen_total(v->store, v->first, v->last, dir, &c[dir]) ==
		    -1)
			return -1;
	family(&m, v, "sge_sessions_all", "Sessions of the day, each once.");
	for (dir = 0; dir < 2; dir++)
		value(&m, "direction", seen_dir(dir), seen_sum(&c[dir]));
	family(&m, v, "sge_sessions_clear", "Sessions of the day without "
	    "TLS, each once.");
	for (dir = 0; dir < 2; dir++)
		value(&m, "direction", seen_dir(dir), c[dir].clear);
	return 0;
}

static void
state(const char *name, int64_t n, int64_t next __unused, void *arg)
{
	value(arg, "state", name, n);
}

struct sums {
	int64_t		 reports;
	int64_t		 sessions;
	int64_t		 failed;
};

static void
heard(const struct heard_day *day, void *arg)
{
	struct sums *sums = arg;

	sums->reports += day->reports;
	sums->sessions += day->sessions;
	sums->failed += day->failed;
}

static int
reports(const struct view *v)
{
	struct metric m;
	struct sums in;
	int64_t ok, fail;

	memset(&in, 0, sizeof(in));
	if (told_sums(v->store, v->first, v->last, &ok, &fail) == -1 ||
	    heard_days(v->store, v->first, v->last, heard, &in) == -1)
		return -1;
	family(&m, v, "sge_reports", "Our reports of the day by state.");
	if (told_states(v->store, v->first, v->last, state, &m) == -1)
		return -1;
	family(&m, v, "sge_policy_sessions", "Outbound sessions as our "
	    "reports count them.");
	value(&m, "result", "ok", ok);
	value(&m, "result", "failed", fail);
	family(&m, v, "sge_received_reports", "Reports received about us.");
	sample(&m, in.reports);
	family(&m, v, "sge_received_sessions", "Sessions that others "
	    "reported about us, each once.");
	value(&m, "result", "ok", in.sessions - in.failed);
	value(&m, "result", "failed", in.failed);
	return 0;
}

int
view_metrics(const struct view *v)
{
	struct seen_spool spool;
	struct metric m;
	char dir[900];
	int64_t n;

	family(&m, v, "sge_day", "The first second of the UTC day that is "
	    "counted.");
	sample(&m, v->last * 86400);
	if (sessions(v) == -1 || reports(v) == -1 ||
	    seen_spool(v->store, &spool) == -1)
		return 1;
	family(&m, v, "sge_records", "Session records read since the "
	    "database began.");
	value(&m, "result", "counted", spool.lines);
	value(&m, "result", "unreadable", spool.bad);
	value(&m, "result", "newer", spool.newer);
	family(&m, v, "sge_unknown_sessions", "Failed outbound sessions "
	    "without a domain.");
	sample(&m, seen_unknown(v->store, v->first, v->last));
	family(&m, v, "sge_unread_mails", "Mails to the mailbox of reports "
	    "that could not be read, and are kept.");
	if ((n = unread_count(v->conf, dir, sizeof(dir))) >= 0)
		sample(&m, n);
	if (v->form == FORM_TEXT)
		fprintf(v->out, "# EOF\n");
	return 0;
}
