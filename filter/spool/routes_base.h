/* SPDX-License-Identifier: ISC */

#ifndef SGE_ROUTES_BASE_H
#define SGE_ROUTES_BASE_H

#include "base/compat.h"

/*
 * SPOOL/routes.cdb: all routes as of some time, a constant database (cdb(5))
 * from a domain to "requirement|valid-until|urls", beneath what SPOOL/routes
 * has since.  sged makes it anew and swaps it by rename(2).  Looking up takes
 * a few reads of the system's own copy, which all processes share: nothing is
 * loaded, and a file that is cut off is no more than not found.
 */
#define ROUTES_BASE_SUFFIX ".cdb"

/*
 * routes: the path of SPOOL/routes.  A descriptor, or -1 with errno and *why
 * as of spool_file_open.
 */
int	base_open(const char *routes, const char **why);
/*
 * The value of a domain into out, ended by NUL.  Returns 1; 0 if it has none;
 * -1 if the file can't be read there.
 */
int	base_find(int fd, const char *domain, char out[], size_t outsz);
/*
 * Each domain and value, as they stand in the file; out is overwritten each
 * time.  0, or -1 if the file can't be read.
 */
int	base_each(int fd, void (*)(const char *domain, char *value, void *),
	    void *);

#endif
