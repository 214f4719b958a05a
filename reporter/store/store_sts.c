/* SPDX-License-Identifier: ISC */

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "lib/date.h"
#include "base/log.h"
#include "lib/xalloc.h"
#include "store/store_sts.h"

/* The policy again, from its text as received. */
static struct sts_policy *
parse_body(const char *domain, const char *body)
{
	struct sts_policy *policy;
	const char *why;

	if (*body == '\0')
		return NULL;
	if ((policy = sts_policy_parse(body, strlen(body), &why)) == NULL)
		log_warnx("%s: the policy in the database: %s", domain, why);
	return policy;
}

int
store_sts_load(struct store *st, const char *domain, struct store_sts *s)
{
	sqlite3_stmt *stmt;
	const char *body;
	int rc;

	memset(s, 0, sizeof(*s));
	if ((stmt = store_select(st, "SELECT id, policy, body, fetched,"
	    " expires, refresh, tried, tried_id, error, error_type FROM sts"
	    " WHERE domain = ?1", "t", domain)) == NULL)
		return -1;
	while ((rc = store_row(st, stmt, "sitiiiisss", s->id, sizeof(s->id),
	    &s->policy_id, &body, &s->fetched, &s->expires, &s->refresh,
	    &s->tried, s->tried_id, sizeof(s->tried_id), s->error,
	    sizeof(s->error), s->error_type, sizeof(s->error_type))) == 1)
		s->policy = parse_body(domain, body);
	return rc;
}

void
store_sts_clear(struct store_sts *s)
{
	sts_policy_free(s->policy);
	s->policy = NULL;
}

static char *
json_lines(char *const lines[], size_t n)
{
	json_t *list = json_array();
	char *text;
	size_t i;

	for (i = 0; i < n; i++)
		if (json_array_append_new(list, json_string(lines[i])) == -1)
			fatalx("json_array_append");
	if ((text = json_dumps(list, JSON_COMPACT)) == NULL)
		fatalx("json_dumps");
	json_decref(list);
	return text;
}

/* The lines as received, for another reading of them. */
static char *
join_lines(const struct sts_policy *policy)
{
	size_t i, n, len = 1;
	char *text;

	for (i = 0; i < policy->nlines; i++)
		len += strlen(policy->lines[i]) + 1;
	text = xmalloc(len);
	for (len = i = 0; i < policy->nlines; i++) {
		n = strlen(policy->lines[i]);
		memcpy(text + len, policy->lines[i], n);
		len += n;
		text[len++] = '\n';
	}
	text[len] = '\0';
	return text;
}

/* Its row in table policy, made if need be; -1 with a log line. */
static int64_t
policy_row(struct store *st, const char *domain,
    const struct sts_policy *policy)
{
	char *strings = json_lines(policy->lines, policy->nlines);
	char *mx = json_lines(policy->mx, policy->nmx);
	int64_t id = -1;

	if (store_run(st, "INSERT INTO policy (domain, type, mode, strings,"
	    " mx) VALUES (?1, 'sts', ?2, ?3, ?4) ON CONFLICT DO NOTHING",
	    "tttt", domain, sts_mode_name(policy->mode), strings, mx) == 0)
		(void)store_number(st, &id, "SELECT id FROM policy WHERE"
		    " domain = ?1 AND type = 'sts' AND strings = ?2"
		    " AND mx = ?3", "ttt", domain, strings, mx);
	free(strings);
	free(mx);
	return id;
}

/* From now on that policy (0: none) is in force. */
static int
history(struct store *st, const char *domain, int64_t policy, const char *mode,
    int64_t now)
{
	int64_t before = -1;

	if (store_number(st, &before, "SELECT policy FROM sts_history WHERE"
	    " domain = ?1 AND until = 0 ORDER BY since DESC LIMIT 1", "t",
	    domain) == -1)
		return -1;
	if (before == policy)
		return 0;
	if (store_run(st, "UPDATE sts_history SET until = ?2 WHERE domain = ?1"
	    " AND until = 0", "ti", domain, now) == -1)
		return -1;
	if (policy == 0)
		return 0;
	return store_run(st, "INSERT INTO sts_history (domain, since, until,"
	    " policy, mode) VALUES (?1, ?2, 0, ?3, ?4) ON CONFLICT"
	    " (domain, since) DO UPDATE SET until = 0,"
	    " policy = excluded.policy, mode = excluded.mode", "tiit", domain,
	    now, policy, mode);
}

/* The one that was held may have run out, though nobody looked since. */
static int
close_history(struct store *st, const char *domain, int64_t now)
{
	int64_t expires = 0;

	if (store_number(st, &expires, "SELECT expires FROM sts"
	    " WHERE domain = ?1", "t", domain) == -1)
		return -1;
	return expires == 0 || expires >= now ? 0 :
	    history(st, domain, 0, "", expires);
}

int
store_sts_hold(struct store *st, const char *domain, const char *id,
    const struct sts_policy *policy, int64_t now, int64_t refresh,
    int64_t *policy_id)
{
	char *body;
	int rc;

	if ((*policy_id = policy_row(st, domain, policy)) == -1 ||
	    close_history(st, domain, now) == -1)
		return -1;
	body = join_lines(policy);
	rc = store_run(st, "INSERT INTO sts (domain, id, mode, max_age,"
	    " fetched, expires, policy, body, checked, refresh, tried,"
	    " tried_id, error, error_type) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7,"
	    " ?8, ?5, ?9, ?5, ?2, '', '') ON CONFLICT (domain) DO UPDATE SET"
	    " id = excluded.id, mode = excluded.mode,"
	    " max_age = excluded.max_age, fetched = excluded.fetched,"
	    " expires = excluded.expires, policy = excluded.policy,"
	    " body = excluded.body, checked = excluded.checked,"
	    " refresh = excluded.refresh, tried = excluded.tried,"
	    " tried_id = excluded.tried_id, error = '', error_type = ''",
	    "ttt" "iii" "iti", domain, id, sts_mode_name(policy->mode),
	    policy->max_age, now, now + policy->max_age, *policy_id, body,
	    refresh);
	free(body);
	if (rc == -1)
		return -1;
	return history(st, domain, *policy_id, sts_mode_name(policy->mode),
	    now);
}

int
store_sts_failed(struct store *st, const char *domain, const char *id,
    const char *type, const char *error, int64_t now, int64_t refresh)
{
	return store_run(st, "INSERT INTO sts (domain, id, mode, max_age,"
	    " fetched, expires, policy, body, checked, refresh, tried,"
	    " tried_id, error, error_type) VALUES (?1, '', '', 0, 0, 0, 0, '',"
	    " ?2, ?3, ?2, ?4, ?5, ?6) ON CONFLICT (domain) DO UPDATE SET"
	    " checked = excluded.checked, refresh = excluded.refresh,"
	    " tried = excluded.tried, tried_id = excluded.tried_id,"
	    " error = excluded.error, error_type = excluded.error_type",
	    "tiittt", domain, now, refresh, id, error, type);
}

int
store_sts_checked(struct store *st, const char *domain, int64_t now)
{
	return store_run(st, "UPDATE sts SET checked = ?2 WHERE domain = ?1",
	    "ti", domain, now);
}

int
store_sts_broken(struct store *st, const char *domain, const char *status,
    int64_t now)
{
	int rc;

	rc = store_update(st, "UPDATE broken SET last = ?2, status = ?3"
	    " WHERE domain = ?1", "tit", domain, now, status);
	if (rc != 0)
		return rc == -1 ? -1 : 0;
	return store_run(st, "INSERT INTO broken (domain, since, last, status)"
	    " VALUES (?1, ?2, ?2, ?3)", "tit", domain, now, status) == -1 ?
	    -1 : 1;
}

int64_t
store_sts_broken_for(struct store *st, const char *domain, int64_t now)
{
	int64_t since = now;

	if (store_number(st, &since, "SELECT since FROM broken"
	    " WHERE domain = ?1", "t", domain) == -1)
		return -1;
	return since < now ? now - since : 0;
}

int
store_sts_mended(struct store *st, const char *domain)
{
	return store_update(st, "DELETE FROM broken WHERE domain = ?1", "t",
	    domain);
}

int
store_sts_over(struct store *st, const char *domain, int64_t since)
{
	if (store_run(st, "UPDATE sts SET expires = 0, refresh = 0, id = '',"
	    " mode = '', body = '', policy = 0 WHERE domain = ?1 AND"
	    " expires <> 0", "t", domain) == -1)
		return -1;
	return history(st, domain, 0, "", since);
}

int64_t
store_sts_changes(struct store *st, const char *domain, int64_t since)
{
	return store_count(st, "SELECT count(*) FROM sts_history"
	    " WHERE domain = ?1 AND since > ?2", "ti", domain, since);
}

int
store_sts_at(struct store *st, const char *domain, int64_t when,
    struct store_sts_at *at)
{
	sqlite3_stmt *stmt;
	int64_t times;
	char mode[16];
	int rc;

	at->policy = 0;
	at->mode = STS_NONE;
	at->since = when;
	at->until = when + 1;
	if ((times = store_count(st, "SELECT count(*) FROM sts_history"
	    " WHERE domain = ?1", "t", domain)) == -1)
		return -1;
	if (times == 0) {
		/* Most domains never had one. */
		at->since = INT64_MIN;
		at->until = INT64_MAX;
		return 0;
	}
	if ((stmt = store_select(st, "SELECT h.policy, h.mode, h.since,"
	    " CASE h.until WHEN 0 THEN s.expires ELSE h.until END FROM"
	    " sts_history h LEFT JOIN sts s ON s.domain = h.domain"
	    " WHERE h.domain = ?1 AND h.since <= ?2 AND (h.until > ?2 OR"
	    " (h.until = 0 AND s.expires > ?2))"
	    " ORDER BY h.since DESC LIMIT 1", "ti", domain, when)) == NULL)
		return -1;
	if ((rc = store_first(st, stmt, "isii", &at->policy, mode,
	    sizeof(mode), &at->since, &at->until)) == 1 &&
	    sts_mode_parse(mode, &at->mode) == -1)
		at->policy = 0;
	return rc == -1 ? -1 : 0;
}

int
store_policy_matches(struct store *st, int64_t policy, const char *host)
{
	sqlite3_stmt *stmt;
	json_t *list = NULL, *pattern;
	const char *mx;
	size_t i;
	int rc, matches = 0;

	if ((stmt = store_select(st, "SELECT mx FROM policy WHERE id = ?1",
	    "i", policy)) == NULL)
		return -1;
	if ((rc = store_row(st, stmt, "t", &mx)) == 1)
		list = json_loads(mx, 0, NULL);
	(void)sqlite3_reset(stmt);
	json_array_foreach(list, i, pattern)
		if (json_string_value(pattern) != NULL &&
		    sts_pattern_matches(json_string_value(pattern), host))
			matches = 1;
	json_decref(list);
	return rc == -1 ? -1 : matches;
}

int
store_sts_count(struct store *st, const char *domain, int64_t policy,
    int64_t when, const char *type, const char *mx, const char *reason)
{
	int64_t day = day_of(when);

	if (store_run(st, "INSERT INTO tally (day, domain, policy, ok, fail)"
	    " VALUES (?1, ?2, ?3, 0, 1) ON CONFLICT (day, domain, policy)"
	    " DO UPDATE SET fail = fail + 1", "iti", day, domain, policy) ==
	    -1)
		return -1;
	return store_run(st, "INSERT INTO detail (day, domain, policy, type,"
	    " sip, rip, mx, helo, reason, info, pending, count) VALUES (?1,"
	    " ?2, ?3, ?4, '', '', ?5, '', ?6, '', 0, 1) ON CONFLICT DO UPDATE"
	    " SET count = count + 1", "itittt", day, domain, policy, type, mx,
	    reason);
}
