/* SPDX-License-Identifier: ISC */

/*
 * What filter-sge knows of a session, answers, logs and records: events and
 * recipients as smtpd names them, the segment as sged finds it.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "conftext.h"
#include "session_bench.h"
#include "tap.h"

static void
test_answers(const struct conf *conf)
{
	begin(conf, 0);
	connect_in(IN, "192.0.2.7", "TLSv1.3");
	mail(IN, "a@dia.govt.nz");
	is_str(rcpt(IN, "b@minties.govt.nz"), "", "by its connector: taken");
	is_str(logged(), "", "which is not worth a line");
	mail(IN, "a@aa.govt.nz");
	is_str(rcpt(IN, "b@minties.govt.nz"), "550 5.7.1 member>member "
	    "requires a connector, and aa.govt.nz has none here: ask the "
	    "recipient's postmaster", "a member without one: refused");
	is_str(logged(), IN " refused flow=member>member from=aa.govt.nz"
	    " to=minties.govt.nz tls=TLSv1.3 remote=192.0.2.7 reply=\"550 5.7.1"
	    " member>member requires a connector, and aa.govt.nz has none"
	    " here: ask the recipient's postmaster\"\n", "said with all");
	is_str(rcpt("00000000000000ff", "b@minties.govt.nz"), "530 5.7.0 Must"
	    " issue a STARTTLS command first: public>member requires TLSv1.2"
	    " or later", "a session that is not known: no more than public");
	ok(strstr(logged(), "00000000000000ff refused flow=public>member from="
	    " to=minties.govt.nz tls=none remote=- reply=") != NULL,
	    "and said so");
	is_int(ss->unknown, 1, "it is counted");
	connect_in("0000000000000003", "10.1.2.3", NULL);
	mail("0000000000000003", "ups@hall.nz");
	is_str(rcpt("0000000000000003", "b@minties.govt.nz"), "",
	    "a legacy system without TLS");
	ok(strstr(logged(), "0000000000000003 legacy flow=public>member"
	    " from=hall.nz to=minties.govt.nz tls=none remote=10.1.2.3\n") !=
	    NULL, "is said");
	is_str(rcpt(IN, "b@Exa mple"), "", "a recipient that is no address");
	event("smtp-in|link-connect|0000000000000005|mx.x.govt.nz|pass|"
	    "198.51.100.5:4000|192.0.2.250:25");
	event("smtp-in|link-identify|0000000000000005|EHLO|mx.x.govt.nz");
	mail("0000000000000005", "");
	is_str(rcpt("0000000000000005", "b@a.example"), "530 5.7.0 Must issue"
	    " a STARTTLS command first: government>public requires TLSv1.2 or"
	    " later", "a bounce is of the host that its name leads to");
	event("smtp-in|link-connect|0000000000000004|x|pass|unix:/s|"
	    "unix:/s");
	mail("0000000000000004", "me@minties.govt.nz");
	is_str(rcpt("0000000000000004", "b@aa.govt.nz"), "550 5.7.1"
	    " member>member requires a connector, and aa.govt.nz has none"
	    " here: ask your postmaster", "our own, to one without");
	ok(strstr(logged(), "from=minties.govt.nz to=aa.govt.nz tls=none"
	    " remote=local reply=") != NULL, "from here");
	(void)end();
}

static void
test_names(const struct conf *conf)
{
	char huge[2 + DOMAIN_MAX + 1];
	const char *records, *cut;

	begin(conf, 0);
	connect_in(IN, "192.0.2.7", "TLSv1.3");
	mail(IN, "A@Example.ORG");
	(void)rcpt(IN, "staff");
	(void)rcpt(IN, "staff@");
	(void)rcpt(IN, "a@b@Minties.GOVT.nz");
	memset(huge, '_', sizeof(huge) - 1);
	memcpy(huge, "a@", 2);
	huge[sizeof(huge) - 1] = '\0';
	(void)rcpt(IN, huge);
	mail(IN, "staff");
	(void)rcpt(IN, "b@minties.govt.nz");
	mail(IN, "x@No Domain_");
	(void)rcpt(IN, "b@minties.govt.nz");
	mail(IN, "");
	(void)rcpt(IN, "b@minties.govt.nz");
	records = end();
	is_int(count(records, "\"from\":\"example.org\",\"to\":"
	    "\"mail.minties.govt.nz\""), 1,
	    "a recipient without a domain is at our host");
	ok(strstr(records, "\"to\":\"mail.minties.govt.nz\",\"flow\":"
	    "\"public>government\",\"verdict\":\"pass\"") != NULL &&
	    strstr(records, "\"rcpts\":2") != NULL, "both ways to write it");
	ok(strstr(records, "\"from\":\"example.org\",\"to\":"
	    "\"minties.govt.nz\"") != NULL, "the last '@' is it");
	ok(strstr(records, "\"from\":\"mail.minties.govt.nz\",\"to\":"
	    "\"minties.govt.nz\"") != NULL, "a sender without one, too");
	ok(strstr(records, "\"from\":\"no domain_\",\"to\":"
	    "\"minties.govt.nz\",\"flow\":\"public>member\"") != NULL,
	    "what is no domain stays, in small letters, and is public");
	ok(strstr(records, "\"from\":\"\",\"to\":\"minties.govt.nz\"") != NULL,
	    "the null sender has none");
	if (ok((cut = strstr(records, "\"to\":\"__")) != NULL,
	    "what is longer than a domain"))
		is_int(strspn(cut + 6, "_"), DOMAIN_MAX - 1, "is cut off");
}

/* All that smtpd.conf's mail-from "noreply@minties.govt.nz" holds. */
static void
test_report(const struct conf *conf)
{
	static const char *const held[] = {
		"noreply@minties.govt.nz", "NoReply@MINTIES.govt.nz",
		"noreply+x@minties.govt.nz", "noreply+@minties.govt.nz",
		"@a.nz,@b.nz:noreply@minties.govt.nz",
		"x:noreply+y@minties.govt.nz", ":noreply@minties.govt.nz",
		"noreply", "noreply@", "x:noreply", "NOREPLY+z@"
	}, *const others[] = {
		"noreplyx@minties.govt.nz", "xnoreply@minties.govt.nz",
		"x+noreply@minties.govt.nz", "noreply@library.govt.nz",
		"noreply@minties.govt.nz.nz", "noreply@minties.govt",
		"noreply:x@minties.govt.nz", "@noreply", "+noreply@", ""
	};
	const char *records;
	size_t i;

	begin(conf, 0);
	event("smtp-in|link-connect|" IN "|x|pass|unix:/s|unix:/s");
	for (i = 0; i < nitems(held); i++) {
		mail(IN, held[i]);
		is_str(rcpt(IN, "b@dia.govt.nz"), "learn b@dia.govt.nz",
		    "<%s> of this host: is it announced?", held[i]);
	}
	for (i = 0; i < nitems(others); i++) {
		mail(IN, others[i]);
		is_str(rcpt(IN, "staff@minties.govt.nz"), "",
		    "<%s> is another", others[i]);
	}
	mail(IN, "noreply+x@minties.govt.nz");
	ok(strncmp(rcpt_at(IN, "b@dia.govt.nz", LEARNED_NO), "550 5.7.1 ",
	    10) == 0, "not announced: refused");
	ok(strncmp(rcpt_at(IN, "b@dia.govt.nz", LEARNED_TIMEOUT),
	    "451 4.7.1 ", 10) == 0, "sged away: not now");
	is_str(rcpt_at(IN, "b@a.nz", LEARNED_YES), "", "announced: taken");
	for (i = 0; i < nitems(held); i++) {
		connect_in(OUT, "192.0.2.7", "TLSv1.3");
		mail(OUT, held[i]);
		is_str(rcpt(OUT, "b@minties.govt.nz"), "550 5.7.1 "
		    "noreply@minties.govt.nz sends TLS reports alone, and "
		    "only from here: use an address of your own",
		    "<%s> from outside: refused", held[i]);
		event("smtp-in|link-disconnect|" OUT);
	}
	connect_in(OUT, "192.0.2.7", "TLSv1.3");
	event("smtp-in|link-auth|" OUT "|pass|me");
	mail(OUT, held[0]);
	is_str(rcpt(OUT, "b@dia.govt.nz"), "learn b@dia.govt.nz",
	    "authenticated: as of this host");
	records = end();
	is_int(count(records, "\"report\":true"), 1, "one report was taken");
	ok(strstr(records, "\"to\":\"a.nz\",\"flow\":\"member>public\","
	    "\"verdict\":\"pass\",\"why\":null,\"messages\":0,"
	    "\"rcpts\":1,\"report\":true") != NULL, "the announced one");
	ok(strstr(records, "\"verdict\":\"reject\",\"why\":"
	    "\"other-address\"") != NULL, "outside is no address for it");
}

/* smtpd's "from local" holds the addresses of this host's interfaces. */
static void
test_own(const struct conf *conf)
{
	struct addr addr[3];
	const struct addr_own own = { addr, nitems(addr) };

	begin(conf, 0);
	if (addr_parse("192.0.2.250", 11, &addr[0]) == -1 ||
	    addr_parse("2001:db8::250", 13, &addr[1]) == -1 ||
	    addr_parse("127.0.0.1", 9, &addr[2]) == -1)
		fatalx("test: addresses");
	ss->own = &own;
	connect_in(IN, "192.0.2.250", NULL);
	mail(IN, "staff@minties.govt.nz");
	is_str(rcpt(IN, "b@dia.govt.nz"), "",
	    "staff, from an address of this host: as local");
	mail(IN, "noreply@minties.govt.nz");
	is_str(rcpt(IN, "b@dia.govt.nz"), "550 5.4.6 "
	    "noreply@minties.govt.nz: a TLS report came back, the MX of its "
	    "recipient is this host", "not so the sender of reports");
	connect_in(IN, "127.0.0.1", NULL);
	mail(IN, "noreply@minties.govt.nz");
	is_str(rcpt(IN, "b@dia.govt.nz"), "learn b@dia.govt.nz",
	    "by loopback it may, as from what signs");
	connect_in(IN, "[2001:db8::250]", NULL);
	mail(IN, "staff@minties.govt.nz");
	is_str(rcpt(IN, "b@dia.govt.nz"), "", "likewise with IPv6");
	connect_in(IN, "192.0.2.249", "TLSv1.3");
	mail(IN, "staff@minties.govt.nz");
	ok(strncmp(rcpt(IN, "b@dia.govt.nz"), "550 5.7.1 ", 10) == 0,
	    "another's address is none");
	(void)end();
}

static void
test_verbose(const struct conf *conf)
{
	const char *records;

	begin(conf, 1);
	connect_in(IN, "192.0.2.7", "TLSv1.3");
	mail(IN, "A.B@Dia.Govt.NZ");
	is_str(rcpt(IN, "Me@minties.govt.nz"), "", "judged by its domain");
	(void)rcpt(IN, "staff");
	(void)rcpt(IN, "staff@");
	mail(IN, "");
	(void)rcpt(IN, "you@minties.govt.nz");
	mail(IN, "@a.nz,@b.nz:C@dia.govt.nz");
	(void)rcpt(IN, "you@minties.govt.nz");
	records = end();
	ok(strstr(records, "\"from\":\"A.B@Dia.Govt.NZ\",\"to\":"
	    "\"Me@minties.govt.nz\",\"flow\":\"member>member\"") != NULL,
	    "-v: whole addresses, as they were written");
	ok(strstr(records, "\"to\":\"staff@mail.minties.govt.nz\"") != NULL &&
	    strstr(records, "staff@\"") == NULL &&
	    strstr(records, "staff@@") == NULL,
	    "with our host where there was none");
	ok(strstr(records, "\"from\":\"\",\"to\":\"you@minties.govt.nz\"") !=
	    NULL, "nothing is added to the null sender");
	ok(strstr(records, "\"from\":\"C@dia.govt.nz\"") != NULL,
	    "a source route is left out");
}

/* Beyond a record's rows nobody is told apart, and nothing is kept for it. */
static void
test_many(const struct conf *conf)
{
	const char *records;
	size_t texts;
	char address[64];
	int i;

	begin(conf, 0);
	connect_in(IN, "192.0.2.7", "TLSv1.3");
	mail(IN, "a@a.example");
	for (i = 0; i < 92; i++) {
		snprintf(address, sizeof(address), "b@d%d.example", i);
		(void)rcpt(IN, address);
	}
	texts = pool_strings(ss->pool);
	for (i = 92; i < 300; i++) {
		snprintf(address, sizeof(address), "b@d%d.example", i);
		(void)rcpt(IN, address);
	}
	(void)rcpt(IN, "b@d7.example");
	is_int(pool_strings(ss->pool), texts, "300 domains: no text is kept"
	    " of those that have no row");
	for (i = 0; i < 3; i++) {
		snprintf(address, sizeof(address), "b@o%d.govt.nz", i);
		(void)rcpt(IN, address);
	}
	event("smtp-in|tx-commit|" IN "|ce53f15f|1");
	event("smtp-in|link-disconnect|" IN);
	is_int(pool_strings(ss->pool), 2, "when it has ended none at all, but "
	    "what the next one mostly has, too: our address, its TLS");
	records = end();
	is_int(count(records, "\"from\":\"a.example\""), 92,
	    "as many as have room have a row each");
	ok(strstr(records, "\"from\":null,\"to\":null,\"flow\":"
	    "\"public>public\",\"verdict\":\"pass\",\"why\":null,"
	    "\"messages\":1,\"rcpts\":208") != NULL,
	    "the others are one row of their flow");
	ok(strstr(records, "\"flow\":\"public>government\",\"verdict\":"
	    "\"pass\",\"why\":null,\"messages\":1,\"rcpts\":3") != NULL,
	    "and one of another");
	ok(strstr(records, "\"to\":\"d7.example\",\"flow\":\"public>public\","
	    "\"verdict\":\"pass\",\"why\":null,\"messages\":1,\"rcpts\":2") !=
	    NULL, "who had one keeps it");
}

/* Where too many are open, those that smtpd must have forgotten end. */
static void
test_oldest(const struct conf *conf)
{
	const char *records, *first;
	char id[17];
	int i;

	begin(conf, 0);
	ss->max = 3;
	for (i = 1; i <= 5; i++) {
		snprintf(id, sizeof(id), "%016d", i);
		connect_in(id, "192.0.2.7", NULL);
	}
	is_int((long long)ss->count, 3, "of five, three stay open");
	is_int((long long)ss->evicted, 2, "two were counted as given up");
	ok(session_find(ss, 1) == NULL && session_find(ss, 2) == NULL &&
	    session_find(ss, 3) != NULL, "the oldest ones");
	/* One that is open already takes nobody's place. */
	connect_in("0000000000000004", "192.0.2.7", NULL);
	is_int((long long)ss->evicted, 2, "connected again: none gives way");
	records = end();
	is_int(count(records, "\n"), 6, "each connection is on record");
	first = strstr(records, "\"session\":\"0000000000000001\"");
	ok(first != NULL && first < strchr(records, '\n'), "the first first");
}

/* Rows count messages that were taken, and recipients. */
static void
test_counts(const struct conf *conf)
{
	const char *records;
	int i;

	begin(conf, 0);
	connect_in(IN, "192.0.2.7", "TLSv1.3");
	for (i = 0; i < 2; i++) {
		mail(IN, "a@a.example");
		(void)rcpt(IN, "b@minties.govt.nz");
		(void)rcpt(IN, "c@minties.govt.nz");
		(void)rcpt(IN, "c@d.example");
		event("smtp-in|tx-commit|" IN "|ce53f15f|1");
	}
	/* Begun, and not sent. */
	mail(IN, "a@a.example");
	(void)rcpt(IN, "b@minties.govt.nz");
	mail(IN, "x@x.example");
	event("smtp-in|tx-commit|" IN "|ce53f15f|1");
	records = end();
	ok(strstr(records, "\"from\":\"a.example\",\"to\":\"minties.govt.nz\","
	    "\"flow\":\"public>member\",\"verdict\":\"pass\",\"why\":null,"
	    "\"messages\":2,\"rcpts\":5") != NULL, "two messages, five times");
	ok(strstr(records, "\"to\":\"d.example\",\"flow\":\"public>public\","
	    "\"verdict\":\"pass\",\"why\":null,\"messages\":2,\"rcpts\":2") !=
	    NULL, "each domain has its own");
}

/* Another configuration while sessions are open. */
static void
test_reload(const struct conf *conf)
{
	struct conf *other;
	const char *records;
	char *said, text[2048];

	snprintf(text, sizeof(text), "%sclass zz { \"a.example\" }\n",
	    conf_lines);
	if ((other = conf_text(text, &said)) == NULL)
		fatalx("%s", said);
	free(said);
	begin(conf, 0);
	connect_in(IN, "192.0.2.7", "TLSv1.3");
	mail(IN, "x@a.example");
	(void)rcpt(IN, "b@d.example");
	is_int(sessions_conf(ss, other), 0, "reloaded");
	(void)rcpt(IN, "b@d.example");
	records = end();
	ok(strstr(records, "\"flow\":\"public>public\"") != NULL &&
	    strstr(records, "\"flow\":\"zz>public\"") != NULL,
	    "flows of both stand in the record");
	conf_free(other);
}

/* Since when there have been sessions with an address. */
static void
test_busy(void)
{
	struct busy *b = busy_new();
	struct addr one, other, v4;
	int64_t got = 0;
	char text[32];
	int i;

	if (b == NULL || addr_parse("192.0.2.7", 9, &one) == -1 ||
	    addr_parse("2001:db8::7", 11, &other) == -1)
		fatalx("test: no memory");
	is_int(busy_begin(b, &one, T0), 0, "it was quiet");
	is_int(busy_begin(b, &one, T0 + 60), 60, "one is still open");
	is_int(busy_begin(b, &other, T0 + 60), 0, "another address");
	busy_end(b, &one, T0 + 61);
	busy_end(b, &one, T0 + 62);
	is_int(busy_begin(b, &one, T0 + 72), 72, "ten seconds are no quiet");
	busy_end(b, &one, T0 + 72);
	is_int(busy_begin(b, &one, T0 + 83), 0, "eleven are");
	is_int(busy_begin(b, &one, T0), BUSY_UNKNOWN, "the clock was set");
	busy_end(b, &other, T0 + 63);
	/* More addresses than there is room for. */
	for (i = 0; i < 20000; i++) {
		snprintf(text, sizeof(text), "198.18.%d.%d", i / 250,
		    i % 250);
		if (addr_parse(text, strlen(text), &v4) == 0)
			got = busy_begin(b, &v4, T0 + 84);
	}
	is_int(got, BUSY_UNKNOWN, "one that took another's place");
	is_int(busy_begin(b, &one, T0 + 85), BUSY_UNKNOWN,
	    "and the one that had to give way");
	busy_free(b);
}

int
main(void)
{
	struct conf *conf = bench_begin("unit-session");

	test_busy();
	test_answers(conf);
	test_names(conf);
	test_verbose(conf);
	test_report(conf);
	test_own(conf);
	test_many(conf);
	test_oldest(conf);
	test_counts(conf);
	test_reload(conf);
	bench_end(conf);
	return done_testing();
}
