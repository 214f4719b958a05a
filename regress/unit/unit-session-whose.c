/* SPDX-License-Identifier: ISC */

/*
 * Whose recipients are on record, and how they are written there: a device
 * whose leave is over, strangers, sessions out, and all with -v.
 */

#include <sys/socket.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* On the way out: TLS that is just good enough, and names that are none. */
static void
test_out(const struct conf *conf)
{
	static const char *const versions[] = { "TLSv1.1", "TLSv1.2",
	    "TLSv1.3" };
	const char *records;
	size_t i;

	begin(conf, 0);
	for (i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		connect_out("198.51.100.9", versions[i]);
		command("MAIL FROM:<me@minties.govt.nz>");
		command("RCPT TO:<b@x.govt.nz>");
		event("smtp-out|link-disconnect|" OUT);
	}
	connect_out("198.51.100.9", NULL);
	command("MAIL FROM:<x@a..govt.nz>");
	command("RCPT TO:<b@y.govt.nz>");
	command("MAIL FROM:<x@x>");
	command("RCPT TO:<b@z.govt.nz>");
	command("MAIL FROM:<x@a.example>");
	command("RCPT TO:<b@a..govt.nz>");
	event("smtp-out|link-disconnect|" OUT);
	records = end();
	is_int(count(records, "\"to\":\"x.govt.nz\",\"flow\":"
	    "\"member>government\",\"verdict\":\"pass\""), 2,
	    "TLSv1.2 is as good as TLSv1.3");
	is_int(count(records, "\"verdict\":\"testing\",\"why\":"
	    "\"old-tls\""), 1, "TLSv1.1 is not");
	is_int(count(records, "\"to\":\"y.govt.nz\",\"flow\":"
	    "\"public>government\""), 1, "a sender that is no domain");
	is_int(count(records, "\"to\":\"z.govt.nz\",\"flow\":"
	    "\"public>government\""), 1, "one of a single letter");
	is_int(count(records, "\"flow\":\"public>public\",\"verdict\":"
	    "\"pass\""), 1, "a recipient that is none");
}

/* A session that nobody told us of, and one where a recipient is nowhere. */
static void
test_unknown(const struct conf *conf)
{
	struct routes *routes;

	begin(conf, 0);
	if ((routes = ss->routes = routes_open("routes")) == NULL)
		fatalx("test: no memory");
	is_str(rcpt("00000000000000ff", "b@y.example"), "",
	    "a session that nobody knows");
	ok(strncmp(rcpt("00000000000000ff", "b@aa.govt.nz"), "5", 1) == 0,
	    "to where no mail goes it is refused");
	routes_free(routes);
	ss->routes = NULL;
	(void)end();
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
	mail("0000000000000003", "y@c.example");
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

/* sged is told of mail to a policy in force, by the longest name, if it can. */
static void
test_known(const struct conf *conf)
{
	char domain[DOMAIN_MAX], address[DOMAIN_MAX + 2], line[512];
	char said[512] = "";
	size_t i;
	int fd = notices_begin();

	memset(domain, 0, sizeof(domain));
	for (i = 0; i < 253; i++)
		domain[i] = i % 50 == 49 ? '.' : 'x';
	begin(conf, 0);
	snprintf(line, sizeof(line), "%s|enforce|%d|smtp+tls://mx.x\n", domain,
	    T0 + 100);
	write_routes(line);
	snprintf(address, sizeof(address), "b@%s", domain);
	connect_in(IN, "127.0.0.1", NULL);
	mail(IN, "me@minties.govt.nz");
	is_str(rcpt(IN, address), "", "with nobody to tell it goes as well");
	if ((ss->notice = notice_new("sock")) == NULL)
		fatalx("test: no memory");
	is_str(rcpt(IN, address), "", "a name as long as may be");
	(void)recv(fd, said, sizeof(said) - 1, MSG_DONTWAIT);
	is_str(said[0] == '=' ? said + 1 : said, domain, "is told in full");
	notice_free(ss->notice);
	ss->notice = NULL;
	drop_routes();
	(void)end();
	notices_end(fd);
}

/*
 * Where a verified host is required and nobody can say in time which: the one
 * that was known will do, and who runs sendmail(8) does not try again.
 */
static void
test_not_learned(void)
{
	static const char text[] = "organization \"M\"\n"
	    "contact \"tls@m.nz\"\nlocal { \"m.nz\" }\n"
	    "class court { \"court.nz\" }\n"
	    "flow from any to court require verified tls\n";
	struct conf *conf;
	char *said, line[128];

	if ((conf = conf_text(text, &said)) == NULL)
		fatalx("test: %s", said);
	free(said);
	begin(conf, 0);
	snprintf(line, sizeof(line),
	    "court.nz|none|%d|smtp+tls://mx.court.nz\n", T0 - 100);
	write_routes(line);
	connect_in(IN, "127.0.0.1", "TLSv1.3");
	mail(IN, "me@m.nz");
	is_str(rcpt(IN, "b@court.nz"), "learn court.nz", "a route that is old");
	is_str(rcpt_at(IN, "b@court.nz", LEARNED_TIMEOUT), "",
	    "will do where it can't be learned");
	drop_routes();
	snprintf(line, sizeof(line), "court.nz|none|%d|\n", T0 - 100);
	write_routes(line);
	is_str(rcpt_at(IN, "b@court.nz", LEARNED_TIMEOUT), "451 4.7.5 "
	    "public>court: the recipient domain's verified route is not known"
	    " yet: try again later", "one without a host will not");
	event("smtp-in|link-disconnect|" IN);
	event("smtp-in|link-connect|0000000000000004|x|pass|unix:/s|unix:/s");
	mail("0000000000000004", "me@m.nz");
	is_str(rcpt_at("0000000000000004", "b@court.nz", LEARNED_TIMEOUT), "",
	    "what sendmail brings is taken");
	drop_routes();
	event("smtp-in|link-disconnect|0000000000000004");
	is_int(count(end(), "\"verdict\":\"reject\",\"why\":"
	    "\"not-learned\""), 1, "what was not, is on record as such");
	conf_free(conf);
}

int
main(void)
{
	struct conf *conf = bench_begin("unit-session-whose");

	test_verbose(conf);
	test_not_in(conf);
	test_old_friend();
	test_no_routes(conf);
	test_known(conf);
	test_out(conf);
	test_unknown(conf);
	test_not_learned();
	bench_end(conf);
	return done_testing();
}
