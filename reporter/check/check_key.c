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
#define KEY_MAX 4096

/* No terminal is asked for a password: who signs has none to ask. */
static int
no_password(char out[], int outsz, int writing, void *arg)
{
	(void)out;
	(void)outsz;
	(void)writing;
	(void)arg;
	return 0;
}

/*
 * What is to be published of a private key's file, as "p=" has it: base64 of
 * its SubjectPublicKeyInfo, of Ed25519 the bare key (RFC 8463).  0, 1 where
 * the file can't be read, -1 where it is no key or has a password.
 */
static int
public_of(const char *path, char out[], size_t outsz)
{
	unsigned char *der = NULL, raw[32];
	size_t rawlen = sizeof(raw);
	EVP_PKEY *key;
	int len, rc = -1;
	FILE *f;

	if ((f = fopen(path, "r")) == NULL)
		return 1;
	key = PEM_read_PrivateKey(f, NULL, no_password, NULL);
	fclose(f);
	if (key == NULL)
		return -1;
	if (EVP_PKEY_id(key) == EVP_PKEY_ED25519) {
		if (EVP_PKEY_get_raw_public_key(key, raw, &rawlen) == 1) {
			(void)EVP_EncodeBlock((unsigned char *)out, raw,
			    (int)rawlen);
			rc = 0;
		}
	} else if ((len = i2d_PUBKEY(key, &der)) > 0 &&
	    (size_t)len / 3 * 4 + 5 < outsz) {
		(void)EVP_EncodeBlock((unsigned char *)out, der, len);
		rc = 0;
	}
	OPENSSL_free(der);
	EVP_PKEY_free(key);
	return rc;
}

/* Whether what is published by that selector is of this file. */
static void
check_fits(struct check *c, const char *key, const char *selector)
{
	const char *domain = c->view->conf->submitter, *txts[TXT_RECORDS_MAX];
	char name[2 * DOMAIN_MAX], own[KEY_MAX], theirs[KEY_MAX];
	json_t *answer;
	int rc = public_of(key, own, sizeof(own));

	if (rc == -1)
		check_part(c, PART, CHECK_BAD, "%s is no private key in PEM "
		    "without a password: openssl genrsa -out %s 2048 makes "
		    "one", key, key);
	if (rc != 0 || selector == NULL || c->asker == NULL)
		return;
	(void)snprintf(name, sizeof(name), "%s._domainkey.%s", selector,
	    domain);
	if (strlen(name) >= DOMAIN_MAX)
		return;
	answer = ask(c->asker, WORLD_RESOLVE, ask_dns("txt", name));
	if (ask_strings(answer, "txt", txts, TXT_RECORDS_MAX) > 0 &&
	    tag_value(txts[0], "p", theirs, sizeof(theirs)) == 0 &&
	    strcmp(own, theirs) != 0)
		check_part(c, PART, CHECK_BAD, "the key at %s is not that of "
		    "%s: no signature verifies; publish p=%s", name, key,
		    own);
	json_decref(answer);
}

void
check_dkim_file(struct check *c, const struct smtpd_line *line,
    const char *key, const char *user, const char *group)
{
	const char *command = smtpdconf_command(line);
	char selector[256];
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
	else if (may == 0)
		check_part(c, PART, CHECK_BAD, "%s cannot be read by %s, who "
		    "signs (%s:%d): chgrp %s %s; chmod 0640 %s", key, user,
		    line->file, line->number, group == NULL ? user : group,
		    key, key);
	else if (may == 1)
		check_part(c, PART, CHECK_OK, "%s can read %s", user, key);
	check_fits(c, key, check_option(command, 's', selector,
	    sizeof(selector)));
}
