/* SPDX-License-Identifier: ISC */

/*
 * Evidence for "STARTTLS stripped" (the guide's "Downgrade Attack Suspected").
 * A report does not say at which MX a session succeeded, so TLS at host M on
 * day D is taken to be known only
 *  - from another reporter's failure there that needs TLS to be seen (a
 *    certificate, a TLSA record that does not match it), or
 *  - from our own records, if M is this host, or
 *  - from another reporter's successes with the domain under a policy that
 *    does not exclude M, if nobody else missed STARTTLS at M that day: a host
 *    that several miss it at is rather set up so.
 */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "lib/xalloc.h"
#include "rfc/sts.h"
#include "view/view.h"
#include "view/view_received.h"

#define NOT_OFFERED "starttls-not-supported"
/* More names than this are as good as this many. */
#define NAMES_MAX 99
/* Policies of a day and domain looked at; one report may hold thousands. */
#define SUCCESSES_MAX 1000

struct success {
	char		*reporter;
	json_t		*mx;		/* patterns of its policy, or empty */
};

struct evidence {
	struct success	*list;		/* of one day and domain */
	size_t		 n;
	size_t		 size;
	int		 several;	/* MX hosts are named that day */
};

static void
evidence_clear(struct evidence *e)
{
	while (e->n > 0) {
		e->n--;
		free(e->list[e->n].reporter);
		json_decref(e->list[e->n].mx);
	}
}

/* The patterns in mx-host, or of the "mx:" lines in the policy. */
static json_t *
patterns(const char *mx, const char *strings)
{
	json_t *list, *lines, *item;
	const char *s;
	size_t i;

	if ((list = json_loads(mx, 0, NULL)) == NULL &&
	    (list = json_array()) == NULL)
		fatal("json_array");
	if (json_array_size(list) > 0)
		return list;
	lines = json_loads(strings, 0, NULL);
	json_array_foreach(lines, i, item) {
		if ((s = json_string_value(item)) != NULL &&
		    strncasecmp(s, "mx:", 3) == 0)
			json_array_append_new(list,
			    json_string(s + 3 + strspn(s + 3, " ")));
	}
	json_decref(lines);
	return list;
}

static void
success(const char *reporter, const char *mx, const char *strings, void *arg)
{
	struct evidence *e = arg;

	if (e->n >= SUCCESSES_MAX)
		return;
	if (e->n == e->size) {
		e->size = e->size == 0 ? 32 : e->size * 2;
		e->list = xreallocarray(e->list, e->size, sizeof(*e->list));
	}
	e->list[e->n].reporter = xstrdup(reporter);
	e->list[e->n].mx = patterns(mx, strings);
	e->n++;
}

/* *only: the policy names no other host than this one. */
static int
may_be_at(json_t *list, const char *mx, int *only)
{
	const char *s;
	json_t *item;
	size_t i;

	*only = json_array_size(list) == 0;
	if (*only)
		return 1;
	json_array_foreach(list, i, item) {
		s = json_string_value(item);
		if (s != NULL && sts_pattern_matches(s, mx)) {
			*only = json_array_size(list) == 1 && s[0] != '*';
			return 1;
		}
	}
	return 0;
}

/* What a stranger may have made up is no evidence. */
static int
counts(const struct recv_row *r)
{
	return r->ours && r->standing != RECEIVED_UNPROVED;
}

static int
shows_tls(const struct recv_row *r)
{
	return strncmp(r->type, "certificate-", 12) == 0 ||
	    strcmp(r->type, "tlsa-invalid") == 0;
}

/* Same day, domain and host. */
static int
same_place(const struct recv_row *a, const struct recv_row *b)
{
	return a->day == b->day && strcmp(a->domain, b->domain) == 0 &&
	    strcmp(a->mx, b->mx) == 0;
}

static int
by_place(const void *x, const void *y)
{
	const struct recv_row *a = x, *b = y;
	int c;

	if (a->day != b->day)
		return a->day < b->day ? -1 : 1;
	if ((c = strcmp(a->domain, b->domain)) != 0 ||
	    (c = strcmp(a->mx, b->mx)) != 0)
		return c;
	return strcmp(a->reporter, b->reporter);
}

/* Whether that day's failures of that domain name more than one host. */
static int
names_several(const struct recv_row *rows, size_t n)
{
	const char *mx = NULL;
	size_t i;

	for (i = 0; i < n && rows[i].day == rows[0].day &&
	    strcmp(rows[i].domain, rows[0].domain) == 0; i++) {
		if (rows[i].mx[0] == '\0')
			continue;
		if (mx != NULL && strcmp(mx, rows[i].mx) != 0)
			return 1;
		mx = rows[i].mx;
	}
	return 0;
}

struct names {
	const char	*name[NAMES_MAX];
	int		 n;
};

static void
name_add(struct names *set, const char *name)
{
	int i;

	for (i = 0; i < set->n; i++)
		if (strcmp(set->name[i], name) == 0)
			return;
	if (set->n < NAMES_MAX)
		set->name[set->n++] = name;
}

static int
name_in(const struct names *set, const char *name)
{
	int i;

	for (i = 0; i < set->n; i++)
		if (strcmp(set->name[i], name) == 0)
			return 1;
	return 0;
}

/* Judges the rows of one place. */
static void
judge(const struct view *v, const struct evidence *e, struct recv_row *rows,
    size_t n)
{
	struct names missed = { .n = 0 }, had;
	int64_t own = 0;
	size_t i, k;
	int only, certain;

	for (i = 0; i < n; i++)
		if (counts(&rows[i]) &&
		    strcmp(rows[i].type, NOT_OFFERED) == 0)
			name_add(&missed, rows[i].reporter);
	if (missed.n == 0 || rows[0].mx[0] == '\0')
		return;
	if (v->conf != NULL && v->conf->hostname != NULL &&
	    strcasecmp(rows[0].mx, v->conf->hostname) == 0)
		own = received_own_tls(v->store, rows[0].day);
	had.n = 0;
	for (i = 0; i < n; i++)
		if (counts(&rows[i]) && shows_tls(&rows[i]) &&
		    !name_in(&missed, rows[i].reporter))
			name_add(&had, rows[i].reporter);
	certain = had.n > 0;
	for (k = 0; missed.n == 1 && k < e->n; k++)
		if (!name_in(&missed, e->list[k].reporter) &&
		    may_be_at(e->list[k].mx, rows[0].mx, &only)) {
			name_add(&had, e->list[k].reporter);
			/* Where there is but one MX, it was there. */
			certain |= only && !e->several;
		}
	for (i = 0; i < n; i++) {
		if (!counts(&rows[i]) ||
		    strcmp(rows[i].type, NOT_OFFERED) != 0)
			continue;
		rows[i].others = had.n;
		rows[i].certain = certain;
		rows[i].own = own;
		rows[i].downgrade = had.n > 0 || own > 0;
	}
}

struct recv_row *
recv_rows_add(struct recv_rows *list, int64_t day, const char *reporter,
    const char *domain, const char *type)
{
	struct recv_row *r;

	if (list->n == list->size) {
		list->size = list->size == 0 ? 64 : list->size * 2;
		list->rows = xreallocarray(list->rows, list->size,
		    sizeof(*list->rows));
	}
	r = &list->rows[list->n++];
	memset(r, 0, sizeof(*r));
	r->day = day;
	r->reporter = xstrdup(reporter);
	r->domain = xstrdup(domain);
	r->type = xstrdup(type);
	r->sip = xstrdup("");
	r->rip = xstrdup("");
	r->mx = xstrdup("");
	r->reason = xstrdup("");
	return r;
}

void
recv_row_free(struct recv_row *r)
{
	free(r->reporter);
	free(r->domain);
	free(r->type);
	free(r->sip);
	free(r->rip);
	free(r->mx);
	free(r->reason);
}

void
recv_rows_free(struct recv_rows *list)
{
	while (list->n > 0)
		recv_row_free(&list->rows[--list->n]);
	free(list->rows);
	list->rows = NULL;
	list->size = 0;
}

static void
set(char **field, const char *value)
{
	free(*field);
	*field = xstrdup(value);
}

static void
failure(const struct received_failure *f, void *arg)
{
	struct recv_row *r;

	r = recv_rows_add(arg, f->day, f->reporter, f->domain,
	    f->type[0] == '\0' ? "not-said" : f->type);
	set(&r->sip, f->sip);
	set(&r->rip, f->rip);
	set(&r->mx, f->mx);
	set(&r->reason, f->reason);
	r->count = f->count;
	r->standing = f->standing;
	r->ours = f->ours;
	r->under = f->under;
}

static int
mark(const struct view *v, struct recv_row *rows, size_t n)
{
	struct evidence e = { NULL, 0, 0, 0 };
	size_t i, end;
	int rc = 0;

	if (n > 0)
		qsort(rows, n, sizeof(*rows), by_place);
	for (i = 0; i < n && rc == 0; i = end) {
		if (i == 0 || rows[i].day != rows[i - 1].day ||
		    strcmp(rows[i].domain, rows[i - 1].domain) != 0) {
			evidence_clear(&e);
			rc = received_successes(v->store, rows[i].day,
			    rows[i].domain, success, &e);
			e.several = names_several(rows + i, n - i);
		}
		for (end = i + 1; end < n && same_place(&rows[i], &rows[end]);
		    end++)
			;
		judge(v, &e, rows + i, end - i);
	}
	evidence_clear(&e);
	free(e.list);
	return rc;
}

int
recv_rows_failures(const struct view *v, struct recv_rows *list)
{
	if (received_failures(v->store, v->first, v->last, failure,
	    list) == -1)
		return -1;
	return mark(v, list->rows, list->n);
}

int64_t
recv_others_with_tls(const struct view *v, const char *reporter,
    const char *mx)
{
	struct recv_rows list = { NULL, 0, 0 };
	const struct recv_row *r;
	int64_t others = 0, n;
	size_t i;

	if (recv_rows_failures(v, &list) == 0)
		for (i = 0; i < list.n; i++) {
			r = &list.rows[i];
			if (!r->downgrade || strcmp(r->mx, mx) != 0 ||
			    strcmp(r->reporter, reporter) != 0)
				continue;
			/* Our own sessions are those of somebody else. */
			n = r->others > 0 ? r->others : 1;
			if (n > others)
				others = n;
		}
	recv_rows_free(&list);
	return others;
}
