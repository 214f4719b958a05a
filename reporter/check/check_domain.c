/* SPDX-License-Identifier: ISC */

/*
 * check domain: each of the SGE guides' duties for a domain: its TLSRPT
 * record, its MTA-STS record and policy, its MX hosts (check_mx.c).
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "check/check.h"
#include "ctl/ctl.h"
#include "lib/date.h"
#include "lib/ipc.h"
#include "check/rua_lint.h"
#include "base/log.h"
#include "rfc/rua.h"
#include "rfc/sts.h"

/* RFC 8461 3.2: lives of weeks are meant; a day protects little. */
#define MAX_AGE_LOW (7 * 86400)
/* Enforced, it is to outlast a web server that is down over the holidays. */
#define ENFORCE_AGE_LOW (14 * 86400)
/* The policy host's certificate: without it senders lose the policy. */
#define CERT_DAYS_LOW 14

enum {
	Q_TLSRPT,
	Q_STS,
	Q_HOST,			/* mta-sts.DOMAIN */
	Q_MX,
	Q_MAX
};

static void
say_tlsrpt(struct check *c, struct lint *lint)
{
	size_t i;

	for (i = 0; i < lint->n; i++)
		if (lint->finding[i].level != LINT_INFO || c->view->verbose)
			check_part(c, "TLS-RPT",
			    (enum check_level)lint->finding[i].level, "%s",
			    lint->finding[i].text);
	lint_free(lint);
}

/* Whether what is at that name is not read for its length, with a line. */
static int
is_too_long(struct check *c, const char *part, const char *label,
    const json_t *answer)
{
	if (!ask_is_too_long(answer))
		return 0;
	check_part(c, part, CHECK_BAD, "a TXT record at %s.%s of more than %d "
	    "bytes, which is not read: make it shorter", label, c->domain,
	    TXT_RECORD_MAX);
	return 1;
}

/* No sender sees a record: of another kind, elsewhere, or none. */
static void
check_tlsrpt_none(struct check *c, const json_t *answer, size_t n)
{
	struct lint lint;

	if (is_too_long(c, "TLS-RPT", "_smtp._tls", answer))
		return;
	if (n > 0)
		check_part(c, "TLS-RPT", CHECK_BAD, "no TLSRPT record, but "
		    "another TXT record at its name: sgectl check record %s "
		    "says more", c->domain);
	else
		check_part(c, "TLS-RPT", CHECK_BAD, "no TLSRPT record; every "
		    "sending domain must have one: sgectl record new %s",
		    c->domain);
	memset(&lint, 0, sizeof(lint));
	check_record_elsewhere(c->asker, c->domain, &lint);
	say_tlsrpt(c, &lint);
}

static void
check_tlsrpt(struct check *c, const json_t *answer)
{
	const char *status = ipc_string(answer, "status", "gone");
	const char *txts[TXT_RECORDS_MAX], *why;
	struct lint lint;
	struct rua rua;
	size_t n, where;
	int record;

	if (ask_is_unknown(status)) {
		check_part(c, "TLS-RPT", CHECK_DARK, "the DNS gave no answer "
		    "(%s)", status);
		return;
	}
	n = ask_strings(answer, "txt", txts, TXT_RECORDS_MAX);
	switch (rua_parse(txts, n, &rua, &record, &why, &where)) {
	case RUA_NONE:
		check_tlsrpt_none(c, answer, n);
		return;
	case RUA_MANY:
		check_part(c, "TLS-RPT", CHECK_BAD, "more than one TLSRPT "
		    "record: senders take that for none");
		return;
	case RUA_OK:
		rua_free(&rua);
		break;
	case RUA_INVALID:
		break;
	}
	lint_record(txts[record], c->domain, &lint);
	check_record_wildcard(c->asker, c->domain, txts[record], &lint);
	say_tlsrpt(c, &lint);
}

/* Whether there is exactly one good record; else it is said. */
static int
check_sts_record(struct check *c, const json_t *answer)
{
	const char *status = ipc_string(answer, "status", "gone");
	const char *txts[TXT_RECORDS_MAX], *why = "";
	char id[64];
	size_t n;

	if (ask_is_unknown(status)) {
		check_part(c, "MTA-STS", CHECK_DARK, "the DNS gave no answer "
		    "(%s)", status);
		return 0;
	}
	n = ask_strings(answer, "txt", txts, TXT_RECORDS_MAX);
	switch (sts_record_parse(txts, n, id, sizeof(id), &why)) {
	case STS_OK:
		check_part(c, "MTA-STS", CHECK_OK, "record, id %s", id);
		check_sts_twice(c, txts, n);
		check_sts_wildcard(c);
		return 1;
	case STS_ABSENT:
		if (ask_is_too_long(answer)) {
			check_part(c, "MTA-STS", CHECK_BAD, "a TXT record at "
			    "_mta-sts.%s of more than %d bytes, which is not "
			    "read: make it shorter", c->domain,
			    TXT_RECORD_MAX);
			break;
		}
		if (c->no_mail) {
			check_part(c, "MTA-STS", CHECK_INFO, "no MTA-STS "
			    "record: a domain that takes no mail needs none");
			break;
		}
		if (check_sts_near(c, txts, n))
			break;
		check_part(c, "MTA-STS", CHECK_BAD, "%s at _mta-sts.%s: "
		    "sgectl policy new %s", why, c->domain, c->domain);
		check_sts_elsewhere(c);
		break;
	case STS_AMBIGUOUS:
		check_part(c, "MTA-STS", CHECK_BAD, "%s at _mta-sts.%s, which "
		    "counts as none (RFC 8461 3.1): leave one", why,
		    c->domain);
		break;
	case STS_INVALID:
		check_part(c, "MTA-STS", CHECK_BAD, "the record is "
		    "malformed: %s", why);
		break;
	}
	return 0;
}

static void
check_sts_policy(struct check *c, const char *body, size_t len,
    const char *type)
{
	struct sts_policy *policy;
	const char *why = "";

	if (strcmp(type, "text/plain") != 0) {
		check_part(c, "MTA-STS", CHECK_BAD, "the policy is served "
		    "as %s, not text/plain: senders do not take it (RFC 8461 "
		    "3.2)", *type == '\0' ? "no type" : view_clean(type, 60));
		return;
	}
	check_policy_lines(c, body, len);
	if ((policy = sts_policy_parse(body, len, &why)) == NULL) {
		check_part(c, "MTA-STS", CHECK_BAD, "the policy is "
		    "malformed: %s", why);
		return;
	}
	if (policy->mode == STS_ENFORCE)
		check_part(c, "MTA-STS", CHECK_OK, "policy, mode enforce");
	else
		check_part(c, "MTA-STS", policy->mode == STS_TESTING ?
		    CHECK_WARN : CHECK_BAD, "policy, mode %s: senders deliver "
		    "in clear all the same; SGE wants enforce",
		    sts_mode_name(policy->mode));
	if (policy->max_age < (policy->mode == STS_ENFORCE ?
	    ENFORCE_AGE_LOW : MAX_AGE_LOW))
		check_part(c, "MTA-STS", CHECK_WARN, "max_age %lld: senders "
		    "forget the policy within %s; weeks are meant (RFC 8461 "
		    "3.2)", (long long)policy->max_age, policy->mode ==
		    STS_ENFORCE ? "two weeks" : "a week");
	c->policy = policy;
}

static json_t *
ask_policy(const struct check *c, const json_t *host)
{
	json_t *request, *addrs = json_object_get(host, "addr");
	char name[DOMAIN_MAX + 16];

	(void)snprintf(name, sizeof(name), "mta-sts.%s", c->domain);
	request = json_pack("{s:s,s:s,s:i,s:s,s:i,s:i}", "op", "get", "host",
	    name, "port", 443, "path", "/.well-known/mta-sts.txt", "max",
	    STS_POLICY_MAX, "seconds", STS_FETCH_SECONDS);
	if (request == NULL || json_object_set(request, "addrs", addrs) == -1)
		fatalx("check domain");
	return request;
}

static void
check_policy_certificate(struct check *c, int64_t end)
{
	int64_t left = (end - c->view->now) / DAY_SECONDS;

	if (end > 0)
		check_part(c, "MTA-STS", left < CERT_DAYS_LOW ? CHECK_WARN :
		    CHECK_OK, "certificate of mta-sts.%s ends %s, %lld %s "
		    "left", c->domain, view_day(day_of(end)), (long long)left,
		    view_plural(left, "day", "days"));
}

/* What came of the GET, where it was not a policy. */
static void
explain_fetch(struct check *c, const json_t *got)
{
	const char *status = ipc_string(got, "status", "gone");
	const char *cert = ipc_string(got, "cert", "");

	if (strcmp(status, "tls") == 0)
		check_part(c, "MTA-STS", CHECK_BAD, "https://mta-sts.%s: "
		    "certificate %s (%s): senders cannot use the policy",
		    c->domain, *cert == '\0' ? "not usable" : cert,
		    view_clean(ipc_string(got, "text", ""), 200));
	else if (strcmp(status, "ok") == 0 && ipc_int(got, "http", 0) == 200)
		check_part(c, "MTA-STS", CHECK_BAD, "the policy is not text");
	else if (strcmp(status, "ok") == 0)
		check_part(c, "MTA-STS", CHECK_BAD, "https://mta-sts.%s/"
		    ".well-known/mta-sts.txt answers HTTP %lld, not 200",
		    c->domain, (long long)ipc_int(got, "http", 0));
	else if (strcmp(status, "gone") == 0 || strcmp(status, "refused") == 0)
		check_part(c, "MTA-STS", CHECK_DARK, "the policy could not be "
		    "fetched from here (%s)", status);
	else
		check_part(c, "MTA-STS", CHECK_BAD, "the policy cannot be "
		    "fetched (%s): %s", status,
		    view_clean(ipc_string(got, "text", ""), 200));
}

static void
check_sts(struct check *c, const json_t *record, const json_t *host)
{
	const char *status = ipc_string(host, "status", "gone"), *body;
	json_t *got;

	if (!check_sts_record(c, record))
		return;
	if (ask_is_unknown(status)) {
		check_part(c, "MTA-STS", CHECK_DARK, "the DNS gave no answer "
		    "for mta-sts.%s (%s)", c->domain, status);
		return;
	}
	if (strcmp(status, "ok") != 0) {
		check_part(c, "MTA-STS", CHECK_BAD, "mta-sts.%s has no "
		    "address", c->domain);
		return;
	}
	got = ask(c->asker, WORLD_NET, ask_policy(c, host));
	body = ipc_string(got, "body", NULL);
	check_policy_certificate(c, ipc_int(got, "notafter", 0));
	if (strcmp(ipc_string(got, "status", "gone"), "ok") == 0 &&
	    ipc_int(got, "http", 0) == 200 && body != NULL)
		check_sts_policy(c, body, strlen(body), ipc_string(got,
		    "type", ""));
	else
		explain_fetch(c, got);
	json_decref(got);
}

static void
question(struct check_question *q, const char *op, const char *prefix,
    const char *domain)
{
	char name[DOMAIN_MAX + 16];

	(void)snprintf(name, sizeof(name), "%s%s", prefix, domain);
	q->part = WORLD_RESOLVE;
	q->request = ask_dns(op, name);
	q->answer = NULL;
}

static int
check_domain(const struct view *v, struct asker *a, const char *domain)
{
	struct check c = { .view = v, .asker = a, .domain = domain };
	struct check_question q[Q_MAX];
	size_t i;

	question(&q[Q_TLSRPT], "txt", "_smtp._tls.", domain);
	question(&q[Q_STS], "txt", "_mta-sts.", domain);
	question(&q[Q_HOST], "addr", "mta-sts.", domain);
	question(&q[Q_MX], "mx", "", domain);
	ask_all(a, q, Q_MAX);
	if (v->form == FORM_TEXT)
		fprintf(v->out, "%s\n", domain);
	c.no_mail = json_array_size(json_object_get(q[Q_MX].answer,
	    "mx")) == 0 && !ask_is_unknown(ipc_string(q[Q_MX].answer,
	    "status", "gone"));
	check_tlsrpt(&c, q[Q_TLSRPT].answer);
	check_sts(&c, q[Q_STS].answer, q[Q_HOST].answer);
	check_mx(&c, q[Q_MX].answer);
	sts_policy_free(c.policy);
	for (i = 0; i < Q_MAX; i++)
		json_decref(q[i].answer);
	return c.status;
}

int
cmd_check_domain(struct ctl *ctl, int argc, char *argv[])
{
	const struct conf *conf = ctl->conf;
	char domain[DOMAIN_MAX];
	struct asker *a;
	const char *own;
	int rc = CHECK_GOOD;
	size_t i, n = 0, pos = 0;

	a = asker_new(conf, 1U << WORLD_RESOLVE | 1U << WORLD_NET);
	if (a == NULL)
		return CHECK_UNKNOWN;
	for (i = 0; i < (size_t)argc; i++, n++) {
		if (view_normal(argv[i], domain, sizeof(domain)) == -1)
			rc = check_worse(rc, CHECK_FIX);
		else
			rc = check_worse(rc, check_domain(&ctl->view, a,
			    domain));
	}
	/* Without a name: all of ours. */
	while (argc == 0 && (own = domset_next(conf->local, &pos)) != NULL)
		if (own[0] != '.') {
			rc = check_worse(rc, check_domain(&ctl->view, a, own));
			n++;
		}
	asker_free(a);
	if (n == 0) {
		ctl_usage(ctl->command, stderr);
		return CHECK_FIX;
	}
	if (ctl->view.form == FORM_TEXT)
		fprintf(ctl->view.out, "%zu %s.  Exit %d.\n", n,
		    view_plural((int64_t)n, "domain", "domains"), rc);
	return rc;
}
