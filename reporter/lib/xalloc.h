/* SPDX-License-Identifier: ISC */

#ifndef SGE_XALLOC_H
#define SGE_XALLOC_H

#include <sys/types.h>

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

/*
 * malloc(3), calloc(3), strdup(3) and asprintf(3) for the reporter, where no
 * memory is fatal: they never return NULL or fail.  What they give is freed
 * with free(3).  Nothing of filter/ may end so: it does not use them.
 */
void	*xmalloc(size_t);
void	*xcalloc(size_t, size_t);
void	*xreallocarray(void *, size_t, size_t);
char	*xstrdup(const char *);
char	*xstrndup(const char *, size_t);
void	 xasprintf(char **, const char *, ...)
	    __attribute__((__format__(printf, 2, 3)));
void	 xvasprintf(char **, const char *, va_list)
	    __attribute__((__format__(printf, 2, 0)));

/*
 * open_memstream(3), and the end of writing to it: what did not fit, which
 * stdio(3) tells only by ferror(3), is fatal too.
 */
FILE	*xmemstream(char **, size_t *);
void	 xmemclose(FILE *, char **text);
/* getline(3): -1 is the end of the file, or one that can't be read. */
ssize_t	 xgetline(char **line, size_t *size, FILE *);
/* vis(3), which in libbsd needs memory for each character, and tells nobody. */
void	 xvis(char *dst, int c, int flags, int next);
/*
 * The same for jansson, which passes over characters that it has no memory
 * for.  Call it before anything is read.
 */
void	 xalloc_json(void);

#endif
