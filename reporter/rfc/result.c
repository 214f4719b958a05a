/* SPDX-License-Identifier: ISC */

#include <sys/types.h>

#include <string.h>

#include "report/report.h"

/* RFC 8460 4.3 and its registry, 6.6. */
static const struct {
	const char	*type;
	const char	*sentence;
} results[] = {
	{ "starttls-not-supported",
	  "the receiving host did not offer STARTTLS, or refused it, so mail "
	  "could only go in the clear." },
	{ "certificate-host-mismatch",
	  "the certificate that the receiving host showed does not hold its "
	  "host name." },
	{ "certificate-expired",
	  "the certificate that the receiving host showed has expired." },
	{ "certificate-not-trusted",
	  "the certificate that the receiving host showed was not issued by "
	  "an authority that we trust, or its chain is incomplete." },
	{ "validation-failure",
	  "the TLS handshake did not succeed." },
	{ "tlsa-invalid",
	  "none of the TLSA records of the receiving host could be used." },
	{ "dnssec-invalid",
	  "DNSSEC validation of the receiving host's records failed." },
	{ "dane-required",
	  "DANE was required of the receiving host, but it has no usable TLSA "
	  "record." },
	{ "sts-policy-fetch-error",
	  "the MTA-STS policy could not be fetched, though the domain "
	  "announces one." },
	{ "sts-policy-invalid",
	  "the MTA-STS policy was fetched, but it is not written as RFC 8461 "
	  "says." },
	{ "sts-webpki-invalid",
	  "the MTA-STS policy's host showed a certificate that is not valid." },
};

const char *
result_sentence(const char *type)
{
	size_t i;

	for (i = 0; i < nitems(results); i++)
		if (strcmp(results[i].type, type) == 0)
			return results[i].sentence;
	return NULL;
}
