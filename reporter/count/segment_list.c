/* SPDX-License-Identifier: ISC */

/*
 * Which files there are in SPOOL/sessions: each is known by its inode and its
 * first line, whatever its name has become.
 */

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "count/ingest.h"
#include "lib/xalloc.h"

/* Without a new record for that long, a segment is over (it has an hour). */
#define DONE_SECONDS 7200

void
segment_drop(struct ingest *in, struct segment *seg)
{
	TAILQ_REMOVE(&in->segments, seg, entry);
	free(seg->name);
	free(seg);
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
		segment_drop(in, seg);
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
		segment_drop(in, seg);
	return 0;
}

int
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
			segment_drop(in, seg);
		else if (seg->done && segment_stat(seg, in->dirfd) == 0 &&
		    segment_more(seg))
			seg->done = 0;
	}
	return rc;
}

/* A directory is replaced when a file system is mounted over it. */
int
segments_open(struct ingest *in, time_t *changed)
{
	struct stat sb;

	if (stat(in->path, &sb) == -1) {
		complain(in, strerror(errno));
		return -1;
	}
	*changed = sb.st_mtime;
	if (in->dirfd != -1 && sb.st_dev == in->dev && sb.st_ino == in->ino)
		return 0;
	if (in->dirfd != -1)
		close(in->dirfd);
	in->listed = 0;
	if ((in->dirfd = open(in->path, O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC)) == -1) {
		complain(in, strerror(errno));
		return -1;
	}
	in->dev = sb.st_dev;
	in->ino = sb.st_ino;
	return 0;
}

/* How far those that grow have grown. */
void
segments_stat(struct ingest *in, int64_t now)
{
	struct segment *seg, *next;

	for (seg = TAILQ_FIRST(&in->segments); seg != NULL; seg = next) {
		next = TAILQ_NEXT(seg, entry);
		if (seg->done)
			continue;
		if (segment_stat(seg, in->dirfd) == -1) {
			segment_drop(in, seg);
			in->listed = 0;
		} else if (!segment_more(seg) &&
		    seg->mtime < now - DONE_SECONDS) {
			segment_finish(seg);
			in->dirty = 1;
		}
	}
}
