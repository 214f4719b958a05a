/* SPDX-License-Identifier: ISC */

#ifndef SGE_METRICS_H
#define SGE_METRICS_H

#include "ctl/print.h"

#define METRIC_LABELS 4

/* Samples of one family, as text or as rows. */
struct metric {
	const struct view *view;
	const char	*name;
	/*
	 * The last is metric_value's own, the one before -H's; unused ones are
	 * NULL.
	 */
	const char	*label[METRIC_LABELS];
	const char	*value[METRIC_LABELS];
};

/* metric_print.c */
/* Begins a family: name and help are static texts. */
void	metric_family(struct metric *, const struct view *, const char *name,
	    const char *help);
void	metric_sample(const struct metric *, int64_t);
/* With one more label. */
void	metric_value(struct metric *, const char *label, const char *text,
	    int64_t);

/* view_metrics_host.c: what is so now, whatever the day; 0 or -1. */
int	metrics_host(const struct view *);

#endif
