/* SPDX-License-Identifier: ISC */

#ifndef SGE_TEXT_H
#define SGE_TEXT_H

#include <stddef.h>

/*
 * Copies at most outsz - 1 bytes of s, never half a UTF-8 character; NULL is
 * the empty text.
 */
void	text_cut(const char *s, char out[], size_t outsz);

#endif
