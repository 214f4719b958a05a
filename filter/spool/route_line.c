/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "base/domain.h"
#include "spool/route_line.h"

/* smtpd ends on an answer that it can't read: nothing else gets in. */
static int
urls_ok(const char *urls)
{
	const char *p;

	for (p = urls; *p != '\0'; p += *p == ',') {
		if (strncmp(p, "smtp+tls://", 11) != 0 &&
		    strncmp(p, "smtps://", 8) != 0)
			return 0;
		p = strstr(p, "://") + 3;
		if (*p == '\0' || *p == ',')
			return 0;
		p += strspn(p, "abcdefghijklmnopqrstuvwxyz"
		    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]");
		if (*p != '\0' && (*p != ',' || p[1] == '\0'))
			return 0;
	}
	return 1;
}

static int
kind_of(const char *text, enum route_kind *kind)
{
	if (strcmp(text, "enforce") == 0)
		*kind = ROUTE_ENFORCE;
	else if (strcmp(text, "none") == 0)
		*kind = ROUTE_NONE;
	else
		return -1;
	return 0;
}

int
route_parse(char *s, struct route *out)
{
	char *field[3];
	const char *err;
	size_t i;

	for (i = 0; i < nitems(field); i++)
		if ((field[i] = strsep(&s, "|")) == NULL)
			return -1;
	if (s != NULL || kind_of(field[0], &out->kind) == -1 ||
	    field[1][strspn(field[1], "0123456789")] != '\0')
		return -1;
	out->until = strtonum(field[1], 0, INT64_MAX, &err);
	out->urls = field[2];
	return err == NULL && urls_ok(out->urls) ? 0 : -1;
}

int
route_value(char out[], size_t outsz, const char *kind, int64_t until,
    const char *urls)
{
	enum route_kind known;
	int n;

	if (kind_of(kind, &known) == -1 || until < 0 || !urls_ok(urls))
		return -1;
	n = snprintf(out, outsz, "%s|%lld|%s", kind, (long long)until, urls);
	return n >= 0 && (size_t)n < outsz ? n : -1;
}

int
route_line(char out[], size_t outsz, const char *domain, const char *kind,
    int64_t until, const char *urls)
{
	char normal[DOMAIN_MAX], value[ROUTE_LINE_MAX];
	int n;

	if (domain_normal(domain, strlen(domain), normal, sizeof(normal)) ==
	    -1 || strcmp(normal, domain) != 0 ||
	    route_value(value, sizeof(value), kind, until, urls) == -1)
		return -1;
	n = snprintf(out, outsz, "%s|%s\n", domain, value);
	return n >= 0 && (size_t)n < outsz ? n : -1;
}

int
route_host(const char *urls, char out[], size_t outsz)
{
	const char *host = strstr(urls, "://");
	size_t len;

	if (host == NULL)
		return -1;
	host += 3;
	len = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/,");
	if (len == 0 || len >= outsz)
		return -1;
	memcpy(out, host, len);
	out[len] = '\0';
	return 0;
}
