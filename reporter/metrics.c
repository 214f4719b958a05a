/* SPDX-License-Identifier: ISC */

/*
 * show metrics: an OpenMetrics text for node_exporter's textfile collector.
 * Counts are gauges of one UTC day: what is stored grows and is then whole.
 */

#include <stdio.h>
#include <string.h>

#include "heard.h"
#include "log.h"
#include "seen.h"
#include "told.h"
#include "view.h"

/* A label's value: backslash, quote and newline escaped. */
static void
label(FILE *out, const char *text)
{
	text = view_clean(text, 200);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
}

static void
family(FILE *out, const char *name, const char *help)
{
	fprintf(out, "# TYPE %s gauge\n# HELP %s %s\n", name, name, help);
}

static void
flow_sample(FILE *out, const struct seen_flow *row, const char *tls,
    int64_t n)
{
	fprintf(out, "sge_sessions{class=\"");
	label(out, row->class);
	fprintf(out, "\",direction=\"%s\",tls=\"%s\"} %lld\n",
	    seen_dir(row->dir), tls, (long long)n);
}

static void
flow(const struct seen_flow *row, void *arg)
{
	FILE *out = arg;

	/* "*" is the sum without doubles: a family of its own. */
	if (strcmp(row->class, "*") == 0)
		return;
	flow_sample(out, row, "1.3", row->counts.tls13);
	flow_sample(out, row, "1.2", row->counts.tls12);
	flow_sample(out, row, "older", row->counts.older);
	flow_sample(out, row, "none", row->counts.clear);
	flow_sample(out, row, "refused", row->counts.refused);
}

static int
totals(const struct view *v)
{
	struct seen_counts c;
	int dir;

	family(v->out, "sge_sessions_all", "Sessions of the day, each once.");
	for (dir = 0; dir < 2; dir++) {
		if (seen_total(v->store, v->first, v->last, dir, &c) == -1)
			return -1;
		fprintf(v->out, "sge_sessions_all{direction=\"%s\"} %lld\n",
		    seen_dir(dir), (long long)seen_sum(&c));
	}
	family(v->out, "sge_sessions_clear", "Sessions of the day without "
	    "TLS, each once.");
	for (dir = 0; dir < 2; dir++) {
		if (seen_total(v->store, v->first, v->last, dir, &c) == -1)
			return -1;
		fprintf(v->out, "sge_sessions_clear{direction=\"%s\"} %lld\n",
		    seen_dir(dir), (long long)c.clear);
	}
	return 0;
}

static void
state(const char *name, int64_t n, int64_t next __unused, void *arg)
{
	FILE *out = arg;

	fprintf(out, "sge_reports{state=\"");
	label(out, name);
	fprintf(out, "\"} %lld\n", (long long)n);
}

struct sums {
	int64_t		 reports;
	int64_t		 sessions;
	int64_t		 failed;
	int64_t		 ok;
};

static void
heard(const struct heard_day *row, void *arg)
{
	struct sums *sums = arg;

	sums->reports += row->reports;
	sums->sessions += row->sessions;
	sums->failed += row->failed;
}

static void
tally(const struct told_tally *row, void *arg)
{
	struct sums *sums = arg;

	sums->ok += row->ok;
	sums->failed += row->fail;
}

static int
reports(const struct view *v)
{
	struct sums out, in;

	memset(&out, 0, sizeof(out));
	memset(&in, 0, sizeof(in));
	if (told_tallies(v->store, v->first, v->last, tally, &out) == -1 ||
	    heard_days(v->store, v->first, v->last, heard, &in) == -1)
		return -1;
	family(v->out, "sge_reports", "Our reports of the day by state.");
	if (told_states(v->store, v->first, v->last, state, v->out) == -1)
		return -1;
	family(v->out, "sge_policy_sessions", "Outbound sessions as our "
	    "reports count them.");
	fprintf(v->out, "sge_policy_sessions{result=\"ok\"} %lld\n"
	    "sge_policy_sessions{result=\"failed\"} %lld\n",
	    (long long)out.ok, (long long)out.failed);
	family(v->out, "sge_received_reports", "Reports received about us.");
	fprintf(v->out, "sge_received_reports %lld\n", (long long)in.reports);
	family(v->out, "sge_received_sessions", "Sessions that others "
	    "reported about us, each once.");
	fprintf(v->out, "sge_received_sessions{result=\"ok\"} %lld\n"
	    "sge_received_sessions{result=\"failed\"} %lld\n",
	    (long long)(in.sessions - in.failed), (long long)in.failed);
	return 0;
}

int
view_metrics(const struct view *v)
{
	struct seen_spool spool;

	family(v->out, "sge_day", "The first second of the UTC day that is "
	    "counted.");
	fprintf(v->out, "sge_day %lld\n", (long long)v->last * 86400);
	family(v->out, "sge_sessions", "Sessions of the day by class, "
	    "direction and TLS version.");
	if (seen_flows(v->store, v->first, v->last, SEEN_WHOLE, flow,
	    v->out) == -1 || totals(v) == -1 || reports(v) == -1 ||
	    seen_spool(v->store, &spool) == -1)
		return 1;
	family(v->out, "sge_records", "Session records read since the "
	    "database began.");
	fprintf(v->out, "sge_records{result=\"counted\"} %lld\n"
	    "sge_records{result=\"unreadable\"} %lld\n"
	    "sge_records{result=\"newer\"} %lld\n", (long long)spool.lines,
	    (long long)spool.bad, (long long)spool.newer);
	family(v->out, "sge_unknown_sessions", "Failed outbound sessions "
	    "without a domain.");
	fprintf(v->out, "sge_unknown_sessions %lld\n# EOF\n",
	    (long long)seen_unknown(v->store, v->first, v->last));
	return 0;
}
