/* SPDX-License-Identifier: ISC */

/*
 * Reports as the fleet has them: which days are due, and which host sends
 * which report.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "base/log.h"
#include "fleet/share.h"

/*
 * In seconds: who left something may only have lost touch as this host had,
 * and come back.
 */
#define UP "90"
/* Who was not seen for so long is not waited for. */
#define WAITED_SECONDS "(7 * 86400)"
/* Of pg_advisory_xact_lock: "sge" and 2: one at a time opens a day. */
#define OPEN_LOCK "x'73676502'::bigint"

/*
 * Days that somebody closed and no report tells of yet: those that nobody is
 * waited for, since all closed them, the wait is over, or reports of others
 * went out already.
 */
static const char due_days[] =
    "SELECT d.day, coalesce((SELECT max(o.part) + 1 FROM sge.member_day o"
    " WHERE o.day = d.day), 0) FROM sge.member_day d"
    " WHERE d.closed IS NOT NULL AND d.part IS NULL AND (" FLEET_NOW
    " > (d.day + 1) * 86400 + $1::bigint OR EXISTS (SELECT 1"
    " FROM sge.member_day o WHERE o.day = d.day AND o.part IS NOT NULL)"
    " OR NOT EXISTS (SELECT 1 FROM sge.member m WHERE m.since <= d.day"
    " AND m.seen > " FLEET_NOW " - " WAITED_SECONDS " AND NOT EXISTS (SELECT 1"
    " FROM sge.member_day c WHERE c.day = d.day AND c.member = m.member"
    " AND c.closed IS NOT NULL))) GROUP BY d.day ORDER BY d.day LIMIT 1";

/*
 * Its id: of the day, the domain, the submitter and what only this fleet
 * knows, not of the host that sends it (see report_key.h).
 */
static const char open_reports[] =
    "INSERT INTO sge.report (day, domain, part, report_id, state, next)"
    " SELECT $1::bigint, x.domain, $2::bigint, to_char(to_timestamp("
    "$1::bigint * 86400) AT TIME ZONE 'UTC', 'YYYYMMDD') || '.' || x.domain"
    " || '.' || left(encode(sha256(convert_to(k.value || ' ' || $1::text ||"
    " ' ' || x.domain || ' ' || s.value || ' ' || $2::text, 'UTF8')),"
    " 'hex'), 16), 'due', " FLEET_NOW " + floor(random() * $3::bigint)::bigint"
    " FROM (SELECT DISTINCT t.domain FROM sge.tally t"
    " JOIN sge.member_day d USING (member, day) WHERE t.day = $1::bigint"
    " AND d.part = $2::bigint AND t.domain > '*') x,"
    " sge.fleet k, sge.fleet s WHERE k.key = 'key'"
    " AND s.key = 'submitter' ON CONFLICT DO NOTHING";

static int
open_day(struct share *s, int64_t spread)
{
	struct share_number day, part, over;
	const char *params[3];

	params[0] = share_number(&day, pq_number(s->pq, 0, 0));
	params[1] = share_number(&part, pq_number(s->pq, 0, 1));
	params[2] = share_number(&over, spread);
	if (pq_run(s->pq, "UPDATE sge.member_day SET part = $2::bigint WHERE"
	    " day = $1::bigint AND closed IS NOT NULL AND part IS NULL", 2,
	    params) == -1)
		return -1;
	return pq_run(s->pq, open_reports, 3, params);
}

int
share_open(struct share *s, const json_t *question, json_t *answer __unused,
    const char **why __unused)
{
	struct share_number wait;
	const char *params[1];

	/* What takes long for a day of many domains keeps nobody waiting. */
	if (pq_run(s->pq, "BEGIN; SELECT pg_try_advisory_xact_lock(" OPEN_LOCK
	    ")", 0, NULL) == -1)
		return -1;
	if (strcmp(pq_text(s->pq, 0, 0), "t") != 0)
		return pq_run(s->pq, "ROLLBACK", 0, NULL);
	params[0] = share_number(&wait, s->conf->fleet_wait);
	if (pq_run(s->pq, due_days, 1, params) == -1)
		return -1;
	if (pq_rows(s->pq) > 0 && open_day(s, ipc_int(question, "spread",
	    0)) == -1)
		return -1;
	return pq_run(s->pq, "COMMIT", 0, NULL);
}

/*
 * Of one day's domain a host sends one report: another part is for others, and
 * waits until the one before it is somebody's.
 * Each is an index's first rows, for $2 reports.
 */
#define CLAIM(which, order) \
	"WITH x AS (SELECT day, domain, part FROM sge.report r" \
	" WHERE " which \
	" AND r.day >= (SELECT since FROM sge.member WHERE member = $1)" \
	" AND NOT EXISTS (SELECT 1 FROM sge.report o WHERE o.day = r.day" \
	" AND o.domain = r.domain AND o.part <> r.part AND (o.member = $1" \
	" OR (o.part < r.part AND o.state = 'due')))" \
	order " LIMIT $2::bigint FOR UPDATE SKIP LOCKED)" \
	" UPDATE sge.report u SET state = 'claimed', member = $1 FROM x" \
	" WHERE u.day = x.day AND u.domain = x.domain AND u.part = x.part" \
	" RETURNING u.day, u.domain, u.part, u.report_id"
static const char claim_due[] = CLAIM("r.state = 'due' AND r.next <= "
    FLEET_NOW, " ORDER BY r.next");
/* What others left, of whom nothing was heard for the time of the lease. */
static const char claim_left[] = CLAIM("r.state = 'claimed' AND r.member IN"
    " (SELECT m.member FROM sge.member m WHERE m.member <> $1 AND m.seen < "
    FLEET_LAPSED ") AND EXISTS (SELECT 1 FROM sge.member m WHERE m.member ="
    " $1 AND m.up < " FLEET_NOW " - " UP ")", "");
static const char held_reports[] =
    "SELECT day, domain, part, report_id FROM sge.report"
    " WHERE member = $1 AND state = 'claimed' ORDER BY day, domain, part"
    " OFFSET $2::bigint LIMIT $3::bigint";

static void
tell_reports(struct share *s, json_t *answer)
{
	json_t *list, *one;
	int i;

	if ((list = json_array()) == NULL)
		fatalx("share: no memory");
	for (i = 0; i < pq_rows(s->pq); i++) {
		one = json_pack("[I, s, I, s]",
		    (json_int_t)pq_number(s->pq, i, 0), pq_text(s->pq, i, 1),
		    (json_int_t)pq_number(s->pq, i, 2),
		    pq_text(s->pq, i, 3));
		if (one == NULL || json_array_append_new(list, one) == -1)
			fatalx("share: no memory");
	}
	share_set(answer, "reports", list);
}

int
share_claim(struct share *s, const json_t *question, json_t *answer,
    const char **why __unused)
{
	struct share_number room;
	const char *params[2] = { s->conf->hostname, NULL };

	params[1] = share_number(&room, ipc_int(question, "room", 0));
	if (pq_again(s->pq, claim_due, 2, params) == -1 ||
	    (pq_rows(s->pq) == 0 &&
	    pq_again(s->pq, claim_left, 2, params) == -1))
		return -1;
	tell_reports(s, answer);
	return 0;
}

int
share_held(struct share *s, const json_t *question, json_t *answer,
    const char **why __unused)
{
	struct share_number from, most;
	int64_t offset = ipc_int(question, "from", 0);
	const char *params[3] = { s->conf->hostname, NULL, NULL };

	params[1] = share_number(&from, offset);
	params[2] = share_number(&most, FLEET_CLAIMS_MAX);
	if (pq_run(s->pq, held_reports, 3, params) == -1)
		return -1;
	tell_reports(s, answer);
	share_set(answer, "next", json_integer(pq_rows(s->pq) ==
	    FLEET_CLAIMS_MAX ? (json_int_t)offset + FLEET_CLAIMS_MAX : -1));
	return 0;
}

/* As store_copy.c's rows have it: the longest of texts not quoted again. */
#define STRINGS "CASE WHEN p.strings LIKE '[%' THEN p.strings::json" \
	" ELSE to_json(''::text) END"

/*
 * What all hosts of each report's part tallied, under the policy as it was: $1
 * has [day, domain, part] of each.  A row begins with which of them it is.  Each
 * host's rows are one look into an index: with OFFSET 0 nobody plans to read all
 * of a day for it.
 */
#define SUMS(what, from, order) \
	"SELECT json_build_array(q.n, coalesce(p.domain, '')," \
	" coalesce(p.type, ''), coalesce(p.mode, ''), " STRINGS "," \
	" coalesce(p.mx, ''), " what ") FROM (SELECT e.i - 1 AS n," \
	" (e.r->>0)::bigint AS day, e.r->>1 AS domain," \
	" (e.r->>2)::bigint AS part FROM json_array_elements($1::json)" \
	" WITH ORDINALITY e (r, i)) q" \
	" JOIN sge.member_day d ON d.day = q.day AND d.part = q.part" \
	" CROSS JOIN LATERAL (SELECT * FROM sge." from " WHERE day = d.day" \
	" AND member = d.member AND domain = q.domain OFFSET 0) t" \
	" LEFT JOIN LATERAL (SELECT * FROM sge.policy WHERE day = t.day" \
	" AND member = t.member AND id = t.policy OFFSET 0) p ON true" \
	" GROUP BY q.n, p.domain, p.type, p.mode, p.strings, p.mx" order \
	" OFFSET $2::bigint LIMIT $3::bigint"
#define DETAIL "t.type, t.sip, t.rip, t.mx, t.helo, t.reason, t.info"
static const char sum_tallies[] = SUMS("sum(t.ok)::bigint, sum(t.fail)::bigint",
    "tally", " ORDER BY q.n, p.domain, p.type, p.mode, p.strings, p.mx");
static const char sum_details[] = SUMS(DETAIL ", sum(t.count)::bigint",
    "detail", ", " DETAIL " ORDER BY q.n, sum(t.count) DESC, p.domain, p.type,"
    " p.mode, p.strings, p.mx, " DETAIL);

/* Some rows of one of them; "next": from where there are more, or -1. */
int
share_sums(struct share *s, const json_t *question, json_t *answer,
    const char **why __unused)
{
	struct share_number from, most;
	int64_t offset = ipc_int(question, "from", 0);
	const char *params[3] = { NULL };
	json_t *list, *one;
	size_t bytes = 0;
	char *reports;
	int i, rc;

	reports = json_dumps(json_object_get(question, "reports"),
	    JSON_COMPACT);
	if (reports == NULL)
		fatalx("share: no memory");
	params[0] = reports;
	params[1] = share_number(&from, offset);
	params[2] = share_number(&most, FLEET_SUMS_MAX);
	rc = pq_again(s->pq, ipc_bool(question, "details", 0) ? sum_details :
	    sum_tallies, 3, params);
	free(reports);
	if (rc == -1)
		return -1;
	if ((list = json_array()) == NULL)
		fatalx("share: no memory");
	for (i = 0; i < pq_rows(s->pq); i++) {
		bytes += strlen(pq_text(s->pq, i, 0)) + 1;
		if (bytes > IPC_MESSAGE_MAX / 2 && i > 0)
			break;
		one = json_loads(pq_text(s->pq, i, 0), 0, NULL);
		if (one == NULL || json_array_append_new(list, one) == -1)
			fatalx("share: no memory");
	}
	share_set(answer, "rows", list);
	share_set(answer, "next", json_integer(i < pq_rows(s->pq) ||
	    i == FLEET_SUMS_MAX ? (json_int_t)(offset + i) : -1));
	return 0;
}

/* Which of what was told is this host's. */
static void
tell_own(struct share *s, json_t *answer)
{
	json_t *own;
	int i;

	if ((own = json_array()) == NULL)
		fatalx("share: no memory");
	for (i = 0; i < pq_rows(s->pq); i++)
		if (json_array_append_new(own, json_integer(
		    (json_int_t)pq_number(s->pq, i, 0))) == -1)
			fatalx("share: no memory");
	share_set(answer, "own", own);
}

/* How they ended, of those that are still this host's. */
int
share_note(struct share *s, const json_t *question, json_t *answer,
    const char **why __unused)
{
	const char *params[2] = { s->conf->hostname, NULL };
	char *ended;
	int rc;

	ended = json_dumps(json_object_get(question, "ended"), JSON_COMPACT);
	if (ended == NULL)
		fatalx("share: no memory");
	params[1] = ended;
	rc = pq_run(s->pq, "UPDATE sge.report u SET state = e->>3,"
	    " done = " FLEET_NOW " FROM json_array_elements($2::json) e"
	    " WHERE u.day = (e->>0)::bigint AND u.domain = e->>1"
	    " AND u.part = (e->>2)::bigint AND u.member = $1"
	    " AND u.state = 'claimed'", 2, params);
	if (rc == 0)
		rc = pq_run(s->pq, "SELECT e.i - 1 FROM json_array_elements("
		    "$2::json) WITH ORDINALITY e (r, i) JOIN sge.report u"
		    " ON u.day = (e.r->>0)::bigint AND u.domain = e.r->>1"
		    " AND u.part = (e.r->>2)::bigint WHERE u.member = $1"
		    " AND u.state <> 'claimed'", 2, params);
	free(ended);
	if (rc == 0)
		tell_own(s, answer);
	return rc;
}
