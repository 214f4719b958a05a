/* SPDX-License-Identifier: ISC */

#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "judge.h"
#include "log.h"

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
	sqlite3_stmt *stmt;
	int is_new;

	key_start(&key);
	key_text(&key, addr);
	key_text(&key, domain);
	host = hash_get(j->hosts, key.buf, key.len, &is_new);
	if (!is_new)
		return host->name;
	stmt = store_prepare(j->store, "SELECT host FROM mxaddr"
	    " WHERE addr = ?1 AND domain = ?2 ORDER BY seen DESC LIMIT 1");
	if (stmt != NULL && store_bind(stmt, "tt", addr, domain) == 0 &&
	    sqlite3_step(stmt) == SQLITE_ROW)
		strlcpy(host->name, store_text(stmt, 0), sizeof(host->name));
	if (stmt != NULL)
		sqlite3_reset(stmt);
	return host->name;
}

int
judge_session(struct judge *j, const char *domain, const struct record *r,
    struct judgement *out)
{
	const char *host;

	memset(out, 0, sizeof(*out));
	if (r->failure == FAILURE_NONE)
		return r->tls != NULL;
	out->failed = 1;
	strlcpy(out->type, failure_name(r->failure), sizeof(out->type));
	/* smtpd's events do not say why a handshake failed. */
	out->pending = r->failure == FAILURE_VALIDATION && r->remote != NULL;
	host = r->remote == NULL ? "" : host_of(j, r->remote, domain);
	text_cut(*host != '\0' ? host : r->rdns, out->mx, sizeof(out->mx));
	return 1;
}

int
judge_attribute(struct judge *j, const char *addr, int64_t when __unused,
    char domain[], size_t domainsz)
{
	sqlite3_stmt *stmt;
	int n = 0;

	/* A domain with waiting mail, and only one, that has the address. */
	if ((stmt = store_prepare(j->store, "SELECT DISTINCT m.domain"
	    " FROM mxaddr m JOIN waiting w ON w.domain = m.domain"
	    " WHERE m.addr = ?1 LIMIT 2")) == NULL ||
	    store_bind(stmt, "t", addr) == -1)
		return -1;
	while (sqlite3_step(stmt) == SQLITE_ROW)
		if (n++ == 0)
			strlcpy(domain, store_text(stmt, 0), domainsz);
	sqlite3_reset(stmt);
	return n == 1 ? 0 : -1;
}
