/* SPDX-License-Identifier: ISC */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "conf/conf_directive.h"
#include "conf/conf_lex.h"
#include "conf/conf_read.h"

static void
say(struct lexer *lx, const struct where *at, const char *text)
{
	lx->say(lx->arg, at, text);
}

int
lex_open(struct lexer *lx, const char *file,
    void (*say_fn)(void *, const struct where *, const char *),
    void (*opened)(void *, const char *, uint64_t), void *arg)
{
	memset(lx, 0, sizeof(*lx));
	lx->say = say_fn;
	lx->opened = opened;
	lx->arg = arg;
	lx->bol = 1;
	return lex_push(lx, file, &lx->why);
}

void
lex_include(struct lexer *lx, const struct word *path)
{
	lx->include = path;
}

static void
open_include(struct lexer *lx)
{
	const struct word *w = lx->include;
	const char *why;
	char *path, text[2048];

	lx->include = NULL;
	if (lx->files >= CONF_INCLUDE_DEPTH) {
		say(lx, &w->at, "too many files include each other");
		return;
	}
	if (lx->included++ >= CONF_INCLUDES_MAX) {
		/* Once: each of them may have as many more. */
		if (lx->included == CONF_INCLUDES_MAX + 1)
			say(lx, &w->at, "too many files are included");
		return;
	}
	if ((path = path_beside(w->at.file, w->text)) == NULL) {
		lx->nomem = 1;
		return;
	}
	if (lex_push(lx, path, &why) == -1 && !lx->nomem) {
		(void)snprintf(text, sizeof(text), "can't read \"%s\": %s%s%s",
		    path, why, file_is_mended(why) ? " " : "",
		    file_is_mended(why) ? path : "");
		say(lx, &w->at, text);
	}
	free(path);
}

int
lex_macro(struct lexer *lx, const struct word *name, const struct word *value)
{
	struct macro *m;

	for (m = lx->macros; m != NULL; m = m->next)
		if (strcmp(m->name->text, name->text) == 0)
			return 1;
	if ((m = malloc(sizeof(*m))) == NULL) {
		lx->nomem = 1;
		return 0;
	}
	m->name = name;
	m->value = value;
	m->next = lx->macros;
	lx->macros = m;
	return 0;
}

/* Whether a macro's value stands for more than one word. */
static int
is_language(const struct lexer *lx, const char *value)
{
	char word[20];
	size_t n = strcspn(value, " \t,{}");

	if (lx->braces > 0 || strchr("{$", *value) != NULL)
		return 1;
	if (n == 0 || n >= sizeof(word))
		return 0;
	memcpy(word, value, n);
	word[n] = '\0';
	return lex_reserved(word);
}

/*
 * "$name": one word, but where it can't be one (in braces; or it begins with
 * a word of the language or a brace), its text is read as if it stood here.
 */
static enum token
expand(struct lexer *lx, const char *name, size_t len)
{
	const struct macro *m;
	struct source *s;
	char text[128];

	for (m = lx->macros; m != NULL; m = m->next)
		if (strlen(m->name->text) == len &&
		    memcmp(m->name->text, name, len) == 0)
			break;
	if (m == NULL || len == 0) {
		(void)snprintf(text, sizeof(text), "the macro \"%.*s\" is not "
		    "defined: write %.*s = \"VALUE\" above", (int)len, name,
		    (int)len, name);
		say(lx, &lx->at, len == 0 ? "a macro's name must follow the "
		    "\"$\"" : text);
		return T_BAD;
	}
	if (!is_language(lx, m->value->text)) {
		lx->last = lex_new_word(lx, m->value->text,
		    strlen(m->value->text), 1);
		return lx->last == NULL ? T_END : T_WORD;
	}
	if (lx->nested >= CONF_MACRO_DEPTH ||
	    lx->expanded++ >= CONF_EXPANSIONS_MAX) {
		say(lx, &lx->at, lx->nested >= CONF_MACRO_DEPTH ?
		    "a macro uses itself" : "macros stand for too much");
		/* Nothing of it is read on: it may use itself many times. */
		while (lx->src->macro)
			lex_pop(lx);
		return T_BAD;
	}
	if ((s = calloc(1, sizeof(*s))) == NULL) {
		lx->nomem = 1;
		return T_END;
	}
	s->macro = 1;
	s->pos = m->value->text;
	s->end = s->pos + strlen(s->pos);
	s->at = lx->at;
	s->up = lx->src;
	lx->src = s;
	lx->nested++;
	return T_COMMA;			/* nothing yet: go on */
}

static enum token
quoted(struct lexer *lx)
{
	struct source *s = lx->src;
	char buf[CONF_WORD_MAX], c;
	size_t n = 0;

	for (s->pos++;; s->pos++) {
		if (s->pos == s->end || *s->pos == '\n') {
			say(lx, &lx->at, "the quotes are not closed on this "
			    "line");
			return T_BAD;
		}
		c = *s->pos;
		if (c == '"')
			break;
		if (c == '\\' && s->pos + 1 < s->end &&
		    (s->pos[1] == '"' || s->pos[1] == '\\'))
			c = *++s->pos;
		if (n < sizeof(buf))
			buf[n++] = c;
	}
	s->pos++;
	if (n == sizeof(buf)) {
		say(lx, &lx->at, "the text in quotes is too long");
		return T_BAD;
	}
	if (memchr(buf, '\0', n) != NULL) {
		say(lx, &lx->at, "the text in quotes has a NUL in it");
		return T_BAD;
	}
	lx->last = lex_new_word(lx, buf, n, 1);
	return lx->last == NULL ? T_END : T_WORD;
}

static int
is_bare(char c)
{
	return (unsigned char)c > ' ' && c != 0x7f &&
	    strchr("{},=\"#$", c) == NULL;
}

static enum token
bare(struct lexer *lx)
{
	struct source *s = lx->src;
	const char *start = s->pos;
	char text[64];

	while (s->pos < s->end && is_bare(*s->pos))
		s->pos++;
	if (s->pos == start) {
		(void)snprintf(text, sizeof(text), "the character 0x%02x has "
		    "no meaning here", (unsigned char)*s->pos++);
		say(lx, &lx->at, text);
		return T_BAD;
	}
	if ((size_t)(s->pos - start) >= CONF_WORD_MAX) {
		say(lx, &lx->at, "this word is too long");
		return T_BAD;
	}
	lx->last = lex_new_word(lx, start, (size_t)(s->pos - start), 0);
	return lx->last == NULL ? T_END : T_WORD;
}

/* White space, comments and continued lines; newlines too inside braces. */
static void
skip(struct lexer *lx)
{
	struct source *s = lx->src;

	while (s->pos < s->end) {
		if (*s->pos == '#') {
			while (s->pos < s->end && *s->pos != '\n')
				s->pos++;
			continue;
		}
		if (*s->pos == '\\' && s->end - s->pos > 1 &&
		    s->pos[1] == '\n')
			s->pos++;
		else if (*s->pos == '\n' && lx->braces > 0)
			lx->bol = 1;
		else if (strchr(" \t\r", *s->pos) == NULL || *s->pos == '\0') {
			if (*s->pos != ',' || lx->braces == 0)
				return;
		}
		if (*s->pos++ == '\n' && !s->macro)
			s->at.line++;
	}
}

/* A brace that was forgotten must not swallow the rest of the file. */
static enum token
unclosed(struct lexer *lx)
{
	lx->braces = 0;
	lx->forced = 1;
	lx->at = lx->open;
	say(lx, &lx->open, "the { of this line is not closed: a } is missing");
	return T_BAD;
}

static enum token
end_of_source(struct lexer *lx)
{
	struct source *s = lx->src;

	if (s->macro) {
		lex_pop(lx);
		return T_COMMA;
	}
	if (lx->braces > 0)
		return unclosed(lx);
	/* The last line need not end in a newline. */
	if (!lx->bol)
		return T_NEWLINE;
	if (s->up == NULL)
		return T_END;
	lex_pop(lx);
	return T_COMMA;
}

static enum token
punctuation(struct lexer *lx, char c)
{
	struct source *s = lx->src;

	s->pos++;
	switch (c) {
	case '\n':
		if (!s->macro)
			s->at.line++;
		return T_NEWLINE;
	case '{':
		if (lx->braces++ == 0)
			lx->open = lx->at;
		return T_OPEN;
	case '}':
		if (lx->braces > 0)
			lx->braces--;
		return T_CLOSE;
	case '=':
		return T_EQUALS;
	default:
		return T_COMMA;
	}
}

static enum token
read_token(struct lexer *lx)
{
	struct source *s;
	const char *start, *pos;
	enum token t;
	char c;

	for (;;) {
		skip(lx);
		s = lx->src;
		lx->at = s->at;
		if (s->pos == s->end) {
			if ((t = end_of_source(lx)) == T_COMMA)
				continue;
			return t;
		}
		c = *s->pos;
		if (c == '"')
			return quoted(lx);
		if (c == '$') {
			start = ++s->pos;
			while (s->pos < s->end &&
			    (isalnum((unsigned char)*s->pos) ||
			    *s->pos == '_' || *s->pos == '-'))
				s->pos++;
			t = expand(lx, start, (size_t)(s->pos - start));
			if (t == T_COMMA)
				continue;
			return t;
		}
		if (c != '\0' && strchr("\n{}=,", c) != NULL)
			return punctuation(lx, c);
		pos = s->pos;
		t = bare(lx);
		if (t == T_WORD && lx->braces > 0 && lx->bol &&
		    directive_begins(lx->last->text,
		    strlen(lx->last->text)) != NULL) {
			s->pos = pos;
			return unclosed(lx);
		}
		return t;
	}
}

enum token
lex_next(struct lexer *lx)
{
	enum token t;

	if (lx->nomem)
		return lx->token = T_END;
	if (lx->forced) {
		lx->forced = 0;
		lx->bol = 1;
		return lx->token = T_NEWLINE;
	}
	if (lx->token == T_NEWLINE) {
		lx->first = lx->second = NULL;
		if (lx->include != NULL)
			open_include(lx);
	}
	lx->last = NULL;
	t = read_token(lx);
	if (t == T_WORD && lx->first == NULL)
		lx->first = lx->last;
	else if (t == T_WORD && lx->second == NULL)
		lx->second = lx->last;
	if (t != T_END)
		lx->bol = t == T_NEWLINE;
	return lx->token = t;
}
