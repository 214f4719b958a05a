/* SPDX-License-Identifier: ISC */

/* What is logged to standard error meanwhile, for unit tests. */

#ifndef SGE_SAID_H
#define SGE_SAID_H

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

static FILE *said_log;
static int said_stderr = -1;

/* From here on it goes to a file, until said_end. */
static void
said_begin(void)
{
	said_log = tmpfile();
	said_stderr = dup(STDERR_FILENO);
	if (said_log == NULL || said_stderr == -1 ||
	    dup2(fileno(said_log), STDERR_FILENO) == -1)
		fatal("said");
}

/* How often that was said. */
static int
said_end(const char *what)
{
	static char text[65536];
	const char *p;
	int n = 0;

	(void)dup2(said_stderr, STDERR_FILENO);
	close(said_stderr);
	rewind(said_log);
	text[fread(text, 1, sizeof(text) - 1, said_log)] = '\0';
	fclose(said_log);
	for (p = text; (p = strstr(p, what)) != NULL; p++)
		n++;
	return n;
}

#endif
