/* SPDX-License-Identifier: ISC */

/* A look into the database, and a hand in it, for unit tests. */

#ifndef SGE_STORE_BENCH_H
#define SGE_STORE_BENCH_H

struct store;

/* Runs the statements; what can't be run ends the test. */
void		 store_sql(struct store *, const char *, ...)
		    __attribute__((__format__(printf, 2, 3)));

/* The first column of all rows, joined by '|', in a static buffer. */
const char	*store_rows(struct store *, const char *, ...)
		    __attribute__((__format__(printf, 2, 3)));

#endif
