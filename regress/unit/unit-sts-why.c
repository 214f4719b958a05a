/* SPDX-License-Identifier: ISC */

/*
 * What is wrong with an MTA-STS record or policy, in words; and the edges of
 * what each part may hold.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rfc/sts.h"
#include "tap.h"

#define X10 "0123456789"

static const char no_name[] = "a field without a name";
static const char no_equal[] = "a field without \"=\" after its name";
static const char no_value[] = "a field without a value";
static const char bad_id[] = "id is not 1 to 32 letters and digits";
static const char behind[] = "something else than \";\" after a field";

/* A record without "v=STSv1"; what comes of it: "id ID" or why not. */
static const struct {
	const char	*fields;
	const char	*want;
} records[] = {
	{ "; id=azAZ09", "id azAZ09" },
	{ ";id=1", "id 1" },
	{ "\t \t; id=1", "id 1" },
	{ " ; \t id=1 \t; ", "id 1" },
	{ "; id=1 ", "blanks at the end" },
	{ "; id=1\t", "blanks at the end" },
	{ "; id=1;;", no_name },
	{ "; id=1 x=2", behind },
	{ "; id=1\n", behind },
	{ "; x=~!\";", "no id" },
	{ "; x=!~;id=1", "id 1" },
	{ "; x=\177;id=1", no_value },
	{ "; x=a\177;id=1", behind },
	{ "; x=\037;id=1", no_value },
	{ "; x=a\037;id=1", behind },
	{ "; x=a=b;id=1", behind },
	{ "; x==;id=1", no_value },
	{ "; x=;id=1", no_value },
	{ "; x= 1;id=1", no_value },
	{ "; x", no_equal },
	{ "; x;id=1", no_equal },
	{ "; x =1;id=1", no_equal },
	{ "; =1;id=1", no_name },
	{ "; -x=1;id=1", no_name },
	{ "; .x=1;id=1", no_name },
	{ "; _x=1;id=1", no_name },
	{ "; x-._9Zz=1;id=1", "id 1" },
	{ "; x/y=1;id=1", no_equal },
	{ "; x:y=1;id=1", no_equal },
	{ "; x@y=1;id=1", no_equal },
	{ "; x[y=1;id=1", no_equal },
	{ "; x`y=1;id=1", no_equal },
	{ "; x{y=1;id=1", no_equal },
	{ "; /=1;id=1", no_name }, { "; :=1;id=1", no_name },
	{ "; @=1;id=1", no_name }, { "; [=1;id=1", no_name },
	{ "; `=1;id=1", no_name }, { "; {=1;id=1", no_name },
	{ "; 0=1;9=1;A=1;Z=1;a=1;z=1;id=1", "id 1" },
	{ "; " X10 X10 X10 "ab=1;id=1", "id 1" },
	{ "; " X10 X10 X10 "abc=1;id=1", no_name },
	{ "; i=2;idx=3;xd=4;ix=5;id=1", "id 1" },
	{ "; id=1;id=2", "id 1" },
	{ "; id=/", bad_id }, { "; id=:", bad_id }, { "; id=@", bad_id },
	{ "; id=[", bad_id }, { "; id=`", bad_id }, { "; id={", bad_id },
	{ "; id=a-", bad_id },
	{ "; id=" X10 X10 X10 "ab", "id " X10 X10 X10 "ab" },
	{ "; id=" X10 X10 X10 "abc", bad_id },
	{ ";", "no id" },
	{ "; ", "no id" },
	{ "; x=1", "no id" },
	{ "", "no MTA-STS record" },
	{ " ", "no MTA-STS record" },
	{ "x; id=1", "no MTA-STS record" },
};

static const char *
record_of(const char *const txts[], size_t n)
{
	static char out[128];
	const char *why = NULL;
	char id[33];

	if (sts_record_parse(txts, n, id, sizeof(id), &why) != STS_OK)
		return why;
	snprintf(out, sizeof(out), "id %s", id);
	return out;
}

static void
test_records(void)
{
	const char *const two[] = { "v=STSv1; id=1", "v=STSv1; id=2" };
	const char *const loose[] = { "v=STSv1 ; id=1", "v=STSv1 ; id=2" };
	const char *const three[] = { "v=STSv1 ;id=1", "v=STSv1;id=2", "x" };
	const char *why, *txt;
	char line[128], id[3];
	size_t i;

	txt = line;
	for (i = 0; i < nitems(records); i++) {
		snprintf(line, sizeof(line), "v=STSv1%s", records[i].fields);
		is_str(record_of(&txt, 1), records[i].want, "v=STSv1%s",
		    records[i].fields[0] == ';' ? records[i].fields : "...");
	}
	is_str(record_of(two, 2), "more than one MTA-STS record", "two");
	is_str(record_of(loose, 2), "more than one MTA-STS record",
	    "two with blanks");
	is_str(record_of(three, 3), "id 2", "one by the words of the RFC");
	is_str(record_of(two, 0), "no MTA-STS record", "none");
	txt = "v=STSv1;id=ab";
	is_int(sts_record_parse(&txt, 1, id, sizeof(id), &why), STS_OK,
	    "an id that fits");
	txt = "v=STSv1;id=abc";
	is_int(sts_record_parse(&txt, 1, id, sizeof(id), &why), STS_INVALID,
	    "one that does not");
}

#define V "version: STSv1\n"
#define NONE V "mode: none\nmax_age: 5\n"

static const char no_line[] = "a line that is not \"name: value\"";
static const char bad_age[] = "max_age is not a number of 1 to 10 digits";
static const char bad_mx[] = "mx is not a host name, or \"*.\" and a domain";
static const char control[] = "a control character";

/* A policy; why it is none, or "MODE MAX_AGE MX..." */
static const struct {
	const char	*body;
	const char	*want;
} policies[] = {
	{ NONE, "none 5" },
	{ V "mode: testing\nmax_age: 0\nmx: A.b\nmx: *.C.d\n",
	  "testing 0 a.b *.c.d" },
	{ V "mode: enforce\nmax_age: 31557600\nmx: a\n",
	  "enforce 31557600 a" },
	{ V "mode: enforce\nmax_age: 31557601\nmx: a\n",
	  "enforce 31557600 a" },
	{ V "mode: enforce\nmax_age: 31557599\nmx: a\n",
	  "enforce 31557599 a" },
	{ V "mode: enforce\nmax_age: 9876543210\nmx: a\n",
	  "enforce 31557600 a" },
	{ V "mode: enforce\nmax_age: 1\n", "no mx" },
	{ V "mode: testing\nmax_age: 1\n", "no mx" },
	{ V "mode: none\n", "no max_age" },
	{ V "max_age: 1\n", "no mode" },
	{ "mode: none\nmax_age: 1\n", "no version" },
	{ "", "no version" },
	{ "\n\r\n", "no version" },
	{ "version: STSv2\n", "version is not STSv1" },
	{ "version: STSv\n", "version is not STSv1" },
	{ "version: STSv11\n", "version is not STSv1" },
	{ V "mode: nones\n", "mode is not enforce, testing or none" },
	{ V "mode: enforcd\n", "mode is not enforce, testing or none" },
	{ V "max_age: /\n", bad_age }, { V "max_age: :\n", bad_age },
	{ V "max_age: 0/\n", bad_age }, { V "max_age: 9:\n", bad_age },
	{ V "max_age: 00000000001\n", bad_age },
	{ V "max_age: 0x5\n", bad_age },
	{ V "mode: none\nmax_age: 0123456789\n", "none 31557600" },
	{ V "mx: *.\n", bad_mx }, { V "mx: *a.b\n", bad_mx },
	{ NONE "mx: x.a.b.\n", "none 5 x.a.b" }, { V "mx: **.a\n", bad_mx },
	{ V "mx: *.*.a\n", bad_mx }, { V "mx: a_b c\n", bad_mx },
	{ V "mx: [192.0.2.1]\n", bad_mx },
	{ NONE "mx: *.a\n", "none 5 *.a" },
	{ V "mx\n", no_line }, { V "mx a\n", no_line },
	{ V ": a\n", no_line }, { V "mx : a\n", no_line },
	{ V "mx=a\n", no_line }, { V "-x: a\n", no_line },
	{ V "{x: a\n", no_line }, { V "x{: a\n", no_line },
	{ V " mode: none\n", no_line },
	{ NONE "x", no_line }, { NONE "x\n", no_line },
	{ " \n" NONE, "none 5" },
	{ V "mx:\n", "a line without a value" },
	{ V "mx: \t \n", "a line without a value" },
	{ V "x:\r\n", "a line without a value" },
	{ NONE "x:y\n", "none 5" }, { NONE "x: \t y \t\n", "none 5" },
	{ NONE "x: a b\n", "none 5" }, { NONE "x: ~!\n", "none 5" },
	{ NONE "x: \037\n", control }, { NONE "x: a\177\n", control },
	{ NONE "x: a\tb\n", control }, { NONE "x: a\rb\n", control },
	{ NONE "x: a\r", control }, { NONE "x: a\r\r\n", control },
	{ NONE "x: a\r\n", "none 5" }, { NONE " \t\n", "none 5" },
	{ NONE "x: \303\244\n", "none 5" },
	{ NONE "x: \303\n", "not UTF-8" },
	{ NONE "mode: testing\nmax_age: 6\nversion: 2\n", "none 5" },
	{ NONE "model: x\nmax_ages: x\nversions: x\nmxs: *\n", "none 5" },
};

static const char *
policy_of(const char *body, size_t len)
{
	static char out[1024];
	const char *why = NULL;
	struct sts_policy *p;
	size_t i;

	if ((p = sts_policy_parse(body, len, &why)) == NULL)
		return why;
	snprintf(out, sizeof(out), "%s %lld", sts_mode_name(p->mode),
	    (long long)p->max_age);
	for (i = 0; i < p->nmx; i++) {
		strlcat(out, " ", sizeof(out));
		strlcat(out, p->mx[i], sizeof(out));
	}
	sts_policy_free(p);
	return out;
}

static void
test_policies(void)
{
	static char big[STS_POLICY_MAX + 2];
	char domain[DOMAIN_MAX], body[512], want[300];
	size_t i;

	for (i = 0; i < nitems(policies); i++)
		is_str(policy_of(policies[i].body, strlen(policies[i].body)),
		    policies[i].want, "policy %zu: %s", i, policies[i].want);
	is_str(policy_of(NONE "x: a\0b\n", sizeof(NONE "x: a0b\n") - 1), control,
	    "a NUL");
	memset(big, '\n', sizeof(big));
	memcpy(big, NONE, strlen(NONE));
	is_str(policy_of(big, STS_POLICY_MAX), "none 5", "64 kB");
	is_str(policy_of(big, STS_POLICY_MAX + 1), "longer than 64 kB",
	    "a byte more");
	big[0] = '\0';
	strlcpy(big, NONE, sizeof(big));
	for (i = 3; i <= STS_POLICY_LINES_MAX; i++)
		strlcat(big, "x: y\n", sizeof(big));
	is_str(policy_of(big, strlen(big)), "too many lines", "one too many");
	is_str(policy_of(big, strlen(big) - 5), "none 5", "as many as may be");

	memset(domain, 0, sizeof(domain));
	for (i = 0; i < 253; i++)
		domain[i] = i % 50 == 49 ? '.' : 'x';
	snprintf(body, sizeof(body), NONE "mx: *.%s\n", domain);
	snprintf(want, sizeof(want), "none 5 *.%s", domain);
	is_str(policy_of(body, strlen(body)), want,
	    "the longest domain behind an asterisk");
}

static void
test_names(void)
{
	static const char *const names[] = { "none", "testing", "enforce" };
	enum sts_mode mode;
	size_t i;

	for (i = 0; i < nitems(names); i++)
		ok(sts_mode_parse(names[i], &mode) == 0 &&
		    strcmp(sts_mode_name(mode), names[i]) == 0, "mode %s",
		    names[i]);
	is_int(sts_mode_parse("", &mode), -1, "no mode");
	is_int(sts_pattern_matches("*.a.b", "x"), 0, "a name without a dot");
	is_int(sts_pattern_matches("*x.b", "ax.b"), 0, "no such pattern");
	is_int(sts_pattern_matches("*.a.b", "xa.b"), 0, "no label of its own");
	is_int(sts_pattern_matches("*.A.b", "x.a.B"), 1, "in any case");
	sts_policy_free(NULL);
}

int
main(void)
{
	test_records();
	test_policies();
	test_names();
	return done_testing();
}
