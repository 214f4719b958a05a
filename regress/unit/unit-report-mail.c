/* SPDX-License-Identifier: ISC */

/* The mail that carries a report, and what it says to people. */

#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "conftext.h"
#include "report/report_mail.h"
#include "report_bench.h"
#include "tap.h"

/* What the mail says to people is what the file says. */
static void
went_without(struct store *st, const struct conf *conf)
{
	struct report *re = built(st, conf, "fetch.nz", DAY);
	char *text = NULL;
	size_t len;
	FILE *fp = open_memstream(&text, &len);

	if (fp == NULL || re == NULL)
		fatalx("fetch.nz");
	mail_text(fp, conf, re);
	fclose(fp);
	ok(strstr(text, "has no MTA-STS policy") == NULL &&
	    strstr(text, "announces an MTA-STS policy that could not be had")
	    != NULL, "a policy that could not be had is not called none");
	free(text);
	report_free(re);
}

/* A whole file, to be freed. */
static char *
slurp(int fd)
{
	struct stat sb;
	char *text;

	if (fstat(fd, &sb) == -1 ||
	    (text = calloc(1, (size_t)sb.st_size + 1)) == NULL)
		return NULL;
	if (read(fd, text, (size_t)sb.st_size) != sb.st_size) {
		free(text);
		return NULL;
	}
	return text;
}

static int
longest_line(const char *text)
{
	size_t n, max = 0;

	for (; *text != '\0'; text += n + (text[n] != '\0'))
		if ((n = strcspn(text, "\n")) > max)
			max = n;
	return (int)max;
}

static void
message(struct store *st, const struct conf *conf)
{
	static const char *const want[] = {
		"From: =?UTF-8?B?TcOkbnRpZXMgJiAiQ28i?="
		" <tlsrpt-noreply@minties.govt.nz>\n",
		"\nTo: <tls@sts.nz>\n",
		"\nSubject: Report Domain: sts.nz\n Submitter: minties.govt.nz\n"
		" Report-ID: <20260305.sts.nz.",
		"@minties.govt.nz>\nDate: Fri, 06 Mar 2026 01:02:03 +0000\n"
		"Message-ID: <20260305.sts.nz.",
		"\nTLS-Report-Domain: sts.nz\n",
		"\nTLS-Report-Submitter: minties.govt.nz\n",
		"\nTLS-Required: No\n",
		"\nAuto-Submitted: auto-generated\n",
		"\nMIME-Version: 1.0\n",
		"\nContent-Type: multipart/report; report-type=\"tlsrpt\";\n"
		" boundary=\"=_",
		"\nContent-Type: text/plain; charset=\"utf-8\"\n"
		"Content-Transfer-Encoding: quoted-printable\n",
		"\nContent-Type: application/tlsrpt+gzip\n"
		"Content-Transfer-Encoding: base64\n"
		"Content-Disposition: attachment;\n"
		" filename=\"minties.govt.nz!sts.nz!1772668800!1772755199!",
		"Sessions with TLS:     ",
		"starttls-not-supported: the receiving host",
		"\n\nH4sIAAAA",
	};
	struct report *re = built(st, conf, "sts.nz", DAY);
	char *text = NULL;
	size_t i;
	int fd = -1;

	if (!ok(re != NULL && report_pack(re) == 0 &&
	    (fd = open("mail", O_RDWR | O_CREAT | O_TRUNC, 0600)) != -1 &&
	    mail_write(fd, conf, re, "tls@sts.nz", DAY * 86400LL + 90123) == 0 &&
	    (text = slurp(fd)) != NULL, "a message"))
		return;
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		if (!ok(strstr(text, want[i]) != NULL, "it has: %.*s",
		    (int)strcspn(want[i] + strspn(want[i], "\n"), "\n"),
		    want[i] + strspn(want[i], "\n")))
			printf("# in %s\n", text);
	ok(strchr(text, '\r') == NULL, "line ends are LF: sendmail's own");
	ok(longest_line(text) <= 78, "no line is over 78 characters");
	free(text);
	close(fd);
	report_free(re);
}

/* Short ASCII names stand as they are, quoted; then the text is plain. */
static void
plain_message(struct store *st)
{
	struct report *re;
	struct conf *conf;
	char *said, *text = NULL;
	int fd = -1;

	conf = conf_text("organization \"Minties \\\"Ltd\\\"\"\n"
	    "contact \"t@minties.govt.nz\"\nlocal { \"minties.govt.nz\" }\n"
	    "report from \"r@minties.govt.nz\"\n", &said);
	if (!ok(conf != NULL, "a plain configuration %s", said))
		return;
	re = built(st, conf, "plain.nz", DAY);
	if (ok(re != NULL && report_pack(re) == 0 &&
	    (fd = open("mail", O_RDWR | O_CREAT | O_TRUNC, 0600)) != -1 &&
	    mail_write(fd, conf, re, "a@plain.nz", 0) == 0 &&
	    (text = slurp(fd)) != NULL, "a plain message")) {
		ok(strncmp(text, "From: \"Minties \\\"Ltd\\\"\""
		    " <r@minties.govt.nz>\n", 44) == 0, "From is quoted");
		ok(strstr(text, "charset=\"us-ascii\"\n"
		    "Content-Transfer-Encoding: 7bit\n") != NULL,
		    "the text is plain ASCII");
		ok(strstr(text, "plain.nz has no MTA-STS policy.") != NULL,
		    "and says that there is no policy");
	}
	free(text);
	if (fd != -1)
		close(fd);
	report_free(re);
	conf_free(conf);
	free(said);
}

/*
 * Names as long as they can be: folded where a line may be, each encoded word
 * whole (RFC 2047 2, 5), no line over what RFC 5322 2.1.1 forbids.
 */
static void
long_message(struct store *st)
{
	static const char label[] =
	    "a23456789012345678901234567890123456789012345678901234567890123";
	struct report *re;
	struct conf *conf;
	char domain[254], lines[1024], *said, *text = NULL, *p;
	int fd = -1, words = 0, bad = 0;
	size_t n;

	(void)snprintf(domain, sizeof(domain), "%s.%s.%s.%.58s.nz", label,
	    label, label, label);
	(void)snprintf(lines, sizeof(lines), "organization \"%s%s%s\"\n"
	    "contact \"t@%s\"\nlocal { \"%s\" }\n",
	    "Te M\304\201nat\305\253 Wh\304\201tukutuku \342\200\224 ",
	    "Te M\304\201nat\305\253 Wh\304\201tukutuku \342\200\224 ",
	    "Te M\304\201nat\305\253", domain, domain);
	conf = conf_text(lines, &said);
	store_sql(st, "INSERT INTO tally VALUES (20517, '%s', 0, 1, 0)",
	    domain);
	if (!ok(conf != NULL, "long names %s", said))
		return;
	re = built(st, conf, domain, DAY);
	if (!ok(re != NULL && report_pack(re) == 0 &&
	    (fd = open("mail", O_RDWR | O_CREAT | O_TRUNC, 0600)) != -1 &&
	    mail_write(fd, conf, re, "a@plain.nz", 0) == 0 &&
	    (text = slurp(fd)) != NULL, "a message with long names"))
		return;
	for (p = text; (p = strstr(p, "=?UTF-8?B?")) != NULL; p += n) {
		n = strcspn(p, " \n");
		words++;
		bad += n > 75 || strncmp(p + n - 2, "?=", 2) != 0;
	}
	ok(words >= 2 && bad == 0, "%d encoded words, none over 75", words);
	ok(longest_line(text) <= 998, "no line is over 998 characters: %d",
	    longest_line(text));
	ok(strstr(text, "\nSubject: Report Domain: a23") != NULL &&
	    strstr(text, ".nz\n Submitter: a23") != NULL &&
	    strstr(text, ".nz\n Report-ID: <20260305.a23") != NULL &&
	    strstr(text, ".nz>\nDate: ") != NULL,
	    "the Subject is folded between its parts");
	ok(strstr(text, "\n <tlsrpt-noreply@a23") != NULL,
	    "and From before the address");
	free(text);
	close(fd);
	report_free(re);
	conf_free(conf);
	free(said);
}

int
main(void)
{
	struct conf *conf;
	struct store *st = bench_begin("unit-report-mail", &conf);

	went_without(st, conf);
	message(st, conf);
	plain_message(st);
	long_message(st);
	(void)unlink("mail");
	bench_end(st, conf);
	return done_testing();
}
