/* SPDX-License-Identifier: ISC */

/*
 * What the lexer has in memory: words, and what it reads from, files and the
 * texts of macros inside them.
 */

#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "conf/conf_lex.h"
#include "conf/conf_read.h"

struct word *
lex_new_word(struct lexer *lx, const char *text, size_t len, int quoted)
{
	struct word *w;

	if ((w = malloc(sizeof(*w) + len + 1)) == NULL) {
		lx->nomem = 1;
		return NULL;
	}
	w->all = lx->words;
	lx->words = w;
	w->next = NULL;
	w->at = lx->at;
	w->quoted = quoted;
	memcpy(w->text, text, len);
	w->text[len] = '\0';
	return w;
}

struct word *
lex_word(struct lexer *lx, const char *text)
{
	return lex_new_word(lx, text, strlen(text), 1);
}

/* Whether it is one of those that are being read. */
static int
is_open(const struct lexer *lx, uint64_t stamp)
{
	const struct source *s;

	for (s = lx->src; s != NULL; s = s->up)
		if (!s->macro && s->stamp == stamp)
			return 1;
	return 0;
}

int
lex_push(struct lexer *lx, const char *path, const char **why)
{
	struct source *s;
	struct word *name;
	size_t len;

	if ((s = calloc(1, sizeof(*s))) == NULL ||
	    (name = lex_word(lx, path)) == NULL) {
		free(s);
		lx->nomem = 1;
		return -1;
	}
	s->text = read_file(path, CONF_FILE_MAX, &len, &s->stamp, why);
	if (s->text != NULL && is_open(lx, s->stamp))
		*why = "it includes itself";
	if (*why != NULL) {
		free(s->text);
		free(s);
		return -1;
	}
	lx->opened(lx->arg, path, s->stamp);
	s->pos = s->text;
	s->end = s->text + len;
	s->at.file = name->text;
	s->at.line = 1;
	s->up = lx->src;
	lx->src = s;
	lx->files++;
	lx->bol = 1;
	return 0;
}

void
lex_pop(struct lexer *lx)
{
	struct source *s = lx->src;

	lx->src = s->up;
	if (s->macro)
		lx->nested--;
	else
		lx->files--;
	free(s->text);
	free(s);
}

void
lex_close(struct lexer *lx)
{
	struct word *w;
	struct macro *m;

	while (lx->src != NULL)
		lex_pop(lx);
	while ((m = lx->macros) != NULL) {
		lx->macros = m->next;
		free(m);
	}
	while ((w = lx->words) != NULL) {
		lx->words = w->all;
		free(w);
	}
}
