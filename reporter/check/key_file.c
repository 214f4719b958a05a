/* SPDX-License-Identifier: ISC */

/* Private keys in files, and what is published of them. */

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <errno.h>
#include <stdio.h>

#include "check/key_file.h"

/* No terminal is asked for a password: who signs has none to ask. */
static int
no_password(char out[], int outsz, int writing, void *arg)
{
	(void)out;
	(void)outsz;
	(void)writing;
	(void)arg;
	return -1;
}

static const char *
public_of(EVP_PKEY *key, char out[], size_t outsz)
{
	unsigned char *der = NULL, raw[32];
	size_t rawlen = sizeof(raw);
	const char *type = NULL;
	int len;

	if (EVP_PKEY_id(key) == EVP_PKEY_ED25519) {
		if (EVP_PKEY_get_raw_public_key(key, raw, &rawlen) == 1) {
			(void)EVP_EncodeBlock((unsigned char *)out, raw,
			    (int)rawlen);
			type = "ed25519";
		}
	} else if ((len = i2d_PUBKEY(key, &der)) > 0 &&
	    (size_t)len / 3 * 4 + 5 < outsz) {
		(void)EVP_EncodeBlock((unsigned char *)out, der, len);
		type = "rsa";
	}
	OPENSSL_free(der);
	return type;
}

EVP_PKEY *
check_read_key(const char *path)
{
	EVP_PKEY *key;
	FILE *f;

	if ((f = fopen(path, "r")) == NULL)
		return NULL;
	key = PEM_read_PrivateKey(f, NULL, no_password, NULL);
	fclose(f);
	errno = 0;
	return key;
}

int
check_public_key(const char *path, char out[], size_t outsz,
    const char **type)
{
	EVP_PKEY *key = check_read_key(path);

	if (key == NULL && errno != 0)
		return 1;
	*type = key == NULL ? NULL : public_of(key, out, outsz);
	EVP_PKEY_free(key);
	return *type == NULL ? -1 : 0;
}
