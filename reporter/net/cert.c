/* SPDX-License-Identifier: ISC */

/*
 * Certificates of others: libtls' words about them in the words of RFC 8460,
 * and the names in them, which libtls does not tell.
 */

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <string.h>

#include "base/log.h"
#include "net/net.h"

#define CERT_PEM_MAX	(64 * 1024)	/* of one, which has 2 kB */
#define CERT_END	"-----END CERTIFICATE-----"

const char *
cert_name(enum cert cert)
{
	switch (cert) {
	case CERT_UNKNOWN:
		return "unknown";
	case CERT_OK:
		return "ok";
	case CERT_EXPIRED:
		return "expired";
	case CERT_HOST_MISMATCH:
		return "host-mismatch";
	case CERT_NOT_TRUSTED:
		return "not-trusted";
	case CERT_OTHER:
		return "other";
	}
	fatalx("no such certificate state");
}

enum cert
cert_classify(const char *text)
{
	if (strstr(text, "certificate has expired") != NULL)
		return CERT_EXPIRED;
	if (strstr(text, "not present in server certificate") != NULL)
		return CERT_HOST_MISMATCH;
	if (strstr(text, "certificate verification failed") != NULL)
		return CERT_NOT_TRUSTED;
	return CERT_OTHER;
}

/* The first certificate of a PEM text, or NULL. */
static X509 *
pem_read(const char *pem, size_t len)
{
	X509 *cert = NULL;
	BIO *bio;

	if (len > CERT_PEM_MAX)
		len = CERT_PEM_MAX;
	if ((bio = BIO_new_mem_buf(pem, (int)len)) == NULL)
		fatalx("BIO_new_mem_buf");
	cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	BIO_free(bio);
	/* What libcrypto says of a bad one is nobody's. */
	ERR_clear_error();
	return cert;
}

static int
party_set(struct cert_party *party, X509_NAME *name)
{
	unsigned char *p = party->name;
	int len = i2d_X509_NAME(name, NULL);

	if (len <= 0 || (size_t)len > sizeof(party->name))
		return -1;
	party->len = (size_t)i2d_X509_NAME(name, &p);
	return 0;
}

int
cert_parties(const char *pem, struct cert_party *issuer,
    struct cert_party *subject)
{
	const char *end = strstr(pem, CERT_END);
	X509 *cert;
	int rc;

	if (end == NULL || (cert = pem_read(pem, (size_t)(end - pem) +
	    sizeof(CERT_END) - 1)) == NULL)
		return -1;
	rc = party_set(issuer, X509_get_issuer_name(cert)) == -1 ||
	    party_set(subject, X509_get_subject_name(cert)) == -1 ? -1 : 0;
	X509_free(cert);
	return rc;
}

/* A DNS name as it stands; NULL if it is none that a host could have. */
static json_t *
dns_name(const GENERAL_NAME *name)
{
	const char *text;
	size_t len;

	if (name->type != GEN_DNS)
		return NULL;
	text = (const char *)ASN1_STRING_get0_data(name->d.dNSName);
	len = (size_t)ASN1_STRING_length(name->d.dNSName);
	if (len > DOMAIN_MAX || memchr(text, '\0', len) != NULL)
		return NULL;
	return json_stringn(text, len);
}

json_t *
cert_names(const uint8_t *pem, size_t len, size_t max)
{
	GENERAL_NAMES *names = NULL;
	json_t *list = json_array(), *item;
	X509 *cert;
	int i;

	if (list == NULL)
		fatalx("json_array");
	/* libtls counts the final NUL or not, by version. */
	cert = pem_read((const char *)pem, strnlen((const char *)pem, len));
	if (cert != NULL)
		names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL,
		    NULL);
	for (i = 0; names != NULL && i < sk_GENERAL_NAME_num(names) &&
	    json_array_size(list) < max; i++) {
		item = dns_name(sk_GENERAL_NAME_value(names, i));
		if (item != NULL && json_array_append_new(list, item) == -1)
			fatalx("json_array_append");
	}
	GENERAL_NAMES_free(names);
	X509_free(cert);
	ERR_clear_error();
	return list;
}
