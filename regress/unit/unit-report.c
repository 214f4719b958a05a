/* SPDX-License-Identifier: ISC */

/* A day's report from the tallies, as JSON. */

#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/log.h"
#include "conf/conf.h"
#include "report/report_key.h"
#include "report_bench.h"
#include "rfc/result.h"
#include "tap.h"

/* Every value of a JSON text, for what must not be in it. */
static int
clean(const json_t *json)
{
	const json_t *value;
	const char *key;
	size_t i;

	switch (json_typeof(json)) {
	case JSON_NULL:
	case JSON_REAL:
	case JSON_TRUE:
	case JSON_FALSE:
		return 0;
	case JSON_STRING:
		return json_string_length(json) > 0;
	case JSON_INTEGER:
		return json_integer_value(json) >= 0 &&
		    json_integer_value(json) < (1LL << 53);
	case JSON_ARRAY:
		json_array_foreach(json, i, value)
			if (!clean(value))
				return 0;
		return 1;
	case JSON_OBJECT:
		/* jansson would cast const away to iterate. */
		for (void *it = json_object_iter((json_t *)(uintptr_t)json);
		    it != NULL; it = json_object_iter_next(
		    (json_t *)(uintptr_t)json, it)) {
			key = json_object_iter_key(it);
			if (key[0] == '\0' || !clean(json_object_iter_value(it)))
				return 0;
		}
		return 1;
	}
	return 0;
}

static char *
text_of(struct store *st, const struct conf *conf, const char *domain)
{
	struct report *re = built(st, conf, domain, DAY);
	char *text = NULL;
	json_t *json;

	if (!ok(re != NULL, "%s: built", domain))
		return NULL;
	ok(clean(re->json), "%s: no null, no empty string", domain);
	text = report_text(re, 0);
	json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	ok(json != NULL && json_equal(json, re->json),
	    "%s: its text is JSON without duplicate names", domain);
	json_decref(json);
	report_free(re);
	return text;
}

static void
whole_text(struct store *st, const struct conf *conf)
{
	struct report *re = built(st, conf, "sts.nz", DAY);
	char *text, *want;

	if (!ok(re != NULL, "sts.nz"))
		return;
	is_int(re->ok, 15, "sessions with TLS");
	is_int(re->failed, 4, "sessions that failed");
	is_int((long long)strspn(re->id, "abcdefghijklmnopqrstuvwxyz"
	    "0123456789-_."), (long long)strlen(re->id),
	    "the id fits dot-atom: %s", re->id);
	ok(strncmp(re->id, "20260305.sts.nz.", 16) == 0 &&
	    strlen(re->id) == 32, "and has day, domain, random digits");
	text = report_text(re, 0);
	if (asprintf(&want, "{\"organization-name\":\"M\303\244nties &"
	    " \\\"Co\\\"\",\"date-range\":{\"start-datetime\":"
	    "\"2026-03-05T00:00:00Z\",\"end-datetime\":"
	    "\"2026-03-05T23:59:59Z\"},\"contact-info\":"
	    "\"tls-reports@minties.govt.nz\",\"report-id\":\"%s\","
	    "\"policies\":[{\"policy\":{\"policy-type\":\"sts\","
	    "\"policy-string\":[\"version: STSv1\",\"mode: testing\","
	    "\"mx: *.sts.nz\",\"max_age: 86400\"],\"policy-domain\":"
	    "\"sts.nz\",\"mx-host\":[\"*.sts.nz\"]},\"summary\":"
	    "{\"total-successful-session-count\":12,"
	    "\"total-failure-session-count\":4},\"failure-details\":["
	    "{\"result-type\":\"certificate-expired\","
	    "\"failed-session-count\":1,\"failure-reason-code\":"
	    "\"certificate has expired\"},"
	    "{\"result-type\":\"starttls-not-supported\","
	    "\"sending-mta-ip\":\"192.0.2.1\",\"receiving-mx-hostname\":"
	    "\"mx2.sts.nz\",\"receiving-ip\":\"2001:db8::1\","
	    "\"failed-session-count\":3},"
	    "{\"result-type\":\"starttls-not-supported\","
	    "\"sending-mta-ip\":\"192.0.2.1\",\"receiving-mx-hostname\":"
	    "\"mx1.sts.nz\",\"receiving-mx-helo\":\"mx1\","
	    "\"receiving-ip\":\"198.51.100.7\",\"failed-session-count\":1}]},"
	    "{\"policy\":{\"policy-type\":\"no-policy-found\","
	    "\"policy-string\":[],\"policy-domain\":\"sts.nz\"},\"summary\":"
	    "{\"total-successful-session-count\":3,"
	    "\"total-failure-session-count\":0},\"failure-details\":[]}]}",
	    re->id) == -1)
		want = NULL;
	is_str(text, want, "the whole report");
	free(want);
	free(text);
	text = report_filename(conf, re);
	ok(strncmp(text, "minties.govt.nz!sts.nz!1772668800!1772755199!", 45) ==
	    0 && strlen(text) == 45 + 8 && strspn(text + 45,
	    "0123456789abcdef") == 8, "file name: %s", text);
	free(text);
	report_free(re);
}

static void
oddities(struct store *st, const struct conf *conf)
{
	struct report *re;
	char *text;

	free(text_of(st, conf, "sts.nz"));
	if ((text = text_of(st, conf, "plain.nz")) != NULL)
		ok(strstr(text, "\"policy-domain\":\"plain.nz\"") != NULL &&
		    strstr(text, "mx-host") == NULL &&
		    strstr(text, "count\":41") != NULL,
		    "no policy: it has its domain, no mx-host");
	free(text);
	if ((text = text_of(st, conf, "odd.nz")) != NULL) {
		ok(strstr(text, "\"a\357\277\275b") != NULL,
		    "bytes that are not UTF-8 are U+FFFD: %s", text);
		ok(strstr(text, "nonsense") == NULL && strstr(text,
		    "receiving-ip") == NULL, "what is no address is left out");
		ok(strstr(text, "\\u00") == NULL && strstr(text, "\302\200") ==
		    NULL && strstr(text, "\357\277\276") == NULL,
		    "no control characters, no noncharacters");
		ok(strstr(text, "{\"result-type\":\"validation-failure\","
		    "\"failed-session-count\":4,\"failure-reason-code\":"
		    "\"more kinds of failures") != NULL,
		    "nothing but the type known");
	}
	free(text);
	if ((text = text_of(st, conf, "fetch.nz")) != NULL)
		ok(strstr(text, "{\"result-type\":\"sts-policy-fetch-error\","
		    "\"failed-session-count\":1,") != NULL,
		    "a failed fetch names no host and no address: %s", text);
	free(text);
	is_int(report_build(st, conf, "nobody.nz", DAY, &re), 0,
	    "nothing tallied, no report");
	is_int(report_build(st, conf, "sts.nz", DAY + 1, &re), 0,
	    "nor that day");
	/* What can't be read is not nothing. */
	store_sql(st, "ALTER TABLE detail RENAME TO elsewhere");
	is_int(report_build(st, conf, "sts.nz", DAY, &re), -1,
	    "failures that can't be read");
	store_sql(st, "ALTER TABLE elsewhere RENAME TO detail");
}

/* The id of a domain's report under what key there is in a spool. */
static const char *
id_of(struct store *st, const struct conf *conf, const char *domain)
{
	static char ids[16][256];
	static int turn;
	char *id = ids[turn = (turn + 1) % 16];
	struct report *re = built(st, conf, domain, DAY);

	strlcpy(id, re == NULL ? "none" : re->id, sizeof(ids[0]));
	report_free(re);
	return id;
}

/* Not of chance, not of what the database remembers, and not to be told. */
static void
derived(struct store *st, const struct conf *conf)
{
	struct conf own = *conf, other;
	char host[] = "mail2.minties.govt.nz", path[64];
	char spool[] = "/tmp/unit-report.XXXXXXXXXX";
	const char *id;
	struct stat sb;

	if (mkdtemp(spool) == NULL)
		fatal("mkdtemp");
	own.spool = spool;
	snprintf(path, sizeof(path), "%s/" REPORT_KEY_FILE, spool);
	is_int(report_key_make(spool), 0, "a key");
	ok(stat(path, &sb) == 0 && sb.st_size == 32 &&
	    (sb.st_mode & 07777) == 0640, "that others can't read");
	id = id_of(st, &own, "plain.nz");
	is_int(report_key_make(spool), 0, "made once");
	is_str(id_of(st, &own, "plain.nz"), id, "one id");
	other = own;
	other.hostname = host;
	ok(strcmp(id_of(st, &other, "plain.nz"), id) != 0,
	    "another host's is another");
	ok(strcmp(strrchr(id_of(st, &own, "sts.nz"), '.'), strrchr(id,
	    '.')) != 0, "and another domain's");
	if (unlink(path) == -1)
		fatal("%s", path);
	is_int(report_key_make(spool), 0, "another key");
	ok(strcmp(id_of(st, &own, "plain.nz"), id) != 0,
	    "whose id is another");
	if (truncate(path, 5) == -1)
		fatal("%s", path);
	is_str(id_of(st, &own, "plain.nz"), "none", "half a key is none");
	(void)unlink(path);
	(void)rmdir(spool);
}

/* What is stored decides: the same id, and the same bytes. */
static void
stored(struct store *st, const struct conf *conf)
{
	struct report *re, *again;
	struct store_report row;
	unsigned char *body;
	size_t len;

	is_int(store_report_open_one(st, DAY, "sts.nz", 5), 1, "a row");
	is_int(store_report_open_one(st, DAY, "nobody.nz", 5), 0, "no row");
	is_int(store_report_find(st, "sts.nz", DAY, &row), 1, "is found");
	is_str(row.report_id, "", "without an id");
	re = built(st, conf, "sts.nz", DAY);
	if (re == NULL || !ok(report_pack(re) == 0, "packed"))
		return;
	is_int(store_report_built(st, row.id, re->id, "v=TLSRPTv1;", NULL,
	    re->ok, re->failed, re->gz, re->gzlen), 0, "stored");
	store_sql(st, "UPDATE tally SET ok = 99 WHERE domain = 'sts.nz'");
	again = built(st, conf, "sts.nz", DAY);
	is_str(again->id, re->id, "the id stays for that domain and day");
	report_free(again);
	is_int(store_report_body(st, row.id, &body, &len), 1, "the body");
	again = report_load("sts.nz", DAY, re->id, body, len);
	if (ok(again != NULL, "is read back")) {
		is_int(again->ok, 15, "as it was");
		is_int(again->failed, 4, "in both sums");
		ok(json_equal(again->json, re->json), "and all of it");
		free(again->gz);
		again->gz = NULL;
		ok(report_pack(again) == 0 && again->gzlen == len &&
		    memcmp(again->gz, body, len) == 0,
		    "packed again it gives the same bytes");
		is_int(body[4] | body[5] | body[6] | body[7], 0,
		    "gzip without a time");
		report_free(again);
	}
	body[len / 2] ^= 0xff;
	ok(report_load("sts.nz", DAY, re->id, body, len) == NULL,
	    "a damaged one is refused");
	free(body);
	report_free(re);
}

/*
 * A hostile host that changes its banner each time: rows are summed beyond the
 * limit, and a report never gets too big.
 */
static void
bounds(struct store *st, const struct conf *conf)
{
	struct report *re;
	const json_t *rows, *row;
	long long sum = 0;
	size_t i;
	char *text;

	store_sql(st, "INSERT INTO tally VALUES (20517, 'many.nz', 0, 0, 5000)");
	store_sql(st, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1"
	    " FROM n WHERE i < 5000) INSERT INTO detail SELECT 20517,"
	    " 'many.nz', 0, 'validation-failure', '192.0.2.1',"
	    " '198.51.100.7', '', 'banner ' || i || ' ' ||"
	    " hex(zeroblob(4000)), '', '', 0, 1 FROM n");
	re = built(st, conf, "many.nz", DAY);
	if (!ok(re != NULL, "5000 different failures"))
		return;
	rows = json_object_get(json_array_get(json_object_get(re->json,
	    "policies"), 0), "failure-details");
	is_int((long long)json_array_size(rows), REPORT_DETAILS_MAX + 1,
	    "become so many rows and one");
	json_array_foreach(rows, i, row)
		sum += json_integer_value(json_object_get(row,
		    "failed-session-count"));
	is_int(sum, 5000, "that hold all sessions");
	text = report_text(re, 0);
	ok(strlen(text) < REPORT_DETAILS_MAX * 600,
	    "texts are cut: %zu bytes", strlen(text));
	free(text);
	report_free(re);

	/* 300 policies of 60 kB on one day, as a hostile domain may serve. */
	store_sql(st, "WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1"
	    " FROM n WHERE i < 309) INSERT INTO policy SELECT i, 'big.nz',"
	    " 'sts', 'none', '[\"x: ' || i || hex(zeroblob(30000)) || '\"]',"
	    " '[]' FROM n");
	store_sql(st, "WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1"
	    " FROM n WHERE i < 309) INSERT INTO tally SELECT 20517, 'big.nz',"
	    " i, 1, 1 FROM n");
	re = built(st, conf, "big.nz", DAY);
	if (!ok(re != NULL, "300 policies of 60 kB"))
		return;
	text = report_text(re, 0);
	ok(strlen(text) <= REPORT_SIZE_MAX, "a report of %zu bytes",
	    strlen(text));
	is_int(re->ok, 300, "with all sessions");
	ok(clean(re->json), "and nothing empty but arrays");
	free(text);
	report_free(re);
}

#define FFFD "\357\277\275"

static void
strings(void)
{
	static const struct {
		const char	*in;
		size_t		 max;
		const char	*want;
	} cases[] = {
		{ "plain", 255, "plain" },
		{ "\303\244\342\202\254\360\237\230\200", 255,
		  "\303\244\342\202\254\360\237\230\200" },
		{ "a\303\244", 2, "a" },
		{ "a\342\202\254", 3, "a" },
		{ "a\342\202\254b", 4, "a\342\202\254" },
		{ "\300\257", 255, "\357\277\275\357\277\275" },
		{ "\355\240\200", 255,
		  "\357\277\275\357\277\275\357\277\275" },
		{ "\303", 255, "\357\277\275" },
		{ "a\tb\r\nc\177", 255, "a b  c " },
		/* Controls of two bytes: the first, the last, and behind. */
		{ "~\302\200\302\237\302\240", 255, "~" FFFD FFFD FFFD FFFD
		  "\302\240" },
		/* U+FDCF to U+FDF0, U+FFFD to U+FFFF. */
		{ "\357\267\217\357\267\220\357\267\257\357\267\260",
		  255, "\357\267\217" FFFD FFFD FFFD FFFD FFFD FFFD
		  "\357\267\260" },
		{ FFFD "\357\277\276\357\277\277", 255,
		  FFFD FFFD FFFD FFFD FFFD FFFD FFFD },
		/* Cut off: what is odd before the end stays. */
		{ "a\377bcdefgh", 8, "a" FFFD "bcdefg" },
		{ "\377bcde", 4, FFFD "bcd" },
		{ "a\360\237\230\200", 4, "a" },
		{ "abcd\377", 5, "abcd" FFFD },
	};
	json_t *json;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json = report_string(cases[i].in, cases[i].max);
		is_str(json_string_value(json), cases[i].want,
		    "text %zu at most %zu bytes", i, cases[i].max);
		json_decref(json);
	}
}

static void
sentences(void)
{
	static const char *const types[] = {
		"starttls-not-supported", "certificate-host-mismatch",
		"certificate-expired", "certificate-not-trusted",
		"validation-failure", "tlsa-invalid", "dnssec-invalid",
		"dane-required", "sts-policy-fetch-error",
		"sts-policy-invalid", "sts-webpki-invalid"
	};
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		ok(result_type(types[i]) != NULL, "a sentence for %s",
		    types[i]);
	ok(result_type("Other") == NULL, "none for others");
}

int
main(void)
{
	struct conf *conf;
	struct store *st = bench_begin("unit-report", &conf);

	whole_text(st, conf);
	oddities(st, conf);
	derived(st, conf);
	stored(st, conf);
	bounds(st, conf);
	strings();
	sentences();
	bench_end(st, conf);
	return done_testing();
}
