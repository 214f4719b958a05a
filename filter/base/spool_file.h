/* SPDX-License-Identifier: ISC */

#ifndef SGE_SPOOLFILE_H
#define SGE_SPOOLFILE_H

#include <sys/stat.h>

/* SPOOL/attempts: all add files, and nobody but its owner lists or removes. */
#define SPOOL_ATTEMPTS_MODE 01733

/*
 * NULL, or why a file of SPOOL is not to be believed, by what lstat(2) tells of
 * it: it is no regular file, others can write to it, or it is neither root's
 * nor our own nor of owner, who has the folder.  A constant text.
 */
const char *spool_file_wrong(const struct stat *, uid_t owner);
/*
 * A file of SPOOL that says where mail goes, or may go, to read; never blocks.
 * Its descriptor, or -1 with errno, EPERM where it is not to be believed.
 * *why: the reason then, else NULL; why may be NULL.
 */
int	spool_file_open(const char *path, const char **why);

#endif
