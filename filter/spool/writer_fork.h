/* SPDX-License-Identifier: ISC */

#ifndef SGE_WRITER_FORK_H
#define SGE_WRITER_FORK_H

/*
 * Begins a process that writes for this one, and goes on where smtpd stops it:
 * it ends when the socket between them is closed.  Returns 1 in it, 0 in the
 * parent, each with its end in *sock, of type SOCK_STREAM or the like; -1 with
 * errno.  Descriptors up to last are /dev/null's in it: smtpd sees the end of
 * what it started though the writer may hang.
 */
int	writer_fork(int type, int last, int *sock);

#endif
