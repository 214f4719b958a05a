/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "conf/conf_read.h"

static void
say_lex(void *arg, const struct where *at, const char *text)
{
	conf_mistake(arg, at, "%s", text);
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

/* Why not, and what to do about it. */
static void
say_unread(FILE *err, const char *file, const char *why)
{
	if (file_is_mended(why))
		fprintf(err, "%s: can't be read: %s %s\n", file, why, file);
	else
		fprintf(err, "%s: can't be read: %s%s\n", file, why,
		    strcmp(why, strerror(ENOENT)) != 0 ? "" : "; write one as "
		    "sge.conf(5) shows, or name the file that is");
}

struct conf *
conf_read(const char *file, FILE *err)
{
	struct conf_reader rd;
	struct conf *conf = NULL;

	memset(&rd, 0, sizeof(rd));
	rd.err = err;
	rd.flows_end = &rd.flows;
	if ((rd.conf = conf_new()) == NULL)
		rd.nomem = 1;
	else if (lex_open(&rd.lex, file, say_lex, opened, &rd) == -1) {
		if (!rd.lex.nomem) {
			say_unread(err, file, rd.lex.why);
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
conf_read_logged(const char *file)
{
	struct conf *conf;
	char *text = NULL, *rest, *line;
	size_t len;
	FILE *fp;

	if ((fp = open_memstream(&text, &len)) == NULL) {
		log_warn("%s", file);
		return NULL;
	}
	conf = conf_read(file, fp);
	if (fclose(fp) == 0)
		for (rest = text; (line = strsep(&rest, "\n")) != NULL;)
			if (*line != '\0')
				log_warnx("%s", line);
	free(text);
	return conf;
}

struct conf *
conf_defaults(void)
{
	struct conf_reader rd;

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
