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

/* Where it comes from: what there is much of hides nothing of another kind. */
enum digest_kind {
	DIGEST_OWN,		/* our own state */
	DIGEST_SEEN,		/* what we saw of others */
	DIGEST_FAILED,		/* what others say that failed */
	DIGEST_MENDED,		/* and fails no more */
	DIGEST_MODES,
	DIGEST_KINDS
};

/*
 * What wants the operator's eye in the view's period, most pressing first.
 */
struct digest_item {
	int		 fix;		/* else: watch */
	enum digest_kind kind;
	char		*text;		/* one or two plain sentences */
	char		*command;	/* that shows more, or NULL */
};

/* Failures of one reporter on one day, for which there was no room. */
struct digest_left {
	char		*reporter;
	int64_t		 day;
	enum received_standing standing;
	int		 fix;
	int64_t		 failed;	/* sessions */
};

struct digest {
	const struct view *view;
	struct view	 own;		/* view, with the digest's days */
	struct heard_span span;		/* reports received it tells of */
	int64_t		 newest;	/* the last of these */
	int64_t		 earlier;	/* sums what came before (s); -1: none */
	int64_t		 room;		/* failures of each level; 0: all */
	enum digest_kind kind;		/* of what is being found */
	struct digest_item *item;
	size_t		 n;
	size_t		 of_kind[DIGEST_KINDS];
	struct digest_left *left;
	size_t		 nleft;
	size_t		 nfix;
	size_t		 nwatch;
	size_t		 ngoes_on;	/* of nwatch */
	int		 damaged;	/* sged met a page that is none */
};

/*
 * Fills digest; what can't be read is a finding.  digest_free after it.
 * since_last: what came since the digest of an earlier day, as digest_told
 * noted it; else, and where the view has dates, what speaks of its days; where
 * it has a number of days, what came on these.  Where there is more than room,
 * what others say that failed is in item or left.
 */
void	digest_find(const struct view *, int since_last, struct digest *);
/*
 * Notes that all of it was told but what is left, which the next one tells
 * first.  Until the next day has ended, a digest tells the same again, with
 * what came since: one that got lost is no loss.  0, or -1 where the database
 * can't be written.
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
/* Of digest_heard: what failed. */
void	digest_failed(struct digest *);
/* What a reporter's failure means, in the middle of a sentence. */
const char *digest_found(const char *type);
void	digest_own(struct digest *);
/* What none of them could read; every: whatever that takes. */
void	digest_unread(struct digest *, int every);

#endif
