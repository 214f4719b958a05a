/* SPDX-License-Identifier: ISC */

/*
 * The engine's part that learns policies and routes as it is, with the test in
 * the place of the other processes: for the unit-learn tests.
 */

#ifndef SGE_LEARN_BENCH_H
#define SGE_LEARN_BENCH_H

#include "base/domain.h"
#include "count/judge.h"
#include "learn/learn.h"
#include "learn/lesson.h"
#include "learn_world.h"
#include "store_bench.h"

#define DEADLINE_MS 60000

struct bench {
	struct engine	 e;
	struct ipc	*peer[2];
	struct loop_timer *timer;
	int		 ticks;
	int		 lookups;	/* TXT */
	int		 gets;
	int		 probes;
	int		 wanted;	/* answers */
	int		 nanswers;
	char		 answers[4096];
	/* What hosts answer to a look; first match. */
	int		 silent;	/* none at all */
	int		 mx_first;	/* the TXT record is answered last */
	json_t		*late;		/* its question */
	const char	*dead;		/* host or address without an answer */
	const char	*nohost;	/* in names without an address */
	const char	*nohost_says;	/* the DNS, of those */
	const char	*cert;		/* of the others */
	const char	*text;		/* of that, in words; NULL: some */
	const char	*starttls;
	const char	*status;
};

#define sql(b, ...) store_sql((b)->e.store, __VA_ARGS__)
#define rows(b, ...) store_rows((b)->e.store, __VA_ARGS__)

/* A directory for the test called so, and its configuration; to be ended. */
struct conf	*bench_begin(const char *);
void		 bench_end(struct conf *);

/* Starts what learns, on the database that is there or a new one. */
void		 start(struct bench *, const struct conf *);
void		 stop(struct bench *);
/* Until all is answered and nothing goes on, at most so many ms. */
int		 settle(struct bench *, int);

/* A callback of learn_ask: notes the answer in the bench. */
void		 learned(const char *, const char *, void *);
/* Asks what a domain's route is; what was answered. */
const char	*ask(struct bench *, const char *);
/* The same where no answer is to come. */
const char	*ask_vainly(struct bench *, const char *);
/* Looks up again, as it would when the time has come. */
void		 again(struct bench *, const char *);

/*
 * What table-sge finds of a domain, whether or not its time is over; in a
 * static buffer.
 */
const char	*line_of(const char *);
/* Why a domain has no policy, where it has tried to have one. */
const char	*why(struct bench *, const char *);
/*
 * What a judge makes of a session to a domain at an address, with a version of
 * TLS or NULL; in a static buffer.  judged has a new judge each time.
 */
const char	*judged_by(struct judge *, const char *, const char *,
		    const char *, enum failure);
const char	*judged(struct bench *, const char *, const char *,
		    const char *, enum failure);
/* What the last of them said in words. */
const char	*judged_reason(void);

#endif
