/* SPDX-License-Identifier: ISC */

/*
 * check domain: the MX hosts: STARTTLS, versions of TLS, certificate, by a
 * probe of each address; no mail is sent.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/addr.h"
#include "base/bounds.h"
#include "check/check.h"
#include "lib/date.h"
#include "lib/ipc.h"
#include "base/log.h"
#include "lib/xalloc.h"

#define SMTP_PORT 25
#define SOON_DAYS 30
#define VERY_SOON_DAYS 14
#define NAMES_SHOWN 4

/* The offered versions, oldest first: "1.0 1.2 1.3". */
static void
check_versions(struct check *c, const char *where, const json_t *answer)
{
	const char *offers[8];
	char old[64] = "";
	size_t i, n;
	int modern = 0;

	n = ask_strings(answer, "offers", offers, nitems(offers));
	for (i = 0; i < n; i++) {
		if (strcmp(offers[i], "1.2") == 0 ||
		    strcmp(offers[i], "1.3") == 0) {
			modern = 1;
			continue;
		}
		(void)strlcat(old, *old == '\0' ? "" : " and ", sizeof(old));
		(void)strlcat(old, view_clean(offers[i], 8), sizeof(old));
	}
	if (n == 0)
		return;
	if (*old != '\0')
		check_part(c, "MX", CHECK_BAD, "%s still offers TLS %s%s: "
		    "switch it off", where, old, modern ? "" :
		    " and nothing newer");
	if (modern)
		check_part(c, "MX", CHECK_OK, "%s TLS %s to %s", where,
		    offers[0], offers[n - 1]);
}

/* The names that a certificate has, the first few. */
static const char *
cert_has(const json_t *answer, char out[], size_t outsz)
{
	const char *names[NAMES_SHOWN + 1];
	size_t i, n = ask_strings(answer, "names", names, nitems(names));

	(void)strlcpy(out, n == 0 ? "it has no name at all" : "it is for ",
	    outsz);
	for (i = 0; i < n && i < NAMES_SHOWN; i++) {
		if (i > 0)
			(void)strlcat(out, ", ", outsz);
		(void)strlcat(out, view_clean(names[i], 80), outsz);
	}
	if (n > NAMES_SHOWN)
		(void)strlcat(out, " and others", outsz);
	return out;
}

static void
check_certificate(struct check *c, const char *where, const char *host,
    const json_t *answer)
{
	const char *cert = ipc_string(answer, "cert", "");
	int64_t end = ipc_int(answer, "notafter", 0);
	int64_t left = (end - c->view->now) / DAY_SECONDS;
	char has[NAMES_SHOWN * 82 + 32];

	if (strcmp(cert, "expired") == 0)
		check_part(c, "MX", CHECK_BAD, "%s certificate expired on %s",
		    where, end == 0 ? "an unknown day" :
		    view_day(day_of(end)));
	else if (strcmp(cert, "host-mismatch") == 0)
		check_part(c, "MX", CHECK_BAD, "%s certificate does not name "
		    "%s: %s", where, host, cert_has(answer, has,
		    sizeof(has)));
	else if (strcmp(cert, "not-trusted") == 0)
		check_part(c, "MX", CHECK_BAD, "%s certificate is of no "
		    "authority that is trusted here: %s", where,
		    view_clean(ipc_string(answer, "text", ""), 200));
	else if (strcmp(cert, "ok") != 0)
		check_part(c, "MX", CHECK_BAD, "%s certificate cannot be "
		    "verified: %s", where, view_clean(ipc_string(answer,
		    "text", ""), 200));
	else if (end != 0)
		check_part(c, "MX", left < VERY_SOON_DAYS ? CHECK_WARN :
		    left < SOON_DAYS ? CHECK_INFO : CHECK_OK, "%s "
		    "certificate good, ends %s, %lld %s left", where,
		    view_day(day_of(end)), (long long)left,
		    view_plural(left, "day", "days"));
	else
		check_part(c, "MX", CHECK_OK, "%s certificate good", where);
}

static void
check_probe(struct check *c, const char *host, const char *where,
    const json_t *answer)
{
	const char *status = ipc_string(answer, "status", "gone");
	const char *starttls = ipc_string(answer, "starttls", "");

	if (strcmp(status, "ok") != 0) {
		check_part(c, "MX", CHECK_DARK, "%s could not be tried (%s): "
		    "%s", where, status, strcmp(status, "refused") == 0 ?
		    "not a global address; see network allow in sge.conf(5)" :
		    "is port 25 open from here?");
		return;
	}
	if (strcmp(starttls, "offered") != 0) {
		check_part(c, "MX", CHECK_BAD, "%s %s STARTTLS", where,
		    strcmp(starttls, "refused") == 0 ? "refuses" :
		    "does not offer");
		return;
	}
	if (!ipc_bool(answer, "handshake", 0)) {
		check_part(c, "MX", CHECK_BAD, "%s offers STARTTLS, and no "
		    "TLS comes of it: %s", where,
		    view_clean(ipc_string(answer, "text", ""), 200));
		check_versions(c, where, answer);
		return;
	}
	check_versions(c, where, answer);
	check_certificate(c, where, host, answer);
}

static json_t *
ask_probe(const char *host, const char *addr)
{
	json_t *request;

	request = json_pack("{s:s,s:s,s:s,s:i,s:b,s:b}", "op", "probe",
	    "host", host, "addr", addr, "port", SMTP_PORT, "versions", 1,
	    "chain", 1);
	if (request == NULL)
		fatalx("check domain");
	return request;
}

/* All addresses of all hosts at once. */
static void
probe_hosts(struct check *c, const struct check_dane hosts[], size_t nhosts)
{
	static const size_t most = MX_HOSTS_MAX * MX_ADDRS_MAX;
	const struct check_dane **host;
	const char *list[MX_ADDRS_MAX], **addr;
	char where[DOMAIN_MAX + 64];
	const char *fault;
	struct check_question *q;
	size_t i, j, n, nq = 0;

	q = xcalloc(most, sizeof(*q));
	host = xcalloc(most, sizeof(*host));
	addr = xcalloc(most, sizeof(*addr));
	for (i = 0; i < nhosts; i++) {
		n = ask_strings(hosts[i].addrs, "addr", list, nitems(list));
		fault = check_mx_fault(NULL, hosts[i].host, where,
		    sizeof(where));
		if (fault != NULL)
			check_part(c, "MX", CHECK_BAD, "%s", fault);
		else if (n == 0)
			check_part(c, "MX", ask_is_unknown(ipc_string(
			    hosts[i].addrs, "status", "gone")) ? CHECK_DARK :
			    CHECK_BAD, "%s has no address in the DNS (%s)",
			    hosts[i].host, ipc_string(hosts[i].addrs,
			    "status", "gone"));
		for (j = 0; j < n; j++) {
			host[nq] = &hosts[i];
			addr[nq] = list[j];
			q[nq].part = WORLD_NET;
			q[nq++].request = ask_probe(hosts[i].host, list[j]);
		}
	}
	ask_all(c->asker, q, nq);
	for (i = 0; i < nq; i++) {
		(void)snprintf(where, sizeof(where), "%s [%s]",
		    host[i]->host, addr[i]);
		check_probe(c, host[i]->host, where, q[i].answer);
		if (i == 0 || host[i] != host[i - 1])
			check_dane_host(c, host[i]);
		check_dane_chain(c, host[i], where, q[i].answer);
		json_decref(q[i].answer);
	}
	free(q);
	free(host);
	free(addr);
}

static void
check_policy_mx(struct check *c, const char *host)
{
	if (c->policy == NULL || c->policy->mode == STS_NONE ||
	    sts_policy_matches(c->policy, host))
		return;
	check_part(c, "MTA-STS", CHECK_BAD, "the policy does not name the MX "
	    "host %s: senders that enforce it do not use it", host);
}

/* Lines of the policy that match no MX host: stale, or mistyped. */
static void
check_policy_lone(struct check *c, const char *const hosts[], size_t n)
{
	size_t i, j;

	for (i = 0; c->policy != NULL && i < c->policy->nmx; i++) {
		for (j = 0; j < n; j++)
			if (sts_pattern_matches(c->policy->mx[i], hosts[j]))
				break;
		if (j == n)
			check_part(c, "MTA-STS", CHECK_WARN, "the policy names "
			    "%s, and no MX record does: take it out, or "
			    "publish the MX record", view_clean(
			    c->policy->mx[i], 200));
	}
}

size_t
check_mx_hosts(const json_t *answer, const char *hosts[MX_RECORDS_MAX])
{
	const char *host;
	json_t *pair;
	size_t i, j, n = 0;

	json_array_foreach(json_object_get(answer, "mx"), i, pair) {
		host = json_string_value(json_array_get(pair, 1));
		for (j = 0; host != NULL && j < n; j++)
			if (strcasecmp(hosts[j], host) == 0)
				break;
		if (host != NULL && j == n && n < MX_RECORDS_MAX)
			hosts[n++] = host;
	}
	return n;
}

int
check_mx_is_cut(const json_t *answer)
{
	return json_array_size(json_object_get(answer, "mx")) >=
	    MX_RECORDS_MAX;
}

const char *
check_mx_fault(const json_t *answer, const char *host, char out[],
    size_t outsz)
{
	struct addr addr;

	if (host == NULL && ipc_bool(answer, "nullbeside", 0))
		(void)strlcpy(out, "a null MX (RFC 7505) stands beside MX "
		    "hosts: take one or the other out", outsz);
	else if (host != NULL && addr_parse(host, strlen(host), &addr) == 0)
		(void)snprintf(out, outsz, "the MX record names an address, "
		    "%s: it must name a host", host);
	else
		return NULL;
	return out;
}

void
check_mx(struct check *c, const json_t *answer)
{
	const char *status = ipc_string(answer, "status", "gone");
	const char *hosts[MX_RECORDS_MAX], *fault;
	struct check_question q[2 * MX_HOSTS_MAX];
	struct check_dane dane[MX_HOSTS_MAX];
	char text[DOMAIN_MAX + 64];
	size_t i, n;

	if (ask_is_unknown(status)) {
		check_part(c, "MX", CHECK_DARK, "the DNS gave no answer (%s)",
		    status);
		return;
	}
	if (ipc_bool(answer, "null", 0)) {
		check_part(c, "MX", CHECK_INFO, "takes no mail (null MX)");
		return;
	}
	if ((fault = check_mx_fault(answer, NULL, text, sizeof(text))) != NULL)
		check_part(c, "MX", CHECK_BAD, "%s", fault);
	n = check_mx_hosts(answer, hosts);
	for (i = 0; i < n; i++)
		check_policy_mx(c, hosts[i]);
	/* Of more records than are read, one may name what the policy does. */
	if (n > 0 && !check_mx_is_cut(answer))
		check_policy_lone(c, hosts, n);
	if (n > MX_HOSTS_MAX) {
		check_part(c, "MX", CHECK_WARN, "%zu MX hosts: the last %zu "
		    "are not tried", n, n - MX_HOSTS_MAX);
		n = MX_HOSTS_MAX;
	}
	for (i = 0; i < n; i++) {
		q[2 * i].part = q[2 * i + 1].part = WORLD_RESOLVE;
		q[2 * i].request = ask_dns("addr", hosts[i]);
		q[2 * i + 1].request = check_dane_question(hosts[i]);
	}
	if (n == 0) {
		check_part(c, "MX", CHECK_INFO, "no MX host and no address: "
		    "takes no mail");
		return;
	}
	ask_all(c->asker, q, 2 * n);
	for (i = 0; i < n; i++) {
		dane[i].host = hosts[i];
		dane[i].mx = answer;
		dane[i].addrs = q[2 * i].answer;
		dane[i].tlsa = q[2 * i + 1].answer;
	}
	probe_hosts(c, dane, n);
	for (i = 0; i < 2 * n; i++)
		json_decref(q[i].answer);
}
