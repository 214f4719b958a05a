/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/date.h"
#include "count/ingest.h"
#include "base/log.h"

/* Tallies answer for a year and a month. */
#define KEEP_TALLIES 400
/* smtpd gives up mail after four days. */
#define KEEP_WAITING 7
#define TRIM_FIRST_MS (60 * 1000)
#define TRIM_EVERY_MS (3600 * 1000)
#define TRIM_STEP_MS 50
/* Rows of one step: what a commit does in a few milliseconds. */
#define TRIM_ROWS 500

enum trim_before {
	BEFORE_TALLIES,		/* days */
	BEFORE_REPORTS,		/* days */
	BEFORE_LEARNED,		/* epoch seconds */
	BEFORE_WAITING		/* epoch seconds */
};

/* ?1: before when; ?2: how many rows. */
static const struct {
	enum trim_before before;
	const char	*sql;
} trims[] = {
	{ BEFORE_TALLIES, "DELETE FROM flow WHERE (day, hour, dir, class) IN"
	    " (SELECT day, hour, dir, class FROM flow WHERE day < ?1"
	    " LIMIT ?2)" },
	{ BEFORE_TALLIES, "DELETE FROM correspondent WHERE (day, dir, domain)"
	    " IN (SELECT day, dir, domain FROM correspondent WHERE day < ?1"
	    " LIMIT ?2)" },
	{ BEFORE_TALLIES, "DELETE FROM incident WHERE (day, dir, domain, why,"
	    " addr) IN (SELECT day, dir, domain, why, addr FROM incident"
	    " WHERE day < ?1 LIMIT ?2)" },
	{ BEFORE_TALLIES, "DELETE FROM tally WHERE (day, domain, policy) IN"
	    " (SELECT day, domain, policy FROM tally WHERE day < ?1"
	    " LIMIT ?2)" },
	{ BEFORE_TALLIES, "DELETE FROM detail WHERE (day, domain, policy,"
	    " type, sip, rip, mx, helo, reason, info, pending) IN"
	    " (SELECT day, domain, policy, type, sip, rip, mx, helo, reason,"
	    " info, pending FROM detail WHERE day < ?1 LIMIT ?2)" },
	{ BEFORE_TALLIES, "DELETE FROM source WHERE (day, addr) IN"
	    " (SELECT day, addr FROM source WHERE day < ?1 LIMIT ?2)" },
	{ BEFORE_TALLIES, "DELETE FROM unknown WHERE (day, addr, type) IN"
	    " (SELECT day, addr, type FROM unknown WHERE day < ?1"
	    " LIMIT ?2)" },
	{ BEFORE_REPORTS, "DELETE FROM bounced WHERE report_id IN"
	    " (SELECT report_id FROM report WHERE day < ?1 LIMIT ?2)" },
	{ BEFORE_REPORTS, "DELETE FROM report WHERE id IN (SELECT id"
	    " FROM report WHERE day < ?1 AND state NOT IN ('due', 'sending')"
	    " LIMIT ?2)" },
	{ BEFORE_REPORTS, "DELETE FROM received WHERE id IN (SELECT id"
	    " FROM received WHERE day < ?1 LIMIT ?2)" },
	/* Report-IDs begin with their day. */
	{ BEFORE_REPORTS, "DELETE FROM bounced WHERE (report_id, address) IN"
	    " (SELECT report_id, address FROM bounced WHERE report_id <"
	    " strftime('%Y%m%d', ?1 * 86400, 'unixepoch') LIMIT ?2)" },
	{ BEFORE_LEARNED, "DELETE FROM mx WHERE (domain, host) IN (SELECT"
	    " domain, host FROM mx WHERE seen < ?1 LIMIT ?2)" },
	{ BEFORE_LEARNED, "DELETE FROM mxaddr WHERE (addr, domain, host) IN"
	    " (SELECT addr, domain, host FROM mxaddr WHERE seen < ?1"
	    " LIMIT ?2)" },
	{ BEFORE_LEARNED, "DELETE FROM probe WHERE (host, addr) IN (SELECT"
	    " host, addr FROM probe WHERE probed < ?1 LIMIT ?2)" },
	{ BEFORE_LEARNED, "DELETE FROM sts WHERE domain IN (SELECT domain"
	    " FROM sts WHERE max(coalesce(checked, 0), coalesce(expires, 0))"
	    " < ?1 LIMIT ?2)" },
	{ BEFORE_LEARNED, "DELETE FROM sts_history WHERE (domain, since) IN"
	    " (SELECT domain, since FROM sts_history WHERE until > 0 AND"
	    " until < ?1 LIMIT ?2)" },
	/* Tallies are not kept for longer than what says when it held. */
	{ BEFORE_LEARNED, "DELETE FROM policy WHERE id IN (SELECT p.id"
	    " FROM policy p LEFT JOIN sts s ON s.domain = p.domain AND"
	    " s.policy = p.id LEFT JOIN sts_history h ON"
	    " h.domain = p.domain AND h.policy = p.id"
	    " WHERE p.type = 'sts' AND s.domain IS NULL AND"
	    " h.domain IS NULL AND ?1 > 0 LIMIT ?2)" },
	{ BEFORE_LEARNED, "DELETE FROM route WHERE domain IN (SELECT domain"
	    " FROM route WHERE max(coalesce(until, 0), coalesce(learned, 0),"
	    " coalesce(used, 0)) < ?1 LIMIT ?2)" },
	{ BEFORE_WAITING, "DELETE FROM waiting WHERE domain IN (SELECT domain"
	    " FROM waiting WHERE last < ?1 LIMIT ?2)" },
};

static void	trim_tick(void *);

static int64_t
before_of(const struct ingest *in, enum trim_before before)
{
	int64_t now = time(NULL), today = day_of(now);

	switch (before) {
	case BEFORE_TALLIES:
		return today - KEEP_TALLIES;
	case BEFORE_REPORTS:
		/* Today and the day itself are not among those kept. */
		return today - in->engine->conf->keep_reports - 1;
	case BEFORE_LEARNED:
		return now - KEEP_TALLIES * (int64_t)DAY_SECONDS;
	case BEFORE_WAITING:
		break;
	}
	return now - KEEP_WAITING * DAY_SECONDS;
}

static void
trim_segments(struct ingest *in)
{
	struct segment *seg;
	int64_t now = time(NULL);
	int64_t before = now - in->engine->conf->keep_sessions *
	    (int64_t)DAY_SECONDS;

	if (in->dirfd == -1)
		return;
	TAILQ_FOREACH(seg, &in->segments, entry) {
		/* What this version could not read, another may. */
		if (!seg->done || seg->mtime >= before ||
		    seg->saved.newer > 0 || segment_more(seg))
			continue;
		if (unlinkat(in->dirfd, seg->name, 0) == -1 && errno != ENOENT)
			log_warn("%s/%s", in->path, log_clean(seg->name));
		else
			in->listed = 0;
	}
	/* Rows stay for long: a segment that comes back is not counted. */
	(void)store_segment_trim(in->engine->store, now -
	    KEEP_TALLIES * (int64_t)DAY_SECONDS);
}

static void
trim_tick(void *arg)
{
	struct ingest *in = arg;
	int rows;

	in->trim_timer = NULL;
	if (in->trim_step == 0)
		trim_segments(in);
	rows = store_update(in->engine->store, trims[in->trim_step].sql, "ii",
	    before_of(in, trims[in->trim_step].before), (int64_t)TRIM_ROWS);
	if (rows < TRIM_ROWS)
		in->trim_step++;
	if (in->trim_step == nitems(trims)) {
		in->trim_step = 0;
		in->trim_timer = loop_timer_add(in->engine->loop,
		    TRIM_EVERY_MS, trim_tick, in);
		return;
	}
	in->trim_timer = loop_timer_add(in->engine->loop, TRIM_STEP_MS,
	    trim_tick, in);
}

void
trim_start(struct ingest *in)
{
	in->trim_timer = loop_timer_add(in->engine->loop, TRIM_FIRST_MS,
	    trim_tick, in);
}

void
trim_now(struct ingest *in)
{
	loop_timer_remove(in->engine->loop, in->trim_timer);
	in->trim_step = 0;
	in->trim_timer = loop_timer_add(in->engine->loop, 0, trim_tick, in);
}

void
trim_stop(struct ingest *in)
{
	loop_timer_remove(in->engine->loop, in->trim_timer);
}
