/* SPDX-License-Identifier: ISC */

#ifndef SGE_STORE_FLOW_H
#define SGE_STORE_FLOW_H

#include "base/bounds.h"
#include "store/store.h"

/* The columns of a connection's TLS: it is in one of them. */
enum bucket {
	BUCKET_TLS13,
	BUCKET_TLS12,
	BUCKET_OLDER,
	BUCKET_CLEAR,
	BUCKET_REFUSED
};
#define BUCKETS 5

/* Of a class, from a flow string: domains' names are no longer either. */
#define CLASS_NAME_MAX 64

struct flow_count {
	int64_t		 buckets[BUCKETS];
};

struct correspondent_count {
	int64_t		 buckets[BUCKETS];
	int64_t		 legacy, testing;
	int64_t		 messages, rcpts;
	int64_t		 first, last;
	char		 class[CLASS_NAME_MAX];
};

struct incident_count {
	int64_t		 sessions;
	int64_t		 testing;	/* of them: let through all the same */
	int64_t		 first, last;
	char		 host[HELO_MAX + 1];
};

struct waiting_count {
	/* 0: none; first_in: of those that did not go out again. */
	int64_t		 first_in, last_in, last_out;
};

struct tally_count {
	int64_t		 ok, fail;
};

struct unknown_count {
	int64_t		 sessions, last;
};

/*
 * Counts into the tables flow, correspondent, incident, waiting, unknown,
 * tally and detail.  Those named _add return 1 if there was a row to add to, 0
 * if there was none (nothing was done), -1 with a log line; those named _new
 * make a row and return 0 or -1.
 */
int	store_flow_add(struct store *, int64_t day, int64_t hour, int64_t dir,
	    const char *class, const struct flow_count *);
int	store_flow_new(struct store *, int64_t day, int64_t hour, int64_t dir,
	    const char *class, const struct flow_count *);

int	store_correspondent_add(struct store *, int64_t day, int64_t dir,
	    const char *domain, const struct correspondent_count *);
int	store_correspondent_new(struct store *, int64_t day, int64_t dir,
	    const char *domain, const struct correspondent_count *);
int64_t	store_correspondent_rows(struct store *, int64_t day, int64_t dir);

int	store_incident_add(struct store *, int64_t day, int64_t dir,
	    const char *domain, const char *why, const char *addr,
	    const struct incident_count *);
int	store_incident_new(struct store *, int64_t day, int64_t dir,
	    const char *domain, const char *why, const char *addr,
	    const struct incident_count *);
/* Of one domain and reason, at most INCIDENT_ADDRS_MAX. */
int64_t	store_incident_addrs(struct store *, int64_t day, int64_t dir,
	    const char *domain, const char *why);
int64_t	store_incident_rows(struct store *, int64_t day, int64_t dir);

/* in, out: times of the newest, 0 if none; 0 or -1. */
int	store_waiting(struct store *, const char *domain,
	    const struct waiting_count *, int64_t *rows);
int64_t	store_waiting_rows(struct store *);

int	store_unknown(struct store *, int64_t day, const char *addr,
	    const char *type, const struct unknown_count *);

int	store_tally_add(struct store *, int64_t day, const char *domain,
	    int64_t policy, const struct tally_count *);
int	store_tally_new(struct store *, int64_t day, const char *domain,
	    int64_t policy, const struct tally_count *);
int	store_tally_exists(struct store *, int64_t day, const char *domain,
	    int64_t policy);
int64_t	store_tally_rows(struct store *, int64_t day);
/* Whether that day's report of the domain was built already. */
int	store_tally_reported(struct store *, int64_t day, const char *domain);

/* Connections that came from an address of ours; 0 or -1. */

struct detail_row {
	int64_t		 day;
	const char	*domain;
	int64_t		 policy;
	const char	*type, *sip, *rip, *mx, *helo, *reason, *info;
	int64_t		 pending;
};

/* Sessions in tally.ok whose host is still to be looked at. */
struct unseen_row {
	int64_t		 day;
	const char	*domain;
	int64_t		 policy;
	const char	*sip, *rip, *mx;
	int64_t		 unseen;	/* enum unseen */
};

/* So many more of them; 0 or -1. */
int	store_unseen_add(struct store *, const struct unseen_row *,
	    int64_t count);

int	store_detail_add(struct store *, const struct detail_row *,
	    int64_t count);
int	store_detail_new(struct store *, const struct detail_row *,
	    int64_t count);
int64_t	store_detail_rows(struct store *, int64_t day, const char *domain,
	    int64_t policy);

#endif
