/* SPDX-License-Identifier: ISC */

/*
 * Whose recipients are on record, and how they are written there: a device
 * whose leave is over, strangers, sessions out, and all with -v.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "conftext.h"
#include "session_bench.h"
#include "tap.h"

/* With -v it stands as it was written, and is the same domain. */
static void
test_verbose(const struct conf *conf)
{
	const char *records;

	begin(conf, 1);
	connect_out("198.51.100.9", NULL);
	command("MAIL FROM:<me@Minties.Govt.NZ>");
	command("RCPT TO:<b@X.govt.nz>");
	event("smtp-out|link-disconnect|" OUT);
	connect_in(IN, "198.51.100.3", NULL);
	mail(IN, "x@DIA.Govt.NZ");
	(void)rcpt(IN, "b@Minties.govt.nz");
	event("smtp-in|link-disconnect|" IN);
	is_str(logged(), OUT " would-refuse flow=member>government"
	    " from=Minties.Govt.NZ to=x.govt.nz tls=none"
	    " remote=198.51.100.9\n"
	    IN " refused flow=member>member from=DIA.Govt.NZ"
	    " to=minties.govt.nz tls=none remote=198.51.100.3 reply=\"530"
	    " 5.7.0 Must issue a STARTTLS command first: member>member"
	    " requires TLSv1.2 or later\"\n", "as it was written, both ways");
	records = end();
	is_int(count(records, "\"from\":\"me@Minties.Govt.NZ\",\"to\":"
	    "\"b@X.govt.nz\",\"flow\":\"member>government\""), 1,
	    "with the addresses, out");
	is_int(count(records, "\"from\":\"x@DIA.Govt.NZ\",\"to\":"
	    "\"b@Minties.govt.nz\",\"flow\":\"member>member\""), 1,
	    "and in");
}

/* Who smtpd writes to names no recipients here: that is nobody's session. */
static void
test_not_in(const struct conf *conf)
{
	const char *records;

	begin(conf, 0);
	connect_out("198.51.100.9", NULL);
	command("MAIL FROM:<me@minties.govt.nz>");
	is_str(rcpt(OUT, "b@minties.govt.nz"), "530 5.7.0 Must issue a"
	    " STARTTLS command first: public>member requires TLSv1.2 or later",
	    "of no known sender");
	event("smtp-out|link-disconnect|" OUT);
	records = end();
	is_int(count(records, "\"tx\":[]"), 1, "and on nobody's record");
}

/* Names a recipient that smtpd refuses itself, whatever is answered. */
static void
named(const char *id, const char *address)
{
	struct text t = { address, strlen(address) };
	struct decision d;

	(void)session_rcpt(ss, strtoull(id, NULL, 16), id, &t,
	    LEARNED_NOT_ASKED, &d);
}

/*
 * A device whose leave is over is refused, whoever it writes to, and its
 * operator finds it on record; not so others who try to relay.
 */
static void
test_old_friend(void)
{
	struct conf *conf;
	const char *records;
	char *said, text[2048];

	snprintf(text, sizeof(text), "%slegacy { 10.9.9.9 } until 2020-01-01"
	    " \"printer\"\n", conf_lines);
	if ((conf = conf_text(text, &said)) == NULL)
		fatalx("test: %s", said);
	free(said);
	begin(conf, 0);
	connect_in(IN, "10.9.9.9", NULL);
	mail(IN, "x@a.example");
	named(IN, "b@x.govt.nz");
	named(IN, "b@b.example");
	event("smtp-in|link-disconnect|" IN);
	connect_in("0000000000000003", "198.51.100.3", NULL);
	mail("0000000000000003", "y@a.example");
	named("0000000000000003", "b@x.govt.nz");
	named("0000000000000003", "b@b.example");
	event("smtp-in|link-disconnect|0000000000000003");
	records = end();
	is_int(count(records, "\"remote\":\"10.9.9.9\""), 1, "its session");
	is_int(count(records, "\"tx\":[{\"from\":\"a.example\",\"to\":"
	    "\"x.govt.nz\",\"flow\":\"public>government\",\"verdict\":"
	    "\"reject\",\"why\":\"no-tls\",\"messages\":0,\"rcpts\":1}]"), 1,
	    "has what was refused, and that alone");
	is_int(count(records, "\"tx\":[]"), 1, "a stranger's has none");
	conf_free(conf);
}

/* A filter that finds no file of routes has nothing to learn. */
static void
test_no_routes(const struct conf *conf)
{
	begin(conf, 0);
	connect_in(IN, "127.0.0.1", NULL);
	mail(IN, "me@minties.govt.nz");
	is_str(rcpt(IN, "b@new.example"), "", "without routes it just goes");
	is_str(rcpt(IN, "b@dia.govt.nz"), "", "to a connector, too");
	event("smtp-in|link-disconnect|" IN);
	connect_out("198.51.100.9", "TLSv1.3");
	command("MAIL FROM:<me@minties.govt.nz>");
	command("RCPT TO:<b@new.example>");
	event("smtp-out|link-disconnect|" OUT);
	is_int(count(end(), "\"to\":\"new.example\""), 2, "and is on record");
}

int
main(void)
{
	struct conf *conf = bench_begin("unit-session-whose");

	test_verbose(conf);
	test_not_in(conf);
	test_old_friend();
	test_no_routes(conf);
	bench_end(conf);
	return done_testing();
}
