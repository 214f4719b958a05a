/* SPDX-License-Identifier: ISC */

/*
 * Runs a filter as smtpd does, on one socket pair, and feeds it those lines of
 * a stream of events that it registers for.  Each request must be answered
 * once, in order.  Prints one line:
 *
 *	events=N requests=N seconds=S cpu_us=C rss_kb=K
 *
 * cpu_us: of the filter, user and system, for one event; rss_kb: its peak.
 *
 *	drive events command [argument...]
 */

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define REGISTERED_MAX 64
#define GIVE_UP_SECONDS 120

struct stream {
	char	*buf;		/* what was registered */
	size_t	 len;
	size_t	 sent;
	size_t	 asked;		/* up to where requests were looked for */
	size_t	 events;
	size_t	 requests;
	size_t	 answered;
};

static char registered[REGISTERED_MAX][64];
static size_t nregistered;

static double
seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static pid_t
start(char *argv[], int *fd)
{
	pid_t pid;
	int sp[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sp) == -1 ||
	    (pid = fork()) == -1)
		err(2, "%s", argv[0]);
	if (pid == 0) {
		dup2(sp[0], STDIN_FILENO);
		dup2(sp[0], STDOUT_FILENO);
		close(sp[0]);
		close(sp[1]);
		execvp(argv[0], argv);
		err(127, "%s", argv[0]);
	}
	close(sp[0]);
	*fd = sp[1];
	return pid;
}

/* "register|report|smtp-in|link-tls" is kept as "report|smtp-in|link-tls". */
static void
handshake(int fd)
{
	static const char config[] = "config|smtpd-version|7.9.0-portable\n"
	    "config|protocol|0.7\nconfig|smtp-session-timeout|300\n"
	    "config|subsystem|smtp-in\nconfig|subsystem|smtp-out\n"
	    "config|admd|mx.example.govt.nz\nconfig|ready\n";
	char line[256];
	size_t n = 0;

	if (write(fd, config, strlen(config)) != (ssize_t)strlen(config))
		err(2, "handshake");
	for (;;) {
		if (read(fd, line + n, 1) != 1)
			errx(1, "no register|ready");
		if (line[n] != '\n') {
			if (++n == sizeof(line))
				errx(1, "a long line at the start");
			continue;
		}
		line[n] = '\0';
		n = 0;
		if (strcmp(line, "register|ready") == 0)
			return;
		if (strncmp(line, "register|", 9) != 0 ||
		    nregistered == REGISTERED_MAX ||
		    strlen(line + 9) >= sizeof(registered[0]))
			errx(1, "smtpd would stop at: %s", line);
		strcpy(registered[nregistered++], line + 9);
	}
}

/* Field 1, 4 and 5 as in registered[]. */
static int
wanted(const char *line, const char *end)
{
	const char *f[6], *dir;
	char key[64];
	size_t i, n;

	f[0] = line;
	for (i = 1; i < 6; i++) {
		f[i] = memchr(f[i - 1], '|', end - f[i - 1]);
		if (f[i]++ == NULL)
			return 0;
	}
	dir = f[3];
	n = f[5] - 1 - dir;
	if (7 + n >= sizeof(key))
		return 0;
	memcpy(key, line, 7);
	memcpy(key + 7, dir, n);
	key[7 + n] = '\0';
	for (i = 0; i < nregistered; i++)
		if (strcmp(registered[i], key) == 0)
			return 1;
	return 0;
}

static void
load(const char *path, struct stream *s)
{
	struct stat st;
	char *map, *p, *nl, *end;
	int fd;

	if ((fd = open(path, O_RDONLY)) == -1 || fstat(fd, &st) == -1 ||
	    (map = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0)) ==
	    MAP_FAILED || (s->buf = malloc(st.st_size)) == NULL)
		err(2, "%s", path);
	end = map + st.st_size;
	for (p = map; (nl = memchr(p, '\n', end - p)) != NULL; p = nl + 1) {
		if (!wanted(p, nl))
			continue;
		memcpy(s->buf + s->len, p, nl + 1 - p);
		s->len += nl + 1 - p;
		s->events++;
		s->requests += p[0] == 'f';
	}
	munmap(map, st.st_size);
	close(fd);
}

/* The next request of the stream must be the one that is answered. */
static void
answer(struct stream *s, const char *line)
{
	char *p, *nl, *id = NULL;
	int i;

	while (id == NULL) {
		p = s->buf + s->asked;
		if (s->asked >= s->sent ||
		    (nl = memchr(p, '\n', s->len - s->asked)) == NULL)
			errx(1, "nobody asked for: %s", line);
		s->asked = nl + 1 - s->buf;
		if (p[0] != 'f')
			continue;
		for (id = p, i = 0; i < 5; i++)
			id = strchr(id, '|') + 1;
	}
	if (strncmp(line, "filter-result|", 14) != 0 ||
	    strncmp(line + 14, id, 34) != 0 ||
	    (strcmp(line + 48, "proceed") != 0 &&
	    strncmp(line + 48, "reject|", 7) != 0))
		errx(1, "a wrong answer: %s to %.80s", line, id);
	s->answered++;
}

static void
feed(int fd, struct stream *s)
{
	static char in[256 * 1024];
	struct pollfd pfd = { .fd = fd };
	size_t len = 0, n;
	ssize_t k;
	char *p, *nl;
	double stop = seconds() + GIVE_UP_SECONDS;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (s->sent < s->len || s->answered < s->requests) {
		if (seconds() > stop)
			errx(1, "%zu of %zu answers after %d s", s->answered,
			    s->requests, GIVE_UP_SECONDS);
		pfd.events = POLLIN | (s->sent < s->len ? POLLOUT : 0);
		if (poll(&pfd, 1, 1000) == -1)
			err(2, "poll");
		n = s->len - s->sent < 65536 ? s->len - s->sent : 65536;
		if ((pfd.revents & POLLOUT) &&
		    (k = write(fd, s->buf + s->sent, n)) > 0)
			s->sent += k;
		if (!(pfd.revents & (POLLIN | POLLHUP)))
			continue;
		if ((k = read(fd, in + len, sizeof(in) - 1 - len)) <= 0)
			errx(1, "the filter is gone");
		len += k;
		for (p = in; (nl = memchr(p, '\n', in + len - p)) != NULL;
		    p = nl + 1) {
			*nl = '\0';
			answer(s, p);
		}
		len -= p - in;
		memmove(in, p, len);
	}
}

int
main(int argc, char *argv[])
{
	struct stream s = { 0 };
	struct rusage ru;
	double began, took, cpu;
	pid_t pid;
	int fd, status;

	if (argc < 3)
		errx(2, "usage: drive events command [argument...]");
	signal(SIGPIPE, SIG_IGN);
	pid = start(argv + 2, &fd);
	handshake(fd);
	load(argv[1], &s);
	began = seconds();
	feed(fd, &s);
	took = seconds() - began;
	close(fd);
	if (wait4(pid, &status, 0, &ru) == -1)
		err(2, "wait4");
	cpu = ru.ru_utime.tv_sec + ru.ru_stime.tv_sec +
	    (ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) / 1e6;
	printf("events=%zu requests=%zu seconds=%.3f cpu_us=%.3f rss_kb=%ld\n",
	    s.events, s.requests, took, cpu * 1e6 / s.events, ru.ru_maxrss);
	return 0;
}
