/* SPDX-License-Identifier: ISC */

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "store/store_attempt.h"

int
store_attempt_add(struct store *st, const char *domain, int64_t at,
    const char *url)
{
	return store_update(st, "INSERT INTO attempt (domain, at, url)"
	    " VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING", "tit", domain, at,
	    url);
}

int64_t
store_attempt_count(struct store *st)
{
	return store_count(st, "SELECT count(*) FROM attempt", "");
}

int
store_attempt_any(struct store *st)
{
	return (int)store_count(st, "SELECT 1 FROM attempt LIMIT 1", "");
}

int
store_attempt_within(struct store *st, const char *domain, int64_t from,
    int64_t before)
{
	return (int)store_count(st, "SELECT 1 FROM attempt WHERE domain = ?1"
	    " AND at >= ?2 AND at < ?3 LIMIT 1", "tii", domain, from,
	    before);
}

int
store_attempt_at(struct store *st, const char *domain, const char *addr,
    int64_t after, int64_t until, char host[], size_t hostsz)
{
	sqlite3_stmt *stmt;
	int rc, found;

	if ((stmt = store_select(st, "SELECT host FROM attempt JOIN mxaddr"
	    " USING (domain) WHERE domain = ?1 AND at > ?3 AND at <= ?4 AND"
	    " addr = ?2 AND (url = 'smtp+tls://' || host OR url LIKE"
	    " 'smtp+tls://' || host || ':%') LIMIT 1", "ttii", domain, addr,
	    after, until)) == NULL)
		return -1;
	if ((found = (rc = sqlite3_step(stmt)) == SQLITE_ROW)) {
		if (strlcpy(host, store_text(stmt, 0), hostsz) >= hostsz)
			found = 0;
		rc = sqlite3_step(stmt);
	}
	return store_done(st, stmt, rc) == -1 ? -1 : found;
}

int
store_turns(struct store *st, int64_t max, void (*cb)(const char *,
    const char *, int64_t, int, void *), void *arg)
{
	const char *host, *addr;
	sqlite3_stmt *stmt;
	int64_t attempt;
	int rc, alone;

	if ((stmt = store_select(st, "WITH bad AS (SELECT m.host AS host,"
	    " a.addr AS addr, max(coalesce((SELECT max(at) FROM attempt t"
	    " WHERE t.domain = m.domain AND t.url <> ''), 0)) AS at,"
	    " (SELECT count(*) = 1 FROM mxaddr x WHERE x.domain = m.domain"
	    " AND x.host = m.host) AS alone"
	    " FROM mx m JOIN mxaddr a ON a.domain = m.domain"
	    " AND a.host = m.host JOIN probe p ON p.host = m.host"
	    " AND p.addr = a.addr WHERE m.failed > 0 AND a.routed > 0"
	    " AND p.type <> '' GROUP BY m.host, a.addr)"
	    " SELECT host, addr, at, alone FROM bad WHERE addr IN (SELECT addr"
	    " FROM bad GROUP BY addr HAVING count(*) > 1)"
	    " ORDER BY addr, host LIMIT ?1", "i", max)) == NULL)
		return -1;
	while ((rc = store_row(st, stmt, "ttin", &host, &addr, &attempt,
	    &alone)) == 1)
		cb(host, addr, attempt, alone, arg);
	return rc;
}

int
store_mx_none_matches(struct store *st, const char *domain)
{
	return (int)store_count(st, "SELECT count(*) > 0 AND"
	    " sum(matches) = 0 FROM mx WHERE domain = ?1", "t", domain);
}

/* In table meta: "attempts@USER/NAME". */
#define FILE_KEY "attempts@"

int
store_attempts_read(struct store *st, const char *name, uid_t uid,
    int64_t offset)
{
	char key[NAME_MAX + sizeof(FILE_KEY) + 24];

	if ((size_t)snprintf(key, sizeof(key), FILE_KEY "%lld/%s",
	    (long long)uid, name) >= sizeof(key))
		return -1;
	return offset >= 0 ? store_meta_set(st, key, offset) :
	    store_run(st, "DELETE FROM meta WHERE key = ?1", "t", key);
}

int
store_attempts_each(struct store *st, int (*cb)(const char *, uid_t, int64_t,
    void *), void *arg)
{
	sqlite3_stmt *stmt;
	int64_t uid, offset;
	const char *name;
	int rc;

	if ((stmt = store_select(st, "SELECT substr(key, instr(key, '/') + 1),"
	    " CAST(substr(key, length('" FILE_KEY "') + 1) AS INTEGER), value"
	    " FROM meta WHERE key GLOB '" FILE_KEY "*/*'", "")) == NULL)
		return -1;
	while ((rc = store_row(st, stmt, "tii", &name, &uid, &offset)) == 1)
		if (cb(name, (uid_t)uid, offset, arg) == -1) {
			(void)sqlite3_reset(stmt);
			return -1;
		}
	return rc;
}
