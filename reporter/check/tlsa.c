/* SPDX-License-Identifier: ISC */

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <stdio.h>
#include <string.h>

#include "base/bounds.h"
#include "check/tlsa.h"

#define CERTS_MAX 10

/* The certificates of a PEM text, at most max; how many. */
static size_t
read_chain(const char *pem, X509 *certs[], size_t max)
{
	BIO *bio;
	size_t n = 0;

	if ((bio = BIO_new_mem_buf(pem, (int)strnlen(pem,
	    CHAIN_PEM_MAX))) == NULL)
		return 0;
	while (n < max && (certs[n] = PEM_read_bio_X509(bio, NULL, NULL,
	    NULL)) != NULL)
		n++;
	BIO_free(bio);
	return n;
}

/* What a record says of that certificate, in hexadecimal; 0 or -1. */
static int
association(X509 *cert, int selector, int matching, char out[], size_t outsz)
{
	const EVP_MD *md = matching == 1 ? EVP_sha256() : EVP_sha512();
	unsigned char *der = NULL, sum[EVP_MAX_MD_SIZE];
	const unsigned char *data;
	unsigned int sumlen;
	size_t i, n;
	int len, rc = -1;

	len = selector == 0 ? i2d_X509(cert, &der) :
	    i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
	if (len <= 0)
		return -1;
	data = der;
	n = (size_t)len;
	if (matching != 0) {
		if (EVP_Digest(der, n, sum, &sumlen, md, NULL) != 1)
			goto out;
		data = sum;
		n = sumlen;
	}
	if (2 * n + 1 > outsz)
		goto out;
	for (i = 0; i < n; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", data[i]);
	rc = 0;
out:
	OPENSSL_free(der);
	return rc;
}

/* Whether each certificate up to that one is signed by the next. */
static int
leads_to(X509 *const certs[], size_t i)
{
	size_t k;

	for (k = 0; k < i; k++)
		if (X509_verify(certs[k],
		    X509_get0_pubkey(certs[k + 1])) != 1)
			return 0;
	return 1;
}

enum tlsa_result
tlsa_match(const struct tlsa *t, const char *pem, int named)
{
	char hex[2 * TLSA_DATA_MAX + 1];
	X509 *certs[CERTS_MAX];
	enum tlsa_result rc = TLSA_DIFFERS;
	size_t i, n;

	/* RFC 7672 3.1.3: the PKIX usages are of no use to SMTP. */
	if (t->usage < 2 || t->usage > 3 || t->selector < 0 ||
	    t->selector > 1 || t->matching < 0 || t->matching > 2)
		return TLSA_UNUSABLE;
	n = read_chain(pem, certs, CERTS_MAX);
	for (i = 0; i < n && rc == TLSA_DIFFERS; i++) {
		if (t->usage == 3 ? i > 0 : !named)
			break;
		if (association(certs[i], t->selector, t->matching, hex,
		    sizeof(hex)) == 0 && strcmp(hex, t->hex) == 0 &&
		    leads_to(certs, i))
			rc = TLSA_MATCHES;
	}
	for (i = 0; i < n; i++)
		X509_free(certs[i]);
	return rc;
}

int
tlsa_publish(const char *pem, char out[], size_t outsz)
{
	X509 *certs[1];
	int rc;

	if (read_chain(pem, certs, 1) == 0)
		return -1;
	rc = association(certs[0], 1, 1, out, outsz);
	X509_free(certs[0]);
	return rc;
}
