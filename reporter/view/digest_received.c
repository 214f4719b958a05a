/* SPDX-License-Identifier: ISC */

/*
 * digest: what others saw of us, tied to what we saw.
 */

#include <stdio.h>

#include "lib/date.h"
#include "view/digest.h"
#include "store/query_policy.h"

/* A fix was seen to hold. */
static void
mended(const struct heard_failure *row, void *arg)
{
	char command[512], base[64], at[300] = "";

	if (*row->mx != '\0')
		(void)snprintf(at, sizeof(at), " at %s",
		    view_clean(row->mx, 200));
	(void)snprintf(base, sizeof(base), "show received -d %s -D",
	    view_day(row->day));
	digest_command(command, sizeof(command), base, row->reporter);
	digest_add(arg, DIGEST_WATCH, command, "mended: %s %s%s before, and "
	    "on %s in none of %lld sessions", view_clean(row->reporter, 200),
	    digest_found(row->type), at, view_day(row->day),
	    (long long)row->base);
}

static void
testing(const char *domain, const char *reporter, void *arg)
{
	digest_add(arg, DIGEST_GOES_ON, "check domain", "the MTA-STS policy "
	    "of %s is still \"testing\" (seen by %s)", view_clean(domain, 200),
	    view_clean(reporter, 200));
}

/* What came before the first digest, in one line: the view has it by row. */
static void
earlier(struct digest *digest)
{
	struct heard_earlier e;
	char command[64];

	if (digest->earlier == -1 || heard_earlier(digest->view->store,
	    digest->earlier, &e) != 1 || e.reports == 0)
		return;
	(void)snprintf(command, sizeof(command), "show received -d %s",
	    view_day(e.first));
	if (e.last != e.first)
		(void)snprintf(command, sizeof(command), "show received -d "
		    "%s..%s", view_day(e.first), view_day(e.last));
	digest_add(digest, DIGEST_WATCH, command, "and %lld earlier %s of "
	    "failures, by %lld %s, came before %s, when no digest was made",
	    (long long)e.reports, view_plural(e.reports, "report", "reports"),
	    (long long)e.reporters, view_plural(e.reporters, "reporter",
	    "reporters"), view_day(day_of(digest->earlier)));
}

void
digest_heard(struct digest *digest)
{
	const struct view *v = digest->view;

	digest->kind = DIGEST_FAILED;
	digest_failed(digest);
	digest->kind = DIGEST_OWN;
	earlier(digest);
	digest->kind = DIGEST_MENDED;
	(void)heard_mended(v->store, &digest->span, mended, digest);
	digest->kind = DIGEST_MODES;
	(void)heard_modes(v->store, v->first, v->last, "testing", testing,
	    digest);
}
