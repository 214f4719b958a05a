/* SPDX-License-Identifier: ISC */

#include <sys/types.h>

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "lib/xalloc.h"
#include "store/store_report.h"

int
store_report_policies(struct store *st, const char *domain, int64_t day,
    int (*each)(const struct store_policy *, void *), void *arg)
{
	struct store_policy p;
	sqlite3_stmt *stmt;
	int rc;

	if ((stmt = store_select(st,
	    "SELECT t.policy, coalesce(p.domain, t.domain),"
	    " coalesce(p.type, 'no-policy-found'),"
	    " coalesce(p.strings, '[]'), coalesce(p.mx, '[]'), t.ok, t.fail"
	    " FROM tally t LEFT JOIN policy p ON p.id = t.policy"
	    " WHERE t.day = ?1 AND t.domain = ?2" " ORDER BY 3 DESC, 2, 4, 5",
	    "it", day, domain)) == NULL)
		return -1;
	while ((rc = store_row(st, stmt, "ittttii", &p.id, &p.domain, &p.type,
	    &p.strings, &p.mx, &p.ok, &p.fail)) == 1)
		if (each(&p, arg) == -1) {
			(void)sqlite3_reset(stmt);
			return -1;
		}
	return rc;
}

int
store_report_details(struct store *st, const char *domain, int64_t day,
    int64_t policy, int (*each)(const struct store_detail *, void *),
    void *arg)
{
	struct store_detail d;
	sqlite3_stmt *stmt;
	int rc;

	stmt = store_select(st, "SELECT type, sip, rip, mx, helo, reason,"
	    " info, sum(count) FROM detail"
	    " WHERE day = ?1 AND domain = ?2 AND policy = ?3"
	    " GROUP BY type, sip, rip, mx, helo, reason, info"
	    " ORDER BY type, 8 DESC, mx, rip, sip, helo, reason, info", "iti",
	    day, domain, policy);
	if (stmt == NULL)
		return -1;
	while ((rc = store_row(st, stmt, "ttttttt" "i", &d.type, &d.sip,
	    &d.rip, &d.mx, &d.helo, &d.reason, &d.info, &d.count)) == 1)
		if (each(&d, arg) == -1) {
			(void)sqlite3_reset(stmt);
			return -1;
		}
	return rc;
}

int
store_report_day_after(struct store *st, int64_t day, int64_t *after)
{
	return store_number(st, after, "SELECT min(day) FROM tally"
	    " WHERE day > ?1", "i", day);
}

int64_t
store_report_count_day(struct store *st, int64_t day)
{
	return store_count(st, "SELECT count(*) FROM"
	    " (SELECT DISTINCT domain FROM tally WHERE day = ?1)", "i", day);
}

int
store_report_open_day(struct store *st, int64_t day, int64_t now,
    int64_t limit, char domain[], size_t domainsz, int64_t (*due)(void *),
    void *arg)
{
	sqlite3_stmt *stmt;
	int n = 0, rc;

	/* The domain '*', all those beyond a bound, sorts before names. */
	stmt = store_select(st, "SELECT domain, sum(ok), sum(fail) FROM tally"
	    " WHERE day = ?1 AND domain > max(?2, '*') GROUP BY domain"
	    " ORDER BY domain"
	    " LIMIT ?3", "iti", day, domain, limit);
	if (stmt == NULL)
		return -1;
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		/* Names are bounded where they are tallied. */
		if (strlcpy(domain, store_text(stmt, 0), domainsz) >= domainsz)
			log_warnx("database: tally: overlong name");
		n++;
		if (store_run(st, "INSERT OR IGNORE INTO report (day, domain,"
		    " state, due, ok, fail, created)"
		    " VALUES (?1, ?2, 'due', ?3, ?4, ?5, ?6)", "itiiii", day,
		    store_text(stmt, 0), due(arg),
		    (int64_t)sqlite3_column_int64(stmt, 1),
		    (int64_t)sqlite3_column_int64(stmt, 2), now) == -1)
			break;
	}
	if (rc == SQLITE_ROW)
		(void)sqlite3_reset(stmt);
	return rc == SQLITE_ROW || store_done(st, stmt, rc) == -1 ? -1 : n;
}

int
store_report_open_one(struct store *st, int64_t day, const char *domain,
    int64_t now)
{
	int64_t n;

	if ((n = store_count(st, "SELECT count(*) FROM tally"
	    " WHERE day = ?1 AND domain = ?2", "it", day, domain)) <= 0)
		return (int)n;
	if (store_run(st, "INSERT OR IGNORE INTO report (day, domain, state,"
	    " due, ok, fail, created) SELECT ?1, ?2, 'due', ?3, sum(ok),"
	    " sum(fail), ?3 FROM tally WHERE day = ?1 AND domain = ?2", "iti",
	    day, domain, now) == -1)
		return -1;
	return 1;
}

#define REPORT_COLUMNS "id, day, domain, report_id, state, due, first, tries"

/* As store_row. */
static int
report_row(struct store *st, sqlite3_stmt *stmt, struct store_report *r)
{
	return store_row(st, stmt, "iisssiii", &r->id, &r->day, r->domain,
	    sizeof(r->domain), r->report_id, sizeof(r->report_id), r->state,
	    sizeof(r->state), &r->due, &r->first, &r->tries);
}

int
store_report_claim(struct store *st, int64_t now, int64_t lease,
    struct store_report out[], int limit)
{
	sqlite3_stmt *stmt;
	int n = 0, i, rc = 0;

	stmt = store_select(st, "SELECT " REPORT_COLUMNS
	    " FROM report WHERE state = 'due' AND due <= ?1 ORDER BY due"
	    " LIMIT ?2", "ii", now, (int64_t)limit);
	if (stmt == NULL)
		return -1;
	while (n < limit && (rc = report_row(st, stmt, &out[n])) == 1)
		n++;
	(void)sqlite3_reset(stmt);
	if (rc == -1)
		return -1;
	for (i = 0; i < n; i++)
		if (store_run(st, "UPDATE report SET due = ?2 WHERE id = ?1",
		    "ii", out[i].id, lease) == -1)
			return -1;
	return n;
}

/* The first row; stmt may be NULL. */
static int
report_one(struct store *st, sqlite3_stmt *stmt, struct store_report *r)
{
	int rc;

	if (stmt == NULL)
		return -1;
	rc = report_row(st, stmt, r);
	(void)sqlite3_reset(stmt);
	return rc;
}

int
store_report_get(struct store *st, int64_t id, struct store_report *r)
{
	return report_one(st, store_select(st, "SELECT " REPORT_COLUMNS
	    " FROM report WHERE id = ?1", "i", id), r);
}

int
store_report_find(struct store *st, const char *domain, int64_t day,
    struct store_report *r)
{
	return report_one(st, store_select(st, "SELECT " REPORT_COLUMNS
	    " FROM report WHERE day = ?1 AND domain = ?2", "it", day,
	    domain), r);
}

int
store_report_by_id(struct store *st, const char *report_id,
    struct store_report *r)
{
	return report_one(st, store_select(st, "SELECT " REPORT_COLUMNS
	    " FROM report WHERE report_id = ?1", "t", report_id), r);
}

int
store_report_body(struct store *st, int64_t id, unsigned char **body,
    size_t *len)
{
	sqlite3_stmt *stmt;
	int rc, found = 0;

	*body = NULL;
	*len = 0;
	stmt = store_select(st, "SELECT body FROM report"
	    " WHERE id = ?1 AND body IS NOT NULL", "i", id);
	if (stmt == NULL)
		return -1;
	if ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		*len = (size_t)sqlite3_column_bytes(stmt, 0);
		*body = xmalloc(*len + 1);
		if (*len > 0)
			memcpy(*body, sqlite3_column_blob(stmt, 0), *len);
		found = 1;
		rc = SQLITE_DONE;
	}
	return store_done(st, stmt, rc) == -1 ? -1 : found;
}

int
store_report_again(struct store *st, int64_t id, int64_t now, int64_t due,
    const char *note)
{
	return store_run(st, "UPDATE report SET due = ?3, note = ?4,"
	    " tries = tries + 1,"
	    " first = CASE first WHEN 0 THEN ?2 ELSE first END"
	    " WHERE id = ?1 AND state = 'due'", "iiit", id, now, due, note);
}

int
store_report_release(struct store *st, int64_t id, int64_t due)
{
	return store_run(st, "UPDATE report SET due = ?2"
	    " WHERE id = ?1 AND state = 'due'", "ii", id, due);
}

int
store_report_built(struct store *st, int64_t id, const char *report_id,
    const char *record, const char *note, int64_t ok, int64_t fail,
    const unsigned char *body, size_t len)
{
	return store_run(st, "UPDATE report SET state = 'sending',"
	    " report_id = ?2, record = ?3, note = ?4, ok = ?5, fail = ?6,"
	    " body = ?7 WHERE id = ?1", "itttiib", id, report_id, record, note,
	    ok, fail, body, len);
}

int
store_report_end(struct store *st, int64_t id, const char *state, int64_t now,
    const char *record, const char *note)
{
	return store_run(st, "UPDATE report SET state = ?2, done = ?3,"
	    " record = coalesce(?4, record), note = coalesce(?5, note)"
	    " WHERE id = ?1", "ititt", id, state, now, record, note);
}

int64_t
store_report_next_due(struct store *st, int64_t other)
{
	int64_t next = other, kind;

	if (store_number(st, &next, "SELECT min(due) FROM report"
	    " WHERE state = 'due'", "") == -1)
		return -1;
	if (next < other)
		other = next;
	for (kind = DELIVERY_MAIL; kind <= DELIVERY_HTTPS; kind++) {
		if (store_number(st, &next, "SELECT min(next) FROM delivery"
		    " WHERE state = 'due' AND kind = ?1", "i", kind) == -1)
			return -1;
		if (next < other)
			other = next;
	}
	return other;
}

int
store_report_hurry(struct store *st, int64_t day, const char *domain,
    int64_t now, int64_t *waiting, int64_t *taken)
{
	int64_t sending;

	*waiting = *taken = 0;
	if (store_begin(st) == -1)
		return -1;
	if (store_run(st, "UPDATE report SET due = ?3, first = 0, tries = 0,"
	    " state = 'due' WHERE day = ?1 AND (?2 IS NULL OR domain = ?2)"
	    " AND state IN ('due', 'given-up', 'no-rua', 'empty')", "iti", day,
	    domain, now) == -1)
		goto bad;
	*waiting = sqlite3_changes(st->db);
	if (store_run(st, "UPDATE delivery SET next = ?3 WHERE state = 'due'"
	    " AND report IN (SELECT id FROM report WHERE day = ?1"
	    " AND (?2 IS NULL OR domain = ?2))", "iti", day, domain, now) == -1)
		goto bad;
	sending = store_count(st, "SELECT count(*) FROM report"
	    " WHERE day = ?1 AND (?2 IS NULL OR domain = ?2)"
	    " AND state IN ('sending', 'sent') AND id IN (SELECT report"
	    " FROM delivery WHERE state IN ('due', 'sending'))", "it", day,
	    domain);
	*taken = store_count(st, "SELECT count(*) FROM report"
	    " WHERE day = ?1 AND (?2 IS NULL OR domain = ?2)"
	    " AND state = 'sent' AND id NOT IN (SELECT report FROM delivery"
	    " WHERE state IN ('due', 'sending'))", "it", day, domain);
	if (sending == -1 || *taken == -1)
		goto bad;
	*waiting += sending;
	return store_commit(st);
bad:
	store_rollback(st);
	return -1;
}
