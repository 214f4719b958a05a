/* SPDX-License-Identifier: ISC */

/*
 * "fleet postgresql": a connection string of libpq's as key=value words, which
 * this reads without libpq: every program reads sge.conf, one connects.
 */

#include <string.h>

#include "base/bounds.h"
#include "conf/conf_read.h"
#include "base/log.h"

#define EXAMPLE "\"host=DB dbname=sge user=sge passfile=/etc/mail/sge/pgpass\""
#define INSTALL "install libpq-dev (OpenBSD: pkg_add postgresql-client) and " \
	"build it again"

/* One character of a value, behind a backslash too; '\0' at its end. */
static char
value_char(const char **p, int quoted)
{
	char c = **p;

	if (c == '\0' || c == '\'' || (!quoted && c == ' '))
		return '\0';
	if (c == '\\' && (*p)[1] != '\0')
		c = *++*p;
	(*p)++;
	return c;
}

/* One word, into buffers of size; 1, 0 at the end, -1 it is none. */
static int
word_next(const char **p, char key[], char value[], size_t size)
{
	size_t n;
	int quoted;
	char c;

	*p += strspn(*p, " ");
	if (**p == '\0')
		return 0;
	n = strspn(*p, "abcdefghijklmnopqrstuvwxyz_0123456789");
	if (n == 0 || n >= size)
		return -1;
	memcpy(key, *p, n);
	key[n] = '\0';
	*p += n;
	*p += strspn(*p, " ");
	if (*(*p)++ != '=')
		return -1;
	*p += strspn(*p, " ");
	quoted = **p == '\'';
	*p += quoted;
	for (n = 0; (c = value_char(p, quoted)) != '\0'; n++) {
		if (n + 1 == size)
			return -1;
		value[n] = c;
	}
	value[n] = '\0';
	if (quoted && *(*p)++ != '\'')
		return -1;
	return **p == '\0' || **p == ' ' ? 1 : -1;
}

int
conf_conninfo(const char *text, const char *wanted, char out[], size_t outsz)
{
	char key[CONF_WORD_MAX], value[CONF_WORD_MAX];
	int rc, found = 0;

	while ((rc = word_next(&text, key, value, sizeof(key))) == 1) {
		if (wanted == NULL || strcmp(key, wanted) != 0)
			continue;
		/* As with libpq, the last one holds. */
		if (strlcpy(out, value, outsz) >= outsz)
			return -1;
		found = 1;
	}
	return rc == -1 ? -1 : found;
}

int
conf_conninfo_local(const char *text)
{
	char hosts[CONF_WORD_MAX], *rest = hosts, *one;

	if (conf_conninfo(text, "host", hosts, sizeof(hosts)) != 1)
		return 0;
	while ((one = strsep(&rest, ",")) != NULL)
		if (one[0] != '/')
			return 0;
	return 1;
}

static void
check_paths(struct conf_reader *rd, const struct word *w)
{
	static const char *const keys[] = { "passfile", "sslrootcert",
	    "sslcert", "sslkey", "sslcrl" };
	char path[CONF_WORD_MAX];
	size_t i;

	for (i = 0; i < nitems(keys); i++)
		if (conf_conninfo(w->text, keys[i], path, sizeof(path)) == 1 &&
		    path[0] != '/' && strcmp(path, "system") != 0)
			conf_mistake(rd, &w->at, "%s \"%s\" is not an absolute "
			    "path: it must begin with /", keys[i],
			    log_clean(path));
}

int
value_conninfo(struct conf_reader *rd, const struct word *w, char **p)
{
	char value[CONF_WORD_MAX];

	if (value_text(rd, w, p) == -1)
		return -1;
#ifndef SGE_LIBPQ
	conf_mistake(rd, &w->at, "this program was built without PostgreSQL: "
	    INSTALL);
#endif
	if (conf_conninfo(w->text, NULL, NULL, 0) == -1)
		conf_mistake(rd, &w->at, "not a connection string of key=value "
		    "words: write fleet postgresql " EXAMPLE);
	else if (conf_conninfo(w->text, "host", value, sizeof(value)) != 1)
		conf_mistake(rd, &w->at, "the database's host is missing: "
		    "write fleet postgresql " EXAMPLE);
	if (conf_conninfo(w->text, "password", value, sizeof(value)) == 1)
		conf_mistake(rd, &w->at, "many can read this file: put the "
		    "password into one of mode 600 that is " SGE_NET_USER
		    "'s, and write passfile=/path/of/it");
	if (conf_conninfo(w->text, "sslmode", value, sizeof(value)) == 1 &&
	    strcmp(value, "verify-full") != 0 &&
	    !conf_conninfo_local(w->text))
		conf_warning(rd, &w->at, "with sslmode=%s nobody knows that it "
		    "is the database who answers: leave it out",
		    log_clean(value));
	check_paths(rd, w);
	return 0;
}
