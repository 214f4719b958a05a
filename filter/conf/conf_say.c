/* SPDX-License-Identifier: ISC */

/*
 * What is said of the file, and which files were read: all of reading uses
 * this, and it uses none of it.
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "conf/conf_read.h"

static void	 vsay(struct conf_reader *, const struct where *, const char *,
		    const char *, va_list)
		    __attribute__((__format__(printf, 4, 0)));

static void
vsay(struct conf_reader *rd, const struct where *at, const char *kind,
    const char *fmt, va_list ap)
{
	char text[1024];

	/* What is cut off is still one line, and what is wrong stands first. */
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	fprintf(rd->err, "%s:%d: %s%s\n", at->file, at->line, kind, text);
}

void
conf_mistake(struct conf_reader *rd, const struct where *at, const char *fmt,
    ...)
{
	va_list ap;

	rd->mistakes++;
	rd->last = *at;
	va_start(ap, fmt);
	vsay(rd, at, "", fmt, ap);
	va_end(ap);
}

void
conf_warning(struct conf_reader *rd, const struct where *at, const char *fmt,
    ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsay(rd, at, "warning: ", fmt, ap);
	va_end(ap);
}

int
conf_once(struct conf_reader *rd, const struct directive *d,
    const struct where *at)
{
	struct where *first = &rd->seen[d - directives];

	if (first->file == NULL) {
		*first = *at;
		return 0;
	}
	conf_mistake(rd, at, "this is given twice, first at %s:%d: remove one",
	    first->file, first->line);
	return -1;
}

/* What a wrong line would have given is not missing too. */
static void
forgive(struct conf_reader *rd, const struct directive *d)
{
	static const char *const missed[] = {
		"organization", "contact", "local"
	};
	const struct lexer *lx = &rd->lex;
	struct word *w = NULL;
	size_t i;

	for (i = 0; i < nitems(missed); i++)
		if (d == directive_named(missed[i]))
			rd->seen[d - directives] = lx->first->at;
	if (d->kind != KIND_CLASS || lx->second == NULL)
		return;
	for (w = lx->words; w != NULL; w = w->all)
		if (w == lx->second)
			break;
	if (w != NULL && w->next == NULL && w != rd->broken) {
		w->next = rd->broken;
		rd->broken = w;
	}
}

void
conf_syntax(struct conf_reader *rd)
{
	const struct lexer *lx = &rd->lex;
	const struct directive *d = NULL, *like;
	char near[128], usage[512];

	if (lx->nomem)
		return;
	if (lx->first != NULL && !lx->first->quoted)
		d = directive_begins(lx->first->text, strlen(lx->first->text));
	if (d != NULL)
		forgive(rd, d);
	if (lx->token == T_BAD)
		return;
	/* What is wrong with a value may end its line too: "5 s". */
	if (lx->first != NULL && rd->last.line == lx->first->at.line &&
	    rd->last.file == lx->first->at.file)
		return;
	if (lx->first != NULL && d == NULL &&
	    strncmp(lx->first->text, "\xef\xbb\xbf", 3) == 0) {
		conf_mistake(rd, &lx->first->at, "unknown directive \"%s\": "
		    "take out the bytes EF BB BF, a byte order mark",
		    log_clean(lx->first->text));
		return;
	}
	if (lx->first != NULL && d == NULL) {
		like = directive_similar(lx->first->text);
		if (like != NULL)
			forgive(rd, like);
		conf_mistake(rd, &lx->first->at,
		    "unknown directive \"%s\"%s%.*s%s",
		    log_clean(lx->first->text),
		    like == NULL ? ": see sge.conf(5)" : "; did you mean \"",
		    like == NULL ? 0 : (int)directive_first(like),
		    like == NULL ? "" : like->words,
		    like == NULL ? "" : "\"?");
		return;
	}
	if (lx->token == T_NEWLINE || lx->token == T_END)
		(void)snprintf(near, sizeof(near), "something is missing");
	else if (lx->last != NULL)
		(void)snprintf(near, sizeof(near), "unexpected \"%.80s\"%s",
		    log_clean(lx->last->text),
		    lx->last != lx->first && !lx->last->quoted &&
		    lex_reserved(lx->last->text) ?
		    " (quote it if it is a name)" : "");
	else
		(void)snprintf(near, sizeof(near), "unexpected \"%s\"",
		    lx->token == T_OPEN ? "{" : lx->token == T_CLOSE ? "}" :
		    lx->token == T_EQUALS ? "=" : ",");
	if (d == NULL)
		conf_mistake(rd, &lx->at, "%s: a line begins with a directive",
		    near);
	else
		conf_mistake(rd, lx->token == T_NEWLINE ? &lx->first->at :
		    &lx->at, "%s; write: %s", near,
		    directive_usage(lx->first->text, usage, sizeof(usage)));
}

void
conf_opened(struct conf_reader *rd, const char *path, uint64_t stamp)
{
	struct conf *conf = rd->conf;
	char **v;

	v = reallocarray(conf->files, conf->nfiles + 1, sizeof(*v));
	if (v == NULL || (v[conf->nfiles] = strdup(path)) == NULL)
		rd->nomem = 1;
	else
		conf->nfiles++;
	if (v != NULL)
		conf->files = v;
	conf->stamp = conf_stamp_add(conf->stamp, stamp);
}

const struct where *
conf_given(const struct conf_reader *rd, const char *words)
{
	const struct where *at;

	at = &rd->seen[directive_named(words) - directives];
	return at->file == NULL ? NULL : at;
}
