/* SPDX-License-Identifier: ISC */

#include <string.h>

#include "store/store_claim.h"

int
store_claim_add(struct store *st, const struct store_claim *c,
    const char *report_id, int64_t ok, int64_t fail,
    const unsigned char *body, size_t len, int64_t now)
{
	int64_t n;
	int rc;

	if (store_begin(st) == -1)
		return -1;
	n = store_count(st, "SELECT count(*) FROM report WHERE day = ?1"
	    " AND domain = ?2", "it", c->day, c->domain);
	if (n != 0)
		return store_end(st, n == -1 ? -1 : 0);
	rc = body == NULL ? store_run(st, "INSERT INTO report (day, domain,"
	    " report_id, state, due, note, created, done) VALUES (?1, ?2, ?3,"
	    " 'empty', ?4, 'nothing was tallied', ?4, ?4)", "itti", c->day,
	    c->domain, report_id, now) :
	    store_run(st, "INSERT INTO report (day, domain, report_id, state,"
	    " due, ok, fail, body, created) VALUES (?1, ?2, ?3, 'due', ?4,"
	    " ?5, ?6, ?7, ?4)", "ittiiib", c->day, c->domain, report_id, now,
	    ok, fail, body, len);
	if (rc == 0)
		rc = store_run(st, "INSERT INTO claimed (report, part, noted,"
		    " seen) VALUES (last_insert_rowid(), ?1, 0, 1)", "i",
		    c->part);
	return store_end(st, rc);
}

int
store_claim_doubt(struct store *st)
{
	return store_run(st, "UPDATE claimed SET seen = 0 WHERE noted = 0",
	    "");
}

int
store_claim_see(struct store *st, const struct store_claim *c)
{
	int n;

	n = store_update(st, "UPDATE claimed SET seen = 1, noted = 0"
	    " WHERE part = ?3 AND report = (SELECT id FROM report"
	    " WHERE day = ?1 AND domain = ?2)", "iti", c->day, c->domain,
	    c->part);
	return n > 0 ? 1 : n;
}

int
store_claim_drop(struct store *st)
{
	return store_update(st, "DELETE FROM report WHERE id IN (SELECT report"
	    " FROM claimed WHERE noted = 0 AND seen = 0) AND NOT EXISTS"
	    " (SELECT 1 FROM delivery WHERE report = report.id"
	    " AND delivery.state = 'sending')", "");
}

int
store_claim_ended(struct store *st, struct store_claim out[], int limit)
{
	sqlite3_stmt *stmt;
	int n = 0, rc;

	stmt = store_select(st, "SELECT r.day, r.domain, c.part, r.state"
	    " FROM claimed c JOIN report r ON r.id = c.report"
	    " WHERE c.noted = 0 AND r.state NOT IN ('due', 'sending')"
	    " LIMIT ?1", "i", (int64_t)limit);
	if (stmt == NULL)
		return -1;
	while ((rc = store_row(st, stmt, "isis", &out[n].day, out[n].domain,
	    sizeof(out[n].domain), &out[n].part, out[n].state,
	    sizeof(out[n].state))) == 1)
		if (++n == limit) {
			(void)sqlite3_reset(stmt);
			break;
		}
	return rc == -1 ? -1 : n;
}

int
store_claim_noted(struct store *st, const struct store_claim *c)
{
	return store_run(st, "UPDATE claimed SET noted = 1 WHERE part = ?3"
	    " AND report = (SELECT id FROM report WHERE day = ?1"
	    " AND domain = ?2)", "iti", c->day, c->domain, c->part);
}

int64_t
store_claim_waiting(struct store *st)
{
	return store_count(st, "SELECT count(*) FROM claimed c"
	    " JOIN report r ON r.id = c.report WHERE c.noted = 0"
	    " AND r.state = 'due'", "");
}

int
store_claim_pending(struct store *st, int64_t day)
{
	return (int)store_count(st, "SELECT EXISTS (SELECT 1 FROM detail"
	    " WHERE day = ?1 AND pending <> 0) OR EXISTS (SELECT 1"
	    " FROM unseen WHERE day = ?1)", "i", day);
}
