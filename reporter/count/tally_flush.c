/* SPDX-License-Identifier: ISC */

#include <string.h>
#include <time.h>

#include "lib/date.h"
#include "base/log.h"
#include "store/store_flow.h"
#include "store/store_trace.h"
#include "count/tally.h"

/* What is known of the database's rows may take this much. */
#define ROWS_MAX 50000

/* Which number of rows: the first field of a key of tally->rows. */
enum rows_of {
	ROWS_CORRESPONDENT,
	ROWS_INCIDENT,
	ROWS_TALLY,
	ROWS_DETAIL,
	ROWS_TRACE,
	ROWS_WAITING
};

/* How many rows there are, asked of the database once; NULL: it can't say. */
static int64_t *
rows_of(struct tally *t, enum rows_of of, int64_t day, int64_t number,
    const char *domain)
{
	struct key key;
	int64_t *rows;
	int is_new;

	key_start(&key);
	key_int(&key, of);
	key_int(&key, day);
	key_int(&key, number);
	key_text(&key, domain);
	rows = hash_get(t->rows, key.buf, key.len, &is_new);
	if (!is_new)
		return rows;
	switch (of) {
	case ROWS_CORRESPONDENT:
		*rows = store_correspondent_rows(t->store, day, number);
		break;
	case ROWS_INCIDENT:
		*rows = store_incident_rows(t->store, day, number);
		break;
	case ROWS_TALLY:
		*rows = store_tally_rows(t->store, day);
		break;
	case ROWS_DETAIL:
		*rows = store_detail_rows(t->store, day, domain, number);
		break;
	case ROWS_TRACE:
		*rows = store_trace_rows(t->store, day, domain, number);
		break;
	case ROWS_WAITING:
		*rows = store_waiting_rows(t->store);
		break;
	}
	/* The transaction is over, and what was asked is forgotten with it. */
	return *rows == -1 ? NULL : rows;
}

static int
flush_flow(const void *key, size_t len __unused, void *value, void *arg)
{
	const unsigned char *p = key;
	struct tally *t = arg;
	int64_t day = key_read_int(&p);
	int64_t hour = key_read_int(&p);
	int64_t dir = key_read_int(&p);
	const char *class = key_read_text(&p);
	int rc;

	rc = store_flow_add(t->store, day, hour, dir, class, value);
	if (rc == 0)
		return store_flow_new(t->store, day, hour, dir, class, value);
	return rc == -1 ? -1 : 0;
}

static int
flush_correspondent(const void *key, size_t len __unused, void *value,
    void *arg)
{
	const unsigned char *p = key;
	struct tally *t = arg;
	struct correspondent_count *count = value;
	int64_t day = key_read_int(&p), *rows;
	int64_t dir = key_read_int(&p);
	const char *domain = key_read_text(&p);
	int rc;

	/* Of all classes, whichever came last. */
	if (strcmp(domain, DOMAIN_OTHERS) == 0)
		strlcpy(count->class, CLASS_ALL, sizeof(count->class));
	rc = store_correspondent_add(t->store, day, dir, domain, count);
	if (rc != 0)
		return rc == -1 ? -1 : 0;
	if ((rows = rows_of(t, ROWS_CORRESPONDENT, day, dir, "")) == NULL)
		return -1;
	if (*rows >= TALLY_DOMAINS_MAX) {
		domain = DOMAIN_OTHERS;
		strlcpy(count->class, CLASS_ALL, sizeof(count->class));
		rc = store_correspondent_add(t->store, day, dir, domain,
		    count);
		if (rc != 0)
			return rc == -1 ? -1 : 0;
	}
	(*rows)++;
	return store_correspondent_new(t->store, day, dir, domain, count);
}

static int
flush_incident(const void *key, size_t len __unused, void *value, void *arg)
{
	const unsigned char *p = key;
	struct tally *t = arg;
	int64_t day = key_read_int(&p), addrs = 0, *rows;
	int64_t dir = key_read_int(&p);
	const char *domain = key_read_text(&p);
	const char *why = key_read_text(&p);
	const char *addr = key_read_text(&p);
	int rc;

	rc = store_incident_add(t->store, day, dir, domain, why, addr, value);
	if (rc != 0)
		return rc == -1 ? -1 : 0;
	if ((rows = rows_of(t, ROWS_INCIDENT, day, dir, "")) == NULL)
		return -1;
	if (*rows >= TALLY_DOMAINS_MAX)
		domain = DOMAIN_OTHERS;
	else if ((addrs = store_incident_addrs(t->store, day, dir, domain,
	    why)) == -1)
		return -1;
	if (*domain == '*' || addrs >= INCIDENT_ADDRS_MAX) {
		addr = "*";
		rc = store_incident_add(t->store, day, dir, domain, why, addr,
		    value);
		if (rc != 0)
			return rc == -1 ? -1 : 0;
	}
	(*rows)++;
	return store_incident_new(t->store, day, dir, domain, why, addr,
	    value);
}

static int
flush_waiting(const void *key, size_t len __unused, void *value, void *arg)
{
	const unsigned char *p = key;
	struct tally *t = arg;
	int64_t *rows = rows_of(t, ROWS_WAITING, 0, 0, "");

	return rows == NULL ? -1 :
	    store_waiting(t->store, key_read_text(&p), value, rows);
}

static int
flush_unknown(const void *key, size_t len __unused, void *value, void *arg)
{
	const unsigned char *p = key;
	struct tally *t = arg;
	int64_t day = key_read_int(&p);
	const char *addr = key_read_text(&p);

	return store_unknown(t->store, day, addr, key_read_text(&p), value);
}

/* Sessions of a day whose report was made: too late for it, and said so. */
static int
count_late(struct tally *t, int64_t day, const char *domain,
    const struct tally_count *count)
{
	int reported;

	if (day >= day_of(time(NULL)))
		return 0;
	if ((reported = store_tally_reported(t->store, day, domain)) != 1)
		return reported;
	return store_meta_add(t->store, "late", count->ok + count->fail);
}

static int
flush_session(const void *key, size_t len __unused, void *value, void *arg)
{
	const unsigned char *p = key;
	struct tally *t = arg;
	int64_t day = key_read_int(&p), policy, *rows;
	const char *domain = key_read_text(&p);
	int rc;

	policy = key_read_int(&p);
	if (count_late(t, day, domain, value) == -1)
		return -1;
	rc = store_tally_add(t->store, day, domain, policy, value);
	if (rc != 0)
		return rc == -1 ? -1 : 0;
	if ((rows = rows_of(t, ROWS_TALLY, day, 0, "")) == NULL)
		return -1;
	if (*rows >= TALLY_DOMAINS_MAX) {
		domain = DOMAIN_OTHERS;
		policy = 0;
		rc = store_tally_add(t->store, day, domain, policy, value);
		if (rc != 0)
			return rc == -1 ? -1 : 0;
	}
	(*rows)++;
	return store_tally_new(t->store, day, domain, policy, value);
}

/*
 * What is remembered as full is asked for again, once in a flush: a look lets go
 * of rows meanwhile, or makes one of two.  Those of a domain come together.
 */
static int
still_full(struct tally *t, int64_t *rows, int64_t max,
    const struct detail_row *d, int64_t (*count)(struct store *, int64_t day,
    const char *domain, int64_t policy))
{
	if (*rows >= max && rows != t->full) {
		t->full = rows;
		*rows = count(t->store, d->day, d->domain, d->policy);
	}
	return *rows == -1 ? -1 : *rows >= max;
}

/* Beyond the bound: one row of its type, all else empty. */
static int
detail_sum(struct tally *t, struct detail_row *d, int64_t count, int64_t *rows)
{
	int rc;

	d->sip = d->rip = d->mx = d->helo = d->reason = d->info = "";
	d->pending = 0;
	rc = store_detail_add(t->store, d, count);
	if (rc != 0)
		return rc == -1 ? -1 : 0;
	(*rows)++;
	return store_detail_new(t->store, d, count);
}

static int
flush_detail(const void *key, size_t len __unused, void *value, void *arg)
{
	const unsigned char *p = key;
	struct tally *t = arg;
	struct detail_row d;
	int64_t *rows, *count = value;
	int rc;

	d.day = key_read_int(&p);
	d.domain = key_read_text(&p);
	d.policy = key_read_int(&p);
	d.type = key_read_text(&p);
	d.sip = key_read_text(&p);
	d.rip = key_read_text(&p);
	d.mx = key_read_text(&p);
	d.helo = key_read_text(&p);
	d.reason = key_read_text(&p);
	d.info = key_read_text(&p);
	d.pending = key_read_int(&p);
	rc = store_detail_add(t->store, &d, *count);
	if (rc != 0)
		return rc == -1 ? -1 : 0;
	if ((rows = rows_of(t, ROWS_TALLY, d.day, 0, "")) == NULL)
		return -1;
	/* Its domain was one too many: it has no report either. */
	if (*rows >= TALLY_DOMAINS_MAX && (rc = store_tally_exists(t->store,
	    d.day, d.domain, d.policy)) != 1)
		return rc;
	if ((rows = rows_of(t, ROWS_DETAIL, d.day, d.policy, d.domain)) ==
	    NULL || (rc = still_full(t, rows, REPORT_DETAILS_MAX, &d,
	    store_detail_rows)) == -1)
		return -1;
	if (rc == 1)
		return detail_sum(t, &d, *count, rows);
	(*rows)++;
	return store_detail_new(t->store, &d, *count);
}

static int
flush_unseen(const void *key, size_t len __unused, void *value, void *arg)
{
	const unsigned char *p = key;
	struct tally *t = arg;
	struct unseen_row u;
	int rc;

	u.day = key_read_int(&p);
	u.domain = key_read_text(&p);
	u.policy = key_read_int(&p);
	u.sip = key_read_text(&p);
	u.rip = key_read_text(&p);
	u.mx = key_read_text(&p);
	u.unseen = key_read_int(&p);
	/* Its domain was one too many: it has no report. */
	if ((rc = store_tally_exists(t->store, u.day, u.domain,
	    u.policy)) != 1)
		return rc;
	return store_unseen_add(t->store, &u, *(int64_t *)value);
}

static int
flush_trace(const void *key, size_t len __unused, void *value __unused,
    void *arg)
{
	const unsigned char *p = key;
	struct trace_row trace;
	struct detail_row *d = &trace.row;
	struct tally *t = arg;
	int64_t *rows;
	int rc;

	d->day = key_read_int(&p);
	d->domain = key_read_text(&p);
	d->policy = key_read_int(&p);
	trace.time = key_read_int(&p);
	trace.session = key_read_text(&p);
	trace.remote = key_read_text(&p);
	d->pending = key_read_int(&p);
	trace.unseen = key_read_int(&p);
	d->type = key_read_text(&p);
	d->sip = key_read_text(&p);
	d->rip = key_read_text(&p);
	d->mx = key_read_text(&p);
	d->helo = key_read_text(&p);
	d->reason = key_read_text(&p);
	d->info = key_read_text(&p);
	if ((rows = rows_of(t, ROWS_TRACE, d->day, d->policy, d->domain)) ==
	    NULL || (rc = still_full(t, rows, TRACES_MAX, d,
	    store_trace_rows)) == -1)
		return -1;
	if (rc == 1)
		return 0;
	(*rows)++;
	return store_trace_add(t->store, &trace);
}

/* A full disk, and memory for what waits was full, too: say it. */
static int
flush_lost(struct tally *t)
{
	if (t->lost == 0)
		return 0;
	log_warnx("filter-sge had to drop %llu records",
	    (unsigned long long)t->lost);
	return store_meta_add(t->store, "lost", (int64_t)t->lost);
}

int
tally_flush(struct tally *t)
{
	if (hash_count(t->rows) > ROWS_MAX)
		hash_clear(t->rows);
	t->full = NULL;
	if (hash_each(t->flow, flush_flow, t) != 0 ||
	    hash_each(t->correspondent, flush_correspondent, t) != 0 ||
	    hash_each(t->incident, flush_incident, t) != 0 ||
	    hash_each(t->waiting, flush_waiting, t) != 0 ||
	    hash_each(t->unknown, flush_unknown, t) != 0 ||
	    /* Details look at their tallies. */
	    hash_each(t->session, flush_session, t) != 0 ||
	    hash_each(t->detail, flush_detail, t) != 0 ||
	    hash_each(t->unseen, flush_unseen, t) != 0 ||
	    hash_each(t->trace, flush_trace, t) != 0 ||
	    flush_lost(t) != 0)
		return -1;
	return 0;
}

void
tally_forget_rows(struct tally *t)
{
	hash_clear(t->rows);
}
