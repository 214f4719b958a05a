/* SPDX-License-Identifier: ISC */

/* Rows of failures in a report: whose they are, and what is summed. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "base/log.h"
#include "conf/conf.h"
#include "lib/xalloc.h"
#include "report_bench.h"
#include "tap.h"

/* A domain's only policy of that day, with its rows, in text; "none". */
static const char *
policy_of(struct store *st, const struct conf *conf, const char *domain)
{
	static char *text;
	struct report *re;

	free(text);
	text = NULL;
	if ((re = built(st, conf, domain, DAY)) == NULL)
		return "none";
	text = json_dumps(json_array_get(json_object_get(re->json,
	    "policies"), 0), JSON_COMPACT);
	report_free(re);
	return text;
}

/* How many rows there are, and the count of the one of a type; -1: none. */
static int
rows_of(struct store *st, const struct conf *conf, const char *domain,
    const char *type, long long *count)
{
	struct report *re = built(st, conf, domain, DAY);
	const json_t *rows, *row;
	size_t i;
	int n;

	*count = -1;
	if (re == NULL)
		return -1;
	rows = json_object_get(json_array_get(json_object_get(re->json,
	    "policies"), 0), "failure-details");
	n = (int)json_array_size(rows);
	json_array_foreach(rows, i, row)
		if (strcmp(json_string_value(json_object_get(row,
		    "result-type")), type) == 0)
			*count = json_integer_value(json_object_get(row,
			    "failed-session-count"));
	report_free(re);
	return n;
}

/* One failure, as the database has it. */
static void
failure(struct store *st, const char *domain, const char *type,
    const char *rip, const char *mx, const char *helo, int count)
{
	char *sql;

	xasprintf(&sql, "INSERT INTO detail VALUES (%d, '%s', 0, '%s',"
	    " '192.0.2.1', '%s', '%s', '%s', '', '', 0, %d)", DAY, domain,
	    type, rip, mx, helo, count);
	store_sql(st, sql);
	free(sql);
}

static void
tally(struct store *st, const char *domain, const char *good, const char *bad)
{
	char *sql;

	xasprintf(&sql, "INSERT INTO tally VALUES (%d, '%s', 0, %s, %s)", DAY,
	    domain, good, bad);
	store_sql(st, sql);
	free(sql);
}

/* The host's name: ours, else what it calls itself, else none. */
static void
hosts(struct store *st, const struct conf *conf)
{
	static const struct {
		const char	*rip;
		const char	*mx;
		const char	*helo;
		const char	*want;
	} cases[] = {
		{ "198.51.100.9", "", "mx.a.nz",
		  "\"receiving-mx-helo\":\"mx.a.nz\",\"receiving-ip\":"
		  "\"198.51.100.9\",\"receiving-mx-hostname\":\"mx.a.nz\"," },
		{ "198.51.100.9", "", "MX.A.NZ",
		  "\"receiving-mx-helo\":\"MX.A.NZ\",\"receiving-ip\":"
		  "\"198.51.100.9\",\"receiving-mx-hostname\":\"mx.a.nz\"," },
		{ "198.51.100.9", "mx1.a.nz", "mx.a.nz",
		  "\"receiving-mx-hostname\":\"mx1.a.nz\","
		  "\"receiving-mx-helo\":\"mx.a.nz\",\"receiving-ip\":"
		  "\"198.51.100.9\"," },
		{ "198.51.100.9", "", "mx a.nz",
		  "\"receiving-mx-helo\":\"mx a.nz\",\"receiving-ip\":"
		  "\"198.51.100.9\"," },
		{ "", "", "mx.a.nz", "\"receiving-mx-helo\":\"mx.a.nz\"," },
		{ "", "mx1.a.nz", "", "\"receiving-mx-hostname\":\"mx1.a.nz\","
		},
		{ "198.51.100.9", "", "", "\"receiving-ip\":\"198.51.100.9\","
		},
	};
	char domain[32], want[512];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)snprintf(domain, sizeof(domain), "h%zu.nz", i);
		tally(st, domain, "0", "2");
		failure(st, domain, "starttls-not-supported", cases[i].rip,
		    cases[i].mx, cases[i].helo, 2);
		(void)snprintf(want, sizeof(want), "{\"policy\":{"
		    "\"policy-type\":\"no-policy-found\",\"policy-string\":[],"
		    "\"policy-domain\":\"%s\"},\"summary\":{"
		    "\"total-successful-session-count\":0,"
		    "\"total-failure-session-count\":2},\"failure-details\":[{"
		    "\"result-type\":\"starttls-not-supported\","
		    "\"sending-mta-ip\":\"192.0.2.1\",%s"
		    "\"failed-session-count\":2}]}", domain, cases[i].want);
		is_str(policy_of(st, conf, domain), want, "ip '%s' mx '%s' "
		    "helo '%s'", cases[i].rip, cases[i].mx, cases[i].helo);
	}
}

/* As many rows as there may be; then one for each type of the others. */
static void
summed(struct store *st, const struct conf *conf)
{
	long long count;
	char *sql;

	tally(st, "many.nz", "0", "5000");
	xasprintf(&sql, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT"
	    " i + 1 FROM n WHERE i < %d) INSERT INTO detail SELECT %d,"
	    " 'many.nz', 0, 'certificate-expired', '192.0.2.1', '', '',"
	    " 'h' || i, '', '', 0, 2 FROM n", REPORT_DETAILS_MAX, DAY);
	store_sql(st, sql);
	free(sql);
	is_int(rows_of(st, conf, "many.nz", "certificate-expired", &count),
	    REPORT_DETAILS_MAX, "all that there may be");
	is_int(count, 2, "each with its own");
	failure(st, "many.nz", "certificate-not-trusted", "", "", "a", 3);
	is_int(rows_of(st, conf, "many.nz", "certificate-not-trusted", &count),
	    REPORT_DETAILS_MAX + 1, "one more");
	is_int(count, 3, "is alone in its row");
	failure(st, "many.nz", "validation-failure", "", "", "a", 5);
	failure(st, "many.nz", "certificate-not-trusted", "", "", "b", 4);
	failure(st, "many.nz", "validation-failure", "", "", "b", 6);
	is_int(rows_of(st, conf, "many.nz", "certificate-not-trusted", &count),
	    REPORT_DETAILS_MAX + 2, "more of two types");
	is_int(count, 7, "are summed by type");
	(void)rows_of(st, conf, "many.nz", "validation-failure", &count);
	is_int(count, 11, "the second, too");
}

/* More types than anybody knows: all sessions stay. */
static void
types(struct store *st, const struct conf *conf)
{
	char type[128];
	long long count, sum = 0;
	int i, rows;

	tally(st, "types.nz", "0", "40");
	for (i = 0; i < 40; i++) {
		(void)snprintf(type, sizeof(type), "INSERT INTO detail VALUES "
		    "(%d, 'types.nz', 0, 't%02d', '', '', '', '', '', '', 0, "
		    "%d)", DAY, i, i < 31 ? 1 : 10);
		store_sql(st, type);
	}
	rows = rows_of(st, conf, "types.nz", "t31", &count);
	is_int(rows, 32, "so many types have a row");
	is_int(count, 90, "the last one holds the others");
	for (i = 0; i < 32; i++) {
		(void)snprintf(type, sizeof(type), "t%02d", i);
		(void)rows_of(st, conf, "types.nz", type, &count);
		sum += count;
	}
	is_int(sum, 121, "no session is lost");
	tally(st, "long.nz", "0", "1");
	store_sql(st, "INSERT INTO detail SELECT 20517, 'long.nz', 0,"
	    " replace(hex(zeroblob(50)), '0', 'x'), '', '', '', '', '', '', 0,"
	    " 1");
	memset(type, 0, sizeof(type));
	memset(type, 'x', 63);
	is_int(rows_of(st, conf, "long.nz", type, &count), 1,
	    "a type that is too long");
	is_int(count, 1, "is cut off");
}

/* Numbers that each reader of JSON understands. */
static void
numbers(struct store *st, const struct conf *conf)
{
	static const struct {
		const char	*good;
		const char	*bad;
		const char	*want;
	} cases[] = {
		{ "0", "1", "session-count\":0,\"total-failure-session-count\""
		  ":1}" },
		{ "1", "0", "session-count\":1,\"total-failure-session-count\""
		  ":0}" },
		{ "9007199254740991", "9007199254740992",
		  "session-count\":9007199254740991,"
		  "\"total-failure-session-count\":9007199254740991}" },
		{ "-1", "5", "session-count\":0,\"total-failure-session-count"
		  "\":5}" },
	};
	char domain[32];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)snprintf(domain, sizeof(domain), "n%zu.nz", i);
		tally(st, domain, cases[i].good, cases[i].bad);
		ok(strstr(policy_of(st, conf, domain), cases[i].want) != NULL,
		    "%s and %s: %s", cases[i].good, cases[i].bad,
		    policy_of(st, conf, domain));
	}
}

/* Lines of a policy and its MX patterns are strings, or not there. */
static void
lines(struct store *st, const struct conf *conf)
{
	store_sql(st, "INSERT INTO policy VALUES (7, 'l.nz', 'sts', 'none',"
	    " '[1,\"a\",null,\"b\"]', '[]')");
	store_sql(st, "INSERT INTO policy VALUES (8, 'm.nz', 'sts', 'none',"
	    " 'x', '[\"m.nz\",2]')");
	store_sql(st, "INSERT INTO tally VALUES (20517, 'l.nz', 7, 1, 0),"
	    " (20517, 'm.nz', 8, 1, 0)");
	ok(strstr(policy_of(st, conf, "l.nz"), "\"policy-string\":[\"a\","
	    "\"b\"],\"policy-domain\":\"l.nz\"},") != NULL, "%s",
	    policy_of(st, conf, "l.nz"));
	ok(strstr(policy_of(st, conf, "m.nz"), "\"policy-string\":[],"
	    "\"policy-domain\":\"m.nz\",\"mx-host\":[\"m.nz\"]},") != NULL,
	    "%s", policy_of(st, conf, "m.nz"));
}

int
main(void)
{
	struct conf *conf;
	struct store *st = bench_begin("unit-report-details", &conf);

	hosts(st, conf);
	summed(st, conf);
	types(st, conf);
	numbers(st, conf);
	lines(st, conf);
	bench_end(st, conf);
	return done_testing();
}
