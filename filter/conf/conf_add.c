/* SPDX-License-Identifier: ISC */

/* Directives that hold lists; see conf_read.h. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "conf/conf_read.h"
#include "base/log.h"

#define CLASS_NAME_LEN 32

/* One more element for v, zeroed; NULL without memory. */
static void *
grow(struct conf_reader *rd, void **v, size_t n, size_t size)
{
	char *p;

	if ((p = reallocarray(*v, n + 1, size)) == NULL) {
		rd->nomem = 1;
		return NULL;
	}
	*v = p;
	memset(p + n * size, 0, size);
	return p + n * size;
}

static void
add_string(struct conf_reader *rd, char ***v, size_t *n, const char *s)
{
	char **p;
	void *all = *v;

	if ((p = grow(rd, &all, *n, sizeof(*p))) == NULL)
		return;
	*v = all;
	if (value_copy(rd, p, s) == 0)
		(*n)++;
}

void
conf_add_texts(struct conf_reader *rd, const struct word *list, char ***v,
    size_t *n)
{
	char *text = NULL;

	for (; list != NULL; list = list->next)
		if (value_text(rd, list, &text) == 0)
			add_string(rd, v, n, text);
	free(text);
}

void
conf_add_domains(struct conf_reader *rd, const struct word *list,
    struct domset *set)
{
	const struct word *w;
	char name[DOMAIN_MAX + 1];
	int rv;

	for (w = list; w != NULL; w = w->next) {
		if (value_domain(rd, w, 1, name, sizeof(name)) == -1)
			continue;
		if ((rv = domset_add(set, name, 0)) == -1)
			rd->nomem = 1;
		else if (rv == 1 && log_verbose())
			conf_warning(rd, &w->at, "\"%s\" is given twice",
			    name);
	}
}

/* Its names stand in records as "from>to", and between bars. */
static int
class_name_ok(struct conf_reader *rd, const struct word *w)
{
	size_t n = strspn(w->text, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");

	if (n == 0 || w->text[n] != '\0' || n > CLASS_NAME_LEN) {
		conf_mistake(rd, &w->at, "\"%s\" can't name a class: use up to "
		    "%d letters, digits, - and _", log_clean(w->text),
		    CLASS_NAME_LEN);
		return 0;
	}
	if (strcmp(w->text, "public") == 0 || strcmp(w->text, "any") == 0 ||
	    strcmp(w->text, CLASS_SMARTHOST) == 0) {
		conf_mistake(rd, &w->at, "\"%s\" has a meaning of its own: "
		    "choose another name for this class", w->text);
		return 0;
	}
	return 1;
}

/* The new class's number, or -1. */
static int
new_class(struct conf_reader *rd, const struct word *name)
{
	struct conf *conf = rd->conf;
	struct conf_class *class;
	int n;

	if (!class_name_ok(rd, name))
		return -1;
	if ((n = conf_class_by_name(conf, name->text)) != -1) {
		conf_mistake(rd, &name->at, "the class \"%s\" is defined twice,"
		    " first at %s:%d: put its domains together", name->text,
		    rd->class_at[n].file, rd->class_at[n].line);
		return -1;
	}
	if (conf->nclasses == CLASS_MAX) {
		conf_mistake(rd, &name->at, "there may be %d classes",
		    CLASS_MAX - 1);
		return -1;
	}
	class = &conf->classes[conf->nclasses];
	if (value_copy(rd, &class->name, name->text) == -1)
		return -1;
	rd->class_at[conf->nclasses] = name->at;
	return (int)conf->nclasses++;
}

/* Returns 0; 1 if the class has it already; -1 without memory. */
static int
class_domain(struct conf_reader *rd, int n, const char *name,
    const struct where *at)
{
	struct conf *conf = rd->conf;
	int rv, other = -1;

	if (log_verbose() && (other = domset_find(conf->class_of,
	    name + (name[0] == '.'))) > n)
		other = -1;
	if ((rv = domset_add(conf->class_of, name, n)) == -1)
		rd->nomem = 1;
	if (other != -1 && other != n)
		conf_warning(rd, at, "\"%s\" is in class \"%s\" already, which "
		    "comes first", name, conf->classes[other].name);
	else if (rv == 1 && log_verbose())
		conf_warning(rd, at, "\"%s\" is given twice", name);
	return rv;
}

void
conf_add_class(struct conf_reader *rd, const struct word *name,
    const struct word *list)
{
	struct conf *conf = rd->conf;
	struct conf_class *class;
	const struct word *w;
	char domain[DOMAIN_MAX + 1];
	int n = new_class(rd, name);

	for (w = list; w != NULL; w = w->next) {
		if (value_domain(rd, w, 1, domain, sizeof(domain)) == -1 ||
		    n == -1)
			continue;
		class = &conf->classes[n];
		class->ndomains += class_domain(rd, n, domain, &w->at) == 0;
		add_string(rd, &class->entries, &class->nentries, domain);
	}
}

/* A line of a class file without what surrounds its one word. */
static char *
trim(char *line)
{
	char *end;

	line[strcspn(line, "#\r")] = '\0';
	line += strspn(line, " \t");
	end = line + strlen(line);
	while (end > line && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	*end = '\0';
	return line;
}

static void
class_lines(struct conf_reader *rd, int n, const char *path, char *text)
{
	struct where at = { path, 0 };
	char domain[DOMAIN_MAX + 1], *line, *next;

	for (line = text; line != NULL && !rd->nomem; line = next) {
		at.line++;
		if ((next = strchr(line, '\n')) != NULL)
			*next++ = '\0';
		line = trim(line);
		if (*line == '\0')
			continue;
		if (line[strcspn(line, " \t,")] != '\0') {
			conf_mistake(rd, &at, "\"%s\" is more than one word: "
			    "write one domain a line", log_clean(line));
			continue;
		}
		if (value_domain_at(rd, &at, line, 1, domain,
		    sizeof(domain)) == 0 && n != -1 &&
		    class_domain(rd, n, domain, &at) == 0)
			rd->conf->classes[n].ndomains++;
	}
}

void
conf_add_class_file(struct conf_reader *rd, const struct word *name,
    const struct word *file)
{
	int n = new_class(rd, name);
	const char *why;
	char *path, *text;
	uint64_t stamp;
	size_t len;

	if ((path = path_beside(file->at.file, file->text)) == NULL) {
		rd->nomem = 1;
		return;
	}
	text = read_file(path, CONF_FILE_MAX, &len, &stamp, &why);
	if (text != NULL)
		conf_opened(rd, path, stamp);
	if (text == NULL)
		conf_mistake(rd, &file->at, "can't read \"%s\": %s%s%s",
		    log_clean(path), why, file_is_mended(why) ? " " : "",
		    file_is_mended(why) ? log_clean(path) : "");
	else if (strlen(text) != len)
		conf_mistake(rd, &file->at, "\"%s\" is not a text file",
		    log_clean(path));
	else
		class_lines(rd, n, path, text);
	if (n != -1)
		(void)value_copy(rd, &rd->conf->classes[n].file, path);
	free(text);
	free(path);
}

static enum tlsver
rule_version(struct conf_reader *rd, const struct word *w)
{
	enum tlsver v;

	if (w == NULL)
		return TLSVER_1_2;
	v = tlsver_parse(w->text, strlen(w->text));
	if (strcmp(w->text, "1.2") == 0 || strcmp(w->text, "1.3") == 0)
		return v;
	if (v == TLSVER_1_0 || v == TLSVER_1_1 || v == TLSVER_SSL)
		conf_mistake(rd, &w->at, "\"%s\" is too old to be required: "
		    "write \"1.2\" or \"1.3\"", log_clean(w->text));
	else
		conf_mistake(rd, &w->at, "\"%s\" is not a version of TLS: "
		    "write \"1.2\" or \"1.3\"", log_clean(w->text));
	return TLSVER_1_2;
}

void
conf_add_flow(struct conf_reader *rd, struct word *from, struct word *to,
    enum requirement req, const struct word *version)
{
	struct flow_words *f;

	if ((f = calloc(1, sizeof(*f))) == NULL) {
		rd->nomem = 1;
		return;
	}
	f->from = from;
	f->to = to;
	f->rule.req = req;
	f->rule.minimum = rule_version(rd, version);
	*rd->flows_end = f;
	rd->flows_end = &f->next;
}

void
conf_add_connector(struct conf_reader *rd, const struct word *domain,
    const struct word *url, const struct word *from)
{
	struct conf *conf = rd->conf;
	struct conf_connector *c;
	struct where *at;
	void *v = conf->connectors, *w = rd->connector_at;
	char name[DOMAIN_MAX + 1];
	int n, bad;

	bad = value_domain(rd, domain, 1, name, sizeof(name)) == -1;
	if ((c = grow(rd, &v, conf->nconnectors, sizeof(*c))) == NULL)
		return;
	conf->connectors = v;
	if ((at = grow(rd, &w, conf->nconnectors, sizeof(*at))) == NULL)
		return;
	rd->connector_at = w;
	*at = domain->at;
	n = (int)conf->nconnectors++;
	(void)value_url(rd, url, &c->url);
	if (from != NULL)
		(void)value_cidrs(rd, from, &c->from, &c->nfrom);
	if (bad || value_copy(rd, &c->domain, name) == -1)
		return;
	switch (domset_add(conf->connector_of, name, n)) {
	case -1:
		rd->nomem = 1;
		break;
	case 1:
		for (n = 0; conf->connectors[n].domain == NULL ||
		    strcmp(conf->connectors[n].domain, name) != 0; n++)
			;
		conf_mistake(rd, &domain->at, "the connector of \"%s\" is "
		    "given twice, first at %s:%d: remove one", name,
		    rd->connector_at[n].file, rd->connector_at[n].line);
		break;
	default:
		break;
	}
}

void
conf_add_legacy(struct conf_reader *rd, const struct word *list,
    const struct word *until, const struct word *reason)
{
	struct conf *conf = rd->conf;
	struct conf_legacy *l;
	struct where *at;
	void *v = conf->legacies, *w = rd->legacy_at;

	if ((l = grow(rd, &v, conf->nlegacies, sizeof(*l))) == NULL)
		return;
	conf->legacies = v;
	if ((at = grow(rd, &w, conf->nlegacies, sizeof(*at))) == NULL)
		return;
	rd->legacy_at = w;
	*at = until->at;
	conf->nlegacies++;
	(void)value_cidrs(rd, list, &l->hosts, &l->nhosts);
	(void)value_text(rd, reason, &l->reason);
	if (value_date(rd, until, &l->end) == -1)
		l->end = INT64_MAX;
	else
		(void)value_copy(rd, &l->until, until->text);
}
