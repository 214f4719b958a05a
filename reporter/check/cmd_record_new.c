/* SPDX-License-Identifier: ISC */

/*
 * record new: the _smtp._tls TXT record to publish (the TLS-RPT guide's step
 * 2), in portal and zone form.
 */

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/bounds.h"
#include "base/domain.h"
#include "base/log.h"
#include "check/check.h"
#include "check/rua_lint.h"
#include "ctl/ctl.h"

/* DNS: one character-string (RFC 1035 3.3). */
#define STRING_MAX 255

/* An address without a scheme is a mail address. */
static int
add_uri(char *text, size_t size, const char *uri, int first)
{
	const char *scheme = "";

	if (strncasecmp(uri, "mailto:", 7) != 0 && strstr(uri, "://") == NULL)
		scheme = "mailto:";
	if (strlcat(text, first ? " rua=" : ",", size) >= size ||
	    strlcat(text, scheme, size) >= size ||
	    strlcat(text, uri, size) >= size) {
		warnx("-r %s: the record gets too long", uri);
		return -1;
	}
	return 0;
}

/* Strings of at most 255 characters, each in quotes. */
static void
print_zone(FILE *out, const char *text)
{
	fprintf(out, "Zone   _smtp._tls IN TXT");
	for (; *text != '\0'; text += strnlen(text, STRING_MAX))
		fprintf(out, " \"%.*s\"", STRING_MAX, text);
	fputc('\n', out);
}

static int
print(const struct view *v, const char *domain, const char *text)
{
	struct lint lint;
	char name[DOMAIN_MAX + 16];
	int bad;

	(void)snprintf(name, sizeof(name), "_smtp._tls.%s", domain);
	lint_record(text, domain, &lint);
	if ((bad = lint.worst == LINT_BAD))
		lint_print(v, domain, text, &lint);
	else if (v->form != FORM_TEXT)
		view_row(v, "record", "ttit", "name", name, "type", "TXT",
		    "ttl", (int64_t)3600, "value", text);
	else {
		fprintf(v->out, "Name   %s.      (in the portal: "
		    "_smtp._tls)\n", name);
		fprintf(v->out, "Type   TXT        TTL 3600\n");
		fprintf(v->out, "Value  %s\n", text);
		print_zone(v->out, text);
		lint_print(v, domain, NULL, &lint);
	}
	lint_free(&lint);
	return bad ? 1 : 0;
}

int
cmd_record_new(struct ctl *ctl, int argc __unused, char *argv[])
{
	char domain[DOMAIN_MAX], text[4096], address[DOMAIN_MAX + 16];
	size_t i;
	int n = 0;

	if (view_normal(argv[0], domain, sizeof(domain)) == -1)
		return 1;
	(void)strlcpy(text, "v=TLSRPTv1;", sizeof(text));
	for (i = 0; i < ctl->noptions; i++)
		if (ctl->options[i].letter == 'r' && add_uri(text,
		    sizeof(text), ctl->options[i].value, n++ == 0) == -1)
			return 1;
	if (n == 0) {
		(void)snprintf(address, sizeof(address), "tls-reports@%s",
		    domain);
		if (add_uri(text, sizeof(text), address, 1) == -1)
			return 1;
	}
	return print(&ctl->view, domain, text);
}
