/* SPDX-License-Identifier: ISC */

#include <stdio.h>

#include "conf/conf.h"

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

static void
print_names(const char *directive, char **v, size_t n, FILE *f)
{
	size_t i;

	if (n == 0)
		return;
	fprintf(f, "%s {", directive);
	for (i = 0; i < n; i++) {
		fputs(n > 1 ? "\n\t" : " ", f);
		print_quoted(v[i], f);
	}
	fputs(n > 1 ? "\n}\n" : " }\n", f);
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
		fprintf(f, " %s", requirement_name(r->req));
		if (r->minimum > TLSVER_1_2)
			fputs(" \"1.3\"", f);
		putc('\n', f);
	}
}

static void
print_hosts(const struct conf *conf, FILE *f)
{
	const struct conf_connector *c;
	const struct conf_legacy *l;
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
	for (i = 0; i < conf->nlegacies; i++) {
		l = &conf->legacies[i];
		fputs("legacy ", f);
		print_cidrs(l->hosts, l->nhosts, f);
		fprintf(f, " until %s ", l->until);
		print_quoted(l->reason, f);
		putc('\n', f);
	}
}

void
conf_print(const struct conf *conf, FILE *f)
{
	print_text("organization", conf->organization, f);
	print_text("contact", conf->contact, f);
	print_text("hostname", conf->hostname, f);
	fprintf(f, "mode %s\n", conf->mode == MODE_TESTING ? "testing" :
	    "enforce");
	print_names("local", conf->locals, conf->nlocals, f);
	print_classes(conf, f);
	print_flows(conf, f);
	print_hosts(conf, f);
	print_text("spool", conf->spool, f);
	print_text("database sqlite", conf->database, f);
	print_text("socket", conf->socket, f);
	print_text("report from", conf->report_from, f);
	print_text("report sendmail", conf->report_sendmail, f);
	print_seconds("report spread", conf->report_spread, f);
	print_seconds("report retry", conf->report_retry, f);
	print_names("report except", conf->report_except,
	    conf->nreport_except, f);
	print_text("report copy", conf->report_copy, f);
	if (conf->report_https_verify)
		fputs("report https verify\n", f);
	print_seconds("learn timeout", conf->learn_timeout, f);
	fprintf(f, "keep sessions %dd\n", conf->keep_sessions);
	fprintf(f, "keep reports %dd\n", conf->keep_reports);
	if (conf->resolver != NULL)
		fprintf(f, "resolver %s port %d\n", conf->resolver,
		    conf->resolver_port);
	print_text("ca", conf->ca, f);
	if (conf->nnetwork > 0) {
		fputs("network allow ", f);
		print_cidrs(conf->network, conf->nnetwork, f);
		putc('\n', f);
	}
}
