/* SPDX-License-Identifier: ISC */

/*
 * show failures: by policy domain, what our own reports say about others.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/domain.h"
#include "lib/xalloc.h"
#include "store/query_flow.h"
#include "store/query_sent.h"
#include "view/view.h"

struct tally {
	char		*domain;
	char		*type;
	char		*mode;
	int64_t		 ok;
	int64_t		 fail;
};

struct list {
	const struct view *view;
	struct tally	*tally;
	size_t		 n;
	int64_t		 sessions;
	int64_t		 failed;
	/* The row being printed. */
	const struct tally *now;
	char		 rua[32];
	size_t		 details;
};

static void
collect(const struct told_tally *row, void *arg)
{
	struct list *list = arg;
	const struct view *v = list->view;
	struct tally *t;

	if (v->domain != NULL && strcasecmp(v->domain, row->domain) != 0)
		return;
	if (v->class != NULL && strcmp(v->class, conf_class_name(v->conf,
	    conf_class(v->conf, row->domain))) != 0)
		return;
	list->tally = xreallocarray(list->tally, list->n + 1, sizeof(*t));
	t = &list->tally[list->n++];
	t->domain = xstrdup(row->domain);
	t->type = xstrdup(row->type);
	t->mode = xstrdup(row->mode);
	t->ok = row->ok;
	t->fail = row->fail;
	list->sessions += row->ok + row->fail;
	list->failed += row->fail;
}

/* How that domain takes reports, from what the record said. */
static void
take_rua(const struct told_report *row, void *arg)
{
	struct list *list = arg;
	int mail = strstr(row->record, "mailto:") != NULL;
	int https = strstr(row->record, "https:") != NULL;

	(void)strlcpy(list->rua, strcmp(row->state, "excepted") == 0 ?
	    "excepted" : strcmp(row->state, "no-rua") == 0 ? "no record" :
	    mail && https ? "both" : https ? "https" : mail ? "mailto" : "-",
	    sizeof(list->rua));
}

static const char *
policy_words(const struct tally *t)
{
	if (strcmp(t->type, "no-policy-found") == 0)
		return "none";
	if (strcmp(t->type, "sts") == 0 && strcmp(t->mode, "testing") == 0)
		return "sts test";
	return t->type;
}

static void
print_head(const struct view *v, const struct tally *t, const char *type,
    const char *rua)
{
	view_name(v, 22, t->domain);
	fprintf(v->out, " %-8s %6lld %5lld %-25s %s\n",
	    view_clean(policy_words(t), 8), (long long)t->ok,
	    (long long)t->fail, view_clean(type, 25), rua);
}

static void
print_place(FILE *out, const struct told_detail *d)
{
	char first[32], place[600];

	(void)snprintf(first, sizeof(first), "    %6lld  ",
	    (long long)d->count);
	(void)snprintf(place, sizeof(place), "%s%s%s%s",
	    *d->mx != '\0' ? view_clean(d->mx, 0) : *d->helo != '\0' ?
	    view_clean(d->helo, 0) : "-", *d->rip == '\0' ? "" : " [",
	    view_clean(d->rip, 46), *d->rip == '\0' ? "" : "]");
	view_wrap(out, first, "            ", place);
	if (d->pending)
		fprintf(out, "            the reason is still being asked "
		    "for\n");
	else if (*d->reason != '\0')
		view_wrap(out, "            ", "            ",
		    view_clean(d->reason, 300));
}

static void
detail(const struct told_detail *d, void *arg)
{
	struct list *list = arg;
	const struct view *v = list->view;
	const struct tally *t = list->now;

	if (v->form != FORM_TEXT) {
		view_row(v, "failure", "dttiittttttiti", "day", v->last,
		    "domain", t->domain, "policy", t->type, "ok", t->ok,
		    "fail", t->fail, "type", d->type, "sip", d->sip, "rip",
		    d->rip, "mx", d->mx, "helo", d->helo, "reason", d->reason,
		    "count", d->count, "rua", list->rua, "days",
		    v->last - v->first + 1);
		list->details++;
		return;
	}
	if (list->details++ == 0)
		print_head(v, t, d->type, list->rua);
	else if (v->top != 0 && list->details > (size_t)v->top)
		return;
	else
		fprintf(v->out, "%45s%s\n", "", view_clean(d->type, 25));
	print_place(v->out, d);
}

static int
print_tally(struct list *list, const struct tally *t)
{
	const struct view *v = list->view;

	list->now = t;
	list->details = 0;
	(void)strlcpy(list->rua, "-", sizeof(list->rua));
	if (told_latest(v->store, v->first, v->last, t->domain, take_rua,
	    list) == -1)
		return -1;
	if (t->fail > 0 && told_details(v->store, v->first, v->last,
	    t->domain, t->type, detail, list) == -1)
		return -1;
	if (list->details > 0)
		return 0;
	if (v->form == FORM_TEXT)
		print_head(v, t, "-", list->rua);
	else
		view_row(v, "failure", "dttiittttttiti", "day", v->last,
		    "domain", t->domain, "policy", t->type, "ok", t->ok,
		    "fail", t->fail, "type", NULL, "sip", NULL, "rip", NULL,
		    "mx", NULL, "helo", NULL, "reason", NULL, "count",
		    (int64_t)0, "rua", list->rua, "days",
		    v->last - v->first + 1);
	return 0;
}

static void
print_end(const struct list *list, size_t shown)
{
	const struct view *v = list->view;
	int64_t unknown;

	if (shown < list->n)
		fprintf(v->out, "+ %zu more (-n 0 for all)\n",
		    list->n - shown);
	fprintf(v->out, "%zu %s, %lld of %lld sessions failed (%s).  none = "
	    "no-policy-found\n", list->n, view_plural((int64_t)list->n,
	    "domain", "domains"), (long long)list->failed,
	    (long long)list->sessions, view_share(list->failed,
	    list->sessions));
	unknown = seen_unknown(v->store, v->first, v->last);
	if (unknown == 0)
		view_unknown(v, "addresses that did not answer at all.");
	else
		view_unknown(v, "the domain of %lld more failed %s; addresses "
		    "that did not answer at all.", (long long)unknown,
		    view_plural(unknown, "session", "sessions"));
	if (v->hosts == NULL)
		return;
	view_unknown(v, "how these domains take reports: the host that sends "
	    "theirs knows.");
	view_unknown_hosts(v);
}

int
view_failures(const struct view *v)
{
	struct list list;
	size_t i, shown = 0;
	int rc;

	memset(&list, 0, sizeof(list));
	list.view = v;
	rc = told_tallies(v->store, v->first, v->last, collect, &list);
	if (rc == 0 && v->form == FORM_TEXT) {
		fprintf(v->out, "Outbound TLS failures by policy domain, "
		    "%s%s%s\n", view_period(v), v->hosts == NULL ? "" : ", ",
		    v->hosts == NULL ? "" : v->whose);
		if (list.n == 0)
			fprintf(v->out, "Nothing was tallied.\n");
		else
			fprintf(v->out, "%-22s %-8s %6s %5s %-25s %s\n",
			    "policy domain", "policy", "ok", "fail",
			    "result type", "rua");
	}
	for (i = 0; rc == 0 && i < list.n; i++) {
		/* Those without a failure only where there is room. */
		if (v->top != 0 && shown >= (size_t)v->top)
			break;
		rc = print_tally(&list, &list.tally[i]);
		shown++;
	}
	if (rc == 0 && v->form == FORM_TEXT)
		print_end(&list, shown);
	for (i = 0; i < list.n; i++) {
		free(list.tally[i].domain);
		free(list.tally[i].type);
		free(list.tally[i].mode);
	}
	free(list.tally);
	return rc == 0 ? 0 : 1;
}
