/* SPDX-License-Identifier: ISC */

#include <cdb.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/spool_file.h"
#include "spool/routes_base.h"

int
base_open(const char *routes, const char **why)
{
	char path[1024];
	int n;

	if (why != NULL)
		*why = NULL;
	n = snprintf(path, sizeof(path), "%s%s", routes, ROUTES_BASE_SUFFIX);
	if (n < 0 || (size_t)n >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return spool_file_open(path, why);
}

int
base_find(int fd, const char *domain, char out[], size_t outsz)
{
	unsigned int len;
	int rc;

	/* By read(2), not mapped: a file cut off would be a signal there. */
	if ((rc = cdb_seek(fd, domain, (unsigned int)strlen(domain), &len)) <=
	    0)
		return rc;
	if (len >= outsz || cdb_bread(fd, out, (int)len) == -1)
		return -1;
	out[len] = '\0';
	return 1;
}

int
base_each(int fd, void (*each)(const char *, char *, void *), void *arg)
{
	char domain[DOMAIN_MAX], value[ROUTE_LINE_MAX];
	struct cdb cdb;
	unsigned int pos;
	int rc;

	if (cdb_init(&cdb, fd) == -1)
		return -1;
	cdb_seqinit(&pos, &cdb);
	while ((rc = cdb_seqnext(&pos, &cdb)) > 0) {
		if (cdb_keylen(&cdb) >= sizeof(domain) ||
		    cdb_datalen(&cdb) >= sizeof(value) ||
		    cdb_read(&cdb, domain, cdb_keylen(&cdb),
		    cdb_keypos(&cdb)) == -1 ||
		    cdb_read(&cdb, value, cdb_datalen(&cdb),
		    cdb_datapos(&cdb)) == -1)
			continue;
		domain[cdb_keylen(&cdb)] = '\0';
		value[cdb_datalen(&cdb)] = '\0';
		each(domain, value, arg);
	}
	cdb_free(&cdb);
	return rc;
}
