/* SPDX-License-Identifier: ISC */

/*
 * SPOOL/attempts into table attempt.  Anybody on this host may write there:
 * each line is checked, and files that are none of table-sge's go, others'
 * than smtpd's among them where that user is known.  How far each was read
 * stands in the database with what was read.
 */

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "count/ingest.h"
#include "spool/attempts.h"
#include "store/store_attempt.h"
#include "store/store_sts.h"

/* Nobody appends to one that old. */
#define OVER_SECONDS 7200
/* Envelopes of one mail are asked for together: one attempt. */
#define TOGETHER_MS 1000

static int
complain(struct ingest *in, const char *name, const char *what)
{
	int64_t now = time(NULL);

	if (now - in->attempts_said >= 60) {
		in->attempts_said = now;
		log_warnx("attempts/%s: %s", log_clean(name), what);
	}
	return -1;
}

/*
 * RFC 8461 4.1, 6: the policy names no MX host of the domain, so mail waits;
 * each attempt that it stops is a failure.
 */
static int
count_stopped(struct store *st, const struct conf *conf,
    const struct attempt *a)
{
	struct store_sts_at at;
	int64_t when = a->at / 1000;
	int rc;

	if (conf_connector(conf, a->domain) != NULL)
		return 0;
	if ((rc = store_attempt_within(st, a->domain, a->at - TOGETHER_MS,
	    a->at)) != 0)
		return rc == -1 ? -1 : 0;
	if (store_sts_at(st, a->domain, when, &at) == -1)
		return -1;
	if (at.mode != STS_ENFORCE)
		return 0;
	if ((rc = store_mx_none_matches(st, a->domain)) != 1)
		return rc;
	return store_sts_count(st, a->domain, at.policy, when,
	    "validation-failure", "", "no MX host of the domain is in its "
	    "MTA-STS policy");
}

static int
take_line(struct ingest *in, const struct attempts_file *f, char *line)
{
	struct store *st = in->engine->store;
	struct attempt a;
	int rc;

	if (!attempts_room_for(in, f->uid))
		return 0;
	/* From the future is nothing that can be believed. */
	if (attempt_parse(line, &a) == -1 ||
	    a.at / 1000 > (int64_t)time(NULL) + 60) {
		(void)complain(in, f->name, "a line that is no attempt");
		return 0;
	}
	if ((rc = store_attempt_add(st, a.domain, a.at, a.url)) == 1) {
		attempts_room_took(in, f->uid);
		if (a.url[0] == '\0')
			rc = count_stopped(st, in->engine->conf, &a);
	}
	return rc == -1 ? -1 : 0;
}

/* The whole lines of buf; *used: the bytes of them. */
static int
take_lines(struct ingest *in, const struct attempts_file *f, char *buf,
    size_t n, size_t *used)
{
	char *p = buf, *nl;

	while ((nl = memchr(p, '\n', n - (size_t)(p - buf))) != NULL) {
		*nl = '\0';
		if (take_line(in, f, p) == -1)
			return -1;
		p = nl + 1;
	}
	*used = (size_t)(p - buf);
	return 0;
}

/* Of a file, what comes next in it: n bytes of in->buf.  0, or -1: again. */
static int
take_bytes(struct ingest *in, struct attempts_file *f, size_t n, size_t *used)
{
	struct store *st = in->engine->store;
	struct attempts_room before;
	int rc;

	if (attempts_room_begin(in) == -1 || store_begin(st) == -1)
		return -1;
	before = in->attempts_room;
	if ((rc = take_lines(in, f, in->buf, n, used)) == 0 &&
	    (rc = attempts_room_save(in, &before)) == 0 && *used > 0)
		rc = store_attempts_read(st, f->name, f->uid, f->offset +
		    (int64_t)*used);
	if (store_end(st, rc) == -1) {
		in->attempts_room = before;
		return -1;
	}
	attempts_room_say(in, f->uid);
	f->offset += (int64_t)*used;
	return 0;
}

static size_t
files_of(const struct ingest *in, uid_t uid)
{
	size_t i, n = 0;

	for (i = 0; i < nitems(in->attempts); i++)
		n += in->attempts[i].name[0] != '\0' &&
		    in->attempts[i].uid == uid;
	return n;
}

/*
 * Who has the most makes room for who has fewer, or one user of this host could
 * have them all, but for smtpd's, which nobody displaces, and for which anybody
 * makes room.  Who would then have fewer does not: it would take that back, and
 * each time the files be read again from their beginnings.  NULL: nobody does.
 */
static struct attempts_file *
make_room(struct ingest *in, uid_t uid)
{
	struct attempts_file *out = NULL;
	size_t i, n, most = attempts_is_ours(in, uid) ? 0 :
	    files_of(in, uid) + 1;

	for (i = 0; i < nitems(in->attempts); i++)
		if (!attempts_is_ours(in, in->attempts[i].uid) &&
		    (n = files_of(in, in->attempts[i].uid)) > most) {
			out = &in->attempts[i];
			most = n;
		}
	return out;
}

static void
file_forget(struct ingest *in, struct attempts_file *f)
{
	/* What stays in the database goes with the next start's first pass. */
	(void)store_attempts_read(in->engine->store, f->name, f->uid, -1);
	f->name[0] = '\0';
}

static struct attempts_file *
file_of(struct ingest *in, const char *name, uid_t uid)
{
	struct attempts_file *f, *room = NULL;
	size_t i;

	for (i = 0; i < nitems(in->attempts); i++) {
		f = &in->attempts[i];
		if (strcmp(f->name, name) == 0 && f->uid == uid)
			return f;
		if (f->name[0] == '\0' && room == NULL)
			room = f;
	}
	if (room == NULL && (room = make_room(in, uid)) == NULL)
		return NULL;
	if (room->name[0] != '\0')
		file_forget(in, room);
	(void)strlcpy(room->name, name, sizeof(room->name));
	room->offset = 0;
	room->uid = uid;
	return room;
}

/* Whether nobody can read such a file, rather than that we can't now. */
static int
is_none(int error)
{
	return error == EACCES || error == ELOOP || error == EMLINK ||
	    error == ENXIO || error == EPERM;
}

/* Where nobody knows which user smtpd is, it may be anybody. */
static int
may_note(const struct ingest *in, uid_t uid)
{
	return in->engine->nsmtpd == 0 || attempts_is_ours(in, uid);
}

/* 0: read, or to be tried again; 1: over; -1: it is none of table-sge's. */
static int
file_take(struct ingest *in, int dirfd, const char *name)
{
	struct attempts_file *f;
	struct stat sb;
	ssize_t n = 0;
	size_t used = 0;
	int fd;

	if ((fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
	    O_CLOEXEC)) == -1)
		return is_none(errno) ? -1 : 0;
	/* Another name of root's file, or of smtpd's, makes nobody these. */
	if (fstat(fd, &sb) == -1 || !S_ISREG(sb.st_mode) || sb.st_nlink > 1 ||
	    sb.st_size > ATTEMPTS_FILE_MAX || !may_note(in, sb.st_uid) ||
	    strlen(name) >= sizeof(f->name)) {
		close(fd);
		return -1;
	}
	/* One more of smtpd's than there is room for waits for another's end. */
	if ((f = file_of(in, name, sb.st_uid)) == NULL) {
		close(fd);
		return attempts_is_ours(in, sb.st_uid) ? 0 : -1;
	}
	f->seen = 1;
	/* It is not what was read then. */
	if (f->offset < 0 || f->offset > sb.st_size)
		f->offset = 0;
	if (sb.st_size > f->offset)
		n = pread(fd, in->buf, ATTEMPTS_TAKE_MAX, (off_t)f->offset);
	close(fd);
	in->attempts_taken += n > 0 ? (size_t)n : 0;
	if (n > 0) {
		if (take_bytes(in, f, (size_t)n, &used) == -1)
			return 0;
		/* One long line has no end, however often it is read. */
		in->attempts_left |= n == ATTEMPTS_TAKE_MAX && used > 0;
	}
	if (n >= 0 && used == 0 && sb.st_mtime < time(NULL) - OVER_SECONDS) {
		file_forget(in, f);
		return 1;
	}
	return 0;
}

/*
 * Whether it was to go, and went if it may in this turn.  What is in a folder
 * that somebody put there is his alone to remove.
 */
static int
entry_take(struct ingest *in, int dirfd, const char *name, int may_go)
{
	int rc = file_take(in, dirfd, name);

	if (rc == 0 || !may_go)
		return 0;
	if (unlinkat(dirfd, name, 0) == -1 && errno != ENOENT &&
	    unlinkat(dirfd, name, AT_REMOVEDIR) == -1)
		(void)complain(in, name, "not one of table-sge's: remove it");
	else if (rc == -1)
		(void)complain(in, name, "not one of table-sge's, removed");
	return 1;
}

/* How far a file was read before this start. */
static int
was_read(const char *name, uid_t uid, int64_t offset, void *arg)
{
	struct ingest *in = arg;
	size_t i;

	for (i = 0; i < nitems(in->attempts); i++) {
		if (in->attempts[i].name[0] != '\0')
			continue;
		(void)strlcpy(in->attempts[i].name, name,
		    sizeof(in->attempts[i].name));
		in->attempts[i].uid = uid;
		in->attempts[i].offset = offset;
		break;
	}
	return 0;
}

static void
pass_begin(struct ingest *in)
{
	size_t i;
	int fd;

	if (!in->attempts_known && store_attempts_each(in->engine->store,
	    was_read, in) == -1)
		return;
	in->attempts_known = 1;
	/* In the same folder as sessions. */
	if (in->dirfd == -1 || (fd = openat(in->dirfd, "../attempts",
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) == -1)
		return;
	if ((in->attempts_dir = fdopendir(fd)) == NULL)
		close(fd);
	for (i = 0; i < nitems(in->attempts); i++)
		in->attempts[i].seen = 0;
}

/* Files that others have removed make room. */
static void
pass_end(struct ingest *in)
{
	size_t i;

	attempts_stop(in);
	for (i = 0; i < nitems(in->attempts); i++)
		if (in->attempts[i].name[0] != '\0' && !in->attempts[i].seen)
			file_forget(in, &in->attempts[i]);
}

/* Up to the end of a pass or of the turn; 1: there is more to read. */
static int
pass_go_on(struct ingest *in)
{
	struct dirent *de;
	int i, left, gone = 0;

	in->attempts_taken = 0;
	for (i = 0; i < ATTEMPTS_LOOK_MAX; i++) {
		if (in->attempts_taken >= ATTEMPTS_TAKE_MAX)
			return 1;
		if ((de = readdir(in->attempts_dir)) == NULL) {
			left = in->attempts_left;
			in->attempts_left = 0;
			pass_end(in);
			return left;
		}
		if (strcmp(de->d_name, ".") != 0 &&
		    strcmp(de->d_name, "..") != 0)
			gone += entry_take(in, dirfd(in->attempts_dir),
			    de->d_name, gone < ATTEMPTS_GONE_MAX);
	}
	return 0;
}

/* However much others put there, a turn does not take longer. */
int
attempts_take(struct ingest *in)
{
	if (in->attempts_dir == NULL)
		pass_begin(in);
	if (in->attempts_dir != NULL && pass_go_on(in) &&
	    ++in->attempts_turns < ATTEMPTS_TURNS_MAX)
		return 1;
	in->attempts_turns = 0;
	return 0;
}

void
attempts_stop(struct ingest *in)
{
	if (in->attempts_dir != NULL)
		closedir(in->attempts_dir);
	in->attempts_dir = NULL;
}
