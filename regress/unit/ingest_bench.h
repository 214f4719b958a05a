/* SPDX-License-Identifier: ISC */

#ifndef SGE_INGEST_BENCH_H
#define SGE_INGEST_BENCH_H

/*
 * A spool and a database of its own, and what of sged reads the one into the
 * other, for tests of that.
 */

#include <sys/stat.h>
#include <sys/time.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "count/ingest.h"
#include "tap.h"

static char	 dir[] = "/tmp/unit-ingest.XXXXXXXXXX";
static char	 spool[64], sessions[80], database[64];
static struct engine engine;
static struct conf conf;

#define GOOD "{\"v\":1,\"time\":\"2026-11-21T03:04:05Z\",\"host\":\"h\"," \
    "\"dir\":\"out\",\"session\":\"s\",\"local\":\"192.0.2.1\"," \
    "\"remote\":\"198.51.100.7\",\"rdns\":null,\"helo\":null," \
    "\"starttls\":\"offered\",\"tls\":\"TLSv1.3\",\"cipher\":\"C\"," \
    "\"failure\":null,\"tx\":[{\"from\":\"minties.govt.nz\"," \
    "\"to\":\"a.example\",\"flow\":\"government>public\"," \
    "\"verdict\":\"pass\",\"messages\":1,\"rcpts\":1}]}"

static void
path_of(const char *name, char out[], size_t outsz)
{
	snprintf(out, outsz, "%s/%s", sessions, name);
}

static void
append(const char *name, const char *text, size_t len)
{
	char path[256];
	int fd;

	path_of(name, path, sizeof(path));
	if ((fd = open(path, O_WRONLY | O_APPEND | O_CREAT, 0640)) == -1 ||
	    write(fd, text, len) != (ssize_t)len)
		fatal("%s", path);
	close(fd);
}

static __unused void
age(const char *name, int64_t seconds)
{
	struct timespec ts[2] = { { time(NULL) - seconds, 0 },
	    { time(NULL) - seconds, 0 } };
	char path[256];

	path_of(name, path, sizeof(path));
	if (utimensat(AT_FDCWD, path, ts, 0) == -1)
		fatal("%s", path);
}

static void
start(void)
{
	memset(&engine, 0, sizeof(engine));
	engine.conf = &conf;
	engine.loop = loop_new();
	if ((engine.store = store_open(database, STORE_WRITE)) == NULL)
		fatalx("store");
	ingest_start(&engine);
}

static void
stop(void)
{
	ingest_stop(&engine);
	store_close(engine.store);
	loop_free(engine.loop);
}

static __unused void
over(void *arg)
{
	loop_stop(arg);
}

/* Milliseconds go by in the engine. */
static __unused void
loop_for(int64_t ms)
{
	loop_timer_add(engine.loop, ms, over, engine.loop);
	loop_run(engine.loop);
}

static int64_t
number(const char *sql)
{
	return store_count(engine.store, sql, "");
}

static __unused void
run(const char *sql)
{
	if (sqlite3_exec(engine.store->db, sql, NULL, NULL, NULL) !=
	    SQLITE_OK)
		fatalx("%s: %s", sql, sqlite3_errmsg(engine.store->db));
}

static __unused void
attempts_write(const char *name, const char *text)
{
	char file[128];

	snprintf(file, sizeof(file), "../attempts/%s", name);
	append(file, text, strlen(text));
}

/* The same, of another user's then. */
static __unused void
attempts_write_as(uid_t uid, const char *name, const char *text)
{
	char path[256];

	attempts_write(name, text);
	snprintf(path, sizeof(path), "%s/attempts/%s", spool, name);
	if (chown(path, uid, (gid_t)-1) == -1)
		fatal("%s", path);
}

static __unused void
attempts_clear(void)
{
	char cmd[128];

	snprintf(cmd, sizeof(cmd), "rm -rf %s/attempts/*", spool);
	if (system(cmd) != 0)
		fatalx("%s", cmd);
	ingest_now(&engine);
}

/* Before all else; name: the test's. */
static void
bench_up(const char *name)
{
	log_init(name, 1, 0);
	if (mkdtemp(dir) == NULL)
		fatal("%s", dir);
	snprintf(spool, sizeof(spool), "%s/spool", dir);
	snprintf(sessions, sizeof(sessions), "%s/sessions", spool);
	snprintf(database, sizeof(database), "%s/db", dir);
	mkdir(spool, 0755);
	conf.spool = spool;
	conf.keep_sessions = 14;
	conf.keep_reports = 90;
	if ((conf.local = domset_new()) == NULL ||
	    (conf.sts_except = domset_new()) == NULL ||
	    (conf.class_of = domset_new()) == NULL ||
	    (conf.connector_of = domset_new()) == NULL)
		fatal("domset");
	start();
}

/* After all else; what main returns. */
static int
bench_down(void)
{
	char cmd[128];

	stop();
	domset_free(conf.local);
	domset_free(conf.sts_except);
	domset_free(conf.class_of);
	domset_free(conf.connector_of);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd) != 0 || done_testing();
}

#endif
