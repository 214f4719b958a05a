/* SPDX-License-Identifier: ISC */

/*
 * A database, a configuration and records of sessions, for the unit-tally
 * tests: what becomes of records in the tables.
 */

#ifndef SGE_TALLY_BENCH_H
#define SGE_TALLY_BENCH_H

#include "count/tally.h"
#include "store_bench.h"

#define T0 1795316645	/* 2026-11-22T03:04:05Z */
#define DAY 20779

#define FLOW(class) "SELECT sum(tls13), sum(tls12), sum(older), sum(clear)," \
    " sum(refused) FROM flow WHERE class = '" class "'"
#define TALLY "SELECT day, domain, policy, ok, fail FROM tally ORDER BY 2"
#define WHY "SELECT domain, why, addr, host, sessions FROM incident ORDER BY 2"
#define DETAIL "SELECT type, sip, rip, mx, helo, reason, pending, count" \
    " FROM detail ORDER BY 1"

/* Of the one test that a program is. */
extern struct store *store;
extern struct tally *tally;

#define sql(...) store_sql(store, __VA_ARGS__)

/* Opens both in a directory of the test called so; 0 or -1 at its end. */
void		 bench_begin(const char *);
int		 bench_end(void);

/* Empties all tables. */
void		 fresh(void);
/* Writes what was tallied. */
void		 flush(void);
/* All rows, columns separated by '|', rows by ' '; in a static buffer. */
const char	*rows(const char *);

/* A session at T0: out with this TLS, or in from a domain in a flow. */
struct record	 outgoing(const char *, enum starttls, enum failure);
struct record	 incoming(const char *, const char *, const char *,
		    enum verdict);
/* One message more in it, to a domain in a flow. */
void		 to(struct record *, const char *, const char *);

#endif
