/* SPDX-License-Identifier: ISC */

/*
 * Authentication-Results (RFC 8601 2.2):
 *	authserv-id [version] *(";" method "=" result *(ptype.property=value))
 * with comments anywhere.
 */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/domain.h"
#include "base/log.h"
#include "reader/reader.h"

/*
 * Takes comments out, in place, and makes what is quoted one word: a sender's
 * address may hold anything.
 */
static void
drop_comments(char *s)
{
	char *out = s;
	int depth = 0, quoted = 0;

	for (; *s != '\0'; s++) {
		if (depth == 0 && *s == '"')
			quoted = !quoted;
		if (!quoted && *s == '(') {
			depth++;
			continue;
		}
		if (!quoted && depth > 0) {
			if (*s == ')' && --depth == 0)
				*out++ = ' ';
			continue;
		}
		*out++ = quoted && (*s == ' ' || *s == ';' || *s == '=') ?
		    '_' : *s;
	}
	*out = '\0';
}

/* Whether the name up to one of stop is of a host of ours. */
static int
is_our_host(const struct conf *conf, const char *s, const char *stop)
{
	char name[DOMAIN_MAX];
	const char *p;

	if (domain_normal(s, strcspn(s, stop), name, sizeof(name)) == -1)
		return 0;
	if (conf->hostname != NULL && strcasecmp(name, conf->hostname) == 0)
		return 1;
	/* A host within a local domain is the same people's. */
	for (p = name; p != NULL; p = strchr(p, '.')) {
		if (*p == '.')
			p++;
		if (conf_is_local(conf, p))
			return 1;
	}
	return 0;
}

/* Whether a Received field was written by a host of ours. */
static int
is_our_hop(const struct conf *conf, char *value)
{
	const char *by;

	drop_comments(value);
	if (strncasecmp(value, "by ", 3) == 0)
		by = value + 3;
	else if ((by = strcasestr(value, " by ")) != NULL)
		by += 4;
	else
		return 0;
	by += strspn(by, " ");
	return is_our_host(conf, by, " ;");
}

/* The domain behind "header.d=" or "header.i=" of one method's text. */
static int
signer(const char *method, char out[], size_t outsz)
{
	static const char *const names[] = { "header.d=", "header.i=" };
	const char *p, *at;
	size_t i, n;

	for (i = 0; i < nitems(names); i++) {
		if ((p = strcasestr(method, names[i])) == NULL ||
		    p == method || p[-1] != ' ')
			continue;
		/* A quoted local part is one word by now. */
		p += strlen(names[i]);
		n = strcspn(p, "; ");
		if ((at = memrchr(p, '@', n)) != NULL) {
			n -= at + 1 - p;
			p = at + 1;
		}
		while (n > 0 && *p == '"') {
			p++;
			n--;
		}
		while (n > 0 && p[n - 1] == '"')
			n--;
		if (domain_normal(p, n, out, outsz) == 0)
			return 0;
	}
	return -1;
}

/* The From field's domain, "" where it can't be told. */
static void
from_domain(const struct mime *mail, char out[], size_t outsz)
{
	char *from, *p;

	out[0] = '\0';
	if ((from = mime_header(mail, "From")) == NULL)
		return;
	drop_comments(from);
	if ((p = strrchr(from, '@')) != NULL) {
		p++;
		if (domain_normal(p, strcspn(p, " >,;"), out, outsz) == -1)
			out[0] = '\0';
	}
	free(from);
}

/* Whether d may sign for that From domain: the same, or a parent. */
static int
signs_for(const char *d, const char *from)
{
	size_t dl = strlen(d), fl = strlen(from);

	/* A top-level domain signs for nobody. */
	if (fl == 0 || strchr(d, '.') == NULL)
		return 0;
	return strcmp(d, from) == 0 || (fl > dl &&
	    from[fl - dl - 1] == '.' && strcmp(from + fl - dl, d) == 0);
}

/*
 * Judges the dkim methods of one field; best is replaced by a better result.
 * Returns whether there was one.
 */
static int
judge(char *value, const char *from, char best[], size_t bestsz)
{
	char *method, *next, *p, d[DOMAIN_MAX], result[32];
	int found = 0, pass;

	for (method = strchr(value, ';'); method != NULL; method = next) {
		method++;
		if ((next = strchr(method, ';')) != NULL)
			*next = '\0';
		method += strspn(method, " ");
		if (strncasecmp(method, "dkim", 4) == 0) {
			p = method + 4;
			p += strspn(p, " ");
			if (*p == '=') {
				p++;
				p += strspn(p, " ");
				snprintf(result, sizeof(result), "%.*s",
				    (int)strcspn(p, " "), p);
				for (p = result; *p != '\0'; p++)
					*p = isalpha((unsigned char)*p) ?
					    tolower((unsigned char)*p) : '?';
				pass = strcmp(result, "pass") == 0;
				if (pass && signer(method, d,
				    sizeof(d)) == -1)
					d[0] = '\0';
				if (pass && signs_for(d, from))
					snprintf(best, bestsz, "pass %s", d);
				else if (pass &&
				    strncmp(best, "pass", 4) != 0)
					snprintf(best, bestsz, "other %s", d);
				else if (!found && best[0] == '\0')
					strlcpy(best, result, bestsz);
				found = 1;
			}
		}
		if (next != NULL)
			*next = ';';
	}
	return found;
}

char *
reader_dkim(const struct mime *mail, const struct conf *conf)
{
	char name[80], from[DOMAIN_MAX], best[DOMAIN_MAX + 16] = "";
	char *value, *copy;
	size_t at = 0;
	int begun = 0, done = 0;

	from_domain(mail, from, sizeof(from));
	while (conf != NULL && !done &&
	    (value = mime_next(mail, &at, name, sizeof(name))) != NULL) {
		if (strcasecmp(name, "Authentication-Results") == 0) {
			drop_comments(value);
			/* What follows another host's is not ours. */
			if (!is_our_host(conf, value + strspn(value, " "),
			    " ;"))
				done = begun;
			else {
				begun = 1;
				done = judge(value, from, best, sizeof(best));
			}
		} else if (strcasecmp(name, "Received") == 0) {
			/* Below another host's, others wrote. */
			done = begun || !is_our_hop(conf, value);
		} else
			done = begun;
		free(value);
	}
	if ((copy = strdup(best)) == NULL)
		fatal("strdup");
	return copy;
}
