/* SPDX-License-Identifier: ISC */

/*
 * What a postmaster reads who opens a report's mail without any program: how
 * many sessions, under which policy, what failed, in plain sentences.
 */

#include <sys/types.h>

#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "lib/date.h"
#include "lib/xalloc.h"
#include "report/report_mail.h"
#include "rfc/result.h"

#define WIDTH 72
/* Rows of hosts under one policy, and lines of it; the file has them all. */
#define ROWS_MAX 20
#define POLICY_LINES_MAX 40

/* Words, wrapped; the first line begins with lead, the others with blanks. */
static void
paragraph(FILE *fp, const char *lead, const char *text)
{
	size_t column = strlen(lead), indent = column, n;
	int first = 1;

	fputs(lead, fp);
	while (*(text += strspn(text, " ")) != '\0') {
		n = strcspn(text, " ");
		if (!first && column + 1 + n > WIDTH) {
			fprintf(fp, "\n%*s", (int)indent, "");
			column = indent;
			first = 1;
		}
		column += (size_t)fprintf(fp, "%s%.*s", first ? "" : " ",
		    (int)n, text);
		first = 0;
		text += n;
	}
	fputc('\n', fp);
}

static void
paragraphf(FILE *fp, const char *lead, const char *fmt, ...)
    __attribute__((__format__(printf, 3, 4)));

static void
paragraphf(FILE *fp, const char *lead, const char *fmt, ...)
{
	char *text;
	va_list ap;

	va_start(ap, fmt);
	xvasprintf(&text, fmt, ap);
	va_end(ap);
	paragraph(fp, lead, text);
	free(text);
}

static const char *
member(const json_t *obj, const char *key)
{
	const char *s = json_string_value(json_object_get(obj, key));

	return s == NULL ? "" : s;
}

static long long
number(const json_t *obj, const char *key)
{
	return (long long)json_integer_value(json_object_get(obj, key));
}

/* The sessions that failed with that type. */
static long long
count_type(const json_t *rows, const char *type)
{
	long long n = 0;
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
		if (strcmp(member(row, "result-type"), type) == 0)
			n += number(row, "failed-session-count");
	return n;
}

static void
put_row(FILE *fp, const json_t *row)
{
	const char *host = member(row, "receiving-mx-hostname");
	const char *ip = member(row, "receiving-ip");
	const char *reason = member(row, "failure-reason-code");

	if (host[0] == '\0' && ip[0] == '\0' && reason[0] == '\0')
		return;
	paragraphf(fp, "      ", "%lld: %s%s%s%s%s%s%s",
	    number(row, "failed-session-count"),
	    host, host[0] != '\0' && ip[0] != '\0' ? " " : "",
	    ip[0] != '\0' ? "[" : "", ip, ip[0] != '\0' ? "]" : "",
	    reason[0] != '\0' && (host[0] != '\0' || ip[0] != '\0') ?
	    ", " : "", reason);
}

/* Each type once, its sentence, its hosts. */
static void
put_failures(FILE *fp, const json_t *rows)
{
	const char *type, *last = "";
	const struct result *result;
	const json_t *row;
	size_t i, shown = 0;
	long long n;

	json_array_foreach(rows, i, row) {
		type = member(row, "result-type");
		/* Rows of a type stand together, but for sums at the end. */
		if (strcmp(type, last) != 0) {
			result = result_type(type);
			n = count_type(rows, type);
			paragraphf(fp, "    ", "%lld %s with %s%s%s", n,
			    n == 1 ? "session" : "sessions", type,
			    result == NULL ? "." : ": ",
			    result == NULL ? "" : result->sentence);
			last = type;
		}
		if (shown++ < ROWS_MAX)
			put_row(fp, row);
	}
	if (shown > ROWS_MAX)
		fprintf(fp, "      and %zu more in the attached file\n",
		    shown - ROWS_MAX);
}

/* Whether sessions failed since there was no policy to be had. */
static int
went_without(const json_t *one)
{
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(one, "failure-details"), i, row)
		if (strncmp(member(row, "result-type"), "sts-", 4) == 0)
			return 1;
	return 0;
}

static void
put_policy(FILE *fp, const json_t *one)
{
	const json_t *policy = json_object_get(one, "policy"), *line, *lines;
	const json_t *summary = json_object_get(one, "summary");
	const char *type = member(policy, "policy-type");
	size_t i;

	if (strcmp(type, "no-policy-found") == 0)
		paragraphf(fp, "  ", went_without(one) ? "%s announces an"
		    " MTA-STS policy that could not be had; without one:" :
		    "%s has no MTA-STS policy.",
		    member(policy, "policy-domain"));
	else
		paragraphf(fp, "  ", "%s policy of %s:",
		    strcmp(type, "sts") == 0 ? "MTA-STS" : type,
		    member(policy, "policy-domain"));
	lines = json_object_get(policy, "policy-string");
	json_array_foreach(lines, i, line) {
		if (i == POLICY_LINES_MAX) {
			fputs("    | ...\n", fp);
			break;
		}
		paragraph(fp, "    | ", json_string_value(line));
	}
	paragraphf(fp, "    ", "%lld with TLS, %lld failed.",
	    number(summary, "total-successful-session-count"),
	    number(summary, "total-failure-session-count"));
	put_failures(fp, json_object_get(one, "failure-details"));
	fputc('\n', fp);
}

void
mail_text(FILE *fp, const struct conf *conf, const struct report *re)
{
	const json_t *one;
	char date[11];
	size_t i;

	day_print(re->day, date, sizeof(date));
	paragraphf(fp, "", "This is a report on TLS (RFC 8460) from %s: how"
	    " the connections went that %s made to deliver mail to %s, on %s"
	    " (UTC).", member(re->json, "organization-name"), conf->submitter,
	    re->domain, date);
	fprintf(fp, "\n  Sessions with TLS:     %lld\n"
	    "  Sessions that failed:  %lld\n\n", (long long)re->ok,
	    (long long)re->failed);
	json_array_foreach(json_object_get(re->json, "policies"), i, one)
		put_policy(fp, one);
	paragraphf(fp, "", "The attached file holds the same for programs."
	    " Questions go to %s. The reports come here because the TXT record"
	    " at _smtp._tls.%s asks for them.",
	    member(re->json, "contact-info"), re->domain);
}
