/* SPDX-License-Identifier: ISC */

/*
 * SPOOL/announced, whatever lies there: nothing but a whole line of these days
 * lets a report pass, and sged writes on.
 */

#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/announced.h"
#include "base/bounds.h"
#include "deliver/deliver_job.h"
#include "said.h"
#include "tap.h"

static char	 spool[] = "/tmp/unit-announced.XXXXXXXXXX";
static int64_t	 now;

/* A line before which n others stand, or a part of one. */
static void
put(const char *before, int n, int64_t when, const char *address)
{
	FILE *f;

	(void)unlink(ANNOUNCED_FILE);
	if ((f = fopen(ANNOUNCED_FILE, "w")) == NULL)
		exit(1);
	while (n-- > 0)
		(void)fputs(before, f);
	fprintf(f, "%lld|%s", (long long)when, address);
	(void)fclose(f);
}

static int
has(const char *address)
{
	return announced_has(spool, address, now);
}

static void
test_lines(void)
{
	is_int(has("a@a.nz"), 0, "no list");
	put("", 0, now, "a@a.nz\n");
	is_int(has("A@a.nz"), 1, "an address");
	is_int(has("a@a.n"), 0, "its beginning is none");
	put("", 0, now, "a@a.n");
	is_int(has("a@a.n"), 0, "nor where the list is cut off there");
	put("", 0, now - ANNOUNCED_KEPT_SECONDS - 1, "a@a.nz\n");
	is_int(has("a@a.nz"), 0, "of long ago");
	put("", 0, now + 60, "a@a.nz\n");
	is_int(has("a@a.nz"), 1, "of a clock that was set back");
	put("", 0, now + ANNOUNCED_KEPT_SECONDS + 1, "a@a.nz\n");
	is_int(has("a@a.nz"), 0, "of one that was wrong: not for ever");
	put("x|y\n||\n\n", 1000, now, "a@a.nz\n");
	is_int(has("a@a.nz"), 1, "behind lines that say nothing");
	put("x\n", ANNOUNCED_LINES_MAX, now, "a@a.nz\n");
	is_int(has("a@a.nz"), 0, "no more is read than sged writes");
	(void)chmod(ANNOUNCED_FILE, 0664);
	is_int(has("a@a.nz"), -1, "others can write to it");
	put("", 0, now, "a@a.nz\n");
	if (rename(ANNOUNCED_FILE, "other") == -1 ||
	    symlink("other", ANNOUNCED_FILE) == -1)
		exit(1);
	is_int(has("a@a.nz"), -1, "it is elsewhere");
	(void)unlink(ANNOUNCED_FILE);
	(void)unlink("other");
}

static void
test_writer(void)
{
	struct conf conf = { .spool = spool };
	struct engine e = { .conf = &conf };
	struct deliver d = { .engine = &e, .announced = -1 };
	struct stat st;

	put("", 0, now, "a@a.nz\n1|cut@of");
	announce(&d, "b@b.nz");
	is_int(has("b@b.nz"), 1, "sged writes behind a line that is cut off");
	is_int(has("a@a.nz"), 1, "and keeps the others");
	announce_stop(&d);
	put("", 0, now, "cut@o");
	announce(&d, "c@c.nz");
	announce(&d, "d@d.nz");
	is_int(has("c@c.nz") + has("d@d.nz"), 2, "behind one of today");
	announce_stop(&d);

	/* Whoever opened that as a file would wait for ever. */
	(void)unlink(ANNOUNCED_FILE);
	if (mkfifo(ANNOUNCED_FILE, 0644) == -1)
		exit(1);
	is_int(has("a@a.nz"), -1, "nobody waits for a pipe");
	(void)alarm(30);
	announce(&d, "a@a.nz");
	(void)alarm(0);
	is_int(has("a@a.nz"), 1, "sged puts a list in its place");
	ok(stat(ANNOUNCED_FILE, &st) == 0 && (st.st_mode & 0777) == 0644,
	    "that filter-sge can read");
	announce_stop(&d);
}

static int64_t
lines(void)
{
	FILE *f = fopen(ANNOUNCED_FILE, "r");
	int64_t n = 0;
	int c;

	while (f != NULL && (c = fgetc(f)) != EOF)
		n += c == '\n';
	if (f != NULL)
		(void)fclose(f);
	return n;
}

/* The list is begun anew with the newest half of what it may hold. */
static void
test_many(void)
{
	struct conf conf = { .spool = spool };
	struct engine e = { .conf = &conf };
	struct deliver d = { .engine = &e, .announced = -1 };
	FILE *f;
	int i;

	(void)unlink(ANNOUNCED_FILE);
	if ((f = fopen(ANNOUNCED_FILE, "w")) == NULL)
		exit(1);
	for (i = 0; i < ANNOUNCED_LINES_MAX / 2 + 10; i++)
		fprintf(f, "%lld|n%d@a.nz\n", (long long)(i == 20 ? 1 : now),
		    i);
	(void)fclose(f);
	announce(&d, "new@a.nz");
	is_int(lines(), ANNOUNCED_LINES_MAX / 2, "of many lines the newest,"
	    " without one that is over, and the new one");
	is_int(has("n9@a.nz"), 0, "the ten oldest are gone");
	is_int(has("n10@a.nz"), 1, "but no more");
	is_int(has("n20@a.nz"), 0, "nor is that of long ago there");
	is_int(has("new@a.nz"), 1, "the new one is");
	is_int(d.announced_lines, ANNOUNCED_LINES_MAX / 2, "so many it has");
	/* Full: it stays as it is up to the last line. */
	put("", 0, 1, "over@a.nz\n");
	announce_stop(&d);
	announce(&d, "a@a.nz");
	is_int(lines(), 1, "opened anew it has what holds");
	announce_stop(&d);
	d.announced = open(ANNOUNCED_FILE, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (write(d.announced, "1|over@a.nz\n", 12) != 12)
		exit(1);
	d.announced_lines = ANNOUNCED_LINES_MAX - 1;
	announce(&d, "b@a.nz");
	is_int(lines(), 3, "the last line that has room");
	announce(&d, "c@a.nz");
	is_int(lines(), 3, "then it is begun anew");
	is_int(has("a@a.nz") + has("b@a.nz") + has("c@a.nz"), 3,
	    "with all that holds");
	is_int(d.announced_lines, 3, "which is counted");
	announce_stop(&d);
}

/* The least descriptor that is free. */
static int
least_fd(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)close(fd);
	return fd;
}

/* Where no list can be: said once, until it can; nothing stays open. */
static void
test_trouble(void)
{
	struct conf conf = { .spool = spool };
	struct engine e = { .conf = &conf };
	struct deliver d = { .engine = &e, .announced = -1 };
	int fd;

	(void)unlink(ANNOUNCED_FILE);
	if (mkdir(ANNOUNCED_FILE, 0755) == -1)
		exit(1);
	said_begin();
	fd = least_fd();
	announce(&d, "a@a.nz");
	announce(&d, "b@b.nz");
	is_int(least_fd(), fd, "what could not be put in place is closed");
	is_int(said_end(ANNOUNCED_FILE ": "), 1, "that is said once");
	(void)rmdir(ANNOUNCED_FILE);
	announce(&d, "a@a.nz");
	is_int(has("a@a.nz"), 1, "then it can be");
	announce_stop(&d);
	(void)unlink(ANNOUNCED_FILE);
	if (mkdir(ANNOUNCED_FILE, 0755) == -1)
		exit(1);
	said_begin();
	announce(&d, "a@a.nz");
	is_int(said_end(ANNOUNCED_FILE ": "), 1, "and again when it can't");
	(void)rmdir(ANNOUNCED_FILE);
	(void)unlink(ANNOUNCED_FILE ".new");
}

int
main(void)
{
	now = time(NULL);
	if (mkdtemp(spool) == NULL || chdir(spool) == -1)
		return 1;
	(void)umask(022);
	test_lines();
	test_writer();
	test_many();
	test_trouble();
	(void)unlink(ANNOUNCED_FILE);
	(void)rmdir(spool);
	return done_testing();
}
