/* SPDX-License-Identifier: ISC */

/*
 * What is believed of Authentication-Results fields.
 */

#include <err.h>
#include <stdio.h>
#include <unistd.h>

#include <stdlib.h>

#include "conftext.h"
#include "reader/reader.h"
#include "tap.h"

static struct conf *
conf_make(void)
{
	struct conf *conf;
	char *said;

	if ((conf = conf_text("organization \"O\"\n"
	    "contact \"c@minties.govt.nz\"\n"
	    "hostname \"mail.minties.govt.nz\"\n"
	    "local { \"minties.govt.nz\" }\n"
	    "dkim verified by { \"mail.minties.govt.nz\""
	    " \"filter.example\" }\n"
	    "database sqlite \"/nonexistent\"\n"
	    "report from \"r@minties.govt.nz\"\n", &said)) == NULL)
		errx(1, "conf_read: %s", said == NULL ? "" : said);
	free(said);
	return conf;
}

#define FROM "From: x@google.com\n"
#define OURS "Authentication-Results: mail.minties.govt.nz;"
#define PASS " dkim=pass header.d=google.com\n"
#define HOP "Received: from a (b [192.0.2.1])\n\tby mail.minties.govt.nz " \
	"(OpenSMTPD) with ESMTPS; Thu, 5 Mar 2026\n"
#define SIGNED "DKIM-Signature: v=1; a=rsa-sha256;\n\td = Google.com ; s=a;" \
	" b=AAAA\n"
#define FOREIGN "Received: from a by mx.google.com; Thu, 5 Mar 2026\n"

static const struct {
	const char	*name;
	const char	*head;
	const char	*want;
} cases[] = {
	{ "none", FROM, "none" },
	{ "pass by our host", HOP OURS PASS FROM, "pass google.com" },
	{ "by another that is named", "Authentication-Results: "
	    "filter.example 1;" PASS FROM, "pass google.com" },
	{ "by one above which our host has looked at nothing", HOP OURS
	    " none\n" OURS PASS FROM, "none" },
	{ "so said otherwise", HOP OURS " NONE (not asked) \n" OURS PASS FROM,
	    "none" },
	{ "by one above which our host looked at something else", HOP OURS
	    " dmarc=pass\n" OURS PASS FROM, "pass google.com" },
	{ "by a host of a local domain that is not named",
	    "Authentication-Results: mx2.minties.govt.nz 1;" PASS FROM,
	    "none" },
	{ "by header.i", OURS " spf=pass smtp.mailfrom=x;\n dkim=pass (2048-bit"
	    " key; it is good) header.i=@google.com\n" FROM,
	    "pass google.com" },
	{ "by somebody else's host", "Authentication-Results: mx.google.com;"
	    PASS FROM, "none" },
	{ "by a host that only begins like ours", "Authentication-Results: "
	    "mail.minties.govt.nz.evil.example;" PASS FROM, "none" },
	{ "another's signature", OURS " dkim=pass header.d=evil.example\n"
	    FROM, "other evil.example" },
	{ "the From domain's parent", OURS " dkim=pass header.d=b.example\n"
	    "From: x@a.b.example\n", "pass b.example" },
	{ "a top-level domain's", OURS " dkim=pass header.d=example\n"
	    "From: x@a.example\n", "other example" },
	{ "two signatures", OURS " dkim=fail header.d=google.com;"
	    " dkim=pass header.d=list.example;" PASS FROM,
	    "pass google.com" },
	{ "fail", OURS " dkim=fail (bad) header.d=google.com\n" FROM,
	    "fail" },
	{ "not signed", OURS " dkim=none\n" FROM, "none" },
	{ "no result of DKIM", OURS " spf=pass\n" FROM, "none" },
	{ "two fields of ours together", OURS " spf=pass\n" OURS PASS SIGNED
	    FROM, "pass google.com" },
	{ "the lower of two of a mail without a signature", OURS " spf=pass\n"
	    OURS PASS FROM, "contradicted" },
	{ "the lower of two of a mail with another's signature", OURS
	    " dmarc=none\n" OURS PASS "DKIM-Signature: d=evil.example; b=A\n"
	    FROM, "contradicted" },
	{ "the lower of two where DMARC failed", OURS " dmarc=fail "
	    "(p=none dis=none) header.from=google.com\n" OURS PASS SIGNED FROM,
	    "contradicted" },
	{ "below DMARC's field, whatever SPF's says", OURS " dmarc=fail\n"
	    OURS " dmarc=pass\n" OURS PASS SIGNED FROM, "contradicted" },
	{ "one of DKIM alone needs no more", OURS PASS FROM,
	    "pass google.com" },
	{ "OpenDMARC's on OpenDKIM's, with what they are", HOP
	    "DMARC-Filter: OpenDMARC Filter v1.4.2\n" OURS
	    " dmarc=none (p=none dis=none)\n header.from=google.com\n"
	    "DKIM-Filter: OpenDKIM Filter v2.11.0\n" OURS PASS
	    "Received-SPF: pass\n" SIGNED FROM, "pass google.com" },
	{ "the last of four below SPF's", OURS " spf=pass\n"
	    "Received-SPF: pass\n" OURS " arc=none\n" OURS
	    " iprev=pass\n" OURS PASS SIGNED FROM, "pass google.com" },
	{ "a field's own DMARC is not above it", OURS " dmarc=fail; dkim=pass "
	    "header.d=google.com\n" FROM, "pass google.com" },
	{ "a quoted name", "Authentication-Results: \"mail.minties.govt.nz\""
	    " (me) ;" PASS FROM, "pass google.com" },
	{ "a quoted name and a version", "Authentication-Results: "
	    "\"filter.example\" 1;" PASS FROM, "pass google.com" },
	{ "a quoted name that only begins like ours", "Authentication-Results:"
	    " \"mail.minties.govt.nz evil\";" PASS FROM, "none" },
	{ "a quote within a name", "Authentication-Results: "
	    "mail.\"minties.govt.nz\";" PASS FROM, "none" },
	{ "a method's version", OURS " dkim/1=pass header.d=google.com\n" FROM,
	    "pass google.com" },
	{ "a method's version with comments", OURS " dkim (a) / (b) 1 (c) = "
	    "pass header.d=google.com\n" FROM, "pass google.com" },
	{ "blanks around a property's =", OURS " dkim=pass header.d (c) = "
	    "google.com\n" FROM, "pass google.com" },
	{ "a version of which nobody knows", OURS " dkim/2=pass "
	    "header.d=google.com\n" FROM, "none" },
	{ "a failure with a version", OURS " dkim/1=fail\n" OURS PASS SIGNED
	    FROM, "fail" },
	{ "the upper one counts", OURS " dkim=fail\n" OURS PASS FROM,
	    "fail" },
	{ "below another field", OURS " spf=pass\nSubject: x\n" OURS PASS
	    FROM, "none" },
	{ "below another host's", OURS " spf=pass\n"
	    "Authentication-Results: x.example; none\n" OURS PASS FROM,
	    "none" },
	{ "below a foreign hop", HOP FOREIGN OURS PASS FROM, "none" },
	{ "below our own hops", HOP HOP OURS PASS FROM, "pass google.com" },
	{ "a quoted address as a result", OURS " spf=pass smtp.mailfrom=\"a; "
	    "dkim=pass header.d=google.com\"@evil.example\n" FROM, "none" },
	{ "a comment as a result", OURS " spf=pass (a; dkim=pass "
	    "header.d=google.com)\n" FROM, "none" },
	{ "a parenthesis behind a backslash", OURS " dkim=fail (\\); dkim=pass "
	    "header.d=google.com ) header.d=google.com\n" FROM, "fail" },
	{ "a quote behind a backslash", OURS " spf=pass smtp.mailfrom=\"a\\\"; "
	    "dkim=pass header.d=google.com; x=\\\"\"@evil.example\n" FROM,
	    "none" },
	{ "a backslash that ends a comment", OURS " spf=pass (a\\\\) ;" PASS
	    FROM, "pass google.com" },
	{ "a comment within a comment", OURS " spf=pass (a (b) ; dkim=pass "
	    "header.d=google.com)\n" FROM, "none" },
	{ "a comment that does not end", OURS " dkim=fail ( ;" PASS FROM,
	    "none" },
	{ "a quoted word that does not end", OURS " dkim=fail x=\" ;" PASS
	    FROM, "none" },
	{ "a line that is no field before it", "a line without a colon\n"
	    OURS PASS FROM, "pass google.com" },
	{ "one of other bytes in the middle", OURS PASS
	    "X-Gr\366\337e: 1\n" "two words: 2\n" FROM, "pass google.com" },
	{ "one in the middle of that header", OURS "\n"
	    ": no name\n" PASS FROM, "none" },
	{ "a body that nothing divides from the header", FROM
	    "{ \"a\":1,\n" OURS PASS, "none" },
	{ "an address that names a domain", OURS " dkim=pass "
	    "header.i=\"x header.d=google.com\"@evil.example\n" FROM,
	    "other evil.example" },
	{ "in another case", "AUTHENTICATION-RESULTS: Mail.Minties.GOVT.NZ;\r\n"
	    "\tDKIM = PASS\r\n\theader.d=Google.COM\r\nFrom: \"a@b\" "
	    "<x@Google.Com>\r\n", "pass google.com" },
};

int
main(void)
{
	struct conf *conf = conf_make();
	struct mime mail;
	struct rd_dkim dkim;
	char text[4096], from[DOMAIN_MAX], *mark;
	const char *const names[] = { from };
	size_t i;

	for (i = 0; i < nitems(cases); i++) {
		snprintf(text, sizeof(text), "%s\nbody\n" OURS PASS,
		    cases[i].head);
		mime_split(text, strlen(text), &mail);
		reader_from(&mail, from, sizeof(from));
		reader_dkim(&mail, conf, &dkim);
		mark = reader_mark(&dkim, names, 1);
		is_str(mark, cases[i].want, "%s", cases[i].name);
		free(mark);
		reader_dkim(&mail, NULL, &dkim);
		mark = reader_mark(&dkim, names, 1);
		is_str(mark, "", "%s: nobody is trusted without sge.conf",
		    cases[i].name);
		free(mark);
	}
	conf_free(conf);
	return done_testing();
}
