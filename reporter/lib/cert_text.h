/* SPDX-License-Identifier: ISC */

#ifndef SGE_CERT_TEXT_H
#define SGE_CERT_TEXT_H

/*
 * What net says of a certificate with the host's name in its subject alone.
 * RFC 8461 4.2 knows no such match, libtls and smtpd do: by this text the
 * tallies tell it from other mismatches, which smtpd refuses itself.
 */
#define CERT_TEXT_NO_DNS_NAME \
	"the certificate has no DNS name in its subjectAltName"

#endif
