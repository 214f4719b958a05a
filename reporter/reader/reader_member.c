/* SPDX-License-Identifier: ISC */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/bounds.h"
#include "base/log.h"
#include "lib/xalloc.h"
#include "reader/reader.h"
#include "reader/reader_member.h"

void
rd_odd(struct rd_report *r, const char *text)
{
	size_t i;

	for (i = 0; i < r->nodd; i++)
		if (strcmp(r->odd[i], text) == 0)
			return;
	if (r->nodd < READ_ODDITIES_MAX)
		r->odd[r->nodd++] = text;
}

/* Whether two names are the same but for case, and '_' for '-'. */
static int
same_name(const char *a, const char *b)
{
	for (; *a != '\0' && *b != '\0'; a++, b++)
		if ((*a == '_' ? '-' : tolower((unsigned char)*a)) != *b)
			return 0;
	return *a == *b;
}

/* A member, under its name or one like it; NULL for null too. */
json_t *
rd_member(struct rd_report *r, json_t *obj, const char *name)
{
	json_t *v;
	const char *key;

	if ((v = json_object_get(obj, name)) == NULL) {
		json_object_foreach(obj, key, v) {
			if (same_name(key, name)) {
				rd_odd(r, "names of members in another case");
				break;
			}
		}
		if (key == NULL)
			v = NULL;
	}
	return json_is_null(v) ? NULL : v;
}

/* The cleaned text of a string, or of a number; "" for others. */
static char *
text_of(struct rd_report *r, json_t *v)
{
	char buf[32], *s, *clean;
	int cut = 0;

	if (json_is_integer(v)) {
		snprintf(buf, sizeof(buf), "%lld",
		    (long long)json_integer_value(v));
		return xstrdup(buf);
	}
	if (json_is_array(v) && json_array_size(v) == 1)
		v = json_array_get(v, 0);
	if ((json_is_array(v) && json_array_size(v) == 0) ||
	    (json_is_object(v) && json_object_size(v) == 0))
		return xstrdup("");
	if (json_is_object(v) || json_is_array(v)) {
		rd_odd(r, "a member that is an object: kept as text");
		if ((s = json_dumps(v, JSON_COMPACT)) == NULL)
			fatal("json_dumps");
		clean = reader_clean(s, strlen(s), &cut);
		free(s);
		if (cut)
			rd_odd(r, "a text too long was cut");
		return clean;
	}
	if (!json_is_string(v)) {
		if (v != NULL)
			rd_odd(r, "a member of another type");
		return xstrdup("");
	}
	s = reader_clean(json_string_value(v), json_string_length(v), &cut);
	if (cut)
		rd_odd(r, "a text too long was cut");
	return s;
}

char *
rd_text(struct rd_report *r, json_t *obj, const char *name)
{
	return text_of(r, rd_member(r, obj, name));
}

/* A decimal number and nothing else but blanks around it; 0 or -1. */
static int
parse_decimal(const char *s, double *d)
{
	char *end;

	if (s[strspn(s, " +-.eE0123456789")] != '\0')
		return -1;	/* "nan", "inf", "0x10" */
	*d = strtod(s, &end);
	return end == s || end[strspn(end, " ")] != '\0' ? -1 : 0;
}

/*
 * A session count, whatever it was written as; -1 where there is none.  What
 * no count can be is left out: a limit or 0 in its place would be one.
 */
int64_t
rd_count(struct rd_report *r, json_t *obj, const char *name)
{
	json_t *v = rd_member(r, obj, name);
	double d = 0;

	if (v == NULL)
		return -1;
	if (json_is_string(v) &&
	    parse_decimal(json_string_value(v), &d) == 0)
		rd_odd(r, "a count given as text");
	else if (json_is_number(v))
		d = json_number_value(v);
	else {
		rd_odd(r, "a count that is no number: left out");
		return -1;
	}
	if (d < 0) {
		rd_odd(r, "a count below zero: left out");
		return -1;
	}
	if (d > RD_COUNT_MAX) {
		rd_odd(r, "a count beyond all reason: left out");
		return -1;
	}
	if (d != (double)(int64_t)d)
		rd_odd(r, "a count that is not whole: the fraction left out");
	return (int64_t)d;
}

/* Adds the lines of a text, without "mx:" where strip is set. */
static void
add_lines(json_t *to, const char *s, int strip)
{
	const char *p;
	char *clean;
	size_t n, k;

	for (p = s; *p != '\0'; p += n + strspn(p + n, "\r\n")) {
		n = strcspn(p, "\r\n");
		clean = reader_clean(p, n, NULL);
		k = 0;
		if (strip && strncasecmp(clean, "mx:", 3) == 0)
			k = 3 + strspn(clean + 3, " ");
		if (clean[k] != '\0' &&
		    json_array_size(to) < READ_STRINGS_MAX)
			json_array_append_new(to, json_string(clean + k));
		free(clean);
	}
}

/*
 * policy-string or mx-host: an array, a string, "", null or nothing; strings
 * may hold several lines, or a JSON array as text (Microsoft's TLSA lists).
 */
json_t *
rd_strings(struct rd_report *r, json_t *v, int strip)
{
	json_t *list, *sub, *item, *subitem;
	const char *s;
	size_t i, j;

	if ((list = json_array()) == NULL)
		fatal("json_array");
	if (json_is_string(v)) {
		if (json_string_length(v) > 0)
			rd_odd(r, strip ? "mx-host is a string, not a list" :
			    "policy-string is a string, not a list");
		add_lines(list, json_string_value(v), strip);
	}
	json_array_foreach(v, i, item) {
		if ((s = json_string_value(item)) == NULL)
			continue;
		if (s[0] == '[' && (sub = json_loads(s, 0, NULL)) != NULL) {
			rd_odd(r, "TLSA list given as text");
			json_array_foreach(sub, j, subitem)
				if (json_is_string(subitem))
					add_lines(list,
					    json_string_value(subitem), strip);
			json_decref(sub);
			continue;
		}
		if (strip && strncasecmp(s, "mx:", 3) == 0)
			rd_odd(r, "mx-host with \"mx:\" in front");
		add_lines(list, s, strip);
	}
	if (json_array_size(list) >= READ_STRINGS_MAX)
		rd_odd(r, "a policy of too many lines was cut");
	return list;
}
