/* SPDX-License-Identifier: ISC */

#ifndef SGE_TALLY_H
#define SGE_TALLY_H

#include "base/bounds.h"
#include "conf/conf.h"
#include "count/judge.h"
#include "lib/hash.h"
#include "spool/record.h"
#include "store/store.h"
#include "store/store_flow.h"

/*
 * Counts of a batch of records, in memory until tally_flush adds them to the
 * database.
 */
/* Stands for all domains beyond TALLY_DOMAINS_MAX, and names that are none. */
#define DOMAIN_OTHERS "*"
/* The null sender. */
#define DOMAIN_NULL "<>"
/* The class of mail handed in on this host: not a flow between two. */
#define CLASS_LOCAL "local"
/* Every connection once. */
#define CLASS_ALL "*"

/* What one record says of one correspondent. */
struct side {
	char		 domain[DOMAIN_MAX];
	char		 class[CLASS_NAME_MAX];
	enum record_dir	 dir;
	int		 ours;		/* our own users' refused mail to it */
	int		 refused, legacy, testing;
	enum refusal	 why;
	int		 mail;		/* other than our reports: is reported */
	int64_t		 messages, rcpts;
};

/*
 * What the batch has of a domain, so that a record looks for it once; each NULL
 * where it has none of that day, or policy, yet.
 */
struct named {
	struct known	*known;		/* judge's */
	struct waiting_count *waiting;
	struct correspondent_count *correspondent[2];	/* by dir */
	int64_t		 correspondent_day[2];
	struct tally_count *sessions;
	int64_t		 sessions_day, sessions_policy;
};

/* A row of flow that many sessions count in. */
struct flow_recent {
	int64_t		 hour;		/* since 1970 */
	char		 class[CLASS_NAME_MAX];
	struct flow_count *count;	/* NULL: none yet */
};

struct tally {
	struct store	*store;
	const struct conf *conf;
	struct judge	*judge;
	struct whose_past *past;
	struct hash	*flow;		/* day, hour, dir, class */
	struct hash	*correspondent;	/* day, dir, domain */
	struct hash	*incident;	/* day, dir, domain, why, addr */
	struct hash	*waiting;	/* domain */
	struct hash	*session;	/* day, domain, policy: RFC 8460 */
	struct hash	*detail;	/* as table detail */
	struct hash	*unseen;	/* as table unseen */
	struct hash	*trace;		/* as table trace; no value */
	struct hash	*ndetails;	/* day, domain, policy: in detail */
	struct hash	*unknown;	/* day, addr, type */
	struct hash	*named;		/* domain */
	struct named	*last;		/* of last_name, or NULL */
	char		 last_name[DOMAIN_MAX];
	/* By dir, and whether it is the one of all. */
	struct flow_recent recent[2][2];
	/* Rows in the database, kept over batches: table, day, ... */
	struct hash	*rows;
	const int64_t	*full;		/* of these, asked again in this flush */
	struct hash	*addrs;		/* the engine's, or NULL */
	uint64_t	 lost;		/* records that filter-sge lost */
	int64_t		 looked;	/* when it was looked for records */
	int64_t		 learning;	/* the engine's, then */
	struct side	 sides[RECORD_TX_MAX];
	size_t		 nsides;
	struct whose	 whose;		/* of a record without sides */
};

struct tally *tally_new(struct store *, const struct conf *);
void	tally_free(struct tally *);
/*
 * Adds one record and returns 0; or 1: nothing was added, since whose it was may
 * show in what is being learned.  Then it is to be added later; what is older
 * than TALLY_WAIT_SECONDS is not.
 */
int	tally_record(struct tally *, const struct record *);
#define TALLY_WAIT_SECONDS (2 * STS_FETCH_SECONDS)
/* About how much memory the counts take. */
size_t	tally_bytes(const struct tally *);
/*
 * Forgets the counts: they are committed, or the batch is read again.  What the
 * judge has read stays; judge_reset comes after this, not before.
 */
void	tally_clear(struct tally *);
/* Writes them, within the caller's transaction.  0 or -1 with a log line. */
int	tally_flush(struct tally *);
/* After a rollback: what is known of the database's rows is wrong. */
void	tally_forget_rows(struct tally *);

/* tally_named.c: the row of the batch, made if there is none. */
struct correspondent_count *tally_correspondent(struct tally *, int64_t day,
	    enum record_dir, const char *domain, int *is_new);
struct waiting_count *tally_waiting(struct tally *, const char *domain);
struct tally_count *tally_sessions(struct tally *, int64_t day,
	    const char *domain, int64_t policy);
struct flow_count *tally_flow(struct tally *, int64_t when, enum record_dir,
	    const char *class);
struct known *tally_known(struct tally *, const char *domain);
/* What the keys of session, detail, unseen and ndetails begin with. */
void	tally_key(struct key *, int64_t day, const char *domain,
	    int64_t policy);

/* tally_side.c: fills t->sides anew. */
void	tally_sides(struct tally *, const struct record *);
/* The one of that name and direction in t->sides, made if there is none. */
struct side *tally_side(struct tally *, enum record_dir, const char *name,
	    const char *flow);
/* Sessions of this host's own programs and users, sged's looks among them. */
int	tally_is_local(const struct record *);
/* With a host that takes our mail and sends it on. */
int	tally_is_smarthost(const struct tally *, const struct record *);

/* tally_rfc.c: what RFC 8460 counts of an outgoing connection. */
void	tally_session(struct tally *, const struct record *);
/* A failed one of which nobody can say whose it was. */
void	tally_unknown(struct tally *, const struct record *);
/* tally_side.c: the domain that a record names, or DOMAIN_OTHERS. */
void	tally_domain(const char *name, char out[], size_t outsz);

#endif
