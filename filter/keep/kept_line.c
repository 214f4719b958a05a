/* SPDX-License-Identifier: ISC */

#include <string.h>

#include "base/bounds.h"
#include "base/compat.h"
#include "keep/kept_line.h"

const char *
kept_hex(const char *p, const char *end, char out[KEPT_HEX_LEN + 1])
{
	if (end - p < KEPT_HEX_LEN ||
	    (end - p > KEPT_HEX_LEN && p[KEPT_HEX_LEN] != '|') ||
	    strspn(p, "0123456789abcdef") < KEPT_HEX_LEN)
		return NULL;
	memcpy(out, p, KEPT_HEX_LEN);
	out[KEPT_HEX_LEN] = '\0';
	return end - p > KEPT_HEX_LEN ? p + KEPT_HEX_LEN + 1 : end;
}

int
kept_parse(const char *line, size_t len, struct asked *a)
{
	const char *p = line, *end = line + len;
	int i;

	for (i = 0; i < 5; i++, p++)
		if ((p = memchr(p, '|', end - p)) == NULL)
			return -1;
	a->line = line;
	a->len = len;
	a->event = p - line;
	a->token[0] = '\0';
	if ((p = kept_hex(p, end, a->id)) == NULL ||
	    (*line == 'f' && (p = kept_hex(p, end, a->token)) == NULL))
		return -1;
	a->text = p;
	a->textlen = end - p;
	return 0;
}

int
kept_is_event(const struct asked *a, const char *event)
{
	size_t len = strlen(event);

	return a->event > len + 1 && a->line[a->event - len - 2] == '|' &&
	    memcmp(a->line + a->event - len - 1, event, len) == 0;
}

int
kept_is_last(const char *text, size_t len)
{
	return len == 1 && *text == '.';
}

int
kept_is_registration(const char *text, size_t len)
{
	static const char *const said[] = { "report|smtp-in|",
	    "report|smtp-out|", "filter|smtp-in|" };
	char name[KEPT_EVENT_MAX];
	size_t i, n;

	if (len >= KEPT_EVENT_MAX)
		return 0;
	for (i = 0; i < nitems(said); i++) {
		n = strlen(said[i]);
		if (len <= n || memcmp(text, said[i], n) != 0)
			continue;
		memcpy(name, text + n, len - n);
		name[len - n] = '\0';
		return (*text == 'r' && strcmp(name, "*") == 0) ||
		    strspn(name, "abcdefghijklmnopqrstuvwxyz-") == len - n;
	}
	return 0;
}

int
kept_is_answer(const char *text, size_t len, int commit)
{
	static const char *const said[] = { "rewrite|", "reject|",
	    "disconnect|", "report|" };
	size_t i;

	if (len > KEPT_ANSWER_MAX)
		return 0;
	if (len == 7 && memcmp(text, "proceed", 7) == 0)
		return 1;
	if (len == 4 && memcmp(text, "junk", 4) == 0)
		return !commit;
	for (i = 0; i < nitems(said); i++)
		if (len >= strlen(said[i]) &&
		    memcmp(text, said[i], strlen(said[i])) == 0)
			return 1;
	return 0;
}
