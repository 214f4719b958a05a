/* SPDX-License-Identifier: ISC */

/*
 * What records of each outcome become in the tables, and the bounds on what
 * others can vary.
 */

#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "store/store_flow.h"
#include "store/store_route.h"
#include "count/tally.h"
#include "tap.h"

#define T0 1795316645	/* 2026-11-22T03:04:05Z */
#define DAY 20779

static char	 dir[] = "/tmp/unit-tally.XXXXXXXXXX";
static struct store *store;
static struct conf *conf;
static struct tally *tally;

static struct conf *
make_conf(void)
{
	char path[64], *text = NULL;
	size_t len;
	FILE *fp, *err;
	struct conf *c;

	snprintf(path, sizeof(path), "%s/conf", dir);
	if ((fp = fopen(path, "w")) == NULL)
		fatal("%s", path);
	fprintf(fp, "organization \"M\"\ncontact \"t@minties.govt.nz\"\n"
	    "hostname \"mail.minties.govt.nz\"\nlocal { \"minties.govt.nz\" }\n"
	    "class restricted { \"dia.govt.nz\" \"moe.govt.nz\" }\n"
	    "class government { \".govt.nz\" }\n"
	    "flow from any to restricted require verified tls\n"
	    "flow from any to any prefer tls\n"
	    "spool \"%s/spool\"\ndatabase sqlite \"%s/db\"\n"
	    "smarthost { 198.51.100.25 }\n"
	    "report from \"r@minties.govt.nz\"\n", dir, dir);
	fclose(fp);
	err = open_memstream(&text, &len);
	c = conf_read(path, err);
	fclose(err);
	if (c == NULL)
		fatalx("%s", text);
	free(text);
	return c;
}

static void
fresh(void)
{
	static const char *const tables[] = { "flow", "correspondent",
	    "incident", "tally", "detail", "unknown", "waiting", "meta",
	    "mxaddr", "report", "sts_history", "policy", "unseen",
	    "attempt", "probe" };
	char sql[64];
	size_t i;

	for (i = 0; i < nitems(tables); i++) {
		snprintf(sql, sizeof(sql), "DELETE FROM %s", tables[i]);
		if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) !=
		    SQLITE_OK)
			fatalx("%s: %s", sql, sqlite3_errmsg(store->db));
	}
	tally_forget_rows(tally);
}

static void
flush(void)
{
	if (store_begin(store) == -1 || tally_flush(tally) == -1 ||
	    store_commit(store) == -1)
		fatalx("flush");
	tally_clear(tally);
}

/* All rows, columns separated by '|', rows by ' '. */
static const char *
rows(const char *sql)
{
	static char out[4096];
	sqlite3_stmt *stmt;
	int i;

	out[0] = '\0';
	if (sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL) != SQLITE_OK)
		fatalx("%s: %s", sql, sqlite3_errmsg(store->db));
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		if (out[0] != '\0')
			strlcat(out, " ", sizeof(out));
		for (i = 0; i < sqlite3_column_count(stmt); i++) {
			if (i > 0)
				strlcat(out, "|", sizeof(out));
			strlcat(out, store_text(stmt, i), sizeof(out));
		}
	}
	sqlite3_finalize(stmt);
	return out;
}

static struct record
outgoing(const char *tls, enum starttls starttls, enum failure failure)
{
	struct record r = { .time = T0, .host = "h", .dir = DIR_OUT,
	    .session = "s", .local = "192.0.2.1", .remote = "198.51.100.7",
	    .rdns = "mx.rdns.example", .helo = "mx.helo.example",
	    .starttls = starttls, .tls = tls, .failure = failure };

	return r;
}

static void
to(struct record *r, const char *domain, const char *flow)
{
	struct record_tx *tx = &r->tx[r->ntx++];

	memset(tx, 0, sizeof(*tx));
	tx->from = "minties.govt.nz";
	tx->to = domain;
	tx->flow = flow;
	tx->messages = tx->rcpts = 1;
}

static struct record
incoming(const char *tls, const char *from, const char *flow,
    enum verdict verdict)
{
	struct record r = { .time = T0, .host = "h", .dir = DIR_IN,
	    .session = "s", .local = "192.0.2.1", .remote = "203.0.113.9",
	    .rdns = "out.a.example", .helo = "out.a.example", .tls = tls };

	r.ntx = 1;
	r.tx[0].from = from;
	r.tx[0].to = "minties.govt.nz";
	r.tx[0].flow = flow;
	r.tx[0].verdict = verdict;
	r.tx[0].messages = verdict == VERDICT_REJECT ? 0 : 1;
	r.tx[0].rcpts = 1;
	return r;
}

#define FLOW(class) "SELECT sum(tls13), sum(tls12), sum(older), sum(clear)," \
    " sum(refused) FROM flow WHERE class = '" class "'"
#define TALLY "SELECT day, domain, policy, ok, fail FROM tally ORDER BY 2"
#define WHY "SELECT domain, why, addr, host, sessions FROM incident ORDER BY 2"
#define DETAIL "SELECT type, sip, rip, mx, helo, reason, pending, count" \
    " FROM detail ORDER BY 1"

/* One outgoing session to a.example of the public class. */
static void
check_outcome(const char *what, struct record r, const char *flow,
    const char *rfc, const char *why)
{
	fresh();
	to(&r, "a.example", "government>public");
	tally_record(tally, &r);
	flush();
	is_str(rows(FLOW("*")), flow, "%s: flow", what);
	is_str(rows(FLOW("public")), flow, "%s: its class", what);
	is_str(rows(TALLY), rfc, "%s: RFC 8460", what);
	is_str(rows("SELECT why FROM incident"), why, "%s: why", what);
	is_str(rows("SELECT domain, class, messages, rcpts, first, last"
	    " FROM correspondent"), "a.example|public|1|1|1795316645|"
	    "1795316645", "%s: correspondent", what);
}

static void
check_outcomes(void)
{
	struct record r;

	check_outcome("TLS fine", outgoing("TLSv1.3", STARTTLS_OFFERED,
	    FAILURE_NONE), "1|0|0|0|0", "20779|a.example|0|1|0", "");
	check_outcome("TLS 1.2", outgoing("TLSv1.2", STARTTLS_OFFERED,
	    FAILURE_NONE), "0|1|0|0|0", "20779|a.example|0|1|0", "");
	check_outcome("TLS 1.1", outgoing("TLSv1.1", STARTTLS_OFFERED,
	    FAILURE_NONE), "0|0|1|0|0", "20779|a.example|0|1|0", "");
	check_outcome("not offered", outgoing(NULL, STARTTLS_ABSENT,
	    FAILURE_NOT_SUPPORTED), "0|0|0|1|0", "20779|a.example|0|0|1",
	    "not-offered");
	is_str(rows(DETAIL), "starttls-not-supported|192.0.2.1|198.51.100.7|"
	    "mx.rdns.example|mx.helo.example||0|1", "in detail");
	check_outcome("refused", outgoing(NULL, STARTTLS_REFUSED,
	    FAILURE_NOT_SUPPORTED), "0|0|0|1|0", "20779|a.example|0|0|1",
	    "refused");
	/* A downgrade: two connections, one session. */
	fresh();
	r = outgoing(NULL, STARTTLS_OFFERED, FAILURE_VALIDATION);
	to(&r, "a.example", "government>public");
	r.tx[0].messages = r.tx[0].rcpts = 0;
	tally_record(tally, &r);
	r = outgoing(NULL, STARTTLS_OFFERED, FAILURE_NONE);
	to(&r, "a.example", "government>public");
	tally_record(tally, &r);
	flush();
	is_str(rows(FLOW("*")), "0|0|0|1|0", "downgrade: flow");
	is_str(rows(FLOW("public")), "0|0|0|1|0", "downgrade: its class");
	is_str(rows(TALLY), "20779|a.example|0|0|1", "downgrade: RFC 8460");
	is_str(rows("SELECT why, sessions FROM incident"), "handshake|1",
	    "downgrade: why");
	is_str(rows(DETAIL), "validation-failure|192.0.2.1|198.51.100.7|"
	    "mx.rdns.example|mx.helo.example||1|1", "waits for a probe");

	/* An address in a name's place names no host. */
	fresh();
	r = outgoing(NULL, STARTTLS_REFUSED, FAILURE_NOT_SUPPORTED);
	r.rdns = r.remote;
	to(&r, "a.example", "government>public");
	tally_record(tally, &r);
	flush();
	is_str(rows("SELECT mx, rip FROM detail"), "|198.51.100.7",
	    "no PTR record");

	/* 6.8: the certificate fails after link-tls. */
	fresh();
	r = outgoing("TLSv1.3", STARTTLS_OFFERED, FAILURE_VALIDATION);
	tally_record(tally, &r);
	flush();
	is_str(rows(FLOW("*")), "0|0|0|0|1", "forced: refused");
	is_str(rows(TALLY), "", "forced: no domain is guessed");
	is_str(rows("SELECT addr, type, sessions, last FROM unknown"),
	    "198.51.100.7|validation-failure|1|1795316645",
	    "forced: counted as not known");
}

static void
check_attributed(void)
{
	struct record r = outgoing(NULL, STARTTLS_OFFERED,
	    FAILURE_VALIDATION), in;

	fresh();
	sqlite3_exec(store->db, "INSERT INTO mxaddr VALUES ('198.51.100.7',"
	    " 'dia.govt.nz', 'mx1.dia.govt.nz', 0, 5);"
	    "INSERT INTO waiting VALUES ('dia.govt.nz', 1, 2)", NULL, NULL,
	    NULL);
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
	sqlite3_exec(store->db, "INSERT INTO mxaddr VALUES ('198.51.100.7',"
	    " 'dia.govt.nz', 'mx', 0, 5), ('198.51.100.7', 'moe.govt.nz',"
	    " 'mx', 0, 5); INSERT INTO waiting VALUES ('dia.govt.nz', 1, 2),"
	    " ('moe.govt.nz', 1, 2)", NULL, NULL, NULL);
	tally_record(tally, &r);
	flush();
	is_str(rows(TALLY), "", "two domains with waiting mail: not guessed");
	is_str(rows("SELECT sessions FROM unknown"), "1", "but counted");

	fresh();
	sqlite3_exec(store->db, "INSERT INTO mxaddr VALUES ('198.51.100.7',"
	    " 'dia.govt.nz', 'mx', 4, 5), ('198.51.100.7', 'moe.govt.nz',"
	    " 'mx', 4, 5); INSERT INTO waiting VALUES ('moe.govt.nz', 1, 2)",
	    NULL, NULL, NULL);
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
	sqlite3_exec(store->db, "INSERT INTO mxaddr VALUES ('198.51.100.7',"
	    " 'dia.govt.nz', 'mx1.dia.govt.nz', 0, 5)", NULL, NULL, NULL);
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

static void
check_many(void)
{
	struct record r = outgoing("TLSv1.3", STARTTLS_OFFERED,
	    FAILURE_NONE);

	fresh();
	to(&r, "a.example", "government>public");
	to(&r, "b.govt.nz", "government>government");
	to(&r, "A.Example.", "government>public");
	to(&r, "someone@c.example", "government>public");
	to(&r, "[192.0.2.1]", "government>public");
	tally_record(tally, &r);
	flush();
	is_str(rows(TALLY), "20779|a.example|0|1|0 20779|b.govt.nz|0|1|0"
	    " 20779|c.example|0|1|0",
	    "each recipient domain once; an address literal is none");
	is_str(rows(FLOW("*")), "1|0|0|0|0", "the connection once");
	is_str(rows(FLOW("public")), "1|0|0|0|0", "once for each class");
	is_str(rows(FLOW("government")), "1|0|0|0|0", "and the other");
	is_str(rows("SELECT domain, messages FROM correspondent ORDER BY 1"),
	    "*|1 a.example|2 b.govt.nz|1 c.example|1", "correspondents");

	fresh();
	r.tx[1].report = 1;
	r.tx[2].report = 1;
	tally_record(tally, &r);
	flush();
	is_str(rows(TALLY), "20779|a.example|0|1|0 20779|c.example|0|1|0",
	    "who only got a report of ours is not told of it");
	is_str(rows(FLOW("*")), "1|0|0|0|0", "but it is a flow");
	fresh();
	r.tx[0].report = r.tx[3].report = 1;
	tally_record(tally, &r);
	flush();
	is_str(rows(TALLY), "", "nothing but reports");
}

/* a.example: TLS is a choice; dia.govt.nz: it is forced. */
static void
at_two_addresses(void)
{
	fresh();
	sqlite3_exec(store->db, "INSERT INTO mxaddr VALUES ('198.51.100.7',"
	    " 'a.example', 'mx.a.example', 0, 5), ('198.51.100.8',"
	    " 'dia.govt.nz', 'mx1.dia.govt.nz', 0, 5); INSERT INTO waiting"
	    " VALUES ('a.example', 1, 2), ('dia.govt.nz', 1, 2)", NULL, NULL,
	    NULL);
}

/* Busy hosts, those that block us, and those that go away. */
static void
check_nothing(void)
{
	struct record r = outgoing(NULL, STARTTLS_ABSENT,
	    FAILURE_NOT_SUPPORTED);

	at_two_addresses();
	tally_record(tally, &r);
	r = outgoing(NULL, STARTTLS_OFFERED, FAILURE_VALIDATION);
	tally_record(tally, &r);
	r = outgoing(NULL, STARTTLS_UNKNOWN, FAILURE_NONE);
	tally_record(tally, &r);
	flush();
	is_str(rows(TALLY), "", "never got to MAIL FROM: no failure of TLS");
	is_str(rows("SELECT * FROM unknown"), "", "nor one of nobody's");
	is_str(rows(WHY), "", "nor mail in clear");
	is_str(rows("SELECT * FROM flow"), "", "nor a session");

	r = outgoing(NULL, STARTTLS_ABSENT, FAILURE_NOT_SUPPORTED);
	r.remote = "198.51.100.8";
	tally_record(tally, &r);
	flush();
	is_str(rows(TALLY), "20779|dia.govt.nz|0|0|1", "forced: counts");
	is_str(rows("SELECT type, pending FROM detail"),
	    "starttls-not-supported|1", "until the host itself is asked");
	is_int(store_pending_day(store, "dia.govt.nz", DAY), 1,
	    "its report waits for that");
	is_int(store_pending_day(store, "dia.govt.nz", DAY + 1), 0,
	    "no other day's");
}

static void
sql(const char *text)
{
	if (sqlite3_exec(store->db, text, NULL, NULL, NULL) != SQLITE_OK)
		fatalx("%s: %s", text, sqlite3_errmsg(store->db));
}

/* Each scene is a time of its own: what was is remembered. */
static int64_t scene = T0;

/* smtpd was about to send there, so long after that. */
static void
attempt(const char *domain, const char *host, int64_t ms)
{
	char text[256];

	snprintf(text, sizeof(text), "INSERT INTO attempt VALUES ('%s', %lld,"
	    " 'smtp+tls://%s')", domain, (long long)(scene * 1000 + ms), host);
	sql(text);
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

static void
check_smarthost(void)
{
	struct record r = outgoing("TLSv1.3", STARTTLS_OFFERED, FAILURE_NONE);

	fresh();
	r.remote = "198.51.100.25";
	to(&r, "a.example", "government>public");
	to(&r, "dia.govt.nz", "restricted>restricted");
	tally_record(tally, &r);
	r.tls = NULL;
	r.starttls = STARTTLS_ABSENT;
	r.failure = FAILURE_NOT_SUPPORTED;
	tally_record(tally, &r);
	r.ntx = 0;
	tally_record(tally, &r);
	r.starttls = STARTTLS_OFFERED;
	r.failure = FAILURE_VALIDATION;
	tally_record(tally, &r);
	r.mail = "minties.govt.nz";
	r.tls = "TLSv1.2";
	r.failure = FAILURE_NONE;
	tally_record(tally, &r);
	flush();
	is_str(rows(TALLY), "", "a smart host: nothing for RFC 8460");
	is_str(rows("SELECT * FROM unknown"), "", "nor unknown");
	is_str(rows("SELECT domain, class, tls13, tls12, clear, messages"
	    " FROM correspondent"), "198.51.100.25|smarthost|1|1|1|4",
	    "it is the correspondent itself");
	is_str(rows(FLOW("smarthost")), "1|1|0|1|1", "with a class of its own");
	is_str(rows("SELECT domain, why, sessions FROM incident ORDER BY 2"),
	    "198.51.100.25|forced|1 198.51.100.25|not-offered|1",
	    "mail in clear is its own, and TLS that failed");
	is_str(rows("SELECT domain FROM waiting"), "", "mail went out");
}

/* A testing policy, and nobody has looked at its host yet. */
static void
check_unseen(void)
{
	struct record r = outgoing("TLSv1.3", STARTTLS_OFFERED, FAILURE_NONE);

	at_two_addresses();
	to(&r, "a.example", "government>public");
	sqlite3_exec(store->db, "INSERT INTO policy VALUES (7, 'a.example',"
	    " 'sts', 'testing', '[]', '[\"mx.a.example\"]');"
	    "INSERT INTO sts_history (domain, since, until, policy, mode)"
	    " VALUES ('a.example', 0, 1 << 40, 7, 'testing')", NULL, NULL,
	    NULL);
	tally_record(tally, &r);
	tally_record(tally, &r);
	flush();
	tally_record(tally, &r);
	flush();
	is_str(rows(TALLY), "20779|a.example|7|3|0", "good so far");
	is_str(rows("SELECT day, domain, policy, sip, rip, mx, unseen, count"
	    " FROM unseen"), "20779|a.example|7|192.0.2.1|198.51.100.7|"
	    "mx.a.example|1|3", "until its host is looked at");
	is_int(store_pending_day(store, "a.example", DAY), 1,
	    "which its report waits for");
	is_int(store_pending_day(store, "dia.govt.nz", DAY), 0,
	    "and no other");
}

/* The receiver refuses MAIL FROM: that is no business of TLS. */
static void
check_mail_refused(void)
{
	struct record r = outgoing("TLSv1.3", STARTTLS_OFFERED, FAILURE_NONE);

	at_two_addresses();
	r.mail = "minties.govt.nz";
	tally_record(tally, &r);
	r.remote = "198.51.100.8";
	tally_record(tally, &r);
	flush();
	is_str(rows(TALLY), "20779|a.example|0|1|0 20779|dia.govt.nz|0|1|0",
	    "MAIL FROM refused, with TLS");
	is_str(rows("SELECT domain FROM waiting ORDER BY 1"),
	    "a.example dia.govt.nz", "the mail still waits");

	at_two_addresses();
	r = outgoing(NULL, STARTTLS_ABSENT, FAILURE_NOT_SUPPORTED);
	r.mail = "minties.govt.nz";
	tally_record(tally, &r);
	flush();
	is_str(rows("SELECT domain, ok, fail, type, pending FROM tally"
	    " JOIN detail USING (domain)"),
	    "a.example|0|1|starttls-not-supported|0", "and without");
	is_str(rows("SELECT why FROM incident"), "not-offered", "in clear");

	at_two_addresses();
	r.report = 1;
	tally_record(tally, &r);
	flush();
	is_str(rows(TALLY), "", "of a report of ours");

	at_two_addresses();
	r = outgoing(NULL, STARTTLS_OFFERED, FAILURE_VALIDATION);
	r.mail = "minties.govt.nz";
	tally_record(tally, &r);
	r.failure = FAILURE_NONE;
	tally_record(tally, &r);
	flush();
	is_str(rows(TALLY), "20779|a.example|0|0|1",
	    "a downgrade: two connections, one session");
	is_str(rows("SELECT why, sessions FROM incident"), "handshake|1",
	    "in clear once");
}

static void
check_incoming(void)
{
	struct record r;

	fresh();
	r = incoming(NULL, "a.example", "public>government", VERDICT_PASS);
	tally_record(tally, &r);
	r = incoming(NULL, "b.govt.nz", "government>government",
	    VERDICT_REJECT);
	tally_record(tally, &r);
	r = incoming("TLSv1", "c.govt.nz", "government>government",
	    VERDICT_REJECT);
	tally_record(tally, &r);
	r = incoming("TLSv1.3", "dia.govt.nz", "restricted>restricted",
	    VERDICT_REJECT);
	r.tx[0].why = REFUSAL_NO_CONNECTOR;
	tally_record(tally, &r);
	r = incoming(NULL, "d.govt.nz", "government>government",
	    VERDICT_LEGACY);
	tally_record(tally, &r);
	r = incoming(NULL, "e.govt.nz", "government>government",
	    VERDICT_TESTING);
	tally_record(tally, &r);
	r = incoming("TLSv1.1", "f.govt.nz", "government>government",
	    VERDICT_TESTING);
	tally_record(tally, &r);
	r = incoming("TLSv1.2", "", "public>government", VERDICT_PASS);
	tally_record(tally, &r);
	flush();
	is_str(rows("SELECT domain, why FROM incident ORDER BY 1"),
	    "a.example|not-asked b.govt.nz|no-tls c.govt.nz|old-tls"
	    " d.govt.nz|legacy dia.govt.nz|no-connector e.govt.nz|not-asked"
	    " f.govt.nz|old-tls", "in: why");
	is_str(rows("SELECT domain, class, tls13, tls12, older, clear,"
	    " refused, legacy, testing FROM correspondent ORDER BY 1"),
	    "<>|public|0|1|0|0|0|0|0 a.example|public|0|0|0|1|0|0|0"
	    " b.govt.nz|government|0|0|0|0|1|0|0"
	    " c.govt.nz|government|0|0|0|0|1|0|0"
	    " d.govt.nz|government|0|0|0|1|0|1|0"
	    " dia.govt.nz|restricted|0|0|0|0|1|0|0"
	    " e.govt.nz|government|0|0|0|1|0|0|1"
	    " f.govt.nz|government|0|0|1|0|0|0|1", "in: correspondents");
	is_str(rows(TALLY), "", "in: nothing for RFC 8460");
	is_str(rows(FLOW("*")), "0|1|1|3|3", "in: all");
	is_str(rows("SELECT day, hour, dir FROM flow WHERE class = '*'"),
	    "20779|3|0", "in: the hour");
}

/* Mail handed in on this host is no flow, unless it is refused. */
static void
check_local(void)
{
	struct record r;

	fresh();
	r = incoming(NULL, "minties.govt.nz", "government>public",
	    VERDICT_PASS);
	r.tx[0].to = "a.example";
	r.remote = NULL;
	tally_record(tally, &r);
	r.remote = "127.0.0.1";
	tally_record(tally, &r);
	r.tx[0].verdict = VERDICT_REJECT;
	r.tx[0].to = "dia.govt.nz";
	r.tx[0].flow = "government>restricted";
	tally_record(tally, &r);
	flush();
	is_str(rows(FLOW("*")), "0|0|0|2|1", "local: each once");
	is_str(rows(FLOW("local")), "0|0|0|2|0", "local: a class of its own");
	is_str(rows("SELECT domain, dir, class, refused FROM correspondent"),
	    "dia.govt.nz|1|restricted|1", "local: what was refused, by where to");
	is_str(rows("SELECT domain, since FROM waiting"),
	    "a.example|1795316645", "local: mail waits for its destination");
	r = outgoing("TLSv1.3", STARTTLS_OFFERED, FAILURE_NONE);
	r.time = T0 + 5;
	to(&r, "a.example", "government>public");
	tally_record(tally, &r);
	flush();
	is_str(rows("SELECT domain FROM waiting"), "", "until it went out");
}

/* A host that shows another banner each time. */
static void
check_details(void)
{
	struct record r = outgoing(NULL, STARTTLS_ABSENT,
	    FAILURE_NOT_SUPPORTED);
	char helo[600];
	int i, batch;
	size_t most = 0;

	fresh();
	to(&r, "a.example", "government>public");
	r.helo = helo;
	for (batch = 0; batch < 5; batch++) {
		for (i = 0; i < 2000; i++) {
			snprintf(helo, sizeof(helo), "%0*d.example",
			    400, batch * 2000 + i);
			/* The number is what is cut off, or not. */
			snprintf(helo, 20, "b%d-%d-", batch, i);
			helo[strlen(helo)] = 'x';
			tally_record(tally, &r);
		}
		if (tally_bytes(tally) > most)
			most = tally_bytes(tally);
		flush();
	}
	is_str(rows("SELECT count(*) <= 1001, sum(count), max(length(helo))"
	    " FROM detail"), "1|10000|255", "banners: bounded, none lost");
	is_str(rows("SELECT count(*), sum(count) >= 8999 FROM detail"
	    " WHERE sip || rip || mx || helo || reason = ''"), "1|1",
	    "banners: the rest is one row of its type");
	is_str(rows(TALLY), "20779|a.example|0|0|10000", "banners: the tally");
	ok(most < 4 * 1024 * 1024, "banners: memory is bounded (%zu)", most);
}

static void
check_addresses(void)
{
	struct record r = incoming(NULL, "a.example", "public>government",
	    VERDICT_PASS);
	char addr[32];
	int i;

	fresh();
	r.remote = addr;
	for (i = 0; i < 1000; i++) {
		snprintf(addr, sizeof(addr), "198.51.%d.%d", i / 250,
		    i % 250);
		tally_record(tally, &r);
		if (i % 300 == 0)
			flush();
	}
	flush();
	is_str(rows("SELECT count(*) <= 101, sum(sessions) FROM incident"),
	    "1|1000", "addresses: bounded, none lost");
	is_str(rows("SELECT sum(sessions) > 800 FROM incident"
	    " WHERE addr = '*'"), "1", "addresses: the rest in one row");
}

/* As if TALLY_DOMAINS_MAX were reached: rows that were there go on. */
static void
check_domains(void)
{
	struct record r = outgoing(NULL, STARTTLS_ABSENT,
	    FAILURE_NOT_SUPPORTED);

	fresh();
	sqlite3_exec(store->db, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL"
	    " SELECT i + 1 FROM n WHERE i < 300000) INSERT INTO tally"
	    " SELECT 20779, 'd' || i || '.example', 0, 1, 0 FROM n;"
	    "INSERT INTO correspondent SELECT 20779, 1, domain, 'public', 1,"
	    " 0, 0, 0, 0, 0, 0, 1, 1, 1, 1 FROM tally", NULL, NULL, NULL);
	to(&r, "d7.example", "government>public");
	to(&r, "new.example", "government>public");
	to(&r, "newer.govt.nz", "government>government");
	tally_record(tally, &r);
	flush();
	tally_record(tally, &r);
	flush();
	is_str(rows("SELECT domain, ok, fail FROM tally WHERE fail > 0"
	    " ORDER BY 1"), "*|0|4 d7.example|1|2", "domains: bounded");
	is_str(rows("SELECT domain, class, clear FROM correspondent"
	    " WHERE clear > 0 ORDER BY 1"),
	    "*|*|4 d7.example|public|2", "domains: correspondents too");
	is_str(rows("SELECT domain, sum(count) FROM detail GROUP BY 1"),
	    "d7.example|2", "domains: no details without a tally");
}

static void
check_late(void)
{
	struct record r = outgoing("TLSv1.3", STARTTLS_OFFERED,
	    FAILURE_NONE);

	fresh();
	r.time = 1700000000;
	to(&r, "a.example", "government>public");
	to(&r, "b.example", "government>public");
	sqlite3_exec(store->db, "INSERT INTO report (day, domain, state, due)"
	    " VALUES (19675, 'a.example', 'sent', 0), (19675, 'b.example',"
	    " 'due', 0)", NULL, NULL, NULL);
	tally_record(tally, &r);
	tally_record(tally, &r);
	flush();
	is_int(store_meta(store, "late", 0), 2,
	    "late: sessions of a report that was made are counted as such");
	is_str(rows("SELECT sum(ok) FROM tally"), "4", "late: and tallied");
}

static void
check_lost(void)
{
	struct record r = outgoing("TLSv1.3", STARTTLS_OFFERED,
	    FAILURE_NONE);

	fresh();
	to(&r, "a.example", "government>public");
	r.lost = 17;
	tally_record(tally, &r);
	r.lost = 3;
	tally_record(tally, &r);
	flush();
	r.lost = 0;
	tally_record(tally, &r);
	flush();
	is_int(store_meta(store, "lost", 0), 20,
	    "lost: what the filter had to drop is remembered");
}

int
main(void)
{
	char cmd[128];

	log_init("unit-tally", 1, 0);
	if (mkdtemp(dir) == NULL)
		fatal("%s", dir);
	conf = make_conf();
	if ((store = store_open(conf->database, STORE_WRITE)) == NULL)
		return 1;
	tally = tally_new(store, conf);
	check_outcomes();
	check_attributed();
	check_attributed_at_once();
	check_nothing();
	check_mail_refused();
	check_unseen();
	check_smarthost();
	check_attempts();
	check_many();
	check_incoming();
	check_local();
	check_details();
	check_addresses();
	check_domains();
	check_late();
	check_lost();
	tally_free(tally);
	store_close(store);
	conf_free(conf);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd) != 0 || done_testing();
}
