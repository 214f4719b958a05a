/* SPDX-License-Identifier: ISC */

/*
 * What the engine believes of its helper processes: this test is a broken one.
 */

#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "base/log.h"
#include "helper/helper_answer.h"
#include "tap.h"

#define TXT	WORLD_RESOLVE, "{\"op\":\"txt\",\"name\":\"_mta-sts.a.nz\"}"
#define MX	WORLD_RESOLVE, "{\"op\":\"mx\",\"name\":\"A.nz.\"}"
#define ADDR	WORLD_RESOLVE, "{\"op\":\"addr\",\"name\":\"mx.a.nz\"}"
#define TLSA	WORLD_RESOLVE, "{\"op\":\"tlsa\",\"name\":\"_25._tcp.a.nz\"}"
#define GET	WORLD_NET, "{\"op\":\"get\",\"host\":\"a.nz\",\"max\":9}"
#define POST	WORLD_NET, "{\"op\":\"post\",\"host\":\"a.nz\"}"
#define PROBE	WORLD_NET, "{\"op\":\"probe\",\"host\":\"mx.a.nz\"}"
#define ALL	WORLD_NET, "{\"op\":\"probe\",\"versions\":true}"
#define CHAIN	WORLD_NET, "{\"op\":\"probe\",\"chain\":true}"
#define MAIL	WORLD_MAILER, "{\"op\":\"mail\",\"delivery\":7}"

#define SERVFAIL "{\"status\":\"servfail\"}"
#define GONE "{\"status\":\"gone\"}"

static const struct {
	enum world_part	 part;
	const char	*request;
	const char	*answer;
	const char	*odd;		/* NULL: it is good, and stays */
	const char	*believed;
} cases[] = {
	/* The DNS. */
	{ TXT, "{\"secure\":true,\"status\":\"ok\",\"ttl\":60,"
	    "\"txt\":[\"v=STSv1; id=1;\",\"\"]}", NULL, NULL },
	{ MX, "{\"canon\":\"b.nz\",\"mx\":[[0,\"x.nz\"],[65535,\"y.nz\"]],"
	    "\"secure\":false,\"status\":\"ok\",\"ttl\":0}", NULL, NULL },
	{ MX, "{\"implicit\":true,\"mx\":[[0,\"a.nz\"]],\"status\":\"ok\"}",
	    NULL, NULL },
	{ MX, "{\"null\":true,\"status\":\"nodata\"}", NULL, NULL },
	{ MX, "{\"mx\":[],\"status\":\"nodata\"}", NULL, NULL },
	{ ADDR, "{\"addr\":[\"192.0.2.1\",\"2001:db8::1\"],"
	    "\"status\":\"ok\"}", NULL, NULL },
	{ TLSA, "{\"secure\":true,\"status\":\"ok\","
	    "\"tlsa\":[[3,1,1,\"00ff\"],[0,0,255,\"\"]]}", NULL, NULL },
	{ TLSA, "{\"status\":\"ok\",\"tlsa\":[[3,1,1,\"0|\"],[3,1,256,\"00\"],"
	    "[3,1,\"00\"],[-1,1,1,\"00\"],7,[2,0,1,\"ab\"]]}", "tlsa",
	    "{\"status\":\"ok\",\"tlsa\":[[2,0,1,\"ab\"]]}" },
	{ MX, "{}", "status", SERVFAIL },
	{ MX, "{\"status\":5}", "status", SERVFAIL },
	{ MX, "{\"status\":\"gone\"}", "status", SERVFAIL },
	{ MX, "{\"status\":\"ok\"}", "mx", SERVFAIL },
	{ MX, "{\"status\":\"ok\",\"mx\":{}}", "mx", SERVFAIL },
	{ MX, "{\"status\":\"nxdomain\",\"mx\":[[1,\"x.nz\"]]}", "mx",
	    SERVFAIL },
	/* Names: a line of its own in SPOOL/routes, another option, a path. */
	{ MX, "{\"status\":\"ok\",\"mx\":[[1,\"x.nz\\nbank.nz|none|9|\"]]}",
	    "mx", SERVFAIL },
	{ MX, "{\"status\":\"ok\",\"mx\":[[1,\"x.nz|\"],[2,\"Y.NZ.\"],"
	    "[3,\"../a\"],[4,\"\"],[5,7],[6],\"z.nz\",[7,\"a,b\"]]}", "mx",
	    "{\"mx\":[[2,\"y.nz\"]],\"status\":\"ok\"}" },
	{ MX, "{\"status\":\"ok\",\"mx\":[[-1,\"a.nz\"],[65536,\"b.nz\"],"
	    "[\"1\",\"c.nz\"],[1.5,\"d.nz\"],[4,\"e.nz\"]]}", "mx",
	    "{\"mx\":[[4,\"e.nz\"]],\"status\":\"ok\"}" },
	{ MX, "{\"status\":\"ok\",\"mx\":[[9,\"x.nz\"],[1,\"y.nz\"]]}", "mx",
	    SERVFAIL },
	{ MX, "{\"status\":\"ok\",\"mx\":[[0,\"b.nz\"]],\"implicit\":true}",
	    "implicit", SERVFAIL },
	{ MX, "{\"status\":\"ok\",\"mx\":[[0,\"b.nz\"]],\"null\":true}",
	    "null", SERVFAIL },
	/* What was not asked for is not there, and no harm. */
	{ MX, "{\"status\":\"ok\",\"mx\":[[0,\"b.nz\"]],\"txt\":[\"x\"],"
	    "\"addr\":[\"192.0.2.1\"],\"id\":5,\"more\":{}}", NULL,
	    "{\"mx\":[[0,\"b.nz\"]],\"status\":\"ok\"}" },
	{ ADDR, "{\"status\":\"ok\",\"addr\":[\"192.0.2.1 \",\"localhost\","
	    "\"::FFFF:192.0.2.9\",1]}", "addr",
	    "{\"addr\":[\"192.0.2.9\"],\"status\":\"ok\"}" },
	{ ADDR, "{\"status\":\"ok\",\"addr\":\"192.0.2.1\"}", "addr",
	    SERVFAIL },
	{ TXT, "{\"status\":\"ok\",\"txt\":[\"a\\nb\",\"c\"]}", "txt",
	    "{\"status\":\"ok\",\"txt\":[\"c\"]}" },
	{ TXT, "{\"status\":\"nodata\",\"ttl\":-5,\"secure\":1,"
	    "\"canon\":\"a b\",\"toolong\":true}", "canon",
	    "{\"status\":\"nodata\",\"toolong\":true}" },
	{ TXT, "{\"status\":\"nodata\",\"ttl\":2147483648}", "ttl",
	    "{\"status\":\"nodata\"}" },
	/* Policies and posts. */
	{ GET, "{\"body\":\"123456789\",\"cert\":\"ok\",\"date\":\"now\","
	    "\"http\":200,\"notafter\":-1,\"status\":\"ok\",\"text\":\"\","
	    "\"type\":\"text/plain\"}", NULL, NULL },
	{ GET, "{\"body64\":\"MTIzNDU2Nzg5\",\"cert\":\"ok\",\"http\":404,"
	    "\"status\":\"ok\"}", NULL, NULL },
	{ GET, "{\"cert\":\"expired\",\"status\":\"tls\","
	    "\"text\":\"it is over\"}", NULL, NULL },
	{ GET, "{\"status\":\"ok\",\"cert\":\"ok\",\"http\":200,"
	    "\"body\":\"1234567890\"}", "body",
	    "{\"cert\":\"ok\",\"http\":200,\"status\":\"ok\"}" },
	{ GET, "{\"status\":\"ok\",\"cert\":\"ok\",\"http\":200,"
	    "\"body64\":\"MTIzNDU2Nzg5MTIzNDU2Nzg5\"}", "body64",
	    "{\"cert\":\"ok\",\"http\":200,\"status\":\"ok\"}" },
	{ GET, "{\"status\":\"ok\",\"cert\":\"ok\"}", "http", GONE },
	{ GET, "{\"status\":\"ok\",\"cert\":\"ok\",\"http\":1000}", "http",
	    GONE },
	{ GET, "{\"status\":\"ok\",\"cert\":\"ok\",\"http\":\"200\"}", "http",
	    GONE },
	{ GET, "{\"status\":\"ok\",\"cert\":\"expired\",\"http\":200}",
	    "cert", GONE },
	{ GET, "{\"status\":\"smtp\"}", "status", GONE },
	{ POST, "{\"cert\":\"expired\",\"http\":201,\"status\":\"ok\"}", NULL,
	    NULL },
	{ POST, "{\"status\":\"connect\",\"text\":\"a\\u001b[2Jb\"}", "text",
	    "{\"status\":\"connect\"}" },
	{ POST, "{\"status\":\"ok\",\"http\":200,\"notafter\":1e30,"
	    "\"type\":\"a\\r\\nb\",\"date\":\"0123456789012345678901234567890"
	    "1234567890\"}", "notafter", "{\"http\":200,\"status\":\"ok\"}" },
	/* Probes. */
	{ CHAIN, "{\"pem\":\"-----BEGIN X-----\\nAb+/=\\n\",\"status\":\"ok\"}",
	    NULL, NULL },
	{ CHAIN, "{\"pem\":\"$(reboot)\",\"status\":\"ok\"}", "pem",
	    "{\"status\":\"ok\"}" },
	{ PROBE, "{\"pem\":\"-----BEGIN X-----\",\"status\":\"ok\"}", "pem",
	    "{\"status\":\"ok\"}" },
	{ PROBE, "{\"banner\":\"220 mx\",\"cert\":\"ok\",\"handshake\":true,"
	    "\"helo\":\"mx.a.nz\",\"names\":[\"*.a.nz\"],"
	    "\"notafter\":2000000000,\"starttls\":\"offered\","
	    "\"status\":\"ok\",\"text\":\"\",\"tls\":\"TLSv1.3\"}", NULL,
	    NULL },
	{ ALL, "{\"offers\":[\"1.0\",\"1.3\"],\"status\":\"ok\"}", NULL,
	    NULL },
	{ PROBE, "{\"offers\":[\"1.0\"],\"status\":\"ok\"}", "offers",
	    "{\"offers\":[],\"status\":\"ok\"}" },
	{ ALL, "{\"offers\":[\"1.4\"],\"status\":\"ok\"}", "offers",
	    "{\"offers\":[],\"status\":\"ok\"}" },
	{ PROBE, "{\"status\":\"ok\",\"starttls\":\"perhaps\","
	    "\"tls\":\"TLSv9\",\"cert\":\"good\",\"handshake\":1}",
	    "cert", "{\"status\":\"ok\"}" },
	{ PROBE, "{\"status\":\"ok\",\"starttls\":\"absent\","
	    "\"handshake\":true}", "handshake", GONE },
	{ PROBE, "{\"status\":\"ok\",\"starttls\":\"offered\","
	    "\"cert\":\"ok\"}", "cert", GONE },
	{ PROBE, "{\"status\":\"tls\"}", "status", GONE },
	/* The mailer. */
	{ MAIL, "{\"kept\":false,\"message\":\"1a2b3c4d\","
	    "\"status\":\"ok\"}", NULL, NULL },
	{ MAIL, "{\"exit\":67,\"status\":\"error\",\"text\":\"no user\"}",
	    NULL, NULL },
	{ MAIL, "{\"exit\":75,\"status\":\"error\",\"unknown\":true}", NULL,
	    NULL },
	{ MAIL, "{\"exit\":75,\"status\":\"error\",\"unknown\":1}", "unknown",
	    "{\"exit\":75,\"status\":\"error\"}" },
	{ MAIL, "{\"status\":\"error\"}", "exit", GONE },
	{ MAIL, "{\"status\":\"error\",\"exit\":0}", "exit", GONE },
	{ MAIL, "{\"status\":\"error\",\"exit\":256}", "exit", GONE },
	{ MAIL, "{\"status\":\"ok\",\"message\":\"1a2b3c4d5\"}", "message",
	    "{\"status\":\"ok\"}" },
	{ MAIL, "{\"status\":\"ok\",\"message\":\"../../..\"}", "message",
	    "{\"status\":\"ok\"}" },
	{ MAIL, "{\"status\":\"refused\"}", "status", GONE },
	{ WORLD_NET, "{\"op\":\"ping\"}", "{\"status\":\"ok\"}", NULL, NULL },
	/* What nobody asks. */
	{ WORLD_MAILER, "{\"op\":\"get\"}", "{\"status\":\"ok\"}", "status",
	    GONE },
};

static json_t *
load(const char *text)
{
	json_t *obj = json_loads(text, 0, NULL);

	if (obj == NULL)
		fatalx("test: %s", text);
	return obj;
}

static void
test_cases(void)
{
	struct helper_asked q;
	json_t *request, *answer, *out;
	const char *odd;
	char *text;
	size_t i;

	for (i = 0; i < nitems(cases); i++) {
		request = load(cases[i].request);
		answer = load(cases[i].answer);
		helper_asked(&q, cases[i].part, request);
		out = helper_answer(&q, answer, &odd);
		text = json_dumps(out, JSON_COMPACT | JSON_SORT_KEYS);
		is_str(text, cases[i].believed == NULL ? cases[i].answer :
		    cases[i].believed, "%s %s", cases[i].request,
		    cases[i].answer);
		is_str(odd == NULL ? "none" : odd, cases[i].odd == NULL ?
		    "none" : cases[i].odd, "and what was odd");
		free(text);
		json_decref(out);
		json_decref(answer);
		json_decref(request);
	}
}

/* One more than there may be: nothing of it is of use. */
static void
test_long(enum world_part part, const char *request, const char *key,
    json_t *item, size_t n)
{
	json_t *answer = load("{\"status\":\"ok\"}"), *list = json_array();
	json_t *asked = load(request), *out;
	struct helper_asked q;
	const char *odd;
	size_t i;

	for (i = 0; i < n; i++)
		json_array_append(list, item);
	json_object_set(answer, key, list);
	helper_asked(&q, part, asked);
	out = helper_answer(&q, answer, &odd);
	is_int((long long)json_array_size(json_object_get(out, key)),
	    (long long)n, "%s: %zu", key, n);
	json_decref(out);
	json_array_append_new(list, item);
	out = helper_answer(&q, answer, &odd);
	is_int((long long)json_array_size(json_object_get(out, key)), 0,
	    "one more: none");
	is_str(odd, key, "and that is odd");
	json_decref(out);
	json_decref(asked);
	json_decref(list);
	json_decref(answer);
}

static void
test_text(const char *text, size_t n)
{
	json_t *asked = load("{\"op\":\"txt\",\"name\":\"a.nz\"}"), *out;
	json_t *answer = json_pack("{s:s, s:[s]}", "status", "ok", "txt", text);
	struct helper_asked q;
	const char *odd;

	helper_asked(&q, WORLD_RESOLVE, asked);
	out = helper_answer(&q, answer, &odd);
	is_int((long long)json_array_size(json_object_get(out, "txt")),
	    (long long)n, "a record of %zu bytes", strlen(text));
	json_decref(out);
	json_decref(answer);
	json_decref(asked);
}

int
main(void)
{
	char text[TXT_RECORD_MAX + 2];

	log_init("unit-helper", 1, 0);
	test_cases();
	test_long(MX, "mx", json_pack("[i, s]", 1, "x.nz"), MX_RECORDS_MAX);
	test_long(TXT, "txt", json_string("x"), TXT_RECORDS_MAX);
	test_long(ADDR, "addr", json_string("192.0.2.1"), MX_ADDRS_MAX);
	test_long(PROBE, "names", json_string("x.nz"), CERT_NAMES_MAX);
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	test_text(text, 0);
	test_text(text + 1, 1);
	return done_testing();
}
