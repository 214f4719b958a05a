/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vis.h>

#include <jansson.h>

#include "base/log.h"
#include "lib/xalloc.h"

static void *
checked(void *p)
{
	if (p == NULL)
		fatal("no memory");
	return p;
}

void *
xmalloc(size_t size)
{
	return checked(malloc(size));
}

void *
xcalloc(size_t n, size_t size)
{
	return checked(calloc(n, size));
}

void *
xreallocarray(void *p, size_t n, size_t size)
{
	return checked(reallocarray(p, n, size));
}

char *
xstrdup(const char *s)
{
	return checked(strdup(s));
}

char *
xstrndup(const char *s, size_t max)
{
	return checked(strndup(s, max));
}

void
xvasprintf(char **out, const char *fmt, va_list ap)
{
	if (vasprintf(out, fmt, ap) == -1)
		fatal("no memory");
}

void
xasprintf(char **out, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	xvasprintf(out, fmt, ap);
	va_end(ap);
}

FILE *
xmemstream(char **text, size_t *len)
{
	*text = NULL;
	*len = 0;
	return checked(open_memstream(text, len));
}

void
xmemclose(FILE *fp, char **text)
{
	int bad = ferror(fp);

	/* Where there is no room for the last byte, glibc says nothing. */
	if (fclose(fp) == EOF || bad || *text == NULL)
		fatal("no memory");
}

ssize_t
xgetline(char **line, size_t *size, FILE *fp)
{
	ssize_t n = getline(line, size, fp);

	if (n == -1 && !feof(fp) && !ferror(fp))
		fatal("no memory");
	return n;
}

void
xvis(char *dst, int c, int flags, int next)
{
	char *end = vis(dst, c, flags, next);

	if (end == NULL || end == dst)
		fatal("no memory");
}

void
xalloc_json(void)
{
	json_set_alloc_funcs(xmalloc, free);
}
