/* SPDX-License-Identifier: ISC */

/*
 * The page's sections on what we saw: flows by class, the share in clear, TLS
 * versions, correspondents in clear.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/date.h"
#include "lib/xalloc.h"
#include "view/html.h"
#include "store/query_flow.h"

/* Classes with a colour of their own; the rest share the last. */
#define CLASSES 6
#define VERSIONS 5
#define WELL 2		/* of these, TLS 1.3 and 1.2 */

static const char *const class_css[CLASSES] = { "c0", "c1", "c2", "c3", "c4",
    "c5" };
static const struct html_series versions[VERSIONS] = {
	{ "TLS 1.3", "t13", NULL, NULL }, { "TLS 1.2", "t12", NULL, NULL },
	{ "older", "old", NULL, NULL }, { "in clear", "clear", NULL, NULL },
	{ "refused", "refused", NULL, NULL }
};

struct flows {
	const struct html *html;
	struct html_series classes[CLASSES];
	char		 name[CLASSES][64];
	size_t		 nclasses;
	struct html_series shares[2];	/* in, out */
	/* Of the whole period, by class and direction. */
	struct seen_counts counts[CLASSES][2];
	struct seen_counts all[2];
};

static int64_t *
column_values(const struct html *h)
{
	int64_t *values;

	values = xcalloc(h->columns, sizeof(*values));
	return values;
}

static size_t
class_number(struct flows *f, const char *class)
{
	size_t i;

	for (i = 0; i < f->nclasses; i++)
		if (strcmp(f->name[i], class) == 0)
			return i;
	if (f->nclasses == CLASSES)
		return CLASSES - 1;
	(void)strlcpy(f->name[i], f->nclasses == CLASSES - 1 ? "others" :
	    class, sizeof(f->name[i]));
	f->classes[i].name = f->name[i];
	f->classes[i].css = class_css[i];
	f->classes[i].value = column_values(f->html);
	f->nclasses++;
	return i;
}

static void
add_flow(const struct seen_flow *row, void *arg)
{
	struct flows *f = arg;
	int column = html_column(f->html, row->step), dir = row->dir != 0;
	size_t class;

	if (column == -1)
		return;
	if (strcmp(row->class, "*") == 0) {
		f->shares[dir].value[column] += row->counts.clear;
		f->shares[dir].base[column] += seen_sum(&row->counts);
		seen_add(&f->all[dir], &row->counts);
		return;
	}
	class = class_number(f, row->class);
	f->classes[class].value[column] += seen_sum(&row->counts);
	seen_add(&f->counts[class][dir], &row->counts);
}

static void
print_figures(const struct flows *f)
{
	const struct seen_counts *in = &f->all[0], *out = &f->all[1];
	FILE *o = f->html->out;

	fprintf(o, "<div class=\"figures\">\n");
	fprintf(o, "<div><b>%lld</b><span>sessions in</span></div>\n",
	    (long long)seen_sum(in));
	fprintf(o, "<div><b>");
	html_text(o, view_share(in->clear, seen_sum(in)));
	fprintf(o, "</b><span>in clear, in (%lld)</span></div>\n",
	    (long long)in->clear);
	fprintf(o, "<div><b>%lld</b><span>sessions out</span></div>\n",
	    (long long)seen_sum(out));
	fprintf(o, "<div><b>");
	html_text(o, view_share(out->clear, seen_sum(out)));
	fprintf(o, "</b><span>in clear, out (%lld)</span></div>\n",
	    (long long)out->clear);
	fprintf(o, "<div><b>%lld</b><span>refused or not sent</span></div>\n"
	    "</div>\n", (long long)(in->refused + out->refused));
}

static void
version_values(const struct seen_counts *c, int64_t values[VERSIONS])
{
	values[0] = c->tls13;
	values[1] = c->tls12;
	values[2] = c->older;
	values[3] = c->clear;
	values[4] = c->refused;
}

static void
print_versions(const struct flows *f)
{
	const struct html *h = f->html;
	int64_t values[VERSIONS];
	char label[96];
	size_t i, j;
	int dir;

	html_section(h, "versions", "TLS versions", "Sessions by class and "
	    "direction.  Between government, everything but TLS 1.3 and 1.2 "
	    "is forbidden.");
	html_legend(h, versions, VERSIONS);
	fprintf(h->out, "<div class=\"bars\">\n");
	for (i = 0; i < f->nclasses; i++)
		for (dir = 1; dir >= 0; dir--) {
			version_values(&f->counts[i][dir], values);
			(void)snprintf(label, sizeof(label), "%s, %s",
			    f->name[i], seen_dir(dir));
			html_bar(h, label, values, versions, VERSIONS,
			    seen_sum(&f->counts[i][dir]));
		}
	fprintf(h->out, "</div>\n<div class=\"scroll\" tabindex=\"0\"><table>"
	    "<thead><tr><th>class</th><th>dir</th>"
	    "<th class=\"n\">sessions</th>");
	/* On a phone what went well makes room for what did not. */
	for (j = 0; j < VERSIONS; j++)
		fprintf(h->out, "<th class=\"n%s\">%s</th>", j < WELL ? " m" :
		    "", versions[j].name);
	fprintf(h->out, "</tr></thead><tbody>\n");
	for (i = 0; i < f->nclasses; i++)
		for (dir = 1; dir >= 0; dir--) {
			version_values(&f->counts[i][dir], values);
			fprintf(h->out, "<tr><th>");
			html_text(h->out, f->name[i]);
			fprintf(h->out, "</th><td>%s</td><td class=\"n\">%lld"
			    "</td>", seen_dir(dir),
			    (long long)seen_sum(&f->counts[i][dir]));
			for (j = 0; j < VERSIONS; j++)
				fprintf(h->out, "<td class=\"n%s\">%lld</td>",
				    j < WELL ? " m" : "",
				    (long long)values[j]);
			fprintf(h->out, "</tr>\n");
		}
	fprintf(h->out, "</tbody></table></div>\n");
	html_section_end(h);
}

int
html_flows(const struct html *h)
{
	const struct view *v = h->view;
	struct flows f;
	size_t i;
	int rc;

	memset(&f, 0, sizeof(f));
	f.html = h;
	for (i = 0; i < 2; i++) {
		f.shares[i].name = i == 0 ? "in" : "out";
		f.shares[i].css = i == 0 ? "in" : "out";
		f.shares[i].value = column_values(h);
		f.shares[i].base = column_values(h);
	}
	/* Their order, and so their colours, are those of sge.conf. */
	for (i = 1; i < v->conf->nclasses && i < CLASSES; i++)
		(void)class_number(&f, v->conf->classes[i].name);
	(void)class_number(&f, "public");
	rc = seen_flows(v->store, v->first, v->last, SEEN_BY_DAY, add_flow,
	    &f);
	if (rc == 0) {
		print_figures(&f);
		html_section(h, "flows", "Flows by class", h->step == 1 ?
		    "Sessions a day, in and out, by the class of the "
		    "correspondent." : "Sessions a week, in and out, by the "
		    "class of the correspondent.  The first week may be a "
		    "part of one.");
		html_stack(h, "sessions by class over time", f.classes,
		    f.nclasses);
		html_section_end(h);
		html_section(h, "clear", "Share in clear", "Sessions without "
		    "TLS, of all sessions of that direction.");
		html_shares(h, "share of sessions in clear over time",
		    f.shares, 2);
		html_section_end(h);
		print_versions(&f);
	}
	for (i = 0; i < f.nclasses; i++)
		free(f.classes[i].value);
	for (i = 0; i < 2; i++) {
		free(f.shares[i].value);
		free(f.shares[i].base);
	}
	return rc;
}

struct clear {
	const struct html *html;
	int64_t		 rows;
	int64_t		 more;
	int64_t		 most;
};

static void
clear_row(const struct seen_incident *row, void *arg)
{
	struct clear *c = arg;
	const struct html *h = c->html;
	const struct view *v = h->view;

	if (c->rows++ == 0) {
		c->most = row->sessions;
		fprintf(h->out, "<div class=\"scroll\" tabindex=\"0\"><table>"
		    "<thead><tr><th>domain</th><th class=\"n\">sessions</th>"
		    "<th class=\"w\"></th><th>dir</th><th>why</th>"
		    "<th class=\"m\">class</th><th class=\"n m\">days</th>"
		    "<th class=\"m\">since</th><th class=\"m\">last</th>"
		    "</tr></thead><tbody>\n");
	}
	if (v->top != 0 && c->rows > v->top) {
		c->more++;
		return;
	}
	fprintf(h->out, "<tr><th class=\"d\">");
	html_text(h->out, seen_name(row->domain));
	fprintf(h->out, "</th><td class=\"n\">%lld</td><td class=\"w\"><svg "
	    "viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" "
	    "aria-hidden=\"true\"><rect class=\"clear\" x=\"0\" y=\"0\" "
	    "width=\"%.1f\" height=\"10\"/></svg></td><td>%s</td><td>",
	    (long long)row->sessions, 100.0 * (double)row->sessions /
	    (double)(c->most == 0 ? 1 : c->most), seen_dir(row->dir));
	html_text(h->out, seen_why(row->why));
	fprintf(h->out, "</td><td class=\"m\">");
	html_text(h->out, conf_class_name(v->conf, conf_class(v->conf,
	    row->domain)));
	fprintf(h->out, "</td><td class=\"n m\">%lld</td><td class=\"m\">%s"
	    "</td><td class=\"m\">%s</td></tr>\n", (long long)row->days,
	    view_day(day_of(row->first)), view_day(day_of(row->last)));
}

int
html_clear(const struct html *h)
{
	struct clear c = { h, 0, 0, 0 };

	html_section(h, "top", "Correspondents in clear", "With whom mail "
	    "went without TLS, most sessions first, and why.");
	if (seen_clear(h->view->store, h->view->first, h->view->last,
	    0, clear_row, &c) == -1)
		return -1;
	if (c.rows > 0)
		fprintf(h->out, "</tbody></table></div>\n");
	else
		fprintf(h->out, "<p>None is on record.</p>\n");
	if (c.more > 0)
		fprintf(h->out, "<p>and %lld more: sgectl show cleartext "
		    "-n 0</p>\n", (long long)c.more);
	html_section_end(h);
	return 0;
}
