/* SPDX-License-Identifier: ISC */

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "count/judge.h"
#include "lib/date.h"
#include "lib/hash.h"
#include "lib/text.h"
#include "lib/xalloc.h"
#include "store/store_route.h"
#include "store/store_sts.h"

struct judge {
	struct store	*store;
	const struct conf *conf;
	struct hash	*hosts;		/* (addr, domain) -> struct host */
	struct hash	*domains;	/* domain -> struct known */
	struct hash	*matches;	/* (policy, host) -> int */
	struct hash	*errors;	/* domain -> struct store_sts_error */
	struct hash	*probes;	/* (host, addr) -> struct seen */
};

struct known {
	enum forced	 ours;		/* by our own rule */
	int		 excepted;	/* sge.conf: its policy is not applied */
	struct store_sts_at at;		/* what was asked for last */
	/* The same of store_sts_error_at; error: in errors, NULL: nothing. */
	int64_t		 error_since, error_until;
	struct store_sts_error *error;
};

struct host {
	char		 name[DOMAIN_MAX];
};

struct seen {
	int		 known;
	struct store_probe probe;
};

struct judge *
judge_new(struct store *st, const struct conf *conf)
{
	struct judge *j;

	j = xcalloc(1, sizeof(*j));
	j->store = st;
	j->conf = conf;
	j->hosts = hash_new(sizeof(struct host));
	j->domains = hash_new(sizeof(struct known));
	j->matches = hash_new(sizeof(int));
	j->errors = hash_new(sizeof(struct store_sts_error));
	j->probes = hash_new(sizeof(struct seen));
	return j;
}

void
judge_free(struct judge *j)
{
	if (j == NULL)
		return;
	hash_free(j->hosts);
	hash_free(j->domains);
	hash_free(j->matches);
	hash_free(j->errors);
	hash_free(j->probes);
	free(j);
}

void
judge_reset(struct judge *j)
{
	hash_clear(j->hosts);
	hash_clear(j->domains);
	hash_clear(j->matches);
	hash_clear(j->errors);
	hash_clear(j->probes);
}

size_t
judge_bytes(const struct judge *j)
{
	return hash_bytes(j->hosts) + hash_bytes(j->domains) +
	    hash_bytes(j->matches) + hash_bytes(j->errors) +
	    hash_bytes(j->probes);
}

struct store *
judge_store(const struct judge *j)
{
	return j->store;
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

/* By sge.conf alone. */
static enum forced
forced_by_rule(const struct judge *j, const char *domain)
{
	const struct conf_rule *rule = conf_rule_out(j->conf, domain);

	/* NULL: nothing is local, so there is no mail of ours. */
	if (rule == NULL)
		return FORCED_NOT;
	if (conf_connector(j->conf, domain) != NULL)
		return FORCED_ROUTED;
	if (j->conf->mode != MODE_ENFORCE || rule->req == REQ_PREFER_TLS)
		return FORCED_NOT;
	return rule->req == REQ_TLS ? FORCED_ENCRYPT : FORCED_ROUTED;
}

struct known *
judge_known(struct judge *j, const char *domain)
{
	struct known *known;
	struct key key;
	int is_new;

	key_start(&key);
	key_text(&key, domain);
	known = hash_get(j->domains, key.buf, key.len, &is_new);
	if (is_new) {
		/* sge.conf stays the same, and is slow to ask. */
		known->ours = forced_by_rule(j, domain);
		known->excepted = domset_find(j->conf->sts_except,
		    domain) != -1;
	}
	return known;
}

/* What was in force then; NULL if the database can't tell. */
static const struct store_sts_at *
policy_of(struct judge *j, struct known *known, const char *domain,
    int64_t when)
{
	struct store_sts_at *at = &known->at;
	int64_t now;

	if (when >= at->since && when < at->until)
		return at;
	if (store_sts_at(j->store, domain, when, at) == -1) {
		at->until = at->since = when;
		return NULL;
	}
	/* What will be learned from now on is not known yet. */
	if (at->until > (now = time(NULL) + 1))
		at->until = now;
	return at;
}

/* What was announced then and could not be had; NULL: nothing. */
static const struct store_sts_error *
error_of(struct judge *j, struct known *known, const char *domain,
    int64_t when)
{
	struct store_sts_error e, *error;
	struct key key;
	int64_t now;

	if (when >= known->error_since && when < known->error_until)
		return known->error;
	known->error = NULL;
	known->error_since = known->error_until = when;
	if (store_sts_error_at(j->store, domain, when, &e) == -1)
		return NULL;
	if (e.until > (now = time(NULL) + 1))
		e.until = now;
	known->error_since = e.since;
	known->error_until = e.until;
	if (!e.without)
		return NULL;
	key_start(&key);
	key_text(&key, domain);
	error = hash_get(j->errors, key.buf, key.len, NULL);
	*error = e;
	return known->error = error;
}

/*
 * It went without the policy that its domain announces.  While that is being
 * fetched nobody knows yet whether it can be had.
 */
static void
judge_without(struct judge *j, struct known *known, const char *domain,
    const struct record *r, struct judgement *out)
{
	const struct store_sts_error *e = error_of(j, known, domain, r->time);

	if (e == NULL)
		return;
	out->failed = out->without = 1;
	out->pending = *e->type == '\0' ? 2 : 0;
	strlcpy(out->type, *e->type == '\0' ? "sts-policy-fetch-error" :
	    e->type, sizeof(out->type));
	text_cut(e->text, out->reason, sizeof(out->reason));
}

static int
policy_matches(struct judge *j, int64_t policy, const char *host)
{
	struct key key;
	int *matches, is_new;

	key_start(&key);
	key_int(&key, policy);
	key_text(&key, host);
	matches = hash_get(j->matches, key.buf, key.len, &is_new);
	if (is_new)
		*matches = store_policy_matches(j->store, policy, host);
	return *matches;
}

/* What a probe of that host said last, or NULL. */
static const struct store_probe *
probe_of(struct judge *j, const char *host, const char *addr)
{
	struct key key;
	struct seen *seen;
	int is_new;

	key_start(&key);
	key_text(&key, host);
	key_text(&key, addr);
	seen = hash_get(j->probes, key.buf, key.len, &is_new);
	if (is_new)
		seen->known = store_probe_load(j->store, host, addr,
		    &seen->probe) != -1;
	return seen->known ? &seen->probe : NULL;
}

/* A handshake that came up failed for the policy: by name, by certificate. */
static void
judge_probed(struct judge *j, const struct record *r, const char *host,
    enum sts_mode mode, int excepted, struct judgement *out)
{
	const struct store_probe *probe = probe_of(j, host, r->remote);

	/* With enforce, smtpd has verified it; unless excepted. */
	enum unseen unseen = mode == STS_ENFORCE && !excepted ? UNSEEN_DNS_NAME :
	    UNSEEN_CERT;

	/* What was seen within two days is what it was. */
	if (probe == NULL || probe->probed < r->time - 2 * DAY_SECONDS) {
		out->unseen = unseen;
		return;
	}
	if (!store_probe_denies(unseen, probe))
		return;
	out->failed = 1;
	strlcpy(out->type, probe->type, sizeof(out->type));
	text_cut(probe->text, out->reason, sizeof(out->reason));
}

/* TLS came up: was it what the policy asks for (RFC 8461 4)? */
static void
judge_tls(struct judge *j, const struct record *r, const char *host,
    enum sts_mode mode, int excepted, struct judgement *out)
{
	if (out->policy == 0 || *host == '\0')
		return;
	if (policy_matches(j, out->policy, host) == 0) {
		out->failed = 1;
		strlcpy(out->type, "validation-failure", sizeof(out->type));
		strlcpy(out->reason, "the MX host is not in the MTA-STS "
		    "policy", sizeof(out->reason));
	} else
		judge_probed(j, r, host, mode, excepted, out);
}

enum forced
judge_forced(struct judge *j, struct known *known, const char *domain,
    int64_t when)
{
	const struct store_sts_at *at;

	if (known->ours == FORCED_ROUTED)
		return FORCED_ROUTED;
	at = policy_of(j, known, domain, when);
	return at != NULL && at->mode == STS_ENFORCE && !known->excepted ?
	    FORCED_ROUTED : known->ours;
}

/* Nothing is known yet.  The texts are long: their first bytes will do. */
static void
judgement_init(struct judgement *out)
{
	out->policy = 0;
	out->failed = out->pending = out->without = 0;
	out->unseen = UNSEEN_NOT;
	out->type[0] = out->reason[0] = out->info[0] = out->mx[0] = '\0';
}

int
judge_session(struct judge *j, struct known *known, const char *domain,
    const struct record *r, struct judgement *out)
{
	const struct store_sts_at *at = policy_of(j, known, domain, r->time);
	const char *host = "";
	struct addr addr;

	judgement_init(out);
	/* "none" is as if there was no policy (RFC 8461 5, RFC 8460 4). */
	if (at != NULL && at->mode != STS_NONE)
		out->policy = at->policy;
	/* Most sessions are fine, and have no policy. */
	if (r->remote != NULL && (out->policy != 0 ||
	    r->failure != FAILURE_NONE))
		host = host_of(j, r->remote, domain);
	if (r->failure == FAILURE_NONE) {
		if (r->tls == NULL)
			return 0;
		if (at != NULL)
			judge_tls(j, r, host, at->mode, known->excepted, out);
		if (at != NULL && at->policy == 0)
			judge_without(j, known, domain, r, out);
	} else {
		out->failed = 1;
		strlcpy(out->type, failure_name(r->failure),
		    sizeof(out->type));
		/*
		 * smtpd's events do not say why a handshake failed, nor,
		 * where nothing was sent, what the answer to EHLO was.
		 */
		out->pending = r->remote != NULL &&
		    (r->failure == FAILURE_VALIDATION ||
		    (r->ntx == 0 && r->mail == NULL));
	}
	if (out->without)
		return 1;
	/* Without a PTR record smtpd names the address in the name's place. */
	if (*host == '\0' && r->rdns != NULL &&
	    addr_parse(r->rdns, strlen(r->rdns), &addr) == -1)
		host = r->rdns;
	text_cut(host, out->mx, sizeof(out->mx));
	return 1;
}
