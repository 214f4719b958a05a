/* SPDX-License-Identifier: ISC */

/*
 * show metrics: what an alarm hangs on: whether sged runs, how many problems
 * the digest has, how long our certificates hold, policies that can't be had,
 * how far the spool is behind.
 */

#include <string.h>

#include "base/log.h"
#include "ctl/sged_ask.h"
#include "lib/date.h"
#include "store/query_policy.h"
#include "view/digest.h"
#include "view/metrics.h"
#include "view/spool_lag.h"

#define ASK_SECONDS 2

static void
up(const struct view *v)
{
	struct metric m;
	json_t *answer;

	answer = talk(v->conf->socket, json_pack("{s:b}", "status", 1),
	    ASK_SECONDS);
	metric_family(&m, v, "sge_up", "Whether sged answers.");
	metric_sample(&m, answer != NULL);
	json_decref(answer);
}

static void
problems(const struct view *v)
{
	struct digest digest;
	struct metric m;

	digest_find(v, 0, &digest);
	metric_family(&m, v, "sge_problems", "What the digest of the day has "
	    "to fix and to watch.");
	metric_value(&m, "state", "fix", (int64_t)digest.nfix);
	metric_value(&m, "state", "watch", (int64_t)digest.nwatch);
	digest_free(&digest);
}

/* A host's first address that told its certificate's end. */
struct ends {
	struct metric	*metric;
	char		 host[256];
};

static void
probe(const struct heard_probe *p, void *arg)
{
	struct ends *e = arg;
	int64_t now = e->metric->view->now;

	if (p->notafter == 0 || strcmp(e->host, p->host) == 0)
		return;
	(void)strlcpy(e->host, p->host, sizeof(e->host));
	metric_value(e->metric, "host", p->host,
	    (p->notafter - now) / DAY_SECONDS);
}

static int
certificates(const struct view *v)
{
	struct metric m;
	struct ends e = { &m, "" };
	const char *domain;
	size_t pos = 0;

	metric_family(&m, v, "sge_certificate_days", "Days left of the "
	    "certificates of our MX hosts, as sged last saw them.");
	while ((domain = domset_next(v->conf->local, &pos)) != NULL)
		if (*domain != '.' && heard_probes(v->store, domain, probe,
		    &e) == -1)
			return -1;
	return 0;
}

static void
stale(const char *domain __unused, const struct heard_sts *sts __unused,
    void *arg __unused)
{
}

int
metrics_host(const struct view *v)
{
	struct metric m;
	struct lag lag;
	int64_t n;

	up(v);
	problems(v);
	if (certificates(v) == -1 ||
	    (n = heard_stale(v->store, v->now, 1, stale, NULL)) == -1)
		return -1;
	metric_family(&m, v, "sge_policy_failures", "Policies of others that "
	    "hold, and could not be fetched again.");
	metric_sample(&m, n);
	lag_measure(v, &lag);
	metric_family(&m, v, "sge_spool_bytes", "Bytes of session records "
	    "that sged has not read yet.");
	if (lag.readable)
		metric_sample(&m, lag.bytes);
	return 0;
}
