/* SPDX-License-Identifier: ISC */

#ifndef SGE_ROUTE_LINE_H
#define SGE_ROUTE_LINE_H

#include "spool/routes.h"

/*
 * A route as it stands in SPOOL/routes, "domain|requirement|valid-until|urls",
 * and without its domain in SPOOL/routes.cdb.
 */

/* "requirement|valid-until|urls", changed in place; -1 if it is none. */
int	route_parse(char *value, struct route *out);
/*
 * Write one, route_line with its newline; both return its length, or -1: it
 * is too long, or has what no reader takes.  Nothing else is ever written: a
 * name with a "|" or a line break in it would be another domain's route.
 */
int	route_value(char out[], size_t outsz, const char *kind, int64_t until,
	    const char *urls);
int	route_line(char out[], size_t outsz, const char *domain,
	    const char *kind, int64_t until, const char *urls);

/* The host of an URL, the first of many, "smtp+tls://host:port"; 0 or -1. */
int	route_host(const char *urls, char out[], size_t outsz);

#endif
