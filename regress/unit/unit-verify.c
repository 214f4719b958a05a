/* SPDX-License-Identifier: ISC */

/*
 * Signatures verified: the message of RFC 8463, appendix A, which two keys
 * signed, and what may become of one on its way.
 */

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "host/dkim_verify.h"
#include "tap.h"

#define ED25519 \
    "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\n" \
    " d=football.example.com; i=@football.example.com;\n" \
    " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\n" \
    " subject : date : message-id : from : subject : date;\n" \
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\n" \
    " b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\n" \
    " Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\n"
#define RSA \
    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\n" \
    " d=football.example.com; i=@football.example.com;\n" \
    " q=dns/txt; s=test; t=1528637909; h=from : to : subject :\n" \
    " date : message-id : from : subject : date;\n" \
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\n" \
    " b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\n" \
    " DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\n" \
    " dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=\n"
#define HEADER \
    "From: Joe SixPack <joe@football.example.com>\n" \
    "To: Suzie Q <suzie@shopping.example.net>\n" \
    "Subject: Is dinner ready?\n" \
    "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\n" \
    "Message-ID: <20030712040037.46341.5F8J@football.example.com>\n"
#define BODY "\nHi.\n\nWe lost the game.  Are you hungry yet?\n\nJoe.\n"

#define ED25519_KEY \
    "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
#define RSA_KEY \
    "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWR" \
    "iGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutA" \
    "CDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2Ee" \
    "C3Ip3G+2kryOTIKT+l/K4w3QIDAQAB"

#define begins(got, want, ...) \
	ok(strncmp((got), (want), strlen(want)) == 0, __VA_ARGS__)

/* "" if it verifies, or why not; static buffer. */
static const char *
verify(const char *mail, const char *record)
{
	static char why[128];

	why[0] = '\0';
	if (dkim_verify(mail, record, why, sizeof(why)) == 0)
		why[0] = '\0';
	return why;
}

/* What was signed by hand with simple/simple, since nobody has such a one. */
static void
test_simple(void)
{
	static const char head[] = "from: a@b.nz\r\nDKIM-Signature: a=rsa-"
	    "sha256; c=simple;\r\n\th=From; bh=";
	static const char body[] = "one  two \r\n";
	unsigned char digest[32], sig[512], *der = NULL;
	char bh[64], b[1024], signedtext[1024], mail[2048], record[2048];
	EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, NULL);
	EVP_PKEY *key = NULL;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t siglen = sizeof(sig);
	int n;

	if (maker == NULL || EVP_PKEY_keygen_init(maker) != 1 ||
	    EVP_PKEY_CTX_set_rsa_keygen_bits(maker, 2048) != 1 ||
	    EVP_PKEY_keygen(maker, &key) != 1 || ctx == NULL ||
	    EVP_Digest(body, strlen(body), digest, NULL, EVP_sha256(),
	    NULL) != 1)
		fatalx("test: no key");
	EVP_EncodeBlock((unsigned char *)bh, digest, sizeof(digest));
	snprintf(signedtext, sizeof(signedtext), "%s%s; b=", head, bh);
	if (EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) != 1 ||
	    EVP_DigestSign(ctx, sig, &siglen,
	    (const unsigned char *)signedtext, strlen(signedtext)) != 1)
		fatalx("test: no signature");
	EVP_EncodeBlock((unsigned char *)b, sig, (int)siglen);
	n = i2d_PUBKEY(key, &der);
	strlcpy(record, "v=DKIM1; p=", sizeof(record));
	EVP_EncodeBlock((unsigned char *)record + strlen(record), der, n);
	OPENSSL_free(der);
	EVP_PKEY_free(key);
	EVP_PKEY_CTX_free(maker);
	EVP_MD_CTX_free(ctx);

	snprintf(mail, sizeof(mail), "Received: x\r\n%s%s; b=%s\r\n\r\n"
	    "one  two \r\n\r\n\r\n", head, bh, b);
	is_str(verify(mail, record), "", "simple, with empty lines behind");
	snprintf(mail, sizeof(mail), "%s%s; b=%s\r\n\r\none two \r\n", head,
	    bh, b);
	begins(verify(mail, record), "the body", "a blank less");
	snprintf(mail, sizeof(mail), "From: a@b.nz\r\n%s%s; b=%s\r\n\r\n%s",
	    strstr(head, "DKIM"), bh, b, body);
	begins(verify(mail, record), "the header", "another case");
}

/* What is published: what verifiers pass over (RFC 6376 3.6.1). */
static void
test_record(void)
{
	static const struct {
		const char *record, *why;
	} all[] = {
		{ RSA_KEY, "" },
		{ ED25519_KEY, "" },
		{ " p=%s ; h = sha1 : SHA256 ; t = s ; n=a", "" },
		{ "s=email:tlsrpt; p=%s", "" },
		{ "k=rsa; v=DKIM1; p=%s", "it has to begin" },
		{ "v=DKIM2; p=%s", "it has to begin" },
		{ "v=DKIM1 k=rsa; p=%s", "it has to begin" },
		{ "v=DKIM1; h=sha1; p=%s", "its h= leaves" },
		{ "v=DKIM1; t=s:y; p=%s", "t=y says" },
		{ "v=DKIM1; k=dsa; p=%s", "its k= is" },
		{ "v=DKIM1; k=ed25519; p=%s", "its p= is no" },
		{ "v=DKIM1; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
		    "its p= is no" },
		{ "v=DKIM1; p=MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKYBrodH6s4hD8"
		    "l7bD8bqAupbcQmwPGGLwkbjsWQy7FT2zzmHXsUR7PNNUNSJSxF/7be9E"
		    "kww+i6P21x9HPokccCAwEAAQ==", "an RSA key" }
	};
	char record[2048], why[128];
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		/* The key of the RFC stands for "%s". */
		(void)snprintf(record, sizeof(record), "%.*s%s%s",
		    (int)strcspn(all[i].record, "%"), all[i].record,
		    strchr(all[i].record, '%') == NULL ? "" :
		    strstr(RSA_KEY, "MIGf"), strchr(all[i].record, '%') ==
		    NULL ? "" : strchr(all[i].record, '%') + 2);
		why[0] = '\0';
		(void)dkim_record(record, why, sizeof(why));
		if (*all[i].why == '\0')
			is_str(why, "", "good: %s", all[i].record);
		else
			begins(why, all[i].why, "%s: %s", all[i].why,
			    all[i].record);
	}
}

int
main(void)
{
	log_init("unit-verify", 1, 0);
	test_record();
	is_str(verify(ED25519 RSA HEADER BODY, ED25519_KEY), "", "Ed25519");
	is_str(verify(RSA HEADER BODY, RSA_KEY), "", "RSA");
	is_str(verify("Received: by us\n" RSA
	    "FROM:  Joe SixPack   <joe@football.example.com> \n"
	    "To: Suzie Q\n <suzie@shopping.example.net>\n"
	    "Subject: Is dinner ready?\n"
	    "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\n"
	    "Message-ID: <20030712040037.46341.5F8J@football.example.com>\n"
	    "\nHi. \n\nWe lost the game. \tAre you hungry yet?\n\nJoe.\n\n\n",
	    RSA_KEY), "", "folded and spaced otherwise, which relaxed allows");
	begins(verify(RSA HEADER BODY "P.S.\n", RSA_KEY), "the body",
	    "a line more");
	begins(verify(RSA "Subject: another\n" HEADER BODY, RSA_KEY),
	    "the header", "a second Subject, which was signed not to be");
	begins(verify(RSA HEADER BODY, ED25519_KEY), "what is published",
	    "a key of another kind");
	ok(*verify(ED25519 HEADER BODY, "v=DKIM1; k=ed25519;"
	    " p=21qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=") != '\0',
	    "another key does not verify");
	begins(verify(HEADER BODY, RSA_KEY), "there is no signature",
	    "none");
	begins(verify("DKIM-Signature: a=rsa-sha1; b=x; bh=y; h=from\n"
	    HEADER BODY, RSA_KEY), "it is neither", "SHA-1");
	ok(*verify("DKIM-Signature", RSA_KEY) != '\0', "no colon");
	ok(*verify("DKIM-Signature:", RSA_KEY) != '\0', "nothing in it");
	ok(*verify("", RSA_KEY) != '\0', "nothing at all");
	test_simple();
	return done_testing();
}
