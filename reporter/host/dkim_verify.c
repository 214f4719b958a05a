/* SPDX-License-Identifier: ISC */

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/bounds.h"
#include "base/log.h"
#include "host/dkim_verify.h"
#include "lib/xalloc.h"

#define FIELDS_MAX 200
#define KEY_MAX 4096
#define DIGEST_BYTES 32
/* RFC 8301 3.2: verifiers must not take less. */
#define RSA_BITS_MIN 1024

/* A header field with its folded lines, without its last line end. */
struct field {
	const char	*text;
	size_t		 len;
	int		 used;
};

struct mail {
	struct field	 fields[FIELDS_MAX];
	size_t		 n;
	const char	*body;
};

int
tag_value(const char *tags, const char *tag, char out[], size_t outsz)
{
	size_t n = 0, len = strlen(tag);

	for (;;) {
		tags += strspn(tags, "; \t\r\n");
		if (*tags == '\0')
			return -1;
		if (strncmp(tags, tag, len) == 0 &&
		    tags[len + strspn(tags + len, " \t\r\n")] == '=')
			break;
		tags += strcspn(tags, ";");
	}
	tags += strcspn(tags, "=") + 1;
	for (; *tags != '\0' && *tags != ';' && n + 1 < outsz; tags++)
		if (!isspace((unsigned char)*tags))
			out[n++] = *tags;
	out[n] = '\0';
	return 0;
}

int
tag_has(const char *list, const char *item)
{
	size_t len = strlen(item), n;

	for (; *list != '\0'; list += n + (list[n] == ':')) {
		n = strcspn(list, ":");
		if (n == len && strncasecmp(list, item, len) == 0)
			return 1;
	}
	return 0;
}

static int
fail(char why[], size_t whysz, const char *text)
{
	(void)strlcpy(why, text, whysz);
	return -1;
}

/* Without the CR of a line end. */
static size_t
line_length(const char *p, size_t *whole)
{
	size_t len = strcspn(p, "\n");

	*whole = len + (p[len] == '\n');
	return len > 0 && p[len - 1] == '\r' ? len - 1 : len;
}

static void
split(const char *p, struct mail *m)
{
	struct field *f = NULL;
	size_t len, whole;

	for (m->n = 0; *p != '\0'; p += whole) {
		len = line_length(p, &whole);
		if (len == 0) {
			p += whole;
			break;
		}
		if ((*p == ' ' || *p == '\t') && f != NULL)
			f->len = (size_t)(p - f->text) + len;
		else if (m->n < FIELDS_MAX) {
			f = &m->fields[m->n++];
			f->text = p;
			f->len = len;
			f->used = 0;
		} else
			f = NULL;
	}
	m->body = p;
}

static int
is_named(const struct field *f, const char *name, size_t len)
{
	size_t n;

	if (f->len <= len || strncasecmp(f->text, name, len) != 0)
		return 0;
	for (n = len; n < f->len && (f->text[n] == ' ' || f->text[n] == '\t');
	    n++)
		;
	return n < f->len && f->text[n] == ':';
}

/*
 * RFC 6376 3.4: a field as it is signed.  bare: the value of its "b=" is left
 * out (3.7), and its line end.
 */
static void
put_field(FILE *fp, const struct field *f, int relaxed, int bare)
{
	const char *p = f->text, *end = p + f->len, *colon;
	int blank = 0, started = 0, skip = 0;

	colon = memchr(p, ':', f->len);
	for (; p < end; p++) {
		/* A tag begins behind a semicolon: here "b". */
		if (bare && p > colon && *p == 'b' && !skip) {
			const char *q = p - 1, *r = p + 1;

			while (q > colon && isspace((unsigned char)*q))
				q--;
			while (r < end && isspace((unsigned char)*r))
				r++;
			if ((*q == ';' || q == colon) && r < end &&
			    *r == '=') {
				if (blank && started)
					fputc(' ', fp);
				fwrite(p, 1, (size_t)(r + 1 - p), fp);
				blank = 0;
				started = skip = 1;
				p = r;
				continue;
			}
		}
		if (skip && *p != ';')
			continue;
		skip = 0;
		if (!relaxed) {
			if (*p == '\n' && (p == f->text || p[-1] != '\r'))
				fputc('\r', fp);
			fputc(*p, fp);
		} else if (isspace((unsigned char)*p))
			blank = 1;
		else if (p < colon) {
			fputc(tolower((unsigned char)*p), fp);
			blank = 0;
		} else {
			if (blank && started)
				fputc(' ', fp);
			blank = 0;
			fputc(*p, fp);
			started = p > colon;
		}
	}
	if (!bare)
		fputs("\r\n", fp);
}

/* RFC 6376 3.4.3, 3.4.4: without the empty lines at the end. */
static void
put_body(FILE *fp, const char *p, int relaxed)
{
	size_t len, whole, i, empty = 0;
	int blank, any = 0;

	for (; *p != '\0'; p += whole) {
		len = line_length(p, &whole);
		while (relaxed && len > 0 && (p[len - 1] == ' ' ||
		    p[len - 1] == '\t'))
			len--;
		if (len == 0) {
			empty++;
			continue;
		}
		for (any = 1; empty > 0; empty--)
			fputs("\r\n", fp);
		for (blank = 0, i = 0; i < len; i++) {
			if (relaxed && (p[i] == ' ' || p[i] == '\t')) {
				blank = 1;
				continue;
			}
			if (blank)
				fputc(' ', fp);
			blank = 0;
			fputc(p[i], fp);
		}
		fputs("\r\n", fp);
	}
	if (!any && !relaxed)
		fputs("\r\n", fp);
}

/* Base64 to bytes; how many, or -1. */
static int
decode(const char *text, unsigned char out[], size_t outsz)
{
	EVP_ENCODE_CTX *ctx;
	int n = 0, last = 0, rc = -1;
	size_t len = strlen(text);

	if (len / 4 * 3 + 3 > outsz || (ctx = EVP_ENCODE_CTX_new()) == NULL)
		return -1;
	EVP_DecodeInit(ctx);
	if (EVP_DecodeUpdate(ctx, out, &n, (const unsigned char *)text,
	    (int)len) != -1 && EVP_DecodeFinal(ctx, out + n, &last) == 1)
		rc = n + last;
	EVP_ENCODE_CTX_free(ctx);
	return rc;
}

static EVP_PKEY *
key_of(const char *record, int ed25519)
{
	unsigned char der[KEY_MAX];
	const unsigned char *p = der;
	char text[KEY_MAX];
	int n;

	if (tag_value(record, "p", text, sizeof(text)) == -1 ||
	    (n = decode(text, der, sizeof(der))) <= 0)
		return NULL;
	return ed25519 ? EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL,
	    der, (size_t)n) : d2i_PUBKEY(NULL, &p, n);
}

int
dkim_record(const char *record, char why[], size_t whysz)
{
	const char *first = record + strspn(record, " \t\r\n");
	char value[256], kind[256] = "rsa";
	EVP_PKEY *key;
	int bits;

	if (tag_value(record, "v", value, sizeof(value)) == 0 &&
	    (strcmp(value, "DKIM1") != 0 || *first != 'v'))
		return fail(why, whysz, "it has to begin with v=DKIM1;");
	if (tag_value(record, "h", value, sizeof(value)) == 0 &&
	    !tag_has(value, "sha256"))
		return fail(why, whysz, "its h= leaves out sha256, by which "
		    "all signatures are made: take h= out");
	if (tag_value(record, "t", value, sizeof(value)) == 0 &&
	    tag_has(value, "y"))
		return fail(why, whysz, "t=y says that the domain only tests "
		    "DKIM: take it out");
	(void)tag_value(record, "k", kind, sizeof(kind));
	if (strcmp(kind, "rsa") != 0 && strcmp(kind, "ed25519") != 0)
		return fail(why, whysz, "its k= is neither rsa nor ed25519");
	if ((key = key_of(record, strcmp(kind, "ed25519") == 0)) == NULL)
		return fail(why, whysz, "its p= is no key of the kind that "
		    "k= names, which is rsa where it is missing");
	bits = EVP_PKEY_bits(key);
	EVP_PKEY_free(key);
	return strcmp(kind, "rsa") == 0 && bits < RSA_BITS_MIN ? fail(why,
	    whysz, "an RSA key has to have 1024 bits (RFC 8301)") : 0;
}

/* The fields of h=, the last of a name first (RFC 6376 5.4.2). */
static void
put_header(FILE *fp, struct mail *m, const char *names, struct field *own,
    int relaxed)
{
	size_t len, i;

	for (; *names != '\0'; names += len + (names[len] == ':')) {
		len = strcspn(names, ":");
		for (i = m->n; i > 0; i--)
			if (!m->fields[i - 1].used && &m->fields[i - 1] !=
			    own && is_named(&m->fields[i - 1], names, len))
				break;
		if (i == 0)
			continue;
		m->fields[i - 1].used = 1;
		put_field(fp, &m->fields[i - 1], relaxed, 0);
	}
	put_field(fp, own, relaxed, 1);
}

static int
signature_fits(EVP_PKEY *key, int ed25519, const char *data, size_t len,
    const unsigned char *sig, size_t siglen)
{
	unsigned char digest[DIGEST_BYTES];
	EVP_MD_CTX *ctx;
	int rc;

	if ((ctx = EVP_MD_CTX_new()) == NULL)
		fatalx("check config: no memory");
	/* RFC 8463 3: of Ed25519 the hash is what is signed. */
	if (ed25519) {
		rc = EVP_Digest(data, len, digest, NULL, EVP_sha256(),
		    NULL) == 1 && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL,
		    key) == 1 && EVP_DigestVerify(ctx, sig, siglen, digest,
		    sizeof(digest)) == 1;
	} else
		rc = EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL,
		    key) == 1 && EVP_DigestVerify(ctx, sig, siglen,
		    (const unsigned char *)data, len) == 1;
	EVP_MD_CTX_free(ctx);
	return rc;
}

/* c=: how header and body are made ready (RFC 6376 3.5). */
static void
canonical(const char *tags, int *header, int *body)
{
	char c[64];

	*header = *body = 0;
	if (tag_value(tags, "c", c, sizeof(c)) == -1)
		return;
	*header = strncasecmp(c, "relaxed", 7) == 0;
	*body = strchr(c, '/') != NULL &&
	    strcasecmp(strchr(c, '/') + 1, "relaxed") == 0;
}

static int
body_fits(const struct mail *m, const char *tags, int relaxed)
{
	unsigned char digest[DIGEST_BYTES];
	char want[128], got[DIGEST_BYTES * 2], *text = NULL;
	size_t len = 0;
	FILE *fp;
	int rc;

	if (tag_value(tags, "bh", want, sizeof(want)) == -1)
		return 0;
	fp = xmemstream(&text, &len);
	put_body(fp, m->body, relaxed);
	xmemclose(fp, &text);
	rc = EVP_Digest(text, len, digest, NULL, EVP_sha256(), NULL) == 1;
	free(text);
	(void)EVP_EncodeBlock((unsigned char *)got, digest, sizeof(digest));
	return rc && strcmp(got, want) == 0;
}

int
dkim_verify(const char *mail, const char *record, char why[], size_t whysz)
{
	unsigned char sig[KEY_MAX];
	char tags[8192], value[KEY_MAX], *text = NULL;
	struct field *own = NULL;
	struct mail m;
	EVP_PKEY *key;
	size_t i, len = 0;
	int header, body, ed25519, n, rc;
	FILE *fp;

	split(mail, &m);
	for (i = 0; own == NULL && i < m.n; i++)
		if (is_named(&m.fields[i], "DKIM-Signature", 14))
			own = &m.fields[i];
	if (own == NULL || own->len >= sizeof(tags))
		return fail(why, whysz, "there is no signature");
	text = memchr(own->text, ':', own->len);
	(void)snprintf(tags, sizeof(tags), "%.*s", (int)(own->text + own->len -
	    text - 1), text + 1);
	text = NULL;
	if (tag_value(tags, "a", value, sizeof(value)) == -1 ||
	    ((ed25519 = strcmp(value, "ed25519-sha256") == 0) == 0 &&
	    strcmp(value, "rsa-sha256") != 0))
		return fail(why, whysz, "it is neither rsa-sha256 nor "
		    "ed25519-sha256");
	canonical(tags, &header, &body);
	if (!body_fits(&m, tags, body))
		return fail(why, whysz, "the body was changed on its way, or "
		    "before it was signed");
	if (tag_value(tags, "b", value, sizeof(value)) == -1 ||
	    (n = decode(value, sig, sizeof(sig))) <= 0 ||
	    tag_value(tags, "h", value, sizeof(value)) == -1)
		return fail(why, whysz, "it lacks b= or h=");
	if ((key = key_of(record, ed25519)) == NULL)
		return fail(why, whysz, "what is published is no key of its "
		    "kind");
	fp = xmemstream(&text, &len);
	put_header(fp, &m, value, own, header);
	xmemclose(fp, &text);
	rc = signature_fits(key, ed25519, text, len, sig, (size_t)n);
	EVP_PKEY_free(key);
	free(text);
	return rc ? 0 : fail(why, whysz, "the header was changed, or another "
	    "key signed it");
}
