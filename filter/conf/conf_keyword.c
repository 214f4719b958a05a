/* SPDX-License-Identifier: ISC */

/* The words of sge.conf's language. */

#include <stdlib.h>
#include <string.h>

#include "conf/conf_lex.h"

/* Sorted; "usage" where a directive begins with it. */
static const struct {
	const char	*name;
	const char	*usage;
} keywords[] = {
	{ "allow",	NULL },
	{ "any",	NULL },
	{ "ca",		"ca \"/path/of/cert.pem\"" },
	{ "class",	"class NAME { DOMAIN ... } or class NAME file "
			"\"PATH\"" },
	{ "connector",	"connector \"DOMAIN\" to \"smtp+tls://HOST\" "
			"from { ADDRESS/BITS ... }" },
	{ "contact",	"contact \"ADDRESS@DOMAIN\"" },
	{ "copy",	NULL },
	{ "database",	"database sqlite \"/PATH\"" },
	{ "except",	NULL },
	{ "file",	NULL },
	{ "flow",	"flow from CLASS to CLASS require tls (or: require "
			"verified tls, require connector, prefer tls)" },
	{ "from",	NULL },
	{ "hostname",	"hostname \"HOST\"" },
	{ "https",	NULL },
	{ "include",	"include \"FILE\"" },
	{ "keep",	"keep sessions 14d or keep reports 90d" },
	{ "learn",	"learn timeout 5s" },
	{ "legacy",	"legacy { ADDRESS/BITS ... } until YYYY-MM-DD "
			"\"REASON\"" },
	{ "local",	"local { DOMAIN ... }" },
	{ "mode",	"mode enforce or mode testing" },
	{ "network",	"network allow { ADDRESS/BITS ... }" },
	{ "organization", "organization \"NAME\"" },
	{ "port",	NULL },
	{ "prefer",	NULL },
	{ "report",	"report from \"ADDRESS\", report sendmail \"/PATH\", "
			"report spread 4h, report retry 24h, report except "
			"{ DOMAIN ... }, report copy \"ADDRESS\" or report "
			"https verify" },
	{ "reports",	NULL },
	{ "require",	NULL },
	{ "resolver",	"resolver ADDRESS port NUMBER" },
	{ "retry",	NULL },
	{ "sendmail",	NULL },
	{ "sessions",	NULL },
	{ "socket",	"socket \"/PATH\"" },
	{ "spool",	"spool \"/PATH\"" },
	{ "spread",	NULL },
	{ "sqlite",	NULL },
	{ "timeout",	NULL },
	{ "tls",	NULL },
	{ "to",		NULL },
	{ "until",	NULL },
	{ "verified",	NULL },
	{ "verify",	NULL },
};

static int
keyword_cmp(const void *key, const void *item)
{
	return strcmp(key, *(const char *const *)item);
}

enum keyword
word_keyword(const char *text)
{
	const char *p = bsearch(text, keywords, nitems(keywords),
	    sizeof(keywords[0]), keyword_cmp);

	if (p == NULL)
		return K_NONE;
	return (enum keyword)((size_t)(p - (const char *)keywords) /
	    sizeof(keywords[0]));
}

enum keyword
lex_keyword(const struct word *w)
{
	return w->quoted ? K_NONE : word_keyword(w->text);
}

const char *
word_usage(const char *word)
{
	enum keyword k = word_keyword(word);

	return k == K_NONE ? NULL : keywords[k].usage;
}

/* Edits between two short words, a swap of neighbours counting as one. */
static size_t
distance(const char *a, const char *b)
{
	size_t d[20][20], la = strlen(a), lb = strlen(b), i, j, best;

	if (la >= nitems(d) || lb >= nitems(d))
		return nitems(d);
	for (i = 0; i <= la; i++)
		for (j = 0; j <= lb; j++) {
			if (i == 0 || j == 0) {
				d[i][j] = i + j;
				continue;
			}
			best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
			if (d[i - 1][j] + 1 < best)
				best = d[i - 1][j] + 1;
			if (d[i][j - 1] + 1 < best)
				best = d[i][j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && d[i - 2][j - 2] + 1 < best)
				best = d[i - 2][j - 2] + 1;
			d[i][j] = best;
		}
	return d[la][lb];
}

const char *
word_similar(const char *word)
{
	const char *best = NULL;
	size_t i, n, least = 3;

	for (i = 0; i < nitems(keywords); i++) {
		if (keywords[i].usage == NULL)
			continue;
		n = distance(word, keywords[i].name);
		if (n < least && n < strlen(keywords[i].name) / 2 + 1) {
			least = n;
			best = keywords[i].name;
		}
	}
	return best;
}
