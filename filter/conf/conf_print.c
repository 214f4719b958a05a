/* SPDX-License-Identifier: ISC */

#include <stdio.h>

#include "conf/conf.h"
#include "conf/conf_directive.h"

static void
print_quoted(const char *s, FILE *f)
{
	putc('"', f);
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			putc('\\', f);
		putc(*s, f);
	}
	putc('"', f);
}

static void
print_text(const char *directive, const char *s, FILE *f)
{
	if (s == NULL)
		return;
	fprintf(f, "%s ", directive);
	print_quoted(s, f);
	putc('\n', f);
}

/* One name of a list of n in braces. */
static void
print_name(const char *name, size_t i, size_t n, FILE *f)
{
	fputs(n > 1 ? "\n\t" : " ", f);
	print_quoted(name, f);
	if (i + 1 == n)
		fputs(n > 1 ? "\n}\n" : " }\n", f);
}

static void
print_names(const char *directive, char *const *v, size_t n, FILE *f)
{
	size_t i;

	if (n > 0)
		fprintf(f, "%s {", directive);
	for (i = 0; i < n; i++)
		print_name(v[i], i, n, f);
}

static void
print_domains(const char *directive, const struct domset *set, FILE *f)
{
	const char *name;
	size_t i, n = domset_count(set), pos = 0;

	if (n > 0)
		fprintf(f, "%s {", directive);
	for (i = 0; (name = domset_next(set, &pos)) != NULL; i++)
		print_name(name, i, n, f);
}

static void
print_cidrs(const struct cidr *v, size_t n, FILE *f)
{
	char text[64];
	size_t i;

	putc('{', f);
	for (i = 0; i < n; i++) {
		cidr_print(&v[i], text, sizeof(text));
		fprintf(f, " %s", text);
	}
	fputs(" }", f);
}

static void
print_seconds(const char *directive, int v, FILE *f)
{
	char unit = 's';

	if (v != 0 && v % 3600 == 0) {
		unit = 'h';
		v /= 3600;
	} else if (v != 0 && v % 60 == 0) {
		unit = 'm';
		v /= 60;
	}
	fprintf(f, "%s %d%c\n", directive, v, unit);
}

static void
print_side(const struct conf *conf, uint64_t bits, FILE *f)
{
	size_t i;

	if (bits == CLASS_ANY) {
		fputs("any", f);
		return;
	}
	putc('{', f);
	for (i = 0; i < conf->nclasses; i++)
		if (bits >> i & 1) {
			putc(' ', f);
			print_quoted(conf->classes[i].name, f);
		}
	fputs(" }", f);
}

static void
print_classes(const struct conf *conf, FILE *f)
{
	const struct conf_class *c;
	char head[64];
	size_t i;

	for (i = 1; i < conf->nclasses; i++) {
		c = &conf->classes[i];
		(void)snprintf(head, sizeof(head), "class \"%s\"%s", c->name,
		    c->file != NULL ? " file" : "");
		if (c->file != NULL)
			print_text(head, c->file, f);
		else
			print_names(head, c->entries, c->nentries, f);
	}
}

static void
print_flows(const struct conf *conf, FILE *f)
{
	const struct conf_rule *r;
	size_t i;

	for (i = 0; i < conf->nrules; i++) {
		r = &conf->rules[i];
		fputs("flow from ", f);
		print_side(conf, r->from, f);
		fputs(" to ", f);
		print_side(conf, r->to, f);
		fprintf(f, " %s\n", rule_name(r));
	}
}

static void
print_connectors(const struct conf *conf, FILE *f)
{
	const struct conf_connector *c;
	size_t i;

	for (i = 0; i < conf->nconnectors; i++) {
		c = &conf->connectors[i];
		fputs("connector ", f);
		print_quoted(c->domain, f);
		fputs(" to ", f);
		print_quoted(c->url, f);
		if (c->nfrom > 0) {
			fputs(" from ", f);
			print_cidrs(c->from, c->nfrom, f);
		}
		putc('\n', f);
	}
}

static void
print_legacies(const struct conf *conf, FILE *f)
{
	const struct conf_legacy *l;
	size_t i;

	for (i = 0; i < conf->nlegacies; i++) {
		l = &conf->legacies[i];
		fputs("legacy ", f);
		print_cidrs(l->hosts, l->nhosts, f);
		fprintf(f, " until %s ", l->until);
		print_quoted(l->reason, f);
		putc('\n', f);
	}
}

/* The ones that have rules of their own. */
static void
print_own(const struct conf *conf, enum kind kind, FILE *f)
{
	switch (kind) {
	case KIND_CLASS:
		print_classes(conf, f);
		break;
	case KIND_FLOW:
		print_flows(conf, f);
		break;
	case KIND_CONNECTOR:
		print_connectors(conf, f);
		break;
	case KIND_LEGACY:
		print_legacies(conf, f);
		break;
	case KIND_RESOLVER:
		if (conf->resolver != NULL)
			fprintf(f, "resolver %s port %d\n", conf->resolver,
			    conf->resolver_port);
		break;
	default:
		break;
	}
}

static void
print_directive(const struct conf *conf, const struct directive *d, FILE *f)
{
	const void *field = (const char *)conf + d->at;
	const void *count = (const char *)conf + d->count;

	switch (d->kind) {
	case KIND_TEXT:
	case KIND_EMAIL:
	case KIND_HOST:
	case KIND_PATH:
	case KIND_CONNINFO:
		print_text(d->words, *(char *const *)field, f);
		break;
	case KIND_MODE:
		fprintf(f, "%s %s\n", d->words,
		    *(const enum conf_mode *)field == MODE_TESTING ?
		    "testing" : "enforce");
		break;
	case KIND_SECONDS:
		print_seconds(d->words, *(const int *)field, f);
		break;
	case KIND_DAYS:
		fprintf(f, "%s %dd\n", d->words, *(const int *)field);
		break;
	case KIND_NUMBER:
		fprintf(f, "%s %d\n", d->words, *(const int *)field);
		break;
	case KIND_FLAG:
		if (*(const int *)field)
			fprintf(f, "%s\n", d->words);
		break;
	case KIND_DOMAINS:
		print_domains(d->words, *(struct domset *const *)field, f);
		break;
	case KIND_CIDRS:
		if (*(const size_t *)count == 0)
			break;
		fprintf(f, "%s ", d->words);
		print_cidrs(*(struct cidr *const *)field,
		    *(const size_t *)count, f);
		putc('\n', f);
		break;
	case KIND_TEXTS:
		print_names(d->words, *(char **const *)field,
		    *(const size_t *)count, f);
		break;
	default:
		print_own(conf, d->kind, f);
		break;
	}
}

void
conf_print(const struct conf *conf, FILE *f)
{
	const struct directive *d;

	for (d = directives; d->words != NULL; d++)
		print_directive(conf, d, f);
}
