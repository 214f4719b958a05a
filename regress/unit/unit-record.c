/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "spool/record.h"
#include "tap.h"

static const char out_line[] =
    "{\"v\":1,\"time\":\"2026-11-21T03:04:05Z\","
    "\"host\":\"mail.minties.govt.nz\",\"dir\":\"out\","
    "\"session\":\"66a87376800c5074\",\"local\":\"192.0.2.1\","
    "\"remote\":\"198.51.100.7\",\"rdns\":\"mx.dia.govt.nz\","
    "\"helo\":\"mx.dia.govt.nz\",\"starttls\":\"offered\","
    "\"tls\":\"TLSv1.3\",\"cipher\":\"TLS_AES_256_GCM_SHA384\","
    "\"failure\":null,\"tx\":[{\"from\":\"minties.govt.nz\","
    "\"to\":\"dia.govt.nz\",\"flow\":\"restricted>restricted\","
    "\"verdict\":\"pass\",\"why\":null,\"messages\":1,\"rcpts\":2},"
    "{\"from\":\"\",\"to\":\"x.nz\",\"flow\":\"public>public\","
    "\"verdict\":\"legacy\",\"why\":\"no-tls\",\"messages\":0,"
    "\"rcpts\":4294967295,\"report\":true}]}\n";

static struct record rec;

/* Parses a copy of exactly that many bytes, so that a sanitizer sees more. */
static enum record_result
parse(const char *s, size_t len)
{
	static char *kept;

	free(kept);
	if ((kept = malloc(len + 1)) == NULL)
		exit(1);
	memcpy(kept, s, len);
	kept[len] = '\0';
	return record_parse(kept, len, &rec);
}

static enum record_result
parse_str(const char *s)
{
	return parse(s, strlen(s));
}

static void
test_both_ways(void)
{
	char buf[RECORD_LINE_MAX];
	ssize_t n;

	is_int(parse(out_line, strlen(out_line) - 1), RECORD_OK,
	    "the documented record parses");
	is_int(rec.time, 1795230245, "time");
	is_str(rec.host, "mail.minties.govt.nz", "host");
	is_int(rec.dir, DIR_OUT, "dir");
	is_str(rec.session, "66a87376800c5074", "session");
	is_str(rec.local, "192.0.2.1", "local");
	is_str(rec.remote, "198.51.100.7", "remote");
	is_str(rec.rdns, "mx.dia.govt.nz", "rdns");
	is_str(rec.helo, "mx.dia.govt.nz", "helo");
	is_int(rec.starttls, STARTTLS_OFFERED, "starttls");
	is_str(rec.tls, "TLSv1.3", "tls");
	is_str(rec.cipher, "TLS_AES_256_GCM_SHA384", "cipher");
	is_int(rec.failure, FAILURE_NONE, "failure");
	is_int(rec.lost, 0, "nothing lost");
	is_int(rec.ntx, 2, "two rows");
	is_str(rec.tx[0].from, "minties.govt.nz", "from");
	is_str(rec.tx[0].to, "dia.govt.nz", "to");
	is_str(rec.tx[0].flow, "restricted>restricted", "flow");
	is_int(rec.tx[0].verdict, VERDICT_PASS, "verdict");
	is_int(rec.tx[0].messages, 1, "messages");
	is_int(rec.tx[0].rcpts, 2, "rcpts");
	is_int(rec.tx[0].report, 0, "no report of ours");
	is_int(rec.tx[1].report, 1, "a report of ours");
	is_int(rec.tx[1].verdict, VERDICT_LEGACY, "another verdict");
	is_int(rec.tx[0].why, REFUSAL_NONE, "of nothing");
	is_int(rec.tx[1].why, REFUSAL_NO_TLS, "and what it was for");
	n = record_format(&rec, buf, sizeof(buf) - 1);
	buf[n < 0 ? 0 : n] = '\0';
	is_str(buf, out_line, "and is written byte by byte as it was");
	is_int(record_format(&rec, buf, n), n, "a buffer of its size will do");
	is_int(record_format(&rec, buf, n - 1), -1, "one byte less is not");
}

static void
test_nulls(void)
{
	char buf[1024];
	ssize_t n;
	size_t i;

	memset(&rec, 0, sizeof(rec));
	rec.session = "s";
	rec.failure = FAILURE_VALIDATION;
	rec.lost = 12;
	rec.ntx = 1;
	n = record_format(&rec, buf, sizeof(buf) - 1);
	buf[n < 0 ? 0 : n] = '\0';
	is_str(buf, "{\"v\":1,\"time\":\"1970-01-01T00:00:00Z\",\"host\":null,"
	    "\"dir\":\"in\",\"session\":\"s\",\"local\":null,\"remote\":null,"
	    "\"rdns\":null,\"helo\":null,\"starttls\":null,\"tls\":null,"
	    "\"cipher\":null,\"failure\":\"validation-failure\",\"lost\":12,"
	    "\"tx\":[{\"from\":null,\"to\":null,\"flow\":null,"
	    "\"verdict\":\"pass\",\"why\":null,\"messages\":0,\"rcpts\":0}]}\n",
	    "what is not known is null");
	is_int(parse(buf, n - 1), RECORD_OK, "and parses");
	ok(rec.host == NULL && rec.helo == NULL && rec.tls == NULL &&
	    rec.tx[0].from == NULL, "as NULL");
	is_int(rec.starttls, STARTTLS_UNKNOWN, "starttls null");
	is_int(rec.failure, FAILURE_VALIDATION, "failure");
	is_int(rec.lost, 12, "lost");
	for (i = STARTTLS_UNKNOWN; i <= STARTTLS_IMPLICIT; i++) {
		rec.starttls = i;
		n = record_format(&rec, buf, sizeof(buf));
		parse(buf, n - 1);
		is_int(rec.starttls, i, "starttls %zu", i);
	}
	for (i = VERDICT_PASS; i <= VERDICT_LEGACY; i++) {
		rec.tx[0].verdict = i;
		n = record_format(&rec, buf, sizeof(buf));
		parse(buf, n - 1);
		is_int(rec.tx[0].verdict, i, "verdict %zu", i);
	}
	for (i = REFUSAL_NONE; i <= REFUSAL_NOT_ANNOUNCED; i++) {
		rec.tx[0].why = i;
		n = record_format(&rec, buf, sizeof(buf));
		parse(buf, n - 1);
		is_int(rec.tx[0].why, i, "why %zu", i);
	}
	is_int(rec.busy, -1, "busy: not known");
	rec.began = 1795316645;
	rec.busy = 7;
	n = record_format(&rec, buf, sizeof(buf));
	buf[n < 0 ? 0 : n] = '\0';
	ok(strstr(buf, "\"began\":\"2026-11-22T03:04:05Z\",\"busy\":7,") !=
	    NULL, "began and busy: %s", buf);
	parse(buf, n - 1);
	is_int(rec.began, 1795316645, "began");
	is_int(rec.busy, 7, "busy");
	is_int(parse_str("{\"v\":1,\"time\":\"2026-11-21T03:04:05Z\","
	    "\"dir\":\"in\",\"session\":\"s\",\"tx\":[{\"verdict\":"
	    "\"reject\",\"messages\":0,\"rcpts\":1}]}"), RECORD_OK,
	    "a record of before has no \"why\"");
	is_int(rec.tx[0].why, REFUSAL_NONE, "and says nothing of it");
}

/* Text of others comes back as it was, or mended. */
static void
round_trip(const char *helo, const char *want, const char *what)
{
	char buf[2048];
	ssize_t n;

	memset(&rec, 0, sizeof(rec));
	rec.session = "s";
	rec.helo = helo;
	n = record_format(&rec, buf, sizeof(buf));
	ok(n > 0 && memchr(buf, '\n', n) == buf + n - 1, "one line: %s", what);
	is_int(n > 0 ? parse(buf, n - 1) : RECORD_BAD, RECORD_OK,
	    "parses: %s", what);
	is_str(rec.helo, want, "the same: %s", what);
}

static void
test_text(void)
{
	char all[256];
	size_t i;

	round_trip("a\"b\\c/d", "a\"b\\c/d", "quotes");
	round_trip("\n\r\t\b\f\033[0m\177", "\n\r\t\b\f\033[0m\177",
	    "control characters");
	round_trip("m\xc4\x81ori \xe2\x82\xac \xf0\x9f\x98\x80",
	    "m\xc4\x81ori \xe2\x82\xac \xf0\x9f\x98\x80", "UTF-8");
	round_trip("a\xff" "b\xc4", "a\xef\xbf\xbd" "b\xef\xbf\xbd",
	    "no UTF-8");
	round_trip("\xc0\x80\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd"
	    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", "overlong, surrogate");
	round_trip("\xf4\x90\x80\x80\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd"
	    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd",
	    "beyond Unicode, cut off");
	for (i = 1; i < 0x80; i++)
		all[i - 1] = i;
	all[0x7f] = '\0';
	round_trip(all, all, "all of ASCII");
}

#define MIN_HEAD "{\"v\":1,\"time\":\"2026-02-28T23:59:59Z\","
#define MIN_TAIL "\"dir\":\"in\",\"session\":\"s\"}"
#define HELO(x) MIN_HEAD "\"helo\":\"" x "\"," MIN_TAIL

static void
test_escapes(void)
{
	is_int(parse_str(HELO("\\u0041\\u00e9\\u20ac\\ud83d\\ude00\\/\\\"")),
	    RECORD_OK, "escapes parse");
	is_str(rec.helo, "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80/\"",
	    "escapes are decoded");
	is_int(parse_str(HELO("a\\u0000b\\ud800c\\udc00\\ud800\\u0041")),
	    RECORD_OK, "NUL and half pairs parse");
	is_str(rec.helo, "a\xef\xbf\xbd" "b\xef\xbf\xbd" "c\xef\xbf\xbd"
	    "\xef\xbf\xbd" "A", "and become U+FFFD");
}

static void
test_order(void)
{
	is_int(parse_str(" { \"tx\" : [ { \"rcpts\" : 3 , \"to\" : \"b.nz\" ,"
	    "\"new\" : { \"a\" : [ 1 , -2.5e+3 , null , true , { } , [ ] ] } } "
	    "] ,\t\"session\":\"s\",\"more\":[\"\\u00e9\",{\"tx\":1}],"
	    "\"dir\":\"in\",\"time\":\"2024-02-29T00:00:00Z\",\"v\":1}\r"),
	    RECORD_OK, "any order, unknown keys, blanks");
	is_int(rec.ntx, 1, "one row");
	is_int(rec.tx[0].rcpts, 3, "rcpts");
	is_str(rec.tx[0].to, "b.nz", "to");
	ok(rec.tx[0].from == NULL, "from was not given");
	is_int(rec.time, 1709164800, "29 February");
	is_int(parse_str("{\"v\":2,\"time\":7,\"tx\":{}}"), RECORD_NEWER,
	    "newer, its keys have other types");
	is_int(parse_str("{\"time\":[],\"v\":99999999999999999999999}"),
	    RECORD_NEWER, "much newer, known at the end only");
}

static void
test_bad(void)
{
	static const char *const lines[] = {
		"", " ", "null", "[]", "{}", "{", "}", "{}{}", "\"v\"", "{1:2}",
		MIN_HEAD MIN_TAIL "x", MIN_HEAD MIN_TAIL "{}",
		MIN_HEAD "," MIN_TAIL, MIN_HEAD "\"helo\"," MIN_TAIL,
		MIN_HEAD "\"helo\":," MIN_TAIL, MIN_HEAD "\"x\":01," MIN_TAIL,
		MIN_HEAD "\"x\":1.," MIN_TAIL, MIN_HEAD "\"x\":.5," MIN_TAIL,
		MIN_HEAD "\"x\":1e," MIN_TAIL, MIN_HEAD "\"x\":-," MIN_TAIL,
		MIN_HEAD "\"x\":+1," MIN_TAIL, MIN_HEAD "\"x\":nul," MIN_TAIL,
		MIN_HEAD "\"x\":True," MIN_TAIL,
		MIN_HEAD "\"x\":[1,]," MIN_TAIL,
		MIN_HEAD "\"x\":{\"a\"}," MIN_TAIL,
		MIN_HEAD "\"x\":{\"a\":1,}," MIN_TAIL,
		MIN_HEAD "\"x\":[1}," MIN_TAIL, MIN_HEAD "\"x\":'a'," MIN_TAIL,
		HELO("\\x"), HELO("\\u12g4"), HELO("\\u12"), HELO("a\nb"),
		HELO("\xff"), HELO("\xc3"), HELO("\xe0\x80\x80"),
		HELO("\xed\xa0\x80"), HELO("\xf4\x90\x80\x80"),
		MIN_HEAD "\"helo\":1," MIN_TAIL, MIN_HEAD "\"tx\":{}," MIN_TAIL,
		MIN_HEAD "\"tx\":[1]," MIN_TAIL,
		MIN_HEAD "\"tx\":[{\"rcpts\":-1}]," MIN_TAIL,
		MIN_HEAD "\"tx\":[{\"rcpts\":1.5}]," MIN_TAIL,
		MIN_HEAD "\"tx\":[{\"verdict\":\"maybe\"}]," MIN_TAIL,
		MIN_HEAD "\"starttls\":\"perhaps\"," MIN_TAIL,
		MIN_HEAD "\"dir\":\"up\",\"session\":\"s\"}",
		MIN_HEAD "\"session\":\"s\"}", MIN_HEAD "\"dir\":\"in\"}",
		"{\"v\":1," MIN_TAIL,
		"{\"v\":0,\"time\":\"2026-02-28T23:59:59Z\","
		MIN_TAIL, "{\"time\":\"2026-02-28T23:59:59Z\"," MIN_TAIL,
		"{\"v\":1,\"time\":\"2026-02-28 23:59:59Z\"," MIN_TAIL,
		"{\"v\":1,\"time\":\"2026-13-28T23:59:59Z\"," MIN_TAIL,
		"{\"v\":1,\"time\":\"2026-02-28T23:59:59+00:00\"," MIN_TAIL
	};
	char deep[4096];
	size_t i;

	is_int(parse_str(MIN_HEAD MIN_TAIL), RECORD_OK, "the least parses");
	for (i = 0; i < nitems(lines); i++)
		is_int(parse_str(lines[i]), RECORD_BAD, "bad line %zu", i);
	is_int(parse("{\"v\":1}\0", 8), RECORD_BAD, "a NUL at the end");
	strlcpy(deep, MIN_HEAD "\"x\":", sizeof(deep));
	for (i = 0; i < 1000; i++)
		strlcat(deep, "[", sizeof(deep));
	is_int(parse_str(deep), RECORD_BAD, "very deep");
}

static void
test_truncated(void)
{
	size_t i, wrong = 0, len = strlen(out_line) - 1;

	for (i = 0; i < len; i++)
		if (parse(out_line, i) != RECORD_BAD)
			wrong++;
	is_int(wrong, 0, "cut off at any byte it is bad");
}

static void
test_mutated(void)
{
	char buf[sizeof(out_line)];
	unsigned int seed = 1;
	size_t i, len = strlen(out_line) - 1, parsed = 0;
	int n;

	for (i = 0; i < 200000; i++) {
		memcpy(buf, out_line, sizeof(buf));
		for (n = 0; n < 1 + (int)(i % 4); n++) {
			seed = seed * 1103515245 + 12345;
			buf[(seed >> 8) % len] = seed >> 16;
		}
		if (parse(buf, len) == RECORD_OK)
			parsed++;
	}
	ok(parsed > 0 && parsed < 200000, "200000 mutated lines, %zu parse",
	    parsed);
}

static void
test_rows(void)
{
	char *buf, *p;
	size_t i, n, size = 64 * (RECORD_TX_MAX + 8);

	if ((buf = malloc(size)) == NULL)
		exit(1);
	for (i = RECORD_TX_MAX; i <= RECORD_TX_MAX + 1; i++) {
		p = buf + strlcpy(buf, MIN_HEAD "\"tx\":[", size);
		for (n = 0; n < i; n++)
			p += snprintf(p, size - (p - buf), "%s{\"rcpts\":%zu}",
			    n == 0 ? "" : ",", n);
		snprintf(p, size - (p - buf), "],%s", MIN_TAIL);
		is_int(parse_str(buf), i > RECORD_TX_MAX ? RECORD_BAD :
		    RECORD_OK, "%zu rows", i);
	}
	is_int(rec.ntx, RECORD_TX_MAX, "no more are kept");
	free(buf);
}

static void
test_times(void)
{
	char buf[256], want[32];
	size_t wrong = 0;
	ssize_t n;
	struct tm tm;
	time_t t;

	memset(&rec, 0, sizeof(rec));
	for (t = 0; t < 253402300800 - 86400; t += 86400 * 5 + 3661) {
		rec.session = "s";
		rec.time = t;
		rec.helo = NULL;
		n = record_format(&rec, buf, sizeof(buf));
		gmtime_r(&t, &tm);
		strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%SZ", &tm);
		if (n < 0 || strncmp(buf + 15, want, 20) != 0) {
			wrong++;
			continue;
		}
		buf[n - 1] = '\0';
		if (record_parse(buf, n - 1, &rec) != RECORD_OK ||
		    rec.time != t)
			wrong++;
		memset(&rec, 0, offsetof(struct record, tx));
	}
	is_int(wrong, 0, "times up to the year 9999, both ways");
}

int
main(void)
{
	test_both_ways();
	test_nulls();
	test_text();
	test_escapes();
	test_order();
	test_bad();
	test_truncated();
	test_mutated();
	test_rows();
	test_times();
	return done_testing();
}
