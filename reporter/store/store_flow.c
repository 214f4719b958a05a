/* SPDX-License-Identifier: ISC */

#include "base/bounds.h"
#include "store/store_flow.h"

int
store_flow_add(struct store *st, int64_t day, int64_t hour, int64_t dir,
    const char *class, const struct flow_count *c)
{
	return store_update(st, "UPDATE flow SET tls13 = tls13 + ?5,"
	    " tls12 = tls12 + ?6, older = older + ?7, clear = clear + ?8,"
	    " refused = refused + ?9"
	    " WHERE day = ?1 AND hour = ?2 AND dir = ?3 AND class = ?4",
	    "iiitiiiii", day, hour, dir, class, c->buckets[0], c->buckets[1],
	    c->buckets[2], c->buckets[3], c->buckets[4]);
}

int
store_flow_new(struct store *st, int64_t day, int64_t hour, int64_t dir,
    const char *class, const struct flow_count *c)
{
	return store_run(st, "INSERT INTO flow (day, hour, dir, class, tls13,"
	    " tls12, older, clear, refused) VALUES (?1, ?2, ?3, ?4, ?5, ?6,"
	    " ?7, ?8, ?9)", "iiitiiiii", day, hour, dir, class, c->buckets[0],
	    c->buckets[1], c->buckets[2], c->buckets[3], c->buckets[4]);
}

/* An older segment may be counted after a newer one: the last session's. */
#define OF_LAST(column, value, last) \
	column " = CASE WHEN " last " >= last THEN " value " ELSE " column \
	" END"

int
store_correspondent_add(struct store *st, int64_t day, int64_t dir,
    const char *domain, const struct correspondent_count *c)
{
	return store_update(st, "UPDATE correspondent SET"
	    " " OF_LAST("class", "?4", "?15") ","
	    " tls13 = tls13 + ?5, tls12 = tls12 + ?6,"
	    " older = older + ?7, clear = clear + ?8, refused = refused + ?9,"
	    " legacy = legacy + ?10, testing = testing + ?11,"
	    " messages = messages + ?12, rcpts = rcpts + ?13,"
	    " first = min(first, ?14), last = max(last, ?15)"
	    " WHERE day = ?1 AND dir = ?2 AND domain = ?3", "iittiiiiiiiiiii",
	    day, dir, domain, c->class, c->buckets[0], c->buckets[1],
	    c->buckets[2], c->buckets[3], c->buckets[4], c->legacy,
	    c->testing, c->messages, c->rcpts, c->first, c->last);
}

int
store_correspondent_new(struct store *st, int64_t day, int64_t dir,
    const char *domain, const struct correspondent_count *c)
{
	return store_run(st, "INSERT INTO correspondent (day, dir, domain,"
	    " class, tls13, tls12, older, clear, refused, legacy, testing,"
	    " messages, rcpts, first, last) VALUES (?1, ?2, ?3, ?4, ?5, ?6,"
	    " ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)", "iittiiiiiiiiiii",
	    day, dir, domain, c->class, c->buckets[0], c->buckets[1],
	    c->buckets[2], c->buckets[3], c->buckets[4], c->legacy,
	    c->testing, c->messages, c->rcpts, c->first, c->last);
}

int64_t
store_correspondent_rows(struct store *st, int64_t day, int64_t dir)
{
	return store_count(st, "SELECT count(*) FROM correspondent"
	    " WHERE day = ?1 AND dir = ?2", "ii", day, dir);
}

int
store_incident_add(struct store *st, int64_t day, int64_t dir,
    const char *domain, const char *why, const char *addr,
    const struct incident_count *c)
{
	return store_update(st, "UPDATE incident SET"
	    " " OF_LAST("host", "?6", "?9") ","
	    " sessions = sessions + ?7, first = min(first, ?8),"
	    " last = max(last, ?9), testing = testing + ?10"
	    " WHERE day = ?1 AND dir = ?2"
	    " AND domain = ?3 AND why = ?4 AND addr = ?5", "iittttiiii", day,
	    dir, domain, why, addr, c->host, c->sessions, c->first, c->last,
	    c->testing);
}

int
store_incident_new(struct store *st, int64_t day, int64_t dir,
    const char *domain, const char *why, const char *addr,
    const struct incident_count *c)
{
	return store_run(st, "INSERT INTO incident (day, dir, domain, why,"
	    " addr, host, sessions, first, last, testing)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
	    "iittttiiii", day, dir, domain, why, addr, c->host, c->sessions,
	    c->first, c->last, c->testing);
}

int64_t
store_incident_addrs(struct store *st, int64_t day, int64_t dir,
    const char *domain, const char *why)
{
	return store_count(st, "SELECT count(*) FROM (SELECT 1"
	    " FROM incident WHERE day = ?1 AND dir = ?2 AND domain = ?3"
	    " AND why = ?4 LIMIT ?5)", "iitti", day, dir, domain, why,
	    (int64_t)INCIDENT_ADDRS_MAX);
}

int64_t
store_incident_rows(struct store *st, int64_t day, int64_t dir)
{
	return store_count(st, "SELECT count(*) FROM incident"
	    " WHERE day = ?1 AND dir = ?2", "ii", day, dir);
}

int64_t
store_waiting_rows(struct store *st)
{
	return store_count(st, "SELECT count(*) FROM waiting", "");
}

int
store_waiting(struct store *st, const char *domain,
    const struct waiting_count *c, int64_t *rows)
{
	int rc;

	/* Most often nothing waits at all. */
	if (c->last_out != 0 && *rows > 0) {
		if (store_run(st, "DELETE FROM waiting WHERE domain = ?1"
		    " AND last <= ?2", "ti", domain, c->last_out) == -1)
			return -1;
		*rows -= sqlite3_changes(st->db);
	}
	if (c->last_in == 0 || c->last_in <= c->last_out)
		return 0;
	rc = store_update(st, "UPDATE waiting SET last = max(last, ?2),"
	    " since = min(since, ?3) WHERE domain = ?1", "tii", domain,
	    c->last_in, c->first_in);
	/* A hint may be lost where there are too many. */
	if (rc != 0 || *rows >= WAITING_DOMAINS_MAX)
		return rc == -1 ? -1 : 0;
	(*rows)++;
	return store_run(st, "INSERT INTO waiting (domain, since, last)"
	    " VALUES (?1, ?2, ?3)", "tii", domain, c->first_in, c->last_in);
}

int
store_unknown(struct store *st, int64_t day, const char *addr,
    const char *type, const struct unknown_count *c)
{
	return store_run(st, "INSERT INTO unknown (day, addr, type, sessions,"
	    " last) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET"
	    " sessions = sessions + excluded.sessions,"
	    " last = max(last, excluded.last)", "ittii", day, addr, type,
	    c->sessions, c->last);
}
