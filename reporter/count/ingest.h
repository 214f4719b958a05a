/* SPDX-License-Identifier: ISC */

#ifndef SGE_INGEST_H
#define SGE_INGEST_H

#include <sys/queue.h>

#include <dirent.h>

#include "engine/engine.h"
#include "count/segment.h"
#include "count/tally.h"

/*
 * The engine's part that counts records.
 */

/* Reads what was appended, on a timer; see ingest.c for "exactly once". */
void	ingest_start(struct engine *);
void	ingest_stop(struct engine *);
/*
 * Whether every record of that day that is on disk was counted, and the clock
 * is to be believed that it is over.
 */
int	ingest_day_complete(struct engine *, int64_t day);
/* Reads until there is nothing more (sgectl send, tests). */
void	ingest_now(struct engine *);

/* A file of SPOOL/attempts, and how far it was read. */
struct attempts_file {
	char		 name[64];	/* "": none */
	int64_t		 offset;
	uid_t		 uid;		/* whose it is */
	int		 seen;		/* in this pass over the folder */
};

/* What was made rows of, see attempt_room.c. */
struct attempts_owner {
	uid_t		 uid;
	int64_t		 rows;		/* in this hour */
};

struct attempts_room {
	int64_t		 rows;		/* of the table; -1: to be counted */
	int64_t		 hour;		/* since 1970; 0: not begun */
	int64_t		 others;	/* in it, of all but smtpd */
	struct attempts_owner owner[ATTEMPTS_FILES_MAX];
	size_t		 nowners;
	int64_t		 refused;	/* lines */
	int64_t		 said;		/* of these */
	int64_t		 said_at;
};

/* What it knows; for ingest.c, trim.c and what control says of it. */
struct ingest {
	struct engine	*engine;
	struct loop_timer *timer;
	struct tally	*tally;
	char		*path;		/* SPOOL/sessions */
	int		 dirfd;
	dev_t		 dev;		/* of dirfd */
	ino_t		 ino;
	TAILQ_HEAD(segments, segment) segments;	/* by name */
	char		*buf;
	int64_t		 listed;	/* when, epoch seconds; 0: list now */
	int64_t		 looked;	/* when ingest_look ran */
	int64_t		 caught_up;	/* all that was there then is counted */
	int64_t		 batch;		/* bytes read, not committed */
	size_t		 room;		/* bytes in memory until it is */
	int64_t		 backlog;	/* bytes since all was read last */
	int64_t		 began;		/* when these were begun, loop_now */
	int		 begun;		/* a batch, by batch_begin */
	int		 alone;		/* only batches wrote to the database */
	int64_t		 own, others;	/* store_written, store_others then */
	int		 misjudged;	/* the database failed meanwhile */
	int		 dirty;		/* there is something to commit */
	int		 reading;	/* in the midst of a backlog */
	int		 trouble;	/* something could not be read */
	int64_t		 wait;		/* milliseconds until the next look */
	int64_t		 retry;		/* the same, after a failure */
	int64_t		 complained;
	struct attempts_file attempts[ATTEMPTS_FILES_MAX];
	int		 attempts_known;	/* how far, by an earlier run */
	DIR		*attempts_dir;	/* of the pass that goes on, or NULL */
	size_t		 attempts_taken;	/* bytes, in this turn */
	int		 attempts_left;	/* a file has more than was read */
	int		 attempts_turns;	/* in a row */
	int64_t		 attempts_said;
	struct attempts_room attempts_room;
	int64_t		 attempts_keep;	/* seconds, in this round of trim */
	struct loop_timer *trim_timer;
	size_t		 trim_step;
	int64_t		 trim_time;	/* by which this round trims; or 0 */
	int64_t		 trim_ahead;	/* days behind this go, too */
	int64_t		 trim_dated;	/* what was learned behind it: then */
	int64_t		 trim_wait;	/* milliseconds until the next step */
};

/*
 * segment_list.c: opens SPOOL/sessions, anew where it was replaced; *changed is
 * its time.  0, or -1 with a log line once a minute.
 */
int	segments_open(struct ingest *, time_t *changed);
/* The whole folder into in->segments.  0, or -1: not all of it. */
int	segments_list(struct ingest *);
/* How far those that grow have grown by now, in epoch seconds. */
void	segments_stat(struct ingest *, int64_t now);
/* Takes it out of in->segments and frees it. */
void	segment_drop(struct ingest *, struct segment *);

/* trim.c: lets go of what is older than it is kept, in small steps. */
void	trim_start(struct ingest *);
void	trim_stop(struct ingest *);
/* The next round begins at once. */
void	trim_now(struct ingest *);

/*
 * attempt_read.c: takes in what is new in SPOOL/attempts, a turn's worth; 1: it
 * should have another turn before sessions are counted.
 */
int	attempts_take(struct ingest *);
void	attempts_stop(struct ingest *);

/*
 * attempt_room.c.  Whether uid is smtpd's, root or who runs this, whom nobody
 * else displaces.
 */
int	attempts_is_ours(const struct ingest *, uid_t);
/* Before the transaction that adds rows: 0, or -1 with a log line. */
int	attempts_room_begin(struct ingest *);
/* Whether there is room for one of that user; 0 is counted as refused. */
int	attempts_room_for(struct ingest *, uid_t);
/* A row was added. */
void	attempts_room_took(struct ingest *, uid_t);
/*
 * Within the transaction: what has changed since before, a copy of
 * in->attempts_room, to which the caller goes back where it fails.  0 or -1.
 */
int	attempts_room_save(struct ingest *, const struct attempts_room *before);
/* One line a minute at most, if some were refused. */
void	attempts_room_say(struct ingest *, uid_t);

#endif
