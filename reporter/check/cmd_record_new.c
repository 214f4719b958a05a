/* SPDX-License-Identifier: ISC */

/*
 * record new: the _smtp._tls TXT record to publish (the TLS-RPT guide's step
 * 2), or that of the key which signs our reports, in portal and zone form.
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
#include "check/key_file.h"
#include "check/rua_lint.h"
#include "ctl/ctl.h"

/* DNS: one character-string (RFC 1035 3.3). */
#define STRING_MAX 255
/* Of smtpd.conf.example. */
#define SELECTOR "sge"

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

/*
 * A TXT record, in the zone as strings of at most 255 characters, each in
 * quotes.  where: the name below the domain.
 */
static void
print_txt(const struct view *v, const char *where, const char *domain,
    const char *text)
{
	char name[2 * DOMAIN_MAX];

	(void)snprintf(name, sizeof(name), "%s.%s", where, domain);
	if (v->form != FORM_TEXT) {
		view_row(v, "record", "ttit", "name", name, "type", "TXT",
		    "ttl", (int64_t)3600, "value", text);
		return;
	}
	fprintf(v->out, "Name   %s.      (in the portal: %s)\n", name, where);
	fprintf(v->out, "Type   TXT        TTL 3600\n");
	fprintf(v->out, "Value  %s\n", text);
	fprintf(v->out, "Zone   %s IN TXT", where);
	for (; *text != '\0'; text += strnlen(text, STRING_MAX))
		fprintf(v->out, " \"%.*s\"", STRING_MAX, text);
	fputc('\n', v->out);
}

static int
print(const struct view *v, const char *domain, const char *text)
{
	struct lint lint;
	int bad;

	lint_record(text, domain, &lint);
	if ((bad = lint.worst == LINT_BAD))
		lint_print(v, domain, text, &lint);
	else {
		print_txt(v, "_smtp._tls", domain, text);
		if (v->form == FORM_TEXT)
			lint_print(v, domain, NULL, &lint);
	}
	lint_free(&lint);
	return bad ? 1 : 0;
}

/* The key's record (RFC 6376 3.6.1, RFC 8463 4). */
static int
print_key(const struct view *v, const char *domain, const char *path,
    const char *selector)
{
	char key[DKIM_KEY_MAX], text[sizeof(key) + 64], where[DOMAIN_MAX];
	const char *type;
	int rc;

	if (snprintf(where, sizeof(where), "%s._domainkey", selector) +
	    strlen(domain) + 1 >= DOMAIN_MAX || domain_normal(selector,
	    strlen(selector), text, sizeof(text)) == -1) {
		warnx("-s %s: no selector", selector);
		return 1;
	}
	if ((rc = check_public_key(path, key, sizeof(key), &type)) != 0) {
		if (rc == 1)
			warn("-k %s", path);
		else
			warnx("-k %s: no private key in PEM without a "
			    "password: openssl genrsa -out %s 2048 makes one",
			    path, path);
		return 1;
	}
	(void)snprintf(text, sizeof(text), "v=DKIM1; k=%s; p=%s", type, key);
	print_txt(v, where, domain, text);
	return 0;
}

int
cmd_record_new(struct ctl *ctl, int argc __unused, char *argv[])
{
	char domain[DOMAIN_MAX], text[4096], address[DOMAIN_MAX + 16];
	const char *key = ctl_value(ctl, 'k'), *selector = ctl_value(ctl, 's');
	size_t i;
	int n = 0;

	if (view_normal(argv[0], domain, sizeof(domain)) == -1)
		return 1;
	if (key != NULL)
		return print_key(&ctl->view, domain, key, selector == NULL ?
		    SELECTOR : selector);
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
