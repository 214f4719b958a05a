/* SPDX-License-Identifier: ISC */

/*
 * Segments of SPOOL/sessions into tallies, each record exactly once: one
 * transaction adds what a batch of lines says and moves the offsets behind
 * these lines.  What is not committed is read again.
 */

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/date.h"
#include "engine/engine.h"
#include "count/ingest.h"
#include "base/log.h"
#include "lib/xalloc.h"

/* A batch is committed when it has read, or takes, that much. */
#define BATCH_READ_MAX (64 * 1024 * 1024)
#define BATCH_MEMORY_MAX (12 * 1024 * 1024)
#define BATCH_MEMORY_MIN (3 * 1024 * 1024)
/*
 * Nobody else can write while it is: what a batch takes goes by how many
 * milliseconds that was the last time.
 */
#define BATCH_HOLD_MS 80
/* How often the spool is looked at, in milliseconds; slower while idle. */
#define LOOK_MIN 100
#define LOOK_MAX 1000
/* A database that takes nothing is tried again after a while. */
#define RETRY_MIN 2000
#define RETRY_MAX 60000
/* So much at once is worth a line in the log. */
#define BACKLOG_SAID (1024 * 1024)
/* The whole directory is listed anew at least that often, in seconds. */
#define LIST_SECONDS 60
/* Without a new record for that long, a segment is over (it has an hour). */
#define DONE_SECONDS 7200
/* Records of a day may be written that much after its end. */
#define GRACE_SECONDS 300

static void	ingest_tick(void *);

static void
segment_free(struct ingest *in, struct segment *seg)
{
	TAILQ_REMOVE(&in->segments, seg, entry);
	free(seg->name);
	free(seg);
}

void
ingest_start(struct engine *e)
{
	struct ingest *in;
	int64_t known = 0;

	in = xcalloc(1, sizeof(*in));
	in->buf = xmalloc(SEGMENT_SLICE + 1);
	xasprintf(&in->path, "%s/sessions", e->conf->spool);
	in->engine = e;
	in->dirfd = -1;
	in->wait = LOOK_MIN;
	in->retry = RETRY_MIN;
	in->room = BATCH_MEMORY_MIN;
	in->tally = tally_new(e->store, e->conf);
	in->tally->addrs = e->addrs = hash_new(sizeof(struct addr_seen));
	/* Where it can't be told, the clock is not believed. */
	if (store_meta(e->store, "clock", &known) == -1)
		known = INT64_MAX;
	steady_init(&e->clock, known, time(NULL), loop_now() / 1000);
	if (e->clock.jumps > 0)
		log_warnx("the clock is not where it was: nothing is removed "
		    "for a day, and no day ends for some minutes");
	TAILQ_INIT(&in->segments);
	in->timer = loop_timer_add(e->loop, 0, ingest_tick, in);
	e->ingest = in;
	trim_start(in);
}

void
ingest_stop(struct engine *e)
{
	struct ingest *in = e->ingest;
	struct segment *seg;

	if (in == NULL)
		return;
	trim_stop(in);
	loop_timer_remove(e->loop, in->timer);
	while ((seg = TAILQ_FIRST(&in->segments)) != NULL)
		segment_free(in, seg);
	if (in->dirfd != -1)
		close(in->dirfd);
	tally_free(in->tally);
	hash_free(e->addrs);
	e->addrs = NULL;
	free(in->path);
	free(in->buf);
	free(in);
	e->ingest = NULL;
}

/* At most once a minute. */
static void
complain(struct ingest *in, const char *what)
{
	int64_t now = loop_now();

	in->trouble = 1;
	if (in->complained != 0 && now - in->complained < 60000)
		return;
	in->complained = now;
	log_warnx("%s: %s", in->path, what);
}

/* What someone left beside the segments, or made of one, is none. */
static int
is_segment(const char *name)
{
	size_t len = strlen(name), end = sizeof(".jsonl") - 1;

	return name[0] != '.' && len > end &&
	    strcmp(name + len - end, ".jsonl") == 0 && strspn(name,
	    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    ".-_") == len;
}

/*
 * What is known of a file that was not there before, under this name or, when
 * it was renamed, under another.  1; 0: another name of one that is there; or
 * -1.
 */
static int
segment_recall(struct ingest *in, struct segment *seg, int64_t ino,
    int64_t head)
{
	struct store *st = in->engine->store;
	struct segment_state *s = &seg->saved;
	char other[NAME_MAX + 32];
	int64_t oino, ohead;
	int rc;

	if ((rc = store_segment_load(st, seg->name, s, &seg->done)) == -1)
		return -1;
	/* Rows of the first formats know nothing of files. */
	if (rc == 1 && (s->ino == 0 || (s->head == 0 || head == 0 ?
	    s->ino == ino : s->head == head)))
		goto found;
	if (rc == 1) {
		/* A file made anew; the old one may be there by another name. */
		(void)snprintf(other, sizeof(other), "%s#%llx", seg->name,
		    (unsigned long long)s->ino);
		if (store_segment_rename(st, seg->name, other) == -1)
			return -1;
	}
	memset(s, 0, sizeof(*s));
	seg->done = 0;
	rc = head == 0 ? 0 : store_segment_find(st, ino, head, other,
	    sizeof(other));
	if (rc == -1)
		return -1;
	if (rc == 1) {
		if (segment_identify(other, in->dirfd, &oino, &ohead) == 0 &&
		    oino == ino)
			return 0;
		if (store_segment_rename(st, other, seg->name) == -1 ||
		    store_segment_load(st, seg->name, s, &seg->done) == -1)
			return -1;
	}
found:
	s->ino = ino;
	if (head != 0)
		s->head = head;
	return 1;
}

/* Sorted by name, which is by time. */
static int
segment_add(struct ingest *in, const char *name)
{
	struct segment *seg, *before;
	int64_t ino, head;
	int rc = 1;

	TAILQ_FOREACH_REVERSE(before, &in->segments, segments, entry)
		if ((rc = strcmp(before->name, name)) <= 0)
			break;
	if (before != NULL && rc == 0) {
		/* It may be another file by now; see batch_commit. */
		if (before->dirty || segment_stat(before, in->dirfd) == 0) {
			before->seen = 1;
			return 0;
		}
		seg = before;
		before = TAILQ_PREV(seg, segments, entry);
		segment_free(in, seg);
	}
	if (segment_identify(name, in->dirfd, &ino, &head) == -1)
		return 0;
	seg = xcalloc(1, sizeof(*seg));
	seg->name = xstrdup(name);
	if ((rc = segment_recall(in, seg, ino, head)) != 1) {
		free(seg->name);
		free(seg);
		return rc;
	}
	segment_rewind(seg);
	seg->seen = 1;
	if (before == NULL)
		TAILQ_INSERT_HEAD(&in->segments, seg, entry);
	else
		TAILQ_INSERT_AFTER(&in->segments, before, seg, entry);
	if (segment_stat(seg, in->dirfd) == -1)
		segment_free(in, seg);
	return 0;
}

static int
segments_list(struct ingest *in)
{
	struct segment *seg, *next;
	struct dirent *de;
	DIR *dir;
	int fd, rc = 0;

	if ((fd = openat(in->dirfd, ".", O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC)) == -1 || (dir = fdopendir(fd)) == NULL) {
		complain(in, strerror(errno));
		if (fd != -1)
			close(fd);
		return -1;
	}
	TAILQ_FOREACH(seg, &in->segments, entry)
		seg->seen = 0;
	while ((de = readdir(dir)) != NULL)
		if (is_segment(de->d_name) &&
		    segment_add(in, de->d_name) == -1)
			rc = -1;
	closedir(dir);
	for (seg = TAILQ_FIRST(&in->segments); seg != NULL; seg = next) {
		next = TAILQ_NEXT(seg, entry);
		if (!seg->seen)
			segment_free(in, seg);
		else if (seg->done && segment_stat(seg, in->dirfd) == 0 &&
		    segment_more(seg))
			seg->done = 0;
	}
	return rc;
}

/* A directory is replaced when a file system is mounted over it. */
static int
spool_open(struct ingest *in, struct stat *sb)
{
	if (stat(in->path, sb) == -1) {
		complain(in, strerror(errno));
		return -1;
	}
	if (in->dirfd != -1 && sb->st_dev == in->dev && sb->st_ino == in->ino)
		return 0;
	if (in->dirfd != -1)
		close(in->dirfd);
	in->listed = 0;
	if ((in->dirfd = open(in->path, O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC)) == -1) {
		complain(in, strerror(errno));
		return -1;
	}
	in->dev = sb->st_dev;
	in->ino = sb->st_ino;
	return 0;
}

static void
clock_look(struct ingest *in, int64_t now)
{
	struct steady *clock = &in->engine->clock;
	int64_t before = clock->wall;
	int jumps = clock->jumps;

	steady_look(clock, now, loop_now() / 1000);
	if (clock->jumps != jumps)
		log_warnx("the clock went from %lld to %lld at once: nothing "
		    "is removed for a day, and no day ends for some minutes",
		    (long long)before, (long long)now);
}

/* How far those that grow have grown. */
static void
segments_stat(struct ingest *in, int64_t now)
{
	struct segment *seg, *next;

	for (seg = TAILQ_FIRST(&in->segments); seg != NULL; seg = next) {
		next = TAILQ_NEXT(seg, entry);
		if (seg->done)
			continue;
		if (segment_stat(seg, in->dirfd) == -1) {
			segment_free(in, seg);
			in->listed = 0;
		} else if (!segment_more(seg) &&
		    seg->mtime < now - DONE_SECONDS) {
			segment_finish(seg);
			in->dirty = 1;
		}
	}
}

/* What there is to read. */
static void
ingest_look(struct ingest *in)
{
	struct stat sb;
	int64_t now = time(NULL);

	clock_look(in, now);
	in->trouble = 0;
	in->looked = now;
	if (spool_open(in, &sb) == -1)
		return;
	/* They are noted before the sessions that they led to. */
	attempts_take(in);
	segments_stat(in, now);
	/* A file made within the listing's second may not be in it. */
	if (in->listed == 0 || sb.st_mtime >= in->listed - 1 ||
	    now - in->listed >= LIST_SECONDS || now < in->listed) {
		if (segments_list(in) == 0)
			in->listed = now;
		else
			in->trouble = 1;
	}
}

/* What the next batch may take, when this one was written within ms. */
static void
batch_fit(struct ingest *in, int64_t ms)
{
	int64_t room = (int64_t)tally_bytes(in->tally) * BATCH_HOLD_MS /
	    (ms < 1 ? 1 : ms);

	in->room = room < BATCH_MEMORY_MIN ? BATCH_MEMORY_MIN :
	    room > BATCH_MEMORY_MAX ? BATCH_MEMORY_MAX : (size_t)room;
}

static int
batch_write(struct ingest *in)
{
	struct store *st = in->engine->store;
	struct segment *seg;
	int64_t now = time(NULL), began;

	if (store_begin(st) == -1)
		return -1;
	began = loop_now();
	if (tally_flush(in->tally) == -1)
		goto bad;
	/* Not with the commit: how long a disk takes is no matter of rows. */
	batch_fit(in, loop_now() - began);
	TAILQ_FOREACH(seg, &in->segments, entry)
		if (seg->dirty &&
		    store_segment_save(st, seg->name, &seg->now,
		    seg->done, now) == -1)
			goto bad;
	return store_commit(st);
bad:
	store_rollback(st);
	return -1;
}

/* 0, or -1: nothing was added, and it will be read again. */
static int
batch_commit(struct ingest *in)
{
	struct segment *seg, *next;
	int64_t bad = 0;
	int rc = 0;

	/* What was judged while the database could not say is judged anew. */
	if (in->dirty && (rc = in->misjudged ? -1 : batch_write(in)) == -1) {
		tally_forget_rows(in->tally);
		in->trouble = 1;
	}
	in->misjudged = 0;
	for (seg = TAILQ_FIRST(&in->segments); seg != NULL; seg = next) {
		next = TAILQ_NEXT(seg, entry);
		if (!seg->dirty)
			continue;
		if (rc == -1) {
			/* From the database, as after a restart. */
			segment_free(in, seg);
			in->listed = 0;
			continue;
		}
		bad += seg->now.bad - seg->saved.bad;
		seg->saved = seg->now;
		seg->dirty = 0;
	}
	if (bad > 0)
		log_warnx("%s: %lld lines that are no records, passed over",
		    in->path, (long long)bad);
	tally_clear(in->tally);
	in->dirty = 0;
	in->batch = 0;
	return rc;
}

/* One slice.  1 if there may be more, 0 at the end of all, -1 on failure. */
static int
ingest_slice(struct ingest *in)
{
	int64_t errors = in->engine->store->errors;
	struct segment *seg, *next;
	ssize_t n;

	for (seg = TAILQ_FIRST(&in->segments); seg != NULL; seg = next) {
		next = TAILQ_NEXT(seg, entry);
		if (seg->done || !segment_more(seg))
			continue;
		store_read_begin(in->engine->store);
		n = segment_read(seg, in->dirfd, in->buf, in->tally);
		store_read_end(in->engine->store);
		if (n <= 0) {
			/* Tried again when it is looked at again. */
			in->trouble |= n < 0;
			/* What was read of the other is committed first. */
			if (n == -2 && !seg->dirty) {
				segment_free(in, seg);
				in->listed = 0;
			}
			continue;
		}
		in->misjudged |= in->engine->store->errors != errors;
		if (in->backlog == 0)
			in->began = loop_now();
		in->dirty = 1;
		in->batch += n;
		in->backlog += n;
		if (in->batch < BATCH_READ_MAX &&
		    tally_bytes(in->tally) < in->room)
			return 1;
		return batch_commit(in) == -1 ? -1 : 1;
	}
	if (in->dirty && batch_commit(in) == -1)
		return -1;
	if (!in->trouble)
		in->caught_up = in->looked;
	if (in->backlog >= BACKLOG_SAID)
		log_debug("counted %lld kB of records in %lld ms",
		    (long long)in->backlog / 1000,
		    (long long)(loop_now() - in->began));
	in->backlog = 0;
	return 0;
}

static void
ingest_tick(void *arg)
{
	struct ingest *in = arg;
	int64_t wait;
	int rc;

	in->timer = NULL;
	if (!in->reading)
		ingest_look(in);
	rc = ingest_slice(in);
	if (rc == 1) {
		in->reading = 1;
		in->wait = LOOK_MIN;
		wait = 0;
	} else {
		in->reading = 0;
		wait = in->wait;
		in->wait = wait * 2 > LOOK_MAX ? LOOK_MAX : wait * 2;
	}
	if (rc != -1)
		in->retry = RETRY_MIN;
	else {
		wait = in->retry;
		in->retry = wait * 2 > RETRY_MAX ? RETRY_MAX : wait * 2;
	}
	in->timer = loop_timer_add(in->engine->loop, wait, ingest_tick, in);
}

void
ingest_now(struct engine *e)
{
	struct ingest *in = e->ingest;
	int again = 1;

	/* Once more where a file is another than it was. */
	do {
		ingest_look(in);
		while (ingest_slice(in) == 1)
			;
	} while (in->listed == 0 && again-- > 0);
	in->reading = 0;
}

int
ingest_day_complete(struct engine *e, int64_t day)
{
	return steady_for(&e->clock, GRACE_SECONDS) &&
	    e->ingest->caught_up >= (day + 1) * DAY_SECONDS + GRACE_SECONDS;
}
