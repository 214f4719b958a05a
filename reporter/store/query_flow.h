/* SPDX-License-Identifier: ISC */

#ifndef SGE_SEEN_H
#define SGE_SEEN_H

#include <stdint.h>

#include "store/store.h"

/*
 * What the views read of connections: store_seen.c.  Strings of a row are good
 * inside its callback only.  All return 0, or -1 with a log line.
 */

/* Connections by TLS version; each is in one of the columns. */
struct seen_counts {
	int64_t		 tls13;
	int64_t		 tls12;
	int64_t		 older;
	int64_t		 clear;
	int64_t		 refused;
};

int64_t	seen_sum(const struct seen_counts *);
void	seen_add(struct seen_counts *, const struct seen_counts *);

enum seen_group {
	SEEN_WHOLE,		/* the period in one */
	SEEN_BY_DAY,
	SEEN_BY_HOUR		/* of the day, over all days */
};

struct seen_flow {
	int64_t		 step;		/* day or hour, by the group */
	int		 dir;		/* 0 in, 1 out */
	/* "*": each connection once, without this host's own submissions. */
	const char	*class;
	struct seen_counts counts;
};

int	seen_flows(struct store *, int64_t first, int64_t last,
	    enum seen_group, void (*)(const struct seen_flow *, void *),
	    void *);
/* The "*" row of one direction. */
int	seen_total(struct store *, int64_t first, int64_t last, int dir,
	    struct seen_counts *);

struct seen_domain {
	const char	*domain;
	int		 dir;
	const char	*class;
	int64_t		 days;
	struct seen_counts counts;
	int64_t		 legacy;
	int64_t		 testing;
	int64_t		 messages;
	int64_t		 rcpts;
	int64_t		 first;
	int64_t		 last;
};

/* One correspondent, a row for each direction. */
int	seen_domain(struct store *, int64_t first, int64_t last,
	    const char *domain, void (*)(const struct seen_domain *, void *),
	    void *);

struct seen_incident {
	const char	*domain;
	int		 dir;
	const char	*why;
	const char	*addr;		/* "" in seen_clear */
	const char	*host;
	int64_t		 addrs;		/* how many */
	int64_t		 sessions;
	int64_t		 testing;	/* of them: in "mode testing" */
	int64_t		 days;
	int64_t		 first;
	int64_t		 last;
};

/*
 * What went in clear: by domain, direction and reason, most first; news_first:
 * outbound before inbound, and what was not on earlier days before what was.
 */
int	seen_clear(struct store *, int64_t first, int64_t last, int news_first,
	    void (*)(const struct seen_incident *, void *), void *);
/* What was refused, or could not be sent: the same, news first. */
int	seen_refused(struct store *, int64_t first, int64_t last,
	    void (*)(const struct seen_incident *, void *), void *);
/* Every incident of one domain by address, most first. */
int	seen_incidents(struct store *, int64_t first, int64_t last,
	    const char *domain, void (*)(const struct seen_incident *, void *),
	    void *);

/* Failed connections that no domain could be found for. */
int64_t	seen_unknown(struct store *, int64_t first, int64_t last);

/* Submissions of this host itself, which no other number here holds. */
int64_t	seen_local(struct store *, int64_t first, int64_t last);
/* For people: "<>" is the null sender, "*" what was summed. */
const char *seen_name(const char *domain);

/* Segments of the spool: how many are known, unread, bad, newer lines. */
struct seen_spool {
	int64_t		 segments;
	int64_t		 lines;
	int64_t		 bad;
	int64_t		 newer;
};

int	seen_spool(struct store *, struct seen_spool *);
/* How far that segment was read; -1: not at all. */
int64_t	seen_offset(struct store *, const char *segment);

const char *seen_dir(int dir);		/* "in", "out" */
/* In a few words for a column, and in a sentence. */
const char *seen_why(const char *why);
const char *seen_why_sentence(const char *why);
/* Whether it is the correspondent's to mend. */
int	seen_why_theirs(const char *why);

#endif
