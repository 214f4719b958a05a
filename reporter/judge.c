/* SPDX-License-Identifier: ISC */

#include <stdlib.h>
#include <string.h>

#include "day.h"
#include "hash.h"
#include "judge.h"
#include "log.h"
#include "store_route.h"
#include "store_sts.h"

struct judge {
	struct store	*store;
	const struct conf *conf;
	struct hash	*hosts;		/* (addr, domain) -> struct host */
};

struct host {
	char		 name[DOMAIN_MAX];
};

struct judge *
judge_new(struct store *st, const struct conf *conf)
{
	struct judge *j;

	if ((j = calloc(1, sizeof(*j))) == NULL)
		fatal("judge");
	j->store = st;
	j->conf = conf;
	j->hosts = hash_new(sizeof(struct host));
	return j;
}

void
judge_free(struct judge *j)
{
	if (j == NULL)
		return;
	hash_free(j->hosts);
	free(j);
}

void
judge_reset(struct judge *j)
{
	hash_clear(j->hosts);
}

void
text_cut(const char *s, char out[], size_t outsz)
{
	size_t n;

	if (s == NULL)
		s = "";
	if ((n = strlen(s)) >= outsz) {
		n = outsz - 1;
		while (n > 0 && ((unsigned char)s[n] & 0xc0) == 0x80)
			n--;
	}
	memcpy(out, s, n);
	out[n] = '\0';
}

/* The MX host that has that address, as far as we looked; "" if we did not. */
static const char *
host_of(struct judge *j, const char *addr, const char *domain)
{
	struct key key;
	struct host *host;
	int is_new;

	key_start(&key);
	key_text(&key, addr);
	key_text(&key, domain);
	host = hash_get(j->hosts, key.buf, key.len, &is_new);
	if (is_new)
		(void)store_mxaddr_host(j->store, addr, domain, host->name,
		    sizeof(host->name));
	return host->name;
}

/* A handshake that came up failed for the policy: by name, by certificate. */
static void
judge_testing(struct judge *j, const struct record *r, const char *host,
    struct judgement *out)
{
	struct store_probe probe;

	/* What was seen within two days is what it was. */
	if (store_probe_load(j->store, host, r->remote, &probe) == -1 ||
	    *probe.type == '\0' || probe.probed < r->time - 2 * DAY_SECONDS)
		return;
	/* TLS did come up: that it did not otherwise is no failure of this. */
	if (strncmp(probe.type, "certificate-", 12) != 0)
		return;
	out->failed = 1;
	strlcpy(out->type, probe.type, sizeof(out->type));
	text_cut(probe.text, out->reason, sizeof(out->reason));
}

/* TLS came up: was it what the policy asks for (RFC 8461 4)? */
static void
judge_tls(struct judge *j, const struct record *r, const char *host,
    enum sts_mode mode, struct judgement *out)
{
	if (out->policy == 0 || *host == '\0')
		return;
	if (store_policy_matches(j->store, out->policy, host) == 0) {
		out->failed = 1;
		strlcpy(out->type, "validation-failure", sizeof(out->type));
		strlcpy(out->reason, "the MX host is not in the MTA-STS "
		    "policy", sizeof(out->reason));
	} else if (mode == STS_TESTING)
		judge_testing(j, r, host, out);
	/* With enforce, smtpd has verified it. */
}

int
judge_session(struct judge *j, const char *domain, const struct record *r,
    struct judgement *out)
{
	struct store_sts_at at;
	const char *host;

	memset(out, 0, sizeof(*out));
	/* "none" is as if there was no policy (RFC 8461 5, RFC 8460 4). */
	if (store_sts_at(j->store, domain, r->time, &at) == 0 &&
	    at.mode != STS_NONE)
		out->policy = at.policy;
	host = r->remote == NULL ? "" : host_of(j, r->remote, domain);
	if (r->failure == FAILURE_NONE) {
		if (r->tls == NULL)
			return 0;
		judge_tls(j, r, host, at.mode, out);
	} else {
		out->failed = 1;
		strlcpy(out->type, failure_name(r->failure),
		    sizeof(out->type));
		/* smtpd's events do not say why a handshake failed. */
		out->pending = r->failure == FAILURE_VALIDATION &&
		    r->remote != NULL;
	}
	text_cut(*host != '\0' ? host : r->rdns, out->mx, sizeof(out->mx));
	return 1;
}

/* The only domain that a statement finds for an address: 1, 0, many: 2. */
static int
only_one(sqlite3_stmt *stmt, const char *addr, char domain[], size_t domainsz)
{
	int n = 0;

	if (stmt == NULL || store_bind(stmt, "t", addr) == -1)
		return 2;
	while (sqlite3_step(stmt) == SQLITE_ROW)
		if (n++ == 0)
			strlcpy(domain, store_text(stmt, 0), domainsz);
	sqlite3_reset(stmt);
	return n;
}

int
judge_attribute(struct judge *j, const char *addr, int64_t when __unused,
    char domain[], size_t domainsz)
{
	int n;

	/* Mail waits for it, and it is what we routed there. */
	if ((n = only_one(store_prepare(j->store, "SELECT DISTINCT m.domain"
	    " FROM mxaddr m JOIN waiting w ON w.domain = m.domain"
	    " WHERE m.addr = ?1 AND m.routed > 0 LIMIT 2"), addr, domain,
	    domainsz)) != 0)
		return n == 1 ? 0 : -1;
	/* Mail waits for it, and it has the address. */
	if ((n = only_one(store_prepare(j->store, "SELECT DISTINCT m.domain"
	    " FROM mxaddr m JOIN waiting w ON w.domain = m.domain"
	    " WHERE m.addr = ?1 LIMIT 2"), addr, domain, domainsz)) != 0)
		return n == 1 ? 0 : -1;
	/* No other is routed there: mail of which we know nothing more. */
	n = only_one(store_prepare(j->store, "SELECT DISTINCT domain"
	    " FROM mxaddr WHERE addr = ?1 AND routed > 0 LIMIT 2"), addr,
	    domain, domainsz);
	return n == 1 ? 0 : -1;
}
