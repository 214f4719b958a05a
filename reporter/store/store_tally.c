/* SPDX-License-Identifier: ISC */

#include "base/bounds.h"
#include "store/store_flow.h"

int
store_tally_add(struct store *st, int64_t day, const char *domain,
    int64_t policy, const struct tally_count *c)
{
	return store_update(st, "UPDATE tally SET ok = ok + ?4,"
	    " fail = fail + ?5 WHERE day = ?1 AND domain = ?2 AND policy = ?3",
	    "itiii", day, domain, policy, c->ok, c->fail);
}

int
store_tally_new(struct store *st, int64_t day, const char *domain,
    int64_t policy, const struct tally_count *c)
{
	return store_run(st, "INSERT INTO tally (day, domain, policy, ok,"
	    " fail) VALUES (?1, ?2, ?3, ?4, ?5)", "itiii", day, domain,
	    policy, c->ok, c->fail);
}

int
store_tally_exists(struct store *st, int64_t day, const char *domain,
    int64_t policy)
{
	return (int)store_count(st, "SELECT 1 FROM tally WHERE day = ?1"
	    " AND domain = ?2 AND policy = ?3", "iti", day, domain,
	    policy);
}

int64_t
store_tally_rows(struct store *st, int64_t day)
{
	return store_count(st, "SELECT count(*) FROM tally WHERE day = ?1",
	    "i", day);
}

int
store_tally_reported(struct store *st, int64_t day, const char *domain)
{
	return (int)store_count(st, "SELECT 1 FROM report WHERE day = ?1"
	    " AND domain = ?2 AND (state <> 'due' OR body IS NOT NULL)", "it",
	    day, domain);
}

int
store_detail_add(struct store *st, const struct detail_row *d, int64_t count)
{
	return store_update(st, "UPDATE detail SET count = count +"
	    " ?12 WHERE day = ?1 AND domain = ?2 AND policy = ?3"
	    " AND type = ?4 AND sip = ?5 AND rip = ?6 AND mx = ?7"
	    " AND helo = ?8 AND reason = ?9 AND info = ?10"
	    " AND pending = ?11", "itittttttt" "ii", d->day, d->domain,
	    d->policy, d->type, d->sip, d->rip, d->mx, d->helo, d->reason,
	    d->info, d->pending, count);
}

int
store_detail_new(struct store *st, const struct detail_row *d, int64_t count)
{
	return store_run(st, "INSERT INTO detail (day, domain, policy, type,"
	    " sip, rip, mx, helo, reason, info, pending, count)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
	    "itittttttt" "ii", d->day, d->domain, d->policy, d->type, d->sip,
	    d->rip, d->mx, d->helo, d->reason, d->info, d->pending, count);
}

int
store_unseen_add(struct store *st, const struct unseen_row *u, int64_t count)
{
	return store_run(st, "INSERT INTO unseen (day, domain, policy, sip,"
	    " rip, mx, unseen, count) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
	    " ON CONFLICT DO UPDATE SET count = count + excluded.count",
	    "itittt" "ii", u->day, u->domain, u->policy, u->sip, u->rip,
	    u->mx, u->unseen, count);
}

int64_t
store_detail_rows(struct store *st, int64_t day, const char *domain,
    int64_t policy)
{
	return store_count(st, "SELECT count(*) FROM detail"
	    " WHERE day = ?1 AND domain = ?2 AND policy = ?3", "iti", day,
	    domain, policy);
}
