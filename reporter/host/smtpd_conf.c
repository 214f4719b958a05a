/* SPDX-License-Identifier: ISC */

/*
 * The statements of smtpd.conf(5) as words; see parse.y of OpenSMTPD, whose
 * lexer this follows.
 */

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "base/log.h"
#include "host/smtpd_conf.h"
#include "lib/xalloc.h"

#define DEPTH_MAX 8
#define WORD_MAX 4096

/* A file, or the value of a macro that is read again. */
struct source {
	struct source	*up;
	char		*text;
	const char	*pos;
	const char	*file;		/* NULL: a macro's */
	int		 line;
};

struct lex {
	struct smtpd_conf *conf;
	struct source	*src;
	int		 depth;
	int		 braces;
	char		 word[WORD_MAX];
	int		 quoted;
};

enum token {
	TOKEN_WORD,
	TOKEN_NEWLINE,
	TOKEN_END
};

static void
add_text(char ***list, size_t *n, const char *text)
{
	*list = xreallocarray(*list, *n + 1, sizeof(**list));
	(*list)[(*n)++] = xstrdup(text);
}

/* A whole file, a NUL behind it; NULL with errno. */
static char *
read_text(const char *path)
{
	char *text = NULL;
	size_t used = 0, size = 0, n;
	FILE *f;

	if ((f = fopen(path, "r")) == NULL)
		return NULL;
	do {
		if (size - used < 2) {
			size = size == 0 ? 8192 : size * 2;
			if ((text = realloc(text, size)) == NULL)
				fatal("%s", path);
		}
		n = fread(text + used, 1, size - used - 1, f);
		used += n;
	} while (n > 0 && used < CONF_FILE_MAX);
	if (ferror(f)) {
		free(text);
		text = NULL;
	} else
		text[used] = '\0';
	fclose(f);
	return text;
}

static int
push(struct lex *lx, char *text, const char *file)
{
	struct source *s;

	if (lx->depth == DEPTH_MAX) {
		free(text);
		errno = ELOOP;
		return -1;
	}
	s = xcalloc(1, sizeof(*s));
	s->up = lx->src;
	s->text = text;
	s->pos = text;
	s->file = file;
	s->line = 1;
	lx->src = s;
	lx->depth++;
	return 0;
}

static void
pop(struct lex *lx)
{
	struct source *s = lx->src;

	lx->src = s->up;
	lx->depth--;
	free(s->text);
	free(s);
}

static int
push_file(struct lex *lx, const char *path)
{
	struct smtpd_conf *c = lx->conf;
	char *text;

	if ((text = read_text(path)) == NULL)
		return -1;
	add_text(&c->file, &c->nfiles, path);
	return push(lx, text, c->file[c->nfiles - 1]);
}

/* The next character; '\0' at the end of a source; lines are joined. */
static int
next(struct lex *lx)
{
	struct source *s = lx->src;

	while (s->pos[0] == '\\' && s->pos[1] == '\n') {
		s->pos += 2;
		s->line++;
	}
	if (*s->pos == '\0')
		return '\0';
	if (*s->pos == '\n')
		s->line++;
	return (unsigned char)*s->pos++;
}

static int
peek(struct lex *lx)
{
	struct source *s = lx->src;

	while (s->pos[0] == '\\' && s->pos[1] == '\n') {
		s->pos += 2;
		s->line++;
	}
	return (unsigned char)*s->pos;
}

static void
put(struct lex *lx, size_t *n, int ch)
{
	if (*n + 1 < sizeof(lx->word))
		lx->word[(*n)++] = (char)ch;
	lx->word[*n] = '\0';
}

static void
quoted(struct lex *lx)
{
	size_t n = 0;
	int ch;

	lx->quoted = 1;
	lx->word[0] = '\0';
	while ((ch = next(lx)) != '\0' && ch != '"' && ch != '\n') {
		if (ch == '\\' && strchr("\" \t", peek(lx)) != NULL &&
		    peek(lx) != '\0')
			ch = next(lx);
		put(lx, &n, ch);
	}
}

/* "$name": the value's text comes next; within one there are no macros. */
static void
expand(struct lex *lx)
{
	struct smtpd_conf *c = lx->conf;
	char name[128], *text;
	size_t i, n = 0;
	int ch;

	while (isalnum(ch = peek(lx)) || ch == '_') {
		if (n + 1 < sizeof(name))
			name[n++] = (char)ch;
		(void)next(lx);
	}
	name[n] = '\0';
	for (i = 0; i + 1 < c->nmacros; i += 2)
		if (strcmp(c->macro[i], name) == 0)
			break;
	if (i + 1 >= c->nmacros)
		return;
	text = xstrdup(c->macro[i + 1]);
	(void)push(lx, text, NULL);
}

static int
in_word(int ch)
{
	return isalnum(ch) || (ispunct(ch) && strchr("(){}<>!=#,", ch) ==
	    NULL) || ch >= 0x80;
}

/* What begins with ch: a bare word, "<table>", or one sign. */
static void
bare(struct lex *lx, int ch)
{
	size_t n = 0;

	lx->quoted = 0;
	lx->word[0] = '\0';
	put(lx, &n, ch);
	if (ch == '<') {
		while (peek(lx) != '\0' && peek(lx) != '\n' &&
		    n + 1 < sizeof(lx->word)) {
			put(lx, &n, ch = next(lx));
			if (ch == '>')
				return;
		}
	} else if (in_word(ch)) {
		while (in_word(peek(lx)) && peek(lx) != '\0')
			put(lx, &n, next(lx));
	} else if (ch == '{')
		lx->braces++;
	else if (ch == '}' && lx->braces > 0)
		lx->braces--;
}

static enum token
token(struct lex *lx)
{
	int ch;

	for (;;) {
		ch = next(lx);
		if (ch == '\0') {
			/* A file's end ends its statement, a macro's not. */
			if (lx->src->up == NULL)
				return TOKEN_END;
			if (lx->src->file == NULL) {
				pop(lx);
				continue;
			}
			pop(lx);
			return TOKEN_NEWLINE;
		}
		if (ch == '#')
			while (peek(lx) != '\0' && peek(lx) != '\n')
				(void)next(lx);
		else if (ch == '\n' && lx->braces == 0)
			return TOKEN_NEWLINE;
		else if (ch == '"') {
			quoted(lx);
			return TOKEN_WORD;
		} else if (ch == '$' && lx->src->file != NULL)
			expand(lx);
		else if (strchr(" \t\r\n,", ch) == NULL) {
			bare(lx, ch);
			return TOKEN_WORD;
		}
	}
}

static void
free_line(struct smtpd_line *line)
{
	size_t i;

	for (i = 0; i < line->nwords; i++)
		free(line->word[i]);
	free(line->word);
	free(line->quoted);
	memset(line, 0, sizeof(*line));
}

static void
add_word(struct lex *lx, struct smtpd_line *line)
{
	const struct source *s = lx->src;

	if (line->nwords == 0) {
		while (s->file == NULL)
			s = s->up;
		line->file = s->file;
		line->number = s->line;
	}
	line->quoted = realloc(line->quoted, line->nwords + 1);
	if (line->quoted == NULL)
		fatal("smtpd.conf");
	line->quoted[line->nwords] = (char)lx->quoted;
	add_text(&line->word, &line->nwords, lx->word);
}

/* A statement is whole: taken over, or done with. */
static void
statement(struct lex *lx, struct smtpd_line *line)
{
	struct smtpd_conf *c = lx->conf;
	char why[1024];

	if (line->nwords >= 3 && smtpdconf_is(line, 1, "=")) {
		add_text(&c->macro, &c->nmacros, line->word[0]);
		add_text(&c->macro, &c->nmacros, line->word[2]);
	} else if (line->nwords == 2 && smtpdconf_is(line, 0, "include")) {
		if (push_file(lx, line->word[1]) == -1) {
			(void)snprintf(why, sizeof(why), "%s: %s",
			    line->word[1], strerror(errno));
			add_text(&c->missing, &c->nmissing, why);
		}
	} else if (line->nwords > 0) {
		c->line = xreallocarray(c->line, c->nlines + 1,
		    sizeof(*c->line));
		c->line[c->nlines++] = *line;
		memset(line, 0, sizeof(*line));
		return;
	}
	free_line(line);
}

struct smtpd_conf *
smtpdconf_read(const char *path)
{
	struct smtpd_line line;
	struct smtpd_conf *c;
	struct lex lx;
	enum token t;
	int saved;

	c = xcalloc(1, sizeof(*c));
	memset(&line, 0, sizeof(line));
	memset(&lx, 0, sizeof(lx));
	lx.conf = c;
	if (push_file(&lx, path) == -1) {
		saved = errno;
		smtpdconf_free(c);
		errno = saved;
		return NULL;
	}
	do {
		if ((t = token(&lx)) == TOKEN_WORD)
			add_word(&lx, &line);
		else {
			lx.braces = 0;
			statement(&lx, &line);
		}
	} while (t != TOKEN_END);
	while (lx.src != NULL)
		pop(&lx);
	return c;
}

static void
free_list(char **list, size_t n)
{
	while (n > 0)
		free(list[--n]);
	free(list);
}

void
smtpdconf_free(struct smtpd_conf *c)
{
	size_t i;

	if (c == NULL)
		return;
	for (i = 0; i < c->nlines; i++)
		free_line(&c->line[i]);
	free(c->line);
	free_list(c->macro, c->nmacros);
	free_list(c->file, c->nfiles);
	free_list(c->missing, c->nmissing);
	free(c);
}
