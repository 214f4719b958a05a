/* SPDX-License-Identifier: ISC */

#ifndef SGE_SESSION_H
#define SGE_SESSION_H

#include <stdint.h>

#include "base/addr.h"
#include "base/addr_own.h"
#include "base/sged_client.h"
#include "base/sged_notice.h"
#include "conf/conf.h"
#include "rule/flow.h"
#include "session/busy.h"
#include "session/event.h"
#include "session/pool.h"
#include "spool/record.h"
#include "spool/routes.h"
#include "spool/spool.h"

/*
 * What is known of each open session of smtpd: some 150 bytes of it, with its
 * slot, its row and its share of texts.  Nothing here is fatal or blocks:
 * without memory a session is not known.
 */

/* Bits of session.flags. */
#define S_OUT		0x0001
#define S_REMOTE	0x0002	/* the address is known */
#define S_FCRDNS	0x0008
#define S_TRUSTED	0x0010	/* "from local", or authenticated */
#define S_EHLO		0x0020	/* in: identified; out: EHLO was sent */
#define S_STARTTLS	0x0040	/* out: STARTTLS was sent */
#define S_EHLO_AGAIN	0x0080	/* out: EHLO after it */
#define S_TLS		0x0100
#define S_IMPLICIT	0x0200	/* TLS before any EHLO */
#define S_MAIL		0x0400	/* out: MAIL FROM was sent */
#define S_DOWNGRADED	0x0800	/* the connection before failed in TLS */
#define S_REPORT	0x1000	/* smtpd.conf may take it for "report from" */
#define S_WAITS		0x2000	/* a recipient waits for sged */
#define S_ODD_FROM	0x4000	/* the sender's domain is no domain name */
#define S_HELO		0x8000	/* out: EHLO was refused, so HELO was sent */
#define S_ANSWERED	0x10000	/* out: another command came after MAIL FROM */

/* One "tx" row in the making. */
struct row {
	pool_ref	 next;		/* of the session, in order */
	pool_ref	 from;		/* both 0: see record_tx */
	pool_ref	 to;
	uint32_t	 messages;
	uint32_t	 rcpts;
	uint16_t	 flow;		/* sessions.flows[] */
	uint8_t		 why;		/* enum refusal */
	uint8_t		 verdict : 4;
	uint8_t		 report : 1;
	uint8_t		 open : 1;	/* in the present transaction */
};

/*
 * 80 bytes: what most events need comes first.  Sessions are blocks of
 * sessions.open, texts and rows of sessions.pool.  Times are epoch seconds,
 * until 2106.
 */
struct session {
	uint64_t	 id;
	uint32_t	 time;		/* of its last event */
	uint32_t	 flags;
	pool_ref	 rows;		/* the first */
	pool_ref	 from;		/* domain, or with -v address */
	pool_ref	 helo;
	pool_ref	 tls;		/* "TLSv1.3:CIPHER:256" */
	pool_ref	 rdns;
	pool_ref	 local;		/* an address; there are few */
	uint8_t		 nrows;
	uint8_t		 tlsver;	/* enum tlsver */
	uint8_t		 nheld;
	pool_ref	 held;		/* connections before, newest first */
	struct addr	 remote;
	uint32_t	 began;		/* out */
	int32_t		 busy;		/* out; busy_begin() */
	pool_ref	 older;		/* the order in which they began */
	pool_ref	 newer;
};

struct sessions {
	const struct conf *conf;
	struct spool	*spool;
	struct routes	*routes;	/* NULL: nothing is known */
	struct notice	*notice;	/* NULL: nobody is told */
	const struct addr_own *own;	/* NULL: not known */
	struct pool	*pool;		/* of texts and rows */
	struct pool	*open;		/* of sessions, side by side */
	struct busy	*busy;
	pool_ref	*slots;		/* open addressing; 0: free */
	size_t		 mask;
	size_t		 count;
	size_t		 max;		/* beyond it the oldest gives way */
	pool_ref	 oldest;
	pool_ref	 newest;
	/* What the last session had, and the next one mostly has as well. */
	struct addr	 local_addr;
	pool_ref	 local;
	pool_ref	 tls;
	char		**flows;	/* names, each once, for good */
	size_t		 nflows;
	uint16_t	*flow_of;	/* [from class * nclasses + to class] */
	size_t		 nclasses;
	int		 verbose;
	int64_t		 now;		/* epoch seconds, the caller's */
	int64_t		 clock;		/* monotonic milliseconds, likewise */
	uint64_t	 unknown;	/* events of sessions not known */
	uint64_t	 evicted;
	uint64_t	 nomem;
	struct record	 record;	/* for session_finish */
};

/* NULL without memory.  All pointers stay the caller's. */
struct sessions *sessions_new(const struct conf *, struct spool *, int verbose);
/* Writes a record of each connection that is still open. */
void	sessions_free(struct sessions *);
/*
 * The old configuration may be freed afterwards: no session refers to it.
 * Returns 0; -1 without memory, the old one stays.
 */
int	sessions_conf(struct sessions *, const struct conf *);
/* Takes in what smtpd reports. */
void	sessions_event(struct sessions *, const struct event *);

/* session_table.c */

/*
 * Has the processor fetch what an event of that session will need: first where
 * it is, a little later itself, and then what its end will need.
 */
enum prefetch {
	PREFETCH_SLOT,
	PREFETCH_SESSION,
	PREFETCH_TEXTS
};
void	session_prefetch(const struct sessions *, uint64_t, enum prefetch);
/* Epoch seconds as a session keeps them. */
uint32_t session_time(int64_t);
/* Of a session and of a row; NULL of 0. */
static inline struct session *
session_at(const struct sessions *ss, pool_ref ref)
{
	return pool_at(ss->open, ref);
}

static inline struct row *
session_row(const struct sessions *ss, pool_ref ref)
{
	return pool_at(ss->pool, ref);
}

/* NULL if it is not known. */
struct session *session_find(const struct sessions *, uint64_t);
/* A new one, which must not be known yet; NULL without memory. */
struct session *session_add(struct sessions *, uint64_t);
/* Forgets the connection, but not those held before it, nor S_WAITS. */
void	session_clear(struct sessions *, struct session *);
/* Frees it, and what is held; no record is written. */
void	session_remove(struct sessions *, struct session *);

/*
 * A recipient of an incoming session, and what to answer.
 */
enum learned {
	LEARNED_NOT_ASKED,
	LEARNED_YES,
	LEARNED_NO,
	LEARNED_TIMEOUT		/* or there was nobody to ask */
};

struct decision {
	char		 reply[512];	/* "" is "proceed" */
	char		 ask[QUESTION_MAX];
};

/*
 * Returns 0 with d->reply, having noted and logged it; 1 if sged must be asked
 * d->ask first (never but with LEARNED_NOT_ASKED).  id: as smtpd wrote
 * it, 16 digits.  A session that is not known is judged by what is: nothing
 * but its recipient.  What a session that may not relay says of domains that
 * are not ours is neither asked about nor noted before smtpd has taken it.
 */
int	session_rcpt(struct sessions *, uint64_t session, const char *id,
	    const struct text *address, enum learned, struct decision *d);

/* session_rcpt.c: smtpd took that recipient of an incoming session. */
void	session_rcpt_taken(struct sessions *, struct session *,
	    const struct text *address);
/*
 * session_rcpt.c: a recipient of an outgoing session, judged and noted; of a
 * domain that nobody looked up yet sged is told.
 */
void	session_rcpt_out(struct sessions *, struct session *,
	    const struct text *address);
/* session_rcpt.c: the sender of a new transaction. */
void	session_mail(struct sessions *, struct session *, const struct text *);

/* session_note.c */

/*
 * The domain of an address; what is none stays as it was, in lower case, cut
 * off.  An address without one is smtpd's own: "staff" and "staff@" become
 * staff@hostname.  Returns 1 if it is a domain name.
 */
int	session_domain(const struct sessions *, const struct text *address,
	    char out[], size_t outsz);
/* What is behind the '@' of an address, or all of it. */
const char *session_part(const char *address);
/*
 * As it stands in records: the domain, with -v all of it but a route.  0
 * without memory.
 */
pool_ref session_address(struct sessions *, const struct text *address,
	    const char *domain);
/* Counts a recipient in its row; takes to over, which may be 0. */
void	session_note(struct sessions *, struct session *, pool_ref to,
	    const struct flow_answer *);
/*
 * Logs the answer, with all that it takes to see why; s may be NULL, id is as
 * smtpd wrote it, from and to are domains.
 */
void	session_say(struct sessions *, const struct session *s,
	    const char *id, const char *from, const char *to,
	    const struct flow_answer *);

/* session_report.c: whether a new transaction's sender is that of reports. */
void	session_report_sender(const struct sessions *, struct session *,
	    const struct text *);
/* A recipient of it.  Returns as session_rcpt does, with the answer in a. */
int	session_report_rcpt(const struct sessions *, const struct session *,
	    const struct text *, enum learned, struct flow_answer *a,
	    struct decision *);
/* Whether what was so answered is one of our reports. */
int	session_is_report(const struct session *, const struct flow_answer *);

/*
 * session_record.c: writes the records of a connection and of those held for
 * it.
 */
void	session_finish(struct sessions *, struct session *);
/* session_record.c: how the TLS of an outgoing connection went. */
void	session_outcome(const struct session *, enum starttls *,
	    enum failure *);

#endif
