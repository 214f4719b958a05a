/* SPDX-License-Identifier: ISC */

/* SPOOL/routes: added to, compacted, cut off, full of rubbish, gone. */

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cdb.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/log.h"
#include "said.h"
#include "spool/routes.h"
#include "spool/routes_base.h"
#include "tap.h"

static char dir[] = "/tmp/sge-routes.XXXXXXXXXX";
static char path[64], next[64], base[80];

/* Of the next reads so many fail, for that reason. */
static int bad_reads, bad_errno;

ssize_t
pread(int fd, void *buf, size_t len, off_t at)
{
	if (bad_reads > 0) {
		bad_reads--;
		errno = bad_errno;
		return -1;
	}
	return syscall(SYS_pread64, fd, buf, len, at);
}

static void
put(const char *file, int flags, const char *text, size_t len)
{
	int fd = open(file, O_WRONLY | O_CREAT | flags, 0600);

	if (fd == -1 || write(fd, text, len) != (ssize_t)len)
		ok(0, "write %s", file);
	close(fd);
}

static void
add(const char *text)
{
	put(path, O_APPEND, text, strlen(text));
}

static void
want(struct routes *r, const char *domain, int64_t now, enum route_kind kind,
    const char *urls, const char *why)
{
	struct route route;

	routes_find(r, domain, now, &route);
	is_int(route.kind, kind, "%s: kind", why);
	if (urls[0] == '\0' && kind == ROUTE_UNKNOWN)
		is_int(route.until, 0, "%s: no time", why);
	is_str(route.urls, urls, "%s: urls", why);
}

static void
one_more(const char *domain, const struct route *route, void *arg)
{
	(void)domain;
	(void)route;
	++*(long *)arg;
}

static long
total(struct routes *r)
{
	long n = 0;

	routes_each(r, one_more, &n);
	return n;
}

static void
growing(struct routes *r)
{
	want(r, "a.nz", 100, ROUTE_UNKNOWN, "", "no file yet");
	add("a.nz|enforce|200|smtp+tls://mx.a.nz\n");
	want(r, "a.nz", 100, ROUTE_ENFORCE, "smtp+tls://mx.a.nz", "a line");
	want(r, "b.nz", 100, ROUTE_UNKNOWN, "", "another name");
	want(r, "a.nz", 199, ROUTE_ENFORCE, "smtp+tls://mx.a.nz",
	    "last second");
	want(r, "a.nz", 200, ROUTE_UNKNOWN, "smtp+tls://mx.a.nz",
	    "time over: its URL is still known");
	add("b.nz|none|300|");
	want(r, "b.nz", 100, ROUTE_UNKNOWN, "", "half a line");
	add("smtp+tls://mx.b.nz\n");
	want(r, "b.nz", 100, ROUTE_NONE, "smtp+tls://mx.b.nz",
	    "the other half");
	add("a.nz|none|300|\n");
	want(r, "a.nz", 100, ROUTE_NONE, "", "the last line holds");
	add("a.nz|enforce|300|smtps://m1.a.nz:465,smtp+tls://m2.a.nz\n");
	want(r, "a.nz", 100, ROUTE_ENFORCE,
	    "smtps://m1.a.nz:465,smtp+tls://m2.a.nz", "longer than before");
	is_int(total(r), 2, "two domains");
}

static void
rubbish(struct routes *r)
{
	static const char nul[] = "n.nz|none|\0|\n";
	static const char *const lines[] = {
		"", "|", "||||", "a.nz", "a.nz|enforce", "a.nz|enforce|900",
		"a.nz|other|900|", "A.nz|none|900|", "a.nz.|none|900|",
		"a nz|none|900|", "a.nz|none|-1|", "a.nz|none|1x|",
		"a.nz|none|99999999999999999999|", "a.nz|none|900||x",
		"a.nz|enforce|900|smtp://mx.a.nz",
		"a.nz|enforce|900|smtp+tls://",
		"a.nz|enforce|900|smtp+tls://mx a",
		"a.nz|enforce|900|smtp+tls://mx.a.nz,",
		"a.nz|enforce|900|smtp+tls://mx.a.nz\r",
		"a.nz|enforce|900|smtp+tls://mx.a.nz,http://x",
		"a.nz|enforce|900|\x1b[2J", "\xff\xfe|none|900|",
		"a.nz|none| 9|", "a.nz|none||"
	};
	static char big[200000];
	size_t i;

	for (i = 0; i < nitems(lines); i++) {
		add(lines[i]);
		add("\n");
		want(r, "a.nz", 100, ROUTE_ENFORCE,
		    "smtps://m1.a.nz:465,smtp+tls://m2.a.nz", "rubbish");
	}
	put(path, O_APPEND, nul, sizeof(nul) - 1);
	memset(big, 'x', sizeof(big));
	put(path, O_APPEND, big, sizeof(big));
	want(r, "b.nz", 100, ROUTE_NONE, "smtp+tls://mx.b.nz",
	    "half of a huge line");
	put(path, O_APPEND, big, sizeof(big));
	add("|none|900|\nd.nz|none|900|\n");
	want(r, "d.nz", 100, ROUTE_NONE, "", "behind a huge line");
	is_int(total(r), 3, "nothing else came of it");
}

/* A line as long as may be holds; one byte more, and it is none. */
static void
longest(struct routes *r)
{
	char line[ROUTE_LINE_MAX + 2];
	struct route route;
	size_t n, len = ROUTE_LINE_MAX - 1;

	for (; len <= ROUTE_LINE_MAX; len++) {
		n = strlcpy(line, "long.nz|enforce|900|smtp+tls://",
		    sizeof(line));
		memset(line + n, len < ROUTE_LINE_MAX ? 'a' : 'b', len - n);
		line[len] = '\n';
		put(path, O_APPEND, line, len + 1);
		routes_find(r, "long.nz", 100, &route);
		is_str(route.urls + strlen(route.urls) - 1, "a",
		    "a line of %zu bytes", len);
	}
}

/* A read that is interrupted goes on; one that fails is tried again. */
static void
unread(void)
{
	struct routes *r;
	int i, were;

	(void)unlink(path);
	add("a.nz|enforce|900|smtp+tls://mx.a.nz\n");
	bad_reads = 2;
	bad_errno = EINTR;
	if ((r = routes_open_in(dir)) == NULL) {
		ok(0, "open");
		return;
	}
	want(r, "a.nz", 100, ROUTE_ENFORCE, "smtp+tls://mx.a.nz",
	    "interrupted");
	add("b.nz|enforce|900|smtp+tls://mx.b.nz\n");
	bad_reads = 1;
	bad_errno = EIO;
	want(r, "a.nz", 100, ROUTE_ENFORCE, "smtp+tls://mx.a.nz",
	    "what is known while more can't be read");
	want(r, "b.nz", 100, ROUTE_ENFORCE, "smtp+tls://mx.b.nz",
	    "which is read later");
	were = tap_descriptors();
	for (i = 0; i < 3; i++) {
		put(next, O_TRUNC, "c.nz|none|900|\n", 15);
		if (rename(next, path) == -1)
			ok(0, "rename");
		bad_reads = 2;
		want(r, "a.nz", 100, ROUTE_ENFORCE, "smtp+tls://mx.a.nz",
		    "what is known while a new file can't be read");
		want(r, "c.nz", 100, ROUTE_UNKNOWN, "", "nor is more known");
		want(r, "c.nz", 100, ROUTE_NONE, "", "later it is read");
		want(r, "a.nz", 100, ROUTE_UNKNOWN, "",
		    "and what it has not is over");
		put(next, O_TRUNC, "a.nz|enforce|900|smtp+tls://mx.a.nz\n",
		    36);
		if (rename(next, path) == -1)
			ok(0, "rename");
		want(r, "a.nz", 100, ROUTE_ENFORCE, "smtp+tls://mx.a.nz",
		    "and back");
	}
	is_int(tap_descriptors(), were, "no descriptor is left behind");
	routes_free(r);
	(void)unlink(path);
}

/* Many that long, the first ones of their file. */
static void
all_long(void)
{
	char line[ROUTE_LINE_MAX + 2], name[16];
	struct routes *r;
	struct route route;
	size_t n, len = ROUTE_LINE_MAX - 1;
	int i, whole = 0;

	(void)unlink(path);
	for (i = 0; i < 100; i++) {
		n = (size_t)snprintf(line, sizeof(line),
		    "long%02d.nz|enforce|900|smtp+tls://", i);
		memset(line + n, 'a' + i % 26, len - n);
		line[len] = '\n';
		put(path, O_APPEND, line, len + 1);
	}
	r = routes_open(path);
	for (i = 0; r != NULL && i < 100; i++) {
		(void)snprintf(name, sizeof(name), "long%02d.nz", i);
		routes_find(r, name, 100, &route);
		n = strlen(route.urls);
		whole += n == len - strlen("long00.nz|enforce|900|") &&
		    route.urls[n - 1] == 'a' + i % 26;
	}
	is_int(whole, 100, "a hundred such lines");
	routes_free(r);
	(void)unlink(path);
}

static void
compacted(struct routes *r)
{
	static const char fresh[] = "b.nz|enforce|500|smtp+tls://new.b.nz\n";

	put(next, O_TRUNC, fresh, sizeof(fresh) - 1);
	if (rename(next, path) == -1)
		ok(0, "rename");
	want(r, "b.nz", 100, ROUTE_ENFORCE, "smtp+tls://new.b.nz",
	    "after compaction");
	want(r, "a.nz", 100, ROUTE_UNKNOWN, "", "what was dropped is gone");
	add("e.nz|none|500|\n");
	want(r, "e.nz", 100, ROUTE_NONE, "", "added to the compacted file");
	put(path, O_TRUNC, "f.nz|none|9|\n", 13);
	want(r, "f.nz", 1, ROUTE_NONE, "", "after a shrink");
	is_int(total(r), 1, "nothing of before the shrink");
	unlink(path);
	want(r, "f.nz", 1, ROUTE_NONE, "", "the file is gone: still known");
	want(r, "f.nz", 1, ROUTE_NONE, "", "and again");
	add("g.nz|none|500|\n");
	want(r, "g.nz", 1, ROUTE_NONE, "", "the file is back");
	want(r, "f.nz", 1, ROUTE_UNKNOWN, "", "and counts alone");
}

/* Compacted a thousand times, with other domains and longer URLs each time. */
static void
turned_over(void)
{
	struct rusage before, after;
	struct routes *r = routes_open(path);
	struct route route;
	char name[64];
	int i, j, fd, bad = 0;
	FILE *f;

	getrusage(RUSAGE_SELF, &before);
	for (i = 0; i < 1000; i++) {
		if ((f = fopen(next, "w")) == NULL)
			return;
		for (j = 0; j < 500; j++)
			fprintf(f, "t%d.nz|none|900|smtp+tls://%0*d.nz\n",
			    i / 3 * 100 + j, 1 + i % 60, j);
		fclose(f);
		if (rename(next, path) == -1)
			return;
		for (j = -1; j <= 500; j++) {
			snprintf(name, sizeof(name), "t%d.nz",
			    i / 3 * 100 + j);
			routes_find(r, name, 1, &route);
			bad += (route.kind == ROUTE_NONE) !=
			    (j >= 0 && j < 500);
			bad += (route.urls[0] != '\0') !=
			    (j >= 0 && j < 500);
		}
		bad += total(r) != 500;
	}
	getrusage(RUSAGE_SELF, &after);
	fd = dup(STDOUT_FILENO);
	ok(fd < 16, "the next descriptor is %d, though it was opened often",
	    fd);
	close(fd);
	is_int(bad, 0, "compacted 1,000 times: what holds, and only that");
	if (!ok(after.ru_maxrss - before.ru_maxrss < 2000, "in 2 MB"))
		printf("# %ld KB\n", after.ru_maxrss - before.ru_maxrss);
	routes_free(r);
}

static void
count(const char *domain, const struct route *route, void *arg)
{
	long *n = arg;

	if (domain[0] == 'd' && route->until == 2000000000)
		(*n)++;
}

/* The processor's, whatever else it does. */
static double
seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
many(void)
{
	struct rusage before, after;
	struct routes *r;
	struct route route;
	char name[160];
	double t;
	long n = 0, found = 0, i, round;
	FILE *f;

	if ((f = fopen(path, "w")) == NULL)
		return;
	/* Each twice: the first line of each is overtaken. */
	for (round = 0; round < 2; round++)
		for (i = 0; i < 100000; i++)
			fprintf(f, "d%ld.agency.govt.nz|enforce|%ld|smtp+tls://"
			    "mx%ld.agency.govt.nz\n", i, round == 0 ? 5 :
			    2000000000L, i);
	fclose(f);
	getrusage(RUSAGE_SELF, &before);
	r = routes_open(path);
	getrusage(RUSAGE_SELF, &after);
	is_int(total(r), 100000, "100,000 domains");
	if (!ok(after.ru_maxrss - before.ru_maxrss < 20000,
	    "in less than 20 MB"))
		printf("# %ld KB\n", after.ru_maxrss - before.ru_maxrss);
	t = seconds();
	for (i = 0; i < 100000; i++) {
		snprintf(name, sizeof(name), "d%ld.agency.govt.nz", i);
		routes_find(r, name, 1000, &route);
		found += route.kind == ROUTE_ENFORCE;
	}
	t = (seconds() - t) / 100000;
	is_int(found, 100000, "all are found");
	if (!ok(t < 100e-6, "in microseconds"))
		printf("# %g s\n", t);
	routes_each(r, count, &n);
	is_int(n, 100000, "each of them once, with its last line");
	for (i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "cp %s %s", path, next);
		if (system(name) != 0 || rename(next, path) == -1)
			ok(0, "copy");
		routes_find(r, "d7.agency.govt.nz", 1000, &route);
	}
	getrusage(RUSAGE_SELF, &after);
	is_int(total(r), 100000, "after compaction too");
	if (!ok(after.ru_maxrss - before.ru_maxrss < 20000,
	    "and still in less than 20 MB"))
		printf("# %ld KB\n", after.ru_maxrss - before.ru_maxrss);
	routes_free(r);
}

/* The base: domain and value, domain and value, ..., NULL; swapped. */
static void
make_base(const char *const *pairs)
{
	struct cdb_make make;
	int fd = open(next, O_RDWR | O_CREAT | O_TRUNC, 0600);

	if (fd == -1 || cdb_make_start(&make, fd) == -1)
		fatal("%s", next);
	for (; *pairs != NULL; pairs += 2)
		if (cdb_make_add(&make, pairs[0], strlen(pairs[0]), pairs[1],
		    strlen(pairs[1])) == -1)
			fatal("%s", next);
	if (cdb_make_finish(&make) == -1 || close(fd) == -1 ||
	    rename(next, base) == -1)
		fatal("%s", base);
}

/* As sged does it: first the base, then a file of what it has not. */
static void
swap(const char *const *pairs, const char *lines)
{
	make_base(pairs);
	put(next, O_TRUNC, lines, strlen(lines));
	if (rename(next, path) == -1)
		fatal("%s", path);
}

/* The descriptor that the next file gets. */
static int
lowest_fd(void)
{
	int fd = dup(STDIN_FILENO);

	if (fd == -1)
		fatal("dup");
	close(fd);
	return fd;
}

static void
based(void)
{
	static const char *const first[] = {
		"a.nz", "enforce|500|smtp+tls://mx.a.nz",
		"b.nz", "none|500|", "odd.nz", "enforce|x|",
		"bad.nz", "enforce|500|smtp+tls://a b", NULL
	};
	static const char *const second[] = {
		"a.nz", "enforce|900|smtp+tls://m2.a.nz", NULL
	};
	struct routes *r;
	struct stat sb;
	int before = lowest_fd();

	unlink(path);
	r = routes_open(path);
	swap(first, "b.nz|enforce|500|smtp+tls://mx.b.nz\n");
	want(r, "a.nz", 1, ROUTE_ENFORCE, "smtp+tls://mx.a.nz", "the base");
	want(r, "a.nz", 500, ROUTE_UNKNOWN, "smtp+tls://mx.a.nz",
	    "its time is over");
	want(r, "b.nz", 1, ROUTE_ENFORCE, "smtp+tls://mx.b.nz",
	    "the file goes before it");
	want(r, "c.nz", 1, ROUTE_UNKNOWN, "", "what it has not");
	want(r, "odd.nz", 1, ROUTE_UNKNOWN, "", "a value that is none");
	want(r, "bad.nz", 1, ROUTE_UNKNOWN, "", "URLs that smtpd can't read");
	is_int(total(r), 2, "each of them once");
	make_base(second);
	want(r, "a.nz", 1, ROUTE_ENFORCE, "smtp+tls://mx.a.nz",
	    "a new base is used when the file is new, too");
	swap(second, "");
	want(r, "a.nz", 1, ROUTE_ENFORCE, "smtp+tls://m2.a.nz", "swapped");
	want(r, "b.nz", 1, ROUTE_UNKNOWN, "", "nothing of before");
	add("b.nz|none|500|smtp+tls://mx.b.nz\n");
	want(r, "b.nz", 1, ROUTE_NONE, "smtp+tls://mx.b.nz", "a new line");
	/* It is away for a while. */
	unlink(base);
	put(next, O_TRUNC, "", 0);
	if (rename(next, path) == -1)
		fatal("%s", path);
	want(r, "a.nz", 1, ROUTE_ENFORCE, "smtp+tls://m2.a.nz",
	    "what was read of it stays");
	swap(second, "b.nz|none|500|smtp+tls://mx.b.nz\n");
	/* Asked for all of them, it looks for what is new as well. */
	swap(second, "b.nz|none|500|smtp+tls://mx.b.nz\n"
	    "c.nz|none|500|smtp+tls://mx.c.nz\n");
	is_int(total(r), 3, "a new file's are told without a look before");
	/* Somebody cuts it off: no signal, and no answer of it. */
	if (stat(base, &sb) == -1 || truncate(base, sb.st_size / 2) == -1)
		fatal("%s", base);
	want(r, "a.nz", 1, ROUTE_UNKNOWN, "", "cut off");
	want(r, "b.nz", 1, ROUTE_NONE, "smtp+tls://mx.b.nz",
	    "the file is there still");
	routes_free(r);
	is_int(lowest_fd(), before, "and the base is closed in the end");
	unlink(base);
}

/* What is wrong with the base is said each time that it goes wrong, once. */
static void
said(void)
{
	static const char *const pairs[] = {
		"a.nz", "enforce|500|smtp+tls://mx.a.nz", NULL
	};
	static const mode_t modes[] = { 0666, 0666, 0644, 0666 };
	struct routes *r;
	size_t i;

	said_begin();
	unlink(path);
	r = routes_open(path);
	for (i = 0; i < nitems(modes); i++) {
		make_base(pairs);
		if (chmod(base, modes[i]) == -1)
			fatal("%s", base);
		put(next, O_TRUNC, "", 0);
		if (rename(next, path) == -1)
			fatal("%s", path);
		want(r, "a.nz", 1, i < 2 ? ROUTE_UNKNOWN : ROUTE_ENFORCE,
		    i < 2 ? "" : "smtp+tls://mx.a.nz", i < 2 ?
		    "a base that others can write" : "what was good stays");
	}
	routes_free(r);
	unlink(base);
	is_int(said_end("others can write to it"), 2, "it goes wrong twice");
}

/* What is wrong with the file itself is said so, too. */
static void
said_of_the_file(void)
{
	static const mode_t modes[] = { 0666, 0666, 0644, 0666 };
	struct routes *r;
	size_t i;

	said_begin();
	unlink(path);
	r = routes_open(path);
	for (i = 0; i < nitems(modes); i++) {
		put(next, O_TRUNC, "a.nz|none|99|\n", 14);
		if (chmod(next, modes[i]) == -1 || rename(next, path) == -1)
			fatal("%s", path);
		want(r, "a.nz", 1, i < 2 ? ROUTE_UNKNOWN : ROUTE_NONE, "",
		    i < 2 ? "a file that others can write" :
		    "what was good stays");
	}
	is_int(said_end("others can write to it"), 2,
	    "it goes wrong twice, and is said twice");
	routes_free(r);
	unlink(path);
}

/* Who can write there says where mail goes. */
static void
writable(void)
{
	static const mode_t modes[] = { 0664, 0646, 0644 };
	char file[] = "/tmp/unit-routes.XXXXXXXXXX";
	struct routes *r;
	struct route route;
	size_t i;
	int fd = mkstemp(file);

	if (fd == -1 || write(fd, "a.nz|none|99|\n", 14) != 14)
		fatal("%s", file);
	said_begin();
	for (i = 0; i < nitems(modes); i++) {
		(void)fchmod(fd, modes[i]);
		r = routes_open(file);
		routes_find(r, "a.nz", 1, &route);
		is_int(route.kind, modes[i] == 0644 ? ROUTE_NONE :
		    ROUTE_UNKNOWN, "mode %04o", (unsigned int)modes[i]);
		routes_free(r);
	}
	is_int(said_end("others can write to it"), 2, "said each time");
	close(fd);
	(void)unlink(file);
}

/* A file with one policy; a stranger's, as only root can make it. */
static void
put_policy(const char *file, int strange)
{
	unlink(file);
	put(file, O_TRUNC, "a.nz|none|99|\n", 14);
	if (strange && chown(file, 12345, 12345) == -1)
		fatal("%s", file);
}

/* What is at path is not believed; all of it is said, once. */
static void
want_refused(const char *why)
{
	struct routes *r;
	struct route route;
	char text[128];

	said_begin();
	r = routes_open(path);
	routes_find(r, "a.nz", 1, &route);
	routes_find(r, "a.nz", 1, &route);
	is_int(route.kind, ROUTE_UNKNOWN, "%s: not believed", why);
	routes_free(r);
	(void)snprintf(text, sizeof(text), "%s: %s: policies are not known",
	    path, why);
	is_int(said_end(text), 1, "%s: said once", why);
	unlink(path);
}

/* Whoever owns it says where mail goes, too. */
static void
strangers(void)
{
	int root = geteuid() == 0;
	struct route route;
	struct routes *r;

	put_policy(next, root);
	if (symlink(next, path) == -1)
		fatal("%s", path);
	want_refused("it is a symbolic link");
	unlink(next);
	if (mkfifo(path, 0644) == -1)
		fatal("%s", path);
	want_refused("it is a pipe");
	if (!root) {
		ok(1, "a stranger's # SKIP only root gives away");
		return;
	}
	put_policy(path, 1);
	want_refused("it is another user's");
	/* sged's, who has the folder; we are another user then. */
	put_policy(path, 1);
	if (chown(dir, 12345, (gid_t)-1) == -1)
		fatal("%s", dir);
	r = routes_open(path);
	routes_find(r, "a.nz", 1, &route);
	is_int(route.kind, ROUTE_NONE, "one of who has the folder");
	routes_free(r);
	if (chown(dir, 0, (gid_t)-1) == -1)
		fatal("%s", dir);
	unlink(path);
}

int
main(void)
{
	struct routes *r;

	if (mkdtemp(dir) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/routes", dir);
	snprintf(next, sizeof(next), "%s/routes.new", dir);
	snprintf(base, sizeof(base), "%s" ROUTES_BASE_SUFFIX, path);
	r = routes_open(path);
	if (!ok(r != NULL, "no file is no failure"))
		return done_testing();
	growing(r);
	rubbish(r);
	longest(r);
	compacted(r);
	routes_free(r);
	routes_free(NULL);
	all_long();
	unread();
	turned_over();
	many();
	based();
	said();
	said_of_the_file();
	writable();
	strangers();
	unlink(path);
	rmdir(dir);
	return done_testing();
}
