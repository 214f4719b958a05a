/* SPDX-License-Identifier: ISC */

/*
 * check config: what the DNS says of this host and of contact's domain: whether
 * reports about us are asked for at the address that is read here, and whether
 * mail for it comes to this host.  All else of a domain is check domain's.
 */

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/bounds.h"
#include "host/check_config.h"
#include "lib/ipc.h"
#include "rfc/rua.h"

#define PART "DNS"

enum {
	Q_HOST,			/* the address of hostname */
	Q_RECORD,		/* _smtp._tls of contact's domain */
	Q_MX,
	Q_MAX
};

/* Whether there was an answer; a DNS that gives none is said once. */
static int
is_answer(struct check *c, const json_t *answer, int *dark)
{
	const char *status = ipc_string(answer, "status", "gone");

	if (!ask_is_unknown(status))
		return 1;
	if (!(*dark)++)
		check_part(c, PART, CHECK_DARK, "no answer of the DNS for our "
		    "own names (%s): is the resolver right?", status);
	return 0;
}

static void
check_hostname(struct check *c, const json_t *answer)
{
	if (json_array_size(json_object_get(answer, "addr")) == 0)
		check_part(c, PART, CHECK_WARN, "hostname %s has no address: "
		    "our greeting and reports name a host that nobody finds; "
		    "write this host's name into %s, or its A and AAAA "
		    "records", c->view->conf->hostname, c->view->path);
}

/* Whether a report can come to contact by that record. */
static int
asks_for(const struct rua *rua, const char *contact)
{
	size_t i;

	for (i = 0; i < rua->nuris; i++)
		if (rua->uris[i].address != NULL &&
		    strcasecmp(rua->uris[i].address, contact) == 0)
			return 1;
	return 0;
}

static void
check_record(struct check *c, const json_t *answer)
{
	const struct conf *conf = c->view->conf;
	const char *txts[TXT_RECORDS_MAX], *why;
	size_t n = ask_strings(answer, "txt", txts, TXT_RECORDS_MAX), where;
	struct rua rua;
	int record;

	if (rua_parse(txts, n, &rua, &record, &why, &where) != RUA_OK) {
		check_part(c, PART, CHECK_WARN, "no usable TLSRPT record at "
		    "_smtp._tls.%s: nobody sends reports; sgectl record new "
		    "-r mailto:%s %s says what to publish", conf->submitter,
		    conf->contact, conf->submitter);
		return;
	}
	if (!asks_for(&rua, conf->contact))
		check_part(c, PART, CHECK_WARN, "the TLSRPT record at "
		    "_smtp._tls.%s asks for reports elsewhere than at contact "
		    "%s, where sgectl deliver reads them: add mailto:%s to "
		    "its rua", conf->submitter, conf->contact, conf->contact);
	else
		check_part(c, PART, CHECK_OK, "_smtp._tls.%s asks for reports "
		    "at %s", conf->submitter, conf->contact);
	rua_free(&rua);
}

static void
check_way(struct check *c, const json_t *answer)
{
	const struct conf *conf = c->view->conf;
	const char *host, *first = NULL;
	json_t *pair;
	size_t i;

	json_array_foreach(json_object_get(answer, "mx"), i, pair) {
		host = json_string_value(json_array_get(pair, 1));
		if (host == NULL)
			continue;
		if (strcasecmp(host, conf->hostname) == 0)
			return;
		if (first == NULL)
			first = host;
	}
	if (first == NULL)
		check_part(c, PART, CHECK_WARN, "%s has no MX record: reports "
		    "to %s do not come; publish MX 10 %s.", conf->submitter,
		    conf->contact, conf->hostname);
	else
		check_part(c, PART, CHECK_INFO, "mail for %s comes by %s, and "
		    "%s is no MX of it: reports are read only if they are "
		    "passed on to this host", conf->submitter,
		    view_clean(first, 200), conf->hostname);
}

void
check_own(struct check *c)
{
	const struct conf *conf = c->view->conf;
	struct check_question q[Q_MAX];
	char name[DOMAIN_MAX + 16];
	int dark = 0;
	size_t i;

	if (c->asker == NULL)
		return;
	(void)snprintf(name, sizeof(name), "_smtp._tls.%s", conf->submitter);
	q[Q_HOST].request = ask_dns("addr", conf->hostname);
	q[Q_RECORD].request = ask_dns("txt", name);
	q[Q_MX].request = ask_dns("mx", conf->submitter);
	for (i = 0; i < Q_MAX; i++)
		q[i].part = WORLD_RESOLVE;
	ask_all(c->asker, q, Q_MAX);
	if (is_answer(c, q[Q_HOST].answer, &dark))
		check_hostname(c, q[Q_HOST].answer);
	if (is_answer(c, q[Q_RECORD].answer, &dark))
		check_record(c, q[Q_RECORD].answer);
	if (is_answer(c, q[Q_MX].answer, &dark))
		check_way(c, q[Q_MX].answer);
	for (i = 0; i < Q_MAX; i++)
		json_decref(q[i].answer);
}
