/* SPDX-License-Identifier: ISC */

/* What table-sge says of a domain, by sge.conf and by what was learned. */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "conftext.h"
#include "rule/table_answer.h"
#include "tap.h"

#define NOW 1000

#define CONF NLOCAL "mode %s\n"						\
	"class members { member.nz far.nz }\n"				\
	"class government { .gov.nz }\n"				\
	"class court { court.nz }\n"					\
	"class newest { new.nz }\n"					\
	"flow from any to members require connector\n"			\
	"flow from any to government require tls\n"			\
	"flow from any to court require verified tls\n"			\
	"flow from any to newest require tls 1.3\n"			\
	"flow from any to any prefer tls\n"				\
	"connector member.nz to smtp+tls://mx.member.nz:26 from 192.0.2.1\n"	\
	"mta-sts except except.nz\n"

static const char lines[] =
    "policy.nz|enforce|2000|smtp+tls://mx.policy.nz\n"
    "except.nz|enforce|2000|smtp+tls://mx.except.nz\n"
    "over.nz|enforce|1000|smtp+tls://mx.over.nz\n"
    "none.nz|none|2000|smtp+tls://mx.none.nz\n"
    "far.nz|none|2000|smtp+tls://mx.far.nz\n"
    "court.nz|none|2000|smtp+tls://mx.court.nz\n"
    "m.nz|none|2000|smtp+tls://mx.m.nz\n";

struct want {
	const char	*domain;
	enum answer_why	 why;
	const char	*tables;
	const char	*url;
};

static struct conf *
conf_of(const char *mode)
{
	struct conf *conf;
	char text[2048], *said;

	(void)snprintf(text, sizeof(text), CONF, mode);
	if ((conf = conf_text(text, &said)) == NULL)
		fatalx("test: %s", said);
	free(said);
	return conf;
}

static void
answers(const struct conf *conf, struct routes *routes,
    const struct want *want, size_t n)
{
	struct answer a;
	char tables[64];
	size_t i;

	for (i = 0; i < n; i++) {
		/* Nothing of what stood there before stays. */
		memset(&a, 0x55, sizeof(a));
		answer_find(conf, routes, want[i].domain, NOW, &a);
		is_int(a.why, want[i].why, "%s: why", want[i].domain);
		(void)snprintf(tables, sizeof(tables), "%s%s%s",
		    a.verify == 1 ? "verify " : a.verify == 0 ? "" : "? ",
		    a.encrypt == 1 ? "encrypt " : a.encrypt == 0 ? "" : "? ",
		    a.newest == 1 ? "13 " : a.newest == 0 ? "" : "? ");
		is_str(tables, want[i].tables, "%s: tables", want[i].domain);
		is_str(a.url, want[i].url, "%s: URL", want[i].domain);
		is_int(a.excepted, strcmp(want[i].domain, "except.nz") == 0,
		    "%s: excepted", want[i].domain);
	}
}

static void
enforced(struct routes *routes)
{
	static const struct want want[] = {
		{ "m.nz", WHY_LOCAL, "", "" },
		{ "member.nz", WHY_CONNECTOR, "verify ",
		    "smtp+tls://mx.member.nz:26" },
		{ "policy.nz", WHY_POLICY, "verify ",
		    "smtp+tls://mx.policy.nz" },
		{ "except.nz", WHY_NOTHING, "", "smtp+tls://mx.except.nz" },
		{ "over.nz", WHY_NOTHING, "", "smtp+tls://mx.over.nz" },
		{ "none.nz", WHY_NOTHING, "", "smtp+tls://mx.none.nz" },
		{ "other.nz", WHY_NOTHING, "", "" },
		{ "far.nz", WHY_RULE, "verify ", "" },
		{ "court.nz", WHY_RULE, "verify ", "smtp+tls://mx.court.nz" },
		{ "a.gov.nz", WHY_RULE, "encrypt ", "" },
		{ "new.nz", WHY_RULE, "encrypt 13 ", "" },
	};
	struct conf *conf = conf_of("enforce");

	answers(conf, routes, want, nitems(want));
	conf_free(conf);
}

/* What our flows require is not forced; a connector and a policy are. */
static void
testing(struct routes *routes)
{
	static const struct want want[] = {
		{ "m.nz", WHY_LOCAL, "", "" },
		{ "member.nz", WHY_CONNECTOR, "verify ",
		    "smtp+tls://mx.member.nz:26" },
		{ "policy.nz", WHY_POLICY, "verify ",
		    "smtp+tls://mx.policy.nz" },
		{ "far.nz", WHY_TESTING, "", "smtp+tls://mx.far.nz" },
		{ "a.gov.nz", WHY_TESTING, "", "" },
		{ "new.nz", WHY_TESTING, "", "" },
	};
	struct conf *conf = conf_of("testing");

	answers(conf, routes, want, nitems(want));
	conf_free(conf);
}

static void
hosts(void)
{
	static const char *const urls[][2] = {
		{ "smtp+tls://mx.a.nz", "mx.a.nz" },
		{ "smtp+tls://mx.a.nz:26", "mx.a.nz" },
		{ "smtp+tls://[2001:db8::1]:26", "[2001:db8::1]" },
		{ "smtp+tls://", NULL }, { "", NULL }, { "mx.a.nz", NULL },
	};
	struct answer a;
	char host[16];
	size_t i;

	memset(&a, 0, sizeof(a));
	for (i = 0; i < nitems(urls); i++) {
		(void)strlcpy(a.url, urls[i][0], sizeof(a.url));
		is_int(answer_host(&a, host, sizeof(host)),
		    urls[i][1] == NULL ? -1 : 0, "host of \"%s\"", a.url);
		if (urls[i][1] != NULL)
			is_str(host, urls[i][1], "its name");
	}
	(void)strlcpy(a.url, "smtp+tls://mx.a.nz", sizeof(a.url));
	is_int(answer_host(&a, host, 7), -1, "one that does not fit");
	is_int(answer_host(&a, host, 8), 0, "one that just fits");
}

int
main(void)
{
	char path[] = "/tmp/unit-answer.XXXXXXXXXX";
	struct routes *routes;
	int fd;

	log_init("unit-table-answer", 1, 0);
	if ((fd = mkstemp(path)) == -1 || write(fd, lines,
	    sizeof(lines) - 1) != (ssize_t)sizeof(lines) - 1 ||
	    close(fd) == -1 || (routes = routes_open(path)) == NULL)
		fatal("%s", path);
	enforced(routes);
	testing(routes);
	hosts();
	routes_free(routes);
	(void)unlink(path);
	return done_testing();
}
