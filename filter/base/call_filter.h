/* SPDX-License-Identifier: ISC */

#ifndef SGE_CALL_FILTER_H
#define SGE_CALL_FILTER_H

/*
 * System calls that a process gives up on Linux, by seccomp(2); a no-op
 * elsewhere, where pledge(2) does it.  promises are pledge's: without "exec"
 * no other program is run; sockets are Unix ones, and without "inet" no
 * others.  What takes hold of other processes or of the kernel is never
 * needed: it ends the process.  -1 with errno where the kernel has no such
 * filters.  The process must have no_new_privs, or be root.
 */
int	call_filter(const char *promises);

#endif
