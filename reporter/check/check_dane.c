/* SPDX-License-Identifier: ISC */

/*
 * check domain: DANE of the MX hosts (RFC 7672): whether the answers that lead
 * to a host are signed, and its TLSA records fit the chain that it shows.
 * smtpd applies none of it: what is said here is for other senders.
 */

#include <stdio.h>
#include <string.h>

#include "base/bounds.h"
#include "check/check.h"
#include "check/tlsa.h"
#include "lib/ipc.h"

#define PART "DANE"
#define NOT_APPLIED "smtpd does not apply it"

json_t *
check_dane_question(const char *host)
{
	char name[DOMAIN_MAX + 16];

	/* Longer than a name may be: there can be no such record. */
	(void)snprintf(name, sizeof(name), "_25._tcp.%s", host);
	return ask_dns("tlsa", name);
}

/* Not all of what leads to the host is signed: which is not. */
static const char *
unsigned_part(const struct check_dane *d)
{
	if (!ipc_bool(d->mx, "secure", 0))
		return "the MX record";
	if (!ipc_bool(d->addrs, "secure", 0))
		return "the host's address";
	return ipc_bool(d->tlsa, "secure", 0) ? NULL : "the TLSA record";
}

static int
get(const json_t *tlsa, size_t at, struct tlsa *t)
{
	json_t *item = json_array_get(tlsa, at);

	t->usage = (int)json_integer_value(json_array_get(item, 0));
	t->selector = (int)json_integer_value(json_array_get(item, 1));
	t->matching = (int)json_integer_value(json_array_get(item, 2));
	t->hex = json_string_value(json_array_get(item, 3));
	return t->hex == NULL ? -1 : 0;
}

void
check_dane_host(struct check *c, const struct check_dane *d)
{
	const char *status = ipc_string(d->tlsa, "status", "gone");
	const char *bare = unsigned_part(d);

	if (json_array_size(json_object_get(d->tlsa, "tlsa")) == 0) {
		if (ask_is_unknown(status))
			check_part(c, PART, CHECK_DARK, "%s: the DNS gave no "
			    "answer for _25._tcp.%s (%s): senders that apply "
			    "DANE let their mail wait; " NOT_APPLIED, d->host,
			    d->host, status);
		else
			check_part(c, PART, CHECK_INFO, "%s: DNSSEC %s, no "
			    "TLSA record; " NOT_APPLIED, d->host,
			    ipc_bool(d->mx, "secure", 0) &&
			    ipc_bool(d->addrs, "secure", 0) ? "yes" : "no");
		return;
	}
	if (bare == NULL)
		check_part(c, PART, CHECK_OK, "%s: DNSSEC secure, with TLSA "
		    "records; " NOT_APPLIED, d->host);
	else
		check_part(c, PART, CHECK_WARN, "%s: TLSA records, but %s is "
		    "not secured by DNSSEC: no sender uses them; sign the "
		    "zone (or does our resolver pass on no signatures?); "
		    NOT_APPLIED, d->host, bare);
}

void
check_dane_chain(struct check *c, const struct check_dane *d,
    const char *where, const json_t *probe)
{
	const json_t *list = json_object_get(d->tlsa, "tlsa");
	const char *pem = ipc_string(probe, "pem", NULL);
	const char *cert = ipc_string(probe, "cert", "");
	struct tlsa t;
	char key[2 * 64 + 1];
	size_t i, n = json_array_size(list), usable = 0;
	int named;

	if (n == 0 || pem == NULL)
		return;
	named = strcmp(cert, "host-mismatch") != 0 &&
	    strcmp(cert, "expired") != 0;
	for (i = 0; i < n; i++) {
		if (get(list, i, &t) == -1)
			continue;
		switch (tlsa_match(&t, pem, named)) {
		case TLSA_MATCHES:
			check_part(c, PART, CHECK_OK, "%s TLSA %d %d %d "
			    "matches", where, t.usage, t.selector,
			    t.matching);
			return;
		case TLSA_DIFFERS:
			usable++;
			break;
		case TLSA_UNUSABLE:
			break;
		}
	}
	if (tlsa_publish(pem, key, sizeof(key)) == -1)
		(void)strlcpy(key, "KEY", sizeof(key));
	/* Without signatures nobody is kept out by it. */
	check_part(c, PART, unsigned_part(d) == NULL && usable > 0 ?
	    CHECK_BAD : CHECK_WARN, "%s %s: publish _25._tcp.%s TLSA 3 1 1 %s",
	    where, usable == 0 ? "no TLSA record is of a usage for SMTP (2 or "
	    "3)" : "no TLSA record matches its certificate: senders that "
	    "apply DANE keep their mail", d->host, key);
}
