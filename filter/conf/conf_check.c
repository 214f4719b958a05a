/* SPDX-License-Identifier: ISC */

/* What shows only when all of the configuration is known. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "base/bounds.h"
#include "conf/conf_read.h"
#include "base/log.h"

static int
is_broken(const struct conf_reader *rd, const char *name)
{
	const struct word *w;

	for (w = rd->broken; w != NULL; w = w->next)
		if (strcmp(w->text, name) == 0)
			return 1;
	return 0;
}

/* The classes of one side of a flow, as bits. */
static uint64_t
class_bits(struct conf_reader *rd, const struct word *list)
{
	const struct word *w;
	uint64_t bits = 0;
	int n;

	for (w = list; w != NULL; w = w->next) {
		if (strcmp(w->text, "any") == 0)
			bits = CLASS_ANY;
		else if ((n = conf_class_by_name(rd->conf, w->text)) != -1)
			bits |= (uint64_t)1 << n;
		else if (!is_broken(rd, w->text))
			conf_mistake(rd, &w->at, "the class \"%s\" is not "
			    "defined: write class %s { DOMAIN ... }, or name "
			    "public or any", log_clean(w->text),
			    log_clean(w->text));
	}
	return bits;
}

static void
check_flows(struct conf_reader *rd)
{
	struct conf *conf = rd->conf;
	struct flow_words *f;
	struct conf_rule *rule;
	size_t n = 0;

	for (f = rd->flows; f != NULL; f = f->next)
		n++;
	if ((conf->rules = calloc(n + 1, sizeof(*conf->rules))) == NULL) {
		rd->nomem = 1;
		return;
	}
	for (f = rd->flows; f != NULL; f = f->next) {
		rule = &conf->rules[conf->nrules++];
		*rule = f->rule;
		rule->from = class_bits(rd, f->from);
		rule->to = class_bits(rd, f->to);
	}
}

/* The first rule that matches a pair, for every pair. */
static void
fill_matrix(struct conf *conf)
{
	size_t i, j, k;

	for (i = 0; i < CLASS_MAX; i++)
		for (j = 0; j < CLASS_MAX; j++) {
			conf->matrix[i][j] = conf_no_rule;
			for (k = 0; k < conf->nrules; k++)
				if ((conf->rules[k].from >> i & 1) &&
				    (conf->rules[k].to >> j & 1)) {
					conf->matrix[i][j] = conf->rules[k];
					break;
				}
		}
}

/* A name that the entry holds: for ".govt.nz" one that is under it. */
static int
class_of_entry(const struct conf *conf, const char *entry)
{
	char name[DOMAIN_MAX + 2];

	(void)snprintf(name, sizeof(name), "%s%s", entry[0] == '.' ? "x" : "",
	    entry);
	return conf_class(conf, name);
}

static int
needs_connector(const struct conf *conf, int class)
{
	size_t i;

	for (i = 0; i < conf->nclasses; i++)
		if (conf->matrix[i][class].req == REQ_CONNECTOR ||
		    conf->matrix[class][i].req == REQ_CONNECTOR)
			return 1;
	return 0;
}

static void
check_connectors(struct conf_reader *rd)
{
	struct conf *conf = rd->conf;
	const struct conf_connector *c;
	size_t i;

	for (i = 0; i < conf->nconnectors; i++) {
		c = &conf->connectors[i];
		if (c->domain == NULL)
			continue;
		/* After a mistake a class may lack what its file has. */
		if (rd->mistakes == 0 && !needs_connector(conf,
		    class_of_entry(conf, c->domain)))
			conf_warning(rd, &rd->connector_at[i], "no flow of "
			    "\"%s\" requires a connector: is the domain "
			    "missing in a class, or the flow?", c->domain);
		if (c->from == NULL)
			conf_warning(rd, &rd->connector_at[i], "mail of \"%s\" "
			    "is accepted from any address: add from "
			    "{ ADDRESS/BITS ... }", c->domain);
	}
}

static void
check_legacies(struct conf_reader *rd)
{
	const struct conf_legacy *l = rd->conf->legacies;
	time_t now = time(NULL);
	size_t i;

	for (i = 0; i < rd->conf->nlegacies; i++, l++)
		if (l->until != NULL && l->end <= (int64_t)now)
			conf_warning(rd, &rd->legacy_at[i], "%s is over: this "
			    "line has no effect; remove it", l->until);
}

static void
check_missing(struct conf_reader *rd)
{
	static const char *const needed[] = { "organization", "contact" };
	struct where end = { rd->lex.at.file, rd->lex.at.line };
	char usage[64];
	size_t i;

	for (i = 0; i < nitems(needed); i++)
		if (conf_given(rd, needed[i]) == NULL)
			conf_mistake(rd, &end, "the %s is missing: write %s",
			    needed[i], directive_usage(needed[i], usage,
			    sizeof(usage)));
}

/*
 * The classes of all that a local entry holds: ".kiwi.nz" also has those of the
 * classes' own entries below it.
 */
static uint64_t
classes_of_entry(const struct conf *conf, const char *entry)
{
	uint64_t classes = (uint64_t)1 << class_of_entry(conf, entry);
	size_t len = strlen(entry), namelen, pos = 0;
	const char *name;

	if (entry[0] != '.')
		return classes;
	while ((name = domset_next(conf->class_of, &pos)) != NULL) {
		namelen = strlen(name);
		if (namelen > len && strcmp(name + namelen - len, entry) == 0)
			classes |= (uint64_t)1 << class_of_entry(conf, name);
	}
	return classes;
}

static void
check_local(struct conf_reader *rd)
{
	struct conf *conf = rd->conf;
	const char *name;
	size_t pos = 0;

	if (conf_given(rd, "local") == NULL && conf->submitter != NULL) {
		conf_warning(rd, &rd->lex.at, "no local domains are given: "
		    "taking \"%s\", the domain of contact", conf->submitter);
		if (domset_add(conf->local, conf->submitter, 0) == -1)
			rd->nomem = 1;
	}
	while ((name = domset_next(conf->local, &pos)) != NULL)
		conf->local_classes |= classes_of_entry(conf, name);
}

/* RFC 8460 5.3: the report is signed for the domain that submits it. */
static void
check_report_from(struct conf_reader *rd)
{
	const struct conf *conf = rd->conf;
	const struct where *at = conf_given(rd, "report from");

	if (at == NULL || conf->report_from == NULL || conf->submitter == NULL)
		return;
	if (strcmp(domain_of_address(conf->report_from), conf->submitter) != 0)
		conf_mistake(rd, at, "\"%s\" is not "
		    "in contact's domain: write an address @%s, for the "
		    "report's signature", conf->report_from, conf->submitter);
}

void
conf_check(struct conf_reader *rd)
{
	const struct conf *conf = rd->conf;
	const struct where *at = conf_given(rd, "ca");

	if (rd->nomem || rd->lex.nomem)
		return;
	check_missing(rd);
	check_report_from(rd);
	check_flows(rd);
	fill_matrix(rd->conf);
	check_local(rd);
	check_connectors(rd);
	check_legacies(rd);
	if (conf->ca != NULL && at != NULL && access(conf->ca, R_OK) == -1)
		conf_warning(rd, at, "can't read \"%s\": %s", conf->ca,
		    strerror(errno));
}
