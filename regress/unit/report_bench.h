/* SPDX-License-Identifier: ISC */

/* A day's tallies and a configuration, for the unit-report tests. */

#ifndef SGE_REPORT_BENCH_H
#define SGE_REPORT_BENCH_H

#include "report/report.h"
#include "store/store_report.h"
#include "store_bench.h"

#define DAY 20517		/* 2026-03-05 */

/* Opens a database with tallies of DAY, in a new working directory. */
struct store	*bench_begin(const char *, struct conf **);
/* Frees both and removes the directory. */
void		 bench_end(struct store *, struct conf *);

/* A domain's report of a day; NULL where there is none. */
struct report	*built(struct store *, const struct conf *, const char *,
		    int64_t);

#endif
