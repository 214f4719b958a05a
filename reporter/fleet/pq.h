/* SPDX-License-Identifier: ISC */

#ifndef SGE_PQ_H
#define SGE_PQ_H

#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"

/*
 * A connection to PostgreSQL, for the share process alone: libpq, which
 * pq_new loads, so before the process is shut in.  Each function waits, with a
 * deadline, and ends the process in good order if the other end of hangup
 * closes meanwhile.
 */
struct pq;

/* conf is borrowed, its fleet not NULL.  No connection is made yet. */
struct pq *pq_new(const struct conf *, int hangup);
void	pq_free(struct pq *);
/* Connects unless it is.  0, or -1: pq_why. */
int	pq_up(struct pq *);
/* From now on nothing waits for longer than that, all together, in ms. */
void	pq_limit(struct pq *, int64_t ms);
/* Ends the connection, and with it a transaction that is open. */
void	pq_down(struct pq *);
/*
 * One statement with n parameters ($1 is the first; NULL is NULL), or several
 * without.  0, or -1: pq_why, and the connection is ended.
 */
int	pq_run(struct pq *, const char *sql, size_t n,
	    const char *const params[]);
/*
 * The same, of a text that stays where it is: this connection plans it once, as
 * planning what is asked for each report costs more than to do it.
 */
int	pq_again(struct pq *, const char *sql, size_t n,
	    const char *const params[]);
/* Of the last of them: rows, a value ("" for NULL), rows it changed. */
int	pq_rows(const struct pq *);
const char *pq_text(const struct pq *, int row, int column);
int64_t	pq_number(const struct pq *, int row, int column);
int	pq_is_null(const struct pq *, int row, int column);
int64_t	pq_changed(const struct pq *);
/* Why the last one failed: one clean line. */
const char *pq_why(const struct pq *);

#endif
