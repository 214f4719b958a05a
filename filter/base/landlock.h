/* SPDX-License-Identifier: ISC */

#ifndef SGE_LANDLOCK_H
#define SGE_LANDLOCK_H

#include <stddef.h>

/*
 * What a process keeps of the file system on Linux, by landlock(7); elsewhere
 * unveil(2) does it.  path may be NULL.  write: files may be made, written, and
 * removed below it; exec: run.
 */
struct landlock_need {
	const char	*path;
	int		 write;
	int		 exec;
};

/* flags: */
#define LANDLOCK_READ_ALL	0x1	/* any file may be read */
#define LANDLOCK_INET		0x2	/* TCP stays */

/* Its version, or -1 with errno where the kernel has none. */
long	landlock_version(void);
/*
 * From now on only what is needed can be reached, and, where the kernel knows
 * of them, no process outside by a signal or by a socket without a file.  What
 * is not there is not needed, and stays denied.  Returns 0; -1 with errno,
 * ENOSYS where there is no landlock(7).  The process must have no_new_privs.
 */
int	landlock_confine(const struct landlock_need *, size_t n, int flags);

#endif
