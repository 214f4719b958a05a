/* SPDX-License-Identifier: ISC */

#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "base/log.h"
#include "command/deliver_answer.h"
#include "lib/date.h"
#include "lib/xalloc.h"
#include "reader/reader_member.h"

/* Dates that can be printed: up to the year 9999. */
#define TIME_MAX 253402300799LL
#define ROWS_MAX (2 * READ_KEPT_MAX / READ_ROW_SIZE)

static json_t *
pack_detail(const struct rd_detail *d)
{
	return json_pack("[s, s, s, s, s, s, s, I]", d->type, d->sip, d->rip,
	    d->mx, d->helo, d->reason, d->info, (json_int_t)d->count);
}

static json_t *
pack_policy(const struct rd_policy *p)
{
	json_t *list;
	size_t i;

	if ((list = json_array()) == NULL)
		fatal("json_array");
	for (i = 0; i < p->ndetails; i++)
		json_array_append_new(list, pack_detail(&p->details[i]));
	return json_pack("[s, s, s, s, s, I, I, o]", p->domain, p->type,
	    p->mode, p->strings, p->mx, (json_int_t)p->ok,
	    (json_int_t)p->fail, list);
}

json_t *
answer_report(const struct rd_report *r)
{
	json_t *list, *odd, *obj;
	size_t i;

	if ((list = json_array()) == NULL || (odd = json_array()) == NULL)
		fatal("json_array");
	for (i = 0; i < r->npolicies; i++)
		json_array_append_new(list, pack_policy(&r->policies[i]));
	for (i = 0; i < r->nodd; i++)
		json_array_append_new(odd, json_string(r->odd[i]));
	obj = json_pack("{s[s, s, s, s, s, o, I, I, o]}", "report", r->org,
	    r->id, r->contact, r->submitter, r->dkim, odd,
	    (json_int_t)r->start, (json_int_t)r->finish, list);
	if (obj == NULL)
		fatalx("%s: json_pack", __func__);
	return obj;
}

/* What headers hold need not be UTF-8: as the report's id is kept. */
static json_t *
bytes(const char *s)
{
	char *copy = xstrdup(s), *p, *clean;
	json_t *v;

	for (p = copy; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	clean = reader_clean(copy, strlen(copy), NULL);
	v = json_string(clean);
	free(clean);
	free(copy);
	return v;
}

json_t *
answer_bounce(const struct dsn *dsn)
{
	json_t *obj;

	obj = json_pack("{s[b, o, o, o, o]}", "bounce", dsn->failed,
	    bytes(dsn->recipient), bytes(dsn->text), bytes(dsn->message_id),
	    bytes(dsn->report_id));
	if (obj == NULL)
		fatalx("%s: json_pack", __func__);
	return obj;
}

json_t *
answer_problem(const char *text)
{
	json_t *obj = json_pack("{ss}", "problem", text);

	if (obj == NULL)
		fatalx("%s: json_pack", __func__);
	return obj;
}

json_t *
answer_nature(const struct nature *n)
{
	json_t *obj;

	obj = json_pack("{s[s, b, b, b]}", "nature", n->automatic != NULL ?
	    n->automatic : "", n->answer, n->own_test, n->words);
	if (obj == NULL)
		fatalx("%s: json_pack", __func__);
	return obj;
}

json_t *
answer_end(void)
{
	json_t *obj = json_pack("{sb}", "end", 1);

	if (obj == NULL)
		fatalx("%s: json_pack", __func__);
	return obj;
}

/* A text that is as reader_clean leaves it; NULL: not. */
static char *
take_text(const json_t *list, size_t at)
{
	const json_t *v = json_array_get(list, at);
	char *clean;

	if (!json_is_string(v) ||
	    strlen(json_string_value(v)) != json_string_length(v))
		return NULL;
	clean = reader_clean(json_string_value(v), json_string_length(v),
	    NULL);
	if (strcmp(clean, json_string_value(v)) == 0)
		return clean;
	free(clean);
	return NULL;
}

static int
take_number(const json_t *list, size_t at, int64_t max, int64_t *out)
{
	const json_t *v = json_array_get(list, at);

	if (!json_is_integer(v) || json_integer_value(v) < 0 ||
	    json_integer_value(v) > max)
		return -1;
	*out = json_integer_value(v);
	return 0;
}

/* A list of texts, as text. */
static char *
take_list(const json_t *list, size_t at)
{
	const char *s = json_string_value(json_array_get(list, at));
	json_t *texts;
	char *out = NULL, *one;
	size_t i;

	if (s == NULL || (texts = json_loads(s, 0, NULL)) == NULL)
		return NULL;
	for (i = 0; i < json_array_size(texts); i++) {
		if ((one = take_text(texts, i)) == NULL)
			break;
		free(one);
	}
	if (json_is_array(texts) && i == json_array_size(texts) &&
	    i <= READ_STRINGS_MAX)
		out = json_dumps(texts, JSON_COMPACT);
	json_decref(texts);
	return out;
}

static int
take_detail(struct rd_detail *d, const json_t *list)
{
	char **const texts[] = { &d->type, &d->sip, &d->rip, &d->mx, &d->helo,
	    &d->reason, &d->info };
	size_t i;
	int rc = 0;

	for (i = 0; i < nitems(texts); i++)
		if ((*texts[i] = take_text(list, i)) == NULL)
			rc = -1;
	return take_number(list, i, RD_COUNT_MAX, &d->count) == -1 ? -1 : rc;
}

static int
take_policy(struct answer *a, struct rd_policy *p, const json_t *list)
{
	const json_t *details = json_array_get(list, 7);
	size_t i, n = json_array_size(details);
	int rc;

	p->domain = take_text(list, 0);
	p->type = take_text(list, 1);
	p->mode = take_text(list, 2);
	p->strings = take_list(list, 3);
	p->mx = take_list(list, 4);
	rc = p->domain == NULL || p->type == NULL || p->mode == NULL ||
	    p->strings == NULL || p->mx == NULL || !json_is_array(details) ||
	    take_number(list, 5, RD_COUNT_MAX, &p->ok) == -1 ||
	    take_number(list, 6, RD_COUNT_MAX, &p->fail) == -1 ||
	    (a->nrows += n) > ROWS_MAX ? -1 : 0;
	if (rc == -1 || n == 0)
		return rc;
	p->details = xcalloc(n, sizeof(*p->details));
	p->ndetails = n;
	for (i = 0; i < n; i++)
		if (take_detail(&p->details[i], json_array_get(details,
		    i)) == -1)
			rc = -1;
	return rc;
}

static int
take_policies(struct answer *a, struct rd_report *r, const json_t *list)
{
	size_t i, n = json_array_size(list);
	int rc = 0;

	if (!json_is_array(list) || (a->nrows += n) > ROWS_MAX)
		return -1;
	if (n == 0)
		return 0;
	r->policies = xcalloc(n, sizeof(*r->policies));
	r->npolicies = n;
	for (i = 0; i < n; i++) {
		if (take_policy(a, &r->policies[i], json_array_get(list,
		    i)) == -1)
			rc = -1;
		r->ndetails += r->policies[i].ndetails;
	}
	return rc;
}

/* Texts with "; " between them. */
static char *
take_oddities(const json_t *list)
{
	char *all = xstrdup(""), *one, *more;
	size_t i, n = json_array_size(list);

	for (i = 0; i < n && n <= READ_ODDITIES_MAX; i++) {
		if ((one = take_text(list, i)) == NULL)
			break;
		xasprintf(&more, "%s%s%s", all, i > 0 ? "; " : "", one);
		free(one);
		free(all);
		all = more;
	}
	if (json_is_array(list) && i == n)
		return all;
	free(all);
	return NULL;
}

static int
take_report(struct answer *a, const json_t *list)
{
	struct rd_report *r;

	if (a->nreports == READ_MEMBERS_MAX)
		return -1;
	r = xcalloc(1, sizeof(*r));
	a->reports[a->nreports++] = r;
	r->org = take_text(list, 0);
	r->id = take_text(list, 1);
	r->contact = take_text(list, 2);
	r->submitter = take_text(list, 3);
	r->dkim = take_text(list, 4);
	r->oddities = take_oddities(json_array_get(list, 5));
	if (r->org == NULL || r->id == NULL || r->contact == NULL ||
	    r->submitter == NULL || r->dkim == NULL || r->oddities == NULL ||
	    take_number(list, 6, TIME_MAX, &r->start) == -1 ||
	    take_number(list, 7, TIME_MAX + DAY_SECONDS, &r->finish) == -1 ||
	    take_policies(a, r, json_array_get(list, 8)) == -1)
		return -1;
	r->day = day_of(r->start);
	return 0;
}

static int
take_bounce(struct answer *a, const json_t *list)
{
	char *const outs[] = { a->dsn.recipient, a->dsn.text,
	    a->dsn.message_id, a->dsn.report_id };
	char *text;
	size_t i;

	if (!json_is_boolean(json_array_get(list, 0)))
		return -1;
	a->dsn.failed = json_is_true(json_array_get(list, 0));
	for (i = 0; i < nitems(outs); i++) {
		if ((text = take_text(list, i + 1)) == NULL)
			return -1;
		(void)strlcpy(outs[i], text, READ_TEXT_MAX);
		free(text);
	}
	a->is_bounce = 1;
	return 0;
}

static int
take_nature(struct answer *a, const json_t *list)
{
	char *text;

	if (!json_is_boolean(json_array_get(list, 1)) ||
	    !json_is_boolean(json_array_get(list, 2)) ||
	    !json_is_boolean(json_array_get(list, 3)) ||
	    (text = take_text(list, 0)) == NULL)
		return -1;
	(void)strlcpy(a->automatic, text, sizeof(a->automatic));
	free(text);
	a->is_answer = json_is_true(json_array_get(list, 1));
	a->is_own_test = json_is_true(json_array_get(list, 2));
	a->has_words = json_is_true(json_array_get(list, 3));
	return 0;
}

static int
take_problem(struct answer *a, const json_t *v)
{
	json_t *list = json_pack("[O]", v);
	char *text;

	text = take_text(list, 0);
	json_decref(list);
	if (text == NULL)
		return -1;
	free(a->why);
	a->why = text;
	a->problems++;
	return 0;
}

int
answer_read(struct answer *a, const char *line, size_t len)
{
	json_t *obj, *v;
	int rc = -1;

	if (a->reports == NULL)
		a->reports = xcalloc(READ_MEMBERS_MAX, sizeof(*a->reports));
	if (a->ended || (obj = json_loadb(line, len, 0, NULL)) == NULL)
		return -1;
	if ((v = json_object_get(obj, "report")) != NULL)
		rc = take_report(a, v);
	else if ((v = json_object_get(obj, "bounce")) != NULL)
		rc = take_bounce(a, v);
	else if ((v = json_object_get(obj, "problem")) != NULL)
		rc = take_problem(a, v);
	else if ((v = json_object_get(obj, "nature")) != NULL)
		rc = take_nature(a, v);
	else if (json_is_true(json_object_get(obj, "end"))) {
		a->ended = 1;
		rc = 0;
	}
	json_decref(obj);
	return rc;
}

void
answer_free(struct answer *a)
{
	while (a->nreports > 0)
		rd_report_free(a->reports[--a->nreports]);
	free(a->reports);
	free(a->why);
	memset(a, 0, sizeof(*a));
}
