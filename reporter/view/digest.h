/* SPDX-License-Identifier: ISC */

#ifndef SGE_DIGEST_H
#define SGE_DIGEST_H

#include "ctl/print.h"
#include "store/query_policy.h"

/* What is known and goes on is told beside news, but is none. */
enum digest_level {
	DIGEST_WATCH,
	DIGEST_FIX,
	DIGEST_GOES_ON
};

/*
 * What wants the operator's eye in the view's period, most pressing first.
 */
struct digest_item {
	int		 fix;		/* else: watch */
	char		*text;		/* one or two plain sentences */
	char		*command;	/* that shows more, or NULL */
};

struct digest {
	const struct view *view;
	struct view	 own;		/* view, with the digest's days */
	struct heard_span span;		/* reports received it tells of */
	int64_t		 newest;	/* the last of these */
	struct digest_item *item;
	size_t		 n;
	size_t		 nfix;
	size_t		 nwatch;
	size_t		 ngoes_on;	/* of nwatch */
	int		 damaged;	/* sged met a page that is none */
};

/*
 * Fills digest; what can't be read is a finding.  digest_free after it.
 * since_last: what came since the digest of an earlier day, as digest_told
 * noted it; else, and where the view has dates, what speaks of its days; where
 * it has a number of days, what came on these.
 */
void	digest_find(const struct view *, int since_last, struct digest *);
/*
 * Notes that all of it was told.  Until the next day has ended, a digest tells
 * the same again, with what came since: one that got lost is no loss.  0, or
 * -1 where the database can't be written.
 */
int	digest_told(const struct digest *);
void	digest_free(struct digest *);

/* digest_item.c: adds one; command NULL: none.  For digest_*.c. */
void	digest_add(struct digest *, int level, const char *command,
	    const char *, ...) __attribute__((__format__(printf, 4, 5)));
/*
 * "BASE DOMAIN", to be pasted into a shell: where the domain is none (reports
 * and HELO names hold what others like), BASE without its last word.
 */
void	digest_command(char out[], size_t outsz, const char *base,
	    const char *domain);
/*
 * A view's command with the days of the digest and what follows, for
 * digest_command or digest_add; a static buffer.
 */
const char *digest_days(const struct digest *, const char *view,
	    const char *rest);
/* The parts: what we saw, what others saw, our own state. */
void	digest_seen(struct digest *);
void	digest_heard(struct digest *);
void	digest_own(struct digest *);
/* What none of them could read; every: whatever that takes. */
void	digest_unread(struct digest *, int every);

#endif
