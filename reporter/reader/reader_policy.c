/* SPDX-License-Identifier: ISC */

/*
 * The policies of a report, with their failures.
 */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "base/log.h"
#include "lib/xalloc.h"
#include "reader/reader.h"
#include "reader/reader_member.h"

static char *
array_text(json_t *list)
{
	char *s;

	if ((s = json_dumps(list, JSON_COMPACT)) == NULL)
		fatal("json_dumps");
	return s;
}

/* The mode an MTA-STS policy's lines name. */
static char *
mode_of(json_t *lines)
{
	const char *s, *p;
	json_t *item;
	size_t i;
	char mode[16];

	json_array_foreach(lines, i, item) {
		s = json_string_value(item);
		for (p = s; (p = strcasestr(p, "mode:")) != NULL; p++) {
			if (p != s && isalnum((unsigned char)p[-1]))
				continue;
			p += 5 + strspn(p + 5, " ");
			snprintf(mode, sizeof(mode), "%.*s",
			    (int)strspn(p, "abcdefghijklmnopqrstuvwxyz"), p);
			return xstrdup(mode);
		}
	}
	return xstrdup("");
}

static void
read_detail(struct rd_report *r, struct rd_detail *d, json_t *obj)
{
	char *other;

	d->type = rd_text(r, obj, "result-type");
	if (d->type[0] == '\0')
		rd_odd(r, "a failure without result-type");
	d->sip = rd_text(r, obj, "sending-mta-ip");
	if (d->sip[0] == '\0' && (strncmp(d->type, "starttls", 8) == 0 ||
	    strncmp(d->type, "certificate", 11) == 0))
		rd_odd(r, "no sending-mta-ip");
	d->rip = rd_text(r, obj, "receiving-ip");
	other = rd_text(r, obj, "receiving-mx-hostname");
	d->mx = reader_domain(other);
	free(other);
	d->helo = rd_text(r, obj, "receiving-mx-helo");
	d->reason = rd_text(r, obj, "failure-reason-code");
	if (d->reason[0] == '\0') {
		/* The name in drafts of the RFC. */
		free(d->reason);
		d->reason = rd_text(r, obj, "failure-error-code");
	}
	d->info = rd_text(r, obj, "additional-information");
	if ((d->count = rd_count(r, obj, "failed-session-count")) == -1) {
		rd_odd(r, "a failure without a count: taken as 1");
		d->count = 1;
	}
}

static int64_t
size_of_detail(const struct rd_detail *d)
{
	return READ_ROW_SIZE + strlen(d->type) + strlen(d->sip) +
	    strlen(d->rip) + strlen(d->mx) + strlen(d->helo) +
	    strlen(d->reason) + strlen(d->info);
}

/* How many of a policy's failures stand by themselves. */
struct keeping {
	struct budget	*budget;
	size_t		 room;
	int		 full;		/* from here on they are summed */
	size_t		 first;		/* by type, in rows from this one on */
};

static size_t
row_of_type(const struct rd_policy *p, size_t first, const char *type)
{
	size_t i;

	for (i = first; i < p->ndetails; i++)
		if (strcmp(p->details[i].type, type) == 0)
			break;
	return i;
}

/* Adds to the row of its type, or to one for all other types. */
static void
sum_detail(struct rd_policy *p, const struct keeping *keep,
    const struct rd_detail *what)
{
	struct rd_detail *d;
	const char *type = what->type;
	size_t i = row_of_type(p, keep->first, type);

	if (i == p->ndetails && (i - keep->first >= READ_SUMMED_MAX - 1 ||
	    budget_keep(keep->budget, READ_ROW_SIZE +
	    (int64_t)strlen(type)) == -1)) {
		type = "";
		i = row_of_type(p, keep->first, type);
	}
	d = &p->details[i];
	if (i == p->ndetails) {
		p->ndetails++;
		d->type = xstrdup(type);
		d->sip = xstrdup("");
		d->rip = xstrdup("");
		d->mx = xstrdup("");
		d->helo = xstrdup("");
		d->reason = xstrdup("");
		d->info = xstrdup("");
	}
	d->count += what->count;
	if (d->count > RD_COUNT_MAX)
		d->count = RD_COUNT_MAX;
}

/* Reads a failure, keeps it or sums it up, and returns its count. */
static int64_t
take_detail(struct rd_report *r, struct rd_policy *p, json_t *obj,
    struct keeping *keep)
{
	struct rd_detail d;

	memset(&d, 0, sizeof(d));
	read_detail(r, &d, obj);
	if (!keep->full && (p->ndetails == keep->room ||
	    budget_keep(keep->budget, size_of_detail(&d)) == -1)) {
		rd_odd(r, "more failure-details than are kept: the rest "
		    "summed by type");
		keep->full = 1;
		keep->first = p->ndetails;
	}
	if (!keep->full) {
		p->details[p->ndetails++] = d;
		return d.count;
	}
	sum_detail(p, keep, &d);
	rd_detail_free(&d);
	return d.count;
}

/* Returns the sum of the details' counts; *most: the largest of them. */
static int64_t
read_details(struct rd_report *r, struct rd_policy *p, json_t *list,
    struct budget *budget, int64_t *most)
{
	struct keeping keep = { budget, 0, 0, 0 };
	json_t *one = NULL, *item;
	int64_t sum = 0, count;
	size_t i, n;

	if (json_is_object(list)) {
		rd_odd(r, "failure-details is no list");
		if ((one = json_array()) == NULL)
			fatal("json_array");
		json_array_append(one, list);
		list = one;
	}
	*most = 0;
	n = json_array_size(list);
	keep.room = r->ndetails < READ_DETAILS_MAX ?
	    READ_DETAILS_MAX - r->ndetails : 0;
	if (n < keep.room)
		keep.room = n;
	if (n > 0)
		p->details = xcalloc(keep.room + READ_SUMMED_MAX,
		    sizeof(*p->details));
	for (i = 0; i < n; i++) {
		item = json_array_get(list, i);
		/* The time that a mail has is for all of it. */
		if (i % 1024 == 1023 && budget_take(budget, 0, 0) == -1)
			break;
		if (!json_is_object(item))
			rd_odd(r, "a failure that is no object");
		else {
			count = take_detail(r, p, item, &keep);
			sum += count;
			if (count > *most)
				*most = count;
		}
	}
	r->ndetails += p->ndetails;
	json_decref(one);
	return sum;
}

static void
read_summary(struct rd_report *r, struct rd_policy *p, json_t *summary,
    int64_t sum, int64_t most)
{
	if (summary == NULL)
		rd_odd(r, "no summary");
	p->ok = rd_count(r, summary, "total-successful-session-count");
	p->fail = rd_count(r, summary, "total-failure-session-count");
	if (p->ok == -1)
		p->ok = 0;
	if (p->fail == -1) {
		/* Left out where nothing failed; else the details tell. */
		if (sum > 0)
			rd_odd(r, "no failure count: the details' sum taken");
		p->fail = sum < RD_COUNT_MAX ? sum : RD_COUNT_MAX;
	} else if (p->ndetails > 0 && sum != p->fail)
		rd_odd(r, "failure-details do not add up to the summary");
	else if (p->ndetails == 0 && p->fail > 0)
		rd_odd(r, "failures without details");
	/* Two rows may be of one session; what one row counts are several. */
	if (p->fail < most) {
		rd_odd(r, "fewer failures than in one of its details: "
		    "as many taken");
		p->fail = most;
	}
}

static void
read_policy(struct rd_report *r, struct rd_policy *p, json_t *obj,
    const struct rd_hint *hint)
{
	json_t *policy, *list;
	char *s;
	int64_t sum, most;

	if ((policy = rd_member(r, obj, "policy")) == NULL ||
	    !json_is_object(policy)) {
		rd_odd(r, "no \"policy\" in a policy");
		policy = obj;
	}
	s = rd_text(r, policy, "policy-domain");
	if (s[0] == '\0' && hint->domain != NULL && hint->domain[0] != '\0') {
		rd_odd(r, "no policy-domain: that of the mail or file taken");
		free(s);
		s = xstrdup(hint->domain);
	} else if (s[0] == '\0')
		rd_odd(r, "no policy-domain");
	p->domain = reader_domain(s);
	free(s);
	p->type = rd_text(r, policy, "policy-type");
	if (strcmp(p->type, "sts") != 0 && strcmp(p->type, "tlsa") != 0 &&
	    strcmp(p->type, "no-policy-found") != 0)
		rd_odd(r, p->type[0] == '\0' ? "no policy-type" :
		    "a policy-type that is not in RFC 8460");
	list = rd_strings(r, rd_member(r, policy, "policy-string"), 0);
	p->strings = array_text(list);
	p->mode = mode_of(list);
	json_decref(list);
	list = rd_strings(r, rd_member(r, policy, "mx-host"), 1);
	p->mx = array_text(list);
	json_decref(list);
	sum = read_details(r, p, rd_member(r, obj, "failure-details"),
	    hint->budget, &most);
	read_summary(r, p, rd_member(r, obj, "summary"), sum, most);
}

void
reader_policies(struct rd_report *r, json_t *root, const struct rd_hint *hint)
{
	json_t *list = rd_member(r, root, "policies"), *one = NULL, *item;
	struct rd_policy *p;
	size_t i, n;

	if (json_is_object(list)) {
		rd_odd(r, "policies is no list");
		if ((one = json_array()) == NULL)
			fatal("json_array");
		json_array_append(one, list);
		list = one;
	}
	n = json_array_size(list);
	if (n == 0)
		rd_odd(r, "no policies");
	if (n > READ_POLICIES_MAX) {
		rd_odd(r, "more policies than are kept");
		n = READ_POLICIES_MAX;
	}
	if (n > 0 &&
	    (r->policies = calloc(n, sizeof(*r->policies))) == NULL)
		fatal("calloc");
	for (i = 0; i < n; i++) {
		item = json_array_get(list, i);
		if (!json_is_object(item)) {
			rd_odd(r, "a policy that is no object");
			continue;
		}
		p = &r->policies[r->npolicies++];
		read_policy(r, p, item, hint);
		if (budget_take(hint->budget, 0, 0) == 0 &&
		    budget_keep(hint->budget, READ_ROW_SIZE +
		    (int64_t)(strlen(p->domain) + strlen(p->type) +
		    strlen(p->strings) + strlen(p->mx))) == 0)
			continue;
		rd_odd(r, "more policies than are kept");
		break;
	}
	json_decref(one);
}
