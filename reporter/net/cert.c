/* SPDX-License-Identifier: ISC */

/*
 * Certificates of others: libtls' words about them in the words of RFC 8460,
 * and the names in them, which libtls does not tell.
 */

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "lib/text.h"
#include "net/net.h"

#define CERT_DER_MAX	(32 * 1024)

#define DER_BOOLEAN	0x01
#define DER_OCTETS	0x04
#define DER_OID		0x06
#define DER_SEQUENCE	0x30
#define DER_EXTENSIONS	0xa3	/* RFC 5280 4.1: [3] of TBSCertificate */
#define DER_DNS_NAME	0x82	/* RFC 5280 4.2.1.6: [2] of GeneralName */

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

static size_t	pem_decode(const char *, unsigned char *, size_t);

/* What is left of a run of DER elements. */
struct der {
	const unsigned char *p;
	size_t		 len;
};

/*
 * The next element, its content in *in.  Its tag, or -1 at the end or where it
 * is malformed.
 */
static int
der_next(struct der *d, struct der *in)
{
	size_t len, head = 2, n;
	int tag;

	if (d->len < 2 || (d->p[0] & 0x1f) == 0x1f)
		return -1;
	tag = d->p[0];
	len = d->p[1];
	if (len & 0x80) {
		n = len & 0x7f;
		if (n == 0 || n > 3 || d->len < 2 + n)
			return -1;
		for (len = 0; n > 0; n--)
			len = len << 8 | d->p[head++];
	}
	if (len > d->len - head)
		return -1;
	in->p = d->p + head;
	in->len = len;
	d->p += head + len;
	d->len -= head + len;
	return tag;
}

/* The first element of that tag in d, passing over others. */
static int
der_find(struct der d, int tag, struct der *in)
{
	int found;

	while ((found = der_next(&d, in)) != -1)
		if (found == tag)
			return 0;
	return -1;
}

/* The content of the extension's OCTET STRING, if it is that one. */
static int
der_is_altname(struct der extension, struct der *in)
{
	static const unsigned char id[] = { 0x55, 0x1d, 0x11 };
	int tag;

	if (der_next(&extension, in) != DER_OID || in->len != sizeof(id) ||
	    memcmp(in->p, id, sizeof(id)) != 0)
		return 0;
	if ((tag = der_next(&extension, in)) == DER_BOOLEAN)
		tag = der_next(&extension, in);
	return tag == DER_OCTETS;
}

static int
der_altnames(const unsigned char *cert, size_t len, struct der *names)
{
	struct der d = { cert, len }, in, list;

	if (der_next(&d, &in) != DER_SEQUENCE)		/* Certificate */
		return -1;
	d = in;
	if (der_next(&d, &in) != DER_SEQUENCE ||	/* TBSCertificate */
	    der_find(in, DER_EXTENSIONS, &d) == -1 ||
	    der_next(&d, &list) != DER_SEQUENCE)
		return -1;
	while (der_next(&list, &in) == DER_SEQUENCE)
		if (der_is_altname(in, &d))
			return der_next(&d, names) == DER_SEQUENCE ? 0 : -1;
	return -1;
}

int
cert_parties(const char *pem, struct cert_party *issuer,
    struct cert_party *subject)
{
	unsigned char *der;
	struct der d, in, tbs;
	struct cert_party *party;
	int tag, n, rc = -1;

	if ((der = malloc(CERT_DER_MAX)) == NULL)
		fatal("malloc");
	d.p = der;
	if ((d.len = pem_decode(pem, der, CERT_DER_MAX)) == 0 ||
	    der_next(&d, &in) != DER_SEQUENCE ||
	    der_next(&in, &tbs) != DER_SEQUENCE)
		goto out;
	/* [version], serial, algorithm, issuer, validity, subject. */
	for (n = 0; n < 4 && (tag = der_next(&tbs, &in)) != -1; ) {
		if (tag != DER_SEQUENCE)
			continue;
		party = n == 1 ? issuer : n == 3 ? subject : NULL;
		n++;
		if (party == NULL)
			continue;
		if (in.len > sizeof(party->name))
			goto out;
		memcpy(party->name, in.p, in.len);
		party->len = in.len;
		if (party == subject)
			rc = 0;
	}
 out:
	free(der);
	return rc;
}

/* The bytes of the first PEM block; 0 if there is none. */
static size_t
pem_decode(const char *pem, unsigned char *out, size_t outsz)
{
	static const char begin[] = CERT_BEGIN;
	unsigned int bits = 0;
	size_t n = 0;
	int have = 0, v;

	if ((pem = strstr(pem, begin)) == NULL)
		return 0;
	for (pem += sizeof(begin) - 1; *pem != '\0' && *pem != '-'; pem++) {
		if ((v = base64_digit((unsigned char)*pem)) == -1)
			continue;
		bits = bits << 6 | (unsigned int)v;
		if ((have += 6) < 8)
			continue;
		have -= 8;
		if (n == outsz)
			return 0;
		out[n++] = bits >> have & 0xff;
	}
	return n;
}

json_t *
cert_names(const uint8_t *pem, size_t len, size_t max)
{
	unsigned char *der;
	char *text;
	struct der names, name;
	json_t *list = json_array(), *item;
	int tag;

	/* libtls counts the final NUL or not, by version. */
	if ((text = strndup((const char *)pem, len)) == NULL ||
	    (der = malloc(CERT_DER_MAX)) == NULL || list == NULL)
		fatal("malloc");
	len = pem_decode(text, der, CERT_DER_MAX);
	if (len > 0 && der_altnames(der, len, &names) == 0)
		while (json_array_size(list) < max &&
		    (tag = der_next(&names, &name)) != -1) {
			if (tag != DER_DNS_NAME || name.len > DOMAIN_MAX ||
			    memchr(name.p, '\0', name.len) != NULL)
				continue;
			item = json_stringn((const char *)name.p, name.len);
			if (item != NULL &&
			    json_array_append_new(list, item) == -1)
				fatalx("json_array_append");
		}
	free(text);
	free(der);
	return list;
}
