/* SPDX-License-Identifier: ISC */

/*
 * show status: is it running, how far behind, what is due, what to look at.
 */

#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/log.h"
#include "base/version.h"
#include "ctl/sged_ask.h"
#include "lib/date.h"
#include "lib/ipc.h"
#include "store/query_flow.h"
#include "store/query_policy.h"
#include "store/query_sent.h"
#include "view/digest.h"
#include "view/spool_lag.h"
#include "view/view.h"

/* When something was last written to the database; 0: not known. */
static int64_t
last_written(const struct view *v)
{
	static const char *const suffixes[] = { "", "-wal" };
	struct stat sb;
	int64_t last = 0;
	char path[1024];
	size_t i;

	for (i = 0; i < nitems(suffixes); i++) {
		(void)snprintf(path, sizeof(path), "%s%s", v->conf->database,
		    suffixes[i]);
		if (stat(path, &sb) == 0 && sb.st_mtime > last)
			last = sb.st_mtime;
	}
	return last;
}

/*
 * It may be stopped, or in a call on a disk that hangs, which no restart ends:
 * nothing is tried on such a disk, or this would hang as well.
 */
static void
print_hanging(const struct view *v)
{
	int64_t last = last_written(v);

	fprintf(v->out, "sged     DOES NOT ANSWER, though it runs: views show "
	    "what was stored before;\n         mail goes on as if it were not "
	    "there: restart it\n");
	if (last > 0)
		fprintf(v->out, "         it last wrote to its database at "
		    "%s\n", view_instant(v, last));
	fprintf(v->out, "         where it does not end, the disk hangs of its "
	    "spool or of its database\n");
}

static void
print_daemon(const struct view *v, const json_t *status, int hangs)
{
	const char *version;

	if (hangs) {
		print_hanging(v);
		return;
	}
	if (status == NULL) {
		fprintf(v->out, "sged     NOT RUNNING: views show what was "
		    "stored before it stopped;\n         mail that needs a "
		    "verified host nobody knows yet waits in the queue\n");
		return;
	}
	version = ipc_string(status, "version", "before 1.0.0");
	fprintf(v->out, "sged     %s, running since %s, pid %lld\n",
	    view_clean(version, 30),
	    view_clean(ipc_string(status, "since", "-"), 30),
	    (long long)ipc_int(status, "pid", 0));
	if (strcmp(version, SGE_VERSION) != 0)
		fprintf(v->out, "         ANOTHER VERSION than this sgectl "
		    "(" SGE_VERSION "): restart sged\n");
	fprintf(v->out, "         asking now: %lld DNS, %lld hosts, %lld "
	    "mails; %lld domains learned; %lld clients\n",
	    (long long)ipc_int(status, "dns", 0),
	    (long long)ipc_int(status, "net", 0),
	    (long long)ipc_int(status, "mails", 0),
	    (long long)ipc_int(status, "learned", 0),
	    (long long)ipc_int(status, "clients", 0));
	if (ipc_int(status, "refused", 0) > 0)
		fprintf(v->out, "         %lld domains were not learned, since "
		    "too many were asked for:\n         see the mail log\n",
		    (long long)ipc_int(status, "refused", 0));
	if (ipc_bool(status, "damaged", 0))
		fprintf(v->out, "         THE DATABASE IS DAMAGED: sgectl "
		    "check config\n");
	if (strcmp(ipc_string(status, "spool", ""), "in trouble") == 0)
		fprintf(v->out, "         CANNOT READ THE SPOOL: see the mail "
		    "log\n");
}

static void
print_spool(const struct view *v, const struct lag *lag,
    const struct seen_spool *spool)
{
	fprintf(v->out, "spool    %s: ", v->conf->spool);
	if (!lag->readable)
		fprintf(v->out, "cannot be read by you\n");
	else if (lag->bytes == 0)
		fprintf(v->out, "%lld %s, all read\n",
		    (long long)lag->segments, view_plural(lag->segments,
		    "segment", "segments"));
	else
		fprintf(v->out, "%lld bytes not yet read,\n"
		    "         from %s on\n",
		    (long long)lag->bytes, lag->oldest);
	fprintf(v->out, "         %lld records read, %lld unreadable, %lld of "
	    "a newer version\n", (long long)spool->lines,
	    (long long)spool->bad, (long long)spool->newer);
}

/* What users of this host have flooded SPOOL/attempts with, in a week. */
static void
print_refused(const struct view *v)
{
	int64_t lines = 0, at = 0;

	if (store_meta(v->store, "attempts_refused", &lines) != 1 ||
	    store_meta(v->store, "attempts_refused_at", &at) != 1 ||
	    v->now - at > 7 * (int64_t)DAY_SECONDS)
		return;
	fprintf(v->out, "         attempts: %lld %s too many were not taken "
	    "in,\n         the last at %s: see the mail log\n",
	    (long long)lines, view_plural(lines, "line", "lines"),
	    view_instant(v, at));
}

static void
print_today(const struct view *v, int64_t today,
    const struct seen_counts *in, const struct seen_counts *out)
{
	fprintf(v->out, "today    %s UTC so far\n", view_day(today));
	fprintf(v->out, "         in  %8lld sessions, %lld in clear, %lld "
	    "refused\n", (long long)seen_sum(in), (long long)in->clear,
	    (long long)in->refused);
	fprintf(v->out, "         out %8lld sessions, %lld in clear, %lld "
	    "refused or not sent\n", (long long)seen_sum(out),
	    (long long)out->clear, (long long)out->refused);
}

struct states {
	const struct view *view;
	char		 text[512];
};

static void
add_state(const char *state, int64_t n, int64_t next, void *arg)
{
	struct states *states = arg;
	const struct view *v = states->view;
	char one[160], when[96];

	if (v->form != FORM_TEXT) {
		view_row(v, "reports", "tie", "state", state, "reports", n,
		    "next", strcmp(state, "due") == 0 ? next : (int64_t)0);
		return;
	}
	(void)snprintf(when, sizeof(when), " (next %s %s%s)",
	    view_day(day_of(next)), view_clock(next), view_local(v, next));
	(void)snprintf(one, sizeof(one), "%s%lld %s%s",
	    states->text[0] == '\0' ? "" : ", ", (long long)n,
	    strcmp(state, "no-rua") == 0 ? "without rua" :
	    strcmp(state, "given-up") == 0 ? "given up" :
	    view_clean(state, 20), strcmp(state, "due") == 0 ? when : "");
	(void)strlcat(states->text, one, sizeof(states->text));
}

static void
one_broken(const struct heard_broken *b, void *arg)
{
	const struct states *states = arg;
	const struct view *v = states->view;

	view_say(v, "         _mta-sts.%s: %s since %s",
	    view_clean(b->domain, 100), view_clean(b->status, 20),
	    view_instant(v, b->since));
}

/* What is wrong with the DNS of others, or with ours. */
static void
print_broken(struct states *states)
{
	const struct view *v = states->view;
	int64_t n = heard_broken_count(v->store);

	if (n <= 0)
		return;
	fprintf(v->out, "DNS      %lld %s can't be looked up; mail goes "
	    "without a new policy\n", (long long)n, view_plural(n,
	    "MTA-STS record", "MTA-STS records"));
	(void)heard_broken(v->store, NULL, 3, one_broken, states);
}

static void
print_attention(const struct view *v)
{
	struct digest digest;
	size_t i, shown = 0;

	digest_find(v, 0, &digest);
	if (digest.nfix + digest.nwatch == 0)
		fprintf(v->out, "look at  nothing: all is well (%s UTC)\n",
		    view_day(v->last));
	else
		fprintf(v->out, "look at  %zu to fix, %zu to watch (%s UTC): "
		    "sgectl digest -a\n", digest.nfix, digest.nwatch,
		    view_day(v->last));
	for (i = 0; i < digest.n && shown < 3; i++)
		if (digest.item[i].fix && shown++ < 3)
			view_wrap(v->out, "         - ", "           ",
			    digest.item[i].text);
	digest_free(&digest);
}

static const json_t *
status_of(const json_t *answer, const char *key)
{
	return json_object_get(json_object_get(answer, "status"), key);
}

int
view_status(const struct view *v)
{
	struct seen_counts in, out;
	struct seen_spool spool;
	struct states states = { v, "" };
	struct lag lag;
	int64_t today = day_of(v->now), refused = 0;
	json_t *answer;
	int hangs;

	if (seen_total(v->store, today, today, 0, &in) == -1 ||
	    seen_total(v->store, today, today, 1, &out) == -1 ||
	    seen_spool(v->store, &spool) == -1)
		return 1;
	lag_measure(v, &lag);
	answer = talk(v->conf->socket, json_pack("{s:b}", "status", 1), 2);
	hangs = answer == NULL && errno == ETIMEDOUT;
	if (v->form != FORM_TEXT) {
		(void)store_meta(v->store, "attempts_refused", &refused);
		view_row(v, "status", "iiiiii" "diiiiiiiii", "running",
		    (int64_t)(answer != NULL), "segments", lag.segments,
		    "unread", lag.readable ? lag.bytes : (int64_t)-1,
		    "records", spool.lines, "bad", spool.bad, "newer",
		    spool.newer, "day", today, "in", seen_sum(&in),
		    "in_clear", in.clear, "in_refused", in.refused, "out",
		    seen_sum(&out), "out_clear", out.clear, "out_refused",
		    out.refused, "broken", heard_broken_count(v->store),
		    "hangs", (int64_t)hangs, "attempts_refused", refused);
		(void)told_states(v->store, today - 7, today, add_state,
		    &states);
		view_fleet(v, status_of(answer, "fleet"));
	} else {
		fprintf(v->out, "%s, mode %s\n", v->conf->hostname,
		    v->conf->mode == MODE_TESTING ? "testing" : "enforce");
		print_daemon(v, answer == NULL ? NULL :
		    json_object_get(answer, "status"), hangs);
		print_spool(v, &lag, &spool);
		print_refused(v);
		view_fleet(v, status_of(answer, "fleet"));
		print_broken(&states);
		print_today(v, today, &in, &out);
		(void)told_states(v->store, today - 7, today, add_state,
		    &states);
		(void)strlcat(states.text, states.text[0] == '\0' ?
		    "none in 7 days" : "; in 7 days", sizeof(states.text));
		view_wrap(v->out, "reports  ", "         ", states.text);
		print_attention(v);
		view_unknown(v, "sessions that filter-sge could not write; "
		    "it says so in the mail log.");
	}
	json_decref(answer);
	return 0;
}
