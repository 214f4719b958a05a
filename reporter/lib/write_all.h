/* SPDX-License-Identifier: ISC */

#ifndef SGE_WRITE_ALL_H
#define SGE_WRITE_ALL_H

#include <stddef.h>

/*
 * Writes it all, however often a write(2) is cut short or interrupted; 0, or
 * -1 with errno: so much as came before is written.  Blocks as fd does.
 */
int	write_all(int fd, const void *data, size_t len);

#endif
