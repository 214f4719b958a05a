/* SPDX-License-Identifier: ISC */

/*
 * Mail of others that is handed over here for others: what the tables would let
 * leave by less than its own flow requires is refused.
 */

#include <stdlib.h>

#include "conftext.h"
#include "flow_case.h"
#include "tap.h"

static void
others_mail(void)
{
	static const char text[] = "organization K\ncontact t@kiwi.nz\n"
	    "local kiwi.nz\nhostname mail.kiwi.nz\n"
	    "class restricted { aa.govt.nz dd.govt.nz }\n"
	    "class partner partner.nz\nclass government .govt.nz\n"
	    "flow from restricted to restricted require connector\n"
	    "flow from { restricted government } to { restricted government }\\\n"
	    "	require tls\n"
	    "flow from government to partner require verified tls\n"
	    "connector aa.govt.nz to \"smtp+tls://mx.aa.govt.nz\"\n"
	    "legacy 10.1.2.3 until 2027-03-31 UPS\n";
	static const struct flow_case others[] = {
		{ "5.4 of others, by us", "a.govt.nz", "b.govt.nz", NULL, OUR,
		    NO, REJECT, "government>government",
		    "550 5.7.1 government>government: mail of a.govt.nz is not "
		    "accepted from here: no flow of a domain of ours to "
		    "b.govt.nz has \"require tls\"" },
		{ "5.4 of others, from a network of ours", "a.govt.nz",
		    "b.govt.nz", "198.51.100.7", IN, T13, REJECT,
		    "government>government", "550 5.7.1 " },
		{ "5.4 of others, from a legacy host", "a.govt.nz",
		    "b.govt.nz", "10.1.2.3", IN, NO, REJECT,
		    "government>government", "550 5.7.1 " },
		{ "5.2 of others, by us", "dd.govt.nz", "b.govt.nz", NULL,
		    OUR, NO, REJECT, "restricted>government", "550 5.7.1 " },
		{ "verified, of others", "a.govt.nz", "partner.nz", NULL, OUR,
		    NO, REJECT, "government>partner", "550 5.7.1 " },
		{ "a connector has TLS", "a.govt.nz", "aa.govt.nz", NULL, OUR,
		    NO, PASS, "government>restricted", "" },
		{ "5.5 of others", "a.govt.nz", "example.com", NULL, OUR, NO,
		    PASS, "government>public", "" },
		{ "5.3 of ours", "kiwi.nz", "b.govt.nz", NULL, OUR, NO, PASS,
		    "public>government", "" },
		{ "5.5 to us", "a.govt.nz", "kiwi.nz", "198.51.100.7", IN, NO,
		    PASS, "government>public", "" }
	};
	char *said, more[sizeof(text) + 64];
	struct conf *conf;
	size_t i;

	conf = conf_text(text, &said);
	free(said);
	if (!ok(conf != NULL, "a public host"))
		return;
	for (i = 0; i < nitems(others); i++)
		flow_run(conf, &others[i]);
	conf_free(conf);
	/* As the reply says. */
	(void)snprintf(more, sizeof(more), "%sflow from public to government "
	    "require tls\n", text);
	conf = conf_text(more, &said);
	free(said);
	if (!ok(conf != NULL, "and a flow for it"))
		return;
	is_int(flow_of(conf, "a.govt.nz", "b.govt.nz"), VERDICT_PASS,
	    "is taken with it");
	conf_free(conf);
}

/* Nor by the version that their flow asks for, where none of ours does. */
static void
others_version(void)
{
	static const char text[] = "organization K\ncontact t@kiwi.nz\n"
	    "local { kiwi.nz k.govt.nz }\nhostname mail.kiwi.nz\n"
	    "class restricted { aa.govt.nz dd.govt.nz }\n"
	    "class picky picky.nz\nclass partner partner.nz\n"
	    "class government .govt.nz\n"
	    "flow from restricted to { picky partner } require tls \"1.3\"\n"
	    "flow from government to partner require tls \"1.3\"\n"
	    "flow from public to partner require verified tls\n"
	    "flow from any to picky require tls\n";
	static const struct flow_case others[] = {
		{ "1.3 of others", "dd.govt.nz", "picky.nz", NULL, OUR, NO,
		    REJECT, "restricted>picky", "550 5.7.1 restricted>picky: "
		    "mail of dd.govt.nz is not accepted from here: no flow of "
		    "a domain of ours to picky.nz has require tls \"1.3\", "
		    "so" },
		{ "by 1.3, from elsewhere", "dd.govt.nz", "picky.nz",
		    "198.51.100.7", IN, T13, REJECT, "restricted>picky",
		    "550 5.7.1 " },
		{ "1.2 of others", "a.govt.nz", "picky.nz", NULL, OUR, NO,
		    PASS, "government>picky", "" },
		{ "1.3 that a flow of ours has", "dd.govt.nz", "partner.nz",
		    NULL, OUR, NO, PASS, "restricted>partner", "" },
		{ "1.3 of ours, verified elsewhere", "k.govt.nz",
		    "partner.nz", NULL, OUR, NO, PASS, "government>partner",
		    "" },
		{ "verified of ours, 1.3 elsewhere", "kiwi.nz", "partner.nz",
		    NULL, OUR, NO, PASS, "public>partner", "" },
		{ "1.2 of ours", "kiwi.nz", "picky.nz", NULL, OUR, NO, PASS,
		    "public>picky", "" }
	};
	struct conf *conf;
	char *said;
	size_t i;

	conf = conf_text(text, &said);
	if (!ok(conf != NULL, "versions: %s", said))
		return;
	free(said);
	for (i = 0; i < nitems(others); i++)
		flow_run(conf, &others[i]);
	conf_free(conf);
}

/* A bounce names nobody: whose it is, by its host's address and name. */
static void
bounces(void)
{
	static const char text[] = "organization K\ncontact t@kiwi.govt.nz\n"
	    "local kiwi.govt.nz\nhostname mail.kiwi.govt.nz\n"
	    "class court bb.govt.nz\n"
	    "class member { kiwi.govt.nz aa.govt.nz cc.govt.nz }\n"
	    "class sub .dd.govt.nz\n"
	    "flow from member to member require connector\n"
	    "flow from { court sub } to member require tls\n"
	    "connector bb.govt.nz to \"smtp+tls://mx.bb.govt.nz\"\\\n"
	    "	from 192.0.2.0/24\n"
	    "connector aa.govt.nz to \"smtp+tls://mx.aa.govt.nz\"\n"
	    "connector cc.govt.nz to \"smtp+tls://mx.cc.govt.nz\"\\\n"
	    "	from { 192.0.2.0/24 198.51.100.0/24 }\n"
	    "connector .dd.govt.nz to \"smtp+tls://mx.dd.govt.nz\"\\\n"
	    "	from 203.0.113.0/24\n";
	static const struct {
		const char	*remote;
		const char	*helo;
		int		 confirmed;
		enum tlsver	 tls;
		const char	*want;
	} cases[] = {
		{ "192.0.2.5", "x", 0, T12, "court>member pass" },
		{ "192.0.2.5", "x", 0, NO, "court>member reject" },
		{ "192.0.2.5", "mx.cc.govt.nz", 0, T12, "court>member pass" },
		{ "192.0.2.5", "mx.cc.govt.nz", 1, T12, "member>member pass" },
		{ "192.0.2.5", "cc.govt.nz", 1, NO, "member>member reject" },
		{ "192.0.2.5", "mx.bb.govt.nz", 1, T12, "court>member pass" },
		{ "192.0.2.5", "xcc.govt.nz", 1, NO, "public>member pass" },
		{ "198.51.100.5", "", 0, T12, "member>member pass" },
		{ "198.51.100.5", "", 0, NO, "member>member reject" },
		{ "198.51.100.5", "mx.bb.govt.nz", 1, NO,
		    "public>member pass" },
		{ "203.0.113.5", "", 0, T12, "sub>member pass" },
		{ "203.0.113.5", "", 0, NO, "sub>member reject" },
		{ "203.0.113.5", "x.dd.govt.nz", 1, T12, "sub>member pass" },
		{ "203.0.113.5", "x.dd.govt.nz", 1, NO, "sub>member reject" },
		{ "198.18.0.5", "", 0, NO, "public>member pass" },
		{ "198.18.0.5", "aa.govt.nz", 1, T12, "member>member pass" },
	};
	struct flow_answer a;
	struct flow_query q;
	struct addr remote;
	struct conf *conf;
	char *said, flow[128], got[160];
	size_t i;

	conf = conf_text(text, &said);
	if (!ok(conf != NULL, "connectors of one address: %s", said))
		return;
	free(said);
	for (i = 0; i < nitems(cases); i++) {
		memset(&q, 0, sizeof(q));
		(void)addr_parse(cases[i].remote, strlen(cases[i].remote),
		    &remote);
		q.from = "";
		q.helo = cases[i].helo;
		q.fcrdns = cases[i].confirmed;
		q.to = "kiwi.govt.nz";
		q.remote = &remote;
		q.tls = cases[i].tls;
		q.when = NOON_31_MARCH;
		flow_decide(conf, &q, &a);
		flow_name(conf, a.from_class, a.to_class, flow, sizeof(flow));
		(void)snprintf(got, sizeof(got), "%s %s", flow,
		    verdict_name(a.verdict));
		is_str(got, cases[i].want, "from %s, which is %s%s",
		    cases[i].remote, cases[i].helo,
		    cases[i].confirmed ? "" : " as it says");
	}
	conf_free(conf);
}

int
main(void)
{
	others_mail();
	others_version();
	bounces();
	return done_testing();
}
