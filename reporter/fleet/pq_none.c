/* SPDX-License-Identifier: ISC */

/* pq.c of a program that was built without libpq. */

#include "fleet/pq.h"

#ifndef SGE_LIBPQ

/* sge.conf of a program without libpq has no fleet: never reached. */
struct pq {
	int		 none;
};

struct pq *
pq_new(const struct conf *conf __unused, int hangup __unused)
{
	static struct pq pq;

	return &pq;
}

void
pq_free(struct pq *pq __unused)
{
}

int
pq_up(struct pq *pq __unused)
{
	return -1;
}

void
pq_limit(struct pq *pq __unused, int64_t ms __unused)
{
}

void
pq_down(struct pq *pq __unused)
{
}

int
pq_run(struct pq *pq __unused, const char *sql __unused, size_t n __unused,
    const char *const params[] __unused)
{
	return -1;
}

int
pq_again(struct pq *pq __unused, const char *sql __unused, size_t n __unused,
    const char *const params[] __unused)
{
	return -1;
}

int
pq_rows(const struct pq *pq __unused)
{
	return 0;
}

const char *
pq_text(const struct pq *pq __unused, int row __unused, int column __unused)
{
	return "";
}

int
pq_is_null(const struct pq *pq __unused, int row __unused,
    int column __unused)
{
	return 1;
}

int64_t
pq_changed(const struct pq *pq __unused)
{
	return 0;
}

const char *
pq_why(const struct pq *pq __unused)
{
	return "built without PostgreSQL";
}

#endif
