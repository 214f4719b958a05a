/* SPDX-License-Identifier: ISC */

/*
 * What sgectl shows of a fleet: one host's rows of some days, or all hosts'
 * merged, as they were at one moment.
 */

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "fleet/share.h"

#define SQL_MAX 2048
/* A host's policies have numbers of its own: one that all know them by. */
#define POLICY "('x' || left(md5(p.domain || ' ' || p.type || ' ' ||" \
	" p.mode), 15))::bit(60)::bigint"
/* Of a report, the failed sessions of the hosts that it tells of. */
#define FAILED "(SELECT coalesce(sum(f.fail), 0)::bigint FROM" \
	" sge.member_day d JOIN sge.tally f ON f.day = d.day AND f.member =" \
	" d.member WHERE d.day = t.day AND d.part = t.part AND f.domain =" \
	" t.domain)"

/* Each of them, how many of the days it has not copied whole, and when last. */
static const char look_hosts[] =
    "SELECT m.member, coalesce(max(d.copied), 0), m.version, greatest(0,"
    " $2::bigint - greatest($1::bigint, m.since) + 1 - count(d.closed))"
    " FROM sge.member m LEFT JOIN sge.member_day d ON d.member = m.member"
    " AND d.day BETWEEN $1::bigint AND $2::bigint AND d.day >= m.since"
    " WHERE (m.seen > " FLEET_NOW " - " FLEET_MEMBER_SECONDS
    " OR d.day IS NOT NULL) AND ($3::text = '' OR m.member = $3::text)"
    " GROUP BY m.member, m.version, m.since ORDER BY m.member"
    " LIMIT $4::bigint";

int
share_look(struct share *s, const json_t *question, json_t *answer,
    const char **why __unused)
{
	struct share_number first, last, most;
	const char *params[4];
	json_t *list, *one;
	int i;

	/* A name in normal form fits. */
	(void)strlcpy(s->host, ipc_string(question, "host", ""),
	    sizeof(s->host));
	s->first = ipc_int(question, "first", 0);
	s->last = ipc_int(question, "last", 0);
	s->seen = NULL;
	params[0] = share_number(&first, s->first);
	params[1] = share_number(&last, s->last);
	params[2] = s->host;
	params[3] = share_number(&most, FLEET_MEMBERS_MAX);
	if (pq_run(s->pq, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", 0,
	    NULL) == -1 || pq_run(s->pq, look_hosts, 4, params) == -1)
		return -1;
	s->begun = 1;
	if ((list = json_array()) == NULL)
		fatalx("share: no memory");
	for (i = 0; i < pq_rows(s->pq); i++) {
		one = json_pack("[s, I, s, I]", pq_text(s->pq, i, 0),
		    (json_int_t)pq_number(s->pq, i, 1), pq_text(s->pq, i, 2),
		    (json_int_t)pq_number(s->pq, i, 3));
		if (one == NULL || json_array_append_new(list, one) == -1)
			fatalx("share: no memory");
	}
	share_set(answer, "hosts", list);
	return 0;
}

static const char *
merged(char how)
{
	switch (how) {
	case 's':
		return "sum(t.%s)::bigint";
	case '<':
		return "min(t.%s)";
	case '>':
		return "max(t.%s)";
	case 'p':
		return "coalesce(" POLICY ", 0)";
	case 'e':
		return "''";
	case 'd':
		return "min(t.next)";
	case 'm':
		return "coalesce(min(t.member), '')";
	case 'z':
		return "coalesce(min(t.%s), 0)";
	case 'f':
		return FAILED;
	default:
		return "t.%s";
	}
}

/* Its columns as sql's, and by which of them rows are alike. */
static void
columns(const struct fleet_table *t, char sql[], size_t sqlsz, char group[],
    size_t groupsz)
{
	char column[64], text[320];
	size_t i, n = 0;

	group[0] = '\0';
	if (fleet_table_has_day(t)) {
		(void)strlcat(sql, " t.day,", sqlsz);
		(void)strlcat(group, " 1,", groupsz);
		n++;
	}
	for (i = 0; t->types[i] != '\0'; i++) {
		if (i > 0)
			(void)strlcat(sql, ",", sqlsz);
		(void)strlcat(sql, " ", sqlsz);
		(void)snprintf(text, sizeof(text), merged(t->merge[i]),
		    fleet_column(t, i, column, sizeof(column)));
		(void)strlcat(sql, text, sqlsz);
		if (strchr("kp", t->merge[i]) == NULL)
			continue;
		(void)snprintf(text, sizeof(text), " %zu,", n + i + 1);
		(void)strlcat(group, text, groupsz);
	}
	group[strlen(group) - 1] = '\0';
}

static int
table_begin(struct share *s, const struct fleet_table *t, const char *domain)
{
	struct share_number first, last;
	const char *params[4] = { NULL, NULL, s->host, domain };
	char sql[SQL_MAX], group[128], from[256] = "";

	if (s->seen != NULL && pq_run(s->pq, "CLOSE seen", 0, NULL) == -1)
		return -1;
	if (strchr(t->merge, 'p') != NULL)
		(void)snprintf(from, sizeof(from), " LEFT JOIN sge.policy p ON"
		    " p.day = t.day AND p.member = t.member AND p.id = t.%s",
		    fleet_table_has_day(t) ? "policy" : "id");
	(void)strlcpy(sql, "DECLARE seen NO SCROLL CURSOR FOR SELECT",
	    sizeof(sql));
	columns(t, sql, sizeof(sql), group, sizeof(group));
	(void)strlcat(sql, " FROM sge.", sizeof(sql));
	(void)strlcat(sql, t->name, sizeof(sql));
	(void)strlcat(sql, " t", sizeof(sql));
	(void)strlcat(sql, from, sizeof(sql));
	(void)strlcat(sql, " WHERE t.day BETWEEN $1::bigint AND $2::bigint AND"
	    " ($3::text = '' OR t.member = $3::text) AND ($4::text = ''",
	    sizeof(sql));
	/* A policy's domain is not that of the mail under it. */
	(void)strlcat(sql, fleet_table_has_day(t) && strstr(t->columns,
	    "domain") != NULL ? " OR t.domain = $4::text)" : " OR true)",
	    sizeof(sql));
	(void)strlcat(sql, " GROUP BY", sizeof(sql));
	if (strlcat(sql, group, sizeof(sql)) >= sizeof(sql))
		fatalx("share: a table too wide");
	params[0] = share_number(&first, s->first);
	params[1] = share_number(&last, s->last);
	if (pq_run(s->pq, sql, 4, params) == -1)
		return -1;
	s->seen = t;
	s->row = 0;
	return 0;
}

/* A row as it is found, and its length. */
static json_t *
row_json(const struct share *s, int row, size_t *len)
{
	int has_day = fleet_table_has_day(s->seen), n = 0, number;
	json_t *list, *value;

	if ((list = json_array()) == NULL)
		fatalx("share: no memory");
	*len = 0;
	for (n = 0; n == 0 || s->seen->types[n - has_day] != '\0'; n++) {
		number = has_day && n == 0 ? 1 :
		    s->seen->types[n - has_day] == 'i';
		*len += strlen(pq_text(s->pq, row, n)) + 3;
		value = number ? json_integer((json_int_t)pq_number(s->pq, row,
		    n)) : json_string(pq_text(s->pq, row, n));
		if (value == NULL || json_array_append_new(list, value) == -1)
			fatalx("share: no memory");
	}
	return list;
}

int
share_seen(struct share *s, const json_t *question, json_t *answer,
    const char **why)
{
	const struct fleet_table *t;
	struct share_number most;
	size_t bytes = 0, len;
	json_t *list, *one;
	char sql[64];

	t = fleet_table_seen(ipc_string(question, "table", ""));
	if (t == NULL) {
		*why = "no such table";
		return 1;
	}
	if (t != s->seen && table_begin(s, t, ipc_string(question, "domain",
	    "")) == -1)
		return -1;
	if (s->row == pq_rows(s->pq)) {
		(void)snprintf(sql, sizeof(sql), "FETCH %s FROM seen",
		    share_number(&most, FLEET_SUMS_MAX));
		if (pq_run(s->pq, sql, 0, NULL) == -1)
			return -1;
		s->row = 0;
	}
	if ((list = json_array()) == NULL)
		fatalx("share: no memory");
	for (; s->row < pq_rows(s->pq); s->row++) {
		one = row_json(s, s->row, &len);
		/* Quoted, a text may be twice as long. */
		bytes += len;
		if (bytes > IPC_MESSAGE_MAX / 3 && json_array_size(list) > 0) {
			json_decref(one);
			break;
		}
		if (json_array_append_new(list, one) == -1)
			fatalx("share: no memory");
	}
	share_set(answer, "more", json_boolean(json_array_size(list) > 0));
	share_set(answer, "rows", list);
	return 0;
}
