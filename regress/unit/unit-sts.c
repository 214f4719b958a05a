/* SPDX-License-Identifier: ISC */

/* MTA-STS records and policies against RFC 8461 3.1, 3.2 and 4.1. */

#include <stdlib.h>
#include <string.h>

#include "check/check.h"
#include "rfc/sts.h"
#include "tap.h"

struct record_case {
	const char	*name;
	const char	*txts[4];
	enum sts_result	 result;
	const char	*id;
};

#define X10 "0123456789"

static const struct record_case records[] = {
	{ "plain", { "v=STSv1; id=20160831085700Z;" }, STS_OK,
	    "20160831085700Z" },
	{ "no final delimiter", { "v=STSv1; id=a1" }, STS_OK, "a1" },
	{ "no blanks", { "v=STSv1;id=a1" }, STS_OK, "a1" },
	{ "blanks and tabs around the delimiter",
	    { "v=STSv1; \t id=a1 \t ;\t" }, STS_OK, "a1" },
	{ "blank before the first delimiter", { "v=STSv1 ; id=a1" }, STS_OK,
	    "a1" },
	{ "id of 32", { "v=STSv1; id=" X10 X10 X10 "ab" }, STS_OK,
	    X10 X10 X10 "ab" },
	{ "id of 33", { "v=STSv1; id=" X10 X10 X10 "abc" }, STS_INVALID,
	    NULL },
	{ "id keeps its case", { "v=STSv1; id=AbC" }, STS_OK, "AbC" },
	{ "id with a dash", { "v=STSv1; id=2024-01-01" }, STS_INVALID, NULL },
	{ "id empty", { "v=STSv1; id=;" }, STS_INVALID, NULL },
	{ "no id", { "v=STSv1;" }, STS_INVALID, NULL },
	{ "ID is another field", { "v=STSv1; ID=a1;" }, STS_INVALID, NULL },
	{ "extension first", { "v=STSv1; x-y_z.1=%&!:,+; id=a1" }, STS_OK,
	    "a1" },
	{ "extension last", { "v=STSv1; id=a1; new=1" }, STS_OK, "a1" },
	{ "extension name of 32", { "v=STSv1; id=a1; " X10 X10 X10 "ab=1" },
	    STS_OK, "a1" },
	{ "extension name of 33", { "v=STSv1; id=a1; " X10 X10 X10 "abc=1" },
	    STS_INVALID, NULL },
	{ "extension name begins with a dash", { "v=STSv1; id=a1; -x=1" },
	    STS_INVALID, NULL },
	{ "extension without value", { "v=STSv1; id=a1; x=" }, STS_INVALID,
	    NULL },
	{ "extension with = in its value", { "v=STSv1; id=a1; x=a=b" },
	    STS_INVALID, NULL },
	{ "extension with a blank in its value", { "v=STSv1; id=a1; x=a b" },
	    STS_INVALID, NULL },
	{ "bytes beyond ASCII", { "v=STSv1; id=a1; x=\xc3\xa9" }, STS_INVALID,
	    NULL },
	{ "an empty field", { "v=STSv1;; id=a1" }, STS_INVALID, NULL },
	{ "blanks at the end", { "v=STSv1; id=a1 " }, STS_INVALID, NULL },
	{ "not a field", { "v=STSv1; id" }, STS_INVALID, NULL },
	{ "two ids: the first counts", { "v=STSv1; id=a1; id=b2" }, STS_OK,
	    "a1" },
	{ "two ids: the second may be anything", { "v=STSv1; id=a1; id=b-2" },
	    STS_OK, "a1" },
	{ "no records", { NULL }, STS_ABSENT, NULL },
	{ "lower case version", { "v=stsv1; id=a1" }, STS_ABSENT, NULL },
	{ "later version", { "v=STSv2; id=a1" }, STS_ABSENT, NULL },
	{ "longer version", { "v=STSv10; id=a1" }, STS_ABSENT, NULL },
	{ "version alone", { "v=STSv1" }, STS_ABSENT, NULL },
	{ "version not first", { "id=a1; v=STSv1;" }, STS_ABSENT, NULL },
	{ "blank first", { " v=STSv1; id=a1" }, STS_ABSENT, NULL },
	{ "empty text", { "" }, STS_ABSENT, NULL },
	{ "others beside it", { "v=spf1 -all", "v=STSv1; id=a1", "x" },
	    STS_OK, "a1" },
	{ "two records", { "v=STSv1; id=a1", "v=STSv1; id=a2" }, STS_AMBIGUOUS,
	    NULL },
	{ "the same twice", { "v=STSv1; id=a1", "v=STSv1; id=a1" },
	    STS_AMBIGUOUS, NULL },
	{ "two, one malformed", { "v=STSv1; id=a1", "v=STSv1; id=" },
	    STS_AMBIGUOUS, NULL },
	{ "one begins by the words, one by the grammar only",
	    { "v=STSv1 ; id=b", "v=STSv1; id=a" }, STS_OK, "a" },
};

struct policy_case {
	const char	*name;
	const char	*body;
	int		 valid;
	enum sts_mode	 mode;
	int64_t		 max_age;
	size_t		 nmx;
	size_t		 nlines;
};

#define V "version: STSv1\n"
#define HEAD V "mode: enforce\nmax_age: 604800\n"
#define GOOD HEAD "mx: mx.example.com\n"

static const struct policy_case policies[] = {
	{ "the RFC's example", "version: STSv1\r\nmode: enforce\r\n"
	    "mx: mail.example.com\r\nmx: *.example.net\r\n"
	    "mx: backupmx.example.com\r\nmax_age: 604800\r\n", 1, STS_ENFORCE,
	    604800, 3, 6 },
	{ "LF", GOOD, 1, STS_ENFORCE, 604800, 1, 4 },
	{ "no final line end", HEAD "mx: mx.example.com", 1, STS_ENFORCE,
	    604800, 1, 4 },
	{ "LF and CRLF mixed", V "mode: testing\r\nmax_age: 1\nmx: a.b\r\n", 1,
	    STS_TESTING, 1, 1, 4 },
	{ "any order", "mx: a.b\nmax_age: 1\nmode: testing\n" V, 1,
	    STS_TESTING, 1, 1, 4 },
	{ "no blank behind the colon", "version:STSv1\nmode:none\nmax_age:5",
	    1, STS_NONE, 5, 0, 3 },
	{ "tabs and many blanks", "version:\t  STSv1 \t\nmode:  none \n"
	    "max_age: \t5\t", 1, STS_NONE, 5, 0, 3 },
	{ "blank before the colon", "version : STSv1\nmode: none\nmax_age: 5",
	    0, 0, 0, 0, 0 },
	{ "blank before the name", " version: STSv1\nmode: none\nmax_age: 5",
	    0, 0, 0, 0, 0 },
	{ "empty lines", GOOD "\n\r\n \n", 1, STS_ENFORCE, 604800, 1, 5 },
	{ "none with mx", V "mode: none\nmax_age: 5\nmx: a.b\n", 1, STS_NONE,
	    5, 1, 4 },
	{ "none without mx", V "mode: none\nmax_age: 5\n", 1, STS_NONE, 5, 0,
	    3 },
	{ "enforce without mx", HEAD, 0, 0, 0, 0, 0 },
	{ "testing without mx", V "mode: testing\nmax_age: 5\n", 0, 0, 0, 0,
	    0 },
	{ "no version", "mode: none\nmax_age: 5\n", 0, 0, 0, 0, 0 },
	{ "no mode", V "max_age: 5\nmx: a.b\n", 0, 0, 0, 0, 0 },
	{ "no max_age", V "mode: none\n", 0, 0, 0, 0, 0 },
	{ "empty", "", 0, 0, 0, 0, 0 },
	{ "another version", "version: STSv2\nmode: none\nmax_age: 5\n", 0, 0,
	    0, 0, 0 },
	{ "version in lower case", "version: stsv1\nmode: none\nmax_age: 5\n",
	    0, 0, 0, 0, 0 },
	{ "names are case-sensitive", "Version: STSv1\nmode: none\n"
	    "max_age: 5\n", 0, 0, 0, 0, 0 },
	{ "mode is case-sensitive", V "mode: None\nmax_age: 5\n", 0, 0, 0, 0,
	    0 },
	{ "unknown mode", V "mode: report\nmax_age: 5\nmx: a.b\n", 0, 0, 0, 0,
	    0 },
	{ "max_age 0", V "mode: none\nmax_age: 0\n", 1, STS_NONE, 0, 0, 3 },
	{ "max_age at its most", V "mode: none\nmax_age: 31557600\n", 1,
	    STS_NONE, 31557600, 0, 3 },
	{ "max_age beyond is cut", V "mode: none\nmax_age: 9999999999\n", 1,
	    STS_NONE, 31557600, 0, 3 },
	{ "max_age with leading zeros", V "mode: none\nmax_age: 0000000086\n",
	    1, STS_NONE, 86, 0, 3 },
	{ "max_age of 11 digits", V "mode: none\nmax_age: 00000000086\n", 0, 0,
	    0, 0, 0 },
	{ "max_age negative", V "mode: none\nmax_age: -1\n", 0, 0, 0, 0, 0 },
	{ "max_age with a fraction", V "mode: none\nmax_age: 1.5\n", 0, 0, 0,
	    0, 0 },
	{ "max_age with a unit", V "mode: none\nmax_age: 1d\n", 0, 0, 0, 0,
	    0 },
	{ "max_age empty", V "mode: none\nmax_age:\n", 0, 0, 0, 0, 0 },
	{ "the first of each counts", V "mode: testing\nmode: bogus\n"
	    "max_age: 7\nmax_age: x\nversion: STSv9\nmx: a.b\n", 1,
	    STS_TESTING, 7, 1, 7 },
	{ "extensions", GOOD "x-new.1_y: caf\xc3\xa9 and blanks\n", 1,
	    STS_ENFORCE, 604800, 1, 5 },
	{ "extension without value", GOOD "new:\n", 0, 0, 0, 0, 0 },
	{ "extension with a control character", GOOD "new: a\tb\n", 0, 0, 0,
	    0, 0 },
	{ "extension with a bare CR", GOOD "new: a\rb\n", 0, 0, 0, 0, 0 },
	{ "extension that is not UTF-8", GOOD "new: \xff\n", 0, 0, 0, 0, 0 },
	{ "extension name too long", GOOD X10 X10 X10 "abc: 1\n", 0, 0, 0, 0,
	    0 },
	{ "a line that is no field", GOOD "hello\n", 0, 0, 0, 0, 0 },
	{ "HTML", "<!DOCTYPE html>\n<html></html>\n", 0, 0, 0, 0, 0 },
	{ "mx list on one line", HEAD "mx: a.b, c.d\n", 0, 0, 0, 0, 0 },
	{ "mx in upper case", HEAD "mx: MX.Example.COM\n", 1, STS_ENFORCE,
	    604800, 1, 4 },
	{ "mx twice", GOOD "mx: mx.example.com\n", 1, STS_ENFORCE, 604800, 2,
	    5 },
	{ "mx: an asterisk alone", HEAD "mx: *\n", 0, 0, 0, 0, 0 },
	{ "mx: asterisk inside", HEAD "mx: mx.*.com\n", 0, 0, 0, 0, 0 },
	{ "mx: part of a label", HEAD "mx: mx*.example.com\n", 0, 0, 0, 0, 0 },
	{ "mx: two asterisks", HEAD "mx: *.*.example.com\n", 0, 0, 0, 0, 0 },
	{ "mx: leading dot", HEAD "mx: .example.com\n", 0, 0, 0, 0, 0 },
	{ "mx: empty", HEAD "mx: \n", 0, 0, 0, 0, 0 },
	{ "mx: not an A-label", HEAD "mx: m\xc3\xbcll.example\n", 0, 0, 0, 0,
	    0 },
};

struct match_case {
	const char	*pattern;
	const char	*mx;
	int		 matches;
};

static const struct match_case matches[] = {
	{ "mail.example.com", "mail.example.com", 1 },
	{ "mail.example.com", "MAIL.example.com", 1 },
	{ "mail.example.com", "mail.example.co", 0 },
	{ "mail.example.com", "xmail.example.com", 0 },
	{ "example.com", "mail.example.com", 0 },
	{ "*.example.com", "mail.example.com", 1 },
	{ "*.example.com", "example.com", 0 },
	{ "*.example.com", ".example.com", 0 },
	{ "*.example.com", "a.b.example.com", 0 },
	{ "*.example.com", "mail.example.com.evil.org", 0 },
	{ "*.example.com", "mailexample.com", 0 },
	{ "*.com", "example.com", 1 },
};

static void
test_records(void)
{
	const struct record_case *c;
	const char *why;
	char id[33];
	size_t i, n;

	for (i = 0; i < nitems(records); i++) {
		c = &records[i];
		for (n = 0; n < nitems(c->txts) && c->txts[n] != NULL; n++)
			continue;
		why = NULL;
		is_int(sts_record_parse(c->txts, n, id, sizeof(id), &why),
		    c->result, "record: %s", c->name);
		if (c->id != NULL)
			is_str(id, c->id, "id: %s", c->name);
		else
			ok(why != NULL, "told why: %s", c->name);
	}
}

static void
test_policies(void)
{
	const struct policy_case *c;
	struct sts_policy *p;
	const char *why;
	size_t i;

	for (i = 0; i < nitems(policies); i++) {
		c = &policies[i];
		p = sts_policy_parse(c->body, strlen(c->body), &why);
		if (!c->valid) {
			ok(p == NULL && why != NULL, "malformed: %s (%s)",
			    c->name, why == NULL ? "?" : why);
			sts_policy_free(p);
			continue;
		}
		if (!ok(p != NULL, "policy: %s", c->name)) {
			printf("# %s\n", why);
			continue;
		}
		is_int(p->mode, c->mode, "mode: %s", c->name);
		is_int(p->max_age, c->max_age, "max_age: %s", c->name);
		is_int(p->nmx, c->nmx, "mx: %s", c->name);
		is_int(p->nlines, c->nlines, "lines: %s", c->name);
		sts_policy_free(p);
	}
}

static void
test_limits(void)
{
	static char big[STS_POLICY_MAX + 200];
	struct sts_policy *p;
	const char *why;
	size_t len, i;

	strlcpy(big, GOOD "x: ", sizeof(big));
	len = strlen(big);
	memset(big + len, 'y', sizeof(big) - len - 1);
	p = sts_policy_parse(big, STS_POLICY_MAX, &why);
	ok(p != NULL, "64 kB are read");
	sts_policy_free(p);
	ok(sts_policy_parse(big, STS_POLICY_MAX + 1, &why) == NULL,
	    "more is not");

	strlcpy(big, GOOD, sizeof(big));
	for (i = 4; i < STS_POLICY_LINES_MAX; i++)
		strlcat(big, "mx: *.a.b\n", sizeof(big));
	p = sts_policy_parse(big, strlen(big), &why);
	ok(p != NULL, "%d lines are read", STS_POLICY_LINES_MAX);
	sts_policy_free(p);
	strlcat(big, "mx: *.a.b\n", sizeof(big));
	ok(sts_policy_parse(big, strlen(big), &why) == NULL, "more are not");

	memcpy(big, GOOD "x: a\0b\n", sizeof(GOOD "x: a\0b\n"));
	ok(sts_policy_parse(big, sizeof(GOOD "x: a\0b\n") - 1, &why) == NULL,
	    "a NUL inside");
}

static void
test_matches(void)
{
	struct sts_policy *p;
	const char *why;
	size_t i;

	for (i = 0; i < nitems(matches); i++)
		is_int(sts_pattern_matches(matches[i].pattern, matches[i].mx),
		    matches[i].matches, "\"%s\" and %s", matches[i].pattern,
		    matches[i].mx);
	p = sts_policy_parse(HEAD "mx: a.example\nmx: *.B.example \nx: 1\r\n",
	    strlen(HEAD "mx: a.example\nmx: *.B.example \nx: 1\r\n"), &why);
	if (!ok(p != NULL, "policy of two patterns"))
		return;
	ok(sts_policy_matches(p, "a.example"), "first pattern");
	ok(sts_policy_matches(p, "mx1.b.example"), "second pattern");
	ok(!sts_policy_matches(p, "b.example"), "neither");
	is_str(p->mx[1], "*.b.example", "patterns are in lower case");
	is_str(p->lines[4], "mx: *.B.example ", "lines are as received");
	is_str(p->lines[5], "x: 1", "without their ends");
	sts_policy_free(p);
}

/* What check domain says of one line, the third of a policy. */
static void
test_lines(void)
{
	static const struct {
		const char	*line;
		const char	*said;	/* NULL: nothing */
	} cases[] = {
		{ "mx: a.example", NULL }, { "mx: *.a.example", NULL },
		{ "mx: a b", "bad|line 3: mx is one host: write a line "
		    "\"mx: HOST\" for each\n" },
		{ "mx: a.example,b.example", "bad|line 3: mx is one host: " },
		{ "mx: .d.example", "bad|line 3: mx begins with a dot: for "
		    "all hosts of a domain write \"*.d.example\"\n" },
		{ "mx: mx\xc4\x81.d.example", "write \"xn--mx-" },
		{ "mx: mx\xe2\x80\xae.d.example", "bad|line 3: mx " },
		{ "mx:", "bad|line 3: mx is no host name" },
		{ "mx: a..example", "bad|line 3: mx is no host name" },
		{ "max_age: 2419200", NULL },
		{ "max_age: 31557601", "warn|line 3: max_age is a number" },
		{ "max_age: 00002419200", "bad|line 3: max_age is a number of "
		    "seconds, at most 31557600, of 10 digits or fewer\n" },
		{ "max_age: -1", "bad|line 3: max_age is" },
		{ "max_age: +1", "bad|line 3: max_age is" },
		{ "max_age:", "bad|line 3: max_age is" },
	};
	struct view v = { .form = FORM_PIPE };
	struct check c = { .view = &v, .domain = "d.example" };
	char body[200], *text = NULL;
	size_t i, len;

	for (i = 0; i < nitems(cases); i++) {
		(void)snprintf(body, sizeof(body), "version: STSv1\n"
		    "mode: enforce\n%s\n", cases[i].line);
		if ((v.out = open_memstream(&text, &len)) == NULL)
			abort();
		check_policy_lines(&c, body, strlen(body));
		fclose(v.out);
		if (!ok(cases[i].said == NULL ? *text == '\0' :
		    strstr(text, cases[i].said) != NULL, "the line %s",
		    strncmp(cases[i].line, "mx: mx", 6) == 0 ? "mx: ..." :
		    cases[i].line))
			printf("# %s\n", text);
		free(text);
	}
}

int
main(void)
{
	enum sts_mode mode;

	test_records();
	test_policies();
	test_limits();
	test_matches();
	test_lines();
	ok(sts_mode_parse("testing", &mode) == 0 && mode == STS_TESTING,
	    "mode by its name");
	ok(sts_mode_parse("Enforce", &mode) == -1, "not by another");
	return done_testing();
}
