/* SPDX-License-Identifier: ISC */

#ifndef SGE_LESSON_H
#define SGE_LESSON_H

#include <sys/queue.h>
#include <sys/tree.h>

#include "engine/engine.h"
#include "store/store_route.h"
#include "store/store_sts.h"

/*
 * The engine's part that learns where mail may go, within itself.
 *
 * A lesson is all that is asked about one domain: its MTA-STS record and MX
 * hosts, the policy if need be, at last the hosts' addresses.  What lessons
 * found is written in batches, one transaction each, then told: a route that
 * somebody was told of stands in the database and in SPOOL/routes.
 */

/* Facts are looked at again after the DNS's own time, within these. */
#define RENEW_MIN	15
#define RENEW_MAX	600
/* For domains not used within the hour; not within a day: no more. */
#define RENEW_RARE	3600
#define USED_OFTEN	3600
#define USED_AT_ALL	86400
/* But where mail waits: smtpd gives it up after four days. */
#define USED_WAITING	(5 * 86400)
/* A held policy is kept alive for domains used within this time. */
#define USED_POLICY	(30 * 86400)
/* A line without a policy holds so long when nobody looks again. */
#define NONE_LIFE	86400
#define NONE_LIFE_SHORT	3600	/* there is no such domain */
/* Policies are fetched anew so often (RFC 8461 3.3: daily). */
#define REFRESH		86400
/*
 * A domain with another policy each time would fill the database: after so
 * many in a day it is asked for a new one once in so many seconds.
 */
#define CHANGES_MAX	24
#define CHANGES_REST	3600
/* A host that failed is moved back so long, twice as long each time. */
#define BACK_MIN	300
#define BACK_MAX	3600
/*
 * A look at a host says enough for: failures; judging; mail that waits; mail
 * that is coming.
 */
#define LOOK_FAILURE	3600
#define LOOK_DAILY	86400
#define LOOK_WAITING	60
#define LOOK_MAIL	600

enum facts {
	FACTS_ASKED,
	FACTS_OK,
	FACTS_ABSENT,		/* surely */
	FACTS_FAILED		/* not known */
};

enum fetch {
	FETCH_NONE,
	FETCH_ADDRESS,
	FETCH_POLICY,
	FETCH_OK,
	FETCH_FAILED
};

struct lesson_asker {
	TAILQ_ENTRY(lesson_asker) entry;
	void		(*learned)(const char *, const char *, void *);
	void		*arg;
	/* Once there is an answer. */
	const char	*route;
	int64_t		 since;		/* and it waits for a look; loop_now */
	uint64_t	 looked;	/* of learn, when it was seen to */
	char		 domain[DOMAIN_MAX];	/* as it was asked about */
	char		 normal[DOMAIN_MAX];
};
TAILQ_HEAD(askers, lesson_asker);

struct lesson;

/* A question to another process, for a lesson. */
struct ask {
	TAILQ_ENTRY(ask) entry;
	struct lesson	*lesson;
	uint64_t	 number;
	void		(*cb)(struct lesson *, struct ask *, json_t *);
	char		 host[DOMAIN_MAX];	/* whose addresses */
};
TAILQ_HEAD(asks, ask);

struct lesson_addr {
	char		 host[DOMAIN_MAX];
	char		 addr[64];	/* "": none was found */
	char		 said[16];	/* why there surely is none, or "" */
};

struct lesson {
	RB_ENTRY(lesson) entry;
	TAILQ_ENTRY(lesson) next;	/* in learn->queue or learn->ready */
	struct learn	*learn;
	int64_t		 began;		/* epoch seconds */
	int		 queued;
	int		 crowded;	/* one of many of its zone */
	int		 ready;
	int		 active;	/* its DNS answers are awaited */
	const char	*told;		/* the route written, or NULL */
	int		 final;		/* only addresses are awaited */
	struct askers	 askers;
	struct asks	 asks;
	struct store_sts held;
	enum facts	 txt;
	char		 trouble[16];	/* the DNS's, with FACTS_FAILED */
	enum facts	 mx;
	const char	*record;	/* why the TXT is none, or NULL */
	int		 nxdomain;
	int		 null_mx;	/* it takes no mail (RFC 7505) */
	int64_t		 ttl;
	char		 id[STS_ID_SIZE];
	struct store_mx	*mxs;
	size_t		 nmxs;
	enum fetch	 fetch;
	struct sts_policy *fetched;
	char		 error[REPORT_TEXT_MAX + 1];
	const char	*error_type;
	struct lesson_addr *addrs;
	size_t		 naddrs;
	char		 domain[DOMAIN_MAX];
};
RB_HEAD(lessons, lesson);
RB_PROTOTYPE(lessons, lesson, entry, lesson_cmp)
TAILQ_HEAD(lesson_queue, lesson);

struct compact;

struct look;
RB_HEAD(looks, look);

/* A question about our own domains; learn_own.c. */
struct own;
TAILQ_HEAD(owns, own);

struct learn {
	struct engine	*engine;
	void		(*run)(void *);	/* takes what is ready; learn.c */
	void		(*begin)(struct lesson *);
	struct lessons	 lessons;
	size_t		 nlessons;
	size_t		 active;
	int64_t		 refused;	/* asked for beyond what may wait */
	int64_t		 refused_said;	/* of these */
	int64_t		 refused_at;	/* when, loop_now */
	struct lesson_queue queue;	/* to begin */
	struct lesson_queue crowd;	/* so, when others had their turn */
	size_t		 ncrowd;	/* begun ones with them */
	size_t		 crowd_active;
	unsigned int	 turn;
	struct hash	*zones;		/* two labels -> int64_t, lessons */
	struct lesson_queue ready;	/* to be written */
	struct askers	 looking;	/* to be told when hosts were seen */
	struct askers	 answers;	/* to be told */
	struct loop_timer *flush;
	struct loop_timer *unlocked;	/* the next try to write what is ready */
	int64_t		 locked;	/* it is in vain since, loop_now; or 0 */
	struct loop_timer *tick;
	int64_t		 ticks;
	int64_t		 trim_at;	/* of these, what is old is forgotten */
	struct looks	 looks;
	size_t		 nlooks;
	uint64_t	 looked;	/* looks that ended, and ticks */
	struct hash	*networks;	/* looked at within this second */
	int64_t		 failing;	/* failures were seen up to then */
	/* SPOOL/turns; learn_turns.c. */
	char		*turns;		/* as it was written last */
	size_t		 turnslen;
	int64_t		 turned;	/* when; -1: it could not be */
	size_t		 connector;	/* the next to be looked up */
	int		 connectors_missed;	/* not all could be written */
	struct owns	 owns;
	size_t		 nowns;
	size_t		 own;		/* the next of ours to be looked up */
	int		 owns_missed;
	/* SPOOL/routes; learn_file.c. */
	char		*path;
	char		*lines;		/* to be appended */
	size_t		 lineslen;
	size_t		 nlines;	/* in the file */
	size_t		 nlive;		/* in SPOOL/routes.cdb */
	off_t		 good;		/* of the file, up to its last flush */
	int		 broken;	/* half a line stands behind that */
	int		 old_base;	/* the one before, held; -1: none */
	struct compact	*compact;	/* under way, or NULL */
	/* Domains told without a question; learn_notice.c. */
	struct loop_fd	*notices;
	int64_t		 notices_left;
	int64_t		 notices_filled;
};

/* lesson.c */
/* NULL if nothing is being learned of that domain. */
struct lesson *lesson_find(struct learn *, const char *domain);
/* Begins one, unless there is one; NULL where there are too many. */
struct lesson *lesson_new(struct learn *, const char *domain);
/* When the oldest that there is was begun; for engine->learning. */
int64_t	lesson_oldest(const struct engine *);
/* Begins those that wait, as far as there is room. */
void	lesson_begin_queued(struct learn *);
/* Its questions are forgotten, and who asked is not told. */
void	lesson_free(struct lesson *);
/* It is written, and told, with the next run. */
void	lesson_ready(struct lesson *);
/* Its DNS answers are there: others may have theirs. */
void	lesson_idle(struct lesson *);
/* Asks part; request is taken over, cb called from the loop. */
void	lesson_ask(struct lesson *, enum world_part, json_t *request,
	    const char *host, void (*cb)(struct lesson *, struct ask *,
	    json_t *));
/* Removes question and memory. */
void	ask_free(struct learn *, struct ask *);
/* Has learn->run called in a moment. */
void	learn_soon(struct learn *);

/* learn_dns.c: from the first question to "ready". */
void	lesson_begin(struct lesson *);
void	lesson_addresses(struct lesson *);
/* Once TXT and MX are known: fetches, or is ready. */
void	lesson_step(struct lesson *);

/* learn_policy.c */
int	policy_is_held(const struct store_sts *, int64_t now);
int	policy_wanted(const struct lesson *, int64_t now);
void	policy_fetch(struct lesson *);
/* Writes what came of it; 0, or -1 with a log line. */
int	policy_apply(struct lesson *, int64_t now);
/* Sessions that went while a policy was being fetched are judged. */
void	policy_tick(struct learn *);

/* learn_route.c: within a transaction; 0, or -1 with a log line. */
int	route_apply(struct lesson *, int64_t now);
int	route_addresses(struct lesson *, int64_t now);
/* Whether sge.conf has its hosts' certificates verified, policy or not. */
int	is_verified(const struct conf *, const char *domain);
/* A host was moved: the order of its domains' hosts anew. */
int	route_order(struct learn *, const char *domain, int64_t now);

/*
 * learn_host.c: within a transaction; 0, or -1 with a log line.  A host that
 * failed goes back, for longer each time; one that works comes forward again.
 */
int	host_back(struct learn *, const char *host, int64_t now);
int	host_forward(struct learn *, const char *host);
/* What the DNS said of the addresses of a domain's hosts. */
int	host_addresses(struct lesson *, int64_t now);

/* learn_file.c */
void	file_start(struct learn *);
void	file_stop(struct learn *);
void	file_add(struct learn *, const char *domain, const char *kind,
	    int64_t until, const char *urls);
/*
 * One write(2) of all that was added; now and then all anew.  0, or -1 with a
 * log line: it is not in the file, and nobody may be told that it is.
 */
int	file_flush(struct learn *);
/* Read by smtpd's table processes too, which run as another user. */
#define ROUTES_MODE 0644
/* Also what was added stays behind: the database did not take it. */
void	file_forget(struct learn *);

/* learn_compact.c */
/* Begins a new base, unless one is being made. */
void	compact_start(struct learn *);
/* Makes one while everything waits; 0, or -1 with a log line. */
int	compact_now(struct learn *);
void	compact_stop(struct learn *);

/*
 * learn_settle.c: sessions with that host and address that wait, judged by what
 * it showed; within a transaction.  0, or -1 with a log line.
 */
int	look_settle(struct learn *, const char *addr, const char *host,
	    const struct store_probe *);

/* learn_turns.c */
void	turns_start(struct learn *);
void	turns_stop(struct learn *);
/* Writes the file where it changed; what can't be is logged. */
void	turns_write(struct learn *);

/* learn_look.c */
void	look_start(struct learn *);
void	look_stop(struct learn *);
/* What answered looks found, and could not be written so far. */
void	looks_end(struct learn *);
/* Some of the connectors' addresses are looked up. */
void	look_connectors(struct learn *);
/*
 * Asks the host, unless a newer answer than age seconds is there, or others of
 * its network are asked now: then not yet.
 */
void	look_at(struct learn *, const char *host, const char *addr,
	    int64_t age);
/* The same for a host of ours, which nobody else can name. */
void	look_at_own(struct learn *, const char *host, const char *addr,
	    int64_t age);
/* Whether a look at it is under way. */
int	look_is_begun(struct learn *, const char *host, const char *addr);

/* learn_watch.c */
/* Each second: what is to be looked at then. */
void	look_tick(struct learn *);
/* The hosts of a domain with a policy. */
void	look_domain(struct lesson *);
enum look_state {
	LOOK_NONE,
	LOOK_WANTED,		/* its network has no room */
	LOOK_BEGUN
};
/*
 * Looks at the first host of a verified route, where nobody did in a day, as
 * far as there is room, and says how far it is.
 */
enum look_state look_awaited(struct learn *, const char *domain);
/* Mail is coming for a domain whose route is known. */
void	look_mail(struct learn *, const char *domain);

/* learn_own.c */
void	own_start(struct learn *);
void	own_stop(struct learn *);
void	own_tick(struct learn *);

#endif
