/* SPDX-License-Identifier: ISC */

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
store_mx_none_matches(struct store *st, const char *domain)
{
	return (int)store_count(st, "SELECT count(*) > 0 AND"
	    " sum(matches) = 0 FROM mx WHERE domain = ?1", "t", domain);
}
