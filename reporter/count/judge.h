/* SPDX-License-Identifier: ISC */

#ifndef SGE_JUDGE_H
#define SGE_JUDGE_H

#include <stdint.h>

#include "base/bounds.h"
#include "conf/conf.h"
#include "spool/record.h"
#include "store/store.h"
#include "store/store_route.h"

/*
 * What an outgoing session means for RFC 8460: under which policy it counts,
 * whether it is a success, and if not, why.  Reads the database, so what was
 * read is kept until judge_reset: to the end of the batch, and on while nobody
 * else writes there.
 */
struct judge;

struct judge *judge_new(struct store *, const struct conf *);
void	judge_free(struct judge *);
void	judge_reset(struct judge *);
/* About how much memory that takes. */
size_t	judge_bytes(const struct judge *);
struct store *judge_store(const struct judge *);

/* Of a recipient domain, kept until judge_reset: every session asks for it. */
struct known;

struct known *judge_known(struct judge *, const char *domain);

#define RESULT_TYPE_MAX 40	/* the longest of RFC 8460 4.3 has 27 */

struct judgement {
	int64_t		 policy;	/* table policy; 0: none found */
	int		 failed;
	enum unseen	 unseen;	/* where it did not fail */
	/* Only where it failed, but for mx; "" where not known. */
	int		 pending;	/* 1: a probe may tell the reason */
	int		 without;	/* a policy that could not be had */
	char		 type[RESULT_TYPE_MAX];
	char		 reason[REPORT_TEXT_MAX + 1];
	char		 info[REPORT_TEXT_MAX + 1];
	char		 mx[DOMAIN_MAX];
};

/*
 * For one recipient domain of the session (normal form), and what is known of
 * it.  Returns 1, or 0 where the session is not to be counted (the second half
 * of a downgrade, whose first half was; or nothing was tried).
 */
int	judge_session(struct judge *, struct known *, const char *domain,
	    const struct record *, struct judgement *);

/* Whether nothing goes to a domain without TLS. */
enum forced {
	FORCED_NOT,
	FORCED_ENCRYPT,		/* to its MX hosts, as smtpd finds them */
	FORCED_ROUTED		/* to the host that table-sge names */
};

enum forced judge_forced(struct judge *, struct known *, const char *domain,
	    int64_t when);

/* Domains of one session, at most as many as a record has rows. */
#define WHOSE_MAX RECORD_TX_MAX

enum whose_is {
	WHOSE_FOUND,
	WHOSE_UNKNOWN,
	WHOSE_NOBODYS		/* TLS is forced for no domain there */
};

struct whose {
	enum whose_is	 is;
	size_t		 n;
	char		 domain[WHOSE_MAX][DOMAIN_MAX];
};

/*
 * whose.c: whose a session is that names no recipient.  One that did not get
 * as far as MAIL FROM can only be of a domain that TLS is forced for.
 *
 * table-sge noted each attempt of such a domain, and its host: the session is
 * of those whose attempt came to nothing yet.  smtpd sends the mail of all that
 * go to one host in one session.  Where hosts share an address, those that are
 * known to be good did not fail; with several left it is not known.
 *
 * Without an attempt it is the domain that is routed to that address and has
 * mail waiting, else one with mail waiting and that address among its MX's,
 * else the only one routed there.  Of many with mail waiting it is the one
 * whose mail just came in: smtpd tries it at once.  waits(domain, last) is
 * asked for each; last: when mail for it last came in, as the database has it,
 * 0 if none waits; it says the same as it is now.
 */
struct whose_past;

void	whose_session(struct judge *, struct whose_past *,
	    const struct record *,
	    int64_t (*waits)(const char *domain, int64_t last, void *),
	    void *arg, struct whose *);
/*
 * One that named that domain, which TLS is forced for by a route: its attempts
 * until then are done.
 */
void	whose_went(struct judge *, struct whose_past *, const struct record *,
	    const char *domain);
/* One that got nowhere, when it is known whose it was. */
void	whose_over(struct whose_past *, const struct record *);

/* Epoch seconds: attempts at that address by then came to nothing; 0: none. */
int64_t	whose_over_by(struct whose_past *, const char *addr);

/* What sessions made of attempts, for as long as sged runs. */
struct whose_past *whose_past_new(void);
void	whose_past_free(struct whose_past *);

#endif
