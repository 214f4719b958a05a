/* SPDX-License-Identifier: ISC */

/*
 * digest: the mail of daily(8).  Problems first; nothing when all is well.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/date.h"
#include "store/query_policy.h"
#include "view/digest.h"
#include "view/view.h"

/* A first digest tells what came in so many days, and how much before. */
#define FIRST_DAYS 7
/* One after a long silence tells of so many. */
#define DAYS_MAX 31

/* Which days and reports a digest of what is new tells of. */
static void
since_last_one(struct digest *digest)
{
	struct view *v = &digest->own;
	int64_t day = -1;

	digest->span.told_from = v->last;
	(void)store_meta(v->store, "digest_day", &day);
	if (day == -1 || day > v->last) {
		digest->span.stored_from = digest->earlier =
		    (v->last - FIRST_DAYS + 1) * DAY_SECONDS;
		return;
	}
	if (day == v->last) {
		/* The same again. */
		v->first = v->last;
		(void)store_meta(v->store, "digest_first", &v->first);
		(void)store_meta(v->store, "digest_earlier",
		    &digest->earlier);
		return;
	}
	v->first = day + 1 > v->last - DAYS_MAX + 1 ? day + 1 :
	    v->last - DAYS_MAX + 1;
}

void
digest_find(const struct view *v, int since_last, struct digest *digest)
{
	struct heard_span all = { INT64_MIN, INT64_MAX, INT64_MIN, INT64_MIN,
	    INT64_MAX };

	memset(digest, 0, sizeof(*digest));
	digest->own = *v;
	digest->view = &digest->own;
	digest->span = all;
	digest->newest = heard_newest(v->store);
	digest->earlier = -1;
	digest->room = v->form == FORM_TEXT ? v->top : 0;
	if (since_last && v->period == PERIOD_DEFAULT)
		since_last_one(digest);
	else if (since_last && v->period == PERIOD_DAYS) {
		digest->span.stored_from = v->first * DAY_SECONDS;
		digest->span.stored_to = (v->last + 1) * DAY_SECONDS;
	} else {
		digest->span.first = v->first;
		digest->span.last = v->last;
	}
	digest->kind = DIGEST_OWN;
	digest_own(digest);
	digest->kind = DIGEST_SEEN;
	digest_seen(digest);
	if (v->hosts == NULL)
		digest_heard(digest);
	digest->kind = DIGEST_OWN;
	digest_unread(digest, since_last);
}

static int
note_reports(const struct digest *digest, struct store *st)
{
	const struct digest_left *left;

	for (left = digest->left; left < digest->left + digest->nleft; left++)
		if (heard_untold(st, left->day, left->reporter,
		    left->standing) == -1)
			return -1;
	return heard_told(st, digest->view->last, digest->newest,
	    digest->span.stored_from);
}

int
digest_told(const struct digest *digest)
{
	const struct view *v = digest->view;
	struct store *st;
	int rc = 0;

	/* Who reads others' databases leaves them as they are. */
	if (v->hosts != NULL || v->period != PERIOD_DEFAULT ||
	    access(v->conf->database, W_OK) == -1)
		return 0;
	if ((st = store_open(v->conf->database, STORE_WRITE)) == NULL)
		return -1;
	if (store_begin(st) == -1)
		rc = -1;
	else {
		if (store_meta_set(st, "digest_day", v->last) == -1 ||
		    store_meta_set(st, "digest_first", v->first) == -1 ||
		    store_meta_set(st, "digest_earlier",
		    digest->earlier) == -1 ||
		    note_reports(digest, st) == -1)
			rc = -1;
		rc = store_end(st, rc);
	}
	store_close(st);
	return rc;
}

void
digest_free(struct digest *digest)
{
	size_t i;

	for (i = 0; i < digest->n; i++) {
		free(digest->item[i].text);
		free(digest->item[i].command);
	}
	free(digest->item);
	digest->item = NULL;
	digest->n = 0;
	for (i = 0; i < digest->nleft; i++)
		free(digest->left[i].reporter);
	free(digest->left);
	digest->left = NULL;
	digest->nleft = 0;
}

/* What was left out, and the command that leaves out nothing. */
static void
print_left(const struct digest *digest, int fix, int64_t hidden)
{
	const struct view *v = digest->view;
	const struct digest_left *left;
	char text[300], days[32] = "";
	int64_t n = 0, failed = 0;

	for (left = digest->left; left < digest->left + digest->nleft; left++)
		if (left->fix == fix) {
			n++;
			failed += left->failed;
		}
	if (n > 0) {
		(void)snprintf(text, sizeof(text), "and %lld more %s of "
		    "failures, one for each reporter and day, with %lld failed "
		    "sessions%s", (long long)n, view_plural(n, "row", "rows"),
		    (long long)failed, v->period == PERIOD_DEFAULT ?
		    ": the next digest tells of what waited longest" : "");
		view_wrap(v->out, "    ", "    ", text);
	}
	if (hidden > 0)
		fprintf(v->out, "    and %lld more\n", (long long)hidden);
	if (v->period == PERIOD_DAYS)
		(void)snprintf(days, sizeof(days), "-d %lld ",
		    (long long)(v->last - v->first + 1));
	if (n > 0 || hidden > 0)
		fprintf(v->out, "        sgectl %s%s-n 0\n", v->period ==
		    PERIOD_DATES ? digest_days(digest, "digest", "") :
		    "digest ", v->period == PERIOD_DATES ? " " : days);
}

static void
print_part(const struct digest *digest, int fix, int *number)
{
	const struct view *v = digest->view;
	const struct digest_item *item;
	char first[16];
	int64_t rows[DIGEST_KINDS] = { 0 }, hidden = 0;
	size_t i;

	fprintf(v->out, "%s\n", fix ? "FIX" : "WATCH");
	for (i = 0; i < digest->n; i++) {
		item = &digest->item[i];
		if (item->fix != fix)
			continue;
		if (rows[item->kind]++ >= v->top && v->top != 0) {
			hidden++;
			continue;
		}
		(void)snprintf(first, sizeof(first), "%3d ", ++*number);
		view_wrap(v->out, first, "    ", item->text);
		if (item->command != NULL)
			fprintf(v->out, "        sgectl %s\n", item->command);
	}
	print_left(digest, fix, hidden);
}

static void
print_rows(const struct digest *digest)
{
	const struct digest_item *item;
	size_t i;

	for (i = 0; i < digest->n; i++) {
		item = &digest->item[i];
		view_row(digest->view, "digest", "dttt", "day",
		    digest->view->last, "level", item->fix ? "fix" : "watch",
		    "text", item->text, "command", item->command);
	}
}

static void
print_unknown(const struct view *v)
{
	int64_t all, silent;

	if (v->hosts != NULL) {
		view_unknown(v, "what others reported, and how each host is: "
		    "its own digest tells.");
		view_unknown_hosts(v);
		return;
	}
	silent = heard_silent(v->store, v->first, v->last, v->last - 30, &all);
	if (all > 0)
		view_unknown(v, "%lld of %lld inbound sessions (%s), "
		    "counted by sender's domain, came from domains that sent "
		    "no TLS report in 30 days.",
		    (long long)silent, (long long)all, view_share(silent,
		    all));
	else
		view_unknown(v, "anything of inbound mail: no session is on "
		    "record.");
}

static void
print_text(const struct digest *digest)
{
	const struct view *v = digest->view;
	int number = 0;

	fprintf(v->out, "Subject: %s sge: %zu to fix, %zu to watch (%s)\n\n",
	    v->hosts == NULL ? v->conf->hostname : v->whose, digest->nfix,
	    digest->nwatch, view_period(v));
	if (digest->n == 0)
		fprintf(v->out, "All is well.\n");
	if (digest->nfix > 0)
		print_part(digest, 1, &number);
	if (digest->nwatch > 0)
		print_part(digest, 0, &number);
	if (digest->nfix + digest->nwatch > digest->n + digest->nleft)
		fprintf(v->out, "and %zu more, which no list is made of\n",
		    digest->nfix + digest->nwatch - digest->n -
		    digest->nleft);
	print_unknown(v);
}

int
view_digest(const struct view *v, int always)
{
	struct digest digest;
	int rc = 0;

	if (v->letter != NULL)
		return view_letter(v);
	digest_find(v, v->hosts == NULL, &digest);
	if (always || digest.nfix + digest.nwatch > digest.ngoes_on) {
		if (v->form != FORM_TEXT)
			print_rows(&digest);
		else
			print_text(&digest);
	}
	/* What nobody could read was not told. */
	if (fflush(v->out) == EOF || ferror(v->out) ||
	    digest_told(&digest) == -1)
		rc = 1;
	digest_free(&digest);
	return rc;
}
