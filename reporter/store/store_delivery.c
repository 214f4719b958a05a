/* SPDX-License-Identifier: ISC */

#include <sys/types.h>

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "lib/date.h"
#include "lib/hash.h"
#include "store/store_report.h"

/* So many bounced reports, and an address is rested. */
#define BOUNCES_MAX 3
/* How many went to an address is remembered if it is so many, else counted. */
#define KNOWN_MIN 32

#define DELIVERY_COLUMNS "id, report, uri, state, tries, first, target"

/* As store_row. */
static int
delivery_row(struct store *st, sqlite3_stmt *stmt, struct store_delivery *d)
{
	d->today = 0;
	return store_row(st, stmt, "iissiis", &d->id, &d->report, d->uri,
	    sizeof(d->uri), d->state, sizeof(d->state), &d->tries, &d->first,
	    d->target, sizeof(d->target));
}

int
store_delivery_add(struct store *st, int64_t report,
    enum store_delivery_kind kind, const char *uri, const char *target,
    const char *state, int64_t next, const char *text)
{
	return store_run(st, "INSERT INTO delivery (report, uri, state, tries,"
	    " next, text, kind, target)"
	    " VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6, lower(?7))"
	    " ON CONFLICT (report, uri) DO UPDATE SET state = ?3, tries = 0,"
	    " first = NULL, next = ?4, text = ?5"
	    " WHERE state IN ('given-up', 'rested', 'held')", "ittitit",
	    report, uri, state, next, text, (int64_t)kind, target);
}

/*
 * What goes there today; that of another day may still get to be so.  What went
 * on a day to come, by a clock that was ahead, is not of today.
 */
static int64_t
count_rows(struct store *st, const char *target, int64_t now)
{
	int64_t midnight = now - now % DAY_SECONDS, n, other;

	n = store_count(st, "SELECT count(*) FROM delivery"
	    " WHERE target = ?1 AND last >= ?2 AND last < ?3"
	    " AND state IN ('sent', 'sending')", "tii", target, midnight,
	    midnight + DAY_SECONDS);
	other = store_count(st, "SELECT count(*) FROM delivery"
	    " INDEXED BY delivery_sending WHERE state = 'sending'"
	    " AND target = ?1 AND (last < ?2 OR last >= ?3)", "tii", target,
	    midnight, midnight + DAY_SECONDS);
	return n == -1 || other == -1 ? -1 : n + other;
}

/*
 * How many its address got today, with those before it of this claim.
 * Thousands of domains may have one address, whose rows are not counted each
 * time: since they were, it got no more than what was claimed, so that number
 * will do as long as it is below the most that matters.
 */
static int64_t
count_today(struct store *st, const struct store_delivery out[], int i,
    int64_t now, int64_t most)
{
	const char *target = out[i].target;
	int64_t n, *known;
	int j;

	if (target[0] == '\0')
		return 0;
	for (j = i - 1; j >= 0; j--)
		if (strcmp(out[j].target, target) == 0)
			break;
	/* Where it gets to be the most it is counted. */
	if (j >= 0 && (out[j].today >= most || out[j].today + 1 < most))
		return out[j].today + 1;
	if (st->today == NULL)
		st->today = hash_new(sizeof(int64_t));
	if (day_of(now) != st->today_day)
		hash_clear(st->today);
	st->today_day = day_of(now);
	known = hash_find(st->today, target, strlen(target));
	if (known != NULL && *known < most)
		return *known;
	if ((n = count_rows(st, target, now)) >= KNOWN_MIN && known == NULL)
		known = hash_get(st->today, target, strlen(target), NULL);
	if (n != -1 && known != NULL)
		*known = n;
	return n;
}

static void
one_more(struct store *st, const char *target)
{
	int64_t *known;

	if (st->today != NULL && (known = hash_find(st->today, target,
	    strlen(target))) != NULL)
		++*known;
}

int
store_delivery_claim(struct store *st, enum store_delivery_kind kind,
    int64_t now, int64_t most, struct store_delivery out[], int limit)
{
	sqlite3_stmt *stmt;
	int n = 0, i, rc = 0;

	if ((stmt = store_select(st, "SELECT " DELIVERY_COLUMNS " FROM delivery"
	    " WHERE state = 'due' AND kind = ?1 AND next <= ?2"
	    " ORDER BY next LIMIT ?3", "iii", (int64_t)kind, now,
	    (int64_t)limit)) == NULL)
		return -1;
	while (n < limit && (rc = delivery_row(st, stmt, &out[n])) == 1)
		n++;
	(void)sqlite3_reset(stmt);
	if (rc == -1)
		return -1;
	for (i = 0; i < n; i++) {
		out[i].today = count_today(st, out, i, now, most);
		if (out[i].today == -1 ||
		    store_run(st, "UPDATE delivery SET state = 'sending',"
		    " tries = tries + 1, first = coalesce(first, ?2),"
		    " last = ?2 WHERE id = ?1", "ii", out[i].id, now) == -1)
			return -1;
		one_more(st, out[i].target);
		out[i].tries++;
		if (out[i].first == 0)
			out[i].first = now;
	}
	return n;
}

int
store_delivery_note(struct store *st, int64_t id, const char *state,
    int64_t now, int64_t next, int64_t code, const char *text)
{
	return store_run(st, "UPDATE delivery SET state = ?2, last = ?3,"
	    " next = ?4, code = ?5, text = ?6 WHERE id = ?1", "itiiit", id,
	    state, now, next, code, text);
}

int
store_delivery_unclaim(struct store *st, int64_t id, int64_t next)
{
	return store_run(st, "UPDATE delivery SET state = 'due', next = ?2,"
	    " tries = max(tries - 1, 0),"
	    " first = CASE WHEN tries <= 1 THEN NULL ELSE first END"
	    " WHERE id = ?1 AND state = 'sending'", "ii", id, next);
}

int
store_delivery_again(struct store *st, int64_t id, int64_t now)
{
	return store_run(st, "UPDATE delivery SET state = 'sending',"
	    " tries = tries + 1, first = coalesce(first, ?2), last = ?2,"
	    " text = 'sendmail may have kept it: waits for smtpd'"
	    " WHERE id = ?1", "ii", id, now);
}

int
store_delivery_sending(struct store *st, int64_t id, struct store_delivery *d)
{
	sqlite3_stmt *stmt;
	int rc;

	if ((stmt = store_select(st, "SELECT " DELIVERY_COLUMNS " FROM delivery"
	    " WHERE id = ?1 AND state = 'sending'", "i", id)) == NULL)
		return -1;
	rc = delivery_row(st, stmt, d);
	(void)sqlite3_reset(stmt);
	return rc;
}

int
store_delivery_recover(struct store *st, enum store_delivery_kind kind,
    int64_t now)
{
	return store_update(st, "UPDATE delivery SET state = 'due', next = ?1,"
	    " tries = max(tries - 1, 0),"
	    " first = CASE WHEN tries <= 1 THEN NULL ELSE first END,"
	    " text = 'sged ended before it was sent'"
	    " WHERE state = 'sending' AND kind = ?2", "ii", now,
	    (int64_t)kind);
}

/* "copy:" are our own extra mails; they tell nothing about the report. */
int
store_delivery_settle(struct store *st, int64_t report, int64_t now)
{
	int64_t sent, open;

	sent = store_count(st, "SELECT count(*) FROM delivery"
	    " WHERE report = ?1 AND state = 'sent' AND uri NOT LIKE 'copy:%'",
	    "i", report);
	open = store_count(st, "SELECT count(*) FROM delivery"
	    " WHERE report = ?1 AND state IN ('due', 'sending')"
	    " AND uri NOT LIKE 'copy:%'", "i", report);
	if (sent == -1 || open == -1)
		return -1;
	if (sent > 0)
		return store_run(st, "UPDATE report SET state = 'sent',"
		    " done = ?2 WHERE id = ?1 AND state <> 'sent'", "ii",
		    report, now);
	if (open > 0)
		return store_run(st, "UPDATE report SET state = 'sending'"
		    " WHERE id = ?1 AND state <> 'sending'", "i", report);
	return store_run(st, "UPDATE report SET state = 'given-up', done = ?2"
	    " WHERE id = ?1 AND state <> 'given-up'", "ii", report, now);
}

int
store_delivery_each(struct store *st, int64_t report,
    int (*each)(const struct store_delivery *, void *), void *arg)
{
	struct store_delivery d;
	sqlite3_stmt *stmt;
	int rc;

	if ((stmt = store_select(st, "SELECT " DELIVERY_COLUMNS " FROM delivery"
	    " WHERE report = ?1 ORDER BY id", "i", report)) == NULL)
		return -1;
	while ((rc = delivery_row(st, stmt, &d)) == 1)
		if (each(&d, arg) == -1) {
			(void)sqlite3_reset(stmt);
			return -1;
		}
	return rc;
}

int64_t
store_bounce_until(struct store *st, const char *address, int64_t now)
{
	int64_t until;

	until = store_count(st, "SELECT until FROM bounce"
	    " WHERE address = ?1", "t", address);
	return until > now ? until : until == -1 ? -1 : 0;
}

int
store_bounce_add(struct store *st, const char *report_id, const char *address,
    int64_t now, int64_t rest, const char *text)
{
	int64_t count, last, until;

	if (store_begin(st) == -1)
		return -1;
	if (store_run(st, "INSERT OR IGNORE INTO bounced (report_id, address)"
	    " VALUES (?1, ?2)", "tt", report_id, address) == -1)
		goto bad;
	if (sqlite3_changes(st->db) == 0)
		return store_commit(st);
	count = store_count(st, "SELECT count FROM bounce"
	    " WHERE address = ?1", "t", address);
	last = store_count(st, "SELECT last FROM bounce"
	    " WHERE address = ?1", "t", address);
	until = store_count(st, "SELECT until FROM bounce"
	    " WHERE address = ?1", "t", address);
	if (count == -1 || last == -1 || until == -1)
		goto bad;
	/* Long ago, or rested since: it begins anew. */
	if (last < now - rest || (until != 0 && until <= now))
		count = until = 0;
	if (++count >= BOUNCES_MAX)
		until = now + rest;
	if (store_run(st, "INSERT OR REPLACE INTO bounce (address, count,"
	    " last, until, text) VALUES (?1, ?2, ?3, ?4, ?5)", "tiiit",
	    address, count, now, until, text) == -1)
		goto bad;
	return store_commit(st) == -1 ? -1 : 1;
bad:
	store_rollback(st);
	return -1;
}

int
store_delivery_since(struct store *st, const char *address, int64_t since)
{
	/* Rows without a target: copies, and those of older formats. */
	return (int)store_count(st, "SELECT EXISTS (SELECT 1"
	    " FROM delivery WHERE target = lower(?2) AND kind = 0"
	    " AND last >= ?1) OR EXISTS (SELECT 1 FROM delivery"
	    " INDEXED BY delivery_copy WHERE target IS NULL AND kind = 0"
	    " AND last >= ?1 AND uri COLLATE NOCASE IN"
	    " ('mailto:' || ?2, 'copy:' || ?2))", "it", since, address);
}
