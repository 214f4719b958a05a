/* SPDX-License-Identifier: ISC */

/*
 * Recipients whose route may have to be learned first, here and where smtpd
 * sends: what is answered, noted, and said to sged.
 */

#include <sys/socket.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "conftext.h"
#include "rule/table_answer.h"
#include "session_bench.h"
#include "tap.h"

/* Routes: none of two domains, none any more, and a policy. */
static void
write_all(void)
{
	char text[512];

	snprintf(text, sizeof(text), "known.example|none|%d|\n"
	    "over.example|none|%d|\naa.govt.nz|none|%d|\n"
	    "policy.example|enforce|%d|smtp+tls://mx.policy.example\n"
	    "dia.govt.nz|enforce|%d|smtp+tls://mx.dia.govt.nz\n", T0 + 100,
	    T0 - 100, T0 + 100, T0 + 100, T0 + 100);
	write_routes(text);
}

static void
test_learn(const struct conf *conf)
{
	begin(conf, 0);
	write_all();
	event("smtp-in|link-connect|" IN "|localhost|pass|127.0.0.1:1|"
	    "127.0.0.1:25");
	is_str(rcpt(IN, "b@known.example"), "", "nobody told whom it is from");
	mail(IN, "me@minties.govt.nz");
	is_str(rcpt(IN, "b@known.example"), "", "a route that is known");
	is_str(rcpt(IN, "b@over.example"), "learn over.example",
	    "one whose time is over");
	is_str(rcpt(IN, "b@new.example"), "learn new.example", "and none");
	is_str(rcpt(IN, "b@minties.govt.nz"), "", "ours needs none");
	is_str(rcpt(IN, "b@mail.minties.govt.nz"), "", "nor our host");
	is_str(rcpt(IN, "b@dia.govt.nz"), "", "nor one with a connector");
	is_str(rcpt(IN, "b@not a domain"), "", "nor what is no domain");
	is_str(rcpt_at(IN, "b@new.example", LEARNED_YES), "",
	    "once it was learned");
	is_str(rcpt_at(IN, "b@new.example", LEARNED_TIMEOUT), "",
	    "not learned in time, where TLS is a choice");
	is_str(rcpt_at(IN, "b@x.govt.nz", LEARNED_TIMEOUT), "",
	    "and where it is none: by \"encrypt\"");
	is_str(rcpt_at(IN, "b@x.govt.nz", LEARNED_NO), "",
	    "nor at all");
	is_str(rcpt_at(IN, "b@aa.govt.nz", LEARNED_NOT_ASKED), "550 5.7.1"
	    " member>member requires a connector, and aa.govt.nz has none"
	    " here: ask your postmaster", "not for what is refused anyway");
	drop_routes();
	(void)end();
}

static void
test_out(const struct conf *conf)
{
	const char *records;

	begin(conf, 0);
	connect_out("198.51.100.9", "TLSv1.3");
	command("MAIL FROM:<me@minties.govt.nz>");
	command("RCPT TO:<b@x.govt.nz>");
	is_str(logged(), "", "with TLS, as it should be");
	event("smtp-out|link-disconnect|" OUT);
	connect_out("198.51.100.9", NULL);
	command("MAIL FROM:<me@minties.govt.nz>");
	command("RCPT TO:<b@x.govt.nz>");
	command("RCPT TO:<b@y.example>");
	is_str(logged(), OUT " would-refuse flow=member>government"
	    " from=minties.govt.nz to=x.govt.nz tls=none"
	    " remote=198.51.100.9\n",
	    "without: what should have been, and only where it is required");
	event("smtp-out|link-disconnect|" OUT);
	connect_out("198.51.100.9", "TLSv1");
	command("MAIL FROM:<>");
	command("RCPT TO:<b@x.govt.nz>");
	event("smtp-out|link-disconnect|" OUT);
	connect_out("10.1.2.3", NULL);
	command("MAIL FROM:<me@minties.govt.nz>");
	command("RCPT TO:<b@x.govt.nz>");
	command("RCPT TO:<b@dia.govt.nz>");
	event("smtp-out|link-disconnect|" OUT);
	ok(strstr(logged(), OUT " legacy flow=member>government") != NULL,
	    "to a legacy host");
	ok(strstr(logged(), OUT " would-refuse flow=member>member") != NULL,
	    "whom a connector gives no leave");
	connect_out("198.51.100.9", "TLSv1.3");
	command("MAIL FROM:<me@minties.govt.nz>");
	command("RCPT TO:<b@aa.govt.nz>");
	event("smtp-out|link-disconnect|" OUT);
	records = end();
	ok(strstr(records, "\"from\":\"\",\"to\":\"x.govt.nz\",\"flow\":"
	    "\"government>government\",\"verdict\":\"testing\",\"why\":"
	    "\"old-tls\"") != NULL, "a bounce is of our host");
	ok(strstr(records, "\"flow\":\"member>government\",\"verdict\":"
	    "\"testing\",\"why\":\"no-tls\"") != NULL, "each has its reason");
	is_int(count(records, "\"dir\":\"out\""), 5, "five connections out");
	is_int(count(records, "\"verdict\":\"pass\",\"why\":null"), 2,
	    "and what passes has none");
	ok(strstr(records, "\"to\":\"aa.govt.nz\",\"flow\":"
	    "\"member>member\",\"verdict\":\"testing\",\"why\":"
	    "\"no-connector\"") != NULL, "a member without a connector");
}

/*
 * The tables know no sender: where each of our domains needs a connector, and
 * the member has none, mail of others finds no host, and neither does our own
 * host's.
 */
static void
test_nowhere(const struct conf *conf)
{
	static const char told[] = "mail to aa.govt.nz leaves here by a "
	    "connector alone, and it has none: ask your postmaster";
	const char *records;
	struct answer a;
	char want[256];

	begin(conf, 0);
	write_all();
	answer_find(conf, ss->routes, "aa.govt.nz", T0, &a);
	is_int(a.verify && a.url[0] == '\0', 1, "no host is named for it");
	connect_in(IN, "127.0.0.1", NULL);
	mail(IN, "cron@mail.minties.govt.nz");
	snprintf(want, sizeof(want), "550 5.7.1 government>member: %s", told);
	is_str(rcpt(IN, "b@aa.govt.nz"), want, "our host's mail is refused");
	mail(IN, "x@club.example");
	snprintf(want, sizeof(want), "550 5.7.1 public>member: %s", told);
	is_str(rcpt(IN, "b@aa.govt.nz"), want, "and mail of others");
	is_str(rcpt(IN, "b@bb.govt.nz"), "learn bb.govt.nz",
	    "one that may have a policy is learned first");
	is_str(rcpt_at(IN, "b@bb.govt.nz", LEARNED_TIMEOUT), "451 4.7.5 "
	    "public>member: the recipient domain's verified route is not known"
	    " yet: try again later", "and comes later if it can't be");
	is_str(rcpt(IN, "b@dia.govt.nz"), "", "not to one with a connector");
	mail(IN, "x@club.example");
	is_str(rcpt_at(IN, "b@known.example", LEARNED_TIMEOUT), "",
	    "nor where none is needed");
	event("smtp-in|link-disconnect|" IN);
	drop_routes();
	records = end();
	is_int(count(records, "\"verdict\":\"reject\",\"why\":"
	    "\"no-connector\""), 2, "and on record for what it was");
}

/* What table-sge answers, which a recipient's verdict goes by, too. */
static void
test_where(const struct conf *conf)
{
	struct answer a;

	begin(conf, 0);
	write_all();
	answer_find(conf, ss->routes, "dia.govt.nz", T0, &a);
	is_int(a.why, WHY_CONNECTOR, "a connector is why");
	is_int(a.verify, 1, "its host is verified");
	is_str(a.url, "smtp+tls://mx.dia.govt.nz", "and named");
	answer_find(conf, ss->routes, "policy.example", T0, &a);
	is_int(a.why, WHY_POLICY, "so is a policy");
	drop_routes();
	(void)end();
}

/* All that was said on the notice socket, each with a blank behind. */
static const char *
noticed(int fd)
{
	static char out[256];
	char text[128];
	ssize_t n;

	out[0] = '\0';
	while ((n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT)) >= 0) {
		text[n] = '\0';
		strlcat(out, text, sizeof(out));
		strlcat(out, " ", sizeof(out));
	}
	return out;
}

/* Which recipients make sged learn, or look at a host. */
static void
test_notices(const struct conf *conf)
{
	int fd = notices_begin();

	begin(conf, 0);
	write_all();
	if ((ss->notice = notice_new("sock")) == NULL)
		fatalx("test: no memory");
	connect_in("0000000000000003", "198.51.100.3", "TLSv1.3");
	mail("0000000000000003", "x@a.example");
	(void)rcpt("0000000000000003", "b@policy.example");
	is_str(noticed(fd), "", "a stranger's recipient tells nothing");
	connect_in(IN, "127.0.0.1", NULL);
	mail(IN, "me@minties.govt.nz");
	(void)rcpt(IN, "b@policy.example");
	is_str(noticed(fd), "=policy.example ", "ours: mail is coming there");
	(void)rcpt(IN, "b@not a domain");
	(void)rcpt(IN, "b@known.example");
	is_str(noticed(fd), "", "no domain, and one without a policy");
	(void)rcpt(IN, "b@dia.govt.nz");
	is_str(noticed(fd), "", "nor one with a connector, whatever its policy");
	connect_out("198.51.100.9", "TLSv1.3");
	command("MAIL FROM:<me@minties.govt.nz>");
	command("RCPT TO:<b@known.example>");
	is_str(noticed(fd), "", "a known one goes out");
	command("RCPT TO:<b@new.example>");
	is_str(noticed(fd), "new.example ", "and one that is not");
	notice_free(ss->notice);
	ss->notice = NULL;
	drop_routes();
	(void)end();
	notices_end(fd);
}

/* A host that must be verified, and nobody knows where it is. */
static struct conf *
verified_conf(const char *mode)
{
	struct conf *conf;
	char text[512], *said;

	snprintf(text, sizeof(text), "organization \"M\"\n"
	    "contact \"tls@m.nz\"\nlocal { \"m.nz\" }\n"
	    "class court { \"court.nz\" }\n%s"
	    "flow from any to court require verified tls\n", mode);
	if ((conf = conf_text(text, &said)) == NULL)
		fatalx("test: %s", said);
	free(said);
	return conf;
}

static void
test_verified(void)
{
	struct conf *conf = verified_conf("");

	begin(conf, 0);
	write_all();
	connect_in(IN, "127.0.0.1", "TLSv1.3");
	mail(IN, "me@m.nz");
	is_str(rcpt_at(IN, "b@court.nz", LEARNED_TIMEOUT), "451 4.7.5 "
	    "public>court: the recipient domain's verified route is not known"
	    " yet: try again later", "not learned in time: later");
	drop_routes();
	(void)end();
	conf_free(conf);
}

/* Where nothing is refused, it is said. */
static void
test_verified_testing(void)
{
	struct conf *conf = verified_conf("mode testing\n");

	begin(conf, 0);
	write_all();
	connect_in(IN, "127.0.0.1", "TLSv1.3");
	mail(IN, "me@m.nz");
	is_str(rcpt_at(IN, "b@court.nz", LEARNED_TIMEOUT), "",
	    "not learned in time, in mode testing");
	ok(strstr(logged(), IN " would-refuse flow=public>court") != NULL,
	    "that it would wait is said");
	drop_routes();
	(void)end();
	conf_free(conf);
}

/* What is no domain has no class, whatever it ends in; nor has its session. */
static void
test_odd_sender(const struct conf *conf)
{
	const char *records;

	begin(conf, 0);
	connect_in(IN, "198.51.100.3", NULL);
	mail(IN, "x@a..govt.nz");
	(void)rcpt(IN, "b@minties.govt.nz");
	event("smtp-in|link-disconnect|" IN);
	records = end();
	is_int(count(records, "\"flow\":\"public>member\""), 1,
	    "no domain is the public's");
}

/* A session is judged by its own time, not by when its lines are read. */
static void
test_own_time(const struct conf *conf)
{
	begin(conf, 0);
	connect_in(IN, "10.1.2.3", NULL);
	mail(IN, "ups@minties.govt.nz");
	ss->now = 4100000000;	/* in 2099 */
	is_str(rcpt(IN, "b@minties.govt.nz"), "", "legacy when it came");
	(void)end();
}

/* A host whose name leads elsewhere has not that name's class. */
static void
test_bounce(const struct conf *conf)
{
	begin(conf, 0);
	event("smtp-in|link-connect|" IN "|mx.x.govt.nz|fail|"
	    "198.51.100.5:4000|192.0.2.250:25");
	event("smtp-in|link-identify|" IN "|EHLO|mx.x.govt.nz");
	mail(IN, "");
	is_str(rcpt(IN, "b@a.example"), "", "a bounce of nobody's host");
	(void)end();
}

int
main(void)
{
	struct conf *conf = bench_begin("unit-session-rcpt");

	test_learn(conf);
	test_out(conf);
	test_nowhere(conf);
	test_where(conf);
	test_notices(conf);
	test_verified();
	test_verified_testing();
	test_odd_sender(conf);
	test_own_time(conf);
	test_bounce(conf);
	bench_end(conf);
	return done_testing();
}
