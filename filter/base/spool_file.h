/* SPDX-License-Identifier: ISC */

#ifndef SGE_SPOOLFILE_H
#define SGE_SPOOLFILE_H

/*
 * A file of SPOOL that says where mail goes, or may go, to read; never blocks.
 * Its descriptor, or -1 with errno, EPERM where others can write to it, or it
 * is no file.
 */
int	spool_file_open(const char *path);

#endif
