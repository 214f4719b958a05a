/* SPDX-License-Identifier: ISC */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/bounds.h"
#include "lib/xalloc.h"
#include "reader/mime.h"
#include "reader/mime_code.h"

size_t
mime_line(const char *p, const char *end, const char **next)
{
	const char *nl;
	size_t n;

	if ((nl = memchr(p, '\n', end - p)) == NULL) {
		*next = end;
		n = end - p;
	} else {
		*next = nl + 1;
		n = nl - p;
	}
	if (n > 0 && p[n - 1] == '\r')
		n--;
	return n;
}

/* The length of a field name at p, or 0 if none stands there. */
static size_t
field_name(const char *p, size_t len)
{
	size_t n, name;

	for (n = 0; n < len && p[n] > ' ' && p[n] < 127 && p[n] != ':'; n++)
		;
	name = n;
	while (n < len && (p[n] == ' ' || p[n] == '\t'))
		n++;
	return n < len && p[n] == ':' ? name : 0;
}

static int
is_from_line(const char *p, size_t len)
{
	return len >= 5 && (memcmp(p, "From ", 5) == 0 ||
	    (len >= 6 && memcmp(p, ">From ", 6) == 0));
}

/* Whether a line is a field beyond doubt, as no line of a body is by chance. */
static int
is_plain_field(const char *p, size_t len)
{
	size_t n = field_name(p, len), i;

	for (i = 0; i < n; i++)
		if (!isalnum((unsigned char)p[i]) && p[i] != '-')
			return 0;
	return n > 0;
}

/*
 * The last field before the blank line that ends a header, where one comes
 * behind p: what stands between is a line of odd form, which mail programs
 * skip.  NULL where none does, so that a body begins at p.
 */
static const char *
field_behind(const char *p, const char *end)
{
	const char *next, *last = NULL;
	size_t n;

	if (*p == '{' || *p == '[' || *p == '-')
		return NULL;
	for (; p < end && (n = mime_line(p, end, &next)) > 0; p = next)
		if (is_plain_field(p, n))
			last = p;
	return p < end ? last : NULL;
}

/*
 * Whether a line from p on belongs to the header, which is not empty.  *sure:
 * up to here it goes for certain; first its beginning.
 */
static int
is_in_header(const char *p, size_t len, const char *end, const char **sure)
{
	if (*p == ' ' || *p == '\t' || field_name(p, len) > 0 ||
	    is_from_line(p, len) || p < *sure)
		return 1;
	return (*sure = field_behind(p, end)) != NULL;
}

int
mime_looks_like(const char *data, size_t len)
{
	const char *end = data + len, *p = data, *next, *sure;
	size_t n, fields = 0;

	n = mime_line(p, end, &next);
	if (is_from_line(p, n))
		p = next;
	for (sure = p; p < end; p = next) {
		n = mime_line(p, end, &next);
		if (n == 0)
			break;
		if (field_name(p, n) > 0) {
			if (++fields >= 2)
				return 1;
		} else if (fields == 0 || !is_in_header(p, n, end, &sure))
			return 0;
	}
	return fields > 0 && p < end;
}

void
mime_split(const char *data, size_t len, struct mime *m)
{
	const char *end = data + len, *p = data, *next, *sure;
	size_t n;

	n = mime_line(p, end, &next);
	if (is_from_line(p, n))
		p = next;
	m->head = sure = p;
	for (; p < end; p = next) {
		n = mime_line(p, end, &next);
		if (n == 0) {
			m->headlen = p - m->head;
			m->body = next;
			m->bodylen = end - next;
			return;
		}
		/* A body that no blank line divides from the header. */
		if (!is_in_header(p, n, end, &sure))
			break;
	}
	m->headlen = p - m->head;
	m->body = p;
	m->bodylen = end - p;
}

char *
mime_next(const struct mime *m, size_t *at, char name[], size_t namesz)
{
	const char *end = m->head + m->headlen, *p, *next;
	size_t n, len, k;
	char *value;

	for (p = m->head + *at; p < end; p = next) {
		n = mime_line(p, end, &next);
		if ((k = field_name(p, n)) > 0)
			break;
	}
	if (p >= end) {
		*at = m->headlen;
		return NULL;
	}
	snprintf(name, namesz, "%.*s", (int)(k < 256 ? k : 256), p);
	while (next < end && (*next == ' ' || *next == '\t'))
		mime_line(next, end, &next);
	*at = next - m->head;
	p = (const char *)memchr(p, ':', next - p) + 1;
	/* The value may begin on the second line. */
	while (p < next && *p != '\0' && strchr(" \t\r\n", *p) != NULL)
		p++;
	len = next - p;
	value = xmalloc(len + 1);
	for (k = 0, n = 0; n < len; n++)
		if (p[n] != '\n' && p[n] != '\r' && p[n] != '\0')
			value[k++] = p[n] == '\t' ? ' ' : p[n];
	while (k > 0 && value[k - 1] == ' ')
		k--;
	value[k] = '\0';
	return value;
}

char *
mime_header(const struct mime *m, const char *name)
{
	char got[80], *value;
	size_t at = 0;

	while ((value = mime_next(m, &at, got, sizeof(got))) != NULL) {
		if (strcasecmp(got, name) == 0)
			return value;
		free(value);
	}
	return NULL;
}

/* Undoes %41, after "charset'language'" of the first piece (RFC 2231). */
static void
percent(char *s, int first)
{
	char *p, *out = s;
	unsigned int c;

	if (first && (p = strchr(s, '\'')) != NULL &&
	    (p = strchr(p + 1, '\'')) != NULL)
		memmove(s, p + 1, strlen(p + 1) + 1);
	for (p = s; *p != '\0'; p++) {
		if (*p == '%' && isxdigit((unsigned char)p[1]) &&
		    isxdigit((unsigned char)p[2]) &&
		    sscanf(p + 1, "%2x", &c) == 1 && c != 0) {
			*out++ = c;
			p += 2;
		} else
			*out++ = *p;
	}
	*out = '\0';
}

/* Reads "value" or "quoted \"value\"" at p; returns what follows it. */
static const char *
param_value(const char *p, char out[], size_t outsz)
{
	size_t n = 0;
	int quoted = *p == '"';

	if (quoted)
		p++;
	for (; *p != '\0'; p++) {
		if (quoted ? *p == '"' : *p == ';' || *p == ' ')
			break;
		if (quoted && *p == '\\' && p[1] != '\0')
			p++;
		if (n + 1 < outsz)
			out[n++] = *p;
	}
	out[n] = '\0';
	return *p == '"' ? p + 1 : p;
}

int
mime_param(const char *value, const char *name, char out[], size_t outsz)
{
	const char *p = value, *key, *rest;
	char piece[512];
	size_t len = strlen(name);
	int found = 0, star;

	out[0] = '\0';
	while ((p = strchr(p, ';')) != NULL) {
		p++;
		p += strspn(p, " ;");
		key = p;
		p += strcspn(p, "=;");
		if (*p != '=')
			continue;
		rest = key + len;
		star = p[-1] == '*';
		p++;
		p += strspn(p, " ");
		p = param_value(p, piece, sizeof(piece));
		if (strncasecmp(key, name, len) != 0 ||
		    (*rest != '=' && *rest != '*' && *rest != ' '))
			continue;
		if (star)
			percent(piece, !found);
		/* Pieces name*0, name*1, ... stand in order in practice. */
		strlcat(out, piece, outsz);
		found = 1;
		if (*rest != '*')
			break;
	}
	return found ? 0 : -1;
}
