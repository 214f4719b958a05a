/* SPDX-License-Identifier: ISC */

#ifndef SGE_CALL_FILTER_H
#define SGE_CALL_FILTER_H

/*
 * System calls that a process keeps on Linux, by seccomp(2); a no-op
 * elsewhere, where pledge(2) does it.  promises are pledge's; any other call
 * ends the process, with "error" it fails with ENOSYS.  With "any" alone the
 * process keeps all but what takes hold of other processes or of the kernel,
 * which ends it always, as running a program does without "exec".  A file or a
 * network that a library may try for is refused (EACCES).  Returns 0; -1 with
 * errno where there are no such filters.  The process must have no_new_privs,
 * or be root.
 */
int	call_filter(const char *promises);

#endif
