/* SPDX-License-Identifier: ISC */

/*
 * The report as a message (RFC 8460 3, 5.3).
 */

#include <sys/types.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/date.h"
#include "base/log.h"
#include "report/report_mail.h"
#include "report/report.h"
#include "lib/xalloc.h"

/* RFC 5322 2.1.1 would like lines no longer than this. */
#define MAIL_LINE 78

void
mail_id(const char *report_id, const char *to, char out[], size_t outsz)
{
	uint32_t h = 2166136261u;	/* FNV-1a */

	for (; *to != '\0'; to++)
		h = (h ^ (unsigned char)*to) * 16777619u;
	if (snprintf(out, outsz, "%s.%08x", report_id, (unsigned int)h) >=
	    (int)outsz)
		fatalx("mail: overlong report-id");
}

/*
 * Auto-Submitted: RFC 3834 5.  TLS-Required: RFC 8689 3, since RFC 8460 3 wants
 * a report delivered whatever ails the TLS that it reports on.
 */
static void
header(FILE *fp, const struct conf *conf, const struct report *re,
    const char *to, int64_t now)
{
	char date[64], id[600];
	size_t at = strlen("From: ");

	time_print_mail(now, date, sizeof(date));
	mail_id(re->id, to, id, sizeof(id));
	fputs("From: ", fp);
	if (conf->organization != NULL && conf->organization[0] != '\0') {
		at = mail_phrase(fp, conf->organization, at);
		fputs(at + strlen(conf->report_from) + 3 > MAIL_LINE ?
		    "\n " : " ", fp);
	}
	fprintf(fp, "<%s>\nTo: <%s>\n", conf->report_from, to);
	fprintf(fp, "Subject: Report Domain: %s\n Submitter: %s\n"
	    " Report-ID: <%s@%s>\n", re->domain, conf->submitter, re->id,
	    conf->submitter);
	fprintf(fp, "Date: %s\nMessage-ID: <%s@%s>\n", date, id,
	    conf->submitter);
	fprintf(fp, "TLS-Report-Domain: %s\nTLS-Report-Submitter: %s\n",
	    re->domain, conf->submitter);
	fputs("TLS-Required: No\nAuto-Submitted: auto-generated\n"
	    "MIME-Version: 1.0\n", fp);
}

static void
part_for_people(FILE *fp, const struct conf *conf, const struct report *re)
{
	char *text = NULL;
	size_t len = 0;
	FILE *mem;
	int plain;

	mem = xmemstream(&text, &len);
	mail_text(mem, conf, re);
	xmemclose(mem, &text);
	plain = mail_is_plain(text);
	fprintf(fp, "Content-Type: text/plain; charset=\"%s\"\n"
	    "Content-Transfer-Encoding: %s\n\n", plain ? "us-ascii" : "utf-8",
	    plain ? "7bit" : "quoted-printable");
	if (plain)
		fputs(text, fp);
	else
		mail_quoted_printable(fp, text);
	free(text);
}

static void
part_for_programs(FILE *fp, const struct conf *conf, const struct report *re)
{
	char *name = report_filename(conf, re);

	fprintf(fp, "Content-Type: application/tlsrpt+gzip\n"
	    "Content-Transfer-Encoding: base64\n"
	    "Content-Disposition: attachment;\n"
	    " filename=\"%s.json.gz\"\n\n", name);
	mail_base64(fp, re->gz, re->gzlen);
	free(name);
}

int
mail_write(int fd, const struct conf *conf, const struct report *re,
    const char *to, int64_t now)
{
	const char *unique = strrchr(re->id, '.');
	int copy, failed;
	FILE *fp;

	if (re->gz == NULL)
		fatalx("mail: report not packed");
	if ((copy = dup(fd)) == -1 || (fp = fdopen(copy, "w")) == NULL) {
		log_warn("mail");
		if (copy != -1)
			close(copy);
		return -1;
	}
	unique = unique == NULL ? re->id : unique + 1;
	header(fp, conf, re, to, now);
	/* Neither encoding below has "=_" in it. */
	fprintf(fp, "Content-Type: multipart/report; report-type=\"tlsrpt\";\n"
	    " boundary=\"=_%s\"\n\n--=_%s\n", unique, unique);
	part_for_people(fp, conf, re);
	fprintf(fp, "\n--=_%s\n", unique);
	part_for_programs(fp, conf, re);
	fprintf(fp, "\n--=_%s--\n", unique);
	failed = ferror(fp);
	if (fclose(fp) == EOF || failed || lseek(fd, 0, SEEK_SET) == -1) {
		log_warn("mail");
		return -1;
	}
	return 0;
}
