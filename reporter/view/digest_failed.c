/* SPDX-License-Identifier: ISC */

/*
 * digest: what others say that failed, one item for each day of a reporter.
 * Anybody can sign reports of a domain of his own: where there are more than
 * room, half of it is for who is known longest, at most two days of each, and
 * half for what waits longest, one after the other of each reporter.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "lib/date.h"
#include "lib/xalloc.h"
#include "store/query_flow.h"
#include "store/query_policy.h"
#include "view/digest.h"
#include "view/view_received.h"

/* Ways to fail that are told of one reporter and day, and days at once. */
#define WAYS 3
#define DAYS_OF_ONE 2

struct way {
	char		*type;
	char		*mx;
	int64_t		 count;
};

struct failed {
	char		*reporter;
	int64_t		 day;
	enum received_standing standing;
	int64_t		 base;		/* the reporter's sessions */
	int64_t		 came;		/* see struct heard_failure */
	int64_t		 known;
	int64_t		 turn;		/* of the reporter's, from 1 on */
	int		 fix;
	struct way	 ways[WAYS];
	size_t		 nways;		/* of which WAYS are kept */
	int64_t		 failed;	/* sessions, of all ways */
};

struct failures {
	struct digest	*digest;
	struct failed	*list;
	size_t		 n;
};

/* In the middle of a sentence. */
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

const char *
digest_found(const char *type)
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
tie(const struct view *v, const char *reporter, const struct way *way,
    char out[], size_t outsz)
{
	struct seen_counts in;
	struct heard_look look;
	size_t len;

	out[0] = '\0';
	if (*way->mx == '\0' || (strncmp(way->type, "certificate-", 12) != 0 &&
	    strcmp(way->type, "starttls-not-supported") != 0))
		return;
	if (heard_look(v->store, way->mx, v->first * DAY_SECONDS, &look) == 1)
		(void)snprintf(out, outsz, "; our own look on %s found %s",
		    view_day(day_of(look.probed)),
		    strcmp(look.type, way->type) == 0 ? "the same" :
		    *look.type == '\0' ? "it good" : "it otherwise");
	memset(&in, 0, sizeof(in));
	if (strcmp(way->type, "starttls-not-supported") != 0 ||
	    seen_domain(v->store, v->first, v->last, reporter,
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
standing_text(enum received_standing standing)
{
	return standing == RECEIVED_PROVED ? "" :
	    standing == RECEIVED_UNJUDGED ?
	    "; no verifier of ours judged its signature" :
	    "; nothing proves that it is theirs";
}

/* One way; the first one with its share. */
static void
add_way(const struct view *v, const struct failed *f, const struct way *way,
    FILE *out)
{
	char tied[200];
	int64_t others = 0;
	int first = way == f->ways;

	fprintf(out, "%s%s", first ? "" : "; also ", digest_found(way->type));
	if (*way->mx != '\0')
		fprintf(out, " at %s", view_clean(way->mx, 200));
	/* A session may fail in several ways. */
	if (!first)
		fprintf(out, ": %lld", (long long)way->count);
	else if (way->count > f->base)
		fprintf(out, ": %lld failures in %lld sessions on %s",
		    (long long)way->count, (long long)f->base,
		    view_day(f->day));
	else
		fprintf(out, ": %lld of %lld sessions (%s) on %s",
		    (long long)way->count, (long long)f->base,
		    view_share(way->count, f->base), view_day(f->day));
	tie(v, f->reporter, way, tied, sizeof(tied));
	fprintf(out, "%s", tied);
	if (strcmp(way->type, "starttls-not-supported") == 0 &&
	    *way->mx != '\0')
		others = recv_others_with_tls(v, f->reporter, way->mx);
	if (others > 0)
		fprintf(out, "; %lld other %s had TLS there: downgrade on "
		    "the way?", (long long)others, view_plural(others,
		    "reporter", "reporters"));
}

/* What is one item: all ways to fail of a reporter and day. */
static void
add(struct digest *digest, const struct failed *f)
{
	struct view its_day = *digest->view;
	FILE *out;
	char command[512], base[64], *text = NULL;
	size_t len, i;

	out = xmemstream(&text, &len);
	its_day.first = its_day.last = f->day;
	for (i = 0; i < f->nways && i < WAYS; i++)
		add_way(&its_day, f, &f->ways[i], out);
	if (f->nways > WAYS)
		fprintf(out, "; and in %zu more ways", f->nways - WAYS);
	fprintf(out, "%s", standing_text(f->standing));
	xmemclose(out, &text);
	(void)snprintf(base, sizeof(base), "show received -d %s -D",
	    view_day(f->day));
	digest_command(command, sizeof(command), base, f->reporter);
	digest_add(digest, f->fix ? DIGEST_FIX : DIGEST_WATCH, command,
	    "%s %s", view_clean(f->reporter, 200), text);
	free(text);
}

/* What there is no room for is counted, and told by the next digest. */
static void
leave(struct digest *digest, const struct failed *f)
{
	struct digest_left *left;

	if (f->fix)
		digest->nfix++;
	else
		digest->nwatch++;
	digest->left = xreallocarray(digest->left, digest->nleft + 1,
	    sizeof(*left));
	left = &digest->left[digest->nleft++];
	left->reporter = xstrdup(f->reporter);
	left->day = f->day;
	left->standing = f->standing;
	left->fix = f->fix;
	left->failed = f->failed;
}

/* Rows come by day, reporter and standing. */
static void
take(const struct heard_failure *row, void *arg)
{
	struct failures *all = arg;
	struct failed *f = all->n == 0 ? NULL : &all->list[all->n - 1];
	struct view its_day = *all->digest->view;
	struct way *way;

	if (f == NULL || f->day != row->day || f->standing != row->standing ||
	    strcmp(f->reporter, row->reporter) != 0) {
		all->list = xreallocarray(all->list, all->n + 1, sizeof(*f));
		f = &all->list[all->n++];
		memset(f, 0, sizeof(*f));
		f->reporter = xstrdup(row->reporter);
		f->day = row->day;
		f->standing = row->standing;
		f->base = row->base;
		f->came = row->came;
		f->known = row->known;
		/* What anybody may write calls nobody out of bed alone. */
		f->fix = row->standing == RECEIVED_PROVED;
	}
	its_day.first = its_day.last = row->day;
	f->fix = f->fix || is_seen_by_us(&its_day, row);
	f->failed += row->count;
	if (f->nways++ >= WAYS)
		return;
	way = &f->ways[f->nways - 1];
	way->type = xstrdup(row->type);
	way->mx = xstrdup(row->mx);
	way->count = row->count;
}

static int
order(int64_t a, int64_t b)
{
	return a < b ? -1 : a > b;
}

/* By what is to be fixed, and standing; then who is known longest. */
static int
by_known(const void *pa, const void *pb)
{
	const struct failed *a = pa, *b = pb;
	int r;

	if ((r = order(b->fix, a->fix)) != 0 ||
	    (r = order(a->standing, b->standing)) != 0 ||
	    (r = order(a->turn > DAYS_OF_ONE, b->turn > DAYS_OF_ONE)) != 0 ||
	    (r = order(a->known, b->known)) != 0 ||
	    (r = strcmp(a->reporter, b->reporter)) != 0)
		return r;
	return (r = order(a->came, b->came)) != 0 ? r : order(a->day, b->day);
}

/* Then what waits longest, one after the other of each reporter. */
static int
by_waiting(const void *pa, const void *pb)
{
	const struct failed *a = pa, *b = pb;
	int r;

	if ((r = order(a->standing, b->standing)) != 0 ||
	    (r = order(a->turn, b->turn)) != 0)
		return r;
	return (r = order(a->came, b->came)) != 0 ? r : by_known(a, b);
}

static int
by_count(const void *pa, const void *pb)
{
	const struct failed *a = pa, *b = pb;
	int r;

	if ((r = order(b->failed, a->failed)) != 0 ||
	    (r = strcmp(a->reporter, b->reporter)) != 0)
		return r;
	return order(a->day, b->day);
}

/* Tells of one level: n of them. */
static void
tell(struct digest *digest, struct failed *list, size_t n)
{
	size_t room = n, half, i;

	if (n == 0)
		return;
	if (digest->room == 0 || n <= (size_t)digest->room)
		qsort(list, n, sizeof(*list), by_count);
	else {
		room = (size_t)digest->room;
		half = (room + 1) / 2;
		qsort(list + half, n - half, sizeof(*list), by_waiting);
	}
	for (i = 0; i < n; i++)
		if (i < room)
			add(digest, &list[i]);
		else
			leave(digest, &list[i]);
}

static void
failures_free(struct failures *all)
{
	struct failed *f;
	size_t i;

	for (f = all->list; f < all->list + all->n; f++) {
		free(f->reporter);
		for (i = 0; i < f->nways && i < WAYS; i++) {
			free(f->ways[i].type);
			free(f->ways[i].mx);
		}
	}
	free(all->list);
}

void
digest_failed(struct digest *digest)
{
	struct failures all = { digest, NULL, 0 };
	struct failed *f, *before = NULL;
	size_t nfix = 0;

	(void)heard_failures(digest->view->store, &digest->span, take, &all);
	if (all.n == 0)
		return;
	/* With the turns all alike those of one reporter stand together. */
	qsort(all.list, all.n, sizeof(*all.list), by_known);
	for (f = all.list; f < all.list + all.n; f++) {
		nfix += f->fix != 0;
		f->turn = before != NULL && before->fix == f->fix &&
		    before->standing == f->standing &&
		    strcmp(before->reporter, f->reporter) == 0 ?
		    before->turn + 1 : 1;
		before = f;
	}
	qsort(all.list, all.n, sizeof(*all.list), by_known);
	tell(digest, all.list, nfix);
	tell(digest, all.list + nfix, all.n - nfix);
	failures_free(&all);
}
