/* SPDX-License-Identifier: ISC */

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sip_hash.h"
#include "count/segment.h"

/* Of the first line: with its time and session, it tells files apart. */
#define HEAD_MAX 1024

static void
complain(struct segment *seg, const char *what)
{
	if (!seg->said)
		log_warnx("%s: %s", log_clean(seg->name), what);
	seg->said = 1;
}

static int
segment_open(const char *name, int dirfd)
{
	return openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
	    O_CLOEXEC);
}

/* -1: no file; the head is 0 where there is no whole line to be read. */
static int
identify(int fd, int64_t *ino, int64_t *head)
{
	static const struct sip_seed seed;	/* the same after a restart */
	char buf[HEAD_MAX], *nl;
	struct stat sb;
	ssize_t n;

	if (fstat(fd, &sb) == -1 || !S_ISREG(sb.st_mode))
		return -1;
	*ino = (int64_t)sb.st_ino;
	*head = 0;
	if ((n = pread(fd, buf, sizeof(buf), 0)) <= 0)
		return 0;
	if ((nl = memchr(buf, '\n', (size_t)n)) != NULL)
		n = nl - buf;
	else if ((size_t)n < sizeof(buf))
		return 0;
	*head = (int64_t)sip_hash(&seed, buf, (size_t)n);
	return 0;
}

int
segment_identify(const char *name, int dirfd, int64_t *ino, int64_t *head)
{
	struct stat sb;
	int fd, rc;

	if ((fd = segment_open(name, dirfd)) != -1) {
		rc = identify(fd, ino, head);
		close(fd);
		return rc;
	}
	/* It may be readable later. */
	if (fstatat(dirfd, name, &sb, AT_SYMLINK_NOFOLLOW) == -1 ||
	    !S_ISREG(sb.st_mode))
		return -1;
	*ino = (int64_t)sb.st_ino;
	*head = 0;
	return 0;
}

/* A first line that was not whole, or could not be read, is none. */
static int
is_other(const struct segment *seg, int64_t ino, int64_t head)
{
	return seg->now.ino != ino ||
	    (seg->now.head != 0 && head != 0 && seg->now.head != head);
}

int
segment_stat(struct segment *seg, int dirfd)
{
	struct stat sb;
	int64_t ino, head;
	int same;

	if (fstatat(dirfd, seg->name, &sb, AT_SYMLINK_NOFOLLOW) == -1 ||
	    !S_ISREG(sb.st_mode) || (int64_t)sb.st_ino != seg->now.ino)
		return -1;
	seg->waits = 0;
	seg->size = sb.st_size;
	seg->mtime = sb.st_mtime;
	same = seg->changed.tv_sec == sb.st_ctim.tv_sec &&
	    seg->changed.tv_nsec == sb.st_ctim.tv_nsec;
	seg->changed = sb.st_ctim;
	/* What was added tells when it is read. */
	if (seg->size > seg->scanned || (seg->size == seg->scanned && same))
		return 0;
	/* Cut off; or the inode of one that went serves another. */
	if (segment_identify(seg->name, dirfd, &ino, &head) == -1 ||
	    is_other(seg, ino, head))
		return -1;
	if (seg->size == seg->scanned)
		return 0;
	if (seg->size < seg->now.offset) {
		complain(seg, "shorter than what was read of it; going on at "
		    "its end");
		seg->now.offset = seg->size;
	}
	seg->scanned = seg->size;
	return 0;
}

int
segment_more(const struct segment *seg)
{
	return seg->size > seg->scanned;
}

void
segment_rewind(struct segment *seg)
{
	seg->now = seg->saved;
	seg->scanned = seg->saved.offset;
}

void
segment_finish(struct segment *seg)
{
	seg->done = seg->dirty = 1;
	if (seg->scanned == seg->now.offset)
		return;
	seg->now.offset = seg->scanned;
	seg->now.lines++;
	seg->now.bad++;
}

/* 1: it waits, and nothing is counted. */
static int
line_count(struct segment *seg, char *line, size_t len, struct tally *tally)
{
	struct record record;
	enum record_result rc = RECORD_BAD;

	if (len < RECORD_LINE_MAX)
		rc = record_parse(line, len, &record);
	switch (rc) {
	case RECORD_OK:
		if (tally_record(tally, &record))
			return 1;
		break;
	case RECORD_NEWER:
		if (seg->now.newer++ == 0)
			complain(seg, "has records of a newer version: kept, "
			    "not counted");
		break;
	case RECORD_BAD:
		seg->now.bad++;
		break;
	}
	seg->now.lines++;
	return 0;
}

/* The lines of buf, which lies at file offset at. */
static void
lines_count(struct segment *seg, char *buf, size_t n, int64_t at,
    struct tally *tally)
{
	char *p = buf, *end = buf + n, *nl;
	int skipping = at > seg->now.offset;

	while ((nl = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		*nl = '\0';
		if (skipping) {
			seg->now.lines++;
			seg->now.bad++;
			skipping = 0;
		} else if (line_count(seg, p, (size_t)(nl - p), tally)) {
			seg->waits = 1;
			seg->scanned = seg->now.offset;
			return;
		}
		p = nl + 1;
		seg->now.offset = at + (p - buf);
	}
	seg->scanned = at + (int64_t)n;
}

ssize_t
segment_read(struct segment *seg, int dirfd, char *buf, struct tally *tally)
{
	int64_t at = seg->now.offset, begun, ino, head;
	size_t most = SEGMENT_SLICE;
	ssize_t n;
	int fd;

	/* A line that is too long is not looked at again, only for its end. */
	if (seg->scanned - at >= RECORD_LINE_MAX)
		at = seg->scanned;
	/* What came since may be of attempts that are not read yet. */
	if (seg->size - at < (int64_t)most)
		most = seg->size > at ? (size_t)(seg->size - at) : 0;
	if ((fd = segment_open(seg->name, dirfd)) == -1) {
		complain(seg, strerror(errno));
		return -1;
	}
	if (identify(fd, &ino, &head) == -1 || is_other(seg, ino, head)) {
		close(fd);
		return -2;
	}
	if (head != 0)
		seg->now.head = head;
	do
		n = pread(fd, buf, most, (off_t)at);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		complain(seg, strerror(errno));
	close(fd);
	if (n <= 0)
		return n;
	begun = seg->now.offset;
	lines_count(seg, buf, (size_t)n, at, tally);
	if (seg->waits)
		n = (ssize_t)(seg->now.offset - begun);
	seg->dirty |= n > 0;
	return n;
}
