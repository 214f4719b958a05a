/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "session/event.h"
#include "tap.h"

#define HEAD "report|0.7|1795308413.156641|"
#define ID "e6cea9dc47720032"

static struct event ev;

static enum event_result
parse(const char *s)
{
	static char *kept;
	size_t len = strlen(s);

	/* Not a byte more, so that a sanitizer sees what is read beyond. */
	free(kept);
	if ((kept = malloc(len == 0 ? 1 : len)) == NULL)
		exit(1);
	memcpy(kept, s, len);
	return event_parse(kept, len, &ev);
}

static const char *
field(int i)
{
	static char buf[4][256];

	snprintf(buf[i], sizeof(buf[i]), "%.*s", (int)ev.field[i].len,
	    ev.field[i].s);
	return buf[i];
}

static void
test_connect(void)
{
	is_int(parse(HEAD "smtp-out|link-connect|" ID
	    "|ptr.good.govt.nz|pass|127.0.0.1:50750|[::1]:25"), EVENT_OK,
	    "link-connect");
	is_int(ev.kind, EVENT_CONNECT, "kind");
	is_int(ev.out, 1, "direction");
	is_int(ev.time, 1795308413, "time");
	ok(ev.session == 0xe6cea9dc47720032ULL, "session");
	ok(memcmp(ev.id, ID, 16) == 0, "its digits");
	is_str(field(0), "ptr.good.govt.nz", "rdns");
	is_str(field(1), "pass", "fcrdns");
	is_str(field(2), "127.0.0.1:50750", "source");
	is_str(field(3), "[::1]:25", "destination");
	is_int(parse(HEAD "smtp-in|link-connect|" ID
	    "|a|pass|unix:/x|pass|192.0.2.1:1|192.0.2.2:25"), EVENT_OK,
	    "a '|' in a PTR record");
	is_str(field(0), "a|pass|unix:/x", "stays in the name");
	is_str(field(2), "192.0.2.1:1", "and not in the source");
	is_int(parse(HEAD "smtp-in|link-connect|" ID "|a|pass|192.0.2.1:1"),
	    EVENT_BAD, "a field is missing");
}

static void
test_versions(void)
{
	is_int(parse(HEAD "smtp-in|tx-mail|" ID "|ce53f15f|ok|a|b@c.nz"),
	    EVENT_OK, "tx-mail 0.7");
	is_str(field(1), "ok", "result");
	is_str(field(2), "a|b@c.nz", "address with '|'");
	is_int(parse("report|0.6|1.1|smtp-in|tx-mail|" ID "|ce53f15f|ok|"),
	    EVENT_OK, "tx-mail 0.6, null sender");
	is_str(field(2), "", "nothing");
	is_int(parse("report|0.5|1.1|smtp-in|tx-mail|" ID
	    "|ce53f15f|a|b@c.nz|permfail"), EVENT_OK, "tx-mail 0.5");
	is_str(field(1), "permfail", "result");
	is_str(field(2), "a|b@c.nz", "address");
	is_int(parse(HEAD "smtp-in|tx-rcpt|" ID "|ce53f15f|ok|a|b@c.nz"),
	    EVENT_OK, "tx-rcpt 0.7");
	is_int(ev.kind, EVENT_RCPT, "is one");
	is_str(field(1), "ok", "result");
	is_str(field(2), "a|b@c.nz", "address");
	is_int(parse("report|0.5|1.1|smtp-in|tx-rcpt|" ID
	    "|ce53f15f|a|ok@c.nz|permfail"), EVENT_OK, "tx-rcpt 0.5");
	is_str(field(1), "permfail", "result");
	is_int(parse("report|0.6|1.1|smtp-in|link-auth|" ID "|pass|x|fail"),
	    EVENT_OK, "link-auth 0.6");
	is_str(field(0), "fail", "result");
	is_str(field(1), "pass|x", "user");
	is_int(parse("report|0.7|1.1|smtp-in|link-auth|" ID "|fail|x|pass"),
	    EVENT_OK, "link-auth 0.7");
	is_str(field(0), "fail", "result");
	is_int(parse("report|1.0|1.1|smtp-in|link-auth|" ID "|pass|x"),
	    EVENT_OK, "a version of the future");
	is_str(field(0), "pass", "as the newest known");
}

static void
test_request(void)
{
	static const char *const good[] = {
		"filter|0.7|1.1|smtp-in|rcpt-to|" ID "|f0fe8ae50f0c3055|a@b",
		"filter|0.7|1.1|smtp-in|rcpt-to|" ID "|F0FE8AE50F0C3055|",
		"filter|?|?|smtp-in|rcpt-to|" ID "|f0fe8ae50f0c3055|a|b@c",
		"filter||99999999999999999999999|smtp-in|rcpt-to|" ID
		    "|f0fe8ae50f0c3055|a"
	};
	static const char *const bad[] = {
		"filter|0.7|1795308413.1566|1|smtp-in|rcpt-to|" ID
		    "|f0fe8ae50f0c3055|a@b.example",
		"filter|0.7|1.1|smtp-in|rcpt-to|" ID "|f0fe8ae50f0c305|a@b",
		"filter|0.7|1.1|smtp-in|rcpt-to|" ID "|f0fe8ae50f0c30555|a@b",
		"filter|0.7|1.1|smtp-in|rcpt-to|" ID "|f0fe8ae50f0c305g|a@b",
		"filter|0.7|1.1|smtp-in|rcpt-to|" ID "|f0fe8ae50f0c3055",
		"filter|0.7|1.1|smtp-in|rcpt-to|" ID "|",
		"filter|0.7|1.1|smtp-in|rcpt-to|" ID,
		"filter|0.7|1.1|smtp-in|rcpt-to|" ID "0|f0fe8ae50f0c3055|a",
		"filter|0.7|1.1|smtp-in|rcpt-to|", "filter|0.7|1.1|smtp-in|",
		"filter|0.7|1.1|", "filter|0.7|", "filter|", "", "x",
		"report|0.7|1.1|smtp-up|link-disconnect|" ID,
		"report|0.7|1.1|smtp-in|link-disconnect|e6cea9dc4772003",
		"report|0.7|1.1|smtp-in|link-disconnect|e6cea9dc4772003x",
		"report|0.7|1.1|smtp-in|link-disconnect|e6cea9dc47720032x",
		"config|ready"
	};
	static const char *const other[] = {
		"filter|0.7|1.1|smtp-in|mail-from|" ID "|f0fe8ae50f0c3055|a@b",
		"filter|0.7|1.1|smtp-out|rcpt-to|" ID "|f0fe8ae50f0c3055|a@b",
		"report|0.7|1.1|smtp-in|rcpt-to|" ID "|f0fe8ae50f0c3055|a@b",
		"filter|0.7|1.1|smtp-in|tx-mail|" ID "|f0fe8ae5|ok|a@b",
		"report|0.7|1.1|smtp-in|tx-data|" ID "|f0fe8ae5|ok",
		"report|0.7|1.1|smtp-in|something-new|x"
	};
	size_t i;

	for (i = 0; i < nitems(good); i++) {
		is_int(parse(good[i]), EVENT_OK, "request %zu", i);
		is_int(ev.kind, EVENT_RCPT_TO, "is one");
	}
	is_str(field(1), "a", "its address");
	is_int(ev.time, 0, "its time can't be read");
	for (i = 0; i < nitems(bad); i++)
		is_int(parse(bad[i]), EVENT_BAD, "bad: %s", bad[i]);
	for (i = 0; i < nitems(other); i++)
		is_int(parse(other[i]), EVENT_OTHER, "other: %s", other[i]);
}

static void
test_path(void)
{
	static const char *const paths[][2] = {
		{ "a@b.nz>", "a@b.nz" },
		{ "a@b.nz> RET=HDRS", "a@b.nz" },
		{ "\"a> b\\\"\"@b.nz> ORCPT=rfc822;a>", "\"a> b\\\"\"@b.nz" },
		{ ">", "" },
		{ "a@b.nz", "a@b.nz" },
		{ "\"a@b.nz>", "\"a@b.nz>" },
		{ "\"a\\", "\"a\\" }
	};
	struct text t;
	size_t i;

	for (i = 0; i < nitems(paths); i++) {
		t.s = paths[i][0];
		t.len = strlen(t.s);
		is_int(text_path(&t), strlen(paths[i][1]), "path of %s", t.s);
	}
}

static void
test_any(void)
{
	static const char line[] = HEAD "smtp-in|tx-mail|" ID "|c|ok|a@b";
	char buf[sizeof(line)];
	unsigned int seed = 1;
	size_t i, good = 0;

	for (i = 0; i < sizeof(line) - 1; i++) {
		memcpy(buf, line, i);
		buf[i] = '\0';
		good += parse(buf) == EVENT_OK;
	}
	/* Only the address may be shorter. */
	is_int(good, 3, "cut off at any byte");
	for (good = i = 0; i < 100000; i++) {
		memcpy(buf, line, sizeof(buf));
		seed = seed * 1103515245 + 12345;
		buf[(seed >> 8) % (sizeof(buf) - 1)] = 1 + (seed >> 16) % 255;
		good += parse(buf) == EVENT_OK;
	}
	ok(good > 0 && good < i, "mutated: %zu of %zu parse", good, i);
}

/* Any byte in the place of any digit of a time or an id. */
static void
test_digits(void)
{
	char line[] = HEAD "smtp-in|tx-commit|ABCDEF0123456789";
	const size_t time = 11, id = sizeof(line) - 1 - 16;
	size_t at, wrong = 0, odd = 0;
	char was;
	int c;

	for (at = id; at < id + 16; at++) {
		was = line[at];
		for (c = 1; c < 256; c++) {
			line[at] = (char)c;
			if (strchr("0123456789abcdefABCDEF", c) == NULL)
				wrong += parse(line) != EVENT_BAD;
			else
				wrong += parse(line) != EVENT_OK ||
				    ev.session != strtoull(line + id, NULL, 16);
		}
		line[at] = was;
	}
	is_int((long long)wrong, 0, "each digit of an id, and nothing else");
	for (at = time; at < time + 10; at++) {
		was = line[at];
		for (c = 1; c < 256; c++) {
			line[at] = (char)c;
			if (c == '.' || c == '|')
				continue;
			odd += parse(line) != EVENT_OK || ev.time !=
			    (c < '0' || c > '9' ? 0 : strtoll(line + time,
			    NULL, 10));
		}
		line[at] = was;
	}
	is_int((long long)odd, 0, "each of a time, which is 0 without one");
	for (odd = 0, at = time + 10, c = 1; c < 256; c++) {
		line[at] = (char)c;
		if (c == '|' || (c >= '0' && c <= '9'))
			continue;
		odd += parse(line) != EVENT_OK ||
		    ev.time != (c == '.' ? 1795308413 : 0);
	}
	is_int((long long)odd, 0, "and a '.' behind them, no other byte");
}

int
main(void)
{
	test_connect();
	test_versions();
	test_request();
	test_path();
	test_any();
	test_digits();
	return done_testing();
}
