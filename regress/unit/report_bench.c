/* SPDX-License-Identifier: ISC */

#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "conftext.h"
#include "report_bench.h"

static const char conf_lines[] =
    "organization \"M\303\244nties & \\\"Co\\\"\"\n"
    "contact \"tls-reports@minties.govt.nz\"\n"
    "hostname \"mail.minties.govt.nz\"\n"
    "local { \"minties.govt.nz\" }\n"
    "report from \"tlsrpt-noreply@minties.govt.nz\"\n";

static char	 dir[] = "/tmp/unit-report.XXXXXXXXXX";

static void
fill(struct store *st)
{
	store_sql(st, "INSERT INTO policy VALUES (1, 'sts.nz', 'sts', 'testing',"
	    " '[\"version: STSv1\",\"mode: testing\",\"mx: *.sts.nz\","
	    "\"max_age: 86400\"]', '[\"*.sts.nz\"]')");
	store_sql(st, "INSERT INTO tally VALUES (20517, 'sts.nz', 1, 12, 4),"
	    " (20517, 'sts.nz', 0, 3, 0), (20517, 'plain.nz', 0, 41, 0),"
	    " (20516, 'plain.nz', 0, 1, 1), (20517, 'odd.nz', 0, 0, 7)");
	store_sql(st, "INSERT INTO detail VALUES"
	    " (20517, 'sts.nz', 1, 'starttls-not-supported', '192.0.2.1',"
	    "  '198.51.100.7', 'mx1.sts.nz', 'mx1', '', '', 0, 1),"
	    " (20517, 'sts.nz', 1, 'starttls-not-supported', '192.0.2.1',"
	    "  '2001:DB8:0:0::1', 'mx2.sts.nz', '', '', '', 0, 2),"
	    " (20517, 'sts.nz', 1, 'starttls-not-supported', '192.0.2.1',"
	    "  '2001:DB8:0:0::1', 'mx2.sts.nz', '', '', '', 1, 1),"
	    " (20517, 'sts.nz', 1, 'certificate-expired', '', '', '', '',"
	    "  'certificate has expired', '', 0, 1),"
	    " (20517, 'odd.nz', 0, 'validation-failure', '', 'nonsense',"
	    "  '', cast(x'61ff62c3' as text), char(9, 10, 7, 128, 65534),"
	    "  '', 0, 3),"
	    " (20517, 'odd.nz', 0, 'validation-failure', '', '',"
	    "  '', '', '', '', 0, 4),"
	    " (20517, 'fetch.nz', 0, 'sts-policy-fetch-error', '', '',"
	    "  '', '', 'HTTP 404', '', 0, 1)");
	store_sql(st, "INSERT INTO tally VALUES (20517, 'fetch.nz', 0, 1, 1)");
	store_sql(st, "INSERT INTO mx (domain, host, pref) VALUES"
	    " ('fetch.nz', 'mx2.fetch.nz', 20), ('fetch.nz', 'mx1.fetch.nz',"
	    " 10)");
}

struct store *
bench_begin(const char *name, struct conf **conf)
{
	struct store *st;
	char *said;

	log_init(name, 1, 0);
	if (mkdtemp(dir) == NULL || chdir(dir) == -1)
		fatal("%s", dir);
	if ((*conf = conf_text(conf_lines, &said)) == NULL)
		fatalx("test: %s", said);
	free(said);
	if ((st = store_open("db", STORE_WRITE)) == NULL)
		fatalx("test: no database");
	fill(st);
	return st;
}

void
bench_end(struct store *st, struct conf *conf)
{
	store_close(st);
	conf_free(conf);
	(void)unlink("db");
	if (chdir("/") == 0)
		(void)rmdir(dir);
}

struct report *
built(struct store *st, const struct conf *conf, const char *domain,
    int64_t day)
{
	struct report *re;

	return report_build(st, conf, domain, day, &re) == 1 ? re : NULL;
}
