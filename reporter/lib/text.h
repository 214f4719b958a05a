/* SPDX-License-Identifier: ISC */

#ifndef SGE_TEXT_H
#define SGE_TEXT_H

#include <stddef.h>

/*
 * Copies at most outsz - 1 bytes of s, never half a UTF-8 character; NULL is
 * the empty text.
 */
void	text_cut(const char *s, char out[], size_t outsz);

/* The value of a hexadecimal digit, or -1. */
int	hex_digit(int c);
/*
 * The value of a digit of base64, in the usual alphabet or in that of URLs
 * (RFC 4648 4, 5), or -1.
 */
int	base64_digit(int c);
/* One to three bytes as four digits, padded; with a NUL. */
void	base64_quartet(const unsigned char *in, size_t n, char out[5]);

#endif
