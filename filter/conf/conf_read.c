/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf_read.h"
#include "base/log.h"

static void	 vsay(struct reader *, const struct where *, const char *,
		    const char *, va_list)
		    __attribute__((__format__(printf, 4, 0)));

static void
vsay(struct reader *rd, const struct where *at, const char *kind,
    const char *fmt, va_list ap)
{
	char text[1024];

	/* What is cut off is still one line, and what is wrong stands first. */
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	fprintf(rd->err, "%s:%d: %s%s\n", at->file, at->line, kind, text);
}

void
conf_mistake(struct reader *rd, const struct where *at, const char *fmt, ...)
{
	va_list ap;

	rd->mistakes++;
	rd->last = *at;
	va_start(ap, fmt);
	vsay(rd, at, "", fmt, ap);
	va_end(ap);
}

void
conf_warning(struct reader *rd, const struct where *at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsay(rd, at, "warning: ", fmt, ap);
	va_end(ap);
}

int
conf_once(struct reader *rd, const struct directive *d,
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

const struct where *
conf_given(const struct reader *rd, const char *words)
{
	const struct where *at;

	at = &rd->seen[directive_named(words) - directives];
	return at->file == NULL ? NULL : at;
}

/* What a wrong line would have given is not missing too. */
static void
forgive(struct reader *rd, const struct directive *d)
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
conf_syntax(struct reader *rd)
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

static void
say_lex(void *arg, const struct where *at, const char *text)
{
	conf_mistake(arg, at, "%s", text);
}

void
conf_opened(struct reader *rd, const char *path, uint64_t stamp)
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

static void
opened(void *arg, const char *path, uint64_t stamp)
{
	conf_opened(arg, path, stamp);
}

static struct conf *
conf_new(void)
{
	const struct directive *d;
	struct conf *conf;
	void *field;

	if ((conf = calloc(1, sizeof(*conf))) == NULL)
		return NULL;
	for (d = directives; d->words != NULL; d++) {
		field = (char *)conf + d->at;
		if (d->kind == KIND_DOMAINS &&
		    (*(struct domset **)field = domset_new()) == NULL)
			goto fail;
	}
	conf->class_of = domset_new();
	conf->connector_of = domset_new();
	conf->classes = calloc(CLASS_MAX, sizeof(*conf->classes));
	if (conf->class_of == NULL || conf->connector_of == NULL ||
	    conf->classes == NULL ||
	    (conf->classes[0].name = strdup("public")) == NULL)
		goto fail;
	conf->nclasses = 1;
	return conf;

fail:
	conf_free(conf);
	return NULL;
}

struct conf *
conf_read(const char *file, FILE *err)
{
	struct reader rd;
	struct conf *conf = NULL;

	memset(&rd, 0, sizeof(rd));
	rd.err = err;
	rd.flows_end = &rd.flows;
	if ((rd.conf = conf_new()) == NULL)
		rd.nomem = 1;
	else if (lex_open(&rd.lex, file, say_lex, opened, &rd) == -1) {
		if (!rd.lex.nomem) {
			fprintf(err, "%s: can't be read: %s\n", file,
			    strerror(errno));
			rd.mistakes++;
		}
	} else {
		conf_parse(&rd);
		conf_set_defaults(&rd);
		conf_check(&rd);
	}
	if (rd.nomem || rd.lex.nomem)
		fprintf(err, "%s: no memory\n", file);
	else if (rd.mistakes == 0) {
		conf = rd.conf;
		rd.conf = NULL;
	}
	while (rd.flows != NULL) {
		struct flow_words *f = rd.flows;

		rd.flows = f->next;
		free(f);
	}
	free(rd.connector_at);
	free(rd.legacy_at);
	lex_close(&rd.lex);
	conf_free(rd.conf);
	return conf;
}

struct conf *
conf_defaults(void)
{
	struct reader rd;

	memset(&rd, 0, sizeof(rd));
	if ((rd.conf = conf_new()) == NULL)
		return NULL;
	conf_set_defaults(&rd);
	lex_close(&rd.lex);
	if (rd.nomem || rd.lex.nomem) {
		conf_free(rd.conf);
		return NULL;
	}
	return rd.conf;
}

int
conf_main_check(const char *file, int n)
{
	struct conf *conf;

	if ((conf = conf_read(file, stderr)) == NULL)
		return 1;
	if (n > 1)
		conf_print(conf, stdout);
	else
		fprintf(stderr, "configuration OK\n");
	conf_free(conf);
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
