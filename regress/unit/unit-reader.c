/* SPDX-License-Identifier: ISC */

/*
 * Reports received: the published samples against expected.tsv, and JSON of
 * every odd shape.
 */

#include <err.h>
#include <stdio.h>

#include "make_report.h"

static char *
file_read(const char *path, size_t *len)
{
	char *buf;
	FILE *fp;

	if ((fp = fopen(path, "r")) == NULL)
		err(1, "%s", path);
	if ((buf = malloc(1 << 20)) == NULL)
		err(1, NULL);
	*len = fread(buf, 1, 1 << 20, fp);
	fclose(fp);
	return buf;
}

/* "2023-01-10T00:00:00" as expected.tsv has it, and with the Z. */
static int
same_time(const char *have, const char *want)
{
	return strncmp(have, want, 19) == 0;
}

static void
sample(const char *dir, char *line)
{
	char *col[12], path[1024], *data;
	struct got g;
	size_t len;
	int i;

	for (i = 0; i < 12; i++)
		if ((col[i] = strsep(&line, "\t")) == NULL)
			errx(1, "expected.tsv: %d columns", i);
	col[11][strcspn(col[11], "\n")] = '\0';
	snprintf(path, sizeof(path), "%s/%s", dir, col[0]);
	data = file_read(path, &len);
	g = got(path, data, len, NULL);
	free(data);
	is_int(g.n, 1, "%s: one report", col[0]);
	is_str(g.problem, "", "%s: nothing wrong", col[0]);
	is_str(g.org, col[1], "%s: organisation", col[0]);
	is_str(g.id, col[2], "%s: report-id", col[0]);
	ok(same_time(g.start, col[3]) && same_time(g.end, col[4]),
	    "%s: %s to %s", col[0], g.start, g.end);
	is_str(g.domains, col[5], "%s: domains", col[0]);
	is_str(g.types, col[6], "%s: policies", col[0]);
	is_int(g.ok, atoll(col[7]), "%s: successes", col[0]);
	is_int(g.fail, atoll(col[8]), "%s: failures", col[0]);
	is_int(g.details, atoll(col[9]), "%s: details", col[0]);
	is_int(g.sessions, atoll(col[10]), "%s: sessions, once", col[0]);
	is_int(g.failed, atoll(col[11]), "%s: failed, once", col[0]);
}

static void
samples(const char *dir)
{
	char path[1024], line[1024];
	FILE *fp;
	int n = 0;

	snprintf(path, sizeof(path), "%s/expected.tsv", dir);
	if ((fp = fopen(path, "r")) == NULL)
		err(1, "%s", path);
	while (fgets(line, sizeof(line), fp) != NULL) {
		if (n++ > 0)
			sample(dir, line);
	}
	fclose(fp);
	ok(n >= 12, "%d samples were tried", n - 1);
}

/* A report of one policy, with parts replaced. */
static struct got
shaped(const char *head, const char *policy, const char *summary,
    const char *details)
{
	char text[8192];

	snprintf(text, sizeof(text), "{%s\"policies\":[{\"policy\":{%s}%s%s}]}",
	    head, policy, summary, details);
	return got("x.json", text, strlen(text), NULL);
}

#define HEAD "\"organization-name\":\"Org\",\"date-range\":{" \
	"\"start-datetime\":\"2026-03-04T00:00:00Z\"," \
	"\"end-datetime\":\"2026-03-04T23:59:59Z\"}," \
	"\"contact-info\":\"a@org.example\",\"report-id\":\"Id\","
#define POLICY "\"policy-type\":\"sts\",\"policy-domain\":\"d.example\""
#define SUMMARY ",\"summary\":{\"total-successful-session-count\":5," \
	"\"total-failure-session-count\":2}"
#define DETAILS ",\"failure-details\":[{\"result-type\":" \
	"\"certificate-expired\",\"sending-mta-ip\":\"192.0.2.1\"," \
	"\"receiving-mx-hostname\":\"MX.d.example.\",\"receiving-ip\":" \
	"\"198.51.100.1\",\"receiving-mx-helo\":\"mx\"," \
	"\"failed-session-count\":2,\"failure-reason-code\":\"r\"}]"

static void
plain(void)
{
	struct got g = shaped(HEAD, POLICY, SUMMARY, DETAILS);

	is_int(g.n, 1, "a report as the RFC has it");
	is_str(g.odd, "", "nothing odd in it");
	is_str(g.submitter, "org.example", "the reporter is contact's domain");
	is_str(g.detail, "certificate-expired|192.0.2.1|mx.d.example|"
	    "198.51.100.1|mx|r", "its failure");
	is_int(g.sessions, 7, "seven sessions");
	is_int(g.failed, 2, "two failed");
}

/* policy-string and mx-host in every form. */
static void
policies(void)
{
	static const struct {
		const char *text, *strings, *mx, *mode, *odd;
	} t[] = {
		{ ",\"policy-string\":[\"version: STSv1\",\"mode: testing\"]",
		  "[\"version: STSv1\",\"mode: testing\"]", "[]", "testing",
		  "" },
		{ ",\"policy-string\":\"version: STSv1\\r\\nmode: enforce\\n\"",
		  "[\"version: STSv1\",\"mode: enforce\"]", "[]", "enforce",
		  "policy-string is a string, not a list" },
		{ ",\"policy-string\":\"\",\"mx-host\":\"\"", "[]", "[]", "",
		  "" },
		{ ",\"policy-string\":null,\"mx-host\":null", "[]", "[]", "",
		  "" },
		{ ",\"mx-host\":\"*.d.example\"", "[]", "[\"*.d.example\"]",
		  "", "mx-host is a string, not a list" },
		{ ",\"mx-host\":[\"mx: a.d.example\",\"MX:b\"]", "[]",
		  "[\"a.d.example\",\"b\"]", "",
		  "mx-host with \"mx:\" in front" },
		{ ",\"mx-host\":[]", "[]", "[]", "", "" },
		{ ",\"mx-host\":[1,null,{\"a\":[]}]", "[]", "[]", "", "" },
		{ ",\"policy-string\":[\"[\\\"3 1 1 AB\\\",\\\"3 1 1 CD\\\"]\"]",
		  "[\"3 1 1 AB\",\"3 1 1 CD\"]", "[]", "",
		  "TLSA list given as text" },
	};
	char policy[1024];
	struct got g;
	size_t i;

	for (i = 0; i < nitems(t); i++) {
		snprintf(policy, sizeof(policy), POLICY "%s", t[i].text);
		g = shaped(HEAD, policy, SUMMARY, DETAILS);
		is_int(g.n, 1, "policy %zu is read", i);
		is_str(g.strings, t[i].strings, "policy %zu: strings", i);
		is_str(g.mx, t[i].mx, "policy %zu: mx", i);
		is_str(g.mode, t[i].mode, "policy %zu: mode", i);
		is_str(g.odd, t[i].odd, "policy %zu: oddity", i);
	}
}

static void
counts(void)
{
	static const struct {
		const char *summary, *details;
		int64_t ok, fail, sum;
		const char *odd;
	} t[] = {
		{ "", "", 0, 0, 0, "no summary" },
		{ ",\"summary\":null", ",\"failure-details\":null", 0, 0, 0,
		  "no summary" },
		{ ",\"summary\":{\"total-successful-session-count\":\"12\","
		  "\"total-failure-session-count\":\"0\"}", "", 12, 0, 0,
		  "a count given as text" },
		{ ",\"summary\":{\"total-successful-session-count\":-3,"
		  "\"total-failure-session-count\":0}", "", 0, 0, 0,
		  "a count below zero: left out" },
		{ ",\"summary\":{\"total-successful-session-count\":-3,"
		  "\"total-failure-session-count\":-1e400}", DETAILS, 0, 2, 2,
		  "a number of an odd size or form; a count below zero: left "
		  "out; no failure count: the details' sum taken" },
		{ ",\"summary\":{\"total-successful-session-count\":"
		  "99999999999999999999999999,\"total-failure-session-count\""
		  ":0}", "", 0, 0, 0, "a number of an odd size or form; "
		  "a count beyond all reason: left out" },
		{ ",\"summary\":{\"total-successful-session-count\":"
		  "9223372036854775808,\"total-failure-session-count\":0}",
		  "", 0, 0, 0, "a number of an odd size or form; "
		  "a count beyond all reason: left out" },
		{ ",\"summary\":{\"total-successful-session-count\":1e400,"
		  "\"total-failure-session-count\":007}", "", 0, 7, 0,
		  "a number of an odd size or form; failures without details;"
		  " a count beyond all reason: left out" },
		{ ",\"summary\":{\"total-successful-session-count\":NaN,"
		  "\"total-failure-session-count\":-Infinity}", DETAILS,
		  0, 2, 2, "a value that is no JSON: left out; "
		  "no failure count: the details' sum taken" },
		{ ",\"summary\":{\"total-successful-session-count\":\"nan\","
		  "\"total-failure-session-count\":\"inf\"}", DETAILS,
		  0, 2, 2, "a count that is no number: left out; "
		  "no failure count: the details' sum taken" },
		{ ",\"summary\":{\"total-successful-session-count\":\" 5 \","
		  "\"total-failure-session-count\":\"0x10\"}", "", 5, 0, 0,
		  "a count given as text; a count that is no number: left "
		  "out" },
		{ ",\"summary\":{\"total-successful-session-count\":1.5,"
		  "\"total-failure-session-count\":\"1e400\"}", "", 1, 0, 0,
		  "a count that is not whole: the fraction left out; a count "
		  "given as text; a count beyond all reason: left out" },
		{ SUMMARY, ",\"failure-details\":[{\"result-type\":\"Other\","
		  "\"failed-session-count\":1e400},{\"result-type\":\"Other\","
		  "\"failed-session-count\":1}]", 5, 2, 2,
		  "a number of an odd size or form; a count beyond all reason: "
		  "left out; a failure without a count: taken as 1" },
		{ ",\"summary\":{\"total-successful-session-count\":3.0}", "",
		  3, 0, 0, "" },
		{ ",\"summary\":{\"total-successful-session-count\":3}",
		  DETAILS, 3, 2, 2,
		  "no failure count: the details' sum taken" },
		{ ",\"summary\":{\"total-successful-session-count\":[1],"
		  "\"total-failure-session-count\":\"many\"}", "", 0, 0, 0,
		  "a count that is no number: left out" },
		{ SUMMARY, ",\"failure-details\":[]", 5, 2, 0,
		  "failures without details" },
		{ SUMMARY, ",\"failure-details\":{\"result-type\":\"Other\","
		  "\"failed-session-count\":2}", 5, 2, 2,
		  "failure-details is no list" },
		{ SUMMARY, ",\"failure-details\":[{\"result-type\":\"Other\"},"
		  "7]", 5, 2, 1, "a failure without a count: taken as 1; "
		  "a failure that is no object; "
		  "failure-details do not add up to the summary" },
		{ SUMMARY, ",\"failure-details\":[{\"failed-session-count\":2"
		  "}]", 5, 2, 2, "a failure without result-type" },
		{ SUMMARY, ",\"failure-details\":[{\"result-type\":\"a\","
		  "\"failed-session-count\":2},{\"result-type\":\"a\","
		  "\"failed-session-count\":2}]", 5, 2, 4,
		  "failure-details do not add up to the summary" },
		{ SUMMARY, ",\"failure-details\":[{\"result-type\":\"a\","
		  "\"failed-session-count\":3},{\"result-type\":\"b\","
		  "\"failed-session-count\":1}]", 5, 3, 4,
		  "failure-details do not add up to the summary; fewer "
		  "failures than in one of its details: as many taken" },
	};
	struct got g;
	size_t i, k;
	char odd[256];
	const char *p;

	for (i = 0; i < nitems(t); i++) {
		g = shaped(HEAD, POLICY, t[i].summary, t[i].details);
		is_int(g.n, 1, "counts %zu: read", i);
		is_int(g.ok, t[i].ok, "counts %zu: successes", i);
		is_int(g.fail, t[i].fail, "counts %zu: failures", i);
		is_int(g.details, t[i].sum, "counts %zu: details", i);
		/* In any order. */
		for (p = t[i].odd, k = 0; *p != '\0'; p += strspn(p, "; ")) {
			snprintf(odd, sizeof(odd), "%.*s",
			    (int)strcspn(p, ";"), p);
			ok(strstr(g.odd, odd) != NULL, "counts %zu: \"%s\" "
			    "is named in \"%s\"", i, odd, g.odd);
			p += strcspn(p, ";");
			k += strlen(odd) + 2;
		}
		is_int(strlen(g.odd), k > 0 ? k - 2 : 0,
		    "counts %zu: and nothing else (%s)", i, g.odd);
	}
}

static void
dates(void)
{
	static const struct {
		const char *start, *end, *want_start, *want_end;
	} t[] = {
		{ "\"2026-03-04T00:00:00Z\"", "\"2026-03-04T23:59:59Z\"",
		  "2026-03-04T00:00:00Z", "2026-03-04T23:59:59Z" },
		{ "\"2026-03-04T00:00:00\"", "\"2026-03-05T00:00:00\"",
		  "2026-03-04T00:00:00Z", "2026-03-05T00:00:00Z" },
		{ "\"2026-03-04T13:00:00+13:00\"",
		  "\"2026-03-05T12:59:59.999+13:00\"",
		  "2026-03-04T00:00:00Z", "2026-03-04T23:59:59Z" },
		{ "\"2026-03-04T02:00:00+0200\"",
		  "\"2026-03-04T24:00:00Z\"",
		  "2026-03-04T00:00:00Z", "2026-03-05T00:00:00Z" },
		{ "\"2026-03-04\"", "\"2026-03-05\"",
		  "2026-03-04T00:00:00Z", "2026-03-05T00:00:00Z" },
		{ "\"2026-03-04 00:00:00 UTC\"", "\"2026-03-04t23:59:60z\"",
		  "2026-03-04T00:00:00Z", "2026-03-05T00:00:00Z" },
		{ "1772582400", "\"1772668799\"",
		  "2026-03-04T00:00:00Z", "2026-03-04T23:59:59Z" },
		{ "null", "\"2026-03-05T00:00:00Z\"",
		  "2026-03-04T00:00:00Z", "2026-03-05T00:00:00Z" },
		{ "\"2026-03-04T00:00:00Z\"", "\"nonsense\"",
		  "2026-03-04T00:00:00Z", "2026-03-04T23:59:59Z" },
		{ "\"9999999999999\"", "{}",
		  "2026-03-04T00:00:00Z", "2026-03-04T23:59:59Z" },
		{ "\"2026-03-04T00:00:00Z\"", "\"2020-01-01T00:00:00Z\"",
		  "2026-03-04T00:00:00Z", "2026-03-04T23:59:59Z" },
	};
	char head[1024];
	struct got g;
	size_t i;

	for (i = 0; i < nitems(t); i++) {
		snprintf(head, sizeof(head), "\"organization-name\":\"O\","
		    "\"contact-info\":\"a@b\",\"report-id\":\"I\","
		    "\"date-range\":{\"start-datetime\":%s,"
		    "\"end-datetime\":%s},", t[i].start, t[i].end);
		g = shaped(head, POLICY, SUMMARY, DETAILS);
		is_int(g.n, 1, "dates %s to %s", t[i].start, t[i].end);
		is_str(g.start, t[i].want_start, "their start");
		is_str(g.end, t[i].want_end, "their end");
	}
}

static void
names(void)
{
	const char *r = "{\"policies\":[{\"policy\":{\"policy-type\":\"sts\"}}]}";
	struct got g;

	g = got("dir/google.com!d.example!1772582400!1772668799!001.json",
	    r, strlen(r), NULL);
	is_int(g.n, 1, "a report that says nothing of itself");
	is_str(g.domains, "d.example", "domain from the file's name");
	is_str(g.submitter, "google.com", "reporter from the file's name");
	is_str(g.org, "google.com", "organisation too");
	is_str(g.start, "2026-03-04T00:00:00Z", "start too");
	is_str(g.end, "2026-03-04T23:59:59Z", "end too");
	ok(strncmp(g.id, "without-id-", 11) == 0, "a report-id is made: %s",
	    g.id);
	g = got("x", r, strlen(r), NULL);
	is_str(g.domains, "(none)", "no domain where nobody names one");
	is_str(g.start, "2026-03-04T00:00:00Z", "yesterday, without any date");
	g = shaped("\"organization-name\":null,\"contact-info\":null,"
	    "\"report-id\":17,\"date-range\":{\"start-datetime\":"
	    "\"2026-03-04T00:00:00Z\",\"end-datetime\":"
	    "\"2026-03-05T00:00:00Z\"},", POLICY, SUMMARY, DETAILS);
	is_int(g.n, 1, "null names");
	is_str(g.id, "17", "report-id as a number");
	is_str(g.org, "(not named)", "no organisation");
	g = shaped("\"Organization_Name\":\"Org\",\"Report-ID\":\"Id\","
	    "\"contact-info\":\"Some One <x@B.Example>\",\"date-range\":{"
	    "\"start-datetime\":\"2026-03-04\"},", POLICY, SUMMARY, DETAILS);
	is_str(g.org, "Org", "names of members in another case");
	is_str(g.submitter, "b.example", "contact with a display name");
	g = shaped(HEAD, "\"policy-type\":\"Other\",\"policy-domain\":"
	    "\"D.Example.\"", SUMMARY, DETAILS);
	is_str(g.types, "Other", "an unknown policy-type is kept");
	is_str(g.domains, "d.example", "domain in normal form");
	g = shaped(HEAD, POLICY, SUMMARY, ",\"failure-details\":[{"
	    "\"result-type\":\"Testing\",\"failed-session-count\":2}]");
	is_str(g.detail, "Testing|||||", "an unknown result-type is kept");
}

/* Several policies of one domain are the same sessions. */
static void
once(void)
{
	static const char two[] = "{" HEAD "\"policies\":["
	    "{\"policy\":{" POLICY "}" SUMMARY DETAILS "},"
	    "{\"policy\":{\"policy-type\":\"tlsa\",\"policy-domain\":"
	    "\"d.example\"},\"summary\":{\"total-successful-session-count\":"
	    "4,\"total-failure-session-count\":3}},"
	    "{\"policy\":{\"policy-type\":\"sts\",\"policy-domain\":"
	    "\"e.example\"},\"summary\":{\"total-successful-session-count\":"
	    "1}}]}";
	struct got g = got("x", two, strlen(two), NULL);

	is_int(g.ok + g.fail, 15, "all policies together");
	is_int(g.sessions, 8, "sessions counted once a domain");
	is_int(g.failed, 3, "the largest failure count");
}

static void
broken(void)
{
	static const struct {
		const char *text, *problem, *odd;
		int n;
	} t[] = {
		{ "\xef\xbb\xbf {" HEAD "\"policies\":[]}", "", "no policies",
		  1 },
		{ "{" HEAD "\"policies\":[],}", "", "a comma too many", 1 },
		{ "{" HEAD "\"policies\":[]} trailing", "",
		  "text after the report", 1 },
		{ "{" HEAD "\"policies\":[]}\n{" HEAD "\"policies\":[]}\n", "",
		  "no policies", 2 },
		{ "[{" HEAD "\"policies\":[]},{" HEAD "\"policies\":[]}]", "",
		  "a list of reports", 2 },
		{ "{" HEAD "\"report-id\":\"Id2\",\"policies\":[]}", "",
		  "a member given twice: the last taken", 1 },
		{ "{" HEAD "\"x\":\"\xff\xc3\x28\",\"policies\":[]}", "",
		  "bytes that are not UTF-8", 1 },
		{ "{" HEAD "\"x\":\"a\nb\tc\x01\",\"policies\":[]}", "",
		  "control characters in a string", 1 },
		{ "{" HEAD "\"x\":\"\\ud800 \\u0000 \\q\",\"policies\":[]}",
		  "", "a broken escape in a string", 1 },
		{ "{" HEAD "\"policies\":[{\"policy\":", "the JSON ends early",
		  "", 0 },
		{ "{" HEAD "\"policies\":[\"", "the JSON ends early", "", 0 },
		{ "{" HEAD "\"policies\" []}", "the JSON is malformed", "",
		  0 },
		{ "{" HEAD "\"policies\":[}}", "the JSON is malformed", "",
		  0 },
		{ "{\"hello\":1}", "JSON, but no TLS report", "", 0 },
		{ "{" HEAD "\"policies\":{\"policy\":{" POLICY "}" SUMMARY
		  "}}", "", "policies is no list", 1 },
		{ "{" HEAD "\"policies\":[1,null,{}]}", "",
		  "a policy that is no object", 1 },
		{ "", "no report in it", "", 0 },
		{ "   \n", "no report in it", "", 0 },
		{ "Hello", "no report in it", "", 0 },
		{ "<?xml version=\"1.0\"?>\n<feedback>", "DMARC, skipped", "",
		  0 },
		{ "BZh91AY", "packed, but neither gzip nor zip", "", 0 },
	};
	struct got g;
	size_t i;

	for (i = 0; i < nitems(t); i++) {
		g = got("x", t[i].text, strlen(t[i].text), NULL);
		is_int(g.n, t[i].n, "broken %zu: number of reports", i);
		is_str(g.problem, t[i].problem, "broken %zu: what is said", i);
		ok(strstr(g.odd, t[i].odd) != NULL, "broken %zu: oddity "
		    "\"%s\" in \"%s\"", i, t[i].odd, g.odd);
	}
}

/* Whatever a reporter writes, what is kept has nothing for a terminal. */
static void
hostile(void)
{
	static const char text[] = "{\"organization-name\":"
	    "\"A\\u001b[2J\\u009b1m\\u202eB\\u200b\\ufeffC\\u0007\x7f\\r\\n D\","
	    "\"report-id\":\"\\u0000x\",\"date-range\":{},"
	    "\"contact-info\":\"a@b.example\",\"policies\":[]}";
	char big[6000], *clean;
	struct got g = got("x", text, sizeof(text) - 1, NULL);
	int cut = 0;

	is_str(g.org, "A [2J 1m B C D", "control characters are gone");
	memset(big, 'a', sizeof(big));
	clean = reader_clean(big, sizeof(big), &cut);
	is_int(strlen(clean), READ_TEXT_MAX, "texts are cut");
	ok(cut, "and that is told");
	free(clean);
	/* A character of three bytes is not cut in two. */
	memset(big, 'a', READ_TEXT_MAX - 1);
	memcpy(big + READ_TEXT_MAX - 1, "\xe2\x82\xac", 3);
	clean = reader_clean(big, READ_TEXT_MAX + 2, NULL);
	is_int(strlen(clean), READ_TEXT_MAX - 1, "between characters");
	free(clean);
}

static void
bounds(void)
{
	struct bytes b = { NULL, 0 };
	struct got g;
	int i;

	bytes_text(&b, "{" HEAD "\"x\":");
	for (i = 0; i < 100; i++)
		bytes_text(&b, "[");
	for (i = 0; i < 100; i++)
		bytes_text(&b, "]");
	bytes_text(&b, ",\"policies\":[]}");
	g = got("x", b.p, b.len, NULL);
	is_str(g.problem, "the JSON is nested too deep", "100 brackets");
	bytes_free(&b);

	b.len = READ_JSON_VALUES_MAX * 2 + 100;
	if ((b.p = malloc(b.len)) == NULL)
		err(1, NULL);
	memcpy(b.p, "{\"policies\":[0", 14);
	for (i = 14; i + 1 < (int)b.len; i += 2)
		memcpy(b.p + i, ",0", 2);
	g = got("x", b.p, b.len, NULL);
	is_str(g.problem, "the JSON holds too many values",
	    "millions of values");
	bytes_free(&b);
	/* Details beyond the bound are summed. */
	bytes_text(&b, "{" HEAD "\"policies\":[{\"policy\":{" POLICY "}"
	    ",\"failure-details\":[");
	for (i = 0; i < READ_DETAILS_MAX; i++)
		bytes_text(&b, i == 0 ? "{}" : ",{}");
	bytes_text(&b, ",{}]}]}");
	g = got("x", b.p, b.len, NULL);
	is_int(g.n, 1, "too many details are no reason to drop a report");
	is_int(g.details, READ_DETAILS_MAX + 1, "all of them are counted");
	ok(strstr(g.odd, "more failure-details than are kept") != NULL,
	    "and that is said: %s", g.odd);
	bytes_free(&b);
}

static void
utf16(void)
{
	const char *text = "{" HEAD "\"policies\":[]}";
	struct bytes b = { NULL, 0 };
	struct got g;
	const char *p;
	int big, mark;

	for (big = 0; big < 2; big++)
		for (mark = 0; mark < 2; mark++) {
			if (mark)
				bytes_add(&b, big ? "\xfe\xff" : "\xff\xfe",
				    2);
			for (p = text; *p != '\0'; p++) {
				if (big)
					bytes_add(&b, "", 1);
				bytes_add(&b, p, 1);
				if (!big)
					bytes_add(&b, "", 1);
			}
			g = got("x", b.p, b.len, NULL);
			is_int(g.n, 1, "UTF-16, %s end first, %s mark",
			    big ? "big" : "little", mark ? "with" : "no");
			is_str(g.org, "Org", "and its text");
			ok(strstr(g.odd, "UTF-16") != NULL, "it is named");
			bytes_free(&b);
		}
}

static void
utf32(void)
{
	const char *text = "{" HEAD "\"policies\":[]}";
	struct bytes b = { NULL, 0 };
	struct got g;
	const char *p;
	int big, mark;

	for (big = 0; big < 2; big++)
		for (mark = 0; mark < 2; mark++) {
			if (mark)
				bytes_add(&b, big ? "\0\0\xfe\xff" :
				    "\xff\xfe\0\0", 4);
			for (p = text; *p != '\0'; p++) {
				if (big)
					bytes_add(&b, "\0\0\0", 3);
				bytes_add(&b, p, 1);
				if (!big)
					bytes_add(&b, "\0\0\0", 3);
			}
			g = got("x", b.p, b.len, NULL);
			is_str(g.problem,
			    "UTF-32: RFC 8460 asks for JSON in UTF-8",
			    "UTF-32, %s end first, %s mark: named",
			    big ? "big" : "little", mark ? "with" : "no");
			bytes_free(&b);
		}
}

int
main(int argc, char *argv[])
{
	samples(argc > 1 ? argv[1] : "regress/data/samples");
	plain();
	policies();
	counts();
	dates();
	names();
	once();
	broken();
	hostile();
	bounds();
	utf16();
	utf32();
	return done_testing();
}
