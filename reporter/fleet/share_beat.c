/* SPDX-License-Identifier: ISC */

/* Who is in the fleet, and that this host is. */

#include <stdio.h>
#include <string.h>

#include "base/bounds.h"
#include "base/log.h"
#include "fleet/share.h"
#include "lib/fleet_table.h"
#include "lib/loop.h"

/* In seconds: who was not heard of for so long has to begin anew. */
#define GAP "30"
/* What is too old goes in such pieces, for so long at once. */
#define TRIM_ROWS "10000"
#define TRIM_MS 5000

/* Hosts of one submitter: theirs is one report, under one name. */
static int
check_submitter(struct share *s, const char **why)
{
	const char *params[1] = { s->conf->submitter };

	if (pq_run(s->pq, "INSERT INTO sge.fleet (key, value) VALUES "
	    "('submitter', $1) ON CONFLICT (key) DO NOTHING", 1, params) ==
	    -1 || pq_run(s->pq, "SELECT value FROM sge.fleet WHERE key = "
	    "'submitter'", 0, NULL) == -1)
		return -1;
	if (pq_rows(s->pq) == 1 && strcmp(pq_text(s->pq, 0, 0),
	    s->conf->submitter) == 0)
		return 0;
	*why = "this fleet reports for another domain than that of contact";
	return 1;
}

static int
members(struct share *s, json_t *answer)
{
	json_t *list, *one;
	struct share_number most;
	const char *params[1] = { share_number(&most, FLEET_MEMBERS_MAX) };
	int i;

	if (pq_run(s->pq, "SELECT m.member, m.seen, m.version, coalesce("
	    "(SELECT max(d.day) FROM sge.member_day d WHERE d.member = "
	    "m.member AND d.closed IS NOT NULL), -1), " FLEET_NOW
	    " FROM sge.member m WHERE m.seen > " FLEET_NOW " - "
	    FLEET_MEMBER_SECONDS
	    " ORDER BY m.member LIMIT $1::bigint", 1, params) == -1)
		return -1;
	if ((list = json_array()) == NULL)
		fatalx("share: no memory");
	for (i = 0; i < pq_rows(s->pq); i++) {
		one = json_pack("[s, I, s, I]", pq_text(s->pq, i, 0),
		    (json_int_t)pq_number(s->pq, i, 1),
		    pq_text(s->pq, i, 2),
		    (json_int_t)pq_number(s->pq, i, 3));
		if (one == NULL || json_array_append_new(list, one) == -1)
			fatalx("share: no memory");
	}
	if (pq_rows(s->pq) > 0)
		share_set(answer, "now",
		    json_integer((json_int_t)pq_number(s->pq, 0, 4)));
	share_set(answer, "members", list);
	return 0;
}

/* Another database of that name: what it had claimed is not known to it. */
static int
other_instance(struct share *s, const char *instance)
{
	const char *params[2] = { s->conf->hostname, instance };

	return pq_run(s->pq, "UPDATE sge.report SET state = 'due',"
	    " member = NULL WHERE member = $1 AND state = 'claimed'"
	    " AND EXISTS (SELECT 1 FROM sge.member m WHERE m.member = $1"
	    " AND m.instance <> $2 AND m.seen < " FLEET_LAPSED ")", 2,
	    params);
}

int
share_beat(struct share *s, const json_t *question, json_t *answer,
    const char **why)
{
	struct share_number since;
	const char *params[4] = { s->conf->hostname,
	    ipc_string(question, "instance", ""),
	    ipc_string(question, "version", ""), NULL };
	int rc;

	params[3] = share_number(&since, ipc_int(question, "since", 0));
	if ((rc = check_submitter(s, why)) != 0)
		return rc;
	if (other_instance(s, params[1]) == -1 ||
	    pq_run(s->pq, "INSERT INTO sge.member (member, instance, version,"
	    " joined, seen, up, since) VALUES ($1, $2, $3, " FLEET_NOW ", "
	    FLEET_NOW ", " FLEET_NOW ", $4::bigint) ON CONFLICT (member)"
	    " DO UPDATE SET instance = $2, version = $3, seen = " FLEET_NOW ","
	    " up = CASE WHEN sge.member.seen < " FLEET_NOW " - " GAP
	    " THEN " FLEET_NOW " ELSE sge.member.up END, since = $4::bigint"
	    " WHERE sge.member.instance = $2"
	    " OR sge.member.seen < " FLEET_LAPSED, 4, params) == -1)
		return -1;
	if (pq_changed(s->pq) == 0) {
		*why = "another host that runs has this hostname: give each "
		    "its own";
		return 1;
	}
	return members(s, answer);
}

/*
 * Some rows at a time, of those that no other host is letting go of.  A host
 * whose clock is ahead as it joins does not know of that: they have to be old
 * by PostgreSQL's as well.
 */
static int
trim_some(struct share *s, const char *table, int64_t day, int64_t until,
    int *more)
{
	struct share_number number, keep;
	const char *params[2] = { share_number(&number, day),
	    share_number(&keep, s->conf->keep_reports) };
	char sql[320];

	(void)snprintf(sql, sizeof(sql), "DELETE FROM sge.%s WHERE ctid IN"
	    " (SELECT ctid FROM sge.%s WHERE day < least($1::bigint, "
	    FLEET_NOW " / 86400 - $2::bigint) LIMIT " TRIM_ROWS
	    " FOR UPDATE SKIP LOCKED)", table, table);
	do {
		if (pq_run(s->pq, sql, 2, params) == -1)
			return -1;
	} while (pq_changed(s->pq) > 0 && loop_now() < until);
	*more |= pq_changed(s->pq) > 0;
	return 0;
}

int
share_trim(struct share *s, const json_t *question, json_t *answer,
    const char **why __unused)
{
	int64_t day = ipc_int(question, "day", 0);
	int64_t until = loop_now() + TRIM_MS;
	const struct fleet_table *t;
	int more = 0;

	for (t = fleet_tables; t->name != NULL; t++)
		if (trim_some(s, t->name, day, until, &more) == -1)
			return -1;
	if (trim_some(s, "report", day, until, &more) == -1 ||
	    trim_some(s, "member_day", day, until, &more) == -1)
		return -1;
	share_set(answer, "more", json_boolean(more));
	return 0;
}
