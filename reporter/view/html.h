/* SPDX-License-Identifier: ISC */

#ifndef SGE_HTML_H
#define SGE_HTML_H

#include <stdint.h>
#include <stdio.h>

#include "ctl/print.h"

/*
 * The views as one static page: inline SVG and CSS, no script, nothing from
 * elsewhere.  A chart is geometry alone, stretched to the page's width; its
 * text is HTML beside it, so that it stays readable on a phone; each has its
 * table.
 */
struct html {
	const struct view *view;
	FILE		*out;
	int64_t		 step;		/* days in one column of a chart */
	size_t		 columns;	/* the first may hold fewer days */
};

/* One colour of a chart; css is the number of a colour of the style sheet. */
struct html_series {
	const char	*name;
	const char	*css;
	int64_t		*value;		/* one a column */
	int64_t		*base;		/* shares: of how many; else NULL */
};

/* Text of others, made safe and escaped for HTML. */
void	html_text(FILE *, const char *);
/* Text of sge.conf, in UTF-8: only escaped. */
void	html_own(FILE *, const char *);
/* Which column a day is in; -1: outside. */
int	html_column(const struct html *, int64_t day);
/* "2026-03-05", or the first day of a column of several. */
const char *html_column_name(const struct html *, size_t column);

void	html_section(const struct html *, const char *id, const char *title,
	    const char *text);
void	html_section_end(const struct html *);
void	html_legend(const struct html *, const struct html_series[],
	    size_t n);
/* Columns over time, stacked, with their table. */
void	html_stack(const struct html *, const char *label,
	    const struct html_series[], size_t n);
/* Lines of value / base in percent over time, with their table. */
void	html_shares(const struct html *, const char *label,
	    const struct html_series[], size_t n);
/* One bar across the page, cut into its parts. */
void	html_bar(const struct html *, const char *label,
	    const int64_t values[], const struct html_series[], size_t n,
	    int64_t all);

/* What wants to be done; what can't be read is one of them. */
void	html_problems(const struct html *);
/* The other sections, each with its own queries; 0 or -1. */
int	html_flows(const struct html *);
int	html_clear(const struct html *);
int	html_reports(const struct html *);

extern const char html_style[];

#endif
