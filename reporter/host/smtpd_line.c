/* SPDX-License-Identifier: ISC */

/*
 * What the statements of smtpd.conf(5) say of each other: which line defines
 * a name, which command a filter is, what a table holds.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "host/smtpd_conf.h"

#define CHAIN_DEPTH_MAX 8

int
smtpdconf_is(const struct smtpd_line *line, size_t i, const char *word)
{
	return i < line->nwords && !line->quoted[i] &&
	    strcmp(line->word[i], word) == 0;
}

const char *
smtpdconf_after(const struct smtpd_line *line, const char *key)
{
	size_t i;

	for (i = 0; i + 1 < line->nwords; i++) {
		if (!smtpdconf_is(line, i, key))
			continue;
		if (!smtpdconf_is(line, i + 1, "{"))
			return line->word[i + 1];
		return i + 2 < line->nwords ? line->word[i + 2] : NULL;
	}
	return NULL;
}

int
smtpdconf_has(const struct smtpd_line *line, const char *word)
{
	size_t i;

	/* The second word of an action, a table, a filter is its name. */
	for (i = 1; i < line->nwords; i++)
		if (smtpdconf_is(line, i, word))
			return 1;
	return 0;
}

const struct smtpd_line *
smtpdconf_find(const struct smtpd_conf *c, const char *kind, const char *name)
{
	size_t i;

	for (i = 0; name != NULL && i < c->nlines; i++)
		if (c->line[i].nwords >= 2 &&
		    smtpdconf_is(&c->line[i], 0, kind) &&
		    strcmp(c->line[i].word[1], name) == 0)
			return &c->line[i];
	return NULL;
}

const char *
smtpdconf_command(const struct smtpd_line *line)
{
	if (smtpdconf_is(line, 0, "proc") && line->nwords >= 3)
		return line->word[2];
	if (smtpdconf_is(line, 0, "filter"))
		return smtpdconf_after(line, "proc-exec");
	return NULL;
}

/* Whether the command's first word ends with that program's name. */
static int
begins_with(const char *command, const char *program)
{
	size_t len, n = strlen(program);

	command += strspn(command, " \t");
	len = strcspn(command, " \t");
	return len >= n && strncmp(command + len - n, program, n) == 0 &&
	    (len == n || command[len - n - 1] == '/');
}

const char *
smtpdconf_kept(const char *command)
{
	if (!begins_with(command, "filter-keep"))
		return command;
	command += strspn(command, " \t");
	command += strcspn(command, " \t");
	return command + strspn(command, " \t");
}

static int
runs(const struct smtpd_line *line, const char *program)
{
	const char *command = smtpdconf_command(line);

	return command != NULL && begins_with(smtpdconf_kept(command),
	    program);
}

static const struct smtpd_line *
filter_line(const struct smtpd_conf *c, const char *name, const char *program,
    int depth)
{
	const struct smtpd_line *line, *found;
	size_t i;

	line = smtpdconf_find(c, "filter", name);
	if (line == NULL || depth > CHAIN_DEPTH_MAX)
		return NULL;
	if (smtpdconf_is(line, 2, "proc-exec"))
		return runs(line, program) ? line : NULL;
	if (smtpdconf_is(line, 2, "proc") && line->nwords >= 4) {
		found = smtpdconf_find(c, "proc", line->word[3]);
		return found != NULL && runs(found, program) ? found : NULL;
	}
	for (i = 3; smtpdconf_is(line, 2, "chain") && i < line->nwords; i++)
		if ((found = filter_line(c, line->word[i], program,
		    depth + 1)) != NULL)
			return found;
	return NULL;
}

const struct smtpd_line *
smtpdconf_filter(const struct smtpd_conf *c, const char *name,
    const char *program)
{
	return filter_line(c, name, program, 0);
}

/* A key a line, what is behind a blank is its value. */
static int
table_file(const char *path, void (*each)(const char *, void *), void *arg)
{
	char *line = NULL, *p;
	size_t size = 0;
	FILE *f;

	if ((f = fopen(path, "r")) == NULL)
		return -1;
	while (getline(&line, &size, f) != -1) {
		p = line + strspn(line, " \t");
		p[strcspn(p, " \t\r\n:#")] = '\0';
		if (*p != '\0')
			each(p, arg);
	}
	free(line);
	fclose(f);
	return 0;
}

int
smtpdconf_table(const struct smtpd_conf *c, const char *name,
    void (*each)(const char *, void *), void *arg)
{
	const struct smtpd_line *line = smtpdconf_find(c, "table", name);
	const char *spec;
	size_t i;

	if (line == NULL || line->nwords < 3)
		return -1;
	spec = line->word[2];
	if (!smtpdconf_is(line, 2, "{")) {
		if (strncmp(spec, "file:", 5) == 0)
			return table_file(spec + 5, each, arg);
		if (strncmp(spec, "static:", 7) == 0)
			return table_file(spec + 7, each, arg);
		if (*spec == '/')
			return table_file(spec, each, arg);
		if (strchr(spec, ':') != NULL)
			return -1;
		each(spec, arg);
		return 0;
	}
	for (i = 3; i < line->nwords && !smtpdconf_is(line, i, "}"); i++) {
		if (smtpdconf_is(line, i, "="))
			i++;		/* the value of the key before it */
		else
			each(line->word[i], arg);
	}
	return 0;
}

/* Each of a list with commas between; how many. */
static int
each_value(char *values, void (*each)(const char *, void *), void *arg)
{
	char *one;
	size_t len;
	int n = 0;

	while ((one = strsep(&values, ",")) != NULL) {
		one += strspn(one, " \t\r\n");
		for (len = strlen(one); len > 0 &&
		    strchr(" \t\r\n", one[len - 1]) != NULL; len--)
			;
		one[len] = '\0';
		if (len == 0)
			continue;
		each(one, arg);
		n++;
	}
	return n;
}

static int
file_values(const char *path, const char *key,
    void (*each)(const char *, void *), void *arg)
{
	char *line = NULL, *values = NULL, *p;
	size_t size = 0, len;
	int n;
	FILE *f;

	if ((f = fopen(path, "r")) == NULL)
		return -1;
	while (getline(&line, &size, f) != -1) {
		p = line + strspn(line, " \t");
		len = strcspn(p, " \t\r\n:");
		if (*p == '#' || len != strlen(key) ||
		    strncasecmp(p, key, len) != 0)
			continue;
		p += len;
		p += strspn(p, " \t");
		p += *p == ':';		/* one: ":include:" has its own */
		p[strcspn(p, "#")] = '\0';
		/* The last of them holds, as in smtpd. */
		free(values);
		if ((values = strdup(p)) == NULL)
			fatal("smtpd.conf");
	}
	fclose(f);
	n = values == NULL ? 0 : each_value(values, each, arg);
	free(values);
	free(line);
	return n;
}

int
smtpdconf_pairs(const struct smtpd_line *line, const char *word,
    const char *key, void (*each)(const char *, void *), void *arg)
{
	char *values;
	size_t i;
	int n = 0;

	for (i = 0; i < line->nwords && !smtpdconf_is(line, i, word); i++)
		;
	for (; n == 0 && i + 2 < line->nwords && !smtpdconf_is(line, i, "}");
	    i++) {
		if (!smtpdconf_is(line, i + 1, "=") ||
		    strcasecmp(line->word[i], key) != 0)
			continue;
		if ((values = strdup(line->word[i + 2])) == NULL)
			fatal("smtpd.conf");
		n = each_value(values, each, arg);
		free(values);
	}
	return n;
}

int
smtpdconf_values(const struct smtpd_conf *c, const char *name,
    const char *key, void (*each)(const char *, void *), void *arg)
{
	const struct smtpd_line *line = smtpdconf_find(c, "table", name);
	const char *spec;

	if (line == NULL || line->nwords < 3)
		return -1;
	spec = line->word[2];
	if (smtpdconf_is(line, 2, "{"))
		return smtpdconf_pairs(line, "{", key, each, arg);
	if (strncmp(spec, "file:", 5) == 0)
		return file_values(spec + 5, key, each, arg);
	return *spec == '/' ? file_values(spec, key, each, arg) : -1;
}
