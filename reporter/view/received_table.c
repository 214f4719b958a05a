/* SPDX-License-Identifier: ISC */

/* What "show received" shows: failures by their details, and the rest. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "rfc/result.h"
#include "view/received_table.h"

int
received_is_wanted(const struct view *v, const char *reporter,
    const char *domain)
{
	if (v->domain != NULL && strcmp(v->domain, reporter) != 0 &&
	    (domain == NULL || strcmp(v->domain, domain) != 0))
		return 0;
	if (v->class == NULL || v->conf == NULL)
		return 1;
	return strcmp(conf_class_name(v->conf, conf_class(v->conf, reporter)),
	    v->class) == 0;
}

enum received_group
received_group(const struct recv_row *r)
{
	return !r->ours ? GROUP_FOREIGN : r->standing == RECEIVED_UNPROVED ?
	    GROUP_UNPROVED : GROUP_COUNTED;
}

char
received_tls(const struct recv_row *r)
{
	const struct result *e;

	if (r->type[0] == '\0')
		return 'Y';
	e = result_type(r->type);
	return e == NULL ? '?' : e->tls;
}

static struct recv_row *
add_row(struct received_table *t, const struct received_total *total,
    const char *type, int64_t count)
{
	struct recv_row *r;

	r = recv_rows_add(&t->list, total->day, total->reporter,
	    total->domain, type);
	r->count = count;
	r->standing = total->standing;
	r->ours = total->ours;
	return r;
}

/* "sts testing", "tlsa + sts", "no policy": scripts know these. */
static char *
policy_text(const struct received_total *total)
{
	char *s;

	if (total->sts && total->tlsa)
		s = xstrdup("tlsa + sts");
	else if (total->sts)
		xasprintf(&s, "sts%s%s", total->mode[0] != '\0' ? " " : "",
		    total->mode);
	else
		s = xstrdup(total->tlsa ? "tlsa" : total->other ?
		    "other policy" : "no policy");
	return s;
}

static void
total(const struct received_total *total, void *arg)
{
	struct received_table *t = arg;
	struct recv_row *r;

	if (!received_is_wanted(t->view, total->reporter, total->domain))
		return;
	if (t->domain[0] == '\0')
		strlcpy(t->domain, total->domain, sizeof(t->domain));
	else if (strcmp(t->domain, total->domain) != 0)
		t->many = 1;
	if (total->ours && total->standing != RECEIVED_UNPROVED) {
		t->sessions += total->sessions;
		t->failed += total->failed;
	} else if (total->ours) {
		t->apart += total->sessions;
		t->apart_failed += total->failed;
	}
	if (total->unexplained > 0)
		(void)add_row(t, total, "not-said", total->unexplained);
	if (total->sessions > total->failed) {
		r = add_row(t, total, "", total->sessions - total->failed);
		free(r->reason);
		r->reason = policy_text(total);
	}
}

/* Whether two rows are one when days do not matter. */
static int
by_kind(const void *x, const void *y)
{
	const struct recv_row *a = x, *b = y;
	int c;

	if ((c = (int)received_group(a) - (int)received_group(b)) != 0 ||
	    (c = b->downgrade - a->downgrade) != 0 ||
	    (c = strcmp(a->type, b->type)) != 0 ||
	    (c = strcmp(a->reporter, b->reporter)) != 0 ||
	    (c = strcmp(a->sip, b->sip)) != 0 ||
	    (c = strcmp(a->mx, b->mx)) != 0 ||
	    (c = strcmp(a->rip, b->rip)) != 0)
		return c;
	return strcmp(a->reason, b->reason);
}

/* Failures first, suspicions before them, then by number. */
static int
by_weight(const void *x, const void *y)
{
	const struct recv_row *a = x, *b = y;
	int fa = a->type[0] != '\0', fb = b->type[0] != '\0', c;

	if ((c = (int)received_group(a) - (int)received_group(b)) != 0)
		return c;
	if (a->downgrade != b->downgrade)
		return b->downgrade - a->downgrade;
	if (fa != fb)
		return fb - fa;
	if (a->count != b->count)
		return a->count < b->count ? 1 : -1;
	return by_kind(x, y);
}

/* Days and domains of one kind of row together. */
static void
merge_days(struct received_table *t)
{
	struct recv_row *to, *r;
	size_t i, n = 0;

	if (t->list.n == 0)
		return;
	qsort(t->list.rows, t->list.n, sizeof(*t->list.rows), by_kind);
	for (i = 1; i < t->list.n; i++) {
		to = &t->list.rows[n];
		r = &t->list.rows[i];
		if (by_kind(to, r) == 0) {
			to->count += r->count;
			to->own += r->own;
			to->certain |= r->certain;
			to->under |= r->under;
			if (r->others > to->others)
				to->others = r->others;
			recv_row_free(r);
		} else
			t->list.rows[++n] = *r;
	}
	t->list.n = n + 1;
}

/* Only now: all of them were evidence. */
static void
drop_unwanted(struct received_table *t)
{
	struct recv_row *r;
	size_t i, n = 0;

	for (i = 0; i < t->list.n; i++) {
		r = &t->list.rows[i];
		if (received_is_wanted(t->view, r->reporter, r->domain)) {
			if (received_group(r) == GROUP_COUNTED)
				t->detailed += r->count;
			t->list.rows[n++] = *r;
		} else
			recv_row_free(r);
	}
	t->list.n = n;
}

int
received_table_fill(struct received_table *t)
{
	const struct view *v = t->view;

	if (recv_rows_failures(v, &t->list) == -1)
		return -1;
	drop_unwanted(t);
	if (received_totals(v->store, v->first, v->last, total, t) == -1)
		return -1;
	if (v->form == FORM_TEXT)
		merge_days(t);
	if (t->list.n > 0)
		qsort(t->list.rows, t->list.n, sizeof(*t->list.rows),
		    by_weight);
	return 0;
}
