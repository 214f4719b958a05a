/* SPDX-License-Identifier: ISC */

/*
 * digest: the mail of daily(8).  Problems first; nothing when all is well.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/date.h"
#include "view/digest.h"
#include "store/query_policy.h"
#include "ctl/print.h"

void
digest_find(const struct view *v, struct digest *digest)
{
	memset(digest, 0, sizeof(*digest));
	digest->view = v;
	digest_own(digest);
	digest_seen(digest);
	digest_heard(digest);
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
}

static void
print_part(const struct digest *digest, int fix, int *number)
{
	const struct view *v = digest->view;
	const struct digest_item *item;
	char first[16];
	int64_t rows = 0;
	size_t i;

	fprintf(v->out, "%s\n", fix ? "FIX" : "WATCH");
	for (i = 0; i < digest->n; i++) {
		item = &digest->item[i];
		if (item->fix != fix || (rows++ >= v->top && v->top != 0))
			continue;
		(void)snprintf(first, sizeof(first), "%3d ", ++*number);
		view_wrap(v->out, first, "    ", item->text);
		if (item->command != NULL)
			fprintf(v->out, "        sgectl %s\n", item->command);
	}
	if (rows > v->top && v->top != 0)
		fprintf(v->out, "    and %lld more (-n 0 for all)\n",
		    (long long)(rows - v->top));
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

int
view_digest(const struct view *v, int always)
{
	struct digest digest;
	int number = 0;

	if (v->letter != NULL)
		return view_letter(v);
	digest_find(v, &digest);
	if (digest.n == 0 && !always) {
		digest_free(&digest);
		return 0;
	}
	if (v->form != FORM_TEXT) {
		print_rows(&digest);
		digest_free(&digest);
		return 0;
	}
	fprintf(v->out, "Subject: %s sge: %zu to fix, %zu to watch (%s)\n\n",
	    v->conf->hostname, digest.nfix, digest.nwatch, view_period(v));
	if (digest.n == 0)
		fprintf(v->out, "All is well.\n");
	if (digest.nfix > 0)
		print_part(&digest, 1, &number);
	if (digest.nwatch > 0)
		print_part(&digest, 0, &number);
	if (digest.nfix + digest.nwatch > digest.n)
		fprintf(v->out, "and %zu more\n", digest.nfix + digest.nwatch -
		    digest.n);
	print_unknown(v);
	digest_free(&digest);
	return 0;
}
