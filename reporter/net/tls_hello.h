/* SPDX-License-Identifier: ISC */

#ifndef SGE_HELLO_H
#define SGE_HELLO_H

#include "base/compat.h"

/*
 * A TLS ClientHello made by hand (RFC 5246 7.4.1.2, RFC 8446 4.1.2), to see
 * which versions a host would speak: libtls speaks only the newer ones.
 */
#define TLS_HELLO_MAX	1024	/* a ClientHello */
#define HELLO_ANSWER_MAX 16640	/* what is read of the answer */

#define HELLO_TLS10	0x0301
#define HELLO_TLS11	0x0302
#define HELLO_TLS12	0x0303
#define HELLO_TLS13	0x0304

/*
 * Writes one that offers that version only, with host for SNI.  Its length, at
 * most TLS_HELLO_MAX.
 */
size_t	hello_build(int version, const char *host, unsigned char out[],
	    size_t outsz);
/*
 * What the host answered: the version it chose; 0 if it refused; -1 if there
 * must be more first; -2 if it is no TLS.
 */
int	hello_answer(const unsigned char *data, size_t len);

#endif
