/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "lib/date.h"
#include "lib/xalloc.h"
#include "rfc/received.h"

void
rd_detail_free(struct rd_detail *d)
{
	free(d->type);
	free(d->sip);
	free(d->rip);
	free(d->mx);
	free(d->helo);
	free(d->reason);
	free(d->info);
}

void
rd_report_free(struct rd_report *r)
{
	struct rd_policy *p;
	size_t i, k;

	if (r == NULL)
		return;
	for (i = 0; i < r->npolicies; i++) {
		p = &r->policies[i];
		for (k = 0; k < p->ndetails; k++)
			rd_detail_free(&p->details[k]);
		free(p->details);
		free(p->domain);
		free(p->type);
		free(p->mode);
		free(p->strings);
		free(p->mx);
	}
	free(r->policies);
	free(r->org);
	free(r->id);
	free(r->contact);
	free(r->submitter);
	free(r->dkim);
	free(r->oddities);
	free(r);
}

char *
rd_oddities(const struct rd_report *r)
{
	char *s;
	size_t i, len = 1;

	if (r->oddities != NULL) {
		s = xstrdup(r->oddities);
		return s;
	}
	for (i = 0; i < r->nodd; i++)
		len += strlen(r->odd[i]) + 2;
	s = xcalloc(1, len);
	for (i = 0; i < r->nodd; i++) {
		if (i > 0)
			strlcat(s, "; ", len);
		strlcat(s, r->odd[i], len);
	}
	return s;
}

/* Sums of one domain, by type. */
struct sums {
	struct rd_total	 sts;
	struct rd_total	 tlsa;
	struct rd_total	 other;
};

static void
sums_add(struct sums *s, const struct rd_policy *p)
{
	struct rd_total *t;

	t = strcmp(p->type, "sts") == 0 ? &s->sts :
	    strcmp(p->type, "tlsa") == 0 ? &s->tlsa : &s->other;
	t->sessions += p->ok + p->fail;
	t->failed += p->fail;
}

static int64_t
larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

int
rd_policy_failed(const struct rd_policy *p)
{
	size_t i;

	for (i = 0; i < p->ndetails; i++)
		if (p->details[i].count > 0)
			return 1;
	return p->fail > 0;
}

size_t
rd_totals(const struct rd_report *r, struct rd_total **out)
{
	struct rd_total *list;
	struct sums *sums;
	const struct rd_policy *p;
	size_t i, k, n = 0;

	list = xcalloc(r->npolicies + 1, sizeof(*list));
	sums = xcalloc(r->npolicies + 1, sizeof(*sums));
	for (i = 0; i < r->npolicies; i++) {
		p = &r->policies[i];
		/* Two or three policies of a domain stand together. */
		for (k = n; k > 0 && n - k < 64; k--)
			if (strcmp(list[k - 1].domain, p->domain) == 0)
				break;
		if (k == 0 || strcmp(list[k - 1].domain, p->domain) != 0) {
			list[n].domain = p->domain;
			k = ++n;
		}
		sums_add(&sums[k - 1], p);
	}
	for (i = 0; i < n; i++) {
		list[i].sessions = sums[i].other.sessions +
		    larger(sums[i].sts.sessions, sums[i].tlsa.sessions);
		list[i].failed = sums[i].other.failed +
		    larger(sums[i].sts.failed, sums[i].tlsa.failed);
	}
	free(sums);
	*out = list;
	return n;
}

/* What the report does not say is null. */
static const char *
known(const char *text)
{
	return *text == '\0' ? NULL : text;
}

static json_t *
policy_json(const struct rd_policy *p)
{
	const struct rd_detail *d;
	json_t *list, *obj;
	size_t i;

	if ((list = json_array()) == NULL)
		fatal("json_array");
	for (i = 0; i < p->ndetails; i++) {
		d = &p->details[i];
		json_array_append_new(list, json_pack(
		    "{ss?, ss?, ss?, ss?, ss?, ss?, ss?, sI}",
		    "type", known(d->type), "sender", known(d->sip),
		    "receiver", known(d->rip), "mx", known(d->mx),
		    "helo", known(d->helo), "reason", known(d->reason),
		    "information", known(d->info),
		    "count", (json_int_t)d->count));
	}
	obj = json_pack("{ss?, ss?, ss?, so, so, sI, sI, so}",
	    "domain", known(p->domain), "type", known(p->type),
	    "mode", known(p->mode),
	    "policy", json_loads(p->strings, 0, NULL),
	    "mx", json_loads(p->mx, 0, NULL), "ok", (json_int_t)p->ok,
	    "failed", (json_int_t)p->fail, "details", list);
	if (obj == NULL)
		fatalx("%s: json_pack", __func__);
	return obj;
}

json_t *
rd_report_json(const struct rd_report *r)
{
	struct rd_total *t;
	json_t *obj, *policies, *totals, *odd;
	char start[32], finish[32], day[16];
	size_t i, n;

	if ((policies = json_array()) == NULL ||
	    (totals = json_array()) == NULL || (odd = json_array()) == NULL)
		fatal("json_array");
	for (i = 0; i < r->npolicies; i++)
		json_array_append_new(policies, policy_json(&r->policies[i]));
	n = rd_totals(r, &t);
	for (i = 0; i < n; i++)
		json_array_append_new(totals, json_pack("{ss?, sI, sI}",
		    "domain", known(t[i].domain),
		    "sessions", (json_int_t)t[i].sessions,
		    "failed", (json_int_t)t[i].failed));
	free(t);
	for (i = 0; i < r->nodd; i++)
		json_array_append_new(odd, json_string(r->odd[i]));
	time_print(r->start, start, sizeof(start));
	time_print(r->finish, finish, sizeof(finish));
	day_print(r->day, day, sizeof(day));
	obj = json_pack("{ss?, ss?, ss?, ss?, ss?, ss, ss, ss, so, so, so}",
	    "organization", known(r->org), "id", known(r->id),
	    "contact", known(r->contact), "reporter", known(r->submitter),
	    "dkim", known(r->dkim), "day", day,
	    "start", start, "end", finish, "totals", totals,
	    "policies", policies, "oddities", odd);
	if (obj == NULL)
		fatalx("%s: json_pack", __func__);
	return obj;
}
