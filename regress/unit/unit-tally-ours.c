/* SPDX-License-Identifier: ISC */

/*
 * Whom a session's mail is counted to: refused mail of our own users above all.
 * And what is a session of mail at all.
 */

#include <stdio.h>
#include <string.h>

#include "tally_bench.h"
#include "tap.h"

#define WHO "SELECT dir, domain, class, refused FROM correspondent"

/* Mail of ours that did not go out is a matter of where to. */
static void
check_ours(void)
{
	static const struct {
		const char	*remote;
		const char	*from;
		enum verdict	 verdict;
		enum refusal	 why;
		const char	*want;
	} cases[] = {
		{ "203.0.113.9", "minties.govt.nz", VERDICT_REJECT,
		    REFUSAL_NO_CONNECTOR, "out" },
		{ "203.0.113.9", "minties.govt.nz", VERDICT_REJECT,
		    REFUSAL_NOT_LEARNED, "out" },
		{ "203.0.113.9", "minties.govt.nz", VERDICT_REJECT,
		    REFUSAL_NOT_ANNOUNCED, "out" },
		{ "203.0.113.9", "me@Minties.Govt.nz", VERDICT_REJECT,
		    REFUSAL_NOT_LEARNED, "out" },
		{ "203.0.113.9", "minties.govt.nz", VERDICT_TESTING,
		    REFUSAL_NOT_LEARNED, "out" },
		{ "203.0.113.9", "minties.govt.nz", VERDICT_PASS,
		    REFUSAL_NONE, "in" },
		{ "203.0.113.9", "minties.govt.nz", VERDICT_LEGACY,
		    REFUSAL_NO_TLS, "in" },
		{ "203.0.113.9", "minties.govt.nz", VERDICT_REJECT,
		    REFUSAL_NO_TLS, "in" },
		{ "203.0.113.9", "minties.govt.nz", VERDICT_REJECT,
		    REFUSAL_OLD_TLS, "in" },
		{ "203.0.113.9", "minties.govt.nz", VERDICT_REJECT,
		    REFUSAL_OTHER_ADDRESS, "in" },
		{ "203.0.113.9", "a.example", VERDICT_REJECT,
		    REFUSAL_NOT_LEARNED, "in" },
		{ "203.0.113.9", "", VERDICT_REJECT, REFUSAL_NO_CONNECTOR,
		    "in" },
		{ "203.0.113.9", "no domain", VERDICT_REJECT,
		    REFUSAL_NO_CONNECTOR, "in" },
		{ "127.0.0.1", "a.example", VERDICT_REJECT, REFUSAL_NO_TLS,
		    "out" },
		{ "127.0.0.1", "a.example", VERDICT_TESTING, REFUSAL_NO_TLS,
		    "out" },
		{ "127.0.0.1", "a.example", VERDICT_PASS, REFUSAL_NONE, "" },
		{ "127.0.0.1", "a.example", VERDICT_LEGACY, REFUSAL_NO_TLS,
		    "" },
	};
	char want[128];
	const char *from;
	struct record r;
	size_t i;

	for (i = 0; i < nitems(cases); i++) {
		fresh();
		r = incoming("TLSv1.3", cases[i].from, "left>right",
		    cases[i].verdict);
		r.remote = cases[i].remote;
		r.tx[0].to = "B@To.Example";
		r.tx[0].why = cases[i].why;
		tally_record(tally, &r);
		flush();
		from = strchr(cases[i].from, '@') != NULL ?
		    "minties.govt.nz" : cases[i].from[0] == '\0' ? "<>" :
		    strchr(cases[i].from, ' ') != NULL ? "*" : cases[i].from;
		if (strcmp(cases[i].want, "out") == 0)
			(void)snprintf(want, sizeof(want), "%d|to.example|"
			    "right|%d", DIR_OUT, cases[i].verdict ==
			    VERDICT_REJECT);
		else if (cases[i].want[0] != '\0')
			(void)snprintf(want, sizeof(want), "%d|%s|%s|%d",
			    DIR_IN, from, from[0] == '*' ? "*" : "left",
			    cases[i].verdict == VERDICT_REJECT);
		else
			want[0] = '\0';
		is_str(rows(WHO), want, "%s of %s, verdict %d, why %d",
		    cases[i].remote, cases[i].from, (int)cases[i].verdict,
		    (int)cases[i].why);
	}
}

/* Names of a correspondent, as sessions have them. */
static void
check_names(void)
{
	static const struct {
		const char	*to;
		const char	*want;
	} cases[] = {
		{ "a.example", "a.example" }, { "A.Example", "a.example" },
		{ "b@a.example", "a.example" }, { "b@c@a.example",
		    "a.example" },
		{ "b@", "<>" }, { "", "<>" }, { NULL, "<>" },
		{ "a..example", "*" }, { "[192.0.2.1]", "*" }, { "x", "x" },
	};
	struct record r;
	char want[128];
	size_t i;

	for (i = 0; i < nitems(cases); i++) {
		fresh();
		r = outgoing("TLSv1.3", STARTTLS_OFFERED, FAILURE_NONE);
		to(&r, cases[i].to, "left>right");
		tally_record(tally, &r);
		flush();
		(void)snprintf(want, sizeof(want), "%d|%s|%s|0", DIR_OUT,
		    cases[i].want, cases[i].want[0] == '*' ? "*" : "right");
		is_str(rows(WHO), want, "to %s", cases[i].to == NULL ?
		    "nobody" : cases[i].to);
		is_str(rows("SELECT domain FROM tally"), cases[i].want[0] ==
		    '<' || cases[i].want[0] == '*' ? "" : cases[i].want,
		    "and what is reported of it");
	}
}

/* What counts as a smart host: its address, on the way out. */
static void
check_smarthost(void)
{
	static const struct {
		enum record_dir	 dir;
		const char	*remote;
		const char	*want;
	} cases[] = {
		{ DIR_OUT, "198.51.100.25", "198.51.100.25" },
		{ DIR_OUT, "::ffff:198.51.100.25", "::ffff:198.51.100.25" },
		{ DIR_OUT, "198.51.100.26", "a.example" },
		{ DIR_OUT, "no address", "a.example" },
		{ DIR_OUT, NULL, "a.example" },
		{ DIR_IN, "198.51.100.25", "minties.govt.nz" },
	};
	struct record r;
	size_t i;

	for (i = 0; i < nitems(cases); i++) {
		fresh();
		r = outgoing("TLSv1.3", STARTTLS_OFFERED, FAILURE_NONE);
		r.dir = cases[i].dir;
		r.remote = cases[i].remote;
		to(&r, "a.example", "left>right");
		tally_record(tally, &r);
		flush();
		is_str(rows("SELECT domain FROM correspondent"),
		    cases[i].want, "%s %s", cases[i].dir == DIR_OUT ? "to" :
		    "from", cases[i].remote == NULL ? "nowhere" :
		    cases[i].remote);
	}
	/* Nobody's mail: the host all the same. */
	fresh();
	r = outgoing(NULL, STARTTLS_ABSENT, FAILURE_NOT_SUPPORTED);
	r.remote = "198.51.100.25";
	tally_record(tally, &r);
	flush();
	is_str(rows("SELECT domain FROM correspondent"), "",
	    "a smart host that was busy");
	r.starttls = STARTTLS_OFFERED;
	r.failure = FAILURE_VALIDATION;
	tally_record(tally, &r);
	flush();
	is_str(rows("SELECT domain, class, messages, rcpts, refused FROM"
	    " correspondent"), "198.51.100.25|smarthost|0|0|1",
	    "one whose TLS was forced, and failed");
	is_str(rows("SELECT domain FROM tally"), "", "which nobody hears of");
}

/*
 * TLS failed and the mail went by the next connection: the first is no flow,
 * but a session that failed.  Nor is one in which nothing was tried.
 */
static void
check_halves(void)
{
	static const struct {
		const char	*what;
		enum record_dir	 dir;
		enum failure	 failure;
		const char	*tls;
		int		 rcpts;		/* -1: no recipient named */
		const char	*mail;
		const char	*want;		/* sessions, tallied as failed */
	} cases[] = {
		{ "the first half", DIR_OUT, FAILURE_VALIDATION, NULL, 0, NULL,
		    "0 1" },
		{ "before a recipient", DIR_OUT, FAILURE_VALIDATION, NULL, -1,
		    "minties.govt.nz", "0 0" },
		{ "mail went", DIR_OUT, FAILURE_VALIDATION, NULL, 1, NULL,
		    "1 1" },
		{ "in TLS", DIR_OUT, FAILURE_VALIDATION, "TLSv1.3", 0, NULL,
		    "1 1" },
		{ "without TLS at all", DIR_OUT, FAILURE_NOT_SUPPORTED, NULL,
		    0, NULL, "1 1" },
		{ "all is well", DIR_OUT, FAILURE_NONE, "TLSv1.3", 0, NULL,
		    "1 0" },
		{ "in", DIR_IN, FAILURE_VALIDATION, NULL, 0, NULL, "1 0" },
		{ "nothing", DIR_OUT, FAILURE_NONE, NULL, -1, NULL, "0 0" },
		{ "TLS, and nothing", DIR_OUT, FAILURE_NONE, "TLSv1.3", -1,
		    NULL, "1 0" },
		{ "nothing, in", DIR_IN, FAILURE_NONE, NULL, -1, NULL, "1 0" },
		{ "a sender alone", DIR_OUT, FAILURE_NONE, NULL, -1,
		    "minties.govt.nz", "1 0" },
	};
	struct record r;
	char got[64];
	size_t i;

	for (i = 0; i < nitems(cases); i++) {
		fresh();
		r = outgoing(cases[i].tls, STARTTLS_OFFERED,
		    cases[i].failure);
		r.dir = cases[i].dir;
		r.mail = cases[i].mail;
		if (cases[i].rcpts >= 0) {
			to(&r, "a.example", "left>right");
			r.tx[0].rcpts = r.tx[0].messages = cases[i].rcpts;
		}
		tally_record(tally, &r);
		flush();
		(void)snprintf(got, sizeof(got), "%s ", rows("SELECT"
		    " coalesce(sum(tls13 + tls12 + older + clear + refused),"
		    " 0) FROM flow WHERE class = '*'"));
		(void)strlcat(got, rows("SELECT coalesce(sum(fail), 0) FROM"
		    " tally"), sizeof(got));
		is_str(got, cases[i].want, "%s", cases[i].what);
	}
}

int
main(void)
{
	bench_begin("unit-tally-ours");
	check_ours();
	check_names();
	check_smarthost();
	check_halves();
	return bench_end() == -1 || done_testing();
}
