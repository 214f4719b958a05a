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
	    digest_found(row->type), at, view_day(row->day), (long long)row->base);
}

static void
testing(const char *domain, const char *reporter, void *arg)
{
	digest_add(arg, DIGEST_GOES_ON, "check domain", "the MTA-STS policy "
	    "of %s is still \"testing\" (seen by %s)", view_clean(domain, 200),
	    view_clean(reporter, 200));
}

void
digest_heard(struct digest *digest)
{
	const struct view *v = digest->view;

	digest->kind = DIGEST_FAILED;
	digest_failed(digest);
	digest->kind = DIGEST_MENDED;
	(void)heard_mended(v->store, &digest->span, mended, digest);
	digest->kind = DIGEST_MODES;
	(void)heard_modes(v->store, v->first, v->last, "testing", testing,
	    digest);
}
