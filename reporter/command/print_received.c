/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "command/print_received.h"
#include "lib/date.h"
#include "lib/xalloc.h"
#include "rfc/result.h"
#include "rfc/sts.h"

#define INDENT "             "

/* "2026-03-05 00:00Z to 23:59Z", or with the second date where it differs. */
static void
print_range(FILE *out, const struct rd_report *r)
{
	char a[32], b[32];

	time_print(r->start, a, sizeof(a));
	time_print(r->finish, b, sizeof(b));
	fprintf(out, "for %.10s %.5sZ to ", a, a + 11);
	if (strncmp(a, b, 10) != 0)
		fprintf(out, "%.10s ", b);
	fprintf(out, "%.5sZ", b + 11);
}

static const char *
policy_name(const struct rd_policy *p, char out[], size_t outsz)
{
	if (strcmp(p->type, "sts") == 0)
		snprintf(out, outsz, p->mode[0] != '\0' ? "MTA-STS (%s)" :
		    "MTA-STS", p->mode);
	else if (strcmp(p->type, "tlsa") == 0)
		strlcpy(out, "DANE", outsz);
	else if (strcmp(p->type, "no-policy-found") == 0)
		strlcpy(out, "no policy", outsz);
	else if (p->type[0] == '\0')
		strlcpy(out, "policy not said", outsz);
	else
		snprintf(out, outsz, "policy \"%s\"", view_clean(p->type, 40));
	return out;
}

static void
print_where(const struct view *v, const struct rd_detail *d)
{
	char line[1024];
	size_t n = 0;

	line[0] = '\0';
#define ADD(...) do {							\
	snprintf(line + n, sizeof(line) - n, __VA_ARGS__);		\
	n += strlen(line + n);						\
} while (0)
	if (d->sip[0] != '\0')
		ADD("from %s ", view_clean(d->sip, 80));
	if (d->mx[0] != '\0' || d->rip[0] != '\0')
		ADD("to %s", view_clean(d->mx, 200));
	if (d->rip[0] != '\0')
		ADD("%s[%s]", d->mx[0] != '\0' ? " " : "",
		    view_clean(d->rip, 80));
#undef ADD
	if (n > 0)
		view_wrap(v->out, INDENT, INDENT, line);
	if (d->reason[0] != '\0') {
		snprintf(line, sizeof(line), "\"%s\"",
		    view_clean(d->reason, 400));
		view_wrap(v->out, INDENT "reason: ", INDENT "  ", line);
	}
	if (d->helo[0] != '\0' && v->verbose)
		view_wrap(v->out, INDENT "EHLO: ", INDENT "  ",
		    view_clean(d->helo, 400));
	if (d->info[0] != '\0' && v->verbose)
		view_wrap(v->out, INDENT "more: ", INDENT "  ",
		    view_clean(d->info, 400));
}

/* To be pasted into a shell: nothing but a name goes into a command. */
static int
is_plain_name(const char *name)
{
	return name[0] != '\0' && name[0] != '-' && name[strspn(name,
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "0123456789-_.")] == '\0';
}

/* The text with DOMAIN and MXHOST put in. */
static void
print_filled(FILE *out, const char *label, const char *text,
    const char *domain, const char *mx)
{
	char *line = NULL;
	size_t len;
	FILE *fp;

	fp = xmemstream(&line, &len);
	while (*text != '\0') {
		if (strncmp(text, "DOMAIN", 6) == 0 &&
		    is_plain_name(domain)) {
			fputs(domain, fp);
			text += 6;
		} else if (strncmp(text, "MXHOST", 6) == 0 &&
		    is_plain_name(mx)) {
			fputs(mx, fp);
			text += 6;
		} else
			fputc(*text++, fp);
	}
	xmemclose(fp, &line);
	view_wrap(out, label, INDENT, line);
	free(line);
}

/* How many hosts a list names, and how many of these fit; plain: no "mx:". */
static size_t
count_listed(const char *text, int plain, const char *mx, size_t *fit)
{
	json_t *list, *item;
	const char *s;
	size_t i, named = 0;

	*fit = 0;
	list = json_loads(text, 0, NULL);
	json_array_foreach(list, i, item) {
		s = json_string_value(item);
		if (strncasecmp(s, "mx:", 3) == 0)
			s += 3 + strspn(s + 3, " \t");
		else if (!plain)
			continue;
		named++;
		*fit += sts_pattern_matches(s, mx) != 0;
	}
	json_decref(list);
	return named;
}

/*
 * Whether the policy that was applied names hosts, and not this one.  What
 * stands in mx-host may be the host that was tried: the policy's own lines,
 * where they are there, say it better.
 */
static int
is_not_listed(const struct rd_policy *p, const char *mx)
{
	size_t fit;

	if (count_listed(p->strings, 0, mx, &fit) > 0)
		return fit == 0;
	return count_listed(p->mx, 1, mx, &fit) > 0 && fit == 0;
}

static const struct result *
meaning(const struct rd_detail *d)
{
	const struct result *e = result_reason(d->reason);

	if (e == NULL)
		e = result_type(d->type);
	/* Some put the reason where the type belongs. */
	return e != NULL ? e : result_reason(d->type);
}

static void
print_meaning(const struct view *v, const struct rd_policy *p,
    const struct rd_detail *d)
{
	const struct result *e = meaning(d);
	const char *delivered;

	if (e == NULL) {
		view_wrap(v->out, INDENT, INDENT, "Not a type of RFC 8460: "
		    "only the sender can say what it means.");
		return;
	}
	print_filled(v->out, INDENT, e->saw, p->domain, d->mx);
	(void)result_delivered(d->type, result_under(p->type, p->mode),
	    &delivered);
	if (result_type(d->type) != NULL)
		print_filled(v->out, INDENT "Delivered? ", delivered,
		    p->domain, d->mx);
	print_filled(v->out, INDENT "Fix: ", e->fix, p->domain, d->mx);
	if (v->verbose)
		print_filled(v->out, INDENT "Test: ", e->test, p->domain,
		    d->mx);
}

/* The largest first. */
static int
by_count(const void *a, const void *b)
{
	const struct rd_detail *const *da = a, *const *db = b;

	if ((*da)->count != (*db)->count)
		return (*da)->count < (*db)->count ? 1 : -1;
	return strcmp((*da)->type, (*db)->type);
}

static void
print_details(const struct view *v, const struct rd_policy *p)
{
	/* As many as there are explanations, and NULL. */
	const struct result *said[64];
	const struct rd_detail **list, *d;
	size_t i, k, nsaid = 0, n = p->ndetails;

	if (n == 0)
		return;
	list = xcalloc(n, sizeof(*list));
	for (i = 0; i < n; i++)
		list[i] = &p->details[i];
	qsort(list, n, sizeof(*list), by_count);
	if (v->top > 0 && (int64_t)n > v->top)
		n = v->top;
	for (i = 0; i < n; i++) {
		d = list[i];
		fprintf(v->out, "  %9lld  %s\n", (long long)d->count,
		    d->type[0] != '\0' ? view_clean(d->type, 64) :
		    "type not said");
		print_where(v, d);
		if (d->mx[0] != '\0' && strcmp(p->type, "sts") == 0 &&
		    is_not_listed(p, d->mx))
			view_wrap(v->out, INDENT, INDENT, "The policy's mx "
			    "lines do not name this host: publish it there, "
			    "or take it out of the MX records.");
		/* What it means is said once. */
		for (k = 0; k < nsaid && said[k] != meaning(d); k++)
			;
		if (k == nsaid && nsaid < nitems(said)) {
			said[nsaid++] = meaning(d);
			print_meaning(v, p, d);
		}
	}
	if (n < p->ndetails)
		fprintf(v->out, "%s+ %zu more details (-n 0 for all)\n",
		    "             ", p->ndetails - n);
	free(list);
}

static void
print_lines(const struct view *v, const char *label, const char *text)
{
	json_t *list, *item;
	size_t i;

	list = json_loads(text, 0, NULL);
	json_array_foreach(list, i, item)
		fprintf(v->out, "%s%s\n", label,
		    view_clean(json_string_value(item), 64));
	json_decref(list);
}

/* A sender that applies MTA-STS and DANE counts a session under both. */
static int
are_same_sessions(const struct rd_policy *a, const struct rd_policy *b)
{
	return strcmp(a->domain, b->domain) == 0 &&
	    ((strcmp(a->type, "sts") == 0 && strcmp(b->type, "tlsa") == 0) ||
	    (strcmp(a->type, "tlsa") == 0 && strcmp(b->type, "sts") == 0));
}

static void
print_policy(const struct view *v, const struct rd_report *r, size_t at)
{
	const struct rd_policy *p = &r->policies[at];
	char name[64];
	size_t i;

	fprintf(v->out, "  %s, %s: %lld %s, ", p->domain[0] != '\0' ?
	    view_clean(p->domain, 0) : "(domain not said)",
	    policy_name(p, name, sizeof(name)), (long long)(p->ok + p->fail),
	    view_plural(p->ok + p->fail, "session", "sessions"));
	if (p->fail == 0)
		fprintf(v->out, "none failed");
	else
		fprintf(v->out, "%lld failed (%s)", (long long)p->fail,
		    view_share(p->fail, p->ok + p->fail));
	for (i = 0; i < at; i++)
		if (are_same_sessions(&r->policies[i], p))
			break;
	fprintf(v->out, "%s\n", i < at ? " (same sessions)" : "");
	if (v->verbose) {
		print_lines(v, "      | ", p->strings);
		print_lines(v, "      mx-host ", p->mx);
	}
	print_details(v, p);
}

void
read_text(const struct view *v, const char *file, const struct rd_report *r,
    int only_failed)
{
	char *odd;
	size_t i, shown = r->npolicies;

	fprintf(v->out, "Report %s", view_clean(r->id, 0));
	fprintf(v->out, " from %s\n", view_clean(r->org, 0));
	print_range(v->out, r);
	/* A range of two days, or a long address, leaves no room for it. */
	fprintf(v->out, "%scontact %s\n", strlen(r->contact) >
	    (day_of(r->start) == day_of(r->finish) ? 37 : 26) ? "\n    " :
	    ", ", r->contact[0] != '\0' ? view_clean(r->contact, 0) :
	    "not said");
	if (v->verbose)
		fprintf(v->out, "in %s\n", view_clean(file, 0));
	if (strncmp(r->dkim, "pass ", 5) == 0)
		fprintf(v->out, "signed by %s (DKIM)\n",
		    view_clean(r->dkim + 5, 100));
	else if (r->dkim[0] != '\0')
		fprintf(v->out, "not signed by its sender (DKIM: %s)\n",
		    view_clean(r->dkim, 100));
	if (v->top > 0 && (int64_t)shown > v->top)
		shown = v->top;
	for (i = 0; i < shown; i++)
		if (!only_failed || rd_policy_failed(&r->policies[i]))
			print_policy(v, r, i);
	if (shown < r->npolicies)
		fprintf(v->out, "  + %zu more policies (-n 0 for all)\n",
		    r->npolicies - shown);
	if (r->nodd > 0) {
		odd = rd_oddities(r);
		view_wrap(v->out, "Oddities: ", "  ", odd);
		free(odd);
	}
}

void
read_pipe(const struct view *v, const char *file, const struct rd_report *r,
    int only_failed)
{
	const struct rd_policy *p;
	const struct rd_detail *d;
	size_t i, k;

	for (i = 0; i < r->npolicies; i++) {
		p = &r->policies[i];
		if (only_failed && !rd_policy_failed(p))
			continue;
		view_row(v, "read", "dtttttiit", "day", r->day,
		    "reporter", r->submitter, "org", r->org, "id", r->id,
		    "domain", p->domain, "policy", p->type, "ok", p->ok,
		    "failed", p->fail, "file", file);
		for (k = 0; k < p->ndetails; k++) {
			d = &p->details[k];
			view_row(v, "fail", "dttttttttti", "day", r->day,
			    "reporter", r->submitter, "id", r->id,
			    "domain", p->domain, "policy", p->type,
			    "type", d->type, "sender", d->sip, "mx", d->mx,
			    "receiver", d->rip, "reason", d->reason,
			    "count", d->count);
		}
	}
}
