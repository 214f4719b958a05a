/* SPDX-License-Identifier: ISC */

/*
 * Asks a table as smtpd does, one question after the other, and tells how long
 * the answers took and what memory the table had.
 *
 *	table-load -c check|lookup [-m ms] -n questions -t name table file
 *	    <domains
 *
 * Fails if an answer is not "found", or has no end; with -m, if one took longer
 * than that, less what the two of us waited for a processor that others had
 * (Linux tells; elsewhere all of it counts); without it, if one of a hundred
 * took 100 us.
 */

#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static char	**domains;
static size_t	  ndomains;

static double
now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static int
cmp(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void
read_domains(void)
{
	char line[512];
	size_t room = 0;

	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (ndomains == room) {
			room = room * 2 + 1024;
			domains = realloc(domains, room * sizeof(*domains));
			if (domains == NULL)
				err(1, NULL);
		}
		if ((domains[ndomains++] = strdup(line)) == NULL)
			err(1, NULL);
	}
	if (ndomains == 0)
		errx(1, "no domains on standard input");
}

static pid_t
start(char *const argv[], int *to, int *from)
{
	int in[2], out[2];
	pid_t pid;

	if (pipe(in) == -1 || pipe(out) == -1)
		err(1, "pipe");
	if ((pid = fork()) == -1)
		err(1, "fork");
	if (pid == 0) {
		if (dup2(in[0], 0) == -1 || dup2(out[1], 1) == -1)
			err(1, "dup2");
		close(in[0]);
		close(in[1]);
		close(out[0]);
		close(out[1]);
		execv(argv[0], argv);
		err(1, "%s", argv[0]);
	}
	close(in[0]);
	close(out[1]);
	*to = in[1];
	*from = out[0];
	return pid;
}

/* Microseconds that a process was ready to run and did not; 0 if not told. */
static double
delayed(FILE *schedstat)
{
	char line[128];
	unsigned long long run, wait;

	if (schedstat == NULL)
		return 0;
	rewind(schedstat);
	if (fgets(line, sizeof(line), schedstat) == NULL ||
	    sscanf(line, "%llu %llu", &run, &wait) != 2)
		return 0;
	return (double)wait / 1e3;
}

static FILE *
schedstat_of(pid_t pid)
{
	char path[64];
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%ld/schedstat", (long)pid);
	/* Read anew each time. */
	if ((f = fopen(path, "r")) != NULL)
		setvbuf(f, NULL, _IONBF, 0);
	return f;
}

/* "Pss:", "Rss:": kilobytes, or 0. */
static long
memory(pid_t pid, const char *what)
{
	char path[64], line[256];
	long kb = 0;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%ld/smaps_rollup",
	    (long)pid);
	if ((f = fopen(path, "r")) == NULL)
		return 0;
	while (fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, what, strlen(what)) == 0)
			kb = atol(line + strlen(what));
	fclose(f);
	return kb;
}

static void
say(int fd, const char *s, int len)
{
	if (write(fd, s, (size_t)len) != len)
		err(1, "write");
}

/* Until what was read ends in that. */
static void
expect(int fd, char *buf, size_t size, const char *end)
{
	size_t used = 0, len = strlen(end);
	ssize_t n;

	do {
		n = read(fd, buf + used, size - used - 1);
		if (n <= 0)
			errx(1, "the table ended");
		used += (size_t)n;
		buf[used] = '\0';
	} while (used < len || strcmp(buf + used - len, end) != 0);
}

int
main(int argc, char *argv[])
{
	const char *what = "lookup", *name = "sge-routes";
	char line[1024], answer[4096];
	struct rusage ru;
	double *took, t, cpu, own, wait, slowest = 0, longest = 0, most = 0;
	FILE *ours, *its;
	long rss, pss;
	clockid_t clock;
	size_t i, n = 100000;
	int c, to, from, len;
	pid_t pid;

	while ((c = getopt(argc, argv, "c:m:n:t:")) != -1)
		switch (c) {
		case 'c':
			what = optarg;
			break;
		case 'm':
			most = atof(optarg) * 1e3;
			break;
		case 'n':
			n = (size_t)atol(optarg);
			break;
		case 't':
			name = optarg;
			break;
		default:
			return 1;
		}
	argv += optind;
	if (argc - optind != 2 || n == 0)
		errx(1, "usage: table-load -c check|lookup -n questions "
		    "-t name table file");
	read_domains();
	if ((took = calloc(n, sizeof(*took))) == NULL)
		err(1, NULL);
	pid = start(argv, &to, &from);
	len = snprintf(line, sizeof(line), "config|protocol|0.1\n"
	    "config|tablename|%s\nconfig|ready\n", name);
	say(to, line, len);
	expect(from, answer, sizeof(answer), "register|ready\n");
	if (clock_getcpuclockid(pid, &clock) != 0)
		errx(1, "clock_getcpuclockid");
	ours = schedstat_of(getpid());
	its = schedstat_of(pid);
	for (i = 0; i < n; i++) {
		/* All of them, in no order that a cache would like. */
		len = snprintf(line, sizeof(line), "table|0.1|1795316677.3379"
		    "|%s|%s|%s|%08zx|%s\n", name, what, *what == 'c' ?
		    "domain" : "relayhost", i,
		    domains[i * 7919 % ndomains]);
		cpu = now(clock);
		wait = most > 0 ? delayed(ours) + delayed(its) : 0;
		t = now(CLOCK_MONOTONIC);
		say(to, line, len);
		expect(from, answer, sizeof(answer), "\n");
		took[i] = now(CLOCK_MONOTONIC) - t;
		/* Its own, whatever else runs here. */
		if ((cpu = now(clock) - cpu) > slowest)
			slowest = cpu;
		own = took[i];
		if (most > 0)
			own -= delayed(ours) + delayed(its) - wait;
		if (own > longest)
			longest = own;
		if (strstr(answer, "|found") == NULL)
			errx(1, "%s: %s", line, answer);
	}
	rss = memory(pid, "Rss:");
	pss = memory(pid, "Pss:");
	close(to);
	if (wait4(pid, &c, 0, &ru) == -1 || c != 0)
		errx(1, "the table did not end well");
	qsort(took, n, sizeof(*took), cmp);
	printf("%s %s: %zu questions, p50 %.1f us, p99 %.1f us, p99.9 %.1f us, "
	    "max %.0f us, %.1f MB, %.2f us CPU each, %.0f us at most\n", name, what, n,
	    took[n / 2], took[n / 100 * 99], took[n / 1000 * 999],
	    took[n - 1], (double)ru.ru_maxrss / 1024,
	    ((double)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) * 1e6 +
	    (double)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec)) /
	    (double)n, slowest);
	if (most > 0)
		printf("  without waiting for a processor: %.0f us at most; "
		    "RSS %ld kB, PSS %ld kB\n", longest, rss, pss);
	if (most > 0 ? longest > most : took[n / 100 * 99] >= 100)
		errx(1, "over the limit: %s", most > 0 ? "the slowest" :
		    "p99 100 us");
	/* Of many domains, it is our own that a child begins with. */
	if (most == 0 && ru.ru_maxrss >= 30 * 1024)
		errx(1, "over the limit: 30 MB");
	return 0;
}
