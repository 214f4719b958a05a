/* SPDX-License-Identifier: ISC */

/* SPOOL/routes: added to, compacted, cut off, full of rubbish, gone. */

#include <sys/resource.h>
#include <sys/syscall.h>

#include <errno.h>
#include <time.h>

#include "base/bounds.h"
#include "routes_bench.h"

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

int
main(void)
{
	struct routes *r;

	if (bench_up() == -1)
		return 1;
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
	return bench_down();
}
