/* SPDX-License-Identifier: ISC */

/*
 * digest: what others saw of us, tied to what we saw.
 */

#include <stdio.h>
#include <string.h>

#include "lib/date.h"
#include "view/digest.h"
#include "store/query_policy.h"
#include "base/log.h"
#include "store/query_flow.h"
#include "view/view_received.h"

/* What a reporter's failure means, in the middle of a sentence. */
static const struct {
	const char	*type;
	const char	*text;
} founds[] = {
	{ "starttls-not-supported", "saw no STARTTLS" },
	{ "certificate-expired", "found our certificate expired" },
	{ "certificate-host-mismatch",
	    "found a certificate that does not name our host" },
	{ "certificate-not-trusted", "did not trust our certificate" },
	{ "validation-failure", "could not set up TLS" },
	{ "sts-policy-fetch-error", "could not fetch our MTA-STS policy" },
	{ "sts-policy-invalid", "found our MTA-STS policy invalid" },
	{ "sts-webpki-invalid",
	    "did not trust our MTA-STS host's certificate" },
	{ "tlsa-invalid", "found our TLSA records wrong" },
	{ "dnssec-invalid", "could not validate our DNSSEC" },
	{ "dane-required", "wants DANE and found none" }
};

static const char *
found(const char *type)
{
	size_t i;

	for (i = 0; i < nitems(founds); i++)
		if (strcmp(founds[i].type, type) == 0)
			return founds[i].text;
	return "reported a failure";
}

/* Whether we saw the same: ours of that host, and the reporter's sessions. */
static void
add_correspondent(const struct seen_domain *row, void *arg)
{
	struct seen_counts *counts = arg;

	if (row->dir == 0)
		seen_add(counts, &row->counts);
}

static void
tie(const struct view *v, const struct heard_failure *row, char out[],
    size_t outsz)
{
	struct seen_counts in;
	struct heard_look look;
	size_t len;

	out[0] = '\0';
	if (*row->mx == '\0' || (strncmp(row->type, "certificate-", 12) != 0 &&
	    strcmp(row->type, "starttls-not-supported") != 0))
		return;
	if (heard_look(v->store, row->mx, v->first * DAY_SECONDS, &look) == 1)
		(void)snprintf(out, outsz, "; our own look on %s found %s",
		    view_day(day_of(look.probed)),
		    strcmp(look.type, row->type) == 0 ? "the same" :
		    *look.type == '\0' ? "it good" : "it otherwise");
	memset(&in, 0, sizeof(in));
	if (strcmp(row->type, "starttls-not-supported") != 0 ||
	    seen_domain(v->store, v->first, v->last, row->reporter,
	    add_correspondent, &in) == -1 || seen_sum(&in) == 0)
		return;
	len = strlen(out);
	(void)snprintf(out + len, outsz - len, "; of its %lld %s on our "
	    "record %lld came in clear", (long long)seen_sum(&in),
	    view_plural(seen_sum(&in), "session", "sessions"),
	    (long long)in.clear);
}

/* Whether our own look at the host found what the report says. */
static int
is_seen_by_us(const struct view *v, const struct heard_failure *row)
{
	struct heard_look look;

	return *row->mx != '\0' && heard_look(v->store, row->mx,
	    v->first * DAY_SECONDS, &look) == 1 &&
	    strcmp(look.type, row->type) == 0;
}

static const char *
standing(const struct heard_failure *row)
{
	return row->standing == RECEIVED_PROVED ? "" :
	    row->standing == RECEIVED_UNJUDGED ?
	    "; no verifier of ours judged its signature" :
	    "; nothing proves that it is theirs";
}

static void
failure(const struct heard_failure *row, void *arg)
{
	struct digest *digest = arg;
	struct view its_day = *digest->view, *v = &its_day;
	char command[512], base[64], at[300], hint[160], tied[200], n[64];
	int64_t others = 0;

	v->first = v->last = row->day;
	at[0] = hint[0] = '\0';
	if (*row->mx != '\0')
		(void)snprintf(at, sizeof(at), " at %s",
		    view_clean(row->mx, 200));
	if (strcmp(row->type, "starttls-not-supported") == 0 &&
	    *row->mx != '\0')
		others = recv_others_with_tls(v, row->reporter, row->mx);
	if (others > 0)
		(void)snprintf(hint, sizeof(hint), "; %lld other %s had TLS "
		    "there: downgrade on the way?", (long long)others,
		    view_plural(others, "reporter", "reporters"));
	(void)snprintf(base, sizeof(base), "show received -d %s -D",
	    view_day(row->day));
	digest_command(command, sizeof(command), base, row->reporter);
	tie(v, row, tied, sizeof(tied));
	/* A session may fail in several ways. */
	if (row->count > row->base)
		(void)snprintf(n, sizeof(n), "%lld failures in %lld sessions",
		    (long long)row->count, (long long)row->base);
	else
		(void)snprintf(n, sizeof(n), "%lld of %lld sessions (%s)",
		    (long long)row->count, (long long)row->base,
		    view_share(row->count, row->base));
	/* What anybody may have written calls nobody out of bed alone. */
	digest_add(digest, row->standing == RECEIVED_PROVED ||
	    is_seen_by_us(v, row) ? DIGEST_FIX : DIGEST_WATCH, command,
	    "%s %s%s: %s on %s%s%s%s", view_clean(row->reporter, 200), found(row->type), at,
	    n, view_day(row->day), tied, hint, standing(row));
}

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
	    found(row->type), at, view_day(row->day), (long long)row->base);
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

	(void)heard_failures(v->store, &digest->span, failure, digest);
	(void)heard_mended(v->store, &digest->span, mended, digest);
	(void)heard_modes(v->store, v->first, v->last, "testing", testing,
	    digest);
}
