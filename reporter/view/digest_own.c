/* SPDX-License-Identifier: ISC */

/*
 * digest: our own state: is anything recorded, do certificates and legacy
 * entries end soon.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "ctl/sged_ask.h"
#include "lib/date.h"
#include "view/digest.h"
#include "store/query_policy.h"
#include "view/spool_lag.h"
#include "base/bounds.h"
#include "base/log.h"
#include "lib/ipc.h"
#include "store/query_flow.h"
#include "store/unread_box.h"

/* What "show status" looks at without being asked to. */
#define FEW_PAGES 4096

#define SOON_DAYS 30
#define VERY_SOON_DAYS 7
#define UNREAD_SECONDS (3 * 3600)

/* What ends on a day is news on a few days before it. */
static enum digest_level
level_of(int64_t left)
{
	return left == SOON_DAYS || left == SOON_DAYS / 2 ||
	    left <= VERY_SOON_DAYS ? DIGEST_WATCH : DIGEST_GOES_ON;
}

static void
legacies(struct digest *digest)
{
	const struct view *v = digest->view;
	const struct conf_legacy *l;
	int64_t left;
	size_t i;

	for (i = 0; i < v->conf->nlegacies; i++) {
		l = &v->conf->legacies[i];
		left = (l->end - v->now) / DAY_SECONDS;
		if (l->end <= v->now)
			digest_add(digest, l->end > v->first * DAY_SECONDS ?
			    DIGEST_WATCH : DIGEST_GOES_ON, NULL,
			    "legacy \"%s\" ended on "
			    "%s: its mail without TLS is refused; take it out "
			    "of sge.conf", l->reason, l->until);
		else if (left <= SOON_DAYS)
			digest_add(digest, level_of(left), NULL,
			    "legacy \"%s\" ends on "
			    "%s, in %lld %s: from then on its mail without "
			    "TLS is refused", l->reason, l->until,
			    (long long)left, view_plural(left, "day",
			    "days"));
	}
}

struct probed {
	struct digest	*digest;
	const char	*domain;
};

static void
certificate(const struct heard_probe *row, void *arg)
{
	struct probed *probed = arg;
	const struct view *v = probed->digest->view;
	char command[512];
	int64_t left = (row->notafter - v->now) / DAY_SECONDS;

	(void)snprintf(command, sizeof(command), "check domain %s",
	    probed->domain);
	if (row->notafter != 0 && row->notafter <= v->now)
		digest_add(probed->digest, 1, command, "the certificate of "
		    "our %s [%s] has expired", view_clean(row->host, 200),
		    view_clean(row->addr, 46));
	else if (row->notafter != 0 && left <= SOON_DAYS)
		digest_add(probed->digest, left <= VERY_SOON_DAYS ?
		    DIGEST_FIX : level_of(left), command,
		    "the certificate of our %s [%s] ends on %s, in %lld %s",
		    view_clean(row->host, 200), view_clean(row->addr, 46),
		    view_day(day_of(row->notafter)), (long long)left,
		    view_plural(left, "day", "days"));
	/* That it is over was said. */
	if (*row->type != '\0' && (row->notafter == 0 ||
	    row->notafter > v->now))
		digest_add(probed->digest, 1, command, "our own probe of %s "
		    "[%s] failed: %s", view_clean(row->host, 200),
		    view_clean(row->addr, 46), view_clean(row->type, 60));
}

static void
certificates(struct digest *digest)
{
	const struct view *v = digest->view;
	struct probed probed = { digest, NULL };
	size_t pos = 0;

	while ((probed.domain = domset_next(v->conf->local, &pos)) != NULL)
		if (probed.domain[0] != '.')
			(void)heard_probes(v->store, probed.domain,
			    certificate, &probed);
}

/* Whether records came since, and none had before: the host's first day. */
static int
is_new(const struct view *v, int64_t before)
{
	struct seen_counts in, out;
	struct lag lag;

	if (before > 0 || v->last >= day_of(v->now))
		return 0;
	if (seen_total(v->store, v->last + 1, day_of(v->now), 0, &in) == -1 ||
	    seen_total(v->store, v->last + 1, day_of(v->now), 1, &out) == -1)
		return 0;
	lag_measure(v, &lag);
	return seen_sum(&in) + seen_sum(&out) > 0 ||
	    (lag.readable && lag.bytes > 0);
}

/* Nothing at all on a day, where the day before had some. */
static void
recording(struct digest *digest)
{
	const struct view *v = digest->view;
	struct seen_counts in, out, in7, out7;
	struct seen_spool spool;

	if (seen_total(v->store, v->first, v->last, 0, &in) == -1 ||
	    seen_total(v->store, v->first, v->last, 1, &out) == -1 ||
	    seen_total(v->store, v->first - 7, v->first - 1, 0, &in7) == -1 ||
	    seen_total(v->store, v->first - 7, v->first - 1, 1, &out7) == -1 ||
	    seen_spool(v->store, &spool) == -1) {
		digest_add(digest, 1, "show status", "the database cannot be "
		    "read");
		return;
	}
	if (seen_sum(&in) + seen_sum(&out) == 0) {
		if (!is_new(v, seen_sum(&in7) + seen_sum(&out7)))
			digest_add(digest, 1, "check config", "no session is "
			    "on record: is filter-sge in smtpd.conf, and sged "
			    "running?");
	}
	else if (seen_sum(&in) == 0 && seen_sum(&in7) > 0)
		digest_add(digest, 1, "check config", "no inbound session is "
		    "on record, though there were in the 7 days before");
	else if (seen_sum(&out) == 0 && seen_sum(&out7) > 0)
		digest_add(digest, 1, "check config", "no outbound session is "
		    "on record, though there were in the 7 days before");
	if (spool.newer > 0)
		digest_add(digest, 1, "show status", "%lld records are of a "
		    "newer version and were not counted: update sged",
		    (long long)spool.newer);
	if (v->conf->mode == MODE_TESTING)
		digest_add(digest, DIGEST_GOES_ON, NULL, "mode testing: "
		    "sge.conf refuses nothing");
}

/* Records that wait for hours: sged is down, or can't read them. */
static void
unread(struct digest *digest)
{
	const struct view *v = digest->view;
	char limit[32], now[32];
	struct lag lag;

	lag_measure(v, &lag);
	if (!lag.readable || lag.bytes == 0)
		return;
	/* "2026-03-05T03:..." to a segment's name, "20260305T03Z". */
	time_print(v->now - UNREAD_SECONDS, now, sizeof(now));
	(void)snprintf(limit, sizeof(limit), "%.4s%.2s%.5sZ", now, now + 5,
	    now + 8);
	if (strcmp(lag.oldest, limit) < 0)
		digest_add(digest, 1, "show status", "%lld bytes of records "
		    "wait since %.12s: is sged running?",
		    (long long)lag.bytes, lag.oldest);
}

/* Mails to the mailbox of reports that held none that could be read. */
static void
mails(struct digest *digest)
{
	const struct view *v = digest->view;
	struct unread box;
	char command[1000];
	int64_t over;

	if (unread_look(v->conf, v->first * DAY_SECONDS, &box) == 0 &&
	    box.count > 0) {
		(void)snprintf(command, sizeof(command), "read %s", box.path);
		digest_add(digest, box.fresh > 0 ? DIGEST_WATCH :
		    DIGEST_GOES_ON, command, "%lld %s to the mailbox of "
		    "reports could not be read as reports, somebody's "
		    "answer perhaps%s: kept in %s, at most %d and "
		    "%d MB, the oldest are removed", (long long)box.count,
		    view_plural(box.count, "mail", "mails"), box.fresh > 0 ?
		    "" : ", none of them new", view_clean(box.path, 400),
		    UNREAD_MAX, UNREAD_SIZE_MAX / (1024 * 1024));
	}
	if ((over = received_over(v->store, v->first)) > 0)
		digest_add(digest, DIGEST_WATCH, "show received -v",
		    "%lld %s above what is kept of one sender and day, or of "
		    "all that prove nothing", (long long)over,
		    view_plural(over, "report was", "reports were"));
}

/*
 * A socket that nobody listens at: sged ended without taking it along.  One at
 * which nobody answers: it hangs.  And what sged could not read of its database.
 */
static void
daemon_says(struct digest *digest)
{
	json_t *answer;

	answer = talk(digest->view->conf->socket,
	    json_pack("{s:b}", "status", 1), 2);
	digest->damaged = answer != NULL && ipc_bool(json_object_get(answer,
	    "status"), "damaged", 0);
	if (answer == NULL && errno == ECONNREFUSED)
		digest_add(digest, DIGEST_FIX, "show status", "sged is not "
		    "running: no record is counted, no policy learned, and no "
		    "report sent");
	else if (answer == NULL && errno == ETIMEDOUT)
		digest_add(digest, DIGEST_FIX, "show status", "sged does not "
		    "answer: restart it; no record is counted, no policy "
		    "learned, and no report sent");
	json_decref(answer);
}

void
digest_unread(struct digest *digest, int every)
{
	struct store *st = digest->view->store;
	char text[256];

	/* To read every page takes half a second for 16384 of them. */
	if (every || store_pages(st) <= FEW_PAGES)
		(void)store_whole(st, text, sizeof(text));
	if (st->damaged || digest->damaged)
		digest_add(digest, DIGEST_FIX, "check config", "the database "
		    "is damaged: what is told here is not all, and sged can "
		    "neither count nor report what is in it");
	else if (st->errors > 0)
		digest_add(digest, DIGEST_FIX, "check config", "not all of "
		    "the database can be read: this is not all there is");
}

/* Of a fleet is told whether all of it is there, nothing of one host. */
static void
fleet(struct digest *digest)
{
	const struct view *v = digest->view;
	struct seen_counts in, out;

	if (v->missing != NULL)
		digest_add(digest, DIGEST_FIX, "show status", "not in these "
		    "numbers: %s", v->missing);
	if (seen_total(v->store, v->first, v->last, 0, &in) == 0 &&
	    seen_total(v->store, v->first, v->last, 1, &out) == 0 &&
	    seen_sum(&in) + seen_sum(&out) == 0)
		digest_add(digest, DIGEST_FIX, "show status", "no session of "
		    "%s is on record", v->whose);
}

void
digest_own(struct digest *digest)
{
	if (digest->view->hosts != NULL) {
		fleet(digest);
		return;
	}
	daemon_says(digest);
	unread(digest);
	recording(digest);
	certificates(digest);
	legacies(digest);
	mails(digest);
}
