/* SPDX-License-Identifier: ISC */

#ifndef SGE_TROUBLE_H
#define SGE_TROUBLE_H

/* How long one that passes is left alone, in milliseconds. */
#define TROUBLE_MS 100

/*
 * Whether a read or write of smtpd's descriptors that failed so is to be tried
 * again: want of memory and a signal pass; an end, or a peer that is gone, do
 * not.
 */
int	trouble_passes(int error);
/* The same for what takes no time to pass: there was nothing, or a signal. */
int	trouble_is_none(int error);
/* For who has nothing else to do meanwhile. */
void	trouble_wait(void);

#endif
