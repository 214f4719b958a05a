/* SPDX-License-Identifier: ISC */

/* Records of the DNS, put into the answer to a question: as many as count. */

#include "base/bounds.h"
#include "base/log.h"
#include "helper/dns_rdata.h"
#include "helper/resolve_answer.h"

json_t *
answer_list(json_t *answer, const char *key)
{
	json_t *list;

	if ((list = json_object_get(answer, key)) != NULL)
		return list;
	list = json_array();
	if (list == NULL || json_object_set_new(answer, key, list) == -1)
		fatalx("json_object_set");
	return list;
}

/* Behind everything of the same or a smaller preference. */
static void
mx_add(json_t *list, json_t *mx)
{
	json_int_t preference = json_integer_value(json_array_get(mx, 0));
	size_t i = json_array_size(list);

	while (i > 0 && json_integer_value(json_array_get(
	    json_array_get(list, i - 1), 0)) > preference)
		i--;
	if (json_array_insert_new(list, i, mx) == -1)
		fatalx("json_array_insert");
}

void
answer_true(json_t *answer, const char *key)
{
	if (json_object_set_new(answer, key, json_true()) == -1)
		fatalx("json_object_set");
}

void
answer_record(json_t *answer, int type, const unsigned char *data, size_t len)
{
	json_t *list, *item;
	int toolong = 0;

	switch (type) {
	case TYPE_TXT:
		list = answer_list(answer, "txt");
		if (json_array_size(list) == TXT_RECORDS_MAX)
			return;
		if ((item = wire_txt(data, len, &toolong)) == NULL) {
			if (toolong)
				answer_true(answer, "toolong");
			return;
		}
		if (json_array_append_new(list, item) == -1)
			fatalx("json_array_append");
		return;
	case TYPE_MX:
		list = answer_list(answer, "mx");
		if ((item = wire_mx(data, len)) == NULL)
			return;
		mx_add(list, item);
		/* The most preferred ones stay. */
		if (json_array_size(list) > MX_RECORDS_MAX)
			json_array_remove(list, MX_RECORDS_MAX);
		return;
	case TYPE_TLSA:
		list = answer_list(answer, "tlsa");
		if (json_array_size(list) == TLSA_RECORDS_MAX ||
		    (item = wire_tlsa(data, len)) == NULL)
			return;
		if (json_array_append_new(list, item) == -1)
			fatalx("json_array_append");
		return;
	default:
		list = answer_list(answer, "addr");
		if (json_array_size(list) == MX_ADDRS_MAX ||
		    (item = wire_addr(data, len)) == NULL)
			return;
		/* IPv4 first: more hosts have it. */
		if (json_array_insert_new(list, type == TYPE_A ? 0 :
		    json_array_size(list), item) == -1)
			fatalx("json_array_insert");
	}
}

int
answer_is_empty(const json_t *answer)
{
	static const char *const keys[] = { "txt", "mx", "addr", "tlsa" };
	size_t i;

	for (i = 0; i < nitems(keys); i++)
		if (json_array_size(json_object_get(answer, keys[i])) > 0)
			return 0;
	return 1;
}
