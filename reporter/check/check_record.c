/* SPDX-License-Identifier: ISC */

/*
 * check record: the TLSRPT record of a domain, over DNS or from a string (the
 * TLS-RPT guide's step 4, without a web site).
 */

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "check/check_ask.h"
#include "base/bounds.h"
#include "check/check.h"
#include "ctl/ctl.h"
#include "lib/ipc.h"
#include "check/rua_lint.h"
#include "base/log.h"
#include "rfc/rua.h"

#define PREFIX "_smtp._tls."

/* Names that people publish it at by mistake; "%s": the domain. */
static const char *const wrong_names[] = {
	"_smtp-tlsrpt.%s", "_smtp_tlsrpt.%s", "smtp._tls.%s", "_tls.%s",
	"_tlsrpt.%s", "_smtp_tls.%s", "_tls._smtp.%s", "_smtp._tls.%s.%s", "%s"
};

static int
is_tlsrpt(const char *text)
{
	return strncmp(text, "v=TLSRPTv1", 10) == 0;
}

void
check_record_elsewhere(struct asker *a, const char *domain, struct lint *lint)
{
	struct check_question q[nitems(wrong_names)];
	const char *txts[TXT_RECORDS_MAX];
	char name[2 * DOMAIN_MAX + 32];
	size_t i, j, n, asked[nitems(wrong_names)], nq = 0;

	for (i = 0; i < nitems(wrong_names); i++) {
		check_format(name, sizeof(name), wrong_names[i], domain);
		if (strlen(name) >= DOMAIN_MAX)
			continue;
		q[nq].part = WORLD_RESOLVE;
		q[nq].request = ask_dns("txt", name);
		asked[nq++] = i;
	}
	ask_all(a, q, nq);
	for (i = 0; i < nq; i++) {
		n = ask_strings(q[i].answer, "txt", txts, TXT_RECORDS_MAX);
		check_format(name, sizeof(name), wrong_names[asked[i]],
		    domain);
		for (j = 0; j < n; j++)
			if (is_tlsrpt(txts[j])) {
				lint_add(lint, LINT_BAD, LINT_NOWHERE, "a "
				    "TLSRPT record stands at %s, where no "
				    "sender looks: move it to _smtp._tls.%s",
				    name, domain);
				break;
			}
		json_decref(q[i].answer);
	}
}

void
check_record_wildcard(struct asker *a, const char *domain, const char *text,
    struct lint *lint)
{
	const char *txts[TXT_RECORDS_MAX];
	char name[DOMAIN_MAX + 32];
	json_t *answer;
	size_t i, n;

	(void)snprintf(name, sizeof(name), "_sge-%08x._tls.%s",
	    arc4random(), domain);
	if (strlen(name) >= DOMAIN_MAX)
		return;
	answer = ask(a, WORLD_RESOLVE, ask_dns("txt", name));
	n = ask_strings(answer, "txt", txts, TXT_RECORDS_MAX);
	for (i = 0; i < n; i++)
		if (strcmp(txts[i], text) == 0) {
			lint_add(lint, LINT_WARN, LINT_NOWHERE, "a wildcard "
			    "answers for every name (%s too): publish the "
			    "record at _smtp._tls itself", name);
			break;
		}
	json_decref(answer);
}

/* None of the TXT records is one, or there is no record at all. */
static void
explain_none(struct lint *lint, const json_t *answer, const char *const txts[],
    size_t n)
{
	struct lint one;
	size_t i, j;

	if (ask_is_too_long(answer))
		lint_add(lint, LINT_BAD, LINT_NOWHERE, "a TXT record of more "
		    "than %d bytes, which is not read here, nor by many "
		    "senders: make it shorter", TXT_RECORD_MAX);
	else if (strcmp(ipc_string(answer, "status", ""), "nxdomain") == 0)
		lint_add(lint, LINT_BAD, LINT_NOWHERE, "no such name: nothing "
		    "is published there");
	else if (n == 0)
		lint_add(lint, LINT_BAD, LINT_NOWHERE, "the name exists, and "
		    "has no TXT record");
	else
		lint_add(lint, LINT_BAD, LINT_NOWHERE, "%zu other TXT %s, and "
		    "no TLSRPT record", n, view_plural((int64_t)n, "record",
		    "records"));
	for (i = 0; i < n && i < 4; i++) {
		lint_add(lint, LINT_INFO, LINT_NOWHERE, "there is: %s",
		    view_clean(txts[i], 200));
		lint_record(txts[i], NULL, &one);
		for (j = 0; j < one.n; j++)
			if (one.finding[j].level == LINT_BAD)
				lint_add(lint, LINT_BAD, LINT_NOWHERE, "%s",
				    one.finding[j].text);
		lint_free(&one);
	}
}

static void
explain_many(struct lint *lint, const char *const txts[], size_t n)
{
	size_t i, count = 0;

	for (i = 0; i < n; i++)
		if (is_tlsrpt(txts[i]))
			count++;
	lint_add(lint, LINT_BAD, LINT_NOWHERE, "%zu TLSRPT records: senders "
	    "take that for none (RFC 8460 3); leave one, with all addresses",
	    count);
	for (i = 0; i < n && i < 8; i++)
		if (is_tlsrpt(txts[i]))
			lint_add(lint, LINT_INFO, LINT_NOWHERE, "there is: %s",
			    view_clean(txts[i], 200));
}

static void
print_end(const struct view *v, const struct lint *lint, size_t records,
    int status)
{
	if (v->form != FORM_TEXT)
		return;
	fprintf(v->out, "%zu %s, %d %s, %d %s.  Exit %d.\n", records,
	    view_plural((int64_t)records, "record", "records"),
	    lint->count[LINT_BAD], view_plural(lint->count[LINT_BAD],
	    "fault", "faults"), lint->count[LINT_WARN],
	    view_plural(lint->count[LINT_WARN], "warning", "warnings"),
	    status);
}

static int
status_of(const struct lint *lint)
{
	return lint->worst >= LINT_WARN ? CHECK_FIX : CHECK_GOOD;
}

static void
around(const struct view *v, const char *name, const json_t *answer,
    struct lint *lint)
{
	const char *canon = ipc_string(answer, "canon", "");

	if (v->form == FORM_TEXT && strcmp(ipc_string(answer, "status", ""),
	    "ok") == 0)
		fprintf(v->out, "%s  TXT  ttl %lld  dnssec %s\n", name,
		    (long long)ipc_int(answer, "ttl", 0),
		    ipc_bool(answer, "secure", 0) ? "yes" : "no");
	else if (v->form == FORM_TEXT)
		/* The zone says how long resolvers remember that (RFC 2308). */
		fprintf(v->out, "%s  TXT  none, remembered for %lld s  "
		    "dnssec %s\n", name, (long long)ipc_int(answer, "ttl", 0),
		    ipc_bool(answer, "secure", 0) ? "yes" : "no");
	if (*canon != '\0' && strcmp(canon, name) != 0)
		lint_add(lint, LINT_INFO, LINT_NOWHERE, "an alias (CNAME) of "
		    "%s; senders follow it", view_clean(canon, 200));
}

int
check_record_dns(const struct view *v, struct asker *a, const char *domain)
{
	const char *txts[TXT_RECORDS_MAX], *status, *why, *text = NULL;
	char name[DOMAIN_MAX + 16];
	struct lint lint, more;
	struct rua rua;
	json_t *answer;
	size_t n, where, i;
	int record = -1, rc;

	(void)snprintf(name, sizeof(name), "_smtp._tls.%s", domain);
	answer = ask(a, WORLD_RESOLVE, ask_dns("txt", name));
	status = ipc_string(answer, "status", "gone");
	if (ask_is_unknown(status)) {
		check_say(v, name, "unknown", "the DNS gave no answer (%s): "
		    "this is not \"no record\"; ask again later", status);
		json_decref(answer);
		return CHECK_UNKNOWN;
	}
	n = ask_strings(answer, "txt", txts, TXT_RECORDS_MAX);
	memset(&lint, 0, sizeof(lint));
	rc = (int)rua_parse(txts, n, &rua, &record, &why, &where);
	if (rc == RUA_OK)
		rua_free(&rua);
	if (rc == RUA_OK || rc == RUA_INVALID) {
		text = txts[record];
		lint_record(text, domain, &lint);
	} else if (rc == RUA_MANY)
		explain_many(&lint, txts, n);
	else
		explain_none(&lint, answer, txts, n);
	if (rc == RUA_NONE)
		check_record_elsewhere(a, domain, &lint);
	else if (text != NULL)
		check_record_wildcard(a, domain, text, &lint);
	memset(&more, 0, sizeof(more));
	around(v, name, answer, &more);
	for (i = 0; i < more.n; i++)
		lint_add(&lint, more.finding[i].level, LINT_NOWHERE, "%s",
		    more.finding[i].text);
	lint_free(&more);
	lint_print(v, name, text, &lint);
	rc = status_of(&lint);
	print_end(v, &lint, n, rc);
	lint_free(&lint);
	json_decref(answer);
	return rc;
}

int
cmd_check_record(struct ctl *ctl, int argc, char *argv[])
{
	const char *text = ctl_value(ctl, 's');
	char domain[DOMAIN_MAX];
	struct asker *a;
	struct lint lint;
	int rc;

	/* The guide has the record's own name typed (step 4). */
	if (argc == 1 && view_normal(strncasecmp(argv[0], PREFIX,
	    sizeof(PREFIX) - 1) == 0 ? argv[0] + sizeof(PREFIX) - 1 : argv[0],
	    domain, sizeof(domain)) == -1)
		return CHECK_FIX;
	if (text != NULL) {
		lint_record(text, argc == 1 ? domain : NULL, &lint);
		lint_print(&ctl->view, argc == 1 ? domain : "-", text, &lint);
		rc = status_of(&lint);
		print_end(&ctl->view, &lint, 1, rc);
		lint_free(&lint);
		return rc;
	}
	if (argc != 1) {
		warnx("check record: which domain? or -s text");
		ctl_usage(ctl->command, stderr);
		return CHECK_FIX;
	}
	if ((a = asker_new(ctl->conf, 1U << WORLD_RESOLVE)) == NULL)
		return CHECK_UNKNOWN;
	rc = check_record_dns(&ctl->view, a, domain);
	asker_free(a);
	return rc;
}
