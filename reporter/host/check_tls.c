/* SPDX-License-Identifier: ISC */

/*
 * check config: what smtpd.conf says of TLS itself: protocols, ciphers, the
 * keys and authorities it names.  "smtpd -n" reads over most of it, and smtpd
 * ends at its start.
 */

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <tls.h>

#include "base/log.h"
#include "host/check_config.h"
#include "host/smtpd_conf.h"

#define PART "smtpd"
/*
 * The names of tls_config_parse_protocols(3) that ask for versions before
 * 1.2, a bit each.  A library that has none any more takes them for 1.2, and
 * smtpd may have brought one of its own: the list is read, not the library.
 */
static const struct {
	const char	*word;
	int		 old;
} protocol[] = {
	{ "tlsv1.0", 1 }, { "tlsv1.1", 2 }, { "tlsv1", 3 },
	{ "all", 3 }, { "legacy", 3 },
};

/*
 * Ciphers that hide nothing, that hide it from nobody in between, or that are
 * broken, as a list of tls_config_set_ciphers(3) names them, alone or in the
 * name of one cipher ("DES-CBC3-SHA").
 */
static const struct {
	const char	*word;
	const char	*unless;	/* what takes them out again, or NULL */
} weak[] = {
	{ "NULL", NULL }, { "eNULL", NULL }, { "aNULL", NULL },
	{ "ADH", NULL }, { "AECDH", NULL }, { "EXP", NULL },
	{ "EXPORT", NULL }, { "LOW", NULL }, { "MEDIUM", NULL },
	{ "RC2", NULL },
	{ "RC4", NULL }, { "DES", NULL }, { "3DES", NULL }, { "MD5", NULL },
	{ "COMPLEMENTOFALL", NULL }, { "ALL", "!aNULL" },
	{ "legacy", NULL }, { "insecure", NULL },
};

static int
is_word(const char *s, size_t len, const char *word)
{
	return strlen(word) == len && strncasecmp(s, word, len) == 0;
}

/* Whether the list has that word, as it is. */
static int
has_item(const char *list, const char *item)
{
	const char *p;
	size_t len;

	for (p = list; *p != '\0'; p += len + strspn(p + len, ":, ")) {
		len = strcspn(p, ":, ");
		if (is_word(p, len, item))
			return 1;
	}
	return 0;
}

/* The first weak item of a list, its length in *len; NULL: none. */
static const char *
weak_item(const char *list, size_t *len)
{
	const char *p, *q;
	size_t i, part;

	for (p = list; *p != '\0'; p += *len + strspn(p + *len, ":, ")) {
		*len = strcspn(p, ":, ");
		if (strchr("!-", *p) != NULL)
			continue;
		if (is_word(p, *len, "@SECLEVEL=0"))
			return p;
		for (q = p; q < p + *len; q += part + 1) {
			part = strcspn(q, "-+:, ");
			for (i = 0; i < nitems(weak); i++)
				if (is_word(q, part, weak[i].word) &&
				    (weak[i].unless == NULL ||
				    !has_item(list, weak[i].unless)))
					return p;
		}
	}
	return NULL;
}

/* The library that smtpd asks, with smtpd's own call. */
static int
are_ciphers(const char *list)
{
	struct tls_config *config = tls_config_new();
	int rc;

	if (config == NULL)
		fatal("check config");
	rc = tls_config_set_ciphers(config, list);
	tls_config_free(config);
	return rc == 0;
}

/* what: 'listen on egress' and the like, for the message. */
static void
check_ciphers(struct check *c, const struct smtpd_line *line,
    const char *what)
{
	const char *list = smtpdconf_after(line, "ciphers"), *item;
	size_t len;

	if (list == NULL)
		return;
	if ((item = weak_item(list, &len)) != NULL)
		check_part(c, PART, CHECK_BAD, "%s:%d: %s takes weak "
		    "ciphers (%.*s): take ciphers \"%s\" out, and the "
		    "library's own choice holds", line->file,
		    line->number, what, (int)len, item,
		    view_clean(list, 80));
	else if (!are_ciphers(list))
		check_part(c, PART, CHECK_BAD, "%s:%d: %s: no cipher is of "
		    "ciphers \"%s\": TLS would fail; take it out",
		    line->file, line->number, what, view_clean(list, 80));
}

/* A list that begins by what it takes out begins with all. */
static int
asks_old_tls(const char *list)
{
	const char *p = list + strspn(list, ":, ");
	size_t i, len;
	int out, old = *p == '!' ? 3 : 0;

	for (; *p != '\0'; p += len + strspn(p + len, ":, ")) {
		if ((out = *p == '!'))
			p++;
		len = strcspn(p, ":, ");
		for (i = 0; i < nitems(protocol); i++)
			if (is_word(p, len, protocol[i].word))
				old = out ? old & ~protocol[i].old :
				    old | protocol[i].old;
	}
	return old != 0;
}

static void
check_protocols(struct check *c, const struct smtpd_line *line,
    const char *what, int wanted)
{
	const char *list = smtpdconf_after(line, "protocols");
	uint32_t bits = 0;

	if (list != NULL && tls_config_parse_protocols(&bits, list) != 0)
		check_part(c, PART, CHECK_BAD, "%s:%d: %s: smtpd does not "
		    "know protocols \"%s\", and ends at its start; write "
		    "protocols \"tlsv1.2,tlsv1.3\"", line->file,
		    line->number, what, view_clean(list, 80));
	else if (list == NULL ? wanted : asks_old_tls(list))
		check_part(c, PART, CHECK_WARN, "%s:%d: %s may use TLS before "
		    "1.2: write protocols \"tlsv1.2,tlsv1.3\"", line->file,
		    line->number, what);
	else if (list != NULL && bits == 0)
		check_part(c, PART, CHECK_BAD, "%s:%d: %s: protocols \"%s\" "
		    "leave no version of TLS; write protocols "
		    "\"tlsv1.2,tlsv1.3\"", line->file, line->number, what,
		    view_clean(list, 80));
}

/* Every "pki NAME" and "ca NAME" of a line. */
static void
check_named(struct check *c, const struct smtpd_conf *s,
    const struct smtpd_line *line, const char *what)
{
	static const char *const kinds[] = { "pki", "ca" };
	size_t i, k;

	for (i = 2; i + 1 < line->nwords; i++)
		for (k = 0; k < nitems(kinds); k++)
			if (smtpdconf_is(line, i, kinds[k]) &&
			    smtpdconf_find(s, kinds[k],
			    line->word[i + 1]) == NULL)
				check_part(c, PART, CHECK_BAD, "%s:%d: %s "
				    "has %s \"%s\", which no %s statement "
				    "names: smtpd ends at its start; write "
				    "%s \"%s\" cert \"FILE\"", line->file,
				    line->number, what, kinds[k],
				    view_clean(line->word[i + 1], 80),
				    kinds[k], kinds[k],
				    view_clean(line->word[i + 1], 80));
}

void
check_tls_line(struct check *c, const struct smtpd_conf *s,
    const struct smtpd_line *line, int wanted)
{
	int listens = smtpdconf_is(line, 0, "listen");
	char what[300];

	(void)snprintf(what, sizeof(what), listens ? "listen on %s" :
	    "action \"%s\"", view_clean(line->word[listens ? 2 : 1], 256));
	check_protocols(c, line, what, wanted);
	check_ciphers(c, line, what);
	check_named(c, s, line, what);
	if (listens)
		check_cert(c, s, line);
}

/* "smtp ciphers", of all listeners and actions that have none. */
void
check_tls_all(struct check *c, const struct smtpd_conf *s)
{
	size_t i;

	for (i = 0; i < s->nlines; i++)
		if (smtpdconf_is(&s->line[i], 0, "smtp"))
			check_ciphers(c, &s->line[i], "smtpd");
}
