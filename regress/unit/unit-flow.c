/* SPDX-License-Identifier: ISC */

/* Every flow of the guide (5.1 to 5.5), both ways, and legacy hosts (4.3). */

#include <stdlib.h>
#include <string.h>

#include "conftext.h"
#include "flow_case.h"
#include "rule/flow.h"
#include "tap.h"

/* We are minties, a member; aa, bb and cc are others, cc has no connector. */
static const char base[] =
    "organization \"Minties\"\n"
    "contact \"tls@minties.govt.nz\"\n"
    "local { \"minties.govt.nz\" \".mint.govt.nz\" }\n"
    "class restricted { minties.govt.nz .mint.govt.nz aa.govt.nz bb.govt.nz\n"
    "	cc.govt.nz .far.govt.nz }\n"
    "class partner { partner.nz .partner.aa.govt.nz }\n"
    "class government { .govt.nz parliament.nz }\n"
    "flow from restricted to restricted require connector\n"
    "flow from { restricted government } to { restricted government }\\\n"
    "	require tls\n"
    "flow from partner to any require verified tls \"1.3\"\n"
    "flow from any to partner require verified tls\n"
    "flow from any to any prefer tls\n"
    "connector aa.govt.nz to \"smtp+tls://mx.aa.govt.nz\"\\\n"
    "	from { 192.0.2.0/24 2001:db8:a::/48 }\n"
    "connector bb.govt.nz to \"smtp+tls://mx.bb.govt.nz\"\n"
    "legacy { 10.1.2.3 10.9.0.0/16 2001:db8:f::/64 } until 2027-03-31 UPS\n";

#define LAST_SECOND 1806537599		/* 2027-03-31 23:59:59 UTC */

#define FIRST "530 5.7.0 Must issue a STARTTLS command first: "

static const struct flow_case cases[] = {
	/* 5.1, in */
	{ "5.1 in, by the connector", "aa.govt.nz", "minties.govt.nz",
	    "192.0.2.7", IN, T13, PASS, "restricted>restricted", "" },
	{ "5.1 in, TLS 1.2", "aa.govt.nz", "minties.govt.nz", "192.0.2.7", IN,
	    T12, PASS, "restricted>restricted", "" },
	{ "5.1 in, over IPv6", "aa.govt.nz", "minties.govt.nz",
	    "2001:db8:a::25", IN, T13, PASS, "restricted>restricted", "" },
	{ "5.1 in, to a subdomain of ours", "aa.govt.nz", "x.mint.govt.nz",
	    "192.0.2.7", IN, T13, PASS, "restricted>restricted", "" },
	{ "5.1 in, no TLS", "aa.govt.nz", "minties.govt.nz", "192.0.2.7", IN,
	    NO, REJECT, "restricted>restricted",
	    FIRST "restricted>restricted requires TLSv1.2 or later" },
	{ "5.1 in, TLS 1.1", "aa.govt.nz", "minties.govt.nz", "192.0.2.7", IN,
	    T11, REJECT, "restricted>restricted",
	    "550 5.7.0 This session has TLSv1.1, but restricted>restricted "
	    "requires TLSv1.2 or later" },
	{ "5.1 in, another address", "aa.govt.nz", "minties.govt.nz",
	    "198.51.100.7", IN, T13, REJECT, "restricted>restricted",
	    "550 5.7.1 restricted>restricted: mail of aa.govt.nz is not "
	    "accepted from 198.51.100.7" },
	{ "5.1 in, another address over IPv6", "aa.govt.nz",
	    "minties.govt.nz", "2001:db8:b::1", IN, T13, REJECT,
	    "restricted>restricted",
	    "550 5.7.1 restricted>restricted: mail of aa.govt.nz is not "
	    "accepted from 2001:db8:b::1" },
	{ "5.1 in, another address and no TLS", "aa.govt.nz",
	    "minties.govt.nz", "198.51.100.7", IN, NO, REJECT,
	    "restricted>restricted", "530 5.7.0 " },
	{ "5.1 in, connector without from", "bb.govt.nz", "minties.govt.nz",
	    "198.51.100.7", IN, T13, PASS, "restricted>restricted", "" },
	{ "5.1 in, member without a connector", "cc.govt.nz",
	    "minties.govt.nz", "192.0.2.7", IN, T13, REJECT,
	    "restricted>restricted",
	    "550 5.7.1 restricted>restricted requires a connector, and "
	    "cc.govt.nz has none" },
	{ "5.1 out, our own name from outside", "minties.govt.nz",
	    "aa.govt.nz", "192.0.2.7", IN, T13, REJECT,
	    "restricted>restricted", "550 5.7.1 restricted>restricted: mail "
	    "of minties.govt.nz is not accepted from 192.0.2.7: log in" },
	/* One organisation to itself */
	{ "ours to ours, from outside", "minties.govt.nz",
	    "minties.govt.nz", "198.51.100.7", IN, T12, PASS,
	    "restricted>restricted", "" },
	{ "ours to another of ours, both members", "x.mint.govt.nz",
	    "minties.govt.nz", "198.51.100.7", IN, T13, PASS,
	    "restricted>restricted", "" },
	{ "ours to ours, no TLS", "minties.govt.nz", "minties.govt.nz",
	    "198.51.100.7", IN, NO, REJECT, "restricted>restricted",
	    FIRST "restricted>restricted requires TLSv1.2 or later" },
	{ "ours to ours, TLS 1.1", "minties.govt.nz", "x.mint.govt.nz",
	    "198.51.100.7", IN, T11, REJECT, "restricted>restricted",
	    "550 5.7.0 This session has TLSv1.1" },
	{ "4.3 ours to ours, a legacy host", "minties.govt.nz",
	    "minties.govt.nz", "10.1.2.3", IN, NO, LEGACY,
	    "restricted>restricted", "" },
	{ "another member to ours is 5.1", "aa.govt.nz", "x.mint.govt.nz",
	    "198.51.100.7", IN, T13, REJECT, "restricted>restricted",
	    "550 5.7.1 " },
	{ "5.1 in, a legacy host gets no leave", "aa.govt.nz",
	    "minties.govt.nz", "10.1.2.3", IN, NO, REJECT,
	    "restricted>restricted", "530 5.7.0 " },
	/* 5.1, out */
	{ "5.1 out, to a connector", "minties.govt.nz", "aa.govt.nz", NULL,
	    OUR, NO, PASS, "restricted>restricted", "" },
	{ "5.1 out, loopback", "minties.govt.nz", "aa.govt.nz", "127.0.0.1",
	    OUR, NO, PASS, "restricted>restricted", "" },
	{ "5.1 out, authenticated", "minties.govt.nz", "aa.govt.nz",
	    "203.0.113.99", OUR, T13, PASS, "restricted>restricted", "" },
	{ "5.1 out, no connector", "minties.govt.nz", "cc.govt.nz", NULL,
	    OUR, NO, REJECT, "restricted>restricted",
	    "550 5.7.1 restricted>restricted requires a connector, and "
	    "cc.govt.nz has none" },
	{ "5.1 within, ours to ours", "minties.govt.nz", "a.mint.govt.nz",
	    NULL, OUR, NO, PASS, "restricted>restricted", "" },
	{ "5.1 relayed for a member", "aa.govt.nz", "bb.govt.nz",
	    "192.0.2.7", IN, T13, PASS, "restricted>restricted", "" },
	{ "5.1 relayed to a member without a connector", "aa.govt.nz",
	    "cc.govt.nz", "192.0.2.7", IN, T13, REJECT,
	    "restricted>restricted", "550 5.7.1 " },
	/* 5.2 */
	{ "5.2 out", "minties.govt.nz", "other.govt.nz", NULL, OUR, NO, PASS,
	    "restricted>government", "" },
	{ "5.2 in", "other.govt.nz", "minties.govt.nz", "198.51.100.7", IN,
	    T12, PASS, "government>restricted", "" },
	{ "5.2 in, no TLS", "other.govt.nz", "minties.govt.nz",
	    "198.51.100.7", IN, NO, REJECT, "government>restricted",
	    FIRST "government>restricted requires TLSv1.2 or later" },
	{ "5.2 in, TLS 1.0", "other.govt.nz", "minties.govt.nz",
	    "198.51.100.7", IN, T10, REJECT, "government>restricted",
	    "550 5.7.0 This session has TLSv1, but" },
	{ "5.2 in, SSL", "other.govt.nz", "minties.govt.nz", "198.51.100.7",
	    IN, TLSVER_SSL, REJECT, "government>restricted",
	    "550 5.7.0 This session has SSL, but" },
	{ "5.2 in, restricted sender to another", "aa.govt.nz",
	    "parliament.nz", "198.51.100.7", IN, T13, PASS,
	    "restricted>government", "" },
	/* 5.3 */
	{ "5.3 out", "minties.govt.nz", "example.com", NULL, OUR, NO, PASS,
	    "restricted>public", "" },
	{ "5.3 in, TLS", "example.com", "minties.govt.nz", "198.51.100.7",
	    IN, T13, PASS, "public>restricted", "" },
	{ "5.3 in, cleartext", "example.com", "minties.govt.nz",
	    "198.51.100.7", IN, NO, PASS, "public>restricted", "" },
	{ "5.3 in, govt.nz is not under .govt.nz", "govt.nz",
	    "minties.govt.nz", "198.51.100.7", IN, NO, PASS,
	    "public>restricted", "" },
	/* 5.4 */
	{ "5.4 TLS", "a.govt.nz", "parliament.nz", "198.51.100.7", IN, T12,
	    PASS, "government>government", "" },
	{ "5.4 no TLS", "a.govt.nz", "parliament.nz", "198.51.100.7", IN, NO,
	    REJECT, "government>government", "530 5.7.0 " },
	{ "5.4 TLS 1.1", "a.govt.nz", "deep.b.govt.nz", "198.51.100.7", IN,
	    T11, REJECT, "government>government", "550 5.7.0 " },
	{ "5.4 out", "a.govt.nz", "b.govt.nz", NULL, OUR, NO, PASS,
	    "government>government", "" },
	{ "5.4 names in capitals, a final dot", "A.GOVT.NZ", "Parliament.NZ.",
	    "198.51.100.7", IN, NO, REJECT, "government>government",
	    "530 5.7.0 " },
	/* 5.5 */
	{ "5.5 out", "parliament.nz", "example.com", NULL, OUR, NO, PASS,
	    "government>public", "" },
	{ "5.5 in, cleartext", "example.com", "parliament.nz",
	    "198.51.100.7", IN, NO, PASS, "public>government", "" },
	{ "5.5 in, TLS 1.0", "example.com", "parliament.nz", "198.51.100.7",
	    IN, T10, PASS, "public>government", "" },
	{ "public to public", "example.com", "example.net", "198.51.100.7",
	    IN, NO, PASS, "public>public", "" },
	/* 4.3 */
	{ "4.3 a legacy host", "ups.govt.nz", "minties.govt.nz", "10.1.2.3",
	    IN, NO, LEGACY, "government>restricted", "" },
	{ "4.3 a legacy network", "ups.govt.nz", "minties.govt.nz",
	    "10.9.255.1", IN, T10, LEGACY, "government>restricted", "" },
	{ "4.3 legacy over IPv6", "ups.govt.nz", "minties.govt.nz",
	    "2001:db8:f::9", IN, NO, LEGACY, "government>restricted", "" },
	{ "4.3 not a legacy host", "ups.govt.nz", "minties.govt.nz",
	    "10.1.2.4", IN, NO, REJECT, "government>restricted",
	    "530 5.7.0 " },
	{ "4.3 a legacy host with TLS", "ups.govt.nz", "minties.govt.nz",
	    "10.1.2.3", IN, T12, PASS, "government>restricted", "" },
	{ "4.3 a legacy host to the public", "example.com",
	    "minties.govt.nz", "10.1.2.3", IN, NO, PASS, "public>restricted",
	    "" },
	/* verified TLS, versions */
	{ "partner, 1.3", "partner.nz", "minties.govt.nz", "198.51.100.7",
	    IN, T13, PASS, "partner>restricted", "" },
	{ "partner, 1.2 where 1.3 is required", "partner.nz",
	    "minties.govt.nz", "198.51.100.7", IN, T12, REJECT,
	    "partner>restricted", "550 5.7.0 This session has TLSv1.2, but "
	    "partner>restricted requires TLSv1.3: " },
	{ "partner, none", "partner.nz", "minties.govt.nz", "198.51.100.7",
	    IN, NO, REJECT, "partner>restricted",
	    FIRST "partner>restricted requires TLSv1.3" },
	{ "partner, none, legacy", "partner.nz", "minties.govt.nz",
	    "10.1.2.3", IN, NO, LEGACY, "partner>restricted", "" },
	{ "to partner from us", "minties.govt.nz", "partner.nz", NULL, OUR,
	    NO, PASS, "restricted>partner", "" },
	/* names that are none */
	{ "no domain at all", "", "", "198.51.100.7", IN, NO, PASS,
	    "public>public", "" },
	{ "not a domain", "\x1b[31m", "a b", "198.51.100.7", IN, NO, PASS,
	    "public>public", "" },
};

static enum verdict
legacy_at(const struct conf *conf, int64_t when)
{
	struct flow_query q = { "ups.govt.nz", "ups", 0, "minties.govt.nz",
	    NULL, 0, TLSVER_NONE, 0, 0 };
	struct flow_answer a;
	struct addr remote;

	(void)addr_parse("10.1.2.3", 8, &remote);
	q.remote = &remote;
	q.when = when;
	flow_decide(conf, &q, &a);
	return a.verdict;
}

static void
null_sender(const struct conf *conf)
{
	struct flow_query q = { "", "mail.other.govt.nz", 1,
	    "minties.govt.nz", NULL, 0, TLSVER_NONE, NOON_31_MARCH, 0 };
	struct flow_answer a;
	struct addr remote;

	(void)addr_parse("198.51.100.7", 12, &remote);
	q.remote = &remote;
	flow_decide(conf, &q, &a);
	is_str(conf_class_name(conf, a.from_class), "government",
	    "null sender: the class of HELO's name");
	is_int(a.verdict, VERDICT_REJECT, "null sender: refused without TLS");
	q.fcrdns = 0;
	flow_decide(conf, &q, &a);
	is_str(conf_class_name(conf, a.from_class), "public",
	    "null sender: HELO without reverse DNS is public");
	is_int(a.verdict, VERDICT_PASS, "null sender: and passes");
	q.from = NULL;
	q.helo = NULL;
	q.fcrdns = 1;
	flow_decide(conf, &q, &a);
	is_int(a.verdict, VERDICT_PASS, "null sender: no HELO either");
	q.from = "other.govt.nz";
	q.helo = "mx.example.com";
	flow_decide(conf, &q, &a);
	is_str(conf_class_name(conf, a.from_class), "government",
	    "a sender's class is not HELO's");
	q.from = "";
	q.helo = "aa.govt.nz";
	q.tls = TLSVER_1_3;
	flow_decide(conf, &q, &a);
	ok(a.verdict == VERDICT_REJECT && strstr(a.reply, "198.51.100.7"),
	    "null sender of a member: its connector's addresses count");
	(void)addr_parse("192.0.2.9", 9, &remote);
	flow_decide(conf, &q, &a);
	is_int(a.verdict, VERDICT_PASS, "null sender of a member, from there");
	q.helo = "xaa.govt.nz";
	flow_decide(conf, &q, &a);
	is_str(conf_class_name(conf, a.from_class), "government",
	    "null sender from there: a name that only ends alike is not its");
	/* Also on the list "partner", which asks for 1.3, and "restricted". */
	q.helo = "mx.partner.aa.govt.nz";
	q.tls = TLSVER_1_2;
	flow_decide(conf, &q, &a);
	is_int(a.verdict, VERDICT_PASS, "by a name under the member's");
	is_str(conf_class_name(conf, a.from_class), "restricted",
	    "which is the member's");
	q.helo = "gate.mint.govt.nz";
	flow_decide(conf, &q, &a);
	is_int(a.verdict, VERDICT_PASS, "by a name that has no connector");
	q.tls = TLSVER_NONE;
	flow_decide(conf, &q, &a);
	is_int(a.why, REFUSAL_NO_TLS, "but not without TLS");
	/* The address is the member's, whether its name is confirmed or not. */
	q.helo = "mx.aa.govt.nz";
	q.fcrdns = 0;
	flow_decide(conf, &q, &a);
	is_int(a.why, REFUSAL_NO_TLS, "nor by a name not confirmed");
	is_str(conf_class_name(conf, a.from_class), "restricted",
	    "from its connector's address it is the member's");
	q.tls = TLSVER_1_2;
	flow_decide(conf, &q, &a);
	is_int(a.verdict, VERDICT_PASS, "with TLS it passes");
	q.fcrdns = 1;
	q.helo = "gate.mint.govt.nz";
	(void)addr_parse("198.51.100.7", 12, &remote);
	flow_decide(conf, &q, &a);
	is_int(a.verdict, VERDICT_PASS, "ours, from outside");
	q.helo = "cc.govt.nz";
	flow_decide(conf, &q, &a);
	is_int(a.why, REFUSAL_NO_CONNECTOR,
	    "nor from elsewhere in a member's name");
}

static void
testing_mode(void)
{
	char text[sizeof(base) + 32], *said;
	struct conf *conf;
	struct flow_query q = { "a.govt.nz", "a", 0, "b.govt.nz", NULL, 0,
	    TLSVER_NONE, NOON_31_MARCH, 0 };
	struct flow_answer a;

	snprintf(text, sizeof(text), "%smode testing\n", base);
	conf = conf_text(text, &said);
	if (!ok(conf != NULL, "mode testing: configuration")) {
		printf("# %s\n", said);
		free(said);
		return;
	}
	flow_decide(conf, &q, &a);
	is_str(verdict_name(a.verdict), "testing", "mode testing: verdict");
	ok(strncmp(a.reply, "530 5.7.0 ", 10) == 0,
	    "mode testing: what would have been said");
	q.tls = TLSVER_1_2;
	flow_decide(conf, &q, &a);
	is_int(a.verdict, VERDICT_PASS, "mode testing: what is right passes");
	is_str(a.reply, "", "mode testing: without a reply");
	conf_free(conf);
	free(said);
}

/* The reply names who has no connector. */
static void
none_here(const struct conf *conf, const struct flow_query *q,
    const char *who, const char *why)
{
	struct flow_answer a;
	char want[64];

	snprintf(want, sizeof(want), ", and %s has none here", who);
	flow_decide(conf, q, &a);
	ok(strstr(a.reply, want) != NULL, "%s", why);
}

/* A refused sender is named, as far as he has a name. */
static void
named(void)
{
	struct flow_query q = { "", NULL, 1, "m.nz", NULL, 0, TLSVER_1_3,
	    NOON_31_MARCH, 0 };
	struct conf *conf;
	char *said;

	conf = conf_text("organization \"M\"\ncontact \"t@m.nz\"\n"
	    "local { \"m.nz\" }\nflow from any to any require connector\n",
	    &said);
	if (!ok(conf != NULL, "a connector for all: %s", said))
		return;
	free(said);
	none_here(conf, &q, "this sender", "a sender without a name");
	q.from = "x";
	none_here(conf, &q, "x", "one with a name of one letter");
	q.from = "m.nz";
	q.trusted = 1;
	q.to = "";
	none_here(conf, &q, "this recipient", "a recipient without one");
	q.to = "x";
	none_here(conf, &q, "x", "one of one letter");
	conf_free(conf);
}

/* The same where mail of others could leave by less than it needs. */
static void
named_weaker(void)
{
	struct flow_query q = { "", NULL, 0, "a.example", NULL, 1, TLSVER_1_3,
	    NOON_31_MARCH, 0 };
	struct flow_answer a;
	struct conf *conf;
	char *said;

	conf = conf_text("organization \"M\"\ncontact \"t@m.nz\"\n"
	    "hostname \"m.nz\"\nlocal { \"m.nz\" }\n"
	    "class member { \"m.nz\" }\n"
	    "flow from public to public require tls\n", &said);
	if (!ok(conf != NULL, "TLS for others alone: %s", said))
		return;
	free(said);
	flow_decide(conf, &q, &a);
	ok(strstr(a.reply, "mail of this sender is not accepted from here: no"
	    " flow of a domain of ours to a.example has") != NULL,
	    "a sender without a name");
	q.from = "x";
	flow_decide(conf, &q, &a);
	ok(strstr(a.reply, "mail of x is not accepted from here") != NULL,
	    "one with a name of one letter");
	q.to = "y";
	flow_decide(conf, &q, &a);
	ok(strstr(a.reply, "of ours to y has") != NULL, "to such a name");
	q.to = "";
	flow_decide(conf, &q, &a);
	is_int(a.verdict, VERDICT_PASS, "to none, which goes nowhere");
	q.to = "m.nz";
	flow_decide(conf, &q, &a);
	is_int(a.verdict, VERDICT_PASS, "to us, it does not leave");
	conf_free(conf);
}

/* The longest reply must not lose its end. */
static void
long_names(const struct conf *conf)
{
	struct flow_query q;
	struct flow_answer a;
	char name[254];
	size_t i;

	for (i = 0; i < sizeof(name) - 1; i++)
		name[i] = i % 64 == 63 ? '.' : 'a';
	memcpy(name + sizeof(name) - sizeof(".far.govt.nz"),
	    ".far.govt.nz", sizeof(".far.govt.nz"));
	memset(&q, 0, sizeof(q));
	q.from = name;
	q.to = "minties.govt.nz";
	q.tls = TLSVER_1_3;
	flow_decide(conf, &q, &a);
	is_int(a.verdict, VERDICT_REJECT, "long name: refused");
	ok(strstr(a.reply, ".far.govt.nz has none here: ask") != NULL,
	    "long name: the reply is whole");
}

int
main(void)
{
	struct conf *conf;
	char *said;
	size_t i;

	conf = conf_text(base, &said);
	if (!ok(conf != NULL, "configuration")) {
		printf("# %s\n", said);
		return done_testing();
	}
	free(said);
	for (i = 0; i < nitems(cases); i++)
		flow_run(conf, &cases[i]);
	is_int(legacy_at(conf, NOON_31_MARCH - 30 * 86400), VERDICT_LEGACY,
	    "legacy: before its last day");
	is_int(legacy_at(conf, NOON_31_MARCH), VERDICT_LEGACY,
	    "legacy: on its last day");
	is_int(legacy_at(conf, LAST_SECOND), VERDICT_LEGACY,
	    "legacy: in its last second");
	is_int(legacy_at(conf, LAST_SECOND + 1), VERDICT_REJECT,
	    "legacy: the day after");
	null_sender(conf);
	testing_mode();
	named();
	named_weaker();
	long_names(conf);
	conf_free(conf);
	return done_testing();
}
