/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "check/smtpd_conf.h"

#define DEPTH_MAX 8
#define WORD_MAX 4096
#define DELIMITERS " \t\r\n{},"

static int read_file(struct smtpd_conf *, const char *);

static void
add_text(char ***list, size_t *n, const char *text)
{
	*list = reallocarray(*list, *n + 1, sizeof(**list));
	if (*list == NULL || ((*list)[*n] = strdup(text)) == NULL)
		fatal("smtpd.conf");
	(*n)++;
}

static const char *
macro(const struct smtpd_conf *c, const char *name, size_t len)
{
	size_t i;

	for (i = 0; i + 1 < c->nmacros; i += 2)
		if (strlen(c->macro[i]) == len &&
		    strncmp(c->macro[i], name, len) == 0)
			return c->macro[i + 1];
	return NULL;
}

/* One word from *p: quoted, or up to a delimiter; macros replaced. */
static void
take_word(const struct smtpd_conf *c, const char **p, char out[WORD_MAX])
{
	const char *value;
	size_t n = 0, len;
	char quote = '\0';

	while (**p != '\0' && n + 1 < WORD_MAX) {
		if (quote == '\0' && (strchr(DELIMITERS, **p) != NULL ||
		    **p == '#' || (**p == '=' && n > 0)))
			break;
		if (**p == quote || (quote == '\0' && **p == '"')) {
			quote = quote == '\0' ? '"' : '\0';
			(*p)++;
			continue;
		}
		if (**p == '$' && quote == '\0') {
			len = strcspn(*p + 1, DELIMITERS "#");
			value = macro(c, *p + 1, len);
			if (value != NULL) {
				(void)strlcpy(out + n, value, WORD_MAX - n);
				n = strlen(out);
				*p += 1 + len;
				continue;
			}
		}
		if (quote != '\0' && **p == '\\' && (*p)[1] != '\0')
			(*p)++;
		out[n++] = *(*p)++;
		if (n == 1 && out[0] == '=' && quote == '\0')
			break;
	}
	out[n] = '\0';
}

static void
free_line(struct smtpd_line *line)
{
	size_t i;

	for (i = 0; i < line->nwords; i++)
		free(line->word[i]);
	free(line->word);
	memset(line, 0, sizeof(*line));
}

/* A whole statement, continued lines joined. */
static void
take_line(struct smtpd_conf *c, const char *text, int number)
{
	struct smtpd_line line;
	char word[WORD_MAX];

	memset(&line, 0, sizeof(line));
	line.number = number;
	for (;;) {
		text += strspn(text, DELIMITERS);
		if (*text == '\0' || *text == '#')
			break;
		take_word(c, &text, word);
		add_text(&line.word, &line.nwords, word);
	}
	if (line.nwords >= 3 && strcmp(line.word[1], "=") == 0) {
		add_text(&c->macro, &c->nmacros, line.word[0]);
		add_text(&c->macro, &c->nmacros, line.word[2]);
		free_line(&line);
	} else if (line.nwords == 2 && strcmp(line.word[0], "include") == 0) {
		(void)read_file(c, line.word[1]);
		free_line(&line);
	} else if (line.nwords > 0) {
		c->line = reallocarray(c->line, c->nlines + 1,
		    sizeof(*c->line));
		if (c->line == NULL)
			fatal("smtpd.conf");
		c->line[c->nlines++] = line;
	} else
		free_line(&line);
}

/* Whether a brace is still open: the statement goes on in the next line. */
static int
goes_on(const char *text)
{
	int braces = 0, quoted = 0;

	for (; *text != '\0' && (quoted || *text != '#'); text++) {
		if (*text == '"')
			quoted = !quoted;
		else if (!quoted && *text == '{')
			braces++;
		else if (!quoted && *text == '}')
			braces--;
	}
	return braces > 0;
}

static int
read_file(struct smtpd_conf *c, const char *path)
{
	char *line = NULL, *all = NULL;
	size_t size = 0, used = 0, len;
	int number = 0, first = 0;
	FILE *f;

	if (c->depth == DEPTH_MAX) {
		errno = ELOOP;
		return -1;
	}
	if ((f = fopen(path, "r")) == NULL)
		return -1;
	c->depth++;
	while (getline(&line, &size, f) != -1) {
		number++;
		len = strlen(line);
		if ((all = realloc(all, used + len + 2)) == NULL)
			fatal("smtpd.conf");
		if (used == 0)
			first = number;
		memcpy(all + used, line, len + 1);
		used += len;
		if (used >= 2 && strcmp(all + used - 2, "\\\n") == 0) {
			all[used - 2] = ' ';
			all[--used] = '\0';
			continue;
		}
		if (goes_on(all))
			continue;
		take_line(c, all, first);
		used = 0;
	}
	if (used > 0)
		take_line(c, all, first);
	free(all);
	free(line);
	fclose(f);
	c->depth--;
	return 0;
}

struct smtpd_conf *
smtpdconf_read(const char *path)
{
	struct smtpd_conf *c;
	int saved;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		fatal("smtpd.conf");
	if (read_file(c, path) == 0)
		return c;
	saved = errno;
	smtpdconf_free(c);
	errno = saved;
	return NULL;
}

void
smtpdconf_free(struct smtpd_conf *c)
{
	size_t i;

	if (c == NULL)
		return;
	for (i = 0; i < c->nlines; i++)
		free_line(&c->line[i]);
	for (i = 0; i < c->nmacros; i++)
		free(c->macro[i]);
	free(c->line);
	free(c->macro);
	free(c);
}

const char *
smtpdconf_after(const struct smtpd_line *line, const char *key)
{
	size_t i;

	for (i = 0; i + 1 < line->nwords; i++)
		if (strcmp(line->word[i], key) == 0)
			return line->word[i + 1];
	return NULL;
}

int
smtpdconf_has(const struct smtpd_line *line, const char *word)
{
	size_t i;

	for (i = 0; i < line->nwords; i++)
		if (strcmp(line->word[i], word) == 0)
			return 1;
	return 0;
}

const struct smtpd_line *
smtpdconf_find(const struct smtpd_conf *c, const char *kind, const char *name)
{
	size_t i;

	for (i = 0; i < c->nlines; i++)
		if (c->line[i].nwords >= 2 &&
		    strcmp(c->line[i].word[0], kind) == 0 &&
		    strcmp(c->line[i].word[1], name) == 0)
			return &c->line[i];
	return NULL;
}

static int
filter_runs(const struct smtpd_conf *c, const char *name,
    const char *program, int depth)
{
	const struct smtpd_line *line;
	const char *command;
	size_t i;

	if (name == NULL || depth > DEPTH_MAX ||
	    (line = smtpdconf_find(c, "filter", name)) == NULL)
		return 0;
	if ((command = smtpdconf_after(line, "proc-exec")) != NULL)
		return strstr(command, program) != NULL;
	/* filter NAME proc PROCESS, with proc PROCESS "command". */
	if (line->nwords >= 4 && strcmp(line->word[2], "proc") == 0 &&
	    (line = smtpdconf_find(c, "proc", line->word[3])) != NULL)
		return line->nwords >= 3 &&
		    strstr(line->word[2], program) != NULL;
	line = smtpdconf_find(c, "filter", name);
	for (i = 3; i < line->nwords && strcmp(line->word[2], "chain") == 0;
	    i++)
		if (filter_runs(c, line->word[i], program, depth + 1))
			return 1;
	return 0;
}

int
smtpdconf_filter_runs(const struct smtpd_conf *c, const char *name,
    const char *program)
{
	return filter_runs(c, name, program, 0);
}
