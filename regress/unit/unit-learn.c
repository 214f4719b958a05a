/* SPDX-License-Identifier: ISC */

/* What is learned of a domain, and of our own. */

#include <string.h>

#include "learn_bench.h"
#include "tap.h"

/* What the digest says of our own certificates comes from here. */
static void
test_own(struct bench *b)
{
	static const char *const vain[] = { "servfail", "timeout",
	    "nxdomain" };
	struct site *s = site_of("us.nz");
	size_t i;

	b->e.learn->own = 0;
	own_tick(b->e.learn);
	(void)settle(b, DEADLINE_MS);
	is_str(rows(b, "SELECT host FROM mx WHERE domain = 'us.nz'"
	    " ORDER BY pref"), "us.nz|mail.us.nz", "our own MX hosts");
	is_str(rows(b, "SELECT host || ' ' || addr || ' ' || tls || ' ' ||"
	    " notafter FROM probe ORDER BY host"),
	    "mail.us.nz 192.0.2.10 TLSv1.3 2000000000|"
	    "us.nz 192.0.2.5 TLSv1.3 2000000000",
	    "were looked at, and their certificates' end is known");
	is_str(rows(b, "SELECT count(*) FROM route"), "0", "no route to us");
	is_int(b->probes, 2, "each once");
	is_str(rows(b, "SELECT DISTINCT helo FROM probe"), "mx.said.nz",
	    "what they call themselves is kept");
	b->e.learn->own = 0;
	own_tick(b->e.learn);
	(void)settle(b, DEADLINE_MS);
	is_int(b->probes, 2, "not again within the day");
	sql(b, "UPDATE probe SET probed = probed - 7200, status = 'connect'"
	    " WHERE host = 'us.nz'");
	b->e.learn->own = 0;
	own_tick(b->e.learn);
	(void)settle(b, DEADLINE_MS);
	is_int(b->probes, 3, "but for one that did not answer");
	sql(b, "UPDATE probe SET probed = probed - 86400");
	b->e.learn->own = 0;
	own_tick(b->e.learn);
	(void)settle(b, DEADLINE_MS);
	is_int(b->probes, 5, "a day later they are");
	s->mx[0] = "crowd";
	b->e.learn->own = 0;
	own_tick(b->e.learn);
	(void)settle(b, DEADLINE_MS);
	is_str(rows(b, "SELECT count(*) FROM mx WHERE host LIKE 'mx%%.crowd.nz'"),
	    "32", "of 40 hosts those that are most wanted");
	sql(b, "DELETE FROM mx WHERE host NOT LIKE 'mx%%.crowd.nz'; UPDATE mx"
	    " SET seen = 7");
	for (i = 0; i < nitems(vain); i++) {
		s->mx[0] = vain[i];
		b->e.learn->own = 0;
		own_tick(b->e.learn);
		(void)settle(b, DEADLINE_MS);
		is_str(rows(b, "SELECT count(*) FROM mx WHERE domain ="
		    " 'us.nz'"), "32", "%s: what is known stays", vain[i]);
	}
	s->mx[0] = "us.nz";
	sql(b, "DELETE FROM probe; DELETE FROM mx; DELETE FROM mxaddr");
	b->probes = 0;
}

static void
test_simple(struct bench *b)
{
	static const struct {
		int	age;
		int	left;
		int	lookups;
	} ages[] = { { 5, 1000, 0 }, { 30, 1000, 1 }, { 5, 0, 1 },
	    { 5, -10, 1 }, { 1000, 1000, 1 } };
	int i;

	is_str(ask(b, "none.nz"), "none.nz=none ", "no record: none");
	is_str(line_of("none.nz"),
	    "none smtp+tls://a.none.nz,smtp+tls://bb.none.nz",
	    "its line, with where to");
	is_int(b->lookups, 1, "one question");
	is_str(ask(b, "None.NZ."), "None.NZ.=none ", "asked again");
	is_int(b->lookups, 1, "known: no question");
	/* It is told; but what is not new is looked at again behind that. */
	for (i = 0; i < (int)nitems(ages); i++) {
		b->lookups = 0;
		sql(b, "UPDATE route SET learned = unixepoch() - %d, until ="
		    " unixepoch() + %d WHERE domain = 'none.nz'", ages[i].age,
		    ages[i].left);
		is_str(ask(b, "none.nz"), "none.nz=none ", "told");
		is_int(b->lookups, ages[i].lookups, "learned %d s ago, for"
		    " %d s more: %d questions", ages[i].age, ages[i].left,
		    ages[i].lookups);
	}
	sql(b, "DELETE FROM route WHERE domain = 'none.nz'");
	b->mx_first = 1;
	is_str(ask(b, "none.nz"), "none.nz=none ", "its MX are known first");
	b->lookups = 1;
	is_str(ask(b, "us.nz"), "us.nz=none ", "our own");
	is_str(ask(b, "member.nz"), "member.nz=none ", "with a connector");
	is_str(ask(b, "[192.0.2.1]"), "[192.0.2.1]=none ", "no domain");
	is_int(b->lookups, 1, "nothing was asked about these");
	is_int(b->gets, 0, "nothing was fetched");
	is_str(ask(b, LONG_DOMAIN), LONG_DOMAIN "=enforce ",
	    "as long as a name may be");
	b->gets = 0;
	is_str(ask(b, "gone.nz"), "gone.nz=none ", "no such domain");
	is_str(line_of("gone.nz"), "none ", "nowhere to");
	is_str(ask(b, "twoids.nz"), "twoids.nz=none ", "a malformed record");
	is_int(b->gets, 0, "is as none");

	b->answers[0] = '\0';
	b->nanswers = 0;
	b->wanted = 100;
	b->lookups = 0;
	for (i = 0; i < 100; i++)
		learn_ask(&b->e, "enforce.nz", learned, b);
	ok(settle(b, DEADLINE_MS), "many ask about one");
	is_int(b->lookups, 1, "one question");
	is_int(b->gets, 1, "one fetch");
	ok(strstr(b->answers, "none") == NULL, "all are told");
	is_str(line_of("enforce.nz"), "enforce "
	    "smtp+tls://mx1.enforce.nz,smtp+tls://mx2.enforce.nz",
	    "only the hosts that match, best first");
	is_str(rows(b, "SELECT mode || ' ' || until FROM sts_history WHERE"
	    " domain = 'enforce.nz'"), "enforce 0", "in force from now on");
	is_str(rows(b, "SELECT strings FROM policy WHERE domain ="
	    " 'enforce.nz'"), "[\"version: STSv1\",\"mode: enforce\","
	    "\"mx: *.enforce.nz\",\"max_age: 86400\"]",
	    "its lines as received");
	ok(b->probes >= 2, "its hosts were looked at");
}

static void
test_modes(struct bench *b)
{
	is_str(ask(b, "testing.nz"), "testing.nz=none ", "testing");
	is_str(line_of("testing.nz"), "none "
	    "smtp+tls://mx.testing.nz,smtp+tls://mx.other.nz", "all hosts");
	is_str(rows(b, "SELECT mode FROM sts_history WHERE domain ="
	    " 'testing.nz'"), "testing", "and held");
	is_str(ask(b, "off.nz"), "off.nz=none ", "none");
	is_str(ask(b, "short.nz"), "short.nz=none ",
	    "enforce for no time at all");
	is_str(ask(b, "hijack.nz"), "hijack.nz=enforce ", "no MX matches");
	is_str(line_of("hijack.nz"), "enforce ", "no route");
	is_str(rows(b, "SELECT * FROM tally WHERE domain = 'hijack.nz'"), "",
	    "which is no failure until mail is stopped by it");
}

static void
test_letter(struct bench *b)
{
	int gets;

	is_str(ask(b, "nullmx.nz"), "nullmx.nz=none ",
	    "enforce and a null MX: the mail bounces as without (RFC 7505)");
	is_str(why(b, "nullmx.nz"), "null MX (RFC 7505): the domain takes no "
	    "mail", "and it is said why");
	is_str(ask(b, "crowd.nz"), "crowd.nz=enforce ", "40 MX hosts");
	is_str(line_of("crowd.nz"), "enforce smtp+tls://mx39.crowd.nz",
	    "the one that the policy names is used");
	is_str(rows(b, "SELECT count(*) FROM mx WHERE domain = 'crowd.nz'"),
	    "32", "of the others as many as there is room for");
	(void)ask(b, "two.nz");
	is_str(why(b, "two.nz"), "no MTA-STS: its record is wrong: more than "
	    "one MTA-STS record", "two records");
	(void)ask(b, "twoids.nz");
	is_str(why(b, "twoids.nz"), "no MTA-STS: its record is wrong: id is "
	    "not 1 to 32 letters and digits", "a bad id");
	(void)ask(b, "blank.nz");
	is_str(why(b, "blank.nz"), "no MTA-STS: its record is wrong: blanks "
	    "at the end", "blanks at the end");
	(void)ask(b, "none.nz");
	is_str(why(b, "none.nz"), "no MTA-STS record", "and none at all");
	/* A policy for two minutes, and for the next two. */
	is_str(ask(b, "brief.nz"), "brief.nz=enforce ", "max_age 120");
	gets = b->gets;
	again(b, "brief.nz");
	is_int(b->gets, gets, "not fetched again at once");
	sql(b, "UPDATE sts SET tried = tried - 121, expires = expires - 121,"
	    " refresh = 1 WHERE domain = 'brief.nz'");
	sql(b, "UPDATE route SET until = 1 WHERE domain = 'brief.nz'");
	is_str(ask(b, "brief.nz"), "brief.nz=enforce ",
	    "its end is not the end of what was fetched in five minutes");
	is_int(b->gets, gets + 1, "it is fetched again");
}

static void
test_unknown(struct bench *b)
{
	is_str(ask(b, "servfail.nz"), "servfail.nz=failed ",
	    "no answer whether there is a policy: said so, nothing learned");
	is_str(line_of("servfail.nz"), "no line", "and nothing written");
	is_str(ask(b, "slowdns.nz"), "slowdns.nz=failed ", "silence: the same");
	is_str(ask(b, "nomx.nz"), "nomx.nz=none ",
	    "no policy is enough to know, without MX");
	is_str(ask_vainly(b, "hang.nz"), "", "the policy host hangs");
	is_str(ask_vainly(b, "none.nz"), "none.nz=none ",
	    "which keeps no other");
	b->answers[0] = '\0';
	learn_ask(&b->e, "servfail.nz", learned, b);
	learn_ask(&b->e, "none.nz", learned, b);
	learn_forget(&b->e, b);
	(void)settle(b, 100);
	is_str(b->answers, "", "nobody there to be told");
}

int
main(void)
{
	struct conf *conf = bench_begin("unit-learn");
	struct bench b;

	start(&b, conf);
	test_own(&b);
	test_simple(&b);
	test_modes(&b);
	test_letter(&b);
	test_unknown(&b);
	stop(&b);
	bench_end(conf);
	return done_testing();
}
