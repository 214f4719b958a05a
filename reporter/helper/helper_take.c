/* SPDX-License-Identifier: ISC */

#include <string.h>

#include "base/addr.h"
#include "base/bounds.h"
#include "base/domain.h"
#include "helper/helper_take.h"

json_t *
take_word(const struct helper_asked *q __unused, const struct member *m,
    const json_t *value)
{
	const char *s = json_string_value(value);
	size_t i;

	for (i = 0; s != NULL && m->words[i] != NULL; i++)
		if (strcmp(s, m->words[i]) == 0)
			return json_string(s);
	return NULL;
}

json_t *
take_bool(const struct helper_asked *q __unused, const struct member *m __unused,
    const json_t *value)
{
	return json_is_boolean(value) ? json_boolean(json_is_true(value)) :
	    NULL;
}

json_t *
take_int(const struct helper_asked *q __unused, const struct member *m,
    const json_t *value)
{
	json_int_t n = json_integer_value(value);

	/* libtls says -1 of a time that there is not. */
	return json_is_integer(value) && n >= -1 && n <= m->max ?
	    json_integer(n) : NULL;
}

/* A text of one line. */
json_t *
take_text(const struct helper_asked *q __unused, const struct member *m,
    const json_t *value)
{
	const char *s = json_string_value(value);
	size_t i;

	if (s == NULL || strlen(s) > (size_t)m->max)
		return NULL;
	for (i = 0; s[i] != '\0'; i++)
		if (((unsigned char)s[i] < ' ' && s[i] != '\t') ||
		    s[i] == 0x7f)
			return NULL;
	return json_string(s);
}

json_t *
take_name(const struct helper_asked *q __unused, const struct member *m __unused,
    const json_t *value)
{
	const char *s = json_string_value(value);
	char name[DOMAIN_MAX];

	if (s == NULL || domain_normal(s, strlen(s), name, sizeof(name)) == -1)
		return NULL;
	return json_string(name);
}

json_t *
take_addr(const struct helper_asked *q __unused, const struct member *m __unused,
    const json_t *value)
{
	const char *s = json_string_value(value);
	struct addr addr;
	char text[64];

	if (s == NULL || addr_parse(s, strlen(s), &addr) == -1)
		return NULL;
	addr_print(&addr, text, sizeof(text));
	return json_string(text);
}

json_t *
take_mx(const struct helper_asked *q, const struct member *m,
    const json_t *value)
{
	const json_t *preference = json_array_get(value, 0);
	json_t *name;

	if (json_array_size(value) != 2 || !json_is_integer(preference) ||
	    json_integer_value(preference) < 0 ||
	    json_integer_value(preference) > UINT16_MAX ||
	    (name = take_name(q, m, json_array_get(value, 1))) == NULL)
		return NULL;
	return json_pack("[I, o]", json_integer_value(preference), name);
}

/* A host of the fleet, when it was seen, its version, a day. */
json_t *
take_member(const struct helper_asked *q, const struct member *m,
    const json_t *value)
{
	const struct member text = { m->key, take_text, m->max, 0, NULL };
	const json_t *seen = json_array_get(value, 1);
	const json_t *day = json_array_get(value, 3);
	json_t *name, *version;

	if (json_array_size(value) != 4 || !json_is_integer(seen) ||
	    !json_is_integer(day) ||
	    (name = take_name(q, m, json_array_get(value, 0))) == NULL)
		return NULL;
	if ((version = take_text(q, &text, json_array_get(value, 2))) ==
	    NULL) {
		json_decref(name);
		return NULL;
	}
	return json_pack("[o, I, o, I]", name, json_integer_value(seen),
	    version, json_integer_value(day));
}

/* A report that this host is to send: day, domain, part, id. */
json_t *
take_claim(const struct helper_asked *q, const struct member *m,
    const json_t *value)
{
	const struct member text = { m->key, take_text, m->max, 0, NULL };
	const json_t *day = json_array_get(value, 0);
	const json_t *part = json_array_get(value, 2);
	json_t *name, *id;

	if (json_array_size(value) != 4 || !json_is_integer(day) ||
	    !json_is_integer(part) || json_integer_value(day) < 0 ||
	    json_integer_value(part) < 0 ||
	    (name = take_name(q, m, json_array_get(value, 1))) == NULL)
		return NULL;
	if ((id = take_text(q, &text, json_array_get(value, 3))) == NULL) {
		json_decref(name);
		return NULL;
	}
	return json_pack("[I, o, I, o]", json_integer_value(day), name,
	    json_integer_value(part), id);
}

/* A policy's lines, as an array; "" for none. */
static json_t *
take_lines(const struct helper_asked *q, const struct member *m,
    const json_t *value)
{
	const struct member text = { m->key, take_text, m->max, 0, NULL };
	json_t *lines, *line;
	size_t i;

	if (!json_is_array(value))
		return take_text(q, &text, value);
	if ((lines = json_array()) == NULL)
		return NULL;
	for (i = 0; i < json_array_size(value); i++) {
		line = take_text(q, &text, json_array_get(value, i));
		if (line == NULL || json_array_append_new(lines, line) == -1) {
			json_decref(lines);
			return NULL;
		}
	}
	return lines;
}

/* A number, texts, and at its end numbers. */
json_t *
take_row(const struct helper_asked *q, const struct member *m,
    const json_t *value)
{
	const struct member text = { m->key, take_text, m->max, 0, NULL };
	json_t *row, *taken;
	const json_t *item;
	size_t i, n = json_array_size(value);

	if ((n != 8 && n != 14) || (row = json_array()) == NULL)
		return NULL;
	for (i = 0; i < n; i++) {
		item = json_array_get(value, i);
		if (i == 4)
			taken = take_lines(q, m, item);
		else if (i > 0 && i < (n == 8 ? 6 : 13))
			taken = take_text(q, &text, item);
		else
			taken = json_is_integer(item) &&
			    json_integer_value(item) >= 0 ?
			    json_integer(json_integer_value(item)) : NULL;
		if (taken == NULL || json_array_append_new(row, taken) == -1) {
			json_decref(row);
			return NULL;
		}
	}
	return row;
}

/* Numbers and texts; which of them where, who puts them into a table knows. */
json_t *
take_seen(const struct helper_asked *q, const struct member *m,
    const json_t *value)
{
	const struct member text = { m->key, take_text, m->max, 0, NULL };
	const struct member number = { m->key, take_int, INT64_MAX, 0, NULL };
	const json_t *item;
	json_t *row, *taken;
	size_t i;

	if (!json_is_array(value) || (row = json_array()) == NULL)
		return NULL;
	for (i = 0; i < json_array_size(value); i++) {
		item = json_array_get(value, i);
		taken = json_is_integer(item) ? take_int(q, &number, item) :
		    take_text(q, &text, item);
		if (taken == NULL || json_array_append_new(row, taken) == -1) {
			json_decref(row);
			return NULL;
		}
	}
	return row;
}

json_t *
take_hexadecimal(const struct helper_asked *q __unused, const struct member *m,
    const json_t *value)
{
	const char *s = json_string_value(value);

	return s != NULL && strspn(s, "0123456789abcdef") == strlen(s) &&
	    strlen(s) <= (size_t)m->max ? json_string(s) : NULL;
}

/* Lower case, as wire_tlsa writes it. */
json_t *
take_tlsa(const struct helper_asked *q, const struct member *m,
    const json_t *value)
{
	json_int_t n[3];
	json_t *data;
	size_t i;

	if (json_array_size(value) != 4)
		return NULL;
	for (i = 0; i < nitems(n); i++) {
		n[i] = json_integer_value(json_array_get(value, i));
		if (!json_is_integer(json_array_get(value, i)) || n[i] < 0 ||
		    n[i] > UINT8_MAX)
			return NULL;
	}
	data = take_hexadecimal(q, m, json_array_get(value, 3));
	return data == NULL ? NULL : json_pack("[I, I, I, o]", n[0], n[1],
	    n[2], data);
}

/* Base64 between its lines, if it was asked for. */
json_t *
take_pem(const struct helper_asked *q, const struct member *m,
    const json_t *value)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/=- \n";
	const char *s = json_string_value(value);

	return q->chain && s != NULL && strspn(s, digits) == strlen(s) &&
	    strlen(s) <= (size_t)m->max ? json_string(s) : NULL;
}

json_t *
take_version(const struct helper_asked *q, const struct member *m,
    const json_t *value)
{
	return q->versions ? take_word(q, m, value) : NULL;
}

/* Only what was asked for: its kind, and not more than was allowed. */
json_t *
take_body(const struct helper_asked *q, const struct member *m __unused,
    const json_t *value)
{
	return json_string_length(value) <= q->max ?
	    json_stringn(json_string_value(value), json_string_length(value)) :
	    NULL;
}

json_t *
take_base64(const struct helper_asked *q, const struct member *m __unused,
    const json_t *value)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/=";
	const char *s = json_string_value(value);

	return s != NULL && strspn(s, digits) == strlen(s) &&
	    strlen(s) <= q->max / 3 * 4 + 4 ? json_string(s) : NULL;
}
