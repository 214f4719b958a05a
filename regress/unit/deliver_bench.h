/* SPDX-License-Identifier: ISC */

/*
 * The engine's part that delivers as it is, with the test in the place of the
 * other processes: for the unit-deliver tests, each with a database of its own.
 */

#ifndef SGE_DELIVER_BENCH_H
#define SGE_DELIVER_BENCH_H

#include "count/ingest.h"
#include "deliver/deliver.h"
#include "deliver/deliver_job.h"
#include "store_bench.h"

#define DEADLINE_MS 60000
#define MAILS_KEPT 256

struct bench {
	struct engine	 e;
	struct ingest	 ingest;
	struct ipc	*peer[WORLD_PARTS];
	struct loop_timer *timer;
	int		(*done)(struct bench *);
	int		 ticks;		/* at most, of 2 ms */
	int		 lookups;
	int		 unasked;	/* addresses of "1dead*", and records
					   of "1mute*": no answer */
	int		 posts;
	int		 flying;	/* posts now, and at most */
	int		 crowd;
	int		 mute;		/* posts get no answer */
	int		 die;		/* at the first mail */
	int		 slow;		/* mail is answered after a while */
	int		 hold;		/* mail is not answered, but held */
	json_t		*slow_mail;
	int		 servfail;	/* whatever is asked */
	int		 verify;	/* of the last post */
	char		*body;		/* of the last post */
	size_t		 bodylen;
	char		*mails[MAILS_KEPT];
	size_t		 nmails;
	json_t		*held[512];	/* posts or mail not answered yet */
	size_t		 nheld;
	int		 rounds;	/* see count_rounds */
};

#define sql(b, ...) store_sql((b)->e.store, __VA_ARGS__)
#define rows(b, ...) store_rows((b)->e.store, __VA_ARGS__)

/* A directory for the test called so, and its configuration; to be ended. */
struct conf	*bench_begin(const char *);
void		 bench_end(struct conf *);

/*
 * Answers what the process of a fleet is asked, where there is one; of all
 * benches that are started from now on.
 */
extern void	(*bench_share)(struct bench *, const json_t *);

/* Starts what delivers, on the database that is there or a new one. */
void		 start(struct bench *, const struct conf *);
void		 stop(struct bench *);
/* No database. */
void		 fresh(void);
/* Runs until the function says so; 0 when it never did. */
int		 run(struct bench *, int (*)(struct bench *));

/* Sessions of a domain, yesterday or so many days ago. */
void		 tally(struct bench *, const char *, int);
/* Answers a request to one of the processes; takes the answer. */
void		 reply(struct bench *, enum world_part, const json_t *,
		    json_t *);

/* Answers all that is held; takes the answer. */
void		 release(struct bench *, enum world_part, json_t *);

/* For run: nothing is under way; a report was sent, and no mail is going. */
int		 calm(struct bench *);
int		 one_sent(struct bench *);

/* From now on its rounds are counted in b->rounds, from 0. */
void		 count_rounds(struct bench *);

/* The states of a domain's reports, each with those of its deliveries. */
const char	*state_of(struct bench *, const char *);
/* All of a file, to be freed. */
char		*slurp(int, size_t *);
/* The line of a mail that begins so, in one of four static buffers. */
const char	*line_of(const char *, const char *);
int		 has(const char *, const char *);

#endif
