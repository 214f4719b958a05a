/* SPDX-License-Identifier: ISC */

#ifndef SGE_STORE_IMAGE_H
#define SGE_STORE_IMAGE_H

#include <jansson.h>

#include "lib/fleet_table.h"
#include "store/store.h"

/*
 * A database in memory of what others tallied, which is read as one's own.
 * store_open and store_close, with this as the path, begin and end it.
 */
#define STORE_IMAGE ":memory:"

/* domain "": none, no-policy-found. */
struct store_image_policy {
	const char	*domain;
	const char	*type;
	const char	*mode;
	const char	*strings;
	const char	*mx;
};

/* Nothing was tallied.  All return 0, or -1 with a log line. */
int	store_image_clear(struct store *);
int	store_image_tally(struct store *, int64_t day, const char *domain,
	    const struct store_image_policy *, int64_t ok, int64_t fail);
/* texts: type, sip, rip, mx, helo, reason, info. */
int	store_image_detail(struct store *, int64_t day, const char *domain,
	    const struct store_image_policy *, const char *const texts[7],
	    int64_t count);
/*
 * Room for the fleet's reports: a day's domain may have several, where a host
 * was late.
 */
int	store_image_reports(struct store *);
/*
 * Rows of one of the fleet's tables, as the share process tells them: the day,
 * where it has one, and its columns.  What is none is an error.
 */
int	store_image_rows(struct store *, const struct fleet_table *,
	    const json_t *rows);
/* The day's report will have that id. */
int	store_image_report(struct store *, int64_t day, const char *domain,
	    const char *report_id);

#endif
