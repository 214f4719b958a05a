/* SPDX-License-Identifier: ISC */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "base/domain.h"
#include "base/mail_path.h"
#include "host/smtpd_match.h"
#include "host/smtpd_names.h"
#include "lib/xalloc.h"

static void
add_domain(struct smtpd_names *names, const char *domain, int drawn)
{
	size_t i;

	if (names->n == NAMES_MAX)
		return;
	for (i = 0; i < names->n; i++)
		if (strcmp(names->name[i].domain, domain) == 0)
			return;
	names->name = xreallocarray(names->name, names->n + 1,
	    sizeof(*names->name));
	names->name[names->n].domain = xstrdup(domain);
	names->name[names->n++].drawn = drawn;
}

/* In small letters; 0, or -1 where it stands for all or is too long. */
static int
wildcard(const char *entry, char out[], size_t outsz)
{
	size_t i;

	if (entry[strspn(entry, "*")] == '\0' || strlen(entry) >= outsz)
		return -1;
	for (i = 0; entry[i] != '\0'; i++)
		out[i] = (char)tolower((unsigned char)entry[i]);
	out[i] = '\0';
	return 0;
}

static void
add_entry(const char *entry, void *arg)
{
	const char *at = strrchr(entry, '@');
	char name[DOMAIN_MAX];

	entry = at == NULL ? entry : at + 1;
	if (strchr(entry, '*') != NULL) {
		if (wildcard(entry, name, sizeof(name)) == 0)
			add_domain(arg, name, 0);
	} else if (domain_normal(entry, strlen(entry), name,
	    sizeof(name)) == 0 && strchr(name, '.') != NULL)
		add_domain(arg, name, 0);
}

static void
add_address(const char *entry, void *arg)
{
	struct smtpd_names *names = arg;
	size_t i;

	if (names->naddresses == nitems(names->address))
		return;
	for (i = 0; i < names->naddresses; i++)
		if (strcmp(names->address[i], entry) == 0)
			return;
	names->address[names->naddresses++] = entry;
}

/* A domain of sge.conf, or a ".domain", if that wildcard holds it. */
static void
draw(struct smtpd_names *names, const struct conf *conf, const char *pattern,
    const char *domain)
{
	char name[DOMAIN_MAX + 1];
	enum mail_need need;

	(void)snprintf(name, sizeof(name), "%s%s", *domain == '.' ? "*" : "",
	    domain);
	if (!mail_domain_is(name, strlen(name), pattern))
		return;
	need = match_need(conf, name);
	if (need != NEED_OWN && need != match_need(conf, pattern))
		add_domain(names, name, 1);
}

static void
draw_all(struct smtpd_names *names, const struct conf *conf,
    const char *pattern)
{
	const char *domain;
	size_t i, pos = 0;

	for (i = 0; i < conf->nconnectors; i++)
		if (conf->connectors[i].domain != NULL)
			draw(names, conf, pattern, conf->connectors[i].domain);
	while ((domain = domset_next(conf->class_of, &pos)) != NULL)
		draw(names, conf, pattern, domain);
}

void
smtpd_names_collect(struct smtpd_names *names, const struct smtpd_conf *s,
    const struct conf *conf)
{
	const struct smtpd_line *line;
	size_t i, j, n;

	memset(names, 0, sizeof(*names));
	for (i = 0; i < s->nlines; i++) {
		line = &s->line[i];
		if (!smtpdconf_is(line, 0, "match"))
			continue;
		for (j = 1; j + 1 < line->nwords; j++)
			if (smtpdconf_is(line, j, "domain") ||
			    smtpdconf_is(line, j, "rcpt-to"))
				(void)match_each(s, line, j + 1, add_entry,
				    names);
			else if (smtpdconf_is(line, j, "src") &&
			    line->word[j + 1][0] != '<')
				(void)match_each(s, line, j + 1, add_address,
				    names);
	}
	for (i = 0, n = names->n; i < n; i++)
		if (strchr(names->name[i].domain, '*') != NULL)
			draw_all(names, conf, names->name[i].domain);
}

void
smtpd_names_free(struct smtpd_names *names)
{
	while (names->n > 0)
		free(names->name[--names->n].domain);
	free(names->name);
	names->name = NULL;
}
