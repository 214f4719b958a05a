/* SPDX-License-Identifier: ISC */

/*
 * show flow -D: one correspondent, with its class and the line of the list
 * that gave it.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/bounds.h"
#include "base/domain.h"
#include "base/log.h"
#include "lib/date.h"
#include "store/query_flow.h"
#include "view/view.h"
#include "lib/xalloc.h"

/*
 * The number of the first line of a file that names the entry, from the line
 * on that begins with "class NAME" if name is given; 0: none, or unreadable.
 */
static int
line_of(const char *file, const char *entry, const char *name)
{
	char *line = NULL, *p, normal[DOMAIN_MAX + 1];
	size_t size = 0;
	int n = 0, found = 0, on = name == NULL, dot;
	FILE *f;

	if ((f = fopen(file, "r")) == NULL)
		return 0;
	while (found == 0 && xgetline(&line, &size, f) != -1) {
		n++;
		p = line + strspn(line, " \t");
		if (!on && strncmp(p, "class", 5) == 0) {
			p += 5;
			p += strspn(p, " \t\"");
			on = strncmp(p, name, strlen(name)) == 0;
		}
		/* Words of the line, quoted or not. */
		for (; on && found == 0; p += strcspn(p, " \t\n\",{}#")) {
			if (*p == '#')
				break;
			p += strspn(p, " \t\n\",{}");
			if (*p == '\0' || *p == '#')
				break;
			dot = *p == '.';
			normal[0] = '.';
			if (domain_normal(p + dot, strcspn(p,
			    " \t\n\",{}#") - (size_t)dot, normal + dot,
			    sizeof(normal) - (size_t)dot) == 0 &&
			    strcmp(normal, entry) == 0)
				found = n;
		}
	}
	free(line);
	fclose(f);
	return found;
}

void
view_class_source(const struct view *v, const char *domain, char out[],
    size_t outsz)
{
	const struct conf_class *class;
	const char *entry, *file, *name;
	int n, line = 0;

	n = conf_class(v->conf, domain);
	class = &v->conf->classes[n];
	if (n == CLASS_PUBLIC) {
		(void)strlcpy(out, "in no list", outsz);
		return;
	}
	file = class->file != NULL ? class->file : v->path;
	name = class->file != NULL ? NULL : class->name;
	/* The domain itself, then each "all subdomains" that holds it. */
	entry = domain;
	while (entry != NULL && file != NULL &&
	    (line = line_of(file, entry, name)) == 0)
		entry = strchr(entry + 1, '.');
	if (line != 0)
		(void)snprintf(out, outsz, "by \"%s\", %s:%d", entry, file,
		    line);
	else
		(void)snprintf(out, outsz, "by a line of %s",
		    file == NULL ? "sge.conf" : file);
}

static void
domain_row(const struct view *v, const struct seen_domain *row)
{
	const struct seen_counts *c = &row->counts;

	if (v->form != FORM_TEXT) {
		view_row(v, "correspondent", "dtttiiiiiiiiiiiee",
		    "day", v->last, "domain", row->domain, "dir",
		    seen_dir(row->dir), "class", row->class,
		    "sessions", seen_sum(c), "tls13", c->tls13,
		    "tls12", c->tls12, "older", c->older, "clear", c->clear,
		    "refused", c->refused, "days", row->days,
		    "messages", row->messages, "rcpts", row->rcpts,
		    "legacy", row->legacy, "testing", row->testing,
		    "first", row->first, "last", row->last);
		return;
	}
	fprintf(v->out, "%-3s %9lld %8lld %8lld %6lld %6lld %8lld %9lld\n",
	    seen_dir(row->dir), (long long)seen_sum(c), (long long)c->tls13,
	    (long long)c->tls12, (long long)c->older, (long long)c->clear,
	    (long long)c->refused, (long long)row->messages);
	if (row->legacy > 0)
		fprintf(v->out, "    %lld passed as legacy\n",
		    (long long)row->legacy);
	/* Nothing is refused on the way out, whatever the mode is. */
	if (row->testing > 0)
		fprintf(v->out, row->dir == 0 ? "    %lld would have been "
		    "refused (mode testing)\n" : "    %lld against a flow of "
		    "sge.conf, sent all the same\n", (long long)row->testing);
}

static void
incident_row(const struct view *v, const struct seen_incident *row)
{
	char where[512];

	if (v->form != FORM_TEXT) {
		view_row(v, "incident", "dttttt" "iieei", "day", v->last,
		    "domain", row->domain, "dir", seen_dir(row->dir), "why",
		    row->why, "addr", row->addr, "host", row->host,
		    "sessions", row->sessions, "days", row->days,
		    "first", row->first, "last", row->last,
		    "testing", row->testing);
		return;
	}
	(void)snprintf(where, sizeof(where), "%s [%s]",
	    *row->host == '\0' ? "-" : view_clean(row->host, 200),
	    *row->addr == '\0' ? "-" : view_clean(row->addr, 64));
	fprintf(v->out, "%-3s %-12s %6lld  %s ", seen_dir(row->dir),
	    seen_why(row->why), (long long)row->sessions,
	    view_day(day_of(row->first)));
	fprintf(v->out, "%.5s", view_clock(row->first));
	if (day_of(row->last) != day_of(row->first))
		fprintf(v->out, "Z to %s ", view_day(day_of(row->last)));
	else
		fprintf(v->out, "-");
	fprintf(v->out, "%s%s\n", view_clock(row->last),
	    view_local(v, row->first));
	view_wrap(v->out, "    ", "    ", where);
}

struct any {
	const struct view *view;
	size_t		 n;
};

static void
first_incident(const struct seen_incident *row, void *arg)
{
	struct any *any = arg;

	if (any->n++ == 0 && any->view->form == FORM_TEXT)
		fprintf(any->view->out, "In clear, refused or not sent:\n");
	incident_row(any->view, row);
}

static void
first_domain(const struct seen_domain *row, void *arg)
{
	struct any *any = arg;

	if (any->n++ == 0 && any->view->form == FORM_TEXT)
		fprintf(any->view->out, "dir %9s %8s %8s %6s %6s %8s %9s\n",
		    "sessions", "TLSv1.3", "TLSv1.2", "older", "clear",
		    "refused", "messages");
	domain_row(any->view, row);
}

static int
is_address(const char *name, struct addr *addr)
{
	return addr_parse(name, strlen(name), addr) == 0;
}

static void
print_rules(const struct view *v, const char *domain)
{
	const struct conf_connector *connector;
	struct addr addr;
	char source[512];

	if (is_address(domain, &addr)) {
		view_say(v, conf_is_smarthost(v->conf, &addr) ? "a smart host "
		    "of sge.conf: its TLS is not that of the domains that "
		    "mail is for" : "no smart host of sge.conf: show sessions "
		    "-D has what came from an address, or went there");
		return;
	}
	view_class_source(v, domain, source, sizeof(source));
	view_say(v, "class %s, %s", conf_class_name(v->conf,
	    conf_class(v->conf, domain)), source);
	connector = conf_connector(v->conf, domain);
	view_say(v, "out: %s at the strictest%s%s",
	    rule_name(conf_rule_out(v->conf, domain)),
	    connector == NULL ? "" : "; connector ",
	    connector == NULL ? "" : connector->url);
}

int
view_correspondent(const struct view *v)
{
	char domain[DOMAIN_MAX];
	struct any any = { v, 0 };
	struct addr addr;

	/* Beside names: the null sender, a smart host, and what was summed. */
	if (strcmp(v->domain, "<>") == 0 || strcmp(v->domain, "*") == 0 ||
	    is_address(v->domain, &addr))
		(void)strlcpy(domain, v->domain, sizeof(domain));
	else if (view_normal(v->domain, domain, sizeof(domain)) == -1)
		return 1;
	if (v->form == FORM_TEXT) {
		view_say(v, "Flows with %s, %s, %s", domain,
		    view_period(v), v->whose);
		print_rules(v, domain);
	}
	if (seen_domain(v->store, v->first, v->last, domain, first_domain,
	    &any) == -1)
		return 1;
	if (any.n == 0 && v->form == FORM_TEXT)
		fprintf(v->out, "No sessions with it are on record.\n");
	any.n = 0;
	if (seen_incidents(v->store, v->first, v->last, domain,
	    first_incident, &any) == -1)
		return 1;
	if (v->form == FORM_TEXT)
		view_unknown(v, "failed outbound sessions that named no "
		    "domain (%lld in all).", (long long)seen_unknown(v->store,
		    v->first, v->last));
	if (v->form == FORM_TEXT && v->missing != NULL)
		view_unknown_hosts(v);
	return 0;
}
