/* SPDX-License-Identifier: ISC */

#ifndef SGE_TLSA_H
#define SGE_TLSA_H

#include <stddef.h>

/* TLSA records against a mail host's chain (RFC 6698, RFC 7672). */
struct tlsa {
	int		 usage;
	int		 selector;
	int		 matching;
	const char	*hex;		/* lower case */
};

enum tlsa_result {
	TLSA_UNUSABLE,		/* for SMTP: PKIX usages, unknown numbers */
	TLSA_DIFFERS,
	TLSA_MATCHES
};

/*
 * One record against the chain, PEM, the host's own first.  named: the chain
 * is of time and for the host's name, which DANE-TA (2) asks for and DANE-EE
 * (3) does not.
 */
enum tlsa_result tlsa_match(const struct tlsa *, const char *pem, int named);
/*
 * The SHA-256 of the first certificate's key in hexadecimal, what "3 1 1" has;
 * 0 or -1.
 */
int	tlsa_publish(const char *pem, char out[], size_t outsz);

#endif
