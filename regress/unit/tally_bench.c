/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "store/store_flow.h"
#include "tally_bench.h"

struct store *store;
struct tally *tally;

static char	 dir[] = "/tmp/unit-tally.XXXXXXXXXX";
static struct conf *conf;

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

void
bench_begin(const char *name)
{
	log_init(name, 1, 0);
	if (mkdtemp(dir) == NULL)
		fatal("%s", dir);
	conf = make_conf();
	if ((store = store_open(conf->database, STORE_WRITE)) == NULL)
		fatalx("test: no database");
	tally = tally_new(store, conf);
}

int
bench_end(void)
{
	char cmd[128];

	tally_free(tally);
	store_close(store);
	conf_free(conf);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd) == 0 ? 0 : -1;
}

void
fresh(void)
{
	static const char *const tables[] = { "flow", "correspondent",
	    "incident", "tally", "detail", "unknown", "waiting", "meta",
	    "mxaddr", "report", "sts_history", "policy", "unseen",
	    "attempt", "probe", "trace", "sts_error" };
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

void
flush(void)
{
	if (store_begin(store) == -1 || tally_flush(tally) == -1 ||
	    store_commit(store) == -1)
		fatalx("flush");
	tally_clear(tally);
	judge_reset(tally->judge);
}

const char *
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

struct record
outgoing(const char *tls, enum starttls starttls, enum failure failure)
{
	struct record r = { .time = T0, .host = "h", .dir = DIR_OUT,
	    .session = "s", .local = "192.0.2.1", .remote = "198.51.100.7",
	    .rdns = "mx.rdns.example", .helo = "mx.helo.example",
	    .starttls = starttls, .tls = tls, .failure = failure };

	return r;
}

void
to(struct record *r, const char *domain, const char *flow)
{
	struct record_tx *tx = &r->tx[r->ntx++];

	memset(tx, 0, sizeof(*tx));
	tx->from = "minties.govt.nz";
	tx->to = domain;
	tx->flow = flow;
	tx->messages = tx->rcpts = 1;
}

struct record
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
