/* SPDX-License-Identifier: ISC */

/*
 * Charts of the page: geometry in SVG, words in HTML.
 */

#include <stdio.h>
#include <string.h>

#include "lib/date.h"
#include "view/html.h"
#include "base/log.h"

/* The height of a chart in its own units. */
#define HEIGHT 100

/* What a table shows of a longer series: the rest is in the chart. */
#define TABLE_ROWS 100

void
html_own(FILE *out, const char *text)
{
	for (; *text != '\0'; text++)
		switch (*text) {
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '&':
			fputs("&amp;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		default:
			fputc(*text, out);
		}
}

void
html_text(FILE *out, const char *text)
{
	html_own(out, view_clean(text, 0));
}

int
html_column(const struct html *h, int64_t day)
{
	int64_t n;

	if (day < h->view->first || day > h->view->last)
		return -1;
	n = (int64_t)h->columns - 1 - (h->view->last - day) / h->step;
	return n >= 0 ? (int)n : -1;
}

const char *
html_column_name(const struct html *h, size_t column)
{
	int64_t day = h->view->last + 1 -
	    (int64_t)(h->columns - column) * h->step;

	return view_day(day > h->view->first ? day : h->view->first);
}

void
html_section(const struct html *h, const char *id, const char *title,
    const char *text)
{
	fprintf(h->out, "<section id=\"%s\">\n<h2>%s</h2>\n<p>", id, title);
	html_text(h->out, text);
	fprintf(h->out, "</p>\n");
}

void
html_section_end(const struct html *h)
{
	fprintf(h->out, "</section>\n");
}

void
html_legend(const struct html *h, const struct html_series s[], size_t n)
{
	size_t i;

	fprintf(h->out, "<ul class=\"legend\">");
	for (i = 0; i < n; i++) {
		fprintf(h->out, "<li><i class=\"%s\"></i>", s[i].css);
		html_text(h->out, s[i].name);
		fprintf(h->out, "</li>");
	}
	fprintf(h->out, "</ul>\n");
}

/* The next of 1, 2, 4, 6, 8, 10, 20, ... that holds it. */
static int64_t
round_up(int64_t most)
{
	int64_t unit = 1;
	int n;

	for (;;) {
		if (most <= unit)
			return unit;
		for (n = 2; n < 10; n += 2)
			if (most <= n * unit)
				return n * unit;
		unit *= 10;
	}
}

/* y axis, and the box that the geometry is drawn in. */
static void
plot_begin(const struct html *h, const char *label, const char *top,
    const char *middle, size_t width)
{
	fprintf(h->out, "<div class=\"plot\"><div class=\"y\"><span>%s</span>"
	    "<span>%s</span><span>0</span></div>\n<svg viewBox=\"0 0 %zu %d\""
	    " preserveAspectRatio=\"none\" role=\"img\" aria-label=\"", top,
	    middle, width, HEIGHT);
	html_text(h->out, label);
	fprintf(h->out, "\">\n<path class=\"grid\" d=\"M0 0H%zuM0 %dH%zuM0 "
	    "%dH%zu\"/>\n", width, HEIGHT / 2, width, HEIGHT, width);
}

static void
plot_end(const struct html *h)
{
	fprintf(h->out, "</svg><div class=\"x\"><span>%s</span><span>%s"
	    "</span></div></div>\n", html_column_name(h, 0),
	    view_day(h->view->last));
}

static void
table_begin(const struct html *h, const struct html_series s[], size_t n,
    int all)
{
	size_t i;

	fprintf(h->out, "<div class=\"scroll\" tabindex=\"0\"><table><thead>"
	    "<tr><th>%s</th>", h->step == 1 ? "day (UTC)" :
	    "week from (UTC)");
	for (i = 0; i < n; i++) {
		fprintf(h->out, "<th class=\"n\">");
		html_text(h->out, s[i].name);
		fprintf(h->out, "</th>");
	}
	fprintf(h->out, "%s</tr></thead><tbody>\n", all ?
	    "<th class=\"n\">all</th>" : "");
}

static int64_t
column_sum(const struct html_series s[], size_t n, size_t column)
{
	int64_t sum = 0;
	size_t i;

	for (i = 0; i < n; i++)
		sum += s[i].value[column];
	return sum;
}

static void
stack_table(const struct html *h, const struct html_series s[], size_t n)
{
	size_t i, column, rows = 0;

	table_begin(h, s, n, 1);
	/* Newest first. */
	for (column = h->columns; column-- > 0 && rows < TABLE_ROWS;
	    rows++) {
		fprintf(h->out, "<tr><th>%s</th>",
		    html_column_name(h, column));
		for (i = 0; i < n; i++)
			fprintf(h->out, "<td class=\"n\">%lld</td>",
			    (long long)s[i].value[column]);
		fprintf(h->out, "<td class=\"n\">%lld</td></tr>\n",
		    (long long)column_sum(s, n, column));
	}
	fprintf(h->out, "</tbody></table></div>\n");
}

void
html_stack(const struct html *h, const char *label,
    const struct html_series s[], size_t n)
{
	int64_t most = 0, sum;
	double y, height;
	char top[32], middle[32];
	size_t i, column;

	for (column = 0; column < h->columns; column++)
		if ((sum = column_sum(s, n, column)) > most)
			most = sum;
	most = round_up(most);
	(void)snprintf(top, sizeof(top), "%lld", (long long)most);
	(void)snprintf(middle, sizeof(middle), "%g", (double)most / 2);
	html_legend(h, s, n);
	plot_begin(h, label, top, middle, 10 * h->columns);
	for (column = 0; column < h->columns; column++) {
		y = HEIGHT;
		fprintf(h->out, "<g><title>%s: %lld</title>",
		    html_column_name(h, column),
		    (long long)column_sum(s, n, column));
		for (i = 0; i < n; i++) {
			if (s[i].value[column] == 0)
				continue;
			height = (double)s[i].value[column] * HEIGHT /
			    (double)most;
			y -= height;
			fprintf(h->out, "<rect class=\"%s\" x=\"%zu\" "
			    "y=\"%.2f\" width=\"8\" height=\"%.2f\"/>",
			    s[i].css, 10 * column + 1, y, height);
		}
		fprintf(h->out, "</g>\n");
	}
	plot_end(h);
	stack_table(h, s, n);
}

static void
shares_table(const struct html *h, const struct html_series s[], size_t n)
{
	size_t i, column, rows = 0;

	table_begin(h, s, n, 0);
	for (column = h->columns; column-- > 0 && rows < TABLE_ROWS;
	    rows++) {
		fprintf(h->out, "<tr><th>%s</th>",
		    html_column_name(h, column));
		for (i = 0; i < n; i++) {
			fprintf(h->out, "<td class=\"n\">");
			html_text(h->out, view_share(s[i].value[column],
			    s[i].base[column]));
			fprintf(h->out, " of %lld</td>",
			    (long long)s[i].base[column]);
		}
		fprintf(h->out, "</tr>\n");
	}
	fprintf(h->out, "</tbody></table></div>\n");
}

/* A line, broken where there was nothing; a dot where it has one point. */
static void
print_line(const struct html *h, const struct html_series *s, double most)
{
	size_t column;
	int drawn = 0;
	double y;

	fprintf(h->out, "<path class=\"line %s\" d=\"", s->css);
	for (column = 0; column < h->columns; column++) {
		if (s->base[column] == 0) {
			drawn = 0;
			continue;
		}
		y = HEIGHT - 100.0 * (double)s->value[column] /
		    (double)s->base[column] * HEIGHT / most;
		fprintf(h->out, "%s%zu %.2f", drawn ? "L" : "M",
		    10 * column + 5, y);
		/* A step to itself shows a lone point. */
		if (!drawn)
			fprintf(h->out, "h.1");
		drawn = 1;
	}
	fprintf(h->out, "\"/>\n");
}

void
html_shares(const struct html *h, const char *label,
    const struct html_series s[], size_t n)
{
	int64_t most = 1;
	double share;
	char top[32], middle[32];
	size_t i, column;

	for (i = 0; i < n; i++)
		for (column = 0; column < h->columns; column++) {
			if (s[i].base[column] == 0)
				continue;
			share = 100.0 * (double)s[i].value[column] /
			    (double)s[i].base[column];
			if (share > (double)most)
				most = (int64_t)share + 1;
		}
	most = round_up(most);
	if (most > 100)
		most = 100;
	(void)snprintf(top, sizeof(top), "%lld%%", (long long)most);
	(void)snprintf(middle, sizeof(middle), "%g%%", (double)most / 2);
	html_legend(h, s, n);
	plot_begin(h, label, top, middle, 10 * h->columns);
	for (i = 0; i < n; i++)
		print_line(h, &s[i], (double)most);
	plot_end(h);
	shares_table(h, s, n);
}

void
html_bar(const struct html *h, const char *label, const int64_t values[],
    const struct html_series s[], size_t n, int64_t all)
{
	double x = 0, width;
	size_t i;

	fprintf(h->out, "<div class=\"bar\"><span>");
	html_text(h->out, label);
	fprintf(h->out, "</span><svg viewBox=\"0 0 100 10\" "
	    "preserveAspectRatio=\"none\" role=\"img\" aria-label=\"");
	html_text(h->out, label);
	fprintf(h->out, "\">");
	for (i = 0; i < n && all > 0; i++) {
		if (values[i] == 0)
			continue;
		width = 100.0 * (double)values[i] / (double)all;
		fprintf(h->out, "<rect class=\"%s\" x=\"%.3f\" y=\"0\" "
		    "width=\"%.3f\" height=\"10\"><title>%s: %lld</title>"
		    "</rect>", s[i].css, x, width, s[i].name,
		    (long long)values[i]);
		x += width;
	}
	fprintf(h->out, "</svg></div>\n");
}
