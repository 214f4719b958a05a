/* SPDX-License-Identifier: ISC */

/*
 * show metrics: an OpenMetrics text for node_exporter's textfile collector.
 * Counts are gauges of one UTC day: what is stored grows and is then whole.
 */

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "store/query_flow.h"
#include "store/query_policy.h"
#include "store/query_sent.h"
#include "store/unread_box.h"
#include "view/metrics.h"
#include "view/view.h"

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
	metric_value(m, "tls", "1.3", flow->counts.tls13);
	metric_value(m, "tls", "1.2", flow->counts.tls12);
	metric_value(m, "tls", "older", flow->counts.older);
	metric_value(m, "tls", "none", flow->counts.clear);
	metric_value(m, "tls", "refused", flow->counts.refused);
}

static int
sessions(const struct view *v)
{
	struct seen_counts c[2];
	struct metric m;
	int dir;

	metric_family(&m, v, "sge_sessions", "Sessions of the day by class, "
	    "direction and TLS version.");
	if (seen_flows(v->store, v->first, v->last, SEEN_WHOLE, flow,
	    &m) == -1)
		return -1;
	for (dir = 0; dir < 2; dir++)
		if (seen_total(v->store, v->first, v->last, dir, &c[dir]) ==
		    -1)
			return -1;
	metric_family(&m, v, "sge_sessions_all", "Sessions of the day, each "
	    "once.");
	for (dir = 0; dir < 2; dir++)
		metric_value(&m, "direction", seen_dir(dir), seen_sum(&c[dir]));
	metric_family(&m, v, "sge_sessions_clear", "Sessions of the day "
	    "without TLS, each once.");
	for (dir = 0; dir < 2; dir++)
		metric_value(&m, "direction", seen_dir(dir), c[dir].clear);
	return 0;
}

static void
state(const char *name, int64_t n, int64_t next __unused, void *arg)
{
	metric_value(arg, "state", name, n);
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
	int64_t ok, fail;

	if (told_sums(v->store, v->first, v->last, &ok, &fail) == -1)
		return -1;
	metric_family(&m, v, "sge_reports", "Our reports of the day by state.");
	if (told_states(v->store, v->first, v->last, state, &m) == -1)
		return -1;
	metric_family(&m, v, "sge_policy_sessions", "Outbound sessions as our "
	    "reports count them.");
	metric_value(&m, "result", "ok", ok);
	metric_value(&m, "result", "failed", fail);
	return 0;
}

/* Each host has those that came to it. */
static int
received(const struct view *v)
{
	struct metric m;
	struct sums in;

	memset(&in, 0, sizeof(in));
	if (heard_days(v->store, v->first, v->last, heard, &in) == -1)
		return -1;
	metric_family(&m, v, "sge_received_reports", "Reports received about "
	    "us.");
	metric_sample(&m, in.reports);
	metric_family(&m, v, "sge_received_sessions", "Sessions that others "
	    "reported about us, each once.");
	metric_value(&m, "result", "ok", in.sessions - in.failed);
	metric_value(&m, "result", "failed", in.failed);
	return 0;
}

/* What one host has, and no fleet. */
static int
of_host(const struct view *v)
{
	struct seen_spool spool;
	struct metric m;
	struct unread box;

	if (seen_spool(v->store, &spool) == -1)
		return -1;
	metric_family(&m, v, "sge_records", "Session records read since the "
	    "database began.");
	metric_value(&m, "result", "counted", spool.lines);
	metric_value(&m, "result", "unreadable", spool.bad);
	metric_value(&m, "result", "newer", spool.newer);
	metric_family(&m, v, "sge_unread_mails", "Mails to the mailbox of "
	    "reports that could not be read, and are kept.");
	if (unread_look(v->conf, 0, &box) == 0)
		metric_sample(&m, box.count);
	return metrics_host(v);
}

static void
of_fleet(const struct view *v)
{
	struct metric m;

	metric_family(&m, v, "sge_fleet_hosts", "Hosts of the fleet by "
	    "whether all of the day is among these numbers.");
	metric_value(&m, "state", "whole", v->nhosts - v->nmissing);
	metric_value(&m, "state", "missing", v->nmissing);
}

int
view_metrics(const struct view *v)
{
	struct metric m;

	metric_family(&m, v, "sge_day", "The first second of the UTC day that "
	    "is counted.");
	metric_sample(&m, v->last * 86400);
	if (sessions(v) == -1 || reports(v) == -1 ||
	    (v->hosts == NULL && received(v) == -1))
		return 1;
	metric_family(&m, v, "sge_unknown_sessions", "Failed outbound sessions "
	    "without a domain.");
	metric_sample(&m, seen_unknown(v->store, v->first, v->last));
	if (v->hosts != NULL)
		of_fleet(v);
	else if (of_host(v) == -1)
		return 1;
	if (v->form == FORM_TEXT)
		fprintf(v->out, "# EOF\n");
	return 0;
}
