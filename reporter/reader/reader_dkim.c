/* SPDX-License-Identifier: ISC */

/*
 * Authentication-Results (RFC 8601 2.2):
 *	authserv-id [version]
 *	    *(";" method ["/" version] "=" result *(ptype.property=value))
 * with comments anywhere.
 */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/domain.h"
#include "base/log.h"
#include "lib/xalloc.h"
#include "reader/reader.h"

/*
 * Takes comments out, in place, and makes what is quoted one word: a sender's
 * address may hold anything.  Behind a backslash nothing opens or closes (RFC
 * 5322 3.2.1).  -1 where a comment or a quoted word does not end: then nobody
 * can tell what stands within it.
 */
static int
drop_comments(char *s)
{
	char *out = s;
	int depth = 0, quoted = 0;

	for (; *s != '\0'; s++) {
		if ((quoted || depth > 0) && *s == '\\' && s[1] != '\0') {
			s++;
			if (quoted)
				*out++ = isalnum((unsigned char)*s) ? *s : '_';
		} else if (depth == 0 && *s == '"') {
			quoted = !quoted;
			*out++ = *s;
		} else if (quoted) {
			*out++ = strchr(" ;=()", *s) != NULL ? '_' : *s;
		} else if (*s == '(') {
			depth++;
		} else if (depth > 0) {
			if (*s == ')' && --depth == 0)
				*out++ = ' ';
		} else
			*out++ = *s;
	}
	*out = '\0';
	return depth > 0 || quoted ? -1 : 0;
}

/* Whether the name a field begins with is one of "dkim verified by". */
static int
is_verifier(const struct conf *conf, const char *value)
{
	size_t i, n;

	value += strspn(value, " ");
	n = strcspn(value, " ;");
	/* It may be quoted. */
	if (n >= 2 && value[0] == '"' && value[n - 1] == '"') {
		value++;
		n -= 2;
	}
	for (i = 0; i < conf->ndkim_authserv; i++)
		if (strlen(conf->dkim_authserv[i]) == n &&
		    strncasecmp(value, conf->dkim_authserv[i], n) == 0)
			return 1;
	return 0;
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

	if (drop_comments(value) == -1)
		return 0;
	if (strncasecmp(value, "by ", 3) == 0)
		by = value + 3;
	else if ((by = strcasestr(value, " by ")) != NULL)
		by += 4;
	else
		return 0;
	by += strspn(by, " ");
	return is_our_host(conf, by, " ;");
}

/* The domain of header.d or header.i of one method's text. */
static int
signer(const char *method, char out[], size_t outsz)
{
	static const char *const names[] = { "header.d", "header.i" };
	const char *p, *at;
	size_t i, n;

	for (i = 0; i < nitems(names); i++) {
		if ((p = strcasestr(method, names[i])) == NULL ||
		    p == method || p[-1] != ' ')
			continue;
		p += strlen(names[i]);
		p += strspn(p, " ");
		if (*p++ != '=')
			continue;
		p += strspn(p, " ");
		/* A quoted local part is one word by now. */
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

void
reader_from(const struct mime *mail, char out[], size_t outsz)
{
	char *from, *p;

	out[0] = '\0';
	if ((from = mime_header(mail, "From")) == NULL)
		return;
	if (drop_comments(from) == 0 && (p = strrchr(from, '@')) != NULL) {
		p++;
		if (domain_normal(p, strcspn(p, " >,;"), out, outsz) == -1)
			out[0] = '\0';
	}
	free(from);
}

/* Whether d may sign for that domain: the same, or a parent. */
static int
signs_for(const char *d, const char *domain)
{
	size_t dl = strlen(d), len = strlen(domain);

	/* A top-level domain signs for nobody. */
	if (len == 0 || strchr(d, '.') == NULL)
		return 0;
	return strcmp(d, domain) == 0 || (len > dl &&
	    domain[len - dl - 1] == '.' && strcmp(domain + len - dl, d) == 0);
}

/* A signature that passed; more than is kept of a mail are left out. */
static void
add_signer(struct rd_dkim *dkim, const char *d)
{
	if (dkim->nsigners == nitems(dkim->signer))
		return;
	(void)strlcpy(dkim->signer[dkim->nsigners++], d,
	    sizeof(dkim->signer[0]));
}

/* The result of one method's text; "" where it is of another than name. */
static void
method_result(const char *method, const char *name, char out[], size_t outsz)
{
	const char *p = method + strlen(name);

	out[0] = '\0';
	if (strncasecmp(method, name, strlen(name)) != 0)
		return;
	p += strspn(p, " ");
	if (*p == '/') {
		p++;
		p += strspn(p, " ");
		/* Of methods there is no other version. */
		if (*p++ != '1')
			return;
		p += strspn(p, " ");
	}
	if (*p++ != '=')
		return;
	p += strspn(p, " ");
	(void)snprintf(out, outsz, "%.*s", (int)strcspn(p, " "), p);
	for (; *out != '\0'; out++)
		*out = isalpha((unsigned char)*out) ?
		    tolower((unsigned char)*out) : '?';
}

/* What a verifier writes that has looked at nothing (RFC 8601, 2.2). */
static int
is_none(const char *method)
{
	return strncasecmp(method, "none", 4) == 0 &&
	    method[4 + strspn(method + 4, " ")] == '\0';
}

/* Whether the mail holds a signature that d is the name of (RFC 6376 3.5). */
static int
is_signed(const struct mime *mail, const char *d)
{
	char name[80], domain[DOMAIN_MAX], *value, *tag, *rest;
	size_t at = 0;
	int found = 0;

	while (!found &&
	    (value = mime_next(mail, &at, name, sizeof(name))) != NULL) {
		rest = value;
		while (strcasecmp(name, "DKIM-Signature") == 0 &&
		    (tag = strsep(&rest, ";")) != NULL) {
			tag += strspn(tag, " ");
			if (*tag++ != 'd')
				continue;
			tag += strspn(tag, " ");
			if (*tag++ != '=')
				continue;
			tag += strspn(tag, " ");
			found |= domain_normal(tag, strcspn(tag, " "), domain,
			    sizeof(domain)) == 0 && signs_for(domain, d);
		}
		free(value);
	}
	return found;
}

/*
 * A field below one that tells of other methods alone, as OpenDMARC's stands
 * on OpenDKIM's.  Most verifiers write of DKIM where a mail is signed, so that
 * a stranger's own field comes there with one that is not: what passed counts
 * where DMARC passed above it, or where the signature is there and DMARC did
 * not fail.
 */
static void
bear_out(const struct mime *mail, const char *dmarc, struct rd_dkim *dkim)
{
	size_t i, n = 0;

	for (i = 0; i < dkim->nsigners; i++) {
		if (strcmp(dmarc, "pass") != 0 && (strcmp(dmarc, "fail") == 0 ||
		    !is_signed(mail, dkim->signer[i])))
			continue;
		if (n != i)
			(void)strlcpy(dkim->signer[n], dkim->signer[i],
			    sizeof(dkim->signer[n]));
		n++;
	}
	if (n == 0 && dkim->nsigners > 0)
		(void)strlcpy(dkim->result, "contradicted",
		    sizeof(dkim->result));
	dkim->nsigners = n;
}

/*
 * Notes the dkim methods of one field, and what DMARC makes of the mail;
 * returns whether there was one of dkim, or none at all: a field below it is
 * not for us to believe.
 */
static int
read_methods(char *value, struct rd_dkim *dkim, char dmarc[], size_t dmarcsz)
{
	char *method, *next, d[DOMAIN_MAX], result[sizeof(dkim->result)];
	int found = 0;

	for (method = strchr(value, ';'); method != NULL; method = next) {
		method++;
		if ((next = strchr(method, ';')) != NULL)
			*next = '\0';
		method += strspn(method, " ");
		if (is_none(method))
			return 1;
		/* Of two, one that fails. */
		method_result(method, "dmarc", result, sizeof(result));
		if (result[0] != '\0' && strcmp(dmarc, "fail") != 0)
			(void)strlcpy(dmarc, result, dmarcsz);
		method_result(method, "dkim", result, sizeof(result));
		if (result[0] == '\0')
			continue;
		if (strcmp(result, "pass") == 0 &&
		    signer(method, d, sizeof(d)) == 0)
			add_signer(dkim, d);
		if (!found)
			(void)strlcpy(dkim->result, result,
			    sizeof(dkim->result));
		found = 1;
	}
	return found;
}

/* Fields that verifiers write beside their Authentication-Results. */
static int
is_verifiers_own(const char *name)
{
	static const char *const names[] = { "DKIM-Filter", "DMARC-Filter",
	    "Received-SPF" };
	size_t i;

	for (i = 0; i < nitems(names); i++)
		if (strcasecmp(name, names[i]) == 0)
			return 1;
	return 0;
}

void
reader_dkim(const struct mime *mail, const struct conf *conf,
    struct rd_dkim *dkim)
{
	char name[80], dmarc[sizeof(dkim->result)] = "", *value;
	size_t at = 0;
	int fields = 0, done = 0;

	memset(dkim, 0, sizeof(*dkim));
	if (conf == NULL || conf->ndkim_authserv == 0)
		return;
	/* What the verifier says nothing of is not signed. */
	(void)strlcpy(dkim->result, "none", sizeof(dkim->result));
	while (!done &&
	    (value = mime_next(mail, &at, name, sizeof(name))) != NULL) {
		if (strcasecmp(name, "Authentication-Results") == 0) {
			/* What follows another host's is not ours. */
			if (drop_comments(value) == -1 ||
			    !is_verifier(conf, value))
				done = fields > 0;
			else {
				fields++;
				done = read_methods(value, dkim, dmarc,
				    sizeof(dmarc));
			}
		} else if (strcasecmp(name, "Received") == 0) {
			/* Below another host's, others wrote. */
			done = fields > 0 || !is_our_hop(conf, value);
		} else
			done = fields > 0 && !is_verifiers_own(name);
		free(value);
	}
	if (fields > 1)
		bear_out(mail, dmarc, dkim);
}

char *
reader_mark(const struct rd_dkim *dkim, const char *const names[], size_t n)
{
	char *mark;
	size_t i, k;

	for (i = 0; i < dkim->nsigners; i++) {
		for (k = 0; k < n && signs_for(dkim->signer[i], names[k]); k++)
			continue;
		if (k == n)
			break;
	}
	if (i < dkim->nsigners)
		xasprintf(&mark, "pass %s", dkim->signer[i]);
	else if (dkim->nsigners > 0)
		xasprintf(&mark, "other %s", dkim->signer[0]);
	else
		mark = xstrdup(dkim->result);
	return mark;
}
