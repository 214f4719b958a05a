/* SPDX-License-Identifier: ISC */

#ifndef SGE_STORE_REPORT_H
#define SGE_STORE_REPORT_H

#include "base/bounds.h"
#include "store/store.h"

/*
 * The tables tally, detail and policy as a report needs them, and the tables
 * report, delivery, bounce and bounced.  Functions return 0, or -1 with a log
 * line, unless said otherwise.
 */

/* What was tallied under one policy; the strings end with the callback. */
struct store_policy {
	int64_t		 id;		/* 0: no-policy-found */
	const char	*domain;
	const char	*type;
	const char	*strings;	/* JSON arrays */
	const char	*mx;
	int64_t		 ok;
	int64_t		 fail;
};

/* "" where it is not known. */
struct store_detail {
	const char	*type;
	const char	*sip;
	const char	*rip;
	const char	*mx;
	const char	*helo;
	const char	*reason;
	const char	*info;
	int64_t		 count;
};

/* Each policy of a domain's day, in an order that is always the same. */
int	store_report_policies(struct store *, const char *domain, int64_t day,
	    int (*)(const struct store_policy *, void *), void *arg);
/* Its failures, those that occurred most first within a type. */
int	store_report_details(struct store *, const char *domain, int64_t day,
	    int64_t policy, int (*)(const struct store_detail *, void *),
	    void *arg);

/*
 * Reports.
 */

/* How many domains have a tally of that day, or -1. */
int64_t	store_report_count_day(struct store *, int64_t day);
/*
 * Makes the rows of at most limit domains behind *domain (of size domainsz;
 * "" for the first), in order, and moves *domain on.  due says when the n-th
 * of them is to be looked at.  Rows that exist stay as they are.  Returns how
 * many domains were gone through, -1 on error.
 */
int	store_report_open_day(struct store *, int64_t day, int64_t now,
	    int64_t limit, char domain[], size_t domainsz,
	    int64_t (*due)(void *), void *arg);

/* The row of one domain.  Returns 1, 0 if it has no tally, -1. */
int	store_report_open_one(struct store *, int64_t day, const char *domain,
	    int64_t now);
/* The first day behind that one with a tally: 1, 0 if there is none, -1. */
int	store_report_day_after(struct store *, int64_t day, int64_t *after);

struct store_report {
	int64_t		 id;
	int64_t		 day;
	char		 domain[256];
	char		 report_id[340];	/* "": not built yet */
	char		 state[16];
	int64_t		 due;
	int64_t		 first;		/* 0: not looked at yet */
	int64_t		 tries;
};

/*
 * Those due by now, at most limit, each moved to lease at once: it comes back
 * by itself if what is begun here ends untimely.  Returns how many.
 */
int	store_report_claim(struct store *, int64_t now, int64_t lease,
	    struct store_report out[], int limit);
/* Returns 1, 0 if there is none, -1. */
int	store_report_get(struct store *, int64_t id, struct store_report *);
int	store_report_find(struct store *, const char *domain, int64_t day,
	    struct store_report *);
int	store_report_by_id(struct store *, const char *report_id,
	    struct store_report *);
/* The stored gzip body, which the caller frees; 1, 0, -1 as above. */
int	store_report_body(struct store *, int64_t id, unsigned char **body,
	    size_t *len);
/* Looked at, without a result: again at due. */
int	store_report_again(struct store *, int64_t id, int64_t now,
	    int64_t due, const char *note);
/* Claimed, but not looked at after all. */
int	store_report_release(struct store *, int64_t id, int64_t due);
/* Built: what will be sent is from now on this. */
int	store_report_built(struct store *, int64_t id, const char *report_id,
	    const char *record, const char *note, int64_t ok, int64_t fail,
	    const unsigned char *body, size_t len);
/* An end: sent, given-up, no-rua, excepted, empty.  note NULL: as it is. */
int	store_report_end(struct store *, int64_t id, const char *state,
	    int64_t now, const char *record, const char *note);
/* When the next report or delivery is due, other if none is earlier; -1. */
int64_t	store_report_next_due(struct store *, int64_t other);
/*
 * For "send": what waits of that day (of that domain, or NULL) is due now, and
 * what ended without being sent is begun anew.  *waiting and *taken: how many
 * reports now wait, and how many had been taken everywhere.
 */
int	store_report_hurry(struct store *, int64_t day, const char *domain,
	    int64_t now, int64_t *waiting, int64_t *taken);

/*
 * Deliveries: one for each URI of a report.
 */
enum store_delivery_kind {
	DELIVERY_MAIL,
	DELIVERY_HTTPS
};

struct store_delivery {
	int64_t		 id;
	int64_t		 report;
	char		 uri[3 * RUA_URI_MAX + 32];
	char		 state[16];
	int64_t		 tries;
	int64_t		 first;
	char		 target[RUA_URI_MAX];	/* whom it goes to, or "" */
	int64_t		 today;		/* others to him; of a claimed one */
};

/*
 * Whether a mail to that address was tried since then (epoch seconds); -1 if
 * the database can't say.
 */
int	store_delivery_since(struct store *, const char *address,
	    int64_t since);
/*
 * A URI that took the report, or is about to be tried, is left alone: this is
 * what keeps it to one report a day, whatever is started again.
 */
int	store_delivery_add(struct store *, int64_t report,
	    enum store_delivery_kind, const char *uri, const char *target,
	    const char *state, int64_t next, const char *text);
/*
 * Those of a kind due by now, at most limit, each now "sending"; returns how
 * many.  Their "today" is true where it is most or more, else it may be less.
 */
int	store_delivery_claim(struct store *, enum store_delivery_kind,
	    int64_t now, int64_t most, struct store_delivery out[], int limit);
/* state: due (again at next), sent, given-up, held. */
int	store_delivery_note(struct store *, int64_t id, const char *state,
	    int64_t now, int64_t next, int64_t code, const char *text);
/* Not tried after all: due again at next. */
int	store_delivery_unclaim(struct store *, int64_t id, int64_t next);
/* That one is being sent still, though store_delivery_recover said not. */
int	store_delivery_again(struct store *, int64_t id, int64_t now);
/* That one, if it is being sent.  Returns 1, 0 if it is not, -1. */
int	store_delivery_sending(struct store *, int64_t id,
	    struct store_delivery *);
/* Those being sent are due, as if not begun; returns how many, or -1. */
int	store_delivery_recover(struct store *, enum store_delivery_kind,
	    int64_t now);
/*
 * The state of a report from its deliveries: "sent" if one took it, "sending"
 * while one may yet, else "given-up".
 */
int	store_delivery_settle(struct store *, int64_t report, int64_t now);
/* Each delivery of a report; the strings end with the callback. */
int	store_delivery_each(struct store *, int64_t report,
	    int (*)(const struct store_delivery *, void *), void *arg);

/*
 * Addresses that bounced.
 */

/* Until when it is rested, 0: it is not; -1. */
int64_t	store_bounce_until(struct store *, const char *address, int64_t now);
/*
 * A report came back from address.  Counts each report once; the third that
 * comes back within rest seconds makes it rest as long.  Returns 1 if it was
 * counted, 0 if it had been, -1.
 */
int	store_bounce_add(struct store *, const char *report_id,
	    const char *address, int64_t now, int64_t rest, const char *text);

#endif
