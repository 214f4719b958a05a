/* SPDX-License-Identifier: ISC */

/*
 * One report in every wrapping: packed, encoded, within mails of every shape.
 * And what must not be read: bombs, damaged archives.
 */

#include <err.h>
#include <stdio.h>

#include "make_report.h"

static const char report[] = "{\"organization-name\":\"Org\",\"date-range\":{"
    "\"start-datetime\":\"2026-03-04T00:00:00Z\",\"end-datetime\":"
    "\"2026-03-04T23:59:59Z\"},\"contact-info\":\"a@org.example\","
    "\"report-id\":\"Id\",\"policies\":[{\"policy\":{\"policy-type\":\"sts\"},"
    "\"summary\":{\"total-successful-session-count\":5,"
    "\"total-failure-session-count\":2},\"failure-details\":[{\"result-type\":"
    "\"certificate-expired\",\"failed-session-count\":2}]}]}";

enum { PACK_NONE, PACK_GZIP, PACK_GZIPS, PACK_ZIP, PACK_ZIP_STORE,
    PACK_ZIP_STREAM, PACK_ZIP_CUT, PACK_ZIP_GZIP, PACKS };
static const char *const packs[] = { "json", "gzip", "gzip in two members",
    "zip", "zip, stored", "zip, streamed", "zip, cut off", "gzip in zip" };

enum { CODE_8BIT, CODE_BINARY, CODE_BASE64, CODE_LONG, CODE_SHORT, CODE_QP,
    CODE_UU, CODE_UNSAID, CODES };
static const char *const codes[] = { "8bit", "binary", "base64",
    "base64 in one line", "base64 in odd lines", "quoted-printable",
    "x-uuencode", "base64 not said" };
static const char *const labels[] = { "8bit", "binary", "base64", "Base64",
    "BASE64 ", "quoted-printable", "x-uuencode", NULL };

enum { SHAPE_BARE, SHAPE_REPORT, SHAPE_HTML, SHAPE_NESTED, SHAPE_DEEP,
    SHAPE_MIXED, SHAPE_NO_BOUNDARY, SHAPE_CUT, SHAPE_ATTACHED, SHAPE_DIGEST,
    SHAPES };
static const char *const shapes[] = { "bare", "multipart/report",
    "html first, extra parts", "message/rfc822", "multiparts in multiparts",
    "wrong types and names", "no boundary named", "mail cut off",
    "a mail as an octet-stream", "a digest" };

static struct bytes
packed(int how)
{
	struct bytes b = { NULL, 0 }, c;
	size_t half = sizeof(report) / 2;

	switch (how) {
	case PACK_GZIP:
		return deflated(report, strlen(report), 31);
	case PACK_GZIPS:
		b = deflated(report, half, 31);
		c = deflated(report + half, strlen(report) - half, 31);
		bytes_add(&b, c.p, c.len);
		bytes_free(&c);
		return b;
	case PACK_ZIP:
		return zipped(report, strlen(report), "r.json", 0, 1);
	case PACK_ZIP_STORE:
		return zipped(report, strlen(report), "r.json", ZIP_STORE, 1);
	case PACK_ZIP_STREAM:
		return zipped(report, strlen(report), "r", ZIP_STREAM, 1);
	case PACK_ZIP_CUT:
		return zipped(report, strlen(report), "r.json",
		    ZIP_STREAM | ZIP_NO_DIR, 1);
	case PACK_ZIP_GZIP:
		c = deflated(report, strlen(report), 31);
		b = zipped(c.p, c.len, "r.json.gz", ZIP_STORE, 1);
		bytes_free(&c);
		return b;
	default:
		bytes_text(&b, report);
		return b;
	}
}

static struct bytes
coded(const struct bytes *in, int how, const char *nl)
{
	struct bytes b = { NULL, 0 };

	switch (how) {
	case CODE_BASE64:
	case CODE_UNSAID:
		return base64(in, 76, nl);
	case CODE_LONG:
		return base64(in, 0, nl);
	case CODE_SHORT:
		return base64(in, 13, nl);
	case CODE_QP:
		return quoted_printable(in, nl);
	case CODE_UU:
		return uuencoded(in, nl);
	default:
		bytes_add(&b, in->p, in->len);
		return b;
	}
}

/* Text with "\n" as the line end wanted. */
static void
lines(struct bytes *b, const char *text, const char *nl)
{
	for (; *text != '\0'; text++) {
		if (*text == '\n')
			bytes_text(b, nl);
		else
			bytes_add(b, text, 1);
	}
}

/* The part with the report: its header fields and body. */
static void
part(struct bytes *b, const char *type, const struct bytes *body, int code,
    const char *nl)
{
	bytes_text(b, "Content-Type: ");
	bytes_text(b, type);
	bytes_text(b, nl);
	if (labels[code] != NULL) {
		bytes_text(b, "Content-Transfer-Encoding:\t");
		bytes_text(b, labels[code]);
		bytes_text(b, nl);
	}
	bytes_text(b, nl);
	bytes_add(b, body->p, body->len);
	bytes_text(b, nl);
}

#define TYPE "application/tlsrpt+gzip; name=\"org.example!d.example!1!2.json.gz\""
#define HEAD "From: A <a@org.example>\nTo: b@d.example\n" \
	"TLS-Report-Domain: d.example\nTLS-Report-Submitter: org.example\n" \
	"Subject: Report Domain: d.example\n\tSubmitter: org.example\n" \
	"\tReport-ID: <x@org.example>\nMIME-Version: 1.0\n"

static void
shaped(struct bytes *b, int shape, const struct bytes *body, int code,
    const char *nl)
{
	struct bytes inner = { NULL, 0 };

	switch (shape) {
	case SHAPE_BARE:
		lines(b, HEAD, nl);
		part(b, TYPE, body, code, nl);
		return;
	case SHAPE_REPORT:
	case SHAPE_CUT:
		lines(b, HEAD "Content-Type: multipart/report; report-type="
		    "\"tlsrpt\";\n boundary=\"=_a b+c\"\n\nPreamble.\n"
		    "--=_a b+c\nContent-Type: text/plain\n\n"
		    "This is an aggregate TLS report.\n\n--=_a b+c\n", nl);
		part(b, TYPE, body, code, nl);
		if (shape == SHAPE_REPORT)
			lines(b, "--=_a b+c--\nEpilogue.\n", nl);
		return;
	case SHAPE_HTML:
		lines(b, HEAD "Content-Type: Multipart/Mixed; Boundary=B1"
		    " (a comment)\n\n--B1\nContent-Type: text/html\n\n"
		    "<html>{ \"policies\": 1 }</html>\n--B1 \n", nl);
		part(b, TYPE, body, code, nl);
		lines(b, "--B1\nContent-Type: image/png\nContent-Transfer-"
		    "Encoding: base64\n\niVBORw0KGgo=\n--B1\n\n--\nfooter\n"
		    "--B1--\n", nl);
		return;
	case SHAPE_NESTED:
	case SHAPE_ATTACHED:
	case SHAPE_DIGEST:
		shaped(&inner, SHAPE_REPORT, body, code, nl);
		lines(b, "From: list@other.example\nMIME-Version: 1.0\n"
		    "Content-Type: multipart/", nl);
		lines(b, shape == SHAPE_DIGEST ? "digest" : "mixed", nl);
		lines(b, "; boundary=outer\n\n--outer\n"
		    "Content-Type: text/plain\n\nForwarded.\n--outer\n", nl);
		/* A digest's parts are mails without saying so. */
		lines(b, shape == SHAPE_NESTED ? "Content-Type: "
		    "message/rfc822\n\n" : shape == SHAPE_DIGEST ? "\n" :
		    "Content-Type: application/octet-stream\n\n", nl);
		bytes_add(b, inner.p, inner.len);
		lines(b, "\n--outer--\n", nl);
		bytes_free(&inner);
		return;
	case SHAPE_DEEP:
		lines(b, HEAD "Content-Type: multipart/mixed; boundary=a\n\n"
		    "--a\nContent-Type: multipart/related; boundary=\"aa\"\n\n"
		    "--aa\nContent-Type: multipart/alternative; boundary=aaa"
		    "\n\n--aaa\n\ntext\n--aaa\nContent-Type: text/html\n\n<p>"
		    "\n--aaa--\n--aa\n", nl);
		part(b, TYPE, body, code, nl);
		lines(b, "--aa--\n--a\n\nmore\n--a--\n", nl);
		return;
	case SHAPE_MIXED:
		lines(b, HEAD "Content-Type: multipart/mixed; boundary=q\n\n"
		    "--q\nContent-Disposition: attachment;\n"
		    " filename*0=\"report\"; filename*1=\".pdf\"\n", nl);
		part(b, "image/jpeg; name=x.doc", body, code, nl);
		lines(b, "--q--\n", nl);
		return;
	case SHAPE_NO_BOUNDARY:
		lines(b, HEAD "Content-Type: multipart/report\n\n"
		    "--somewhere\n\nText.\n--somewhere\n", nl);
		part(b, TYPE, body, code, nl);
		lines(b, "--somewhere--\n", nl);
		return;
	}
}

static void
every_wrapping(void)
{
	static const char *const ends[] = { "\n", "\r\n" };
	struct bytes body, code, mail;
	struct got g;
	int p, c, s, e, bad, all = 0;

	for (p = 0; p < PACKS; p++) {
		for (c = 0; c < CODES; c++) {
			bad = 0;
			for (s = 0; s < SHAPES; s++)
				for (e = 0; e < 2; e++) {
					body = packed(p);
					code = coded(&body, c, ends[e]);
					mail.p = NULL;
					mail.len = 0;
					shaped(&mail, s, &code, c, ends[e]);
					g = got("mail", mail.p, mail.len,
					    NULL);
					if (g.n != 1 || g.sessions != 7 ||
					    g.details != 2 || strcmp(g.domains,
					    "d.example") != 0) {
						bad++;
						printf("# %s, %s: %d %s %s\n",
						    shapes[s], e == 0 ? "LF" :
						    "CRLF", g.n, g.domains,
						    g.problem);
					}
					all++;
					bytes_free(&body);
					bytes_free(&code);
					bytes_free(&mail);
				}
			is_int(bad, 0, "%s, %s, in every mail", packs[p],
			    codes[c]);
		}
		body = packed(p);
		g = got("file", body.p, body.len, NULL);
		is_int(g.n, 1, "%s as a file", packs[p]);
		bytes_free(&body);
	}
	ok(all > 1000, "%d mails were read", all);
}

static void
several(void)
{
	struct bytes gz = deflated(report, strlen(report), 31), z, mail, b;
	struct got g;
	int i;

	memset(&mail, 0, sizeof(mail));
	b = base64(&gz, 76, "\n");
	lines(&mail, HEAD "Content-Type: multipart/mixed; boundary=q\n\n",
	    "\n");
	for (i = 0; i < 5; i++) {
		bytes_text(&mail, "--q\n");
		part(&mail, TYPE, &b, CODE_BASE64, "\n");
	}
	bytes_text(&mail, "--q--\n");
	g = got("m", mail.p, mail.len, NULL);
	is_int(g.n, 5, "five reports in a mail");
	bytes_free(&mail);

	z = zipped(report, strlen(report), "a/b.json", ZIP_STREAM, 3);
	g = got("z", z.p, z.len, NULL);
	is_int(g.n, 3, "three reports in an archive");
	bytes_free(&z);
	z = zipped(report, strlen(report), "b.json", ZIP_STREAM | ZIP_NO_DIR,
	    3);
	g = got("z", z.p, z.len, NULL);
	is_int(g.n, 3, "three in one without a directory");
	bytes_free(&z);
	z = zipped(report, strlen(report), "b.json", ZIP_CRYPT, 2);
	g = got("z", z.p, z.len, NULL);
	is_int(g.n, 0, "none in an encrypted one");
	ok(strstr(g.problem, "encrypted") != NULL, "which is said: %s",
	    g.problem);
	bytes_free(&z);

	/* An mbox in gzip; an archive of too many files. */
	memset(&mail, 0, sizeof(mail));
	for (i = 0; i < 4; i++) {
		bytes_text(&mail, "From a@b Thu Mar  5 10:00:00 2026\n");
		bytes_text(&mail, "From: a@b\n\n");
		bytes_text(&mail, report);
		bytes_text(&mail, "\n\n");
	}
	z = deflated(mail.p, mail.len, 31);
	g = got("m.gz", z.p, z.len, NULL);
	is_int(g.n, 4, "four mails in a packed mbox");
	bytes_free(&mail);
	bytes_free(&z);
	z = zipped(report, strlen(report), "r", 0, READ_ZIP_FILES_MAX + 1);
	g = got("z", z.p, z.len, NULL);
	is_int(g.n, READ_ZIP_FILES_MAX, "as many files as are read");
	is_str(g.problem, "more files than are read", "and a word of the rest");
	bytes_free(&z);

	bytes_text(&gz, "\nSent by my gateway");
	g = got("z", gz.p, gz.len, NULL);
	is_int(g.n, 1, "text behind gzip data");
	ok(strstr(g.odd, "bytes after the gzip data") != NULL, "is odd");
	gz.len -= strlen("\nSent by my gateway");
	gz.p[gz.len - 8] ^= 1;
	g = got("z", gz.p, gz.len, NULL);
	is_int(g.n, 1, "a wrong checksum");
	ok(strstr(g.odd, "gzip data") != NULL, "is odd: %s", g.odd);
	g = got("z", gz.p, gz.len / 2, NULL);
	is_int(g.n, 0, "half of it is no report");
	/* How much of a half zlib gives depends on its version. */
	ok(strcmp(g.problem, "the JSON ends early") == 0 ||
	    strcmp(g.problem, "gzip data end early") == 0,
	    "and it is said why: %s", g.problem);
	bytes_free(&gz);
	bytes_free(&b);
}

static void
other_kinds(void)
{
	static const char xml[] = "<?xml version=\"1.0\"?>\n<feedback>\n";
	struct bytes gz = deflated(xml, strlen(xml), 31), z, mail, b;
	struct got g;
	char tar[2048];

	memset(&mail, 0, sizeof(mail));
	b = base64(&gz, 76, "\n");
	lines(&mail, HEAD, "\n");
	part(&mail, "application/gzip", &b, CODE_BASE64, "\n");
	g = got("m", mail.p, mail.len, NULL);
	is_str(g.problem, "DMARC, skipped", "DMARC in gzip");
	bytes_free(&mail);
	z = zipped(xml, strlen(xml), "x.xml", 0, 1);
	g = got("z", z.p, z.len, NULL);
	is_str(g.problem, "DMARC, skipped", "DMARC in zip");
	bytes_free(&z);
	z = zipped("hello", 5, "x.txt", ZIP_STORE, 1);
	g = got("z", z.p, z.len, NULL);
	is_str(g.problem, "packed, but no report", "something else in zip");
	bytes_free(&z);
	/* An archive of one file, in which the report is whole. */
	bytes_free(&gz);
	memset(tar, 0, sizeof(tar));
	strlcpy(tar, "r.json", sizeof(tar));
	memcpy(tar + 257, "ustar", 5);
	memcpy(tar + 512, report, strlen(report));
	g = got("r.tar", tar, sizeof(tar), NULL);
	is_str(g.problem, "a tar archive: RFC 8460 asks for gzip of the JSON "
	    "itself", "tar");
	gz = deflated(tar, sizeof(tar), 31);
	g = got("r.tgz", gz.p, gz.len, NULL);
	is_str(g.problem, "a tar archive: RFC 8460 asks for gzip of the JSON "
	    "itself", "tar in gzip");
	lines(&mail, "From: x@y\nSubject: hello\n\nHello.\n", "\n");
	g = got("m", mail.p, mail.len, NULL);
	is_str(g.problem, "no report in it", "a mail without a report");
	bytes_free(&mail);
	bytes_free(&gz);
	bytes_free(&b);
}

static void
bombs(void)
{
	struct bytes zero, gz, z, mail = { NULL, 0 };
	struct got g;
	int i;

	zero.len = READ_REPORT_MAX + 1000;
	if ((zero.p = calloc(1, zero.len)) == NULL)
		err(1, NULL);
	memset(zero.p, ' ', zero.len);
	zero.p[0] = '{';
	gz = deflated(zero.p, zero.len, 31);
	ok(gz.len < 200000, "a bomb of %zu bytes", gz.len);
	g = got("b", gz.p, gz.len, NULL);
	is_str(g.problem, "expands to more than is read", "gzip bomb");
	bytes_free(&gz);
	/* Each is within the bound, all together are not. */
	z = zipped(zero.p, READ_REPORT_MAX / 3, "x.json", 0, 5);
	g = got("b", z.p, z.len, NULL);
	ok(strstr(g.problem, "expands to more than is read") != NULL,
	    "zip bomb: %s", g.problem);
	bytes_free(&z);
	bytes_free(&zero);
	gz = deflated(report, strlen(report), 31);
	for (i = 0; i < 5; i++) {
		z = deflated(gz.p, gz.len, 31);
		bytes_free(&gz);
		gz = z;
	}
	g = got("b", gz.p, gz.len, NULL);
	is_str(g.problem, "packed too many times", "gzip in gzip in gzip");
	bytes_free(&gz);
	/* Parts and depth of a mail. */
	bytes_text(&mail, "MIME-Version: 1.0\nContent-Type: multipart/mixed;"
	    " boundary=b\n\n");
	for (i = 0; i < 100000; i++)
		bytes_text(&mail, "--b\n\nx\n");
	g = got("b", mail.p, mail.len, NULL);
	is_str(g.problem, "more parts than are read", "100000 parts");
	bytes_free(&mail);
	for (i = 0; i < 1000; i++)
		bytes_text(&mail, "Content-Type: message/rfc822\n\n");
	g = got("b", mail.p, mail.len, NULL);
	is_str(g.problem, "more parts than are read", "1000 mails in mails");
	bytes_free(&mail);
}

int
main(void)
{
	every_wrapping();
	several();
	other_kinds();
	bombs();
	return done_testing();
}
