/* SPDX-License-Identifier: ISC */

#ifndef SGE_VIEW_H
#define SGE_VIEW_H

#include <jansson.h>

#include "ctl/print.h"

/* Each returns the exit status: 0, or 1 after a message. */
int	view_status(const struct view *);
/* Of show status: what sged tells of the fleet; NULL: there is none. */
void	view_fleet(const struct view *, const json_t *fleet);
int	view_flow(const struct view *);
/* Part of flow: -D. */
int	view_correspondent(const struct view *);
/*
 * Where a domain's class comes from: "by \".govt.nz\", FILE:LINE".  Reads the
 * list again.
 */
void	view_class_source(const struct view *, const char *domain, char out[],
	    size_t outsz);
int	view_cleartext(const struct view *);
/* -m: a letter to a correspondent's postmaster. */
int	view_letter(const struct view *);
/* Single connections, out of the spool. */
int	view_sessions(const struct view *);
int	view_failures(const struct view *);
int	view_sent(const struct view *);
/* The JSON of one, by its number. */
int	view_sent_one(const struct view *, const char *id);
int	view_received(const struct view *);
int	view_reporters(const struct view *);
int	view_policy(const struct view *, const char *domain);
int	view_route(const struct view *, const char *domain);
/* A dry run of one mail; 0 it goes, 1 it does not, 2 it is not known. */
int	view_test(const struct view *, int argc, char *const argv[]);
int	view_digest(const struct view *, int always);
int	view_html(const struct view *, const char *dir);
int	view_metrics(const struct view *);
int	view_explain(const struct view *, const char *type);

#endif
