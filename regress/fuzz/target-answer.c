/* SPDX-License-Identifier: ISC */

/*
 * What hosts of others answer: HTTP, SMTP, a TLS hello, in pieces.  The first
 * two bytes say which, and how long a piece is.
 */

#include "net/http_read.h"
#include "net/smtp_read.h"
#include "net/tls_hello.h"
#include "fuzz.h"

#define BODY_MAX 4096

static void
http(const uint8_t *data, size_t len, size_t piece)
{
	struct httpread *r;
	size_t n;
	char *part;
	int rc = 0;

	if ((r = malloc(sizeof(*r))) == NULL)
		abort();
	httpread_init(r, BODY_MAX);
	for (; len > 0 && rc == 0; data += n, len -= n) {
		n = len < piece ? len : piece;
		part = exact(data, n);
		rc = httpread_feed(r, part, n);
		free(part);
	}
	if (rc == 0)
		(void)httpread_eof(r);
	if (r->bodylen > BODY_MAX)
		abort();
	httpread_free(r);
	free(r);
}

static void
smtp(const uint8_t *data, size_t len, size_t piece)
{
	struct smtpread *r;
	size_t n, used;
	char *part;
	int rc = 0;

	if ((r = malloc(sizeof(*r))) == NULL)
		abort();
	smtpread_init(r);
	for (; len > 0 && rc != -1; data += n, len -= n) {
		n = len < piece ? len : piece;
		part = exact(data, n);
		rc = smtpread_feed(r, part, n, &used);
		free(part);
		if (rc != 1)
			continue;
		if (used > n || used == 0)
			abort();
		n = used;
		smtpread_init(r);
	}
	free(r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	unsigned char *hello;
	size_t piece;

	if (len < 2)
		return 0;
	piece = 1 + (size_t)data[1];
	switch (data[0] % 3) {
	case 0:
		http(data + 2, len - 2, piece);
		break;
	case 1:
		smtp(data + 2, len - 2, piece);
		break;
	case 2:
		hello = exact(data + 2, len - 2);
		(void)hello_answer(hello, len - 2);
		free(hello);
		break;
	}
	return 0;
}
