/* SPDX-License-Identifier: ISC */

/* A configuration from text, for unit tests. */

#ifndef SGE_CONFTEXT_H
#define SGE_CONFTEXT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/conf.h"

/* The three lines that each configuration needs. */
#define NLOCAL "organization M\ncontact t@m.nz\nlocal m.nz\n"

/* What conf_read says goes to *said (to be freed); the file is "CONF" there. */
__attribute__((__unused__)) static struct conf *
conf_text(const char *text, char **said)
{
	char path[] = "/tmp/sge-unit.XXXXXXXXXX", *p;
	struct conf *conf = NULL;
	size_t len, n = strlen(text);
	FILE *err;
	int fd;

	*said = NULL;
	if ((fd = mkstemp(path)) == -1)
		return NULL;
	if (write(fd, text, n) == (ssize_t)n &&
	    (err = open_memstream(said, &len)) != NULL) {
		conf = conf_read(path, err);
		fclose(err);
		/* "/tmp/sge-unit.x:1: ..." is written as "CONF:1: ..." */
		while ((p = strstr(*said, path)) != NULL) {
			memcpy(p, "CONF", 4);
			memmove(p + 4, p + strlen(path),
			    strlen(p + strlen(path)) + 1);
		}
	}
	close(fd);
	unlink(path);
	return conf;
}

#endif
