/* SPDX-License-Identifier: ISC */

/* When what is learned is looked at again, table by table. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/bounds.h"
#include "learn_bench.h"
#include "said.h"
#include "lib/hash.h"
#include "tap.h"

#define HOUR	3600
#define DAY	86400

/* RFC 8461 3.3, 10.2: whether the policy is fetched now. */
static void
test_wanted(struct bench *b)
{
	/* Seconds from now; the newest try is as long ago. */
	static const struct {
		const char	*what;
		enum facts	 txt;
		const char	*id;
		const char	*held_id;
		int64_t		 expires;	/* 0: none is held */
		int64_t		 refresh;
		int64_t		 tried;
		const char	*tried_id;
		const char	*error;
		int		 want;
	} cases[] = {
		{ "nothing is known of it", FACTS_OK, "1", "", 0, 0, DAY, "",
		    "", 1 },
		{ "no record, nothing held", FACTS_ABSENT, "", "", 0, 0, DAY,
		    "", "", 0 },
		{ "no answer, nothing held", FACTS_FAILED, "", "", 0, 0, DAY,
		    "", "", 0 },
		{ "held", FACTS_OK, "1", "1", DAY, HOUR, DAY, "1", "", 0 },
		{ "held under another id", FACTS_OK, "2", "1", DAY, HOUR, DAY,
		    "1", "", 1 },
		{ "over", FACTS_OK, "1", "1", -1, HOUR, DAY, "1", "", 1 },
		{ "over this second", FACTS_OK, "1", "1", 0, HOUR, DAY, "1",
		    "", 1 },
		{ "over in a second", FACTS_OK, "1", "1", 1, HOUR, DAY, "1",
		    "", 0 },
		{ "held, time to renew it", FACTS_OK, "1", "1", DAY, 0, DAY,
		    "1", "", 1 },
		{ "a second before that", FACTS_OK, "1", "1", DAY, 1, DAY, "1",
		    "", 0 },
		{ "the same without a record", FACTS_ABSENT, "", "1", DAY, 0,
		    DAY, "1", "", 1 },
		{ "and without an answer", FACTS_FAILED, "", "1", DAY, -1, DAY,
		    "1", "", 1 },
		{ "over, and no record", FACTS_ABSENT, "", "1", -1, -1, DAY,
		    "1", "", 0 },
		{ "failed", FACTS_OK, "1", "", 0, 0, STS_RETRY_SECONDS - 1,
		    "1", "x", 0 },
		{ "failed five minutes ago", FACTS_OK, "1", "", 0, 0,
		    STS_RETRY_SECONDS, "1", "x", 1 },
		{ "failed for another id", FACTS_OK, "2", "", 0, 0, 1, "1",
		    "x", 1 },
		{ "fetched, and over soon", FACTS_OK, "1", "1", -1, -1,
		    RENEW_MIN - 1, "1", "", 0 },
		{ "a moment later", FACTS_OK, "1", "1", -1, -1, RENEW_MIN,
		    "1", "", 1 },
		{ "its renewal failed", FACTS_ABSENT, "", "1", DAY, -1,
		    STS_RETRY_SECONDS - 1, "1", "x", 0 },
		{ "that long ago", FACTS_ABSENT, "", "1", DAY, -1,
		    STS_RETRY_SECONDS, "1", "x", 1 },
	};
	int64_t now = time(NULL);
	struct lesson lesson;
	struct sts_policy *policy;
	const char *why, body[] = POLICY("enforce", "mx.x.nz");
	size_t i;

	if ((policy = sts_policy_parse(body, strlen(body), &why)) == NULL) {
		ok(0, "%s", why);
		return;
	}
	for (i = 0; i < nitems(cases); i++) {
		memset(&lesson, 0, sizeof(lesson));
		lesson.learn = b->e.learn;
		(void)strlcpy(lesson.domain, "x.nz", sizeof(lesson.domain));
		lesson.txt = cases[i].txt;
		(void)strlcpy(lesson.id, cases[i].id, sizeof(lesson.id));
		(void)strlcpy(lesson.held.id, cases[i].held_id,
		    sizeof(lesson.held.id));
		(void)strlcpy(lesson.held.tried_id, cases[i].tried_id,
		    sizeof(lesson.held.tried_id));
		(void)strlcpy(lesson.held.error, cases[i].error,
		    sizeof(lesson.held.error));
		if (cases[i].held_id[0] != '\0')
			lesson.held.policy = policy;
		lesson.held.expires = now + cases[i].expires;
		lesson.held.refresh = now + cases[i].refresh;
		lesson.held.tried = now - cases[i].tried;
		is_int(policy_wanted(&lesson, now), cases[i].want, "%s",
		    cases[i].what);
	}
	sts_policy_free(policy);
}

/* When a domain is looked up again. */
static void
test_renewal(struct bench *b)
{
	static const struct {
		int		 ttl;
		int64_t		 used;		/* so long ago */
		int64_t		 waits;		/* 0: nothing does */
		const char	*mx;		/* status instead of hosts */
		const char	*want;
	} cases[] = {
		{ 1, 0, 0, NULL, "15" },
		{ 16, 0, 0, NULL, "16" },
		{ 599, 0, 0, NULL, "599" },
		{ 5000, 0, 0, NULL, "600" },
		{ 500, 0, 0, "servfail", "15" },
		/* That there is none is known for a second here. */
		{ 500, 0, 0, "nxdomain", "15" },
		{ 500, HOUR - 10, 0, NULL, "500" },
		{ 500, HOUR + 10, 0, NULL, "3600" },
		{ 500, HOUR + 10, 0, "servfail", "3600" },
		{ 500, DAY - 10, 0, NULL, "3600" },
		{ 500, DAY + 10, 0, NULL, "never" },
		{ 500, 9 * DAY, 5 * DAY - 10, NULL, "3600" },
		{ 500, 9 * DAY, 5 * DAY + 10, NULL, "never" },
	};
	struct site *s = site_of("twoids.nz");
	const char *host = s->mx[0], *txt;
	size_t i;

	(void)ask(b, "twoids.nz");
	for (i = 0; i < nitems(cases); i++) {
		sql(b, "UPDATE route SET used = unixepoch() - %lld WHERE"
		    " domain = 'twoids.nz'; DELETE FROM waiting",
		    (long long)cases[i].used);
		if (cases[i].waits != 0)
			sql(b, "INSERT INTO waiting VALUES ('twoids.nz', 1,"
			    " unixepoch() - %lld)", (long long)cases[i].waits);
		s->ttl = cases[i].ttl;
		s->mx[0] = cases[i].mx != NULL ? cases[i].mx : host;
		again(b, "twoids.nz");
		is_str(rows(b, "SELECT iif(renew = 9223372036854775807,"
		    " 'never', renew - learned) FROM route WHERE domain ="
		    " 'twoids.nz'"), cases[i].want, "%d s in the DNS, used"
		    " %lld s ago: %s", cases[i].ttl, (long long)cases[i].used,
		    cases[i].want);
	}
	sql(b, "DELETE FROM waiting");
	s->mx[0] = host;
	s->ttl = 500;
	txt = s->txt;
	s->txt = "nxdomain";
	sql(b, "UPDATE route SET used = unixepoch() WHERE domain ="
	    " 'twoids.nz'");
	again(b, "twoids.nz");
	is_str(rows(b, "SELECT renew - learned FROM route WHERE domain ="
	    " 'twoids.nz'"), "15", "nor longer than there is no record");
	s->txt = txt;
	s->ttl = 0;
}

/* A host that fails goes back, longer each time, up to an hour. */
static void
test_back(struct bench *b)
{
	static const int64_t want[] = { 300, 600, 1200, 2400, 3600, 3600 };
	int64_t now = time(NULL);
	size_t i;

	(void)ask(b, "two.nz");
	(void)settle(b, DEADLINE_MS);
	for (i = 0; i < nitems(want); i++) {
		sql(b, "UPDATE mx SET failed = %zu, retry = %lld WHERE host ="
		    " 'mx.two.nz'", i, (long long)now);
		if (store_begin(b->e.store) == -1)
			ok(0, "begun");
		is_int(host_back(b->e.learn, "mx.two.nz", now), 0,
		    "a host that failed %zu times", i);
		is_int(store_commit(b->e.store), 0, "is noted");
		is_str(rows(b, "SELECT failed || ' ' || (retry - %lld) ="
		    " '%zu %lld' FROM mx WHERE host = 'mx.two.nz'",
		    (long long)now, i + 1, (long long)want[i]), "1",
		    "for %lld s", (long long)want[i]);
	}
	is_int(host_back(b->e.learn, "mx.two.nz", now + 10), 0,
	    "it fails while it is back");
	is_str(rows(b, "SELECT failed FROM mx WHERE host = 'mx.two.nz'"), "6",
	    "which is the same failure");
	is_int(host_forward(b->e.learn, "mx.two.nz"), 0, "it works again");
	is_str(rows(b, "SELECT failed || ' ' || retry FROM mx WHERE host ="
	    " 'mx.two.nz'"), "0 0", "and comes forward");
}

/* What a look says of failures that wait for it. */
static void
test_settle(struct bench *b)
{
	static const char again_not[] = "validation-failure TLS handshake"
	    " failed; when asked again it did not";
	static const struct {
		const char		*failed;
		struct store_probe	 p;
		int			 policy;
		const char		*want;	/* "": it is no failure */
	} cases[] = {
		{ "validation-failure", { .status = "ok", .starttls =
		    "offered", .type = "certificate-expired", .text = "x",
		    .handshake = 1 }, 1, "certificate-expired x" },
		{ "validation-failure", { .status = "ok", .starttls =
		    "offered", .type = "certificate-expired", .text = "x",
		    .handshake = 1 }, 0, again_not },
		/* No TLS at all, whatever its certificate. */
		{ "validation-failure", { .status = "ok", .starttls =
		    "offered", .type = "certificate-expired", .text = "x" },
		    0, "certificate-expired x" },
		{ "validation-failure", { .status = "ok", .starttls =
		    "offered", .type = "validation-failure", .text = "x",
		    .handshake = 1 }, 0, "validation-failure x" },
		{ "validation-failure", { .status = "ok", .starttls =
		    "absent", .type = "starttls-not-supported", .text = "" },
		    0, "starttls-not-supported " },
		{ "validation-failure", { .status = "ok", .starttls =
		    "offered", .handshake = 1 }, 1, again_not },
		{ "validation-failure", { .status = "ok", .starttls =
		    "offered" }, 0, again_not },
		{ "validation-failure", { .status = "connect", .text = "why" },
		    0, "validation-failure TLS handshake failed; no answer"
		    " when asked again: why" },
		{ "validation-failure", { .status = "connect", .type = "x",
		    .text = "why" }, 1, "validation-failure TLS handshake"
		    " failed; no answer when asked again: why" },
		{ "validation-failure", { .status = "smtp", .starttls =
		    "busy" }, 0, "" },
		{ "validation-failure", { .status = "ok", .starttls = "busy" },
		    1, "" },
		{ "starttls-not-supported", { .status = "ok", .starttls =
		    "absent", .type = "starttls-not-supported" }, 0,
		    "starttls-not-supported " },
		{ "starttls-not-supported", { .status = "ok", .starttls =
		    "offered" }, 0, "" },
		{ "starttls-not-supported", { .status = "smtp", .starttls =
		    "absent" }, 0, "" },
		{ "starttls-not-supported", { .status = "connect" }, 0, "" },
	};
	size_t i;

	for (i = 0; i < nitems(cases); i++) {
		sql(b, "DELETE FROM detail; DELETE FROM tally; INSERT INTO"
		    " tally VALUES (1, 'x.nz', %d, 5, 3); INSERT INTO detail"
		    " VALUES (1, 'x.nz', %d, '%s', '192.0.2.1', '192.0.2.7',"
		    " 'mx.x.nz', '', '', '', 1, 3)", cases[i].policy,
		    cases[i].policy, cases[i].failed);
		is_int(look_settle(b->e.learn, "192.0.2.7", "mx.x.nz",
		    &cases[i].p), 0, "%s, and %s %s", cases[i].failed,
		    cases[i].p.status, cases[i].p.type);
		is_str(rows(b, "SELECT type || ' ' || reason FROM detail WHERE"
		    " pending = 0 AND count = 3"), cases[i].want, "is: %s",
		    cases[i].want);
		is_str(rows(b, "SELECT ok || ' ' || fail FROM tally"),
		    cases[i].want[0] == '\0' ? "5 0" : "5 3", "and counts so");
	}
	is_str(rows(b, "SELECT * FROM detail WHERE pending = 1"), "",
	    "nothing waits");
	sql(b, "DELETE FROM detail; DELETE FROM tally");
}

/* Looks begun within a second, of neighbouring networks. */
static void
test_networks(struct bench *b)
{
	static const char *const prefix[] = { "203.0.113.", "203.0.112.",
	    "2001:db8:5:", "2001:db8:6:" };
	char host[64], addr[64];
	size_t i;
	int n;

	hash_clear(b->e.learn->networks);
	b->probes = 0;
	for (i = 0; i < nitems(prefix); i++)
		for (n = 1; n < 20; n++) {
			(void)snprintf(host, sizeof(host), "n%zu-%d.nz", i, n);
			(void)snprintf(addr, sizeof(addr), i < 2 ? "%s%d" :
			    "%s%d00::1", prefix[i], n);
			look_at(b->e.learn, host, addr, 0);
			is_int(look_is_begun(b->e.learn, host, addr),
			    n <= PROBES_NETWORK_MAX, "%s", addr);
		}
	look_at(b->e.learn, "odd.nz", "no address", 0);
	is_int(look_is_begun(b->e.learn, "odd.nz", "no address"), 0,
	    "nor what is no address");
	b->wanted = 0;
	(void)settle(b, DEADLINE_MS);
	is_int(b->probes, 4 * PROBES_NETWORK_MAX, "each network has its own");
}

/* Who asks for more than can be learned is told so, and it is said. */
static void
test_refused(struct bench *b)
{
	struct learn *l = b->e.learn;

	said_begin();
	b->answers[0] = '\0';
	b->nanswers = 0;
	b->wanted = 2;
	l->nlessons += LEARN_WAITING_MAX;
	learn_ask(&b->e, "more.nz", learned, b);
	learn_ask(&b->e, "still.nz", learned, b);
	l->nlessons -= LEARN_WAITING_MAX;
	(void)settle(b, DEADLINE_MS);
	is_str(b->answers, "more.nz=failed still.nz=failed ",
	    "beyond what is waited for nobody waits");
	is_int(said_end("domains were not learned"), 1, "which is said once");
	is_int(learn_refused(&b->e), 2, "and counted");
	b->wanted = 0;
}

/* Hosts that hang leave their neighbours room, and not without end. */
static void
test_hanging(struct bench *b)
{
	struct learn *l = b->e.learn;
	char host[64], addr[64];
	int n, second;

	b->silent = 1;
	for (second = n = 0; second < 8; second++) {
		hash_clear(l->networks);
		/* As what waits for them asks for a look each second. */
		for (n = 0; n < 40; n++) {
			(void)snprintf(host, sizeof(host), "hang%d.nz", n);
			(void)snprintf(addr, sizeof(addr), "203.0.113.%d", n);
			look_at(l, host, addr, 0);
		}
		is_int((long long)l->nlooks, second < 4 ? (second + 1) *
		    PROBES_NETWORK_MAX : PROBES_NETWORK_UNDER_MAX,
		    "under way after %d s", second);
	}
	look_at(l, "else.nz", "203.0.112.1", 0);
	is_int(look_is_begun(l, "else.nz", "203.0.112.1"), 1,
	    "another network has its own");
	b->silent = 0;
	look_stop(l);
	look_start(l);
}

/* In RFC 8460's words what a look found. */
static void
test_types(struct bench *b)
{
	static const struct {
		const char	*status;
		const char	*starttls;
		const char	*cert;
		const char	*want;
	} cases[] = {
		{ "ok", "offered", "ok", "" },
		{ "ok", "absent", "ok", "starttls-not-supported" },
		{ "ok", "busy", "ok", "starttls-not-supported" },
		{ "ok", "offered", "expired", "certificate-expired" },
		{ "ok", "offered", "host-mismatch",
		    "certificate-host-mismatch" },
		{ "ok", "offered", "not-trusted", "certificate-not-trusted" },
		{ "ok", "offered", "other", "validation-failure" },
		{ "connect", "absent", "expired", "" },
		{ "smtp", "absent", "ok", "" },
	};
	size_t i;

	for (i = 0; i < nitems(cases); i++) {
		b->status = cases[i].status;
		b->starttls = cases[i].starttls;
		b->cert = cases[i].cert;
		sql(b, "DELETE FROM probe");
		look_at(b->e.learn, "mx.type.nz", "192.0.2.77", 0);
		b->wanted = 0;
		(void)settle(b, DEADLINE_MS);
		is_str(rows(b, "SELECT type FROM probe WHERE host ="
		    " 'mx.type.nz' AND status = '%s'", cases[i].status),
		    cases[i].want, "%s %s %s: %s", cases[i].status,
		    cases[i].starttls, cases[i].cert, cases[i].want);
		is_str(rows(b, "SELECT count(*) FROM probe"), "1", "is noted");
	}
	b->status = "ok";
	b->starttls = "offered";
	b->cert = "ok";
	sql(b, "DELETE FROM probe");
}

int
main(void)
{
	struct conf *conf = bench_begin("unit-learn-bounds");
	struct bench b;

	start(&b, conf);
	test_wanted(&b);
	test_renewal(&b);
	test_back(&b);
	test_settle(&b);
	test_networks(&b);
	test_hanging(&b);
	test_refused(&b);
	test_types(&b);
	stop(&b);
	bench_end(conf);
	return done_testing();
}
