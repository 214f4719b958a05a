/* SPDX-License-Identifier: ISC */

/* How the net process reads HTTP, SMTP and TLS, byte by byte: no network. */

#include <string.h>

#include "net/http_read.h"
#include "net/smtp_read.h"
#include "net/tls_hello.h"
#include "tap.h"

struct parsed {
	const char	*name;
	const char	*text;
	int		 result;	/* with the end of the connection */
	int		 http;
	const char	*body;
};

static const struct parsed answers[] = {
	{ "length", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabX", 1, 200,
	    "ab" },
	{ "LF only", "HTTP/1.0 200 OK\nContent-Length: 2\n\nab", 1, 200,
	    "ab" },
	{ "no reason", "HTTP/1.1 204\r\n\r\n", 1, 204, NULL },
	{ "folded line", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\nz", 1, 200,
	    "z" },
	{ "interim", "HTTP/1.1 100 Continue\r\nContent-Length: 9\r\n\r\n"
	    "HTTP/1.1 103 Hints\r\nLink: x\r\n\r\n"
	    "HTTP/1.1 200 OK\r\n\r\nx", 1, 200, "x" },
	{ "chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n"
	    "2;ext=1\r\nab\r\n1 \r\nc\r\n0\r\nTrailer: 1\r\n\r\n", 1, 200,
	    "abc" },
	{ "chunks win over length", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n", 1, 200,
	    "ab" },
	{ "length twice, the same", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n"
	    "Content-Length: 1\r\n\r\nab", 1, 200, "a" },
	{ "length twice", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n"
	    "Content-Length: 2\r\n\r\nab", -1, 0, NULL },
	{ "length negative", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
	    -1, 0, NULL },
	{ "length with a sign", "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n"
	    "a", -1, 0, NULL },
	{ "length beyond", "HTTP/1.1 200 OK\r\nContent-Length: "
	    "99999999999999999999\r\n\r\n", -1, 0, NULL },
	{ "chunk beyond", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
	    "\r\nffffffffffffffff\r\n", -1, 0, NULL },
	{ "chunk of nothing", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked"
	    "\r\n\r\n\r\n", -1, 0, NULL },
	{ "chunk without end", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked"
	    "\r\n\r\n1\r\nabc\r\n", -1, 0, NULL },
	{ "gzip", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", -1, 0,
	    NULL },
	{ "HTTP/2", "HTTP/2 200\r\n\r\n", -1, 0, NULL },
	{ "code of two digits", "HTTP/1.1 20 OK\r\n\r\n", -1, 0, NULL },
	{ "code of four digits", "HTTP/1.1 2000 OK\r\n\r\n", -1, 0, NULL },
	{ "another protocol", "HTTP/1.1 101 Go\r\n\r\n", -1, 0, NULL },
	{ "a header that is none", "HTTP/1.1 200 OK\r\nhello\r\n\r\n", -1, 0,
	    NULL },
	{ "head cut off", "HTTP/1.1 200 OK\r\nA: b\r\n", -1, 0, NULL },
	{ "body cut off", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", -1,
	    0, NULL },
	{ "chunks cut off", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked"
	    "\r\n\r\n2\r\nab\r\n", -1, 0, NULL },
	{ "nothing", "", -1, 0, NULL },
	{ "more than wanted", "HTTP/1.1 200 OK\r\n\r\n0123456789abcdefX", -1,
	    0, NULL },
};

static int
feed(struct httpread *r, const char *text, size_t step)
{
	size_t n, len = strlen(text);
	int rc = 0;

	httpread_init(r, 16);
	for (; rc == 0 && len > 0; text += n, len -= n) {
		n = len < step ? len : step;
		rc = httpread_feed(r, text, n);
	}
	return rc == 0 ? httpread_eof(r) : rc;
}

static void
test_httpread(void)
{
	static struct httpread r;
	const struct parsed *p;
	size_t i, step;
	int rc;

	for (i = 0; i < nitems(answers); i++)
		for (step = 1; step < 2000; step *= 40) {
			p = &answers[i];
			rc = feed(&r, p->text, step);
			ok(rc == p->result && (rc == 1 ? r.http == p->http :
			    r.wrong != NULL), "%s, %zu bytes at once",
			    p->name, step);
			if (p->body != NULL)
				is_str(r.body, p->body, "its body");
			httpread_free(&r);
		}
	httpread_init(&r, 16);
	for (i = rc = 0; i < HTTP_HEAD_MAX && rc == 0; i++)
		rc = httpread_feed(&r, "HTTP/1.1 100 \n\n", 15);
	is_int(rc, -1, "interim answers have an end");
}

static void
test_smtpread(void)
{
	struct smtpread r;
	size_t used;

	smtpread_init(&r);
	is_int(smtpread_feed(&r, "250-mx.test hello\r\n250-x\r\n250 starttls\r"
	    "\nmore", 45, &used), 1, "reply of three lines");
	is_int(used, 40, "what comes behind is not part of it");
	is_str(r.text, "mx.test hello", "text of its first line");
	is_int(r.starttls, 1, "STARTTLS in lower case");
	smtpread_init(&r);
	is_int(smtpread_feed(&r, "250-a\r\n220 b\r\n", 14, &used), -1,
	    "two codes");
	smtpread_init(&r);
	is_int(smtpread_feed(&r, "250 STARTTLSX\r\n", 15, &used), 1, "reply");
	is_int(r.starttls, 0, "another word");
	smtpread_init(&r);
	is_int(smtpread_feed(&r, "25", 2, &used), 0, "more is to come");
	is_int(smtpread_feed(&r, "0\r\n", 3, &used), 1, "code alone");
}

static void
test_hello(void)
{
	static const unsigned char alert[] = { 21, 3, 1, 0, 2, 2, 70 };
	unsigned char hello[TLS_HELLO_MAX];
	unsigned char answer[64] = { 22, 3, 3, 0, 44, 2, 0,
	    0, 40, 3, 2 };
	size_t len, i;
	int rc = 0;

	len = hello_build(HELLO_TLS13, "mx.test", hello, sizeof(hello));
	ok(len > 100 && hello[0] == 22 && hello[3] * 256u + hello[4] + 5 == len
	    && hello[6] * 65536u + hello[7] * 256u + hello[8] + 9 == len,
	    "lengths in a ClientHello");
	is_int(hello_answer(alert, sizeof(alert)), 0, "alert");
	for (i = 0; i < 49; i++)
		if (hello_answer(answer, i) != -1)
			rc++;
	is_int(rc, 0, "more is to come");
	is_int(hello_answer(answer, 49), HELLO_TLS11, "ServerHello of 1.1");
	answer[8] = 200;
	is_int(hello_answer(answer, 49), -2, "longer than its record");
	answer[8] = 40;
	answer[9 + 34] = 200;
	is_int(hello_answer(answer, 49), -2, "session id beyond its end");
	is_int(hello_answer((const unsigned char *)"220 ", 4), -2, "no TLS");
}

int
main(void)
{
	test_httpread();
	test_smtpread();
	test_hello();
	return done_testing();
}
