/* SPDX-License-Identifier: ISC */

#ifndef SGE_HEARD_H
#define SGE_HEARD_H

#include <stdint.h>

#include "store/store.h"
#include "store/store_received.h"

/*
 * What digest, html and metrics read of reports received, of MTA-STS, of
 * probes: store_heard.c.  Strings of a row are good inside its callback only.
 * All return 0, or -1 with a log line.
 */

/* What one reporter says failed with our domains, by type and MX host. */
struct heard_failure {
	const char	*reporter;
	const char	*type;
	const char	*mx;		/* "" where it is not said */
	int64_t		 count;
	int64_t		 base;		/* the reporter's sessions, each once */
	enum received_standing standing;
	int64_t		 day;		/* that it speaks of */
	/* Rows, of which a lower one is an earlier one. */
	int64_t		 came;		/* the first report of it in the span */
	int64_t		 known;		/* its reporter's first, so proved */
};

/* Which reports: all of these must hold. */
struct heard_span {
	int64_t		 first;		/* days they speak of */
	int64_t		 last;
	int64_t		 told_from;	/* in no digest of a day before this */
	int64_t		 stored_from;
	int64_t		 stored_to;	/* and before this */
};

/*
 * What the span's reports, and those before them on the same day and of the
 * same reporter, say failed; not what only those before say.  All of one day,
 * reporter and standing behind each other, what failed most often first.
 */
int	heard_failures(struct store *, const struct heard_span *,
	    void (*)(const struct heard_failure *, void *), void *);
/*
 * What failed by the report before, and not by the span's, which begins after
 * that one's end: day and base are of the latter.  Nor by another of its time,
 * nor by failures of any that do not say how, or where.  Both are on our
 * domains and of one standing, proved or unjudged.
 * Reporters known longest first.
 */
int	heard_mended(struct store *, const struct heard_span *,
	    void (*)(const struct heard_failure *, void *), void *);
/* Reports of failures on our domains, stored before the first digest told. */
struct heard_earlier {
	int64_t		 reports;
	int64_t		 reporters;
	int64_t		 first;		/* day, and the last one */
	int64_t		 last;
};

/* Those stored before a time (seconds); 1, or -1 with a log line. */
int	heard_earlier(struct store *, int64_t before, struct heard_earlier *);
/* The newest report's row, 0 if there is none. */
int64_t	heard_newest(struct store *);
/*
 * Notes that the digest of a day tells of all reports up to a row; of one
 * stored before since (seconds) it need not.  First heard_untold for what it
 * does not: the next one will.  Both within a transaction: 0, or -1 with a log
 * line.
 */
int	heard_told(struct store *, int64_t digest_day, int64_t row,
	    int64_t since);
int	heard_untold(struct store *, int64_t day, const char *reporter,
	    enum received_standing);
/* Sessions reported for one UTC day, each once. */
struct heard_day {
	int64_t		 day;
	int64_t		 reports;
	int64_t		 sessions;
	int64_t		 failed;
};

int	heard_days(struct store *, int64_t first, int64_t last,
	    void (*)(const struct heard_day *, void *), void *);

/* Our own domains whose policy others saw in that mode, and who last did. */
int	heard_modes(struct store *, int64_t first, int64_t last,
	    const char *mode, void (*)(const char *domain,
	    const char *reporter, void *), void *);

/*
 * Inbound sessions of domains that sent no report since a day; *all: of all
 * domains.  A session counts once for each sender's domain.
 */
int64_t	heard_silent(struct store *, int64_t first, int64_t last,
	    int64_t since, int64_t *all);

/* The newest probe of each address of a domain's MX hosts. */
struct heard_probe {
	const char	*host;
	const char	*addr;
	int64_t		 probed;
	const char	*status;
	const char	*starttls;
	const char	*tls;
	const char	*type;		/* RFC 8460 result type, "" if good */
	const char	*text;
	int64_t		 notafter;
	const char	*offers;
};

int	heard_probes(struct store *, const char *domain,
	    void (*)(const struct heard_probe *, void *), void *);

/* The newest look at a host that answered: 1, 0 where there is none, or -1. */
struct heard_look {
	int64_t		 probed;
	char		 type[40];	/* as in heard_probe */
};

int	heard_look(struct store *, const char *host, int64_t since,
	    struct heard_look *);

/* MTA-STS as held for a domain. */
struct heard_sts {
	const char	*id;
	const char	*mode;
	int64_t		 max_age;
	int64_t		 fetched;
	int64_t		 expires;
	const char	*body;
	int64_t		 checked;
	int64_t		 refresh;
	const char	*error;
	const char	*error_type;
};

/* 1 if there is one, 0, -1. */
int	heard_sts(struct store *, const char *domain,
	    void (*)(const struct heard_sts *, void *), void *);

/* Domains whose _mta-sts record can't be looked up, newest trouble first. */
struct heard_broken {
	const char	*domain;
	const char	*status;	/* the DNS's: servfail, timeout */
	int64_t		 since;
	int64_t		 last;
};

/* domain NULL: at most max of all, 0, or -1. */
int	heard_broken(struct store *, const char *domain, int64_t max,
	    void (*)(const struct heard_broken *, void *), void *);
int64_t	heard_broken_count(struct store *);

/*
 * Domains to which smtpd tried mail by a verified host within a day, when the
 * "enforce" policy that asked for one was over; ended: since when it is.  At
 * most max; 0, or -1.
 */
int	heard_stuck(struct store *, int64_t now, int64_t max,
	    void (*)(const char *domain, int64_t ended, void *), void *arg);
/*
 * Domains with mail that waits for a verified host, which smtpd tried within a
 * day, and none of whose hosts has an address; since: when the first came in.
 * At most max; 0, or -1.
 */
int	heard_nowhere(struct store *, int64_t now, int64_t max,
	    void (*)(const char *domain, int64_t since, void *), void *);
/*
 * Domains that table-sge named no host for when smtpd tried mail, within a day
 * and last; what is still known of it: how often, and from when (seconds).
 */
struct heard_hostless {
	const char	*domain;
	int64_t		 tries;
	int64_t		 since;
	int64_t		 last;
};

/* At most max, what waits longest first; 0, or -1. */
int	heard_hostless(struct store *, int64_t now, int64_t max,
	    void (*)(const struct heard_hostless *, void *), void *);
/*
 * Policies that hold by now, not "none", and whose last fetch failed: at most
 * max, the ones that end first first.  How many there are, or -1.
 */
int64_t	heard_stale(struct store *, int64_t now, int64_t max,
	    void (*)(const char *domain, const struct heard_sts *, void *),
	    void *);

struct heard_mx {
	const char	*host;
	int64_t		 pref;
	int64_t		 matches;
	int64_t		 failed;
	int64_t		 retry;
	int64_t		 seen;
	const char	*noaddr;	/* the DNS's nxdomain or nodata, or "" */
};

int	heard_mx(struct store *, const char *domain,
	    void (*)(const struct heard_mx *, void *), void *);

struct heard_route {
	const char	*kind;
	int64_t		 until;
	const char	*urls;
	const char	*why;
	int64_t		 learned;
	int64_t		 renew;
	int64_t		 used;
};

int	heard_route(struct store *, const char *domain,
	    void (*)(const struct heard_route *, void *), void *);

struct heard_history {
	int64_t		 since;
	int64_t		 until;
	const char	*mode;
};

/* Newest first, of those that held for any time; until 0: it holds at now. */
int	heard_history(struct store *, const char *domain, int64_t now,
	    void (*)(const struct heard_history *, void *), void *);

#endif
