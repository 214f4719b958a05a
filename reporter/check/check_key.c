/* SPDX-License-Identifier: ISC */

/*
 * check config: the private key of DKIM, as the program that signs reads it.
 */

#include <sys/stat.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/bounds.h"
#include "check/check.h"
#include "check/check_run.h"
#include "check/dkim_verify.h"
#include "check/smtpd_conf.h"

#define PART "DKIM"

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

void
check_dkim_file(struct check *c, const struct smtpd_line *line,
    const char *key, const char *user, const char *group)
{
	char public[DKIM_KEY_MAX], folder[1024];
	unsigned int mode;
	const char *type;
	struct stat sb;
	int may;

	if (stat(key, &sb) == -1) {
		check_part(c, PART, errno == EACCES ? CHECK_DARK : CHECK_BAD,
		    "%s:%d: key %s: %s", line->file, line->number, key,
		    strerror(errno));
		return;
	}
	may = check_access(user, group, key, R_OK);
	if ((sb.st_mode & (S_IRWXO | S_IWGRP)) != 0)
		check_part(c, PART, CHECK_BAD, "%s has mode %04o: whoever "
		    "reads it signs as us (chgrp %s %s; chmod 0640 %s)", key,
		    (unsigned int)sb.st_mode & 07777, group == NULL ? user :
		    group, key, key);
	else if (may == 0 && check_closed(user, group, key, folder,
	    sizeof(folder), &mode) == 0)
		check_part(c, PART, CHECK_BAD, "%s has mode %04o: %s, who "
		    "signs (%s:%d), cannot pass it to %s: chmod 755 %s",
		    folder, mode, user, line->file, line->number, key,
		    folder);
	else if (may == 0)
		check_part(c, PART, CHECK_BAD, "%s cannot be read by %s, who "
		    "signs (%s:%d): chgrp %s %s; chmod 0640 %s", key, user,
		    line->file, line->number, group == NULL ? user : group,
		    key, key);
	else if (may == 1)
		check_part(c, PART, CHECK_OK, "%s can read %s", user, key);
	if (check_public_key(key, public, sizeof(public), &type) == -1)
		check_part(c, PART, CHECK_BAD, "%s is no private key in PEM "
		    "without a password: openssl genrsa -out %s 2048 makes "
		    "one", key, key);
}
