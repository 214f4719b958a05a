/* SPDX-License-Identifier: ISC */

#ifndef SGE_DELIVER_JOB_H
#define SGE_DELIVER_JOB_H

#include <sys/queue.h>

#include "engine/engine.h"
#include "report/report.h"
#include "rfc/rua.h"
#include "store/store_report.h"

/*
 * The engine's part that sends reports, within itself.  Everything it knows
 * stands in the database; a job is a question that another process has been
 * asked and will answer.  Answers are collected for a moment and noted in one
 * transaction, in which what is due next is claimed as well; only once that is
 * committed is anything acted on.
 */

/* Questions at once. */
#define LOOKUPS_MAX 256
/* Which wait for others of their zone. */
#define WAITING_MAX 512
/*
 * Of which eight are sendmail's; the others wait for one of these while the
 * engine notes, builds and claims, some tens of milliseconds.
 */
#define MAILS_MAX 192
#define POSTS_MAX 64
#define ADDRESSES_MAX 64
/* To one HTTPS host. */
#define POSTS_HOST_MAX 4
/* Answers are collected so long before they are noted together. */
#define COLLECT_MS 20

enum job_stage {
	JOB_LOOKUP,		/* the TXT record at _smtp._tls.DOMAIN */
	JOB_ADDRESS,		/* addresses of an https URI's host */
	JOB_POST,
	JOB_MAIL
};

struct job {
	TAILQ_ENTRY(job) entry;
	struct deliver	*deliver;
	enum job_stage	 stage;
	int		 settled;	/* noted, but not yet committed */
	int		 on;		/* settled, but goes on to JOB_POST */
	int		 counted;	/* as a POST to its addresses */
	int		 doubt;		/* sendmail may have kept it */
	int		 arrived;	/* and smtpd brought it */
	int64_t		 waits;		/* for its zone, since; loop_now() */
	uint64_t	 question;	/* 0: answered */
	json_t		*answer;
	int64_t		 report;
	char		 domain[DOMAIN_MAX];
	/* All but JOB_LOOKUP. */
	int64_t		 delivery;
	int64_t		 tries;
	int64_t		 first;
	char		*place;
	json_t		*addrs;		/* JOB_POST: where it goes */
	struct rua	 rua;		/* of one URI; empty with "copy:" */
};
TAILQ_HEAD(jobs, job);

/* Makes the rows of days that are over, a bounded step at a time. */
struct pass {
	int		 active;
	int		 hurry;		/* asked for: due at once, one day */
	int64_t		 day;
	int64_t		 last;
	char		 domain[DOMAIN_MAX];
	int64_t		 start;
	int64_t		 n;		/* domains of the day */
	int64_t		 i;
	uint32_t	*slots;		/* 0 to n - 1, shuffled */
};

struct deliver {
	struct engine	*engine;
	void		(*round)(void *);	/* deliver.c */
	struct loop_timer *timer;
	int64_t		 timer_at;	/* monotonic milliseconds */
	struct pass	 pass;
	int64_t		 looked;	/* for a day that is over */
	struct jobs	 asked;
	struct jobs	 answered;
	size_t		 nanswered;
	struct jobs	 waiting;	/* look-ups, till their zone has room */
	size_t		 nwaiting;
	struct hash	*posted;	/* to addresses, by holder: how many */
	int64_t		 posted_day;
	size_t		 count[4];	/* jobs by stage, asked or answered */
	size_t		 moved;		/* claimed, and have to wait */
	int		 draining;
	struct loop_timer *drain_timer;
	struct jobs	 doubtful;	/* deliver_doubt.c */
	int64_t		 smtpd_up;	/* since, as that saw it; 0: it is not */
	int		 recovering;	/* mail of before is not yet settled */
	int64_t		 recover_until;	/* its sendmails have till then */
	int		 mute;		/* a trouble was said; until it ends */
	int		 announced;	/* SPOOL/announced; -1: not open */
	int		 announced_lines;
	int		 announced_mute;
};

/* deliver_job.c */
/* Has deliver->round called within so many milliseconds. */
void	deliver_soon(struct deliver *, int64_t ms);
/* In no list yet. */
struct job *job_new(struct deliver *, enum job_stage, int64_t report);
/* Of a delivery; NULL: its URI leads nowhere any more. */
struct job *deliver_job(struct deliver *, const struct store_delivery *);
/* In no list any more. */
void	job_free(struct job *);
/* Where a JOB_MAIL goes. */
const char *job_mail_address(const struct job *);
/* For world_ask, the job its argument: it is settled in a moment. */
void	job_answered(json_t *, void *);
/* Whether something is being sent: a message, not a question. */
int	deliver_sending(const struct deliver *);
/*
 * When to try again after that many tries, the first of them at first: from
 * minutes on, each time twice as long, more or less; 0: time to give up.
 */
int64_t	deliver_backoff(const struct conf *, int64_t first, int64_t tries,
	    int64_t now);

/* deliver_day.c */
/* One step; returns 1 while there is more to do, 0, or -1. */
int	pass_step(struct deliver *);
void	pass_free(struct deliver *);
/* For "send", n domains of that day: 0, or -1 if one is under way. */
int	pass_hurry(struct deliver *, int64_t day, int64_t n);

/* deliver_lookup.c */
/* Asks; the answer comes to job_answered. */
void	lookup_start(struct job *);
/* Notes the answer, in the transaction of the caller; 0 or -1. */
int	lookup_settle(struct job *, int64_t now);

/* deliver_announce.c */
/* Before mail is handed over to that address: filter-sge may be told so. */
void	announce(struct deliver *, const char *address);
void	announce_stop(struct deliver *);

/* deliver_recover.c */
/*
 * What became of mail that was being sent when sged ended is noted, the rest
 * is due again.  0; 1: a sendmail of then still runs, to be asked again; -1.
 */
int	deliver_recover(struct deliver *, int64_t now);

/* deliver_doubt.c */
/*
 * Whether sendmail may have kept the message of a job whose end nobody saw: as
 * far as can be told something was put into smtpd's offline folder since.
 */
int	doubt_is(const struct job *);
/* It is, and becomes this list's; see to it now and then by doubt_round. */
void	doubt_add(struct job *);
/* Those that are clear are answered. */
void	doubt_round(struct deliver *, int64_t now);
/* Whether that delivery is in doubt, or one to that address. */
int	doubt_has(const struct deliver *, int64_t delivery);
int	doubt_holds(const struct deliver *, const char *address);
/* filter-sge saw a mail to it while none was handed over. */
void	doubt_seen(struct deliver *, const char *address);

/* deliver_send.c */
/* Asks; the answer comes to job_answered. */
void	send_start(struct job *);
/* Notes the answer.  job->on is set if it is to be started again. */
int	send_settle(struct job *, int64_t now);

/* deliver_limit.c: 1 it is so, and noted; 0, -1. */
/* Whether so many went there today that this one does not (report limit). */
int	send_held(struct job *, const struct store_delivery *, int64_t now);
/*
 * The same of all that stand at one of its addresses, since sged runs; else it
 * counts there until send_uncount, and for good once job->counted is 0 again.
 */
int	send_held_address(struct job *, int64_t now);
void	send_uncount(struct job *);
/* How many look-ups may be claimed now. */
int	lookup_room(const struct deliver *);
/*
 * Whether a claimed look-up has to wait, since its zone has enough; it is taken
 * then.
 */
int	lookup_crowded(struct job *, int64_t now, const struct jobs *claimed);
/* Whether that report's is under way, waits so, or is not yet noted. */
int	lookup_is_known(const struct deliver *, int64_t report,
	    const char *domain);
/*
 * One whose zone has room again, or NULL; like: only of that name's zone, or
 * NULL.
 */
struct job *lookup_waiting(struct deliver *, const char *like);
/*
 * Whether a claimed one has to wait, since its host has enough; claimed: the
 * others.
 */
int	send_crowded(struct job *, int64_t now, const struct jobs *claimed);
/* The same once its addresses are known, for each of them. */
int	send_crowded_address(struct job *, int64_t now);

#endif
