/* SPDX-License-Identifier: ISC */

/* Whose sessions are that name no domain, as far as that can be known. */

#include <stdio.h>

#include "engine/engine.h"
#include "tally_bench.h"
#include "tap.h"

static void
check_attributed(void)
{
	struct record r = outgoing(NULL, STARTTLS_OFFERED,
	    FAILURE_VALIDATION), in;

	fresh();
	sql("INSERT INTO mxaddr VALUES ('198.51.100.7',"
	    " 'dia.govt.nz', 'mx1.dia.govt.nz', 0, 5);"
	    "INSERT INTO waiting VALUES ('dia.govt.nz', 1, 2)");
	tally_record(tally, &r);
	flush();
	is_str(rows(TALLY), "20779|dia.govt.nz|0|0|1",
	    "forced, with waiting mail for one domain there: its");
	is_str(rows(DETAIL), "validation-failure|192.0.2.1|198.51.100.7|"
	    "mx1.dia.govt.nz|mx.helo.example||1|1", "with the MX host's name");
	is_str(rows(FLOW("restricted")), "0|0|0|0|1", "in its class");
	is_str(rows(WHY), "dia.govt.nz|forced|198.51.100.7|mx.rdns.example|1",
	    "and the reason");
	is_str(rows("SELECT * FROM unknown"), "", "nothing is left unknown");

	fresh();
	sql("INSERT INTO mxaddr VALUES ('198.51.100.7',"
	    " 'dia.govt.nz', 'mx', 0, 5), ('198.51.100.7', 'moe.govt.nz',"
	    " 'mx', 0, 5); INSERT INTO waiting VALUES ('dia.govt.nz', 1, 2),"
	    " ('moe.govt.nz', 1, 2)");
	tally_record(tally, &r);
	flush();
	is_str(rows(TALLY), "", "two domains with waiting mail: not guessed");
	is_str(rows("SELECT sessions FROM unknown"), "1", "but counted");

	fresh();
	sql("INSERT INTO mxaddr VALUES ('198.51.100.7',"
	    " 'dia.govt.nz', 'mx', 4, 5), ('198.51.100.7', 'moe.govt.nz',"
	    " 'mx', 4, 5); INSERT INTO waiting VALUES ('moe.govt.nz', 1, 2)");
	in = incoming(NULL, "minties.govt.nz", "government>restricted",
	    VERDICT_PASS);
	in.tx[0].to = "dia.govt.nz";
	in.remote = NULL;
	tally_record(tally, &in);
	tally_record(tally, &r);
	flush();
	is_str(rows(TALLY), "20779|dia.govt.nz|0|0|1",
	    "of two, the one whose mail came in just before");
}

/* A first attempt often fails in the second in which its mail came. */
static void
check_attributed_at_once(void)
{
	struct record r = outgoing(NULL, STARTTLS_OFFERED,
	    FAILURE_VALIDATION);
	struct record out = outgoing("TLSv1.3", STARTTLS_OFFERED,
	    FAILURE_NONE), in = out;

	fresh();
	sql("INSERT INTO mxaddr VALUES ('198.51.100.7',"
	    " 'dia.govt.nz', 'mx1.dia.govt.nz', 0, 5)");
	to(&out, "dia.govt.nz", "restricted>restricted");
	to(&in, "dia.govt.nz", "restricted>restricted");
	in.dir = DIR_IN;
	tally_record(tally, &in);
	tally_record(tally, &r);
	flush();
	is_str(rows(TALLY), "20779|dia.govt.nz|0|0|1",
	    "forced, its mail on record in the same batch: its");
	is_str(rows("SELECT domain FROM waiting"), "dia.govt.nz",
	    "and its mail waits");
	tally_record(tally, &out);
	tally_record(tally, &r);
	flush();
	is_str(rows("SELECT domain FROM waiting"), "", "until it is sent");
	is_str(rows("SELECT sessions FROM unknown"), "1",
	    "a failure after that is nobody's");
}

/* Each scene is a time of its own: what was is remembered. */
static int64_t scene = T0;

/* smtpd was about to send there, so long after that. */
static void
attempt(const char *domain, const char *host, int64_t ms)
{
	sql("INSERT INTO attempt VALUES ('%s', %lld, 'smtp+tls://%s')", domain,
	    (long long)(scene * 1000 + ms), host);
}

static void
hosts(void)
{
	fresh();
	scene += 10000;
	sql("INSERT INTO mxaddr VALUES ('198.51.100.7', 'dia.govt.nz',"
	    " 'mx.dia.govt.nz', 1, 5), ('198.51.100.7', 'moe.govt.nz',"
	    " 'mx.moe.govt.nz', 1, 5), ('198.51.100.7', 'a.example', 'mx', 0,"
	    " 5)");
}

/* A connection that failed; busy: see busy_begin. */
static void
failed_at(int64_t seconds, int64_t busy)
{
	struct record r = outgoing(NULL, STARTTLS_OFFERED, FAILURE_VALIDATION);

	r.time = r.began = scene + seconds;
	r.busy = busy;
	tally_record(tally, &r);
}

static void
went_at(int64_t seconds, const char *domain)
{
	struct record r = outgoing("TLSv1.3", STARTTLS_OFFERED, FAILURE_NONE);

	r.time = scene + seconds;
	to(&r, domain, "restricted>restricted");
	tally_record(tally, &r);
}

#define FAILED "SELECT domain, fail FROM tally WHERE fail > 0 ORDER BY 1"
#define UNKNOWN "SELECT coalesce(sum(sessions), 0) FROM unknown"

/* Domains behind one address: what table-sge noted tells them apart. */
static void
check_attempts(void)
{
	hosts();
	sql("INSERT INTO waiting VALUES ('dia.govt.nz', 1, 2),"
	    " ('moe.govt.nz', 1, 2), ('a.example', 1, 2)");
	failed_at(0, 0);
	flush();
	is_str(rows(FAILED), "", "of two whose mail waits it may be either");
	attempt("moe.govt.nz", "mx.moe.govt.nz", 99000);
	failed_at(100, 0);
	flush();
	is_str(rows(FAILED), "moe.govt.nz|1", "the one that was tried");
	failed_at(200, 0);
	flush();
	is_str(rows(UNKNOWN), "2", "mail that was given up is not tried");

	/* Given up with the first session, though not its own. */
	hosts();
	attempt("dia.govt.nz", "mx.dia.govt.nz", 0);
	attempt("moe.govt.nz", "mx.moe.govt.nz", 1);
	failed_at(1, 0);
	attempt("dia.govt.nz", "mx.dia.govt.nz", 9000);
	attempt("moe.govt.nz", "mx.moe.govt.nz", 40000);
	failed_at(40, 0);
	flush();
	is_str(rows(FAILED), "moe.govt.nz|1",
	    "what was tried while smtpd left the address alone was not sent");
	is_str(rows(UNKNOWN), "1", "of two at once it may be either");

	/* Another session at once: it had not given up. */
	hosts();
	attempt("dia.govt.nz", "mx.dia.govt.nz", 0);
	failed_at(0, 0);
	attempt("moe.govt.nz", "mx.moe.govt.nz", 4000);
	failed_at(5, 5);
	flush();
	is_str(rows(FAILED), "dia.govt.nz|1",
	    "a session where there could be none: both may be tried");
	is_str(rows(UNKNOWN), "1", "and it is not known which was");

	/* As long as there are sessions, what fails is tried again. */
	hosts();
	attempt("dia.govt.nz", "mx.dia.govt.nz", 0);
	failed_at(5, 5);
	failed_at(10, 10);
	failed_at(500, 500);
	flush();
	is_str(rows(FAILED), "dia.govt.nz|3", "one attempt, three sessions");
	failed_at(1000, 3);
	flush();
	is_str(rows(FAILED), "dia.govt.nz|3", "not after it was quiet there");

	/* What went out leaves nothing to fail; what comes after it may. */
	hosts();
	attempt("dia.govt.nz", "mx.dia.govt.nz", 0);
	attempt("moe.govt.nz", "mx.moe.govt.nz", 0);
	went_at(3, "dia.govt.nz");
	failed_at(5, 5);
	flush();
	is_str(rows(FAILED), "moe.govt.nz|1", "an attempt that went is done");
	attempt("dia.govt.nz", "mx.dia.govt.nz", 6000);
	failed_at(10, 10);
	flush();
	is_str(rows(FAILED), "moe.govt.nz|2",
	    "where it went well a moment ago it did not fail");
	attempt("dia.govt.nz", "mx.dia.govt.nz", 4000000);
	failed_at(4001, 4001);
	flush();
	is_str(rows(UNKNOWN), "1", "an hour later it may have");

	/* A host that is known to be good did not fail. */
	hosts();
	attempt("dia.govt.nz", "mx.dia.govt.nz", 0);
	attempt("moe.govt.nz", "mx.moe.govt.nz", 0);
	sql("INSERT INTO probe (host, addr, probed, status, type) SELECT"
	    " 'mx.dia.govt.nz', '198.51.100.7', at / 1000 - 7200, 'ok', ''"
	    " FROM attempt LIMIT 1");
	failed_at(1, 1);
	flush();
	is_str(rows(FAILED), "", "a look of hours ago says little");
	sql("UPDATE probe SET probed = probed + 7100");
	failed_at(6, 6);
	flush();
	is_str(rows(FAILED), "moe.govt.nz|1", "one of a minute ago does");

	/* A host of two addresses is tried at the other one. */
	hosts();
	sql("INSERT INTO mxaddr VALUES ('198.51.100.8', 'moe.govt.nz',"
	    " 'mx.moe.govt.nz', 1, 5)");
	attempt("moe.govt.nz", "mx.moe.govt.nz", 0);
	failed_at(1, 0);
	failed_at(17, 0);
	flush();
	is_str(rows(FAILED), "moe.govt.nz|2", "a host of two addresses");

	/* One host for both: smtpd sends their mail in one session. */
	fresh();
	scene += 10000;
	sql("INSERT INTO mxaddr VALUES ('198.51.100.7', 'dia.govt.nz',"
	    " 'mx.host.nz', 1, 5), ('198.51.100.7', 'moe.govt.nz',"
	    " 'mx.host.nz', 1, 5)");
	attempt("dia.govt.nz", "mx.host.nz", 0);
	attempt("moe.govt.nz", "mx.host.nz:25", 9);
	failed_at(1, 0);
	flush();
	is_str(rows(FAILED), "dia.govt.nz|1 moe.govt.nz|1",
	    "one host: the session was for both");
}

/* What learn is told of an address. */
static const char *
seen_of(const char *addr)
{
	static char text[64];
	const struct addr_seen *seen;
	struct key key;

	key_start(&key);
	key_text(&key, addr);
	if ((seen = hash_find(tally->addrs, key.buf, key.len)) == NULL)
		return "nothing";
	(void)snprintf(text, sizeof(text), "%lld %lld", (long long)(seen->used -
	    scene), (long long)(seen->over < scene ? 0 : seen->over - scene));
	return text;
}

static void
check_addrs(void)
{
	tally->addrs = hash_new(sizeof(struct addr_seen));
	hosts();
	went_at(1, "dia.govt.nz");
	is_str(seen_of("198.51.100.7"), "nothing", "nothing failed there");
	attempt("dia.govt.nz", "mx.dia.govt.nz", 0);
	failed_at(20, 0);
	is_str(seen_of("198.51.100.7"), "20 34",
	    "the first session failed: all that was tried is over");
	failed_at(25, 5);
	is_str(seen_of("198.51.100.7"), "25 0", "or was not, as the next shows");
	went_at(30, "dia.govt.nz");
	is_str(seen_of("198.51.100.7"), "30 0", "it is still used");
	flush();
	hash_free(tally->addrs);
	tally->addrs = NULL;
}

int
main(void)
{
	bench_begin("unit-tally-whose");
	check_attributed();
	check_attributed_at_once();
	check_attempts();
	check_addrs();
	return bench_end() == -1 || done_testing();
}
