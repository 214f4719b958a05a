/* SPDX-License-Identifier: ISC */

#ifndef SGE_UTF8_H
#define SGE_UTF8_H

#include <stddef.h>
#include <stdint.h>

#define UTF8_MAX 4	/* bytes of a character */

/*
 * The length of the character at s, of which left bytes (1 or more) may be
 * read, with its code point in *cp unless cp is NULL; 0 if that is no UTF-8
 * (RFC 3629: overlong forms and surrogates are none).  In a string, left may
 * be UTF8_MAX: its NUL is no part of a longer character.
 */
size_t	utf8_next(const char *s, size_t left, uint32_t *cp);
/* Writes a code point, without a NUL; returns its length. */
size_t	utf8_put(char out[UTF8_MAX], uint32_t cp);

#endif
