/* SPDX-License-Identifier: ISC */

/*
 * check config: the certificates and keys that smtpd.conf names.  Of one that
 * smtpd does not take it says, at its start, that there is one, and not which.
 */

#include <sys/stat.h>

#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/check_config.h"
#include "host/smtpd_conf.h"

#define PART "smtpd"
/* A certificate that ends sooner is told of. */
#define CERT_DAYS_LOW 14
/* What smtpd lets a key's file have, at most. */
#define KEY_MODE 0740
/* What TLS libraries take of RSA by now, as those of smtpd do. */
#define RSA_BITS_MIN 2048

/* The line "pki NAME cert FILE", or with "key"; NULL. */
static const struct smtpd_line *
pki_line(const struct smtpd_conf *s, const char *name, const char *kind)
{
	size_t i;

	for (i = 0; i < s->nlines; i++)
		if (smtpdconf_is(&s->line[i], 0, "pki") &&
		    s->line[i].nwords >= 4 &&
		    strcmp(s->line[i].word[1], name) == 0 &&
		    smtpdconf_after(&s->line[i], kind) != NULL)
			return &s->line[i];
	return NULL;
}

static const char *
pki_file(const struct smtpd_conf *s, const char *name, const char *kind)
{
	const struct smtpd_line *line = pki_line(s, name, kind);

	return line == NULL ? NULL : smtpdconf_after(line, kind);
}

/* The first certificate of a file; NULL with errno 0 where it has none. */
static X509 *
read_cert(const char *path)
{
	X509 *cert;
	FILE *f;

	if ((f = fopen(path, "r")) == NULL)
		return NULL;
	cert = PEM_read_X509(f, NULL, NULL, NULL);
	fclose(f);
	errno = 0;
	return cert;
}

/* Whether the key of that file is the certificate's; 1 if it can't be read. */
static int
fits(X509 *cert, const char *path)
{
	EVP_PKEY *key;
	int rc;

	if (path == NULL || (key = check_read_key(path)) == NULL)
		return 1;
	rc = X509_check_private_key(cert, key) == 1;
	EVP_PKEY_free(key);
	return rc;
}

/* Days until the certificate ends; negative: since. */
static int
days_left(X509 *cert)
{
	int days = 0, seconds = 0;

	if (ASN1_TIME_diff(&days, &seconds, NULL,
	    X509_get0_notAfter(cert)) != 1)
		return 0;
	return seconds < 0 && days == 0 ? -1 : days;
}

void
check_cert(struct check *c, const struct smtpd_conf *s,
    const struct smtpd_line *line)
{
	const char *pki = smtpdconf_after(line, "pki"), *path, *host;
	X509 *cert;
	int days;

	if (pki == NULL || (path = pki_file(s, pki, "cert")) == NULL)
		return;
	if ((cert = read_cert(path)) == NULL) {
		if (errno != EACCES)
			check_part(c, PART, CHECK_BAD, "%s:%d: pki \"%s\": "
			    "%s: %s", line->file, line->number, pki, path,
			    errno == 0 ? "no certificate in PEM" :
			    strerror(errno));
		return;
	}
	if ((host = smtpdconf_after(line, "hostname")) == NULL)
		host = c->view->conf->hostname;
	days = days_left(cert);
	if (!fits(cert, pki_file(s, pki, "key")))
		check_part(c, PART, CHECK_BAD, "%s:%d: the key %s is not that "
		    "of %s: no TLS session comes up; name the one that it "
		    "was made for", line->file, line->number,
		    pki_file(s, pki, "key"), path);
	else if (days < CERT_DAYS_LOW)
		check_part(c, PART, days < 0 ? CHECK_BAD : CHECK_WARN,
		    "%s:%d: the certificate %s %s %d day%s: get a new one "
		    "and restart smtpd", line->file, line->number, path,
		    days < 0 ? "is over since" : "ends in", days < 0 ? -days :
		    days, days == 1 || days == -1 ? "" : "s");
	if (X509_check_host(cert, host, 0, 0, NULL) == 0)
		check_part(c, PART, CHECK_WARN, "%s:%d: listen on %s greets "
		    "as %s, and the certificate %s has not that name: senders "
		    "that verify it (MTA-STS) see another host; name the pki "
		    "of %s", line->file, line->number, line->word[2], host,
		    path, host);
	X509_free(cert);
}

/* What is too weak for the libraries of today. */
static void
check_strength(struct check *c, const struct smtpd_line *line)
{
	const char *path = smtpdconf_after(line, "cert");
	X509 *cert = read_cert(path);
	EVP_PKEY *key;
	int digest = NID_undef;

	if (cert == NULL)
		return;
	key = X509_get0_pubkey(cert);
	(void)OBJ_find_sigid_algs(X509_get_signature_nid(cert), &digest, NULL);
	if (key != NULL && EVP_PKEY_base_id(key) == EVP_PKEY_RSA &&
	    EVP_PKEY_bits(key) < RSA_BITS_MIN)
		check_part(c, PART, CHECK_BAD, "%s:%d: the certificate %s has "
		    "RSA of %d bits, which smtpd may not start with and "
		    "senders that verify do not take: get one of %d or more",
		    line->file, line->number, path, EVP_PKEY_bits(key),
		    RSA_BITS_MIN);
	else if (digest == NID_sha1 || digest == NID_md5)
		check_part(c, PART, CHECK_BAD, "%s:%d: the certificate %s is "
		    "signed with %s, which senders that verify do not take: "
		    "get one signed with SHA-256", line->file, line->number,
		    path, digest == NID_md5 ? "MD5" : "SHA-1");
	X509_free(cert);
}

static void
check_key_file(struct check *c, const struct smtpd_line *line)
{
	const char *path = smtpdconf_after(line, "key");
	EVP_PKEY *key;
	struct stat sb;
	int there = stat(path, &sb) == 0;

	if (there && sb.st_uid != 0 && sb.st_uid != geteuid())
		check_part(c, PART, CHECK_BAD, "%s:%d: the key %s is another "
		    "user's, and smtpd ends at its start: chown root %s",
		    line->file, line->number, path, path);
	else if (there && (sb.st_mode & 0777 & ~KEY_MODE) != 0)
		check_part(c, PART, CHECK_BAD, "%s:%d: the key %s has mode "
		    "%04o, and smtpd ends at its start: chmod 0600 %s",
		    line->file, line->number, path, (unsigned int)sb.st_mode &
		    07777, path);
	else if ((key = check_read_key(path)) != NULL)
		EVP_PKEY_free(key);
	else if (errno != EACCES)
		check_part(c, PART, CHECK_BAD, "%s:%d: the key %s: %s, and "
		    "smtpd ends at its start; put it there, or name the one "
		    "that the certificate was made for", line->file,
		    line->number, path,
		    errno == 0 ? "no key in PEM without a passphrase" :
		    strerror(errno));
}

void
check_pki(struct check *c, const struct smtpd_conf *s)
{
	const struct smtpd_line *line;
	size_t i;

	for (i = 0; i < s->nlines; i++) {
		line = &s->line[i];
		if (!smtpdconf_is(line, 0, "pki") || line->nwords < 4)
			continue;
		if (smtpdconf_after(line, "key") != NULL)
			check_key_file(c, line);
		if (smtpdconf_after(line, "cert") == NULL)
			continue;
		check_strength(c, line);
		if (pki_line(s, line->word[1], "key") == NULL)
			check_part(c, PART, CHECK_BAD, "%s:%d: pki \"%s\" has "
			    "no key, and smtpd ends at its start; write pki "
			    "\"%s\" key \"FILE\"", line->file, line->number,
			    view_clean(line->word[1], 80),
			    view_clean(line->word[1], 80));
	}
}
